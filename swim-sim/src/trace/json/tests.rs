//! What is written, compared with the tables of docs/TRACE.md.

use std::collections::{BTreeMap, BTreeSet};

use swim_core::wire::{begin_packet, cluster_hash};
use swim_core::{ExchangeFailure, MessageKind, SequenceNumber, State};

use super::samples::{
    LIFE, bodies, events, memberlist_bodies, memberlist_packet, names, packet, serf_messages,
    variants,
};
use super::*;
use crate::ground::address;
use crate::plan::{Fault, Work};

type Fields = BTreeMap<String, BTreeSet<String>>;

fn line(what: &What<'_>) -> Value {
    let mut out = Vec::new();
    write(&mut out, Instant::from_millis(1_500), Some(3), what, None).unwrap();
    let text = String::from_utf8(out).unwrap();
    assert!(text.ends_with('\n') && text.matches('\n').count() == 1, "{text:?}");
    serde_json::from_str(&text).unwrap()
}

/// The table of docs/TRACE.md whose first column has this title: its rows' first cells, and the
/// fields that the rows name.
fn documented(title: &str) -> Fields {
    let text = include_str!("../../../../docs/TRACE.md");
    let header = format!("| {title} | ");
    let mut lines = text.lines().skip_while(|line| !line.starts_with(&header));
    let columns: Vec<_> = lines
        .next()
        .unwrap_or_else(|| panic!("a table of {title}"))
        .split('|')
        .map(str::trim)
        .collect();
    let place = columns.iter().position(|column| *column == "fields").expect("a column of fields");
    let words =
        |cell: &str| cell.split('`').skip(1).step_by(2).map(String::from).collect::<Vec<_>>();
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

/// One of each thing that happens, but for messages and events, of which there is one of a kind.
fn lines() -> Vec<Value> {
    let (to, from, serial, bytes) = (address::numbered(0), address::numbered(1), 9, packet(|_| {}));
    let (bytes, failure, bodies) = (&bytes[..], ExchangeFailure::TimedOut, bodies());
    let delay = Some(Duration::from_millis(2));
    let standing = Standing { state: State::Running, incarnation: LIFE, active: 4, suspicions: 0 };
    let (fault, work) = (Step::from(Fault::Heal), Step::from(Work::Leave(1)));
    let passages = [
        Passage::UnderWay { delay, again: delay },
        Passage::Cut,
        Passage::QueueFull,
        Passage::NoHost,
    ];
    let mut lines: Vec<_> = passages.map(|passage| line(&What::Sent { to, bytes, passage })).into();
    let stages = [Stage::Connect, Stage::Close(failure)];
    lines.extend(stages.map(|stage| line(&What::Crossed { serial, stage, body: &[] })));
    lines.extend(stages.map(|stage| line(&What::Stalled { serial, stage })));
    lines.extend(
        bodies.iter().map(|body| line(&What::Crossed { serial, stage: Stage::Reply, body })),
    );
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

/// Lines that hold what memberlist's wire says.
fn memberlist_lines() -> Vec<Value> {
    let bytes = &memberlist_packet(|_| {})[..];
    let packet = line(&What::Arrived { from: address::numbered(1), bytes });
    let bodies = memberlist_bodies(|_| {});
    let streams =
        bodies.iter().map(|body| line(&What::Crossed { serial: 9, stage: Stage::Reply, body }));
    streams.chain([packet]).collect()
}

/// The messages of a line.
fn messages_of(line: &Value) -> impl Iterator<Item = &Value> {
    line["messages"].as_array().into_iter().flatten().chain(line.get("message"))
}

#[test]
fn nothing_that_the_code_knows_is_without_a_sample() {
    let core = |name: &str| {
        let path = format!("{}/../swim-core/src/{name}", env!("CARGO_MANIFEST_DIR"));
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
    };
    assert_eq!(names(&events()), variants(&core("ground/event.rs"), "Event"));
    serf_messages(|all| assert_eq!(names(all), variants(&core("wire/serf/mod.rs"), "Message")));
    memberlist_packet(|all| {
        assert_eq!(names(all), variants(&core("wire/memberlist/message.rs"), "Message"));
    });
    let stream = core("wire/memberlist/stream_message.rs");
    memberlist_bodies(|all| assert_eq!(names(all), variants(&stream, "StreamMessage")));
    let (mut whats, lines) = (variants(include_str!("../line.rs"), "What"), lines());
    // Its name in the trace is another.
    assert!(whats.remove("Arrived") && whats.insert(String::from("Received")));
    let written: BTreeSet<_> =
        lines.iter().filter_map(|line| line["what"].as_str()).map(String::from).collect();
    assert_eq!(whats.iter().map(|what| what.to_lowercase()).collect::<BTreeSet<_>>(), written);
    let kinds: BTreeSet<_> =
        MessageKind::ALL.iter().map(|kind| kind.label()).chain(["unreadable"]).collect();
    assert_eq!(
        lines
            .iter()
            .flat_map(messages_of)
            .filter_map(|message| message["kind"].as_str())
            .collect::<BTreeSet<_>>(),
        kinds
    );
}

#[test]
fn what_memberlists_wire_and_the_layer_of_events_say_is_in_the_document() {
    let (mut foreign, mut said) = (Fields::new(), Fields::new());
    for line in memberlist_lines() {
        messages_of(&line)
            .for_each(|message| note(&mut foreign, &message["kind"], message, &["kind"]));
    }
    assert_eq!(foreign, documented("kind on memberlist's wire"));
    let lines = lines();
    let outer: Vec<_> =
        lines.iter().flat_map(messages_of).filter_map(|message| message.get("says")).collect();
    for &says in
        outer.iter().chain(&outer.iter().filter_map(|says| says.get("says")).collect::<Vec<_>>())
    {
        note(&mut said, &says["kind"], says, &["kind"]);
    }
    assert_eq!(said, documented("kind within"));
    let query = json!({ "ids": ["a", "b"] });
    let tag = json!({ "tag": "role", "expression": "web.*" });
    let filters =
        lines.iter().flat_map(messages_of).find_map(|message| message["says"].get("filters"));
    assert_eq!(filters, Some(&json!([query, tag])));
}

#[test]
fn every_field_of_every_line_is_in_the_document_and_no_other() {
    let (mut whats, mut messages, mut told) = (Fields::new(), Fields::new(), Fields::new());
    for line in lines() {
        let common = ["at_ns", "node", "sort", "what"];
        assert!(common.iter().all(|field| line.get(field).is_some()), "{line}");
        for message in messages_of(&line) {
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
        let row =
            text.lines().find(|row| row.starts_with(&format!("| `{what}` |"))).expect("a row");
        let cell = row.split('|').nth(2).expect("a cell");
        assert!(
            cell.split(',').any(|documented| documented.trim() == sort),
            "{what}: {sort} is not among {cell}"
        );
    }
}

#[test]
fn rows_and_standings_have_what_the_document_says() {
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    let join = lines().into_iter().find(|line| line["message"]["kind"] == "join").expect("a join");
    let rows = join["message"]["rows"].as_array().unwrap();
    assert_eq!(keys(&rows[0]), ["age_s", "description", "id", "incarnation", "status"]);
    assert_eq!(keys(&rows[0]["description"]), ["address", "incarnation", "metadata"]);
    assert_eq!(
        (&rows[0]["description"]["metadata"], &rows[1]["description"]),
        (&json!("6d"), &Value::Null)
    );
    let changed = lines().into_iter().find(|line| line["what"] == "changed").expect("a change");
    assert_eq!(keys(&changed["from"]), ["active_members", "incarnation", "state", "suspicions"]);
    assert_eq!(changed["from"]["state"], "running");
}

#[test]
fn a_line_begins_with_time_place_and_kind_and_is_one_line() {
    let mut out = Vec::new();
    write(&mut out, Instant::from_millis(1_500), Some(3), &What::Timeout, None).unwrap();
    let wanted = "{\"at_ns\":1500000000,\"node\":3,\"sort\":\"input\",\"what\":\"timeout\"}\n";
    assert_eq!(String::from_utf8(out).unwrap(), wanted);
    let mut bytes = Vec::new();
    begin_packet(cluster_hash("any"), &mut bytes);
    Message::Ack { sequence: SequenceNumber::new(7), source: "a\n\u{1b}b" }.encode(&mut bytes);
    let damaged = line(&What::Arrived { from: address::numbered(0), bytes: &bytes });
    assert_eq!(
        damaged["messages"][0]["source"], "a\n\u{1b}b",
        "it is one line, and nothing of the name is lost"
    );
}

#[test]
fn a_packet_of_another_cluster_is_not_shown_as_one_that_is_read() {
    let mut bytes = Vec::new();
    begin_packet(0x1334_5678, &mut bytes);
    Message::Ack { sequence: SequenceNumber::new(7), source: "a" }.encode(&mut bytes);
    assert_eq!(messages(&bytes, Some(0x1334_5678))[0]["kind"], "ack");
    let foreign = json!({ "kind": "unreadable", "why": "for another cluster, 13345678" });
    assert_eq!(messages(&bytes, Some(0x1234_5678)), [foreign]);
}

#[test]
fn kinds_are_in_snake_case_and_bytes_hexadecimal() {
    let refused = Stage::Close(ExchangeFailure::TimedOut);
    assert_eq!(stage_of(refused), json!({ "stage": "close", "failure": "timed_out" }));
    assert_eq!(hex(&[0, 255]), "00ff");
}
