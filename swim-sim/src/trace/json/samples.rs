//! One of each message of the wires and of each event, for the test of the document; and the names
//! of all that there are, read from the core's source, so that a new one that has no sample fails.

use core::fmt::Debug;
use core::time::Duration;
use std::collections::BTreeSet;
use std::sync::Arc;

use swim_core::wire::memberlist::{
    self, NodeState, PacketWriter, Packing, PushPullWriter, Source, StreamMessage, Versions,
};
use swim_core::wire::serf::{self, FiltersBuffer};
use swim_core::wire::{Buckets, Description, Entries, Entry, ExchangeMessage, Message, Refusal};
use swim_core::wire::{begin_buckets, begin_join, begin_packet, cluster_hash};
use swim_core::{
    Claim, Event, ExchangeFailure, Incarnation, Instant, LamportTime, Member, QueryId,
    SequenceNumber, Status,
};

use crate::ground::{address, name};

pub(super) const LIFE: Incarnation = Incarnation::new(5);
const SEQUENCE: SequenceNumber = SequenceNumber::new(7);

/// The names of an enum's variants, from its source as rustfmt leaves it.
pub(super) fn variants(source: &str, name: &str) -> BTreeSet<String> {
    let body =
        source.split_once(&format!(" enum {name}")).unwrap_or_else(|| panic!("no enum {name}")).1;
    let lines = body.lines().skip(1).take_while(|line| *line != "}");
    let named = lines.filter_map(|line| {
        line.strip_prefix("    ").filter(|line| line.starts_with(char::is_uppercase))
    });
    named.map(word).collect()
}

/// The names of the variants that some values have.
pub(super) fn names<T: Debug>(values: &[T]) -> BTreeSet<String> {
    values.iter().map(|value| word(&format!("{value:?}"))).collect()
}

fn word(text: &str) -> String {
    text.chars().take_while(|letter| letter.is_alphanumeric()).collect()
}

/// Messages of the layer of events and queries, as bytes; the last is handed on.
pub(super) fn serf_messages(look: impl FnOnce(&[serf::Message<'_>])) -> Vec<Vec<u8>> {
    let (time, address) = (LamportTime::new(3), address::numbered(1));
    let mut filters = FiltersBuffer::default();
    filters.nodes(["a", "b"].into_iter());
    filters.tag("role", "web.*");
    let answer = serf::Response { time, id: 9, from: "b", is_ack: false, payload: b"p" };
    let mut within = Vec::new();
    serf::Message::Response(answer).encode(&mut within);
    let messages = [
        serf::Message::Intent(serf::Intent { time, node: "b", leaves: true, prune: false }),
        serf::Message::UserEvent(serf::UserEvent {
            time,
            name: "e",
            payload: b"p",
            coalesce: true,
            source: Some("a"),
        }),
        serf::Message::Query(serf::Query {
            time,
            id: 9,
            address,
            source: "a",
            filters: filters.filters(),
            wants_ack: true,
            no_broadcast: false,
            relay_factor: 1,
            timeout: Duration::from_secs(1),
            name: "q",
            payload: b"p",
        }),
        serf::Message::Response(answer),
        serf::Message::Relay(serf::Relay { address, node: "a", message: &within }),
    ];
    look(&messages);
    let encoded = messages.iter().map(|message| {
        let mut bytes = Vec::new();
        message.encode(&mut bytes);
        bytes
    });
    encoded.chain([b"\xff".to_vec()]).collect()
}

/// A packet with a message of each kind, and everything that the layer of events and queries says.
pub(super) fn packet(look: impl FnOnce(&[Message<'_>])) -> Vec<u8> {
    let address = address::numbered(1);
    let payloads = serf_messages(|_| {});
    let mut messages = vec![
        Message::Ping { sequence: SEQUENCE, target: "b", source: "a" },
        Message::PingReq { sequence: SEQUENCE, target: "b", source: "a" },
        Message::Ack { sequence: SEQUENCE, source: "a" },
        Message::Nack { sequence: SEQUENCE, source: "a" },
        Message::Alive { id: "b", incarnation: LIFE, address, metadata: b"m" },
        Message::Suspect { id: "b", incarnation: LIFE, from: "a" },
        Message::Dead { id: "b", incarnation: LIFE, from: "a" },
        Message::Left { id: "b", incarnation: LIFE },
        Message::Broadcast { origin: "b", epoch: LIFE, number: 0, payload: b"p" },
        Message::Coordinate { source: "a", bytes: b"c" },
    ];
    for payload in &payloads {
        messages.push(Message::Announcement { origin: "b", epoch: LIFE, number: 1, payload });
        messages.push(Message::Direct { source: "b", payload });
    }
    look(&messages);
    let mut bytes = Vec::new();
    begin_packet(cluster_hash("any"), &mut bytes);
    messages.iter().for_each(|message| message.encode(&mut bytes));
    bytes
}

/// A message of each kind that exchanges have.
pub(super) fn bodies() -> Vec<Vec<u8>> {
    let (sequence, source, cluster) = (SEQUENCE, "a", cluster_hash("any"));
    let digests = Buckets::to_bytes(&[3; Buckets::COUNT]);
    let entries = Entries::default();
    let mut bodies: Vec<Vec<u8>> = [
        ExchangeMessage::JoinReply { source, entries },
        ExchangeMessage::Digest { source, digest: 255 },
        ExchangeMessage::DigestReply { source, buckets: None },
        ExchangeMessage::DigestReply { source, buckets: Some(Buckets::new(&digests)) },
        ExchangeMessage::BucketsReply { source, entries },
        ExchangeMessage::ReliablePing { sequence, target: "b", source },
        ExchangeMessage::ReliableAck { sequence, source },
        ExchangeMessage::Refusal { reason: Refusal::Left },
        ExchangeMessage::KeyRequest { source, target: "b", body: b"k" },
        ExchangeMessage::KeyReply { source, body: b"k" },
    ]
    .iter()
    .map(|message| {
        let mut bytes = Vec::new();
        message.encode(cluster, &mut bytes);
        bytes
    })
    .collect();
    let mut join = Vec::new();
    let mut writer = begin_join(cluster, source, 1_000, &mut join);
    for described in [true, false] {
        let description =
            Description { incarnation: LIFE, address: address::numbered(1), metadata: b"m" };
        let claim = Claim::new(LIFE, Status::Dead);
        assert!(writer.push(&Entry {
            id: "b",
            claim,
            description: described.then_some(description),
            age: 9
        }));
    }
    let mut buckets = Vec::new();
    let _ = begin_buckets(cluster, source, 3, 1_000, &mut buckets);
    bodies.extend([join, buckets, b"noise".to_vec()]);
    bodies
}

/// A packet of memberlist's wire.
pub(super) fn memberlist_packet(look: impl FnOnce(&[memberlist::Message<'_>])) -> Vec<u8> {
    let (sequence, address, versions) = (SEQUENCE, address::numbered(1), Versions::PLAIN);
    let source = Source { address: Some(address), id: "a" };
    let messages = [
        memberlist::Message::Ping { sequence, target: "b", source },
        memberlist::Message::IndirectPing {
            sequence,
            target: "b",
            address,
            wants_nack: true,
            source,
        },
        memberlist::Message::Ack { sequence, payload: b"" },
        memberlist::Message::Nack { sequence },
        memberlist::Message::Suspect { id: "b", incarnation: 5, from: "a" },
        memberlist::Message::Alive { id: "b", incarnation: 5, address, metadata: b"m", versions },
        memberlist::Message::Dead { id: "b", incarnation: 5, from: "a" },
        memberlist::Message::Dead { id: "b", incarnation: 5, from: "b" },
        memberlist::Message::User { payload: b"p" },
    ];
    look(&messages);
    let mut packet = Vec::new();
    let mut writer = PacketWriter::begin(&mut packet);
    messages.iter().for_each(|message| assert!(writer.push(message)));
    writer.finish(Packing { compress: false, checksum: false });
    packet
}

/// Streams of memberlist's wire.
pub(super) fn memberlist_bodies(look: impl FnOnce(&[StreamMessage<'_>])) -> Vec<Vec<u8>> {
    let (sequence, address, versions) = (SEQUENCE, address::numbered(1), Versions::PLAIN);
    let source = Source { address: Some(address), id: "a" };
    let mut table = Vec::new();
    let mut writer = PushPullWriter::begin(true, &mut table);
    let (status, metadata) = (Status::Alive, &b""[..]);
    assert!(writer.push(&NodeState {
        id: "b",
        incarnation: 2,
        status,
        address,
        metadata,
        versions
    }));
    writer.finish(b"");
    let messages = [
        StreamMessage::Ping { sequence, target: "b", source },
        StreamMessage::Ack { sequence, payload: b"" },
        StreamMessage::User { payload: b"p" },
        StreamMessage::Error { reason: "no" },
        StreamMessage::decode(&table).expect("a table"),
    ];
    look(&messages);
    let encoded = messages[..4].iter().map(|message| {
        let mut bytes = Vec::new();
        message.encode(&mut bytes);
        bytes
    });
    encoded.chain([table.clone()]).collect()
}

/// One event of each kind.
pub(super) fn events() -> Vec<Event> {
    let member = Member {
        id: name::numbered(3),
        address: address::numbered(3),
        metadata: Arc::from(&b"m"[..]),
        claim: Claim::new(LIFE, Status::Alive),
    };
    let (id, seed, payload) = (name::numbered(3), address::numbered(1), Arc::from(&b"p"[..]));
    let (from, query, named) = (id.clone(), QueryId(9), Arc::from("n"));
    let time = LamportTime::new(3);
    vec![
        Event::Joined(member.clone()),
        Event::Updated(member.clone()),
        Event::Suspected { member: member.clone(), by: id.clone() },
        Event::Refuted(member.clone()),
        Event::Failed(member.clone()),
        Event::Restarted(member.clone()),
        Event::Left(member),
        Event::Reaped(id.clone()),
        Event::Conflict { address: seed },
        Event::ConflictDecided { address: seed, kept: true, agreeing: 2, answers: 3 },
        Event::NameRefused { id: id.clone(), held_at: seed, claimed_at: seed },
        Event::NameLost { address: seed, at_start: true },
        Event::NameRegained,
        Event::Returned,
        Event::Broadcast { from: from.clone(), payload: Arc::clone(&payload) },
        Event::UserMessage { from: seed, payload: Arc::clone(&payload) },
        Event::UserState { is_join: true, payload: Arc::clone(&payload) },
        Event::UserEvent {
            time,
            from: None,
            name: Arc::clone(&named),
            payload: Arc::clone(&payload),
            coalesce: false,
        },
        Event::Query {
            id: query,
            from: from.clone(),
            name: named,
            payload: Arc::clone(&payload),
            deadline: Instant::from_millis(5),
        },
        Event::QueryAck { id: query, from: from.clone() },
        Event::QueryResponse { id: query, from, payload },
        Event::QueryFinished { id: query, acks: 1, responses: 1 },
        Event::HealthChanged { score: 1 },
        Event::Isolated,
        Event::Reconnected,
        Event::SeedJoined { seed, members: 2 },
        Event::SeedFailed { seed, failure: ExchangeFailure::TimedOut, retry_in: None },
        Event::Pinged { sequence: SEQUENCE, id, round_trip: Some(Duration::from_millis(1)) },
        Event::LeaveComplete,
        Event::Lagged { missed: 1 },
    ]
}
