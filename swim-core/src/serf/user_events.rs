//! User events: told to every member once, each with a time on a logical clock, so that who acts on
//! an event is later than it for everyone (serf's user events).

use alloc::sync::Arc;
use alloc::vec::Vec;

use super::{EventError, Serf, limits};
use crate::ground::event::Event;
use crate::ground::id::NodeId;
use crate::ground::lamport::LamportTime;
use crate::ground::metrics::DropReason;
use crate::ground::time::Instant;
use crate::membership::State;
use crate::membership::application::Host;
use crate::wire::serf::{Message, UserEvent};

/// What makes two events of one time the same.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Heard {
    pub(super) name: Arc<str>,
    pub(super) payload: Arc<[u8]>,
    /// Who sent it, where the wire says so.
    pub(super) source: Option<NodeId>,
}

impl Serf {
    /// Tells every member of an event, this node included. Returns its time.
    pub(super) fn send_user_event(
        &mut self,
        host: &mut impl Host,
        now: Instant,
        name: &str,
        payload: &[u8],
        coalesce: bool,
    ) -> Result<LamportTime, EventError> {
        if host.state() != State::Running {
            return Err(EventError::NotRunning);
        }
        let source = limits::source_field(host);
        let time = self.events.time();
        let mut bytes = Vec::new();
        let event = UserEvent { time, name, payload, coalesce, source: source.as_deref() };
        Message::UserEvent(event).encode(&mut bytes);
        let (len, max) =
            (bytes.len(), limits::announcement(host, host.config().events.max_event_size));
        if len > max {
            return Err(EventError::TooLong { len, max });
        }
        let max = host.config().max_broadcasts;
        if host.queued_broadcasts() >= max {
            return Err(EventError::QueueFull { max });
        }
        self.events.tick();
        self.deliver(host, &event);
        host.announce(now, &bytes);
        Ok(time)
    }

    /// An event arrived, in so many bytes. Returns whether it is new and to be passed on.
    pub(super) fn hear_user_event(
        &mut self,
        host: &mut impl Host,
        now: Instant,
        event: &UserEvent<'_>,
        len: usize,
    ) -> bool {
        if len > limits::hearing(host, host.config().events.max_event_size) {
            host.count_drop(DropReason::EventTooLong);
            return false;
        }
        if !self.events.witness(now, event.time, host.config().events.max_time_jump) {
            host.count_drop(DropReason::BadTime);
            return false;
        }
        let is_new = self.deliver(host, event);
        if !is_new {
            host.count_drop(DropReason::OldEvent);
        }
        is_new
    }

    /// Tells the user of an event, unless it was told before.
    fn deliver(&mut self, host: &mut impl Host, event: &UserEvent<'_>) -> bool {
        let source = event.source.and_then(|source| NodeId::new(source).ok());
        let heard =
            Heard { name: Arc::from(event.name), payload: Arc::from(event.payload), source };
        let Heard { name, payload, source: from } = heard.clone();
        let (time, coalesce) = (event.time, event.coalesce);
        let is_new = self.recent_events.note(time, heard, host.config().events.max_recent_events);
        if is_new {
            host.emit(Event::UserEvent { time, from, name, payload, coalesce });
        }
        is_new
    }
}
