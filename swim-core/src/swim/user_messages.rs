//! The application's bytes, where the wire carries them as they are: messages in packets and
//! streams, and state beside tables. What they mean, and whether they came before, is the
//! application's to know.

use alloc::sync::Arc;
use core::net::SocketAddr;

use rand_core::Rng;

use super::{BroadcastError, State, Swim};
use crate::coordinate::Coordinate;
use crate::dialect::{BroadcastPolicy, CoordinatePolicy, TablePolicy};
use crate::event::Event;
use crate::time::Instant;

impl<R: Rng> Swim<R> {
    /// A user message arrived: the application's entry.
    pub(super) fn hear_user_message(&mut self, now: Instant, from: SocketAddr, payload: &[u8]) {
        if self.is_serf_agent() {
            return self.handle_serf_message(now, payload);
        }
        self.emit(Event::UserMessage { from, payload: Arc::from(payload) });
    }

    /// Another's table came with the application's state.
    pub(super) fn hear_user_state(
        &mut self,
        now: Instant,
        is_join: bool,
        is_first: bool,
        payload: &[u8],
    ) {
        if payload.is_empty() {
            return;
        }
        if self.is_serf_agent() {
            self.handle_serf_state(now, payload, is_first);
        } else {
            self.emit(Event::UserState { is_join, payload: Arc::from(payload) });
        }
    }

    /// What came in an ack: the coordinate of the member that has just been measured.
    pub(super) fn hear_ack_payload(&mut self, now: Instant, payload: &[u8]) {
        if self.dialect.policy().coordinates == CoordinatePolicy::InAcks
            && !payload.is_empty()
            && let Some((slot, _)) = self.detector.round_trip
        {
            self.hear_coordinate(now, slot, Coordinate::from_serf(payload));
        }
    }

    /// Queues a user message for all, at its exit: each node that it reaches gets it as it is,
    /// perhaps several times, and only the application passes it on.
    pub(super) fn queue_user_message(&mut self, now: Instant, payload: &[u8]) {
        let body = self.direct_body(payload);
        self.gossip.broadcasts.push(None, &body);
        self.arm_gossip(now);
    }

    /// memberlist's wire: sends a user message in a packet of its own to one address. It may be
    /// lost.
    ///
    /// # Errors
    /// [`BroadcastError`]; nothing was queued. The bounds are those of broadcasts.
    ///
    /// # Panics
    /// On the native wire, which has no such messages.
    pub fn send_user_message(
        &mut self,
        to: SocketAddr,
        payload: &[u8],
    ) -> Result<(), BroadcastError> {
        let has_user_messages = self.dialect.policy().broadcasts == BroadcastPolicy::Bare;
        assert!(has_user_messages, "only memberlist's wire has user messages");
        if self.local.state == State::Left {
            return Err(BroadcastError::NotRunning);
        }
        let (len, max) = (payload.len(), self.config.max_broadcast_size);
        if len > max {
            return Err(BroadcastError::TooLong { len, max });
        }
        let body = self.direct_body(payload);
        let max = self.config.max_transmits;
        if self.send_unicast(to, body) { Ok(()) } else { Err(BroadcastError::QueueFull { max }) }
    }

    /// memberlist's wire: what is given to everyone with whom tables are swapped from now on,
    /// beside our table.
    ///
    /// # Panics
    /// On the native wire, which has no such state.
    pub fn set_user_state(&mut self, state: &[u8]) {
        let has_user_state = self.dialect.policy().tables == TablePolicy::Whole;
        assert!(has_user_state, "only memberlist's wire carries the application's state");
        self.contacts.user_state = state.into();
    }
}
