//! Broadcasts and events that wait for room in the node's queue: [`Room`]. The loop tries them
//! again after each turn.

use std::collections::VecDeque;

use rand_core::Rng;
use swim_core::{BroadcastError, EventError, Instant, LamportTime, Swim};
use tokio::sync::oneshot;

/// How many may wait. Further ones are refused at once, as by the calls that do not wait.
const WAITING: usize = 1_024;

/// What is to be sent when there is room, and where the answer goes.
#[derive(Debug)]
pub(crate) enum Delayed {
    Broadcast {
        payload: Vec<u8>,
        done: oneshot::Sender<Result<(), BroadcastError>>,
    },
    Event {
        name: String,
        payload: Vec<u8>,
        coalesce: bool,
        done: oneshot::Sender<Result<LamportTime, EventError>>,
    },
}

impl Delayed {
    /// Sends it, or says no for another reason than want of room. Gives it back if there is none,
    /// unless nobody waits any more.
    fn attempt<R: Rng>(self, swim: &mut Swim<R>, now: Instant, may_wait: bool) -> Option<Self> {
        match self {
            Self::Broadcast { payload, done } => {
                if done.is_closed() {
                    return None;
                }
                let result = swim.broadcast(now, &payload);
                if may_wait && matches!(result, Err(BroadcastError::QueueFull { .. })) {
                    return Some(Self::Broadcast { payload, done });
                }
                let _ = done.send(result);
            }
            Self::Event { name, payload, coalesce, done } => {
                if done.is_closed() {
                    return None;
                }
                let result = swim.serf_mut().send_user_event(now, &name, &payload, coalesce);
                if may_wait && matches!(result, Err(EventError::QueueFull { .. })) {
                    return Some(Self::Event { name, payload, coalesce, done });
                }
                let _ = done.send(result);
            }
        }
        None
    }
}

/// Those who wait, in the order of their calls.
#[derive(Debug, Default)]
pub(crate) struct Room {
    waiting: VecDeque<Delayed>,
}

impl Room {
    /// Sends at once if there is room and nobody waits; else waits.
    pub(crate) fn send<R: Rng>(&mut self, delayed: Delayed, swim: &mut Swim<R>, now: Instant) {
        if self.waiting.len() >= WAITING {
            delayed.attempt(swim, now, false);
        } else if self.waiting.is_empty() {
            self.waiting.extend(delayed.attempt(swim, now, true));
        } else {
            self.waiting.push_back(delayed);
        }
    }

    /// Sends what there is room for now. Costs one attempt if there is none.
    pub(crate) fn retry<R: Rng>(&mut self, swim: &mut Swim<R>, now: Instant) {
        while let Some(first) = self.waiting.pop_front() {
            if let Some(first) = first.attempt(swim, now, true) {
                return self.waiting.push_front(first);
            }
        }
    }
}
