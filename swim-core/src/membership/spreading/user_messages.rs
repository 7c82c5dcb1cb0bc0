//! The application's bytes, where the wire carries them as they are: messages in packets and
//! streams, and state with tables. What they mean, and whether they came before, is the
//! application's to know.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::net::SocketAddr;

use rand_core::Rng;

use crate::dialect::{BroadcastPolicy, Message, TablePolicy};
use crate::ground::event::Event;
use crate::ground::time::Instant;
use crate::membership::application::Application;
use crate::membership::{BroadcastError, Membership, State};

impl<R: Rng, A: Application> Membership<R, A> {
    /// A user message arrived: the application's entry.
    pub(in crate::membership) fn hear_user_message(
        &mut self,
        now: Instant,
        from: SocketAddr,
        payload: &[u8],
    ) {
        if self.with_layer(|layer, host| layer.on_user_message(host, now, payload)) {
            return;
        }
        self.emit(Event::UserMessage { from, payload: Arc::from(payload) });
    }

    /// Another's table came with the application's state.
    pub(in crate::membership) fn hear_user_state(
        &mut self,
        now: Instant,
        is_join: bool,
        is_first: bool,
        payload: &[u8],
    ) {
        if payload.is_empty() {
            return;
        }
        if !self.with_layer(|layer, host| layer.on_state(host, now, payload, is_first)) {
            self.emit(Event::UserState { is_join, payload: Arc::from(payload) });
        }
    }

    /// The layer's bytes with a table, or the user's.
    pub(in crate::membership) fn layer_state(&self) -> Vec<u8> {
        self.layer()
            .and_then(|layer| layer.state(self))
            .unwrap_or_else(|| self.contacts.user_state.clone())
    }

    /// What came in an ack of the member that has just been measured.
    pub(in crate::membership) fn hear_ack_payload(&mut self, now: Instant, payload: &[u8]) {
        if let Some((slot, _)) = self.detector.round_trip {
            self.with_layer(|layer, host| layer.on_ack_payload(host, now, slot, payload));
        }
    }

    /// The bytes of a message for one address.
    pub(in crate::membership) fn direct_body(&self, payload: &[u8]) -> Box<[u8]> {
        let mut body = Vec::new();
        self.dialect.encode(&Message::Direct { source: &self.local.id, payload }, &mut body);
        body.into_boxed_slice()
    }

    /// Queues a user message for all, at its exit: each node that it reaches gets it as it is,
    /// perhaps several times, and only the application passes it on.
    pub(in crate::membership) fn queue_user_message(&mut self, now: Instant, payload: &[u8]) {
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

    /// memberlist's wire: what is given to every node that tables are swapped with from now on,
    /// with our table.
    ///
    /// # Panics
    /// On the native wire, which has no such state.
    pub fn set_user_state(&mut self, state: &[u8]) {
        let has_user_state = self.dialect.policy().tables == TablePolicy::Whole;
        assert!(has_user_state, "only memberlist's wire carries the application's state");
        self.contacts.user_state = state.into();
    }
}
