//! One node and the messages that strangers send it.

use std::net::SocketAddr;
use std::time::Duration;

use rand_core::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;
use swim_core::wire::{Message, Packet, begin_packet, cluster_hash};
use swim_core::{Config, DropReason, Event, ExchangeOutput, Identity, Incarnation, Instant, NodeId, Status, Swim};

pub(crate) type Node = Swim<Xoshiro256PlusPlus>;

/// The node under test is called "me", lives at port 1 and starts with this incarnation.
pub(crate) const FIRST: u64 = 100;

pub(crate) fn address(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
}

pub(crate) fn cluster() -> u32 {
    cluster_hash("default")
}

/// A node of the LAN settings without jitter.
pub(crate) fn node() -> Node {
    node_with(Config { probe_jitter_permille: 0, ..Config::lan() })
}

pub(crate) fn node_with(config: Config) -> Node {
    let identity = Identity::new(NodeId::new("me").unwrap(), address(1), Incarnation::new(FIRST));
    Swim::new(config, identity, Xoshiro256PlusPlus::seed_from_u64(1), Instant::ORIGIN).unwrap()
}

pub(crate) fn packet(messages: &[Message<'_>]) -> Vec<u8> {
    let mut bytes = Vec::new();
    begin_packet(cluster(), &mut bytes);
    messages.iter().for_each(|message| message.encode(&mut bytes));
    bytes
}

pub(crate) fn alive(id: &str, incarnation: u64, port: u16) -> Message<'_> {
    Message::Alive { id, incarnation: Incarnation::new(incarnation), address: address(port), metadata: b"" }
}

pub(crate) fn suspect<'a>(id: &'a str, incarnation: u64, from: &'a str) -> Message<'a> {
    Message::Suspect { id, incarnation: Incarnation::new(incarnation), from }
}

pub(crate) fn dead<'a>(id: &'a str, incarnation: u64, from: &'a str) -> Message<'a> {
    Message::Dead { id, incarnation: Incarnation::new(incarnation), from }
}

/// Delivers messages from port 2.
pub(crate) fn deliver(node: &mut Node, now: Instant, messages: &[Message<'_>]) {
    node.handle_packet(now, address(2), &packet(messages));
}

/// A packet that the node sent: where to, and each message as its debug text.
pub(crate) type Sent = (SocketAddr, Vec<String>);

pub(crate) fn sent(node: &mut Node, now: Instant) -> Vec<Sent> {
    let (mut buffer, mut all) = (Vec::new(), Vec::new());
    while let Some(transmit) = node.poll_transmit(now, &mut buffer) {
        let messages = Packet::open(&buffer, cluster()).unwrap().map(|message| format!("{:?}", message.unwrap()));
        all.push((transmit.to, messages.collect()));
    }
    all
}

/// The sequence number of the ping that the node sent to the member of that name, and when.
pub(crate) fn run_until_ping(node: &mut Node, target: &str) -> (Instant, swim_core::SequenceNumber) {
    let mut buffer = Vec::new();
    for _ in 0..1_000 {
        let now = node.poll_timeout().expect("a running node has timers");
        node.handle_timeout(now);
        let mut found = None;
        while node.poll_transmit(now, &mut buffer).is_some() {
            for message in Packet::open(&buffer, cluster()).unwrap() {
                if let Ok(Message::Ping { sequence, target: to, .. }) = message
                    && to == target
                {
                    found = Some((now, sequence));
                }
            }
        }
        if let Some(found) = found {
            return found;
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
    std::iter::from_fn(|| node.poll_event()).collect()
}

pub(crate) fn exchanges(node: &mut Node) -> Vec<ExchangeOutput> {
    std::iter::from_fn(|| node.poll_exchange()).collect()
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
