//! The golden vectors of docs/WIRE.md, one for each kind and variant: what the document shows is
//! what is written and read. The document holds the bytes, this file what they mean.

use std::collections::BTreeMap;

use swim_core::wire::serf::{self, Response, State, StateWriter, UserEvent};
use swim_core::wire::{
    Buckets, Description, Entry, ExchangeMessage, Message, Packet, Refusal, add_state,
    begin_buckets, begin_buckets_reply, begin_join, begin_join_reply, begin_packet, cluster_hash,
    state_in,
};
use swim_core::{Claim, Coordinate, Incarnation, LamportTime, MessageKind, SequenceNumber, Status};

use crate::oracle;

const DOCUMENT: &str = include_str!("../../../docs/WIRE.md");
const SEQUENCE: SequenceNumber = SequenceNumber::new(0x0102_0304);
/// Milliseconds since 1970, as the drivers give.
const INCARNATION: Incarnation = Incarnation::new(1_700_000_000_000);

/// Bytes written as hex digits, with spaces anywhere; `00*3` is `000000`.
pub(crate) fn hex(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    for word in text.split_whitespace() {
        let (digits, times) = word.split_once('*').unwrap_or((word, "1"));
        assert!(digits.len().is_multiple_of(2) && digits.is_ascii(), "{word} is not whole bytes");
        let pairs = (0..digits.len()).step_by(2).map(|i| &digits[i..i + 2]);
        let word: Vec<u8> =
            pairs.map(|pair| u8::from_str_radix(pair, 16).expect("hex digits")).collect();
        bytes.extend(word.repeat(times.parse().expect("a number after *")));
    }
    bytes
}

/// The vectors of the document: the lines `name: hex` of the blocks marked `golden`; a line that
/// begins with spaces goes on with the one before it.
fn vectors() -> BTreeMap<String, Vec<u8>> {
    let blocks =
        DOCUMENT.split("```golden\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    let mut vectors = BTreeMap::new();
    for block in blocks {
        for line in block.replace("\n  ", " ").lines() {
            let (name, bytes) = line.split_once(": ").expect("a line `name: hex`");
            assert!(vectors.insert(name.to_owned(), hex(bytes)).is_none(), "{name} is there twice");
        }
    }
    vectors
}

fn packets() -> Vec<(&'static str, Vec<Message<'static>>)> {
    let alive = Message::Alive {
        id: "b",
        incarnation: INCARNATION,
        address: "192.0.2.1:7946".parse().unwrap(),
        metadata: b"v1",
    };
    let ping = Message::Ping { sequence: SEQUENCE, target: "b", source: "a" };
    let address = "[2001:db8::1]:7946".parse().unwrap();
    let suspect = Message::Suspect { id: "c", incarnation: INCARNATION, from: "a" };
    let left = Message::Left { id: "d", incarnation: Incarnation::new(255) };
    vec![
        ("ping", vec![ping]),
        ("ping_req", vec![Message::PingReq { sequence: SEQUENCE, target: "c", source: "a" }]),
        ("ack", vec![Message::Ack { sequence: SEQUENCE, source: "b" }]),
        ("nack", vec![Message::Nack { sequence: SEQUENCE, source: "b" }]),
        ("alive", vec![alive]),
        (
            "alive over IPv6",
            vec![Message::Alive {
                id: "ü", incarnation: Incarnation::MAX, address, metadata: &[]
            }],
        ),
        ("suspect", vec![suspect]),
        ("dead", vec![Message::Dead { id: "c", incarnation: INCARNATION, from: "a" }]),
        ("left", vec![left]),
        (
            "broadcast",
            vec![Message::Broadcast {
                origin: "a",
                epoch: INCARNATION,
                number: 300,
                payload: b"hello",
            }],
        ),
        (
            "announcement",
            vec![Message::Announcement {
                origin: "a",
                epoch: INCARNATION,
                number: 300,
                payload: event().leak(),
            }],
        ),
        ("direct", vec![Message::Direct { source: "b", payload: response().leak() }]),
        (
            "coordinate",
            vec![Message::Coordinate {
                source: "b",
                bytes: coordinate().to_bytes().to_vec().leak(),
            }],
        ),
        ("a probe with updates", vec![ping, suspect, left]),
        ("an empty packet", vec![]),
    ]
}

/// A user event, as the layer says it.
fn event() -> Vec<u8> {
    let time = LamportTime::new(7);
    let mut bytes = Vec::new();
    let event =
        UserEvent { time, name: "deploy", payload: b"v2", coalesce: true, source: Some("a") };
    serf::Message::UserEvent(event).encode(&mut bytes);
    bytes
}

/// An answer to a query.
fn response() -> Vec<u8> {
    let mut bytes = Vec::new();
    let response =
        Response { time: LamportTime::new(7), id: 7, from: "b", is_ack: false, payload: b"ok" };
    serf::Message::Response(response).encode(&mut bytes);
    bytes
}

/// Where a node is, in numbers that 32 bits hold.
fn coordinate() -> Coordinate {
    Coordinate::new([0.25, -0.5, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0], 1.5, 0.125, 1.0).unwrap()
}

#[test]
fn a_coordinate_is_read_from_its_44_bytes_and_from_no_others() {
    let bytes = coordinate().to_bytes();
    assert_eq!(Coordinate::from_bytes(&bytes), Ok(coordinate()));
    assert!(
        Coordinate::from_bytes(&bytes[..43]).is_err() && Coordinate::from_bytes(&[0; 48]).is_err()
    );
    for bad in [f32::NAN, f32::INFINITY, -1.0e30] {
        let mut bytes = bytes;
        bytes[..4].copy_from_slice(&bad.to_be_bytes());
        assert!(Coordinate::from_bytes(&bytes).is_err(), "{bad}");
    }
}

/// A join whose sender has sent an event.
fn join_with_a_state(cluster: u32) -> Vec<u8> {
    let (mut bytes, mut state) = (Vec::new(), Vec::new());
    let at = LamportTime::new;
    let event = UserEvent {
        time: at(7),
        name: "deploy",
        payload: b"v2",
        coalesce: false,
        source: Some("a"),
    };
    StateWriter {
        members: at(1),
        events: at(8),
        queries: at(8),
        left: &[],
        statuses: &[],
        recent: &[event],
    }
    .encode(&mut state);
    assert!(begin_join(cluster, "a", 1_000, &mut bytes).push(&entries()[0]));
    add_state(&mut bytes, &state);
    bytes
}

fn entries() -> [Entry<'static>; 4] {
    let claim = |status| Claim::new(INCARNATION, status);
    let described = |incarnation| {
        Some(Description {
            incarnation,
            address: "192.0.2.1:7946".parse().unwrap(),
            metadata: b"v1".as_slice(),
        })
    };
    let earlier = Incarnation::new(INCARNATION.get() - 1);
    [
        Entry { id: "b", claim: claim(Status::Alive), description: described(INCARNATION), age: 0 },
        Entry { id: "c", claim: claim(Status::Suspect), description: described(earlier), age: 0 },
        Entry {
            id: "d",
            claim: claim(Status::Dead),
            description: described(INCARNATION),
            age: 86_400,
        },
        Entry { id: "e", claim: claim(Status::Left), description: None, age: 3 },
    ]
}

fn written(cluster: u32, message: &ExchangeMessage<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    message.encode(cluster, &mut bytes);
    bytes
}

fn exchanges(cluster: u32) -> Vec<(&'static str, Vec<u8>)> {
    let mut digests = [0; Buckets::COUNT];
    (digests[0], digests[63]) = (0x0102_0304_0506_0708, 0xf1f2_f3f4_f5f6_f7f8);
    let digests = Buckets::to_bytes(&digests);
    let buckets = Some(Buckets::new(&digests));
    let encoded = [
        ("digest", ExchangeMessage::Digest { source: "a", digest: 0x0102_0304_0506_0708 }),
        (
            "digest_reply of equal tables",
            ExchangeMessage::DigestReply { source: "b", buckets: None },
        ),
        ("digest_reply of different tables", ExchangeMessage::DigestReply { source: "b", buckets }),
        (
            "reliable_ping",
            ExchangeMessage::ReliablePing { sequence: SEQUENCE, target: "b", source: "a" },
        ),
        ("reliable_ack", ExchangeMessage::ReliableAck { sequence: SEQUENCE, source: "b" }),
        ("refusal", ExchangeMessage::Refusal { reason: Refusal::Left }),
        ("key_request", ExchangeMessage::KeyRequest { source: "a", target: "b", body: &[1, 2, 3] }),
        ("key_reply", ExchangeMessage::KeyReply { source: "b", body: &[4, 5] }),
    ];
    let mut all: Vec<_> = encoded.map(|(name, message)| (name, written(cluster, &message))).into();
    for name in ["join", "join_reply", "buckets", "buckets_reply"] {
        let mut bytes = Vec::new();
        let mut writer = match name {
            "join" => begin_join(cluster, "a", 1_000, &mut bytes),
            "join_reply" => begin_join_reply(cluster, "b", 1_000, &mut bytes),
            "buckets" => begin_buckets(cluster, "a", 1 << 63 | 1, 1_000, &mut bytes),
            _ => begin_buckets_reply(cluster, "b", 1_000, &mut bytes),
        };
        let count = if name.starts_with("join") { 4 } else { 1 };
        assert!(entries()[..count].iter().all(|entry| writer.push(entry)));
        all.push((name, bytes));
    }
    all
}

#[test]
fn every_golden_packet_is_read_and_written_as_the_document_shows() {
    let cluster = cluster_hash("default");
    let vectors = vectors();
    for (name, messages) in packets() {
        let golden =
            vectors.get(name).unwrap_or_else(|| panic!("docs/WIRE.md lacks the vector `{name}`"));
        let mut bytes = Vec::new();
        begin_packet(cluster, &mut bytes);
        messages.iter().for_each(|message| message.encode(&mut bytes));
        assert_eq!(&bytes, golden, "{name} is written as {bytes:02x?}");
        let read: Result<Vec<_>, _> = Packet::open(golden, cluster).unwrap().collect();
        assert_eq!(read, Ok(messages), "{name}");
    }
}

#[test]
fn every_golden_exchange_is_read_and_written_as_the_document_shows() {
    let cluster = cluster_hash("default");
    let vectors = vectors();
    for (name, bytes) in exchanges(cluster) {
        let golden =
            vectors.get(name).unwrap_or_else(|| panic!("docs/WIRE.md lacks the vector `{name}`"));
        assert_eq!(&bytes, golden, "{name} is written as {bytes:02x?}");
        let message = ExchangeMessage::decode(golden, cluster).unwrap();
        assert_eq!(&written(cluster, &message), golden, "{name}");
        if let ExchangeMessage::Join { entries: read, .. } = message {
            assert!(read.iter().eq(entries()), "{read:?}");
        }
    }
}

#[test]
fn a_state_beside_a_table_is_read_apart_and_passed_over_by_who_does_not_know_it() {
    let cluster = cluster_hash("default");
    let golden = &vectors()["join with a state"];
    assert_eq!(&join_with_a_state(cluster), golden);
    let Ok(ExchangeMessage::Join { entries: read, .. }) = ExchangeMessage::decode(golden, cluster)
    else {
        panic!()
    };
    assert_eq!(read.len(), 1);
    let state = State::decode(state_in(golden).unwrap().unwrap()).unwrap();
    let events: Vec<_> =
        state.recent().map(|event| (event.unwrap().name, event.unwrap().source)).collect();
    assert_eq!((state.events.get(), events), (8, vec![("deploy", Some("a"))]));
    let without = &vectors()["join"];
    assert_eq!(state_in(without), Ok(None));
    for end in 0..golden.len() {
        let _ = state_in(&golden[..end]);
    }
}

#[test]
fn the_document_shows_every_kind_and_nothing_that_is_not_tested() {
    let tested: Vec<_> = packets().into_iter().map(|(name, _)| name).collect();
    let tested: Vec<_> = exchanges(0)
        .into_iter()
        .map(|(name, _)| name)
        .chain(tested)
        .chain(["join with a state"])
        .collect();
    for name in vectors().keys() {
        assert!(tested.contains(&name.as_str()), "the vector `{name}` of docs/WIRE.md has no test");
    }
    for kind in MessageKind::ALL {
        assert!(
            tested.iter().any(|name| name.split(' ').next() == Some(kind.label())),
            "{kind} has no vector"
        );
        assert!(DOCUMENT.contains(&format!("`{kind}`")), "docs/WIRE.md does not describe {kind}");
    }
}

#[test]
fn the_golden_vectors_are_the_fuzzers_first_seeds() {
    let corpus = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus/decode");
    for (name, bytes) in vectors() {
        let seed = corpus.join(format!("seed-{}", name.replace(' ', "-")));
        let found =
            std::fs::read(&seed).unwrap_or_else(|error| panic!("{}: {error}", seed.display()));
        assert_eq!(found, bytes, "{name}");
    }
}

#[test]
fn the_clusters_hash_is_fnv_1a() {
    // The vectors of the FNV reference (draft-eastlake-fnv, appendix C).
    for (name, hash) in [("", 0x811c_9dc5), ("a", 0xe40c_292c), ("foobar", 0xbf9c_f968)] {
        assert_eq!(cluster_hash(name), hash, "{name}");
    }
}

#[test]
fn rmp_serde_writes_the_golden_packets_too() {
    for (name, messages) in packets() {
        let written: Vec<u8> = messages.iter().flat_map(oracle::write).collect();
        assert_eq!(vectors()[name][swim_core::wire::HEADER_LEN..], written, "{name}");
    }
}
