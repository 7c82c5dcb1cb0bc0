//! What real serf agents sent is read as what it means, and written again as the same bytes.

mod hostile;

use std::collections::BTreeMap;
use std::time::Duration;

use swim_core::wire::serf::{
    Filter, FiltersBuffer, KeyRequest, KeyResponse, Message, Query, Relay, Response, State,
    StateWriter, UserEvent, Whereabouts,
};
use swim_core::{Coordinate, LamportTime, Status, Tags};

use crate::golden::hex;

const CAPTURES: &str = include_str!("captures.txt");

/// What `captures.txt` has, by name.
fn captures() -> BTreeMap<&'static str, Vec<u8>> {
    let lines = CAPTURES.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| line.split_once(": ").expect("a line `name: hex`"))
        .map(|(name, bytes)| (name, hex(bytes)))
        .collect()
}

fn capture(name: &str) -> Vec<u8> {
    captures().remove(name).unwrap_or_else(|| panic!("{name} was not captured"))
}

fn at(time: u64) -> LamportTime {
    LamportTime::new(time)
}

fn encoded(message: &Message<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    message.encode(&mut bytes);
    bytes
}

/// The payload of a captured response.
fn payload_of(name: &str) -> Vec<u8> {
    match Message::decode(&capture(name)) {
        Ok(Message::Response(Response { payload, .. })) => payload.to_vec(),
        other => panic!("{name} is {other:?}"),
    }
}

#[test]
fn every_captured_message_is_written_again_as_the_same_bytes() {
    let mut messages = 0;
    for (name, bytes) in captures() {
        if name == "state" || name.starts_with("ack payload") {
            continue;
        }
        let message = Message::decode(&bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(encoded(&message), bytes, "{name}");
        messages += 1;
    }
    assert_eq!(messages, 22);
}

#[test]
fn intents_and_events_mean_what_serf_meant() {
    let decoded = |name: &str| format!("{:?}", Message::decode(&capture(name)).unwrap());
    for (name, meant) in [
        (
            "join intent",
            r#"Intent(Intent { time: LamportTime(1), node: "n2", leaves: false, prune: false })"#,
        ),
        (
            "leave intent",
            r#"Intent(Intent { time: LamportTime(5), node: "n3", leaves: true, prune: false })"#,
        ),
        (
            "leave intent with prune",
            r#"Intent(Intent { time: LamportTime(4), node: "nobody", leaves: true, prune: true })"#,
        ),
    ] {
        assert_eq!(decoded(name), meant);
    }
    let bytes = capture("user event");
    let event =
        UserEvent { time: at(1), name: "deploy", payload: b"v1.2", coalesce: true, source: None };
    assert_eq!(Message::decode(&bytes), Ok(Message::UserEvent(event)));
    let bytes = capture("user event without payload");
    let event =
        UserEvent { time: at(2), name: "empty", payload: b"", coalesce: false, source: None };
    assert_eq!(Message::decode(&bytes), Ok(Message::UserEvent(event)));
}

#[test]
fn a_query_with_filters_is_put_together_as_serf_does_it() {
    let mut filters = FiltersBuffer::default();
    filters.nodes(["n2", "n3"].into_iter());
    filters.tag("role", "w.b");
    let query = Query {
        time: at(2),
        id: 0x6e8e_319b,
        address: "127.0.0.1:17101".parse().unwrap(),
        source: "n1",
        filters: filters.filters(),
        wants_ack: true,
        no_broadcast: false,
        relay_factor: 1,
        timeout: Duration::from_secs(1),
        name: "uptime",
        payload: b"load",
    };
    let bytes = capture("query with filters and a relay");
    assert_eq!(encoded(&Message::Query(query)), bytes);
    let Ok(Message::Query(read)) = Message::decode(&bytes) else { panic!("it is a query") };
    let read: Vec<_> = read.filters.iter().map(Result::unwrap).collect();
    let [Filter::Nodes(names), Filter::Tag { name: "role", expression: "w.b" }] = read[..] else {
        panic!("{read:?}")
    };
    assert_eq!(names.iter().collect::<Vec<_>>(), ["n2", "n3"]);
}

#[test]
fn answers_and_what_is_handed_on_mean_what_serf_meant() {
    let bytes = capture("query response");
    let response =
        Response { time: at(1), id: 0x67b6_9d9e, from: "n1", is_ack: false, payload: b"up-1\n" };
    assert_eq!(Message::decode(&bytes), Ok(Message::Response(response)));
    let bytes = capture("relayed ack");
    let Ok(Message::Relay(Relay { address, node, message })) = Message::decode(&bytes) else {
        panic!("a relay")
    };
    assert_eq!((address, node), ("127.0.0.1:17101".parse().unwrap(), "n1"));
    let ack = Response { time: at(2), id: 0x6e8e_319b, from: "n2", is_ack: true, payload: b"" };
    assert_eq!(Message::decode(message), Ok(Message::Response(ack)));
}

#[test]
fn keys_are_asked_for_and_listed_as_serf_does_it_and_never_show() {
    let key = [0x11; 32];
    let base64 = "ERERERERERERERERERERERERERERERERERERERERERE=";
    let bytes = capture("install key query");
    let Ok(Message::Query(Query { name: "_serf_install-key", payload, .. })) =
        Message::decode(&bytes)
    else {
        panic!()
    };
    let request = KeyRequest::decode(payload).unwrap();
    assert_eq!(request.key, key);
    let mut written = Vec::new();
    request.encode(&mut written);
    assert_eq!(written, payload);
    assert_eq!(format!("{request:?}"), "KeyRequest { .. }");

    let payload = payload_of("key list response");
    let response = KeyResponse::decode(&payload).unwrap();
    assert_eq!((response.is_done, response.message, response.primary), (true, "", base64));
    assert_eq!(response.keys.iter().collect::<Vec<_>>(), [base64]);
    assert!(!format!("{response:?}").contains("ERER"));
    for (name, is_done, message, keys) in [
        ("key list response", true, "", vec![base64.to_owned()]),
        ("key response", true, "", vec![]),
        ("refused key response", false, "Removing the primary key is not allowed", vec![]),
        (
            "key response of one without keys",
            false,
            "Keyring is empty (encryption not enabled)",
            vec![],
        ),
    ] {
        let mut written = Vec::new();
        let primary = keys.first().cloned().unwrap_or_default();
        KeyResponse::encode(is_done, message, &keys, &primary, &mut written);
        assert_eq!(written, payload_of(name), "{name}");
    }
}

#[test]
fn a_member_that_is_asked_about_is_described_as_serf_does_it() {
    let payload = payload_of("conflict response");
    let whereabouts = Whereabouts::decode(&payload).unwrap().unwrap();
    assert_eq!((whereabouts.name, whereabouts.status), ("n2", Status::Alive));
    assert_eq!(whereabouts.address, "127.0.0.1:17102".parse().unwrap());
    assert_eq!(whereabouts.tags, Tags::from_iter([("role", "web"), ("i", "2")]));
    assert_eq!(whereabouts.versions, [1, 5, 2, 2, 5, 5]);
    let mut written = Vec::new();
    Whereabouts::encode(Some(&whereabouts), &mut written);
    // Go wrote the two tags in another order.
    assert_eq!(
        (written.len(), Whereabouts::decode(&written)),
        (payload.len(), Ok(Some(whereabouts)))
    );
    written.clear();
    Whereabouts::encode(None, &mut written);
    assert_eq!(Whereabouts::decode(&written), Ok(None));
}

#[test]
fn the_payload_of_an_ack_is_a_coordinate_and_is_written_as_the_same_bytes() {
    let origin = capture("ack payload at the origin");
    let (read, moved) = (Coordinate::from_serf(&origin).unwrap(), capture("ack payload"));
    assert_eq!((read.position(), read.error(), read.height()), (&[0.0; 8], 1.5, 10.0e-6));
    assert_eq!(read.to_serf(), origin);
    let read = Coordinate::from_serf(&moved).unwrap();
    assert_eq!(read.to_serf(), moved);
    assert!(read.error() < 1.5 && read.position().iter().all(|part| *part != 0.0));
    for end in 0..moved.len() {
        assert!(Coordinate::from_serf(&moved[..end]).is_err(), "{end} bytes");
    }
    let at = moved.windows(2).position(|bytes| bytes == b"\xcb\x3f").unwrap();
    let mut hostile = moved;
    hostile[at + 1..at + 9].copy_from_slice(&f64::NAN.to_be_bytes());
    assert!(Coordinate::from_serf(&hostile).is_err());
}

#[test]
fn a_state_has_its_clocks_and_events_and_is_written_without_empty_places() {
    let bytes = capture("state");
    let state = State::decode(&bytes).unwrap();
    assert_eq!((state.members, state.events, state.queries), (at(5), at(3), at(7)));
    assert_eq!(state.left.iter().count(), 0);
    let mut statuses: Vec<_> = state.statuses().map(Result::unwrap).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [("n1", at(0)), ("n2", at(3)), ("n3", at(2))]);
    let recent: Vec<_> = state.recent().map(Result::unwrap).collect();
    let event = |time, name, payload| UserEvent {
        time: at(time),
        name,
        payload,
        coalesce: false,
        source: None,
    };
    assert_eq!(recent, [event(1, "deploy", b"v1.2".as_slice()), event(2, "empty", b"")]);

    let (left, mut written) = (["n4"], Vec::new());
    let StateWriter { members, events, queries, .. } = StateWriter {
        members: at(5),
        events: at(3),
        queries: at(7),
        left: &[],
        statuses: &[],
        recent: &[],
    };
    StateWriter { members, events, queries, left: &left, statuses: &statuses, recent: &recent }
        .encode(&mut written);
    assert!(written.len() < bytes.len() - 500, "512 places, of which 510 are empty");
    let read = State::decode(&written).unwrap();
    assert_eq!(read.left.iter().collect::<Vec<_>>(), ["n4"]);
    assert_eq!(read.statuses().collect::<Result<Vec<_>, _>>().unwrap(), statuses);
    assert_eq!(read.recent().collect::<Result<Vec<_>, _>>().unwrap(), recent);
}
