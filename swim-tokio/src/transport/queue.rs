//! What waits for one link: a bounded queue, whose end counts what was never written.

use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TryRecvError;

use super::budget::Lease;
use super::counters::Counters;
use super::frame::EXCHANGE_HEADER;

/// What waits to be written.
#[derive(Debug)]
pub(crate) enum Outgoing {
    /// A whole frame.
    Frame(Vec<u8>),
    /// The frame of an exchange, whose payload may be long.
    Exchange { header: [u8; EXCHANGE_HEADER], payload: Vec<u8>, lease: Lease },
    /// Dropped when all that waited before it is written, or never will be.
    Mark(mpsc::Sender<()>),
}

/// The writing end: when it is dropped, what waits is written and the link closed.
pub(crate) type Sender = mpsc::Sender<Outgoing>;

/// The link's end.
#[derive(Debug)]
pub(crate) struct Queue {
    waiting: mpsc::Receiver<Outgoing>,
    counters: Arc<Counters>,
}

/// A queue for at most `capacity` frames.
pub(crate) fn queue(capacity: usize, counters: &Arc<Counters>) -> (Sender, Queue) {
    let (sender, waiting) = mpsc::channel(capacity);
    (sender, Queue { waiting, counters: Arc::clone(counters) })
}

impl Queue {
    /// Waits for the next; `None` when the writing end is gone and all is taken.
    pub(crate) async fn next(&mut self) -> Option<Outgoing> {
        self.waiting.recv().await
    }

    /// The next if one waits.
    pub(crate) fn try_next(&mut self) -> Option<Outgoing> {
        self.waiting.try_recv().ok()
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        self.waiting.close();
        loop {
            match self.waiting.try_recv() {
                Ok(Outgoing::Frame(_) | Outgoing::Exchange { .. }) => {
                    self.counters.frames_lost.one();
                }
                Ok(Outgoing::Mark(_)) => {}
                Err(TryRecvError::Empty | TryRecvError::Disconnected) => return,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_never_written_is_counted() {
        let counters = Arc::new(Counters::default());
        let (sender, mut waiting) = queue(3, &counters);
        for _ in 0..3 {
            sender.try_send(Outgoing::Frame(vec![1])).unwrap();
        }
        assert!(sender.try_send(Outgoing::Frame(vec![1])).is_err(), "it is bounded");
        assert!(waiting.try_next().is_some());
        drop(waiting);
        assert_eq!(counters.read().frames_lost, 2);
    }
}
