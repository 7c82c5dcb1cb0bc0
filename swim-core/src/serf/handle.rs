//! The layer as its user has it: [`Swim::serf`] to read, [`Swim::serf_mut`] for commands.

use alloc::vec::Vec;
use core::time::Duration;

use rand_core::Rng;

use super::{EventError, KeyAnswer, QueryError, Question, RespondError, Serf};
use crate::ground::id::{NodeId, QueryId, Slot};
use crate::ground::key_query::KeyOperation;
use crate::ground::lamport::LamportTime;
use crate::ground::time::Instant;
use crate::membership::Membership;
use crate::membership::application::Host;
use crate::wire::serf::Coordinate;

/// serf's layer of a node, to read: from [`Swim::serf`](crate::Swim::serf).
#[derive(Debug)]
pub struct SerfRef<'a, R>(&'a Membership<R, Serf>);

/// serf's layer of a node, to command: from [`Swim::serf_mut`](crate::Swim::serf_mut).
///
/// Drain the node's outputs after each command, as after any.
#[derive(Debug)]
pub struct SerfMut<'a, R>(&'a mut Membership<R, Serf>);

impl<R: Rng> Membership<R, Serf> {
    /// serf's layer, to read.
    #[must_use]
    pub const fn serf(&self) -> SerfRef<'_, R> {
        SerfRef(self)
    }

    /// serf's layer, to command.
    #[must_use]
    pub const fn serf_mut(&mut self) -> SerfMut<'_, R> {
        SerfMut(self)
    }
}

impl<R: Rng> SerfMut<'_, R> {
    /// Has the layer do something, with the node as its host.
    fn command<T>(
        &mut self,
        now: Instant,
        act: impl FnOnce(&mut Serf, &mut Membership<R, Serf>, Instant) -> T,
    ) -> T {
        let now = self.0.advance(now);
        let done = self.0.with_layer(|serf, host| act(serf, host, now));
        self.0.debug_check();
        done
    }
}

impl<'a, R: Rng> SerfRef<'a, R> {
    /// Where this node is, in a space in which distances are round trips; `None` if
    /// `Config::max_coordinates` is 0.
    #[must_use]
    pub fn coordinate(&self) -> Option<&'a Coordinate> {
        let layer = self.0.layer().filter(|_| self.0.config().max_coordinates > 0);
        layer.map(|layer| layer.vivaldi.own())
    }

    /// Where a member was when it last acked a probe of this node, this node itself included.
    #[must_use]
    pub fn member_coordinate(&self, id: &str) -> Option<&'a Coordinate> {
        if **self.0.id() == *id {
            return self.coordinate();
        }
        self.0.layer()?.vivaldi.of(Host::members(self.0).find(id)?)
    }

    /// About how long a packet takes from one member to another and back, as far as the coordinates
    /// of both are known here. They are after some dozens of probes of each.
    #[must_use]
    pub fn estimated_round_trip(&self, one: &str, other: &str) -> Option<Duration> {
        self.member_coordinate(one)
            .zip(self.member_coordinate(other))
            .map(|(one, other)| one.round_trip_to(other))
    }

    /// Up to `count` active members that are estimated to be nearest to this node, the nearest
    /// first; those whose coordinate is known. O(n).
    #[must_use]
    pub fn nearest(&self, count: usize) -> Vec<(NodeId, Duration)> {
        let Some(own) = self.coordinate() else { return Vec::new() };
        let members = Host::members(self.0);
        let is_peer = |&slot: &Slot| slot != self.0.own_slot() && members.is_active(slot);
        let mut near: Vec<(Duration, Slot)> = members
            .slots()
            .filter(is_peer)
            .filter_map(|slot| Some((own.round_trip_to(self.0.layer()?.vivaldi.of(slot)?), slot)))
            .collect();
        near.sort_unstable();
        let named = |(round_trip, slot)| (Host::id_at(self.0, slot), round_trip);
        near.into_iter().take(count).map(named).collect()
    }
}

impl<R: Rng> SerfMut<'_, R> {
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
        self.command(now, |serf, host, now| {
            serf.send_user_event(host, now, name, payload, coalesce)
        })
    }

    /// Asks members a question, this node included if it is for it. What they answer is told by
    /// [`Event::QueryAck`](crate::Event::QueryAck) and
    /// [`Event::QueryResponse`](crate::Event::QueryResponse), until
    /// [`Event::QueryFinished`](crate::Event::QueryFinished).
    ///
    /// # Errors
    /// [`QueryError`]; nothing was sent.
    pub fn query(&mut self, now: Instant, question: &Question<'_>) -> Result<QueryId, QueryError> {
        self.command(now, |serf, host, now| serf.query(host, now, question))
    }

    /// Answers a query that this node was asked. Only the first answer counts.
    ///
    /// # Errors
    /// [`RespondError`]; nothing was sent.
    pub fn respond(
        &mut self,
        now: Instant,
        id: QueryId,
        payload: &[u8],
    ) -> Result<(), RespondError> {
        self.command(now, |serf, host, now| serf.respond(host, now, id, payload))
    }

    /// memberlist's wire: has every member do something with its keys, this node included, as
    /// serf's key commands do. The answers come as
    /// [`Event::QueryResponse`](crate::Event::QueryResponse), each a
    /// [`KeyResponse`](crate::wire::serf::KeyResponse); `key` is empty for a list.
    ///
    /// The key travels in the query, so the caller must not ask while anything is sent or accepted
    /// in plain.
    ///
    /// # Errors
    /// [`QueryError`]; nothing was sent.
    ///
    /// # Panics
    /// If this node is not one of serf's agents: nobody else understands the query.
    pub fn query_keys(
        &mut self,
        now: Instant,
        operation: KeyOperation,
        key: &[u8],
    ) -> Result<QueryId, QueryError> {
        self.command(now, |serf, host, now| serf.query_keys(host, now, operation, key))
    }

    /// Answers a key query. Of a list that is too long the rest is left out, and the answer says
    /// so.
    ///
    /// # Errors
    /// [`RespondError`]; nothing was sent.
    pub fn answer_keys(
        &mut self,
        now: Instant,
        id: QueryId,
        answer: &KeyAnswer,
    ) -> Result<(), RespondError> {
        self.command(now, |serf, host, now| serf.answer_keys(host, now, id, answer))
    }
}
