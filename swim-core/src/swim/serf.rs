//! The doors between the layer of user events and queries and the wire that carries it.
//!
//! The layer speaks serf's messages on both wires ([`SerfPolicy`]). On the native one a message for
//! everyone is an announcement, known and passed on as a broadcast is, and a message for one is a
//! direct one. On memberlist's both are user messages, which each node passes on that hears them
//! for the first time. The rules are in `user_events` and `querying`; nothing there knows a wire.
//! Read first: docs/SERF.md.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::net::SocketAddr;

use rand_core::Rng;

use super::Swim;
use super::user_events::Heard;
use crate::dialect::{BroadcastPolicy, Message as Said, SerfPolicy};
use crate::filtering::Filtering;
use crate::intents::Intents;
use crate::lamport::LamportClock;
use crate::metrics::DropReason;
use crate::queries::Queries;
use crate::query_pace::QueryPace;
use crate::recent::Recent;
use crate::source::Protection;
use crate::time::Instant;
use crate::wire::serf;
use crate::wire::{Message, WireError};

/// The longest event that a serf agent can be set to send, 9 KiB. Queries have no such bound there;
/// these are enough.
const LONGEST_HEARD: usize = 9 << 10;

/// What the layer knows.
#[derive(Debug, Default)]
pub(super) struct Serf {
    /// The clock of user events.
    pub(super) events: LamportClock,
    /// The clock of queries.
    pub(super) queries: LamportClock,
    pub(super) recent_events: Recent<Heard>,
    /// The numbers of the latest queries.
    pub(super) recent_queries: Recent<u32>,
    /// How many queries are dealt with over time, and whom they are for.
    pub(super) pace: QueryPace,
    pub(super) filtering: Filtering,
    pub(super) open: Queries,
    /// Another's table was joined before, so that what was said since is missed and not old.
    pub(super) has_joined: bool,
    /// The clock of members that come and go.
    pub(super) members: LamportClock,
    pub(super) intents: Intents,
    /// We have said that we leave, and have not left yet.
    pub(super) farewell: bool,
    /// What is proven of the sender of what is at hand, where key queries ask for it.
    protection: Protection,
}

impl<R: Rng> Swim<R> {
    /// Whether this node is one of serf's agents.
    pub(super) fn is_serf_agent(&self) -> bool {
        self.dialect.policy().serf == SerfPolicy::UserMessages
    }

    /// Notes what is proven of the sender of the packet or request at hand.
    pub(super) const fn note_protection(&mut self, protection: Protection) {
        self.serf.protection = protection;
    }

    /// Returns true if anybody could have sent what is at hand.
    pub(super) const fn is_unproven(&self) -> bool {
        matches!(self.serf.protection, Protection::Plain)
    }

    /// Entry of the native wire: an announcement of `origin` was heard for the first time. Returns
    /// whether it is to be passed on.
    pub(super) fn hear_announced(&mut self, now: Instant, origin: &str, payload: &[u8]) -> bool {
        match serf::Message::decode(payload) {
            Ok(serf::Message::UserEvent(event)) if !self.is_origins_own(origin, event.source) => {
                self.metrics.drop(DropReason::Secondhand);
                false
            }
            Ok(serf::Message::UserEvent(event)) => {
                // One that is announced again, for those who missed it, says whose it is.
                let event = serf::UserEvent { source: event.source.or(Some(origin)), ..event };
                self.hear_user_event(now, &event, payload.len())
            }
            Ok(serf::Message::Query(query)) if query.source == origin => {
                self.hear_query(now, &query, payload.len())
            }
            Ok(serf::Message::Intent(intent)) if intent.prune && self.provenance.hears_plain() => {
                self.metrics.drop(DropReason::Unproven);
                false
            }
            Ok(serf::Message::Intent(intent)) if intent.prune => {
                self.hear_pruned(now, &intent);
                true
            }
            Ok(_) => self.refuse(WireError::WrongPlace),
            Err(error) => self.refuse(error),
        }
    }

    /// Whether an event that `origin` announces is its own, where it must be.
    fn is_origins_own(&self, origin: &str, source: Option<&str>) -> bool {
        !self.config.origin_only || source.is_none_or(|source| source == origin)
    }

    /// Entry of the native wire: a message for this node alone.
    pub(super) fn handle_direct(
        &mut self,
        now: Instant,
        from: SocketAddr,
        source: &str,
        payload: &[u8],
    ) {
        if self.member_behind(from, source).is_none() {
            self.metrics.drop(DropReason::Stranger);
            return;
        }
        match serf::Message::decode(payload) {
            Ok(serf::Message::Response(response))
                if self.config.origin_only && response.from != source =>
            {
                self.metrics.drop(DropReason::Secondhand);
            }
            Ok(serf::Message::Response(response)) => self.hear_response(&response),
            Ok(serf::Message::Relay(relay)) => self.hand_on(now, &relay),
            Ok(_) => {
                self.refuse(WireError::WrongPlace);
            }
            Err(error) => {
                self.refuse(error);
            }
        }
    }

    /// Entry of memberlist's wire: a user message, which may be for everyone or for this node.
    pub(super) fn handle_serf_message(&mut self, now: Instant, payload: &[u8]) {
        let is_new = match serf::Message::decode(payload) {
            Ok(serf::Message::Intent(intent)) => self.hear_intent(now, &intent),
            Ok(serf::Message::UserEvent(event)) => self.hear_user_event(now, &event, payload.len()),
            Ok(serf::Message::Query(query)) => self.hear_query(now, &query, payload.len()),
            Ok(serf::Message::Response(response)) => {
                self.hear_response(&response);
                false
            }
            Ok(serf::Message::Relay(relay)) => {
                self.hand_on(now, &relay);
                false
            }
            Err(error) => self.refuse(error),
        };
        // What is longer than a packet is spread by tables alone, as memberlist does.
        if !is_new || !self.config.fits_user_message(payload.len()) {
            return;
        }
        if self.gossip.broadcasts.len() < self.config.max_broadcasts {
            self.queue_user_message(now, payload);
        } else {
            self.metrics.drop(DropReason::BroadcastsFull);
        }
    }

    /// Entry of memberlist's wire: what came beside another's table.
    pub(super) fn handle_serf_state(&mut self, now: Instant, state: &[u8], is_first: bool) {
        match serf::State::decode(state) {
            Ok(decoded) => self.merge_intents(now, &decoded),
            Err(error) => {
                self.refuse(error);
                return;
            }
        }
        self.merge_state(now, state, is_first);
    }

    fn refuse(&mut self, error: WireError) -> bool {
        self.metrics.drop(error.reason());
        false
    }

    /// Exit: a message of this node for everyone.
    pub(super) fn announce(&mut self, now: Instant, payload: &[u8]) {
        if self.dialect.policy().broadcasts == BroadcastPolicy::Bare {
            return self.queue_user_message(now, payload);
        }
        let number = self.next_broadcast();
        let id = self.local.id.clone();
        self.pass_on_broadcast(
            now,
            &Message::Announcement { origin: &id, epoch: self.local.epoch, number, payload },
        );
    }

    /// Exit: a message for one member. It may be lost.
    pub(super) fn send_direct(&mut self, to: SocketAddr, payload: &[u8]) {
        let body = self.direct_body(payload);
        self.send_unicast(to, body);
    }

    pub(super) fn direct_body(&self, payload: &[u8]) -> Box<[u8]> {
        let mut body = Vec::new();
        self.dialect.encode(&Said::Direct { source: &self.local.id, payload }, &mut body);
        body.into_boxed_slice()
    }

    /// The longest message for everyone: `wanted`, or what a packet holds.
    pub(super) fn announcement_limit(&self, wanted: usize) -> usize {
        match self.dialect.policy().broadcasts {
            BroadcastPolicy::Numbered => self.config.announcement_room(wanted),
            BroadcastPolicy::Bare => wanted.min(self.config.max_broadcast_size),
        }
    }

    /// The longest message for everyone that is heard: on memberlist's wire whatever serf's agents
    /// can be set to send, since there only the sender's setting counts.
    pub(super) fn hearing_limit(&self, wanted: usize) -> usize {
        match self.dialect.policy().broadcasts {
            BroadcastPolicy::Numbered => self.announcement_limit(wanted),
            BroadcastPolicy::Bare => LONGEST_HEARD,
        }
    }

    /// The longest message for one member: `wanted`, or what a packet holds.
    pub(super) fn direct_limit(&self, wanted: usize) -> usize {
        match self.dialect.policy().broadcasts {
            BroadcastPolicy::Numbered => self.config.direct_room(wanted),
            BroadcastPolicy::Bare => wanted.min(self.config.max_broadcast_size),
        }
    }

    /// What messages for everyone of this node say of their sender: on memberlist's wire nothing,
    /// as serf's do.
    pub(super) fn source_field(&self) -> Option<crate::id::NodeId> {
        (self.dialect.policy().broadcasts == BroadcastPolicy::Numbered)
            .then(|| self.local.id.clone())
    }
}
