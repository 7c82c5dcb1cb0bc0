//! Subscriptions: each has its own bounded queue, and the loop never waits for one.
//!
//! When a queue is full, notices for it are dropped and counted until the subscriber has emptied it and has taken note
//! of the loss; so the loss is told exactly where it happened, between what came before it and what comes after.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

use crate::notice::Notice;

/// Notices as they come, from the moment of [`Runtime::subscribe`](crate::Runtime::subscribe) on.
#[derive(Debug)]
pub struct Subscription {
    notices: mpsc::Receiver<Notice>,
    missed: Arc<AtomicU64>,
}

impl Subscription {
    /// The next notice; `None` once the node has stopped and all that it said is taken. Nothing is lost when the call
    /// is dropped before it ends.
    pub async fn next(&mut self) -> Option<Notice> {
        if let Some(notice) = self.try_next() {
            return Some(notice);
        }
        self.notices.recv().await
    }

    /// The next notice if one waits.
    pub fn try_next(&mut self) -> Option<Notice> {
        // Read before the queue is looked at: while it is not zero nothing is queued, so an empty queue then means
        // that the loss comes next.
        let lagged = self.missed.load(Ordering::Acquire) > 0;
        match self.notices.try_recv() {
            Ok(notice) => Some(notice),
            Err(_) if lagged => Some(Notice::Lagged { missed: self.missed.swap(0, Ordering::AcqRel) }),
            Err(_) => None,
        }
    }
}

#[derive(Debug)]
struct Subscriber {
    notices: mpsc::Sender<Notice>,
    missed: Arc<AtomicU64>,
}

impl Subscriber {
    /// False when the subscription is gone.
    fn tell(&self, notice: &Notice) -> bool {
        // Only this side makes it more than zero, and only the other makes it zero, when it has emptied the queue.
        if self.missed.load(Ordering::Acquire) == 0 {
            match self.notices.try_send(notice.clone()) {
                Ok(()) => return true,
                Err(TrySendError::Full(_)) => {}
                Err(TrySendError::Closed(_)) => return false,
            }
        }
        self.missed.fetch_add(1, Ordering::AcqRel);
        !self.notices.is_closed()
    }
}

/// All subscriptions of one node.
#[derive(Debug)]
pub(crate) struct Subscribers {
    capacity: usize,
    /// `None` once the node has stopped.
    all: Mutex<Option<Vec<Subscriber>>>,
}

impl Subscribers {
    /// Each subscription's queue holds at most `capacity` notices; it takes up memory only as it fills.
    pub(crate) fn new(capacity: usize) -> Self {
        Self { capacity: capacity.max(1), all: Mutex::new(Some(Vec::new())) }
    }

    pub(crate) fn subscribe(&self) -> Subscription {
        let (sender, notices) = mpsc::channel(self.capacity);
        let missed = Arc::new(AtomicU64::new(0));
        if let Some(all) = &mut *self.all.lock().unwrap_or_else(PoisonError::into_inner) {
            all.push(Subscriber { notices: sender, missed: Arc::clone(&missed) });
        }
        Subscription { notices, missed }
    }

    pub(crate) fn tell(&self, notice: &Notice) {
        if let Some(all) = &mut *self.all.lock().unwrap_or_else(PoisonError::into_inner) {
            all.retain(|subscriber| subscriber.tell(notice));
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

    fn notice(number: u64) -> Notice {
        Notice::Lagged { missed: 1_000 + number }
    }

    #[test]
    fn a_slow_subscriber_is_told_of_its_loss_where_it_happened() {
        let subscribers = Subscribers::new(2);
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

    #[test]
    fn one_subscriber_s_slowness_is_not_another_s() {
        let subscribers = Subscribers::new(1);
        let (_slow, mut quick) = (subscribers.subscribe(), subscribers.subscribe());
        for number in 0..3 {
            subscribers.tell(&notice(number));
            assert_eq!(quick.try_next(), Some(notice(number)));
        }
    }

    #[tokio::test]
    async fn the_end_comes_after_what_was_said() {
        let subscribers = Subscribers::new(2);
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
        let subscribers = Subscribers::new(1);
        drop(subscribers.subscribe());
        subscribers.tell(&notice(0));
        assert!(subscribers.all.lock().unwrap().as_ref().is_some_and(Vec::is_empty));
    }
}
