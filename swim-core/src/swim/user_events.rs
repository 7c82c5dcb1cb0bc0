//! User events: told to every member once, each with a time on a logical clock, so that who acts on
//! an event is later than it for everyone (serf's user events).

use alloc::sync::Arc;
use alloc::vec::Vec;

use rand_core::Rng;

use super::{EventError, State, Swim};
use crate::event::Event;
use crate::id::NodeId;
use crate::lamport::LamportTime;
use crate::metrics::DropReason;
use crate::time::Instant;
use crate::wire::serf::{Message, UserEvent};

/// What makes two events of one time the same.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Heard {
    pub(super) name: Arc<str>,
    pub(super) payload: Arc<[u8]>,
    /// Who sent it, where the wire says so.
    pub(super) source: Option<NodeId>,
}

impl<R: Rng> Swim<R> {
    /// Tells every member of an event, this node included. Events reach each node once, in no
    /// order; their times tell what came after what: an event's is later than those of all events
    /// that its sender had heard of. With `coalesce` a slow receiver may pass over it if another
    /// one of the same name has come since. Returns the time.
    ///
    /// # Errors
    /// [`EventError`]; nothing was sent.
    pub fn send_user_event(
        &mut self,
        now: Instant,
        name: &str,
        payload: &[u8],
        coalesce: bool,
    ) -> Result<LamportTime, EventError> {
        let now = self.timers.advance(now);
        if self.local.state != State::Running {
            return Err(EventError::NotRunning);
        }
        let source = self.source_field();
        let time = self.serf.events.time();
        let mut bytes = Vec::new();
        let event = UserEvent { time, name, payload, coalesce, source: source.as_deref() };
        Message::UserEvent(event).encode(&mut bytes);
        let (len, max) = (bytes.len(), self.announcement_limit(self.config.events.max_event_size));
        if len > max {
            return Err(EventError::TooLong { len, max });
        }
        let max = self.config.max_broadcasts;
        if self.queued_broadcasts() >= max {
            return Err(EventError::QueueFull { max });
        }
        self.serf.events.tick();
        self.deliver(&event);
        self.announce(now, &bytes);
        self.debug_check();
        Ok(time)
    }

    /// An event arrived, in so many bytes. Returns whether it is new and to be passed on.
    pub(super) fn hear_user_event(
        &mut self,
        now: Instant,
        event: &UserEvent<'_>,
        len: usize,
    ) -> bool {
        if len > self.hearing_limit(self.config.events.max_event_size) {
            self.metrics.drop(DropReason::EventTooLong);
            return false;
        }
        if !self.serf.events.witness(now, event.time, self.config.events.max_time_jump) {
            self.metrics.drop(DropReason::BadTime);
            return false;
        }
        let is_new = self.deliver(event);
        if !is_new {
            self.metrics.drop(DropReason::OldEvent);
        }
        is_new
    }

    /// Tells the user of an event, unless it was told before.
    fn deliver(&mut self, event: &UserEvent<'_>) -> bool {
        let source = event.source.and_then(|source| NodeId::new(source).ok());
        let heard =
            Heard { name: Arc::from(event.name), payload: Arc::from(event.payload), source };
        let Heard { name, payload, source: from } = heard.clone();
        let (time, coalesce) = (event.time, event.coalesce);
        let is_new =
            self.serf.recent_events.note(time, heard, self.config.events.max_recent_events);
        if is_new {
            self.emit(Event::UserEvent { time, from, name, payload, coalesce });
        }
        is_new
    }
}
