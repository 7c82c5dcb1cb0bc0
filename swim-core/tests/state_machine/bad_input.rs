//! What cannot be used is counted and dropped, and the state is untouched.

use proptest::prelude::*;
use swim_core::wire::{ExchangeMessage, HEADER_LEN, Message, Packet, begin_join};
use swim_core::{
    Claim, Config, DropReason, ExchangeFailure, ExchangeId, ExchangeInput, ExchangeOutput,
    Incarnation, Instant, MessageKind, SequenceNumber, Status,
};

use crate::harness::{
    FIRST, Node, address, alive, cluster, dead, deliver, dropped, events, exchanges, node,
    node_with, packet, proven, suspect,
};

const NOW: Instant = Instant::ORIGIN;

/// What must not change: the table's digest, what waits to be said and told, and our incarnation.
fn state(node: &mut Node) -> (u64, usize, usize, Incarnation, usize) {
    let events = events(node).len();
    (node.digest(), node.queued_updates(), node.queued_broadcasts(), node.incarnation(), events)
}

/// Raw bytes behind a right header.
fn raw(body: &[u8]) -> Vec<u8> {
    let mut bytes = packet(&[]);
    bytes.extend_from_slice(body);
    bytes
}

/// `[4, name, incarnation, address, metadata]` with the parts given as MessagePack.
fn alive_of(name: &[u8], incarnation: &[u8], address: &[u8]) -> Vec<u8> {
    raw(&[&[0x95, 4][..], name, incarnation, address, &[0xc4, 0]].concat())
}

type Case = (&'static str, Vec<u8>, DropReason);

/// Bytes that are no message.
fn unreadable() -> Vec<Case> {
    let good = packet(&[alive("a", 1, 5)]);
    let name: &[u8] = &[0xa1, b'a'];
    let at_port_5: &[u8] = &[0xc4, 6, 127, 0, 0, 1, 0, 5];
    let long_name = [&[0xda, 1, 0][..], &[b'x'; 256]].concat();
    vec![
        ("empty", vec![], DropReason::Truncated),
        ("cut within the header", good[..3].to_vec(), DropReason::Truncated),
        ("cut within a message", good[..good.len() - 1].to_vec(), DropReason::Truncated),
        ("oversized", raw(&[0; 65_503]), DropReason::Oversized),
        ("not an array", raw(&[0xc0]), DropReason::WrongType),
        ("a number for a name", alive_of(&[7], &[1], at_port_5), DropReason::WrongType),
        ("another version", [&[9][..], &good[1..]].concat(), DropReason::WrongVersion),
        (
            "another cluster",
            [&good[..4], &[good[4] ^ 1], &good[5..]].concat(),
            DropReason::WrongCluster,
        ),
        ("an unknown kind", raw(&[0x92, 0x60, 0x01]), DropReason::UnknownKind),
        ("a message of exchanges", raw(&[0x92, 24, 0]), DropReason::WrongPlace),
        ("an absurd count", raw(&[0xdd, 0xff, 0xff, 0xff, 0xff, 4]), DropReason::Truncated),
        ("port 0", alive_of(name, &[1], &[0xc4, 6, 127, 0, 0, 1, 0, 0]), DropReason::BadAddress),
        ("unspecified", alive_of(name, &[1], &[0xc4, 6, 0, 0, 0, 0, 0, 5]), DropReason::BadAddress),
        (
            "five bytes of address",
            alive_of(name, &[1], &[0xc4, 5, 127, 0, 0, 1, 5]),
            DropReason::BadAddress,
        ),
        ("an empty name", alive_of(&[0xa0], &[1], at_port_5), DropReason::BadName),
        ("a name of 256 bytes", alive_of(&long_name, &[1], at_port_5), DropReason::BadName),
        ("a name that is no UTF-8", alive_of(&[0xa1, 0xff], &[1], at_port_5), DropReason::BadName),
        (
            "the highest incarnation",
            alive_of(name, &[0xcf, 255, 255, 255, 255, 255, 255, 255, 255], at_port_5),
            DropReason::BadIncarnation,
        ),
    ]
}

/// Messages that can be read and not be used.
fn unusable() -> Vec<Case> {
    vec![
        (
            "long metadata",
            packet(&[Message::Alive {
                id: "a",
                incarnation: Incarnation::new(1),
                address: address(5),
                metadata: &[0; 513],
            }]),
            DropReason::MetadataTooLong,
        ),
        (
            "a long broadcast",
            packet(&[Message::Broadcast {
                origin: "a",
                epoch: Incarnation::new(1),
                number: 0,
                payload: &[0; 513],
            }]),
            DropReason::BroadcastTooLong,
        ),
        (
            "a ping for someone else",
            packet(&[Message::Ping {
                sequence: SequenceNumber::new(1),
                target: "you",
                source: "a",
            }]),
            DropReason::WrongTarget,
        ),
        (
            "a request of a stranger",
            packet(&[Message::PingReq {
                sequence: SequenceNumber::new(1),
                target: "stranger",
                source: "a",
            }]),
            DropReason::Stranger,
        ),
        (
            "an ack out of the blue",
            packet(&[Message::Ack { sequence: SequenceNumber::new(1), source: "a" }]),
            DropReason::LateAck,
        ),
        (
            "a nack out of the blue",
            packet(&[Message::Nack { sequence: SequenceNumber::new(1), source: "a" }]),
            DropReason::ForeignAck,
        ),
    ]
}

#[test]
fn every_kind_of_bad_packet_is_counted_and_changes_nothing() {
    for (what, bytes, reason) in unreadable().into_iter().chain(unusable()) {
        let mut node = node();
        let before = state(&mut node);
        node.handle_packet(NOW, proven(2), &bytes);
        assert_eq!(dropped(&node, reason), 1, "{what}: {:?}", node.metrics());
        assert_eq!(state(&mut node), before, "{what}");
        assert_eq!(node.poll_transmit(NOW, &mut Vec::new()), None, "{what}");
    }
}

/// What packets may hold: of members known, changed and unknown, of the node itself, and what is
/// damaged.
fn pieces() -> Vec<Vec<u8>> {
    let body = |message| packet(&[message])[HEADER_LEN..].to_vec();
    let (named_a, at_5): (&[u8], &[u8]) = (&[0xa1, b'a'], &[0xc4, 6, 127, 0, 0, 1, 0, 5]);
    vec![
        body(alive("a", 5, 5)),
        body(alive("a", 6, 5)),
        body(alive("a", 4, 9)),
        body(alive("stranger", 1, 6)),
        body(alive("me", FIRST, 1)),
        body(suspect("a", 4, "b")),
        body(suspect("a", 5, "b")),
        body(suspect("a", 5, "c")),
        body(suspect("a", 5, "\u{e9}")),
        body(dead("a", 4, "b")),
        body(dead("a", 5, "c")),
        body(dead("a", 5, "\u{e9}")),
        body(suspect("old", 1, "c")),
        body(dead("old", 1, "c")),
        body(alive("old", 1, 7)),
        body(Message::Alive {
            id: "six",
            incarnation: Incarnation::new(5),
            address: "[2001:db8::1]:5".parse().unwrap(),
            metadata: b"m",
        }),
        // An accuser, and a member, whose name is no text.
        [&[0x94, 5][..], named_a, &[5, 0xa1, 0xff]].concat(),
        [&[0x94, 6][..], named_a, &[4, 0xa1, 0xff]].concat(),
        vec![0x94, 5, 0xa1, 0xff, 5, 0xa1, b'b'],
        body(Message::Left { id: "b", incarnation: Incarnation::new(1) }),
        [&[0x96, 4][..], named_a, &[5], at_5, &[0xc4, 0, 0xc0]].concat(),
        [&[0x96, 4][..], named_a, &[5], at_5, &[0xc4, 0, 0xc1]].concat(),
        [&[0x95, 4, 0xa1, 0xff, 5][..], at_5, &[0xc4, 0]].concat(),
        [&[0x95, 4, 0xa1, 0xff, 5][..], &at_5[..7], &[0, 0xc4, 0]].concat(),
        vec![0x93, 7, 0xa1, 0xff, 1],
        vec![0x92, 0x60, 0x01],
    ]
}

proptest! {
    #[test]
    fn a_node_reads_of_a_packet_what_an_iteration_gives_whatever_it_knows(
        pieces in prop::collection::vec(prop::sample::select(pieces()), 0..8),
        cut in prop::option::weighted(0.2, any::<prop::sample::Index>()),
        before in prop::sample::select(vec![vec![], vec![suspect("a", 5, "b")], vec![dead("a", 5, "b")]]),
    ) {
        let mut bytes = raw(&pieces.concat());
        if let Some(cut) = cut {
            bytes.truncate(HEADER_LEN.max(cut.index(bytes.len())));
        }
        let mut node = node();
        deliver(&mut node, NOW, &[alive("a", 5, 5), alive("old", 1, 7), dead("old", 1, "b")]);
        deliver(&mut node, NOW, &before);
        let before = node.metrics().clone();
        node.handle_packet(NOW, proven(2), &bytes);
        node.check_invariants();
        let items: Vec<_> = Packet::open(&bytes, cluster()).unwrap().collect();
        for kind in MessageKind::ALL {
            let given = items.iter().flatten().filter(|message| message.kind() == kind).count() as u64;
            prop_assert_eq!(node.metrics().received(kind) - before.received(kind), given, "{}", kind.label());
        }
        for reason in DropReason::ALL {
            let given = items.iter().filter(|item| item.is_err_and(|error| error.reason() == reason)).count() as u64;
            prop_assert_eq!(dropped(&node, reason), given, "{}", reason.label());
        }
    }
}

#[test]
fn every_truncation_of_a_good_packet_is_harmless_and_the_whole_is_used() {
    let good = packet(&[alive("a", 1, 5), alive("b", 1, 6), dead("a", 1, "b")]);
    for len in 0..=good.len() {
        let mut node = node();
        node.handle_packet(NOW, proven(2), &good[..len]);
        node.check_invariants();
        let members = node.members().count();
        assert!(members <= 3 && (len < good.len() || members == 3), "{len}: {members}");
    }
}

#[test]
fn a_claim_far_above_our_first_incarnation_is_dropped() {
    let mut node = node();
    deliver(&mut node, NOW, &[alive("a", 5, 5)]);
    let before = node.digest();
    let bound = FIRST + (1 << 42);
    deliver(&mut node, NOW, &[alive("a", bound + 1, 5), dead("a", bound + 1, "b")]);
    assert_eq!((dropped(&node, DropReason::BadIncarnation), node.digest()), (2, before));
    deliver(&mut node, NOW, &[alive("a", bound, 5)]);
    assert_ne!(node.digest(), before, "the bound itself is allowed");
}

#[test]
fn a_claim_about_ourselves_that_cannot_be_topped_is_dropped() {
    let config = Config { max_incarnation_ahead: u64::MAX, ..Config::lan() };
    let mut node = node_with(config);
    let before = node.incarnation();
    deliver(&mut node, NOW, &[dead("me", Incarnation::MAX.get(), "b")]);
    assert_eq!((dropped(&node, DropReason::BadIncarnation), node.incarnation()), (1, before));
    assert_eq!(node.member("me").unwrap().status(), Status::Alive);
}

#[test]
fn a_full_table_takes_no_more_members_and_counts_them() {
    let mut node = node_with(Config { max_members: 3, ..Config::lan() });
    deliver(
        &mut node,
        NOW,
        &[alive("a", 1, 5), alive("b", 1, 6), alive("c", 1, 7), alive("d", 1, 8)],
    );
    assert_eq!((node.active_members(), dropped(&node, DropReason::MembersFull)), (3, 2));
}

fn request(node: &mut Node, payload: &[u8]) -> ExchangeOutput {
    node.handle_exchange(
        NOW,
        ExchangeInput::Request { id: ExchangeId(9), from: proven(2), payload },
    );
    let mut outputs = exchanges(node);
    assert_eq!(outputs.len(), 1, "each request is answered once");
    outputs.remove(0)
}

#[test]
fn bad_requests_are_refused_and_change_nothing() {
    let mut join = Vec::new();
    begin_join(cluster(), "a", usize::MAX, &mut join);
    let mut other_cluster = join.clone();
    other_cluster[1] ^= 1;
    let mut reply_as_request = Vec::new();
    ExchangeMessage::Digest { source: "a", digest: 1 }.encode(cluster(), &mut reply_as_request);
    reply_as_request[6] = 23;
    let cases = [
        ("empty", vec![], DropReason::Truncated),
        ("truncated", join[..join.len() - 1].to_vec(), DropReason::Truncated),
        ("another cluster", other_cluster, DropReason::WrongCluster),
        ("a message of packets", packet(&[alive("a", 1, 5)]), DropReason::WrongPlace),
        (
            "absurd entries",
            [&join[..join.len() - 1], &[0xdd, 0xff, 0xff, 0xff, 0xff]].concat(),
            DropReason::AbsurdCount,
        ),
    ];
    for (what, payload, reason) in cases {
        let mut node = node();
        let before = state(&mut node);
        let answer = request(&mut node, &payload);
        assert!(
            matches!(answer, ExchangeOutput::Reply { id: ExchangeId(9), .. }),
            "{what}: {answer:?}"
        );
        assert_eq!((dropped(&node, reason), state(&mut node)), (1, before), "{what}");
    }
}

#[test]
fn an_entry_that_contradicts_itself_is_dropped_and_the_others_are_used() {
    use swim_core::wire::{Description, Entry};
    let mut node = node();
    let description = |incarnation| {
        Some(Description {
            incarnation: Incarnation::new(incarnation),
            address: address(5),
            metadata: b"",
        })
    };
    let claim = |status| Claim::new(Incarnation::new(3), status);
    let mut payload = Vec::new();
    let mut writer = begin_join(cluster(), "a", usize::MAX, &mut payload);
    for entry in [
        Entry { id: "newer", claim: claim(Status::Alive), description: description(4), age: 0 },
        Entry { id: "bare", claim: claim(Status::Alive), description: None, age: 0 },
        Entry { id: "old", claim: claim(Status::Dead), description: description(3), age: u32::MAX },
        Entry { id: "good", claim: claim(Status::Alive), description: description(3), age: 0 },
    ] {
        assert!(writer.push(&entry));
    }
    request(&mut node, &payload);
    let mut names: Vec<String> = node.members().map(|member| member.id.to_owned()).collect();
    names.sort();
    assert_eq!(names, ["good", "me"]);
    assert_eq!(
        (dropped(&node, DropReason::BadIncarnation), dropped(&node, DropReason::BadAddress)),
        (1, 1)
    );
}

#[test]
fn replies_and_failures_of_exchanges_that_are_not_open_are_counted() {
    let mut node = node();
    node.handle_exchange(NOW, ExchangeInput::Reply { id: ExchangeId(5), payload: b"" });
    let failure = ExchangeFailure::Refused;
    node.handle_exchange(NOW, ExchangeInput::Failed { id: ExchangeId(6), failure });
    assert_eq!(dropped(&node, DropReason::UnknownExchange), 2);
}

#[test]
fn a_clock_that_has_come_to_its_end_does_not_hang_the_node() {
    let mut node = node();
    deliver(&mut node, NOW, &[alive("a", 1, 5), suspect("a", 1, "b")]);
    let end = Instant::from_nanos(u64::MAX);
    node.handle_timeout(end);
    node.handle_timeout(end);
    node.check_invariants();
}
