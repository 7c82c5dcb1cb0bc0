//! How the calls of the blocking handle wait: by parking the caller's thread, unless it is a node's
//! own.

use std::cell::Cell;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use crate::errors::OnNodeThread;

thread_local! {
    /// Whether a node runs on this thread.
    static IS_NODE_THREAD: Cell<bool> = const { Cell::new(false) };
}

/// Returns true if this thread is a blocking node's. Code of the user's runs there too: a
/// transport, a layer of tracing. If it waited for the node, the node would wait for it.
pub(super) fn is_node_thread() -> bool {
    IS_NODE_THREAD.get()
}

/// Says that this thread is a blocking node's.
pub(super) fn mark_node_thread() {
    IS_NODE_THREAD.set(true);
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Waits for a call of the handle, unless this is a node's own thread.
pub(super) fn call<T, E: From<OnNodeThread>>(
    future: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    if is_node_thread() { Err(OnNodeThread.into()) } else { wait(future) }
}

pub(super) fn wait<T>(future: impl Future<Output = T>) -> T {
    wait_until(future, None).expect("only a deadline ends it early")
}

/// Waits for a future that needs no runtime (the handle's wait for channels only); `None` at the
/// deadline.
pub(super) fn wait_until<T>(
    future: impl Future<Output = T>,
    deadline: Option<Instant>,
) -> Option<T> {
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
            return Some(value);
        }
        match deadline.map(|deadline| deadline.saturating_duration_since(Instant::now())) {
            None => thread::park(),
            Some(Duration::ZERO) => return None,
            Some(left) => thread::park_timeout(left),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_ends_with_the_future_or_at_the_deadline() {
        let (sender, receiver) = tokio::sync::oneshot::channel();
        let other = thread::spawn(move || sender.send(7));
        assert_eq!(wait(receiver), Ok(7));
        other.join().unwrap().unwrap();
        let soon = Instant::now() + Duration::from_millis(5);
        assert_eq!(wait_until(std::future::pending::<()>(), Some(soon)), None);
        assert!(Instant::now() >= soon);
    }
}
