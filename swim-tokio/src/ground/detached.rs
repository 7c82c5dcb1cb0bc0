//! Work that the system may never finish, such as asking a resolver or reading from a dead mount:
//! on threads of its own.
//!
//! A tokio runtime that is dropped waits for the blocking tasks that it began, and so the program's
//! end would wait for a name server that never answers. It does not wait for these threads. Who
//! begins such work bounds how much of it is under way: [`Turns`].

use std::fmt;
use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

/// How many threads may be busy with one kind of work. Further work waits for its turn.
#[derive(Clone)]
pub(crate) struct Turns(Arc<Semaphore>);

impl Turns {
    pub(crate) fn new(threads: usize) -> Self {
        Self(Arc::new(Semaphore::new(threads)))
    }

    /// Runs `work` on a thread of its own once there is a turn. It goes on, and keeps its turn,
    /// when the future is dropped.
    ///
    /// # Errors
    /// In words: the system gives no thread, or the work panicked.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        name: &str,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, String> {
        // The semaphore is never closed.
        let turn = Arc::clone(&self.0).acquire_owned().await.ok();
        detached(name, turn, work).await
    }
}

impl fmt::Debug for Turns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Turns").field(&self.0.available_permits()).finish()
    }
}

async fn detached<T: Send + 'static>(
    name: &str,
    turn: Option<OwnedSemaphorePermit>,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, String> {
    let (done, result) = oneshot::channel();
    let thread = std::thread::Builder::new().name(name.to_owned()).spawn(move || {
        let result = work();
        drop(turn);
        let _ = done.send(result);
    });
    thread.map_err(|error| format!("there is no thread for it: {error}"))?;
    result.await.map_err(|_| "it panicked".to_owned())
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::{Duration, Instant};

    use tokio::time::timeout;

    use super::*;

    #[test]
    fn a_runtime_ends_though_the_work_does_not_and_further_work_takes_no_further_thread() {
        let begun = Instant::now();
        let (end, never) = mpsc::channel::<()>();
        let (started, starts) = mpsc::channel();
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let turns = Turns::new(1);
            let hanging = turns.run("swim-test", move || {
                started.send(()).unwrap();
                let _ = never.recv();
            });
            assert!(timeout(Duration::from_millis(50), hanging).await.is_err());
            starts.recv().unwrap();
            let further = turns.run("swim-test", || panic!("it has no turn"));
            assert!(timeout(Duration::from_millis(50), further).await.is_err());
        });
        drop(runtime);
        assert!(begun.elapsed() < Duration::from_secs(20), "nobody waits for it");
        drop(end);
    }

    #[tokio::test]
    async fn what_the_work_says_comes_back_and_its_panic_is_an_error() {
        let turns = Turns::new(1);
        assert_eq!(turns.run("swim-test", || 7).await, Ok(7));
        assert!(
            turns
                .run("swim-test", || panic!("on purpose"))
                .await
                .is_err_and(|error| error.contains("panicked"))
        );
        assert_eq!(turns.run("swim-test", || 8).await, Ok(8), "the turn is given back");
    }
}
