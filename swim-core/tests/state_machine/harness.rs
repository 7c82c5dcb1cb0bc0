//! One node and the messages that strangers send it.

use std::net::SocketAddr;
use std::time::Duration;

use rand_core::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;
use swim_core::wire::{
    Description, Entry, ExchangeMessage, Message, begin_buckets, begin_packet, cluster_hash,
};
use swim_core::{
    Claim, Config, DropReason, Event, ExchangeId, ExchangeInput, ExchangeOutput, Identity,
    Incarnation, Instant, NodeId, Protection, Source, Status, Swim,
};

pub(crate) use crate::messages::*;
pub(crate) use crate::node::Node;

/// The node under test is called "me", lives at port 1 and starts with this incarnation.
pub(crate) const FIRST: u64 = 100;

pub(crate) fn address(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
}

/// A sender at that port who holds a key of the cluster: what it says counts, whatever its name. Of
/// those in plain tell `strangers`.
pub(crate) fn proven(port: u16) -> Source {
    Source::new(address(port), Protection::Sealed)
}

pub(crate) fn cluster() -> u32 {
    cluster_hash("default")
}

/// A node of the LAN settings without jitter.
pub(crate) fn node() -> Node {
    node_with(Config { probe_jitter_permille: 0, ..Config::lan() })
}

pub(crate) fn node_with(config: Config) -> Node {
    named("me", 1, FIRST, config, 1)
}

/// A node of another name, port, incarnation and chance.
pub(crate) fn named(id: &str, port: u16, incarnation: u64, config: Config, seed: u64) -> Node {
    let identity =
        Identity::new(NodeId::new(id).unwrap(), address(port), Incarnation::new(incarnation));
    Swim::new(config, identity, Xoshiro256PlusPlus::seed_from_u64(seed), Instant::ORIGIN)
        .unwrap()
        .into()
}

/// The LAN settings without jitter and without pings over streams: exchanges are joins and
/// comparisons only.
pub(crate) fn quiet() -> Config {
    Config { probe_jitter_permille: 0, reliable_fallback: false, ..Config::lan() }
}

/// So many milliseconds after the origin.
pub(crate) const fn at(millis: u64) -> Instant {
    Instant::from_millis(millis)
}

/// So many seconds after the origin.
pub(crate) const fn second(seconds: u64) -> Instant {
    Instant::from_millis(seconds * 1_000)
}

pub(crate) fn packet(messages: &[Message<'_>]) -> Vec<u8> {
    let mut bytes = Vec::new();
    begin_packet(cluster(), &mut bytes);
    messages.iter().for_each(|message| message.encode(&mut bytes));
    bytes
}

pub(crate) fn alive(id: &str, incarnation: u64, port: u16) -> Message<'_> {
    Message::Alive {
        id,
        incarnation: Incarnation::new(incarnation),
        address: address(port),
        metadata: b"",
    }
}

pub(crate) fn suspect<'a>(id: &'a str, incarnation: u64, from: &'a str) -> Message<'a> {
    Message::Suspect { id, incarnation: Incarnation::new(incarnation), from }
}

pub(crate) fn dead<'a>(id: &'a str, incarnation: u64, from: &'a str) -> Message<'a> {
    Message::Dead { id, incarnation: Incarnation::new(incarnation), from }
}

/// Delivers messages from port 2.
pub(crate) fn deliver(node: &mut Node, now: Instant, messages: &[Message<'_>]) {
    node.handle_packet(now, proven(2), &packet(messages));
}

/// Tells the node of living members of these names, the first one at port 10, the next at 11, and
/// so on.
pub(crate) fn populate(node: &mut Node, now: Instant, names: &[String]) {
    for (name, port) in names.iter().zip(10..) {
        deliver(node, now, &[alive(name, 1, port)]);
    }
}

/// `count` names that begin alike.
pub(crate) fn names(prefix: &str, count: usize) -> Vec<String> {
    (0..count).map(|i| format!("{prefix}-{i}")).collect()
}

/// A table's entry, described at the incarnation of its claim.
pub(crate) fn entry(id: &str, incarnation: u64, status: Status, port: u16) -> Entry<'_> {
    let incarnation = Incarnation::new(incarnation);
    let description = Some(Description { incarnation, address: address(port), metadata: b"" });
    Entry { id, claim: Claim::new(incarnation, status), description, age: 0 }
}

/// Asks the node something over an exchange; its answer.
pub(crate) fn ask(node: &mut Node, now: Instant, request: &[u8]) -> Vec<u8> {
    let id = ExchangeId(u64::MAX);
    node.handle_exchange(now, ExchangeInput::Request { id, from: proven(2), payload: request });
    let is_answer =
        |out: &ExchangeOutput| matches!(out, ExchangeOutput::Reply { id: to, .. } if *to == id);
    match exchanges(node).into_iter().find(is_answer) {
        Some(ExchangeOutput::Reply { payload, .. }) => payload,
        _ => panic!("a request is answered"),
    }
}

/// A peer swaps buckets with the node in which these are the peer's entries.
pub(crate) fn swap(node: &mut Node, now: Instant, entries: &[Entry<'_>]) {
    let mut request = Vec::new();
    let mut writer = begin_buckets(cluster(), "peer", u64::MAX, usize::MAX, &mut request);
    assert!(entries.iter().all(|entry| writer.push(entry)), "all fit");
    ask(node, now, &request);
}

/// An exchange that the node opens: its number, the other side, and the request.
pub(crate) type Opened = (ExchangeId, SocketAddr, Vec<u8>);

pub(crate) fn opened(node: &mut Node) -> Vec<Opened> {
    let open = |out| match out {
        ExchangeOutput::Open { id, to, request } => Some((id, to, request)),
        _ => None,
    };
    exchanges(node).into_iter().filter_map(open).collect()
}

/// `source` answers a digest: the tables are equal.
pub(crate) fn say_equal(node: &mut Node, now: Instant, id: ExchangeId, source: &str) {
    let mut payload = Vec::new();
    ExchangeMessage::DigestReply { source, buckets: None }.encode(cluster(), &mut payload);
    node.handle_exchange(now, ExchangeInput::Reply { id, payload: &payload });
}

/// Runs the node's next timer and says when that was.
pub(crate) fn step(node: &mut Node) -> Instant {
    let now = node.poll_timeout().expect("a running node has timers");
    node.handle_timeout(now);
    now
}

/// Runs the node's own timers up to and including `until`, in a cluster whose members answer every
/// ping at once. Returns what it sent.
pub(crate) fn run_among_the_living(node: &mut Node, until: Instant) -> Vec<Sent> {
    let mut all = Vec::new();
    while let Some(now) = node.poll_timeout().filter(|&now| now <= until) {
        node.handle_timeout(now);
        all.extend(sent_and_acked(node, now));
    }
    all
}

/// Has members answer a ping, as those have that a node has known for a while; and drops what the
/// node sends meanwhile.
pub(crate) fn let_answer(node: &mut Node, now: Instant, names: &[&str]) {
    for name in names {
        let sequence = node.ping(now, name).unwrap();
        sent(node, now);
        let from = Source::new(node.member(name).unwrap().address, Protection::Sealed);
        node.handle_packet(now, from, &packet(&[Message::Ack { sequence, source: name }]));
    }
    events(node);
}

/// The sequence number of the ping by which the node probed the member of that name, and when.
pub(crate) fn run_until_ping(
    node: &mut Node,
    target: &str,
) -> (Instant, swim_core::SequenceNumber) {
    for _ in 0..1_000 {
        let now = node.poll_timeout().expect("a running node has timers");
        node.handle_timeout(now);
        let probed = node.probing().map(|(_, sequence)| sequence);
        let is_probe = |message: &&Message<'_>| {
            matches!(**message, Message::Ping { sequence, target: to, .. }
                if to == target && probed == Some(sequence))
        };
        if let (Some(sequence), Some(_)) = (probed, said(&sent(node, now)).find(is_probe)) {
            return (now, sequence);
        }
    }
    panic!("no ping to {target} in 1,000 timeouts");
}

/// Runs the node's own timers up to and including `until`, dropping what it sends.
pub(crate) fn run_until(node: &mut Node, until: Instant) {
    while let Some(at) = node.poll_timeout().filter(|&at| at <= until) {
        node.handle_timeout(at);
        sent(node, at);
    }
}

pub(crate) fn events(node: &mut Node) -> Vec<Event> {
    std::iter::from_fn(|| node.next_event()).collect()
}

pub(crate) fn exchanges(node: &mut Node) -> Vec<ExchangeOutput> {
    std::iter::from_fn(|| node.next_exchange()).collect()
}

pub(crate) fn status(node: &Node, id: &str) -> Option<Status> {
    node.member(id).map(|member| member.status())
}

pub(crate) fn dropped(node: &Node, reason: DropReason) -> u64 {
    node.metrics().dropped(reason)
}

pub(crate) const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}
