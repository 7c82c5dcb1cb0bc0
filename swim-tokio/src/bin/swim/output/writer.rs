//! [`Writer`]: a stream that may not take what is written, such as a stopped terminal or a pipe
//! that nobody reads.
//!
//! A thread of its own waits for it. The agent has one thread for all else, and a node that waits
//! is soon held for dead.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

use crate::output::escape::Text;

/// How many texts wait to be written.
const WAITING: usize = 256;
/// How long the end waits for them.
const PATIENCE: Duration = Duration::from_millis(500);

/// What the thread is to do.
#[derive(Debug)]
enum Job {
    Write(Text),
    /// Says when all before it is written.
    Tell(oneshot::Sender<()>),
}

/// Hands texts to the thread, which lives as long as somebody may hand it one, or the stream takes
/// them.
#[derive(Clone, Debug)]
pub(crate) struct Writer {
    jobs: mpsc::Sender<Job>,
    lost: Arc<AtomicU64>,
}

/// A place in the queue.
#[derive(Debug)]
pub(crate) struct Place<'a>(mpsc::Permit<'a, Job>);

impl Place<'_> {
    pub(crate) fn fill(self, text: Text) {
        self.0.send(Job::Write(text));
    }
}

impl Writer {
    /// Starts the thread, which calls `write` until that says that it is no use any more.
    ///
    /// # Errors
    /// The system has no thread to give.
    pub(crate) fn start(
        name: &str,
        mut write: impl FnMut(&Text) -> bool + Send + 'static,
    ) -> io::Result<Self> {
        let (jobs, mut waiting) = mpsc::channel(WAITING);
        let work = move || {
            while let Some(job) = waiting.blocking_recv() {
                match job {
                    Job::Write(text) if !write(&text) => return,
                    Job::Write(_) => {}
                    // Who asked may have gone.
                    Job::Tell(done) => drop(done.send(())),
                }
            }
        };
        std::thread::Builder::new().name(name.to_owned()).spawn(work)?;
        Ok(Self { jobs, lost: Arc::default() })
    }

    /// Waits for a place; `None` once the stream is no use any more.
    pub(crate) async fn place(&self) -> Option<Place<'_>> {
        self.jobs.reserve().await.ok().map(Place)
    }

    /// Returns once the stream is no use any more.
    pub(crate) async fn closed(&self) {
        self.jobs.closed().await;
    }

    /// Has a text written if there is a place for it. `complaint` says what was lost since the last
    /// one that was taken.
    pub(crate) fn offer(&self, text: Text, complaint: fn(u64) -> Text) {
        let lost = self.lost.swap(0, Ordering::Relaxed);
        let text = if lost > 0 { [complaint(lost), text].into_iter().collect() } else { text };
        if self.jobs.try_send(Job::Write(text)).is_err() {
            self.lost.fetch_add(lost + 1, Ordering::Relaxed);
        }
    }

    /// Waits, for a bounded time, until what was handed over is written.
    pub(crate) async fn flush(&self) {
        let (done, told) = oneshot::channel();
        let flushed = async {
            if self.jobs.send(Job::Tell(done)).await.is_ok() {
                let _ = told.await;
            }
        };
        // What the stream does not take is lost.
        let _ = tokio::time::timeout(PATIENCE, flushed).await;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn a_stream_that_blocks_delays_nobody_and_what_is_lost_is_told() {
        let (written, texts) = mpsc::channel();
        let (open, gate) = mpsc::channel::<()>();
        let writer = Writer::start("test", move |text| {
            let _ = gate.recv();
            written.send(text.to_string()).is_ok()
        });
        let writer = writer.unwrap();
        for _ in 0..2 * WAITING {
            writer.offer(Text::line("line"), |lost| Text::line(format_args!("{lost} lost")));
        }
        writer.flush().await;
        drop(open);
        let place = writer.place().await.expect("a place");
        place.fill(Text::line("more"));
        writer.flush().await;
        writer.offer(Text::line("last"), |lost| Text::line(format_args!("{lost} lost")));
        writer.flush().await;
        let texts: Vec<String> = texts.try_iter().collect();
        let lost: usize =
            texts.last().and_then(|text| text.split(' ').next()?.parse().ok()).expect("it is told");
        assert!(texts.last().is_some_and(|text| text.ends_with(" lost\nlast\n")), "{texts:?}");
        // Two next to what was offered in the beginning: "more" and "last".
        assert_eq!(texts.len() + lost, 2 * WAITING + 2, "{texts:?}");
    }

    #[tokio::test]
    async fn a_stream_that_is_closed_ends_it() {
        let writer = Writer::start("test", |_| false).unwrap();
        writer.place().await.expect("a place").fill(Text::line("x"));
        writer.closed().await;
        assert!(writer.place().await.is_none());
    }
}
