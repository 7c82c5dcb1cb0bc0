//! What is written, compared with the tables of docs/TRACE.md.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use swim_core::wire::{Buckets, Description, Entry, Refusal, begin_buckets, begin_join, begin_packet, cluster_hash};
use swim_core::{Claim, ExchangeFailure, Incarnation, SequenceNumber, State, Status};

use super::*;
use crate::step::{Fault, Work};
use crate::{address, name};

type Fields = BTreeMap<String, BTreeSet<String>>;

const LIFE: Incarnation = Incarnation::new(5);

fn line(what: &What<'_>) -> Value {
    let mut out = Vec::new();
    write(&mut out, Instant::from_millis(1_500), Some(3), what).unwrap();
    let text = String::from_utf8(out).unwrap();
    assert!(text.ends_with('\n') && text.matches('\n').count() == 1, "{text:?}");
    serde_json::from_str(&text).unwrap()
}

/// The table of docs/TRACE.md whose first column has this title: its rows' first cells, and the fields that the rows name.
fn documented(title: &str) -> Fields {
    let text = include_str!("../../../../docs/TRACE.md");
    let header = format!("| {title} | ");
    let mut lines = text.lines().skip_while(|line| !line.starts_with(&header));
    let columns: Vec<_> =
        lines.next().unwrap_or_else(|| panic!("a table of {title}")).split('|').map(str::trim).collect();
    let place = columns.iter().position(|column| *column == "fields").expect("a column of fields");
    let words = |cell: &str| cell.split('`').skip(1).step_by(2).map(String::from).collect::<Vec<_>>();
    let rows = lines.skip(1).take_while(|line| line.starts_with('|'));
    rows.map(|row| row.split('|').collect::<Vec<_>>())
        .map(|cells| (words(cells[1]).remove(0), words(cells[place]).into_iter().collect()))
        .collect()
}

fn note(fields: &mut Fields, name: &Value, value: &Value, but: &[&str]) {
    let keys = value.as_object().expect("an object").keys().map(String::as_str);
    let name = name.as_str().expect("a name").to_owned();
    fields.entry(name).or_default().extend(keys.filter(|key| !but.contains(key)).map(String::from));
}

fn packet() -> Vec<u8> {
    let (sequence, address) = (SequenceNumber::new(7), address::numbered(1));
    let mut bytes = Vec::new();
    begin_packet(cluster_hash("any"), &mut bytes);
    for message in [
        Message::Ping { sequence, target: "b", source: "a" },
        Message::PingReq { sequence, target: "b", source: "a" },
        Message::Ack { sequence, source: "a" },
        Message::Nack { sequence, source: "a" },
        Message::Alive { id: "b", incarnation: LIFE, address, metadata: b"m" },
        Message::Suspect { id: "b", incarnation: LIFE, from: "a" },
        Message::Dead { id: "b", incarnation: LIFE, from: "a" },
        Message::Left { id: "b", incarnation: LIFE },
        Message::Broadcast { origin: "b", epoch: LIFE, number: 0, payload: b"p" },
    ] {
        message.encode(&mut bytes);
    }
    bytes
}

/// A message of each kind that exchanges have.
fn bodies() -> Vec<Vec<u8>> {
    let (sequence, source, cluster) = (SequenceNumber::new(7), "a", cluster_hash("any"));
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
        let description = Description { incarnation: LIFE, address: address::numbered(1), metadata: b"m" };
        let claim = Claim::new(LIFE, Status::Dead);
        assert!(writer.push(&Entry { id: "b", claim, description: described.then_some(description), age: 9 }));
    }
    let mut buckets = Vec::new();
    let _ = begin_buckets(cluster, source, 3, 1_000, &mut buckets);
    bodies.extend([join, buckets, b"noise".to_vec()]);
    bodies
}

fn events() -> Vec<Event> {
    let member = Member {
        id: name::numbered(3),
        address: address::numbered(3),
        metadata: Arc::from(&b"m"[..]),
        claim: Claim::new(LIFE, Status::Alive),
    };
    let (id, seed, sequence) = (name::numbered(3), address::numbered(1), SequenceNumber::new(7));
    vec![
        Event::Joined(member.clone()),
        Event::Updated(member.clone()),
        Event::Suspected { member: member.clone(), by: id.clone() },
        Event::Refuted(member.clone()),
        Event::Failed(member.clone()),
        Event::Left(member),
        Event::Reaped(id.clone()),
        Event::Conflict { address: seed },
        Event::ConflictDecided { address: seed, kept: true, agreeing: 2, answers: 3 },
        Event::NameRefused { id: id.clone(), held_at: seed, claimed_at: seed },
        Event::Broadcast { from: id.clone(), payload: Arc::from(&b"p"[..]) },
        Event::HealthChanged { score: 1 },
        Event::Isolated,
        Event::Reconnected,
        Event::SeedJoined { seed, members: 2 },
        Event::SeedFailed { seed, failure: ExchangeFailure::TimedOut, retry_in: None },
        Event::Pinged { sequence, id, round_trip: Some(Duration::from_millis(1)) },
        Event::LeaveComplete,
        Event::Lagged { missed: 1 },
    ]
}

/// A line of each kind, in each of its forms.
fn lines() -> Vec<Value> {
    let (to, from, serial, bytes) = (address::numbered(0), address::numbered(1), 9, packet());
    let (bytes, failure, bodies) = (&bytes[..], ExchangeFailure::TimedOut, bodies());
    let delay = Some(Duration::from_millis(2));
    let standing = Standing { state: State::Running, incarnation: LIFE, active: 4, suspicions: 0 };
    let (fault, work) = (Step::from(Fault::Heal), Step::from(Work::Leave(1)));
    let passages = [Passage::UnderWay { delay, again: delay }, Passage::Cut, Passage::QueueFull, Passage::NoHost];
    let mut lines: Vec<_> = passages.map(|passage| line(&What::Sent { to, bytes, passage })).into();
    let stages = [Stage::Connect, Stage::Close(failure)];
    lines.extend(stages.map(|stage| line(&What::Crossed { serial, stage, body: &[] })));
    lines.extend(stages.map(|stage| line(&What::Stalled { serial, stage })));
    lines.extend(bodies.iter().map(|body| line(&What::Crossed { serial, stage: Stage::Reply, body })));
    lines.extend(events().iter().map(|event| line(&What::Told(event))));
    lines.extend(
        [
            What::Started(to, LIFE),
            What::Stopped,
            What::Timeout,
            What::Damaged { to, bytes, passes: true },
            What::Arrived { from, bytes },
            What::Missed { from, bytes: b"xyz" },
            What::Unreachable { address: to },
            What::Opened { serial, to, request: &bodies[0] },
            What::Replied { serial, reply: &bodies[0] },
            What::Failed { serial, failure },
            What::Abandoned { serial },
            What::Changed { from: standing, to: standing },
            What::Step(&fault),
            What::Step(&work),
        ]
        .map(|what| line(&what)),
    );
    lines
}

#[test]
fn every_field_of_every_line_is_in_the_document_and_no_other() {
    let (mut whats, mut messages, mut told) = (Fields::new(), Fields::new(), Fields::new());
    for line in lines() {
        let common = ["at_ns", "node", "sort", "what"];
        assert!(common.iter().all(|field| line.get(field).is_some()), "{line}");
        for message in line["messages"].as_array().into_iter().flatten().chain(line.get("message")) {
            note(&mut messages, &message["kind"], message, &["kind"]);
        }
        if line["what"] == "told" {
            note(&mut told, &line["event"], &line, &["at_ns", "node", "sort", "what", "event"]);
            whats.entry(String::from("told")).or_default().insert(String::from("event"));
        } else {
            note(&mut whats, &line["what"], &line, &common);
        }
    }
    assert_eq!(whats, documented("what"));
    assert_eq!(messages, documented("kind"));
    assert_eq!(told, documented("event"));
}

#[test]
fn the_sort_of_every_line_is_in_the_document() {
    let text = include_str!("../../../../docs/TRACE.md");
    for line in lines() {
        let (what, sort) = (line["what"].as_str().unwrap(), line["sort"].as_str().unwrap());
        let row = text.lines().find(|row| row.starts_with(&format!("| `{what}` |"))).expect("a row");
        let cell = row.split('|').nth(2).expect("a cell");
        assert!(cell.split(',').any(|documented| documented.trim() == sort), "{what}: {sort} is not among {cell}");
    }
}

#[test]
fn rows_and_standings_have_what_the_document_says() {
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    let join = lines().into_iter().find(|line| line["message"]["kind"] == "join").expect("a join");
    let rows = join["message"]["rows"].as_array().unwrap();
    assert_eq!(keys(&rows[0]), ["age_s", "description", "id", "incarnation", "status"]);
    assert_eq!(keys(&rows[0]["description"]), ["address", "incarnation", "metadata"]);
    assert_eq!((&rows[0]["description"]["metadata"], &rows[1]["description"]), (&json!("6d"), &Value::Null));
    let changed = lines().into_iter().find(|line| line["what"] == "changed").expect("a change");
    assert_eq!(keys(&changed["from"]), ["active_members", "incarnation", "state", "suspicions"]);
    assert_eq!(changed["from"]["state"], "running");
}

#[test]
fn a_line_begins_with_time_place_and_kind_and_is_one_line() {
    let mut out = Vec::new();
    write(&mut out, Instant::from_millis(1_500), Some(3), &What::Timeout).unwrap();
    let wanted = "{\"at_ns\":1500000000,\"node\":3,\"sort\":\"input\",\"what\":\"timeout\"}\n";
    assert_eq!(String::from_utf8(out).unwrap(), wanted);
    let mut bytes = Vec::new();
    begin_packet(cluster_hash("any"), &mut bytes);
    Message::Ack { sequence: SequenceNumber::new(7), source: "a\n\u{1b}b" }.encode(&mut bytes);
    let damaged = line(&What::Arrived { from: address::numbered(0), bytes: &bytes });
    assert_eq!(damaged["messages"][0]["source"], "a\n\u{1b}b", "it is one line, and nothing of the name is lost");
}

#[test]
fn kinds_are_in_snake_case_and_bytes_hexadecimal() {
    let refused = Stage::Close(ExchangeFailure::TimedOut);
    assert_eq!(stage_of(refused), json!({ "stage": "close", "failure": "timed_out" }));
    assert_eq!(hex(&[0, 255]), "00ff");
}
