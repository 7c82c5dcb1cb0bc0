//! Queries: a question to all members or to some, whose answers are gathered until a deadline
//! (serf's queries).

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::net::SocketAddr;
use core::time::Duration;

use rand_core::Rng;

use super::internal::asks_about_keys;
use super::{QueryError, RespondError, State, Swim};
use crate::dialect::{BroadcastPolicy, KeyPolicy};
use crate::dissemination::retransmit_limit;
use crate::event::Event;
use crate::filtering::{self, MAX_FILTERS, Pace};
use crate::id::QueryId;
use crate::metrics::DropReason;
use crate::queries::{Answer, Asked, Key, Outcome};
use crate::random::sample;
use crate::time::Instant;
use crate::timers::Timer;
use crate::wire::serf::{FiltersBuffer, INTERNAL, Message, Query, Relay, Response};

/// The most relays of an answer, whatever a query says: everyone who answers uses as many.
const MAX_RELAYS: u8 = 8;

/// A question to members.
///
/// ```
/// use swim_core::Question;
///
/// let question = Question { tags: &[("role", "^web$")], ..Question::new("load", b"") };
/// # assert!(question.nodes.is_empty());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Question<'a> {
    /// What it is called. Names that begin with `_serf_` are the layer's own.
    pub name: &'a str,
    /// What else is said.
    pub payload: &'a [u8],
    /// Only members of these names are asked; everyone if there are none.
    pub nodes: &'a [&'a str],
    /// Only members are asked whose [tags](crate::Tags) match these regular expressions, which need
    /// not match the whole text; a tag that is not there has the empty text.
    pub tags: &'a [(&'a str, &'a str)],
    /// Whether each member that is asked says at once that the question has arrived.
    pub wants_acks: bool,
    /// Through how many other members each answer is sent once more, in case it is lost; at most 8.
    /// Nothing is sent once more in a cluster that has no more members than this.
    pub relay_factor: u8,
    /// For how long answers are gathered; by default as `EventConfig::query_timeout_mult` says.
    pub timeout: Option<Duration>,
}

impl<'a> Question<'a> {
    /// A question to everyone.
    #[must_use]
    pub const fn new(name: &'a str, payload: &'a [u8]) -> Self {
        Self {
            name,
            payload,
            nodes: &[],
            tags: &[],
            wants_acks: false,
            relay_factor: 0,
            timeout: None,
        }
    }

    fn filters(&self) -> FiltersBuffer {
        let mut filters = FiltersBuffer::default();
        if !self.nodes.is_empty() {
            filters.nodes(self.nodes.iter().copied());
        }
        self.tags.iter().for_each(|(name, expression)| filters.tag(name, expression));
        filters
    }
}

impl<R: Rng> Swim<R> {
    /// Asks members a question, this node included if it is for it. What they answer is told by
    /// [`Event::QueryAck`] and [`Event::QueryResponse`], until [`Event::QueryFinished`].
    ///
    /// # Errors
    /// [`QueryError`]; nothing was sent.
    pub fn query(&mut self, now: Instant, question: &Question<'_>) -> Result<QueryId, QueryError> {
        let now = self.timers.advance(now);
        if question.name.starts_with(INTERNAL) {
            return Err(QueryError::Reserved);
        }
        // A list of names is a filter as well.
        if question.tags.len() + usize::from(!question.nodes.is_empty()) > MAX_FILTERS {
            return Err(QueryError::TooManyFilters { max: MAX_FILTERS });
        }
        if let Some(at) =
            question.tags.iter().position(|(_, expression)| !filtering::is_expression(expression))
        {
            return Err(QueryError::Expression { at });
        }
        self.ask(now, question)
    }

    /// Asks a question, which may be the layer's own.
    pub(super) fn ask(
        &mut self,
        now: Instant,
        question: &Question<'_>,
    ) -> Result<QueryId, QueryError> {
        if self.local.state != State::Running {
            return Err(QueryError::NotRunning);
        }
        let key = Key { time: self.serf.queries.time(), id: self.rng.next_u32() >> 1 };
        let timeout = question.timeout.unwrap_or_else(|| self.default_query_timeout());
        let (filters, me) = (question.filters(), self.local.id.clone());
        let query = Query {
            time: key.time,
            id: key.id,
            address: self.local.address,
            source: &me,
            filters: filters.filters(),
            wants_ack: question.wants_acks,
            no_broadcast: false,
            relay_factor: if self.config.origin_only {
                0
            } else {
                question.relay_factor.min(MAX_RELAYS)
            },
            timeout: timeout.min(self.config.events.max_query_timeout),
            name: question.name,
            payload: question.payload,
        };
        let mut bytes = Vec::new();
        Message::Query(query).encode(&mut bytes);
        let (len, max) = (bytes.len(), self.announcement_limit(self.config.events.max_query_size));
        if len > max {
            return Err(QueryError::TooLong { len, max });
        }
        let max = self.config.events.max_queries;
        if self.serf.open.open() >= max {
            return Err(QueryError::TooMany { max });
        }
        let max = self.config.max_broadcasts;
        if self.queued_broadcasts() >= max {
            return Err(QueryError::QueueFull { max });
        }
        self.serf.queries.tick();
        self.serf.recent_queries.note(key.time, key.id, self.config.events.max_recent_queries);
        let id = self.serf.open.ask(key, now + query.timeout, self.expected(question));
        self.arm_queries();
        self.announce(now, &bytes);
        self.consider(now, &query);
        self.debug_check();
        Ok(id)
    }

    /// From how many members an answer can come, if that is known: who is let through by an
    /// expression, others know better.
    fn expected(&self, question: &Question<'_>) -> Option<usize> {
        match (question.nodes.len(), question.tags.is_empty()) {
            (_, false) => None,
            (0, true) => Some(self.active_members()),
            (nodes, true) => Some(nodes),
        }
    }

    fn default_query_timeout(&self) -> Duration {
        let digits = u32::from(retransmit_limit(1, self.active_members()));
        self.config
            .gossip_interval
            .saturating_mul(u32::from(self.config.events.query_timeout_mult) * digits)
    }

    /// A query arrived, in so many bytes. Returns whether it is new and to be passed on.
    pub(super) fn hear_query(&mut self, now: Instant, query: &Query<'_>, len: usize) -> bool {
        if len > self.hearing_limit(self.config.events.max_query_size) {
            self.metrics.drop(DropReason::EventTooLong);
            return false;
        }
        if !self.serf.queries.witness(now, query.time, self.config.events.max_time_jump) {
            self.metrics.drop(DropReason::BadTime);
            return false;
        }
        if self.dialect.policy().keys == KeyPolicy::Queries
            && self.is_unproven()
            && asks_about_keys(query.name)
        {
            // Neither carried out nor passed on, which would seal it. It does not count as heard
            // either: who has a key may ask the same.
            self.metrics.drop(DropReason::Unproven);
            return false;
        }
        if self.is_early(query) {
            self.metrics.drop(DropReason::Stranger);
            return false;
        }
        if !self.serf.recent_queries.is_new(query.time, query.id) {
            self.metrics.drop(DropReason::OldEvent);
            return false;
        }
        // Before it is noted: a flood does not push out what others asked.
        let asker = self.member_behind(query.address, query.source).map(|slot| self.id_at(slot));
        if !self.serf.pace.admits_query(now, asker.as_ref(), &self.config.events) {
            self.metrics.drop(DropReason::QueryRate);
            return false;
        }
        self.serf.recent_queries.note(query.time, query.id, self.config.events.max_recent_queries);
        self.consider(now, query);
        !query.no_broadcast
    }

    /// Whether a query has overtaken the word that its asker is there. memberlist's gossip brings
    /// it again, and by then there may be someone to answer; so it does not count as heard.
    fn is_early(&self, query: &Query<'_>) -> bool {
        let comes_again = self.dialect.policy().broadcasts == BroadcastPolicy::Bare;
        let asker = || self.members.find(query.source).and_then(|slot| self.members.address(slot));
        comes_again && asker().is_none()
    }

    /// Asks our user, if the query is for us.
    ///
    /// The asker comes first: no filter of somebody who could not be answered is looked at.
    fn consider(&mut self, now: Instant, query: &Query<'_>) {
        let Some(asked) = self.return_address(now, query) else {
            return self.metrics.drop(DropReason::Stranger);
        };
        let pace = match asked.address {
            None => Pace::Unbounded,
            Some(_) => Pace::PerSecond(self.config.events.expressions_per_second),
        };
        let metadata =
            self.members.description(self.local.slot).map_or(&[][..], |own| own.metadata);
        match self.serf.filtering.admits(now, pace, query.filters, (&self.local.id, metadata)) {
            Ok(true) => {}
            Ok(false) => return,
            Err(reason) => return self.metrics.drop(reason),
        }
        if query.wants_ack {
            self.answer(now, &asked, true, &[]);
        }
        if query.name.starts_with(INTERNAL) {
            return self.answer_internal(now, query, asked);
        }
        let (from, deadline) = (asked.source.clone(), asked.deadline);
        let id = self.serf.open.receive(now, asked, self.config.events.max_queries);
        let (name, payload) = (Arc::from(query.name), Arc::from(query.payload));
        self.emit(Event::Query { id, from, name, payload, deadline });
    }

    /// Where the answers go: only to a member at its own address, so that nobody can have a third
    /// party flooded.
    fn return_address(&self, now: Instant, query: &Query<'_>) -> Option<Asked> {
        let slot = self.members.find(query.source)?;
        let is_own = slot == self.local.slot;
        if !is_own && self.member_behind(query.address, query.source).is_none() {
            return None;
        }
        let timeout = query.timeout.min(self.config.events.max_query_timeout);
        Some(Asked {
            key: Key { time: query.time, id: query.id },
            source: self.id_at(slot),
            address: (!is_own).then_some(query.address),
            relay_factor: query.relay_factor.min(MAX_RELAYS),
            deadline: now + timeout,
        })
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
        let now = self.timers.advance(now);
        if self.local.state == State::Left {
            return Err(RespondError::NotRunning);
        }
        let asked = self.serf.open.waiting(now, id).cloned().ok_or(RespondError::UnknownQuery)?;
        let max = self.direct_limit(self.config.events.max_response_size);
        let len = self.response(&asked, false, payload).len();
        if len > max {
            return Err(RespondError::TooLong { len, max });
        }
        self.serf.open.answered(id);
        self.answer(now, &asked, false, payload);
        self.debug_check();
        Ok(())
    }

    /// The bytes of an answer.
    fn response(&self, asked: &Asked, is_ack: bool, payload: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let Key { time, id } = asked.key;
        Message::Response(Response { time, id, from: &self.local.id, is_ack, payload })
            .encode(&mut bytes);
        bytes
    }

    /// Sends an answer to who asked, and once more through others if that is wanted.
    pub(super) fn answer(&mut self, now: Instant, asked: &Asked, is_ack: bool, payload: &[u8]) {
        let Some(address) = asked.address else {
            let (Key { time, id }, me) = (asked.key, self.local.id.clone());
            return self.hear_response(&Response { time, id, from: &me, is_ack, payload });
        };
        if !self.may_answer(now, asked, is_ack, payload) {
            return;
        }
        let bytes = self.response(asked, is_ack, payload);
        self.send_direct(address, &bytes);
        let wanted = usize::from(asked.relay_factor);
        if wanted == 0 || self.config.origin_only || self.active_members() <= wanted {
            return;
        }
        let mut relayed = Vec::new();
        Message::Relay(Relay { address, node: &asked.source, message: &bytes })
            .encode(&mut relayed);
        if relayed.len() > self.direct_limit(self.config.events.max_response_size) {
            return self.metrics.drop(DropReason::EventTooLong);
        }
        // One more than wanted, since the one who asked may be among them.
        let mut relays: Vec<SocketAddr> = Vec::new();
        for place in sample(&mut self.rng, wanted + 1, self.peers.len()) {
            let relay = self.peers.at(place);
            let answers = |&relay_address: &SocketAddr| {
                relay_address != address && self.members.has_answered(relay)
            };
            relays.extend(self.members.address(relay).filter(answers));
        }
        relays.truncate(wanted);
        relays.into_iter().for_each(|relay| self.send_direct(relay, &relayed));
    }

    /// Hands an answer on to the member that it is for; to nobody else, and nothing else, so that
    /// nobody can aim us.
    pub(super) fn hand_on(&mut self, now: Instant, relay: &Relay<'_>) {
        if self.config.origin_only {
            return self.metrics.drop(DropReason::Secondhand);
        }
        if self.provenance.hears_plain() {
            return self.metrics.drop(DropReason::Unproven);
        }
        let Ok(Message::Response(response)) = Message::decode(relay.message) else {
            return self.metrics.drop(DropReason::WrongPlace);
        };
        if *self.local.id == *relay.node {
            return self.hear_response(&response);
        }
        if !self
            .member_behind(relay.address, relay.node)
            .is_some_and(|slot| self.members.has_answered(slot))
        {
            return self.metrics.drop(DropReason::Stranger);
        }
        // Whoever sends longer packets than we do may wrap an answer that none of ours holds.
        if relay.message.len() > self.direct_limit(usize::MAX) {
            return self.metrics.drop(DropReason::EventTooLong);
        }
        if !self.serf.pace.admits_relay(now, &self.config.events) {
            return self.metrics.drop(DropReason::QueryRate);
        }
        self.send_direct(relay.address, relay.message);
    }

    /// An answer to a query of ours arrived.
    pub(super) fn hear_response(&mut self, response: &Response<'_>) {
        let Some(slot) = self.members.find(response.from) else {
            return self.metrics.drop(DropReason::Stranger);
        };
        let from = self.id_at(slot);
        let key = Key { time: response.time, id: response.id };
        let id = match self.serf.open.handle_report(key, &from, response.is_ack) {
            Answer::First(id) => id,
            Answer::Duplicate => return self.metrics.drop(DropReason::DuplicateResponse),
            Answer::NotOpen => return self.metrics.drop(DropReason::UnknownQuery),
        };
        if response.is_ack {
            return self.emit(Event::QueryAck { id, from });
        }
        if self.is_serf_agent() && self.count_vote(id, response.payload) {
            return;
        }
        self.emit(Event::QueryResponse { id, from, payload: Arc::from(response.payload) });
        if let Some(outcome) = self.serf.open.end_if_complete(id) {
            self.finish_query(outcome);
            self.arm_queries();
        }
    }

    fn arm_queries(&mut self) {
        match self.serf.open.next_deadline() {
            Some(at) => self.timers.set(Timer::Queries, at),
            None => self.timers.cancel(Timer::Queries),
        }
    }

    pub(super) fn queries_timeout(&mut self, now: Instant) {
        while let Some(outcome) = self.serf.open.pop_due(now) {
            self.finish_query(outcome);
        }
        self.arm_queries();
    }

    /// The node has left: nothing is gathered any more.
    pub(super) fn end_queries(&mut self) {
        while let Some(outcome) = self.serf.open.pop() {
            self.finish_query(outcome);
        }
    }

    fn finish_query(&mut self, Outcome { id, acks, responses }: Outcome) {
        if self.is_serf_agent() && self.close_vote(id) {
            return;
        }
        self.emit(Event::QueryFinished { id, acks, responses });
    }
}
