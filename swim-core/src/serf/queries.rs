//! Queries: those that this node asked and whose answers it gathers until a deadline, and those
//! that it was asked and may answer until one.
//!
//! It knows neither how a query travels nor which members it is for. A member's ack and its
//! response count once each. Read first: docs/SERF.md.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use core::net::SocketAddr;

use crate::ground::id::{NodeId, QueryId};
use crate::ground::lamport::LamportTime;
use crate::ground::time::Instant;

/// What names a query on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    pub(crate) time: LamportTime,
    pub(crate) id: u32,
}

/// A query that this node asked.
#[derive(Debug)]
struct Open {
    key: Key,
    deadline: Instant,
    /// After how many responses nobody is left who could respond; `None` if that is not known.
    expected: Option<usize>,
    acks: BTreeSet<NodeId>,
    responses: BTreeSet<NodeId>,
}

/// A query that this node was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) key: Key,
    /// Who asked, and where: `None` if this node itself did.
    pub(crate) source: NodeId,
    pub(crate) address: Option<SocketAddr>,
    pub(crate) relay_factor: u8,
    pub(crate) deadline: Instant,
}

/// What a query came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) id: QueryId,
    pub(crate) acks: usize,
    pub(crate) responses: usize,
}

/// What an answer that arrives is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// The first of its kind from its member.
    First(QueryId),
    /// Its member has said so before.
    Duplicate,
    /// To a query that is not open.
    NotOpen,
}

/// An answer that waits until its asker has shown that it is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Held {
    pub(crate) asked: Asked,
    pub(crate) is_ack: bool,
    pub(crate) payload: Vec<u8>,
}

/// How many answers may wait so.
const MOST_HELD: usize = 64;

/// All that are open here.
#[derive(Debug, Default)]
pub(crate) struct Queries {
    open: BTreeMap<QueryId, Open>,
    asked: BTreeMap<QueryId, Asked>,
    held: Vec<Held>,
    next: u64,
}

impl Queries {
    /// How many queries of this node are open.
    pub(crate) fn open(&self) -> usize {
        self.open.len()
    }

    /// How many queries wait for this node's answer, or did.
    pub(crate) fn asked(&self) -> usize {
        self.asked.len()
    }

    fn next_id(&mut self) -> QueryId {
        self.next += 1;
        QueryId(self.next)
    }

    /// Opens a query of this node.
    pub(crate) fn ask(&mut self, key: Key, deadline: Instant, expected: Option<usize>) -> QueryId {
        let id = self.next_id();
        let (acks, responses) = (BTreeSet::new(), BTreeSet::new());
        self.open.insert(id, Open { key, deadline, expected, acks, responses });
        id
    }

    /// Notes an answer.
    pub(crate) fn handle_report(&mut self, key: Key, from: &NodeId, is_ack: bool) -> Answer {
        let Some((&id, open)) = self.open.iter_mut().find(|(_, open)| open.key == key) else {
            return Answer::NotOpen;
        };
        let known = if is_ack { &mut open.acks } else { &mut open.responses };
        if known.insert(from.clone()) { Answer::First(id) } else { Answer::Duplicate }
    }

    /// Ends a query if everyone who could has responded.
    pub(crate) fn end_if_complete(&mut self, id: QueryId) -> Option<Outcome> {
        let open = self.open.get(&id)?;
        open.expected.filter(|&expected| open.responses.len() >= expected)?;
        self.end(id)
    }

    /// Ends a query.
    fn end(&mut self, id: QueryId) -> Option<Outcome> {
        let open = self.open.remove(&id)?;
        Some(Outcome { id, acks: open.acks.len(), responses: open.responses.len() })
    }

    /// Ends a query whose deadline has come; the earliest first.
    pub(crate) fn pop_due(&mut self, now: Instant) -> Option<Outcome> {
        let (_, id) = self
            .open
            .iter()
            .map(|(&id, open)| (open.deadline, id))
            .min()
            .filter(|&(at, _)| at <= now)?;
        self.end(id)
    }

    /// Ends all that are open.
    pub(crate) fn pop(&mut self) -> Option<Outcome> {
        let (&id, _) = self.open.first_key_value()?;
        self.end(id)
    }

    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        self.open.values().map(|open| open.deadline).min()
    }

    /// Notes a query that this node is asked. Of `max` that wait, those that nobody waits for any
    /// more make room, else the one that waits longest.
    pub(crate) fn receive(&mut self, now: Instant, asked: Asked, max: usize) -> QueryId {
        if self.asked.len() >= max {
            self.asked.retain(|_, asked| asked.deadline > now);
            if self.asked.len() >= max {
                self.asked.pop_first();
            }
        }
        let id = self.next_id();
        self.asked.insert(id, asked);
        id
    }

    /// The query that is about to be answered, if it still waits.
    pub(crate) fn waiting(&self, now: Instant, id: QueryId) -> Option<&Asked> {
        self.asked.get(&id).filter(|asked| asked.deadline > now)
    }

    /// Holds an answer. Returns whether there was room.
    pub(crate) fn hold(&mut self, held: Held) -> bool {
        let has_room = self.held.len() < MOST_HELD;
        if has_room {
            self.held.push(held);
        }
        has_room
    }

    /// Takes the first answer that is held for an asker.
    pub(crate) fn release(&mut self, source: &NodeId) -> Option<Held> {
        let place = self.held.iter().position(|held| held.asked.source == *source)?;
        Some(self.held.remove(place))
    }

    /// The query was answered.
    pub(crate) fn answered(&mut self, id: QueryId) {
        self.asked.remove(&id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: Key = Key { time: LamportTime::new(3), id: 7 };

    fn at(millis: u64) -> Instant {
        Instant::from_millis(millis)
    }

    fn name(name: &str) -> NodeId {
        NodeId::new(name).unwrap()
    }

    #[test]
    fn each_member_acks_and_responds_once() {
        let mut queries = Queries::default();
        let id = queries.ask(KEY, at(100), None);
        assert_eq!(queries.handle_report(KEY, &name("a"), true), Answer::First(id));
        assert_eq!(queries.handle_report(KEY, &name("a"), false), Answer::First(id));
        assert_eq!(queries.handle_report(KEY, &name("a"), true), Answer::Duplicate);
        assert_eq!(queries.handle_report(KEY, &name("a"), false), Answer::Duplicate);
        assert_eq!(queries.handle_report(KEY, &name("b"), false), Answer::First(id));
        assert_eq!(queries.handle_report(Key { id: 8, ..KEY }, &name("a"), true), Answer::NotOpen);
        assert_eq!(queries.pop_due(at(99)), None);
        assert_eq!(queries.pop_due(at(100)), Some(Outcome { id, acks: 1, responses: 2 }));
        assert_eq!(queries.handle_report(KEY, &name("c"), true), Answer::NotOpen);
    }

    #[test]
    fn a_query_ends_when_everyone_has_responded() {
        let mut queries = Queries::default();
        let id = queries.ask(KEY, at(100), Some(2));
        queries.handle_report(KEY, &name("a"), false);
        assert_eq!(queries.end_if_complete(id), None);
        queries.handle_report(KEY, &name("b"), false);
        assert_eq!(queries.end_if_complete(id), Some(Outcome { id, acks: 0, responses: 2 }));
        assert_eq!((queries.open(), queries.next_deadline()), (0, None));
    }

    #[test]
    fn queries_end_in_the_order_of_their_deadlines() {
        let mut queries = Queries::default();
        for (id, deadline) in [(1, 30), (2, 10), (3, 20)] {
            queries.ask(Key { id, ..KEY }, at(deadline), None);
        }
        assert_eq!(queries.next_deadline(), Some(at(10)));
        let ended = core::iter::from_fn(|| queries.pop_due(at(25))).map(|outcome| outcome.id.0);
        assert_eq!(ended.collect::<Vec<_>>(), [2, 3]);
    }

    #[test]
    fn what_nobody_waits_for_any_more_makes_room_first() {
        let mut queries = Queries::default();
        let asked = |deadline| Asked {
            key: KEY,
            source: name("a"),
            address: None,
            relay_factor: 0,
            deadline: at(deadline),
        };
        let [first, second] = [100, 5].map(|deadline| queries.receive(at(0), asked(deadline), 2));
        let third = queries.receive(at(10), asked(100), 2);
        assert!(
            queries.waiting(at(10), first).is_some() && queries.waiting(at(10), second).is_none()
        );
        queries.receive(at(10), asked(100), 2);
        assert!(queries.waiting(at(10), first).is_none(), "it has waited longest");
        assert_eq!(queries.asked(), 2);
        assert!(queries.waiting(at(100), third).is_none(), "its time is over");
        queries.answered(third);
        assert_eq!(queries.waiting(at(10), third), None);
    }
}
