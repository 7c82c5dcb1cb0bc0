//! What membership hands to the layer, read and given to the rule that it is for.

use alloc::vec::Vec;
use core::net::SocketAddr;
use core::time::Duration;

use super::{EventError, Serf, is_agent, limits};
use crate::dialect::policy::{CoordinatePolicy, Policy, SerfPolicy};
use crate::ground::config::Config;
use crate::ground::id::{Incarnation, NodeId, Slot};
use crate::ground::member::Status;
use crate::ground::metrics::DropReason;
use crate::ground::time::Instant;
use crate::membership::BroadcastError;
use crate::membership::application::{Application, Host};
use crate::wire::serf::{Message, State, UserEvent};
use crate::wire::{COORDINATE_LEN, WireError};

fn refuse(host: &mut impl Host, error: WireError) -> bool {
    host.count_drop(error.reason());
    false
}

impl Application for Serf {
    fn on_announcement(
        &mut self,
        host: &mut impl Host,
        now: Instant,
        origin: &str,
        payload: &[u8],
    ) -> bool {
        match Message::decode(payload) {
            Ok(Message::UserEvent(event)) if !is_origins_own(host, origin, event.source) => {
                host.count_drop(DropReason::Secondhand);
                false
            }
            Ok(Message::UserEvent(event)) => {
                // One that is announced again, for those who missed it, says whose it is.
                let event = UserEvent { source: event.source.or(Some(origin)), ..event };
                self.hear_user_event(host, now, &event, payload.len())
            }
            Ok(Message::Query(query)) if query.source == origin => {
                self.hear_query(host, now, &query, payload.len())
            }
            Ok(Message::Intent(intent)) if intent.prune && host.hears_plain() => {
                host.count_drop(DropReason::Unproven);
                false
            }
            Ok(Message::Intent(intent)) if intent.prune => {
                Self::hear_pruned(host, now, &intent);
                true
            }
            Ok(_) => refuse(host, WireError::WrongPlace),
            Err(error) => refuse(host, error),
        }
    }

    fn on_direct(&mut self, host: &mut impl Host, now: Instant, source: &str, payload: &[u8]) {
        match Message::decode(payload) {
            Ok(Message::Response(response))
                if host.config().origin_only && response.from != source =>
            {
                host.count_drop(DropReason::Secondhand);
            }
            Ok(Message::Response(response)) => self.hear_response(host, &response),
            Ok(Message::Relay(relay)) => self.hand_on(host, now, &relay),
            Ok(_) => drop(refuse(host, WireError::WrongPlace)),
            Err(error) => drop(refuse(host, error)),
        }
    }

    fn on_user_message(&mut self, host: &mut impl Host, now: Instant, payload: &[u8]) -> bool {
        if !is_agent(host) {
            return false;
        }
        let is_new = match Message::decode(payload) {
            Ok(Message::Intent(intent)) => self.hear_intent(host, now, &intent),
            Ok(Message::UserEvent(event)) => self.hear_user_event(host, now, &event, payload.len()),
            Ok(Message::Query(query)) => self.hear_query(host, now, &query, payload.len()),
            Ok(Message::Response(response)) => {
                self.hear_response(host, &response);
                false
            }
            Ok(Message::Relay(relay)) => {
                self.hand_on(host, now, &relay);
                false
            }
            Err(error) => refuse(host, error),
        };
        // What is longer than a packet is spread by tables alone, as memberlist does.
        if is_new && limits::fits_user_message(host.config(), payload.len()) {
            if host.broadcasts_waiting() < host.config().max_broadcasts {
                host.queue_user_message(now, payload);
            } else {
                host.count_drop(DropReason::BroadcastsFull);
            }
        }
        true
    }

    fn state(&self, host: &impl Host) -> Option<Vec<u8>> {
        match host.policy().serf {
            SerfPolicy::Announcements => Some(self.shared_state(host)),
            SerfPolicy::UserMessages => Some(self.agent_state(host)),
            SerfPolicy::Nothing => None,
        }
    }

    fn on_state(
        &mut self,
        host: &mut impl Host,
        now: Instant,
        state: &[u8],
        is_first: bool,
    ) -> bool {
        match host.policy().serf {
            SerfPolicy::Announcements => {}
            SerfPolicy::UserMessages => match State::decode(state) {
                Ok(decoded) => self.merge_intents(host, now, &decoded),
                Err(error) => {
                    refuse(host, error);
                    return true;
                }
            },
            SerfPolicy::Nothing => return false,
        }
        self.merge_state(host, now, state, is_first);
        true
    }

    fn on_let_in(&mut self, host: &mut impl Host, now: Instant) {
        if is_agent(host) {
            self.say_hello(host, now);
        }
    }

    fn on_round_trip(&mut self, config: &Config, now: Instant, slot: Slot, round_trip: Duration) {
        if config.max_coordinates > 0 {
            self.vivaldi.measured(now, slot, round_trip);
        }
    }

    fn ack_payload(&self, config: &Config, policy: &Policy) -> Vec<u8> {
        let says = config.max_coordinates > 0 && policy.coordinates == CoordinatePolicy::InAcks;
        if says { self.vivaldi.own().to_serf() } else { Vec::new() }
    }

    fn beside_ack(&self, config: &Config, policy: &Policy) -> Option<[u8; COORDINATE_LEN]> {
        let says = config.max_coordinates > 0 && policy.coordinates == CoordinatePolicy::BesideAcks;
        says.then(|| self.vivaldi.own().to_bytes())
    }

    fn on_ack_payload(&mut self, host: &mut impl Host, now: Instant, slot: Slot, payload: &[u8]) {
        self.hear_coordinate(host, now, slot, payload);
    }

    fn verdict(&self, id: &str) -> Status {
        let leaves = self.intents.of(id).is_some_and(|word| word.leaves);
        if leaves { Status::Left } else { Status::Dead }
    }

    fn on_back(&mut self, id: &str) {
        self.intents.come_back(id);
    }

    fn on_forgotten(&mut self, slot: Slot, id: &str) {
        self.vivaldi.forget(slot);
        self.intents.forget(id);
    }

    fn on_contender(
        &mut self,
        host: &mut impl Host,
        now: Instant,
        address: SocketAddr,
        is_owed: bool,
    ) {
        if is_owed {
            self.call_owed_vote(host, now, address);
        } else {
            self.call_vote(host, now, address);
        }
    }

    fn broadcast(
        &mut self,
        host: &mut impl Host,
        now: Instant,
        payload: &[u8],
    ) -> Option<Result<(), BroadcastError>> {
        is_agent(host).then(|| {
            let sent = self.send_user_event(host, now, "broadcast", payload, false);
            sent.map(drop).map_err(|error| match error {
                EventError::TooLong { len, max } => BroadcastError::TooLong { len, max },
                EventError::QueueFull { max } => BroadcastError::QueueFull { max },
                EventError::NotRunning => BroadcastError::NotRunning,
            })
        })
    }

    fn on_force_leave(
        &mut self,
        host: &mut impl Host,
        now: Instant,
        id: &str,
        incarnation: Incarnation,
        prune: bool,
    ) {
        match host.policy().serf {
            SerfPolicy::UserMessages => self.say_farewell_of(host, now, id, prune),
            SerfPolicy::Announcements if prune => Self::say_pruned(host, now, id, incarnation),
            SerfPolicy::Announcements | SerfPolicy::Nothing => {}
        }
    }

    fn on_leave(&mut self, host: &mut impl Host, now: Instant) -> bool {
        let says_so = is_agent(host);
        if says_so {
            self.say_own_farewell(host, now);
        }
        says_so
    }

    fn on_leaving(&mut self, host: &mut impl Host, now: Instant, is_late: bool) -> bool {
        self.follow_farewell(host, now, is_late) || self.farewell
    }

    fn on_left(&mut self, host: &mut impl Host) {
        self.end_queries(host);
    }

    fn on_timeout(&mut self, host: &mut impl Host, now: Instant) {
        self.queries_timeout(host, now);
    }

    fn on_looked(&mut self, host: &mut impl Host, now: Instant, member: &NodeId, answered: bool) {
        while let Some(held) = self.open.release(member) {
            if answered {
                self.answer(host, now, &held.asked, held.is_ack, &held.payload);
            } else {
                host.count_drop(DropReason::Stranger);
            }
        }
    }

    fn slots(&self) -> impl Iterator<Item = Slot> {
        self.vivaldi.slots()
    }

    fn check_bounds(&self, config: &Config) {
        let events = &config.events;
        assert!(self.vivaldi.len() <= config.max_coordinates, "coordinates are bounded");
        assert!(self.recent_events.len() <= events.max_recent_events, "events are bounded");
        assert!(self.recent_queries.len() <= events.max_recent_queries, "queries are bounded");
        assert!(self.intents.len() <= config.max_members, "intents are bounded");
        let queries = self.open.open().max(self.open.asked());
        assert!(queries <= events.max_queries, "queries are bounded");
    }
}

/// Returns true if an event that `origin` announces is its own, where it must be.
fn is_origins_own(host: &impl Host, origin: &str, source: Option<&str>) -> bool {
    !host.config().origin_only || source.is_none_or(|source| source == origin)
}
