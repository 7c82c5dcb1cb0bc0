//! Subscriptions: each has its own bounded queue, and the loop never waits for one.
//!
//! A queue is bounded in notices and in bytes, for what others send may be long. When it is full,
//! notices for it are dropped and counted until the subscriber has emptied it and has taken note of
//! the loss; so the loss is told exactly where it happened, between what came before it and what
//! comes after.

use std::pin::Pin;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use futures_core::Stream;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

use crate::node::notice::Notice;

/// Notices as they come, from the moment of [`Runtime::subscribe`](crate::Runtime::subscribe) on.
///
/// It is a [`Stream`](futures_core::Stream) too.
#[derive(Debug)]
pub struct Subscription {
    notices: mpsc::Receiver<Notice>,
    shared: Arc<Shared>,
}

/// What both sides of one subscription know.
#[derive(Debug, Default)]
struct Shared {
    /// How many notices were dropped since the subscriber was last told.
    missed: AtomicU64,
    /// How many bytes wait.
    waiting: AtomicUsize,
}

impl Subscription {
    /// The next notice; `None` once the node has stopped and all that it said is taken. Nothing is
    /// lost when the call is dropped before it ends.
    pub async fn next(&mut self) -> Option<Notice> {
        std::future::poll_fn(|context| self.poll(context)).await
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Notice>> {
        if let Some(notice) = self.try_next() {
            return Poll::Ready(Some(notice));
        }
        let polled = self.notices.poll_recv(context);
        polled.map(|notice| match notice {
            Some(notice) => Some(self.taken(notice)),
            // The last ones may have been dropped just now.
            None => self.try_next(),
        })
    }

    fn taken(&self, notice: Notice) -> Notice {
        self.shared.waiting.fetch_sub(notice.weight(), Ordering::AcqRel);
        notice
    }

    /// The next notice if one waits.
    pub fn try_next(&mut self) -> Option<Notice> {
        // Read before the queue is looked at: while it is not zero nothing is queued, so an empty
        // queue then means that the loss comes next.
        let lagged = self.shared.missed.load(Ordering::Acquire) > 0;
        match self.notices.try_recv() {
            Ok(notice) => Some(self.taken(notice)),
            Err(_) if lagged => {
                Some(Notice::Lagged { missed: self.shared.missed.swap(0, Ordering::AcqRel) })
            }
            Err(_) => None,
        }
    }
}

impl Stream for Subscription {
    type Item = Notice;

    /// As [`next`](Subscription::next).
    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Notice>> {
        self.get_mut().poll(context)
    }
}

#[derive(Debug)]
struct Subscriber {
    notices: mpsc::Sender<Notice>,
    shared: Arc<Shared>,
}

impl Subscriber {
    /// False when the subscription is gone.
    fn tell(&self, notice: &Notice, memory: usize) -> bool {
        let Shared { missed, waiting } = &*self.shared;
        let (queued, weight) = (waiting.load(Ordering::Acquire), notice.weight());
        // One that is too heavy for the bound alone is told when nothing else waits.
        let has_room = queued == 0 || queued.saturating_add(weight) <= memory;
        // Only this side makes it more than zero, and only the other makes it zero, when it has
        // emptied the queue.
        if has_room && missed.load(Ordering::Acquire) == 0 {
            waiting.fetch_add(weight, Ordering::AcqRel);
            match self.notices.try_send(notice.clone()) {
                Ok(()) => return true,
                Err(TrySendError::Full(_)) => {
                    waiting.fetch_sub(weight, Ordering::AcqRel);
                }
                Err(TrySendError::Closed(_)) => return false,
            }
        }
        missed.fetch_add(1, Ordering::AcqRel);
        !self.notices.is_closed()
    }
}

/// All subscriptions of one node.
#[derive(Debug)]
pub(crate) struct Subscribers {
    capacity: usize,
    memory: usize,
    /// `None` once the node has stopped.
    all: Mutex<Option<Vec<Subscriber>>>,
}

impl Subscribers {
    /// Each subscription's queue holds at most `capacity` notices and `memory` bytes, which it
    /// takes up only as it fills.
    pub(crate) fn new(capacity: usize, memory: usize) -> Self {
        Self { capacity: capacity.max(1), memory, all: Mutex::new(Some(Vec::new())) }
    }

    pub(crate) fn subscribe(&self) -> Subscription {
        let (sender, notices) = mpsc::channel(self.capacity);
        let shared = Arc::new(Shared::default());
        if let Some(all) = &mut *self.all.lock().unwrap_or_else(PoisonError::into_inner) {
            all.push(Subscriber { notices: sender, shared: Arc::clone(&shared) });
        }
        Subscription { notices, shared }
    }

    pub(crate) fn tell(&self, notice: &Notice) {
        if let Some(all) = &mut *self.all.lock().unwrap_or_else(PoisonError::into_inner) {
            all.retain(|subscriber| subscriber.tell(notice, self.memory));
        }
    }

    /// Ends all subscriptions, those to come included.
    pub(crate) fn end(&self) {
        *self.all.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MEMORY: usize = 1 << 20;

    fn notice(number: u64) -> Notice {
        Notice::Lagged { missed: 1_000 + number }
    }

    #[test]
    fn a_slow_subscriber_is_told_of_its_loss_where_it_happened() {
        let subscribers = Subscribers::new(2, MEMORY);
        let mut slow = subscribers.subscribe();
        for number in 0..5 {
            subscribers.tell(&notice(number));
        }
        assert_eq!(slow.try_next(), Some(notice(0)));
        subscribers.tell(&notice(5));
        assert_eq!(slow.try_next(), Some(notice(1)));
        assert_eq!(slow.try_next(), Some(Notice::Lagged { missed: 4 }));
        subscribers.tell(&notice(6));
        assert_eq!(slow.try_next(), Some(notice(6)));
        assert_eq!(slow.try_next(), None);
    }

    fn message(len: usize) -> Notice {
        let from = "192.0.2.1:7".parse().unwrap();
        Notice::Event(swim_core::Event::UserMessage { from, payload: vec![0; len].into() })
    }

    #[test]
    fn what_waits_for_a_slow_subscriber_is_bounded_in_bytes_and_one_long_notice_passes_alone() {
        let subscribers = Subscribers::new(1_000, 100_000);
        let mut slow = subscribers.subscribe();
        for _ in 0..100 {
            subscribers.tell(&message(30_000));
        }
        let mut told = 0;
        while matches!(slow.try_next(), Some(Notice::Event(_))) {
            told += 1;
        }
        assert_eq!(told, 3, "and then the loss was told");
        subscribers.tell(&message(10_000_000));
        subscribers.tell(&message(1));
        assert_eq!(slow.try_next(), Some(message(10_000_000)));
        assert_eq!(slow.try_next(), Some(Notice::Lagged { missed: 1 }));
        assert_eq!(slow.shared.waiting.load(Ordering::Acquire), 0);
        subscribers.tell(&message(1));
        assert_eq!(slow.try_next(), Some(message(1)));
    }

    #[tokio::test]
    async fn a_subscription_is_a_stream() {
        let subscribers = Subscribers::new(2, MEMORY);
        let mut stream = Box::pin(subscribers.subscribe());
        subscribers.tell(&notice(1));
        subscribers.end();
        let mut next =
            async || std::future::poll_fn(|context| stream.as_mut().poll_next(context)).await;
        assert_eq!(next().await, Some(notice(1)));
        assert_eq!(next().await, None);
    }

    #[test]
    fn one_subscriber_s_slowness_is_not_another_s() {
        let subscribers = Subscribers::new(1, MEMORY);
        let (_slow, mut quick) = (subscribers.subscribe(), subscribers.subscribe());
        for number in 0..3 {
            subscribers.tell(&notice(number));
            assert_eq!(quick.try_next(), Some(notice(number)));
        }
    }

    #[tokio::test]
    async fn the_end_comes_after_what_was_said() {
        let subscribers = Subscribers::new(2, MEMORY);
        let mut subscription = subscribers.subscribe();
        for number in 0..3 {
            subscribers.tell(&notice(number));
        }
        subscribers.end();
        assert_eq!(subscription.next().await, Some(notice(0)));
        assert_eq!(subscription.next().await, Some(notice(1)));
        assert_eq!(subscription.next().await, Some(Notice::Lagged { missed: 1 }));
        assert_eq!(subscription.next().await, None);
        assert_eq!(subscribers.subscribe().next().await, None);
    }

    #[test]
    fn a_subscription_that_is_dropped_is_forgotten() {
        let subscribers = Subscribers::new(1, MEMORY);
        drop(subscribers.subscribe());
        subscribers.tell(&notice(0));
        assert!(subscribers.all.lock().unwrap().as_ref().is_some_and(Vec::is_empty));
    }
}
