//! What is said above membership, by others and by the node's user: intents, user events, queries
//! and their answers.

use std::net::SocketAddr;
use std::time::Duration;

use arbitrary::Arbitrary;
use rand_core::Rng;
use swim_core::wire::serf::{FiltersBuffer, Intent, Message, Query, Relay, Response, UserEvent};
use swim_core::{Instant, KeyAnswer, LamportTime, QueryId, Question, Swim};

/// Few names, so that some meet; the layer's own among them.
const TOPICS: [&str; 7] = [
    "deploy",
    "load",
    "_serf_ping",
    "_serf_conflict",
    "_serf_list-keys",
    "_serf_install-key",
    "_serf_unknown",
];
const EXPRESSIONS: [&str; 4] = ["^web$", ".*", "(", "a{1,900}{1,900}"];

/// A message of the layer that comes from outside.
#[derive(Arbitrary, Debug)]
pub enum Word {
    Intent {
        time: u8,
        id: u8,
        leaves: bool,
        prune: bool,
    },
    UserEvent {
        time: u8,
        topic: u8,
        len: u16,
        coalesce: bool,
        source: Option<u8>,
    },
    Query {
        time: u8,
        number: u8,
        source: u8,
        topic: u8,
        len: u16,
        relay: u8,
        flags: u8,
        timeout: u16,
        filter: u8,
    },
    Response {
        time: u8,
        number: u32,
        from: u8,
        is_ack: bool,
        len: u16,
    },
    Relay {
        to: u8,
        id: u8,
        message: Box<Word>,
    },
    Bytes(Vec<u8>),
}

/// What the user does with the layer.
#[derive(Arbitrary, Debug)]
pub(crate) enum Act {
    SendUserEvent {
        topic: u8,
        len: u16,
        coalesce: bool,
    },
    Query {
        topic: u8,
        len: u16,
        node: Option<u8>,
        expression: Option<u8>,
        relay: u8,
        acks: bool,
        timeout: Option<u16>,
    },
    Respond {
        nth: u8,
        len: u16,
    },
}

/// The names and addresses that a target's world has.
#[derive(Clone, Copy)]
pub(crate) struct Places {
    pub(crate) name: fn(u8) -> &'static str,
    pub(crate) address: fn(u8) -> SocketAddr,
}

fn time(number: u8) -> LamportTime {
    // Mostly near those in use, now and then at the end of the scale and beyond.
    LamportTime::new(if number < 250 {
        u64::from(number % 8)
    } else {
        LamportTime::MAX.get() + u64::from(number % 2)
    })
}

fn topic(number: u8) -> &'static str {
    TOPICS[usize::from(number) % TOPICS.len()]
}

/// Answers a key query with more keys than an answer holds.
pub(crate) fn answer_keys<R: Rng>(now: Instant, node: &mut Swim<R>, query: QueryId) {
    let keys = vec!["A".repeat(44); 40];
    let _ = node.serf_mut().answer_keys(now, query, &KeyAnswer::listed(keys, String::new()));
}

impl Word {
    /// Appends the message's bytes. Relays within relays end after a few.
    pub(crate) fn encode(&self, places: Places, depth: u8, out: &mut Vec<u8>) {
        let filler = [b'k'; 2_000];
        let payload = |len: u16| &filler[..usize::from(len) % 2_000];
        let Places { name, address } = places;
        match *self {
            Self::Intent { time: at, id, leaves, prune } => {
                Message::Intent(Intent { time: time(at), node: name(id), leaves, prune })
                    .encode(out);
            }
            Self::UserEvent { time: at, topic: number, len, coalesce, source } => {
                let (name, source) = (topic(number), source.map(name));
                let event =
                    UserEvent { time: time(at), name, payload: payload(len), coalesce, source };
                Message::UserEvent(event).encode(out);
            }
            Self::Query {
                time: at,
                number,
                source,
                topic: called,
                len,
                relay,
                flags,
                timeout,
                filter,
            } => {
                let mut filters = FiltersBuffer::default();
                match filter % 4 {
                    0 => filters.nodes([name(filter)].into_iter()),
                    1 => filters
                        .tag("role", EXPRESSIONS[usize::from(filter / 4) % EXPRESSIONS.len()]),
                    _ => {}
                }
                Message::Query(Query {
                    time: time(at),
                    id: u32::from(number),
                    address: address(source),
                    source: name(source),
                    filters: filters.filters(),
                    wants_ack: flags & 1 != 0,
                    no_broadcast: flags & 2 != 0,
                    relay_factor: relay,
                    timeout: Duration::from_millis(u64::from(timeout)),
                    name: topic(called),
                    payload: payload(len),
                })
                .encode(out);
            }
            Self::Response { time: at, number, from, is_ack, len } => {
                let (id, payload) = (number, payload(len));
                Message::Response(Response {
                    time: time(at),
                    id,
                    from: name(from),
                    is_ack,
                    payload,
                })
                .encode(out);
            }
            Self::Relay { to, id, ref message } => {
                let mut bytes = Vec::new();
                if depth < 4 {
                    message.encode(places, depth + 1, &mut bytes);
                }
                Message::Relay(Relay { address: address(to), node: name(id), message: &bytes })
                    .encode(out);
            }
            Self::Bytes(ref bytes) => out.extend_from_slice(bytes),
        }
    }
}

impl Act {
    /// Does it. `asked` are the queries that the user was told of.
    pub(crate) fn apply<R: Rng>(
        &self,
        now: Instant,
        node: &mut Swim<R>,
        asked: &[QueryId],
        name: fn(u8) -> &'static str,
    ) {
        let payload = |len: u16| vec![7; usize::from(len % 2_000)];
        match *self {
            Self::SendUserEvent { topic: called, len, coalesce } => {
                let _ =
                    node.serf_mut().send_user_event(now, topic(called), &payload(len), coalesce);
            }
            Self::Query { topic: called, len, node: to, expression, relay, acks, timeout } => {
                let payload = payload(len);
                let nodes: Vec<&str> = to.map(name).into_iter().collect();
                let expression =
                    expression.map(|number| EXPRESSIONS[usize::from(number) % EXPRESSIONS.len()]);
                let tags: Vec<(&str, &str)> =
                    expression.map(|expression| ("role", expression)).into_iter().collect();
                let question = Question {
                    nodes: &nodes,
                    tags: &tags,
                    wants_acks: acks,
                    relay_factor: relay,
                    timeout: timeout.map(|millis| Duration::from_millis(u64::from(millis))),
                    ..Question::new(topic(called), &payload)
                };
                let _ = node.serf_mut().query(now, &question);
            }
            Self::Respond { nth, len } => {
                let id = match asked.len() {
                    0 => QueryId(u64::from(nth)),
                    len => asked[usize::from(nth) % len],
                };
                let _ = node.serf_mut().respond(now, id, &payload(len));
            }
        }
    }
}
