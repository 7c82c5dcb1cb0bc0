//! Queries: a question to all members or to some, whose answers are gathered until a deadline
//! (serf's queries).

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::net::SocketAddr;
use core::time::Duration;

use rand_core::Rng;

use super::filtering::{self, MAX_FILTERS, Pace};
use super::key_queries::asks_about_keys;
use super::queries::{Answer, Asked, Held, Key, Outcome};
use super::{QueryError, RespondError, Serf, is_agent, limits};
use crate::dialect::{BroadcastPolicy, KeyPolicy};
use crate::gossip::dissemination::retransmit_limit;
use crate::ground::event::Event;
use crate::ground::id::{QueryId, Slot};
use crate::ground::metrics::DropReason;
use crate::ground::time::Instant;
use crate::membership::State;
use crate::membership::application::Host;
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

impl Serf {
    /// Asks members a question, this node included if it is for it. What they answer is told by
    /// [`Event::QueryAck`] and [`Event::QueryResponse`], until [`Event::QueryFinished`].
    ///
    /// # Errors
    /// [`QueryError`]; nothing was sent.
    pub(super) fn query(
        &mut self,
        host: &mut impl Host,
        now: Instant,
        question: &Question<'_>,
    ) -> Result<QueryId, QueryError> {
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
        self.ask(host, now, question)
    }

    /// Asks a question, which may be the layer's own.
    pub(super) fn ask(
        &mut self,
        host: &mut impl Host,
        now: Instant,
        question: &Question<'_>,
    ) -> Result<QueryId, QueryError> {
        if host.state() != State::Running {
            return Err(QueryError::NotRunning);
        }
        let key = Key { time: self.queries.time(), id: host.rng().next_u32() >> 1 };
        let timeout = question.timeout.unwrap_or_else(|| default_query_timeout(host));
        let (filters, me) = (question.filters(), host.id().clone());
        let query = Query {
            time: key.time,
            id: key.id,
            address: host.address(),
            source: &me,
            filters: filters.filters(),
            wants_ack: question.wants_acks,
            no_broadcast: false,
            relay_factor: if host.config().origin_only {
                0
            } else {
                question.relay_factor.min(MAX_RELAYS)
            },
            timeout: timeout.min(host.config().events.max_query_timeout),
            name: question.name,
            payload: question.payload,
        };
        let mut bytes = Vec::new();
        Message::Query(query).encode(&mut bytes);
        let (len, max) =
            (bytes.len(), limits::announcement(host, host.config().events.max_query_size));
        if len > max {
            return Err(QueryError::TooLong { len, max });
        }
        let max = host.config().events.max_queries;
        if self.open.open() >= max {
            return Err(QueryError::TooMany { max });
        }
        let max = host.config().max_broadcasts;
        if host.queued_broadcasts() >= max {
            return Err(QueryError::QueueFull { max });
        }
        self.queries.tick();
        self.recent_queries.note(key.time, key.id, host.config().events.max_recent_queries);
        let id = self.open.ask(key, now + query.timeout, expected(host, question));
        self.arm_queries(host);
        host.announce(now, &bytes);
        self.consider(host, now, &query);
        Ok(id)
    }

    /// A query arrived, in so many bytes. Returns whether it is new and to be passed on.
    pub(super) fn hear_query(
        &mut self,
        host: &mut impl Host,
        now: Instant,
        query: &Query<'_>,
        len: usize,
    ) -> bool {
        if len > limits::hearing(host, host.config().events.max_query_size) {
            host.count_drop(DropReason::EventTooLong);
            return false;
        }
        if !self.queries.witness(now, query.time, host.config().events.max_time_jump) {
            host.count_drop(DropReason::BadTime);
            return false;
        }
        if host.policy().keys == KeyPolicy::Queries
            && host.is_unproven()
            && asks_about_keys(query.name)
        {
            // Neither carried out nor passed on, which would seal it. It does not count as heard
            // either: who has a key may ask the same.
            host.count_drop(DropReason::Unproven);
            return false;
        }
        if is_early(host, query) {
            host.count_drop(DropReason::Stranger);
            return false;
        }
        if !self.recent_queries.is_new(query.time, query.id) {
            host.count_drop(DropReason::OldEvent);
            return false;
        }
        // Before it is noted: a flood does not push out what others asked.
        let asker = host.member_behind(query.address, query.source).map(|slot| host.id_at(slot));
        if !self.pace.admits_query(now, asker.as_ref(), &host.config().events) {
            host.count_drop(DropReason::QueryRate);
            return false;
        }
        self.recent_queries.note(query.time, query.id, host.config().events.max_recent_queries);
        self.consider(host, now, query);
        !query.no_broadcast
    }

    /// Asks our user, if the query is for us.
    ///
    /// The asker comes first: no filter of somebody who could not be answered is looked at.
    fn consider(&mut self, host: &mut impl Host, now: Instant, query: &Query<'_>) {
        let Some(asked) = return_address(host, now, query) else {
            return host.count_drop(DropReason::Stranger);
        };
        let pace = match asked.address {
            None => Pace::Unbounded,
            Some(_) => Pace::PerSecond(host.config().events.expressions_per_second),
        };
        let metadata =
            host.members().description(host.own_slot()).map_or(&[][..], |own| own.metadata);
        match self.filtering.admits(now, pace, query.filters, (host.id(), metadata)) {
            Ok(true) => {}
            Ok(false) => return,
            Err(reason) => return host.count_drop(reason),
        }
        if query.wants_ack {
            self.answer(host, now, &asked, true, &[]);
        }
        if query.name.starts_with(INTERNAL) {
            return self.answer_internal(host, now, query, asked);
        }
        let (from, deadline) = (asked.source.clone(), asked.deadline);
        let id = self.open.receive(now, asked, host.config().events.max_queries);
        let (name, payload) = (Arc::from(query.name), Arc::from(query.payload));
        host.emit(Event::Query { id, from, name, payload, deadline });
    }

    /// Answers a query that this node was asked. Only the first answer counts.
    ///
    /// # Errors
    /// [`RespondError`]; nothing was sent.
    pub(super) fn respond(
        &mut self,
        host: &mut impl Host,
        now: Instant,
        id: QueryId,
        payload: &[u8],
    ) -> Result<(), RespondError> {
        if host.state() == State::Left {
            return Err(RespondError::NotRunning);
        }
        let asked = self.open.waiting(now, id).cloned().ok_or(RespondError::UnknownQuery)?;
        let max = limits::direct(host, host.config().events.max_response_size);
        let len = response(host, &asked, false, payload).len();
        if len > max {
            return Err(RespondError::TooLong { len, max });
        }
        self.open.answered(id);
        self.answer(host, now, &asked, false, payload);
        Ok(())
    }

    /// Sends an answer to who asked, and once more through others if that is wanted.
    pub(super) fn answer(
        &mut self,
        host: &mut impl Host,
        now: Instant,
        asked: &Asked,
        is_ack: bool,
        payload: &[u8],
    ) {
        let Some(address) = asked.address else {
            let (Key { time, id }, me) = (asked.key, host.id().clone());
            return self.hear_response(host, &Response { time, id, from: &me, is_ack, payload });
        };
        if !self.may_answer(host, now, asked, is_ack, payload) {
            return;
        }
        let bytes = response(host, asked, is_ack, payload);
        host.send_direct(address, &bytes);
        let wanted = usize::from(asked.relay_factor);
        if wanted == 0 || host.config().origin_only || host.active_members() <= wanted {
            return;
        }
        let mut relayed = Vec::new();
        Message::Relay(Relay { address, node: &asked.source, message: &bytes })
            .encode(&mut relayed);
        if relayed.len() > limits::direct(host, host.config().events.max_response_size) {
            return host.count_drop(DropReason::EventTooLong);
        }
        // One more than wanted, since the one who asked may be among them.
        let sample = host.sample_peers(wanted + 1);
        let answers = |&&relay: &&Slot| host.members().has_answered(relay);
        let relays = sample.iter().filter(answers).filter_map(|&slot| host.members().address(slot));
        let relays = relays.filter(|relay| *relay != address).take(wanted);
        let relays: Vec<SocketAddr> = relays.collect();
        relays.into_iter().for_each(|relay| host.send_direct(relay, &relayed));
    }

    /// Hands an answer on to the member that it is for; to nobody else, and nothing else, so that
    /// nobody can aim us.
    pub(super) fn hand_on(&mut self, host: &mut impl Host, now: Instant, relay: &Relay<'_>) {
        if host.config().origin_only {
            return host.count_drop(DropReason::Secondhand);
        }
        if host.hears_plain() {
            return host.count_drop(DropReason::Unproven);
        }
        let Ok(Message::Response(response)) = Message::decode(relay.message) else {
            return host.count_drop(DropReason::WrongPlace);
        };
        if **host.id() == *relay.node {
            return self.hear_response(host, &response);
        }
        if !host
            .member_behind(relay.address, relay.node)
            .is_some_and(|slot| host.members().has_answered(slot))
        {
            return host.count_drop(DropReason::Stranger);
        }
        // A node that sends longer packets than we do may wrap an answer that none of ours holds.
        if relay.message.len() > limits::direct(host, usize::MAX) {
            return host.count_drop(DropReason::EventTooLong);
        }
        if !self.pace.admits_relay(now, &host.config().events) {
            return host.count_drop(DropReason::QueryRate);
        }
        host.send_direct(relay.address, relay.message);
    }

    /// An answer to a query of ours arrived.
    pub(super) fn hear_response(&mut self, host: &mut impl Host, response: &Response<'_>) {
        let Some(slot) = host.members().find(response.from) else {
            return host.count_drop(DropReason::Stranger);
        };
        let from = host.id_at(slot);
        let key = Key { time: response.time, id: response.id };
        let id = match self.open.handle_report(key, &from, response.is_ack) {
            Answer::First(id) => id,
            Answer::Duplicate => return host.count_drop(DropReason::DuplicateResponse),
            Answer::NotOpen => return host.count_drop(DropReason::UnknownQuery),
        };
        if response.is_ack {
            return host.emit(Event::QueryAck { id, from });
        }
        if is_agent(host) && self.count_vote(host, id, response.payload) {
            return;
        }
        host.emit(Event::QueryResponse { id, from, payload: Arc::from(response.payload) });
        if let Some(outcome) = self.open.end_if_complete(id) {
            self.finish_query(host, outcome);
            self.arm_queries(host);
        }
    }

    fn arm_queries(&self, host: &mut impl Host) {
        host.set_deadline(self.open.next_deadline());
    }

    /// Returns true if an answer may go to who asked. If the asker never answered us, the answer is
    /// held until it does, for as long as a ping takes.
    fn may_answer(
        &mut self,
        host: &mut impl Host,
        now: Instant,
        asked: &Asked,
        is_ack: bool,
        payload: &[u8],
    ) -> bool {
        let Some(slot) = host.members().find(&asked.source) else { return false };
        if host.members().has_answered(slot) {
            return true;
        }
        let held = Held { asked: asked.clone(), is_ack, payload: payload.into() };
        if !(host.look_first(now, slot) && self.open.hold(held)) {
            host.count_drop(DropReason::Stranger);
        }
        false
    }

    pub(super) fn queries_timeout(&mut self, host: &mut impl Host, now: Instant) {
        while let Some(outcome) = self.open.pop_due(now) {
            self.finish_query(host, outcome);
        }
        self.arm_queries(host);
    }

    /// The node has left: nothing is gathered any more.
    pub(super) fn end_queries(&mut self, host: &mut impl Host) {
        while let Some(outcome) = self.open.pop() {
            self.finish_query(host, outcome);
        }
    }

    fn finish_query(&mut self, host: &mut impl Host, Outcome { id, acks, responses }: Outcome) {
        if is_agent(host) && self.close_vote(host, id) {
            return;
        }
        host.emit(Event::QueryFinished { id, acks, responses });
    }
}

/// From how many members an answer can come, if that is known: who is let through by an
/// expression, others know better.
fn expected(host: &impl Host, question: &Question<'_>) -> Option<usize> {
    match (question.nodes.len(), question.tags.is_empty()) {
        (_, false) => None,
        (0, true) => Some(host.active_members()),
        (nodes, true) => Some(nodes),
    }
}

fn default_query_timeout(host: &impl Host) -> Duration {
    let digits = u32::from(retransmit_limit(1, host.active_members()));
    host.config()
        .gossip_interval
        .saturating_mul(u32::from(host.config().events.query_timeout_mult) * digits)
}

/// Returns true if a query has overtaken the word that its asker is there. memberlist's gossip
/// brings it again, and by then there may be someone to answer; so it does not count as heard.
fn is_early(host: &impl Host, query: &Query<'_>) -> bool {
    let comes_again = host.policy().broadcasts == BroadcastPolicy::Bare;
    let asker = || host.members().find(query.source).and_then(|slot| host.members().address(slot));
    comes_again && asker().is_none()
}

/// Where the answers go: only to a member at its own address, so that nobody can have a third
/// party flooded.
fn return_address(host: &impl Host, now: Instant, query: &Query<'_>) -> Option<Asked> {
    let slot = host.members().find(query.source)?;
    let is_own = slot == host.own_slot();
    if !is_own && host.member_behind(query.address, query.source).is_none() {
        return None;
    }
    let timeout = query.timeout.min(host.config().events.max_query_timeout);
    Some(Asked {
        key: Key { time: query.time, id: query.id },
        source: host.id_at(slot),
        address: (!is_own).then_some(query.address),
        relay_factor: query.relay_factor.min(MAX_RELAYS),
        deadline: now + timeout,
    })
}

/// The bytes of an answer.
fn response(host: &impl Host, asked: &Asked, is_ack: bool, payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let Key { time, id } = asked.key;
    Message::Response(Response { time, id, from: host.id(), is_ack, payload }).encode(&mut bytes);
    bytes
}
