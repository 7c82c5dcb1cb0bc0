//! One node on memberlist's wire, and what others send it.

use std::net::SocketAddr;

use swim_core::wire::memberlist::{
    self, Message, NodeState, PacketWriter, Packing, PushPullWriter, StreamMessage, Unpacker,
    Versions,
};
use swim_core::{
    Config, ExchangeId, ExchangeInput, ExchangeOutput, Instant, MemberlistWire, Protection, Source,
    Status,
};

use crate::harness::{Node, address, events, exchanges, named, proven};

/// A node next to serf without jitter and compression, so that what it sends can be looked at.
pub(crate) fn config() -> Config {
    let wire = MemberlistWire { compress: false, serf_agent: false, ..MemberlistWire::SERF };
    Config { probe_jitter_permille: 0, ..Config::memberlist_lan(wire) }
}

/// The node "me" at port 1, at incarnation 1.
pub(crate) fn node() -> Node {
    node_with(config())
}

pub(crate) fn node_with(config: Config) -> Node {
    named("me", 1, 1, config, 1)
}

pub(crate) fn alive(id: &str, incarnation: u32, port: u16) -> Message<'_> {
    Message::Alive {
        id,
        incarnation,
        address: address(port),
        metadata: b"",
        versions: Versions::SERF,
    }
}

pub(crate) fn suspect<'a>(id: &'a str, incarnation: u32, from: &'a str) -> Message<'a> {
    Message::Suspect { id, incarnation, from }
}

pub(crate) fn dead<'a>(id: &'a str, incarnation: u32, from: &'a str) -> Message<'a> {
    Message::Dead { id, incarnation, from }
}

pub(crate) fn row(id: &str, incarnation: u32, status: Status, port: u16) -> NodeState<'_> {
    NodeState {
        id,
        incarnation,
        status,
        address: address(port),
        metadata: b"",
        versions: Versions::SERF,
    }
}

pub(crate) fn packet(messages: &[Message<'_>]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = PacketWriter::begin(&mut bytes);
    assert!(messages.iter().all(|message| writer.push(message)));
    writer.finish(Packing::default());
    bytes
}

/// Delivers messages from port 2.
pub(crate) fn deliver(node: &mut Node, now: Instant, messages: &[Message<'_>]) {
    node.handle_packet(now, proven(2), &packet(messages));
}

/// A packet that the node sent: its destination and its messages.
pub(crate) type Sent = (SocketAddr, Vec<Message<'static>>);

/// Reads a packet. What its messages borrow is leaked: it is as little as a test sends.
pub(crate) fn messages(packet: &[u8]) -> Vec<Message<'static>> {
    let mut messages = Vec::new();
    Unpacker::default().unpack(packet, |message| messages.push(leak(&message.unwrap())));
    messages
}

fn leak(message: &Message<'_>) -> Message<'static> {
    let text = |text: &str| -> &'static str { String::leak(text.to_owned()) };
    let bytes = |bytes: &[u8]| -> &'static [u8] { Vec::leak(bytes.to_vec()) };
    let asker = |asker: memberlist::Source<'_>| memberlist::Source {
        address: asker.address,
        id: text(asker.id),
    };
    match *message {
        Message::Ping { sequence, target, source } => {
            Message::Ping { sequence, target: text(target), source: asker(source) }
        }
        Message::IndirectPing { sequence, target, address, wants_nack, source } => {
            let (target, source) = (text(target), asker(source));
            Message::IndirectPing { sequence, target, address, wants_nack, source }
        }
        Message::Ack { sequence, payload } => Message::Ack { sequence, payload: bytes(payload) },
        Message::Nack { sequence } => Message::Nack { sequence },
        Message::Suspect { id, incarnation, from } => {
            Message::Suspect { id: text(id), incarnation, from: text(from) }
        }
        Message::Alive { id, incarnation, address, metadata, versions } => {
            let (id, metadata) = (text(id), bytes(metadata));
            Message::Alive { id, incarnation, address, metadata, versions }
        }
        Message::Dead { id, incarnation, from } => {
            Message::Dead { id: text(id), incarnation, from: text(from) }
        }
        Message::User { payload } => Message::User { payload: bytes(payload) },
    }
}

/// Takes all packets that the node has to send.
pub(crate) fn sent(node: &mut Node, now: Instant) -> Vec<Sent> {
    let (mut buffer, mut all) = (Vec::new(), Vec::new());
    while let Some(transmit) = node.poll_transmit(now, &mut buffer) {
        all.push((transmit.to, messages(&buffer)));
    }
    all
}

/// Has members answer a ping, and drops what the node sends meanwhile.
pub(crate) fn let_answer(node: &mut Node, now: Instant, names: &[&str]) {
    for name in names {
        let sequence = node.ping(now, name).unwrap();
        sent(node, now);
        let from = Source::new(node.member(name).unwrap().address, Protection::Sealed);
        node.handle_packet(now, from, &packet(&[Message::Ack { sequence, payload: b"" }]));
    }
    events(node);
}

/// All messages that the node sends, wherever to.
pub(crate) fn said(node: &mut Node, now: Instant) -> Vec<Message<'static>> {
    sent(node, now).into_iter().flat_map(|(_, messages)| messages).collect()
}

/// A table as it travels.
pub(crate) fn table(is_join: bool, rows: &[NodeState<'_>], user_state: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = PushPullWriter::begin(is_join, &mut bytes);
    assert!(rows.iter().all(|row| writer.push(row)));
    writer.finish(user_state);
    bytes
}

/// Asks the node something on a stream from port 2; its answer.
pub(crate) fn ask(node: &mut Node, now: Instant, request: &[u8]) -> Option<Vec<u8>> {
    let id = ExchangeId(7);
    node.handle_exchange(now, ExchangeInput::Request { id, from: proven(2), payload: request });
    match exchanges(node).pop() {
        Some(ExchangeOutput::Reply { payload, .. }) => Some(payload),
        Some(ExchangeOutput::Refuse { .. }) => None,
        other => panic!("{other:?}"),
    }
}

/// The names in a table.
pub(crate) fn names(table: &[u8]) -> Vec<String> {
    match StreamMessage::decode(table).unwrap() {
        StreamMessage::PushPull(table) => {
            table.nodes().map(|row| row.unwrap().id.to_owned()).collect()
        }
        other => panic!("{other:?}"),
    }
}
