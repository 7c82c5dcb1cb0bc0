//! Where memberlist's own tolerance is known to harm a peer, the reader is strict; and what nobody
//! should send costs no more than its bytes.

use std::net::SocketAddr;

use swim_core::wire::WireError;
use swim_core::wire::memberlist::{Message, PacketWriter, Packing, Unpacker, Versions};

use super::tolerance::message;
use super::{encoded, unpacked};

const NAME: (&str, &[u8]) = ("Node", &[0xa1, b'a']);
const PORT: (&str, &[u8]) = ("Port", &[1]);
const ADDRESS: (&str, &[u8]) = ("Addr", &[0xa4, 127, 0, 0, 1]);
const VERSIONS: (&str, &[u8]) = ("Vsn", &[0xa6, 1, 5, 2, 0, 0, 0]);

fn alive(pairs: &[(&str, &[u8])]) -> Vec<Result<Vec<u8>, WireError>> {
    unpacked(&message(4, pairs))
}

#[test]
fn an_alive_that_would_harm_a_peer_is_refused() {
    assert!(
        alive(&[NAME, PORT, ADDRESS, VERSIONS])[0].is_ok(),
        "what the others leave out or spoil is all there"
    );
    let name_of_256 = [&[0xda, 1, 0][..], &[b'x'; 256]].concat();
    for (pairs, error) in [
        (vec![PORT, ADDRESS, VERSIONS], WireError::BadName),
        (vec![("Node", &[0xa0][..]), PORT, ADDRESS, VERSIONS], WireError::BadName),
        (vec![("Node", &[0xa1, 0xff]), PORT, ADDRESS, VERSIONS], WireError::BadName),
        (vec![("Node", &name_of_256), PORT, ADDRESS, VERSIONS], WireError::BadName),
        (vec![NAME, ADDRESS, VERSIONS], WireError::BadAddress),
        (vec![NAME, ("Port", &[0]), ADDRESS, VERSIONS], WireError::BadAddress),
        (vec![NAME, PORT, VERSIONS], WireError::BadAddress),
        (vec![NAME, PORT, ("Addr", &[0xa3, 127, 0, 1]), VERSIONS], WireError::BadAddress),
        (vec![NAME, PORT, ("Addr", &[0xa5, 127, 0, 0, 1, 1]), VERSIONS], WireError::BadAddress),
        (vec![NAME, PORT, ("Addr", &[0x93, 127, 0, 1]), VERSIONS], WireError::BadAddress),
        (vec![NAME, PORT, ("Addr", &[0xa4, 0, 0, 0, 0]), VERSIONS], WireError::BadAddress),
        (vec![NAME, PORT, ("Addr", &[0xa4, 224, 0, 0, 1]), VERSIONS], WireError::BadAddress),
        (vec![NAME, PORT, ADDRESS], WireError::BadVersions),
        (vec![NAME, PORT, ADDRESS, ("Vsn", &[0xc0])], WireError::BadVersions),
        (vec![NAME, PORT, ADDRESS, ("Vsn", &[0xa0])], WireError::BadVersions),
        (vec![NAME, PORT, ADDRESS, ("Vsn", &[0xa5, 1, 5, 2, 0, 0])], WireError::BadVersions),
        (vec![NAME, PORT, ADDRESS, ("Vsn", &[0xa6, 0, 5, 2, 0, 0, 0])], WireError::BadVersions),
        (vec![NAME, PORT, ADDRESS, ("Vsn", &[0xa6, 1, 0, 2, 0, 0, 0])], WireError::BadVersions),
        (
            vec![NAME, PORT, ADDRESS, VERSIONS, ("Incarnation", &[0xcf, 0, 0, 0, 1, 0, 0, 0, 0])],
            WireError::OutOfRange,
        ),
        (vec![NAME, PORT, ADDRESS, VERSIONS, ("Incarnation", &[0xff])], WireError::OutOfRange),
    ] {
        assert_eq!(alive(&pairs), [Err(error)], "{pairs:02x?}");
    }
}

#[test]
fn accusations_name_both_the_accused_and_the_accuser() {
    let from: (&str, &[u8]) = ("From", &[0xa1, b'b']);
    for kind in [3, 5] {
        assert!(unpacked(&message(kind, &[NAME, from]))[0].is_ok());
        assert_eq!(unpacked(&message(kind, &[NAME])), [Err(WireError::BadName)]);
        assert_eq!(unpacked(&message(kind, &[from])), [Err(WireError::BadName)]);
    }
}

#[test]
fn a_source_or_a_target_at_an_address_of_another_length_is_refused() {
    let source = message(0, &[("SourceAddr", &[0xa5, 1, 2, 3, 4, 5]), ("SourcePort", &[1])]);
    assert_eq!(unpacked(&source), [Err(WireError::BadAddress)]);
    let target = message(1, &[NAME, ("Target", &[0xa1, 1]), PORT]);
    assert_eq!(unpacked(&target), [Err(WireError::BadAddress)]);
}

#[test]
fn messages_and_layers_of_streams_have_no_place_in_packets() {
    for kind in [6, 10, 13] {
        assert_eq!(unpacked(&[kind, 0x80]), [Err(WireError::WrongPlace)]);
    }
    assert_eq!(unpacked(&[]), [Err(WireError::Truncated)]);
    assert_eq!(unpacked(&[12, 0, 0, 0]), [Err(WireError::WrongPlace)], "too short for a checksum");
}

#[test]
fn compounds_nest_to_a_bound() {
    let nested = |depth: usize| {
        let mut packet = encoded(&Message::Nack { sequence: swim_core::SequenceNumber::new(1) });
        for _ in 0..depth {
            packet = [&[7, 1][..], &(packet.len() as u16).to_be_bytes(), &packet].concat();
        }
        packet
    };
    assert!(unpacked(&nested(Unpacker::MAX_DEPTH))[0].is_ok());
    assert_eq!(unpacked(&nested(Unpacker::MAX_DEPTH + 1)), [Err(WireError::TooDeep)]);
    assert_eq!(unpacked(&nested(10_000)), [Err(WireError::TooDeep)]);
}

/// A packet that compresses a user message of `len` zeros.
fn bomb(len: usize) -> Vec<u8> {
    let mut packet = vec![8; 1];
    packet.resize(len, 0);
    let mut bytes = Vec::new();
    let mut writer = PacketWriter::begin(&mut bytes);
    assert!(writer.push_encoded(&packet));
    writer.finish(Packing { compress: true, checksum: false });
    assert!(bytes.len() < len / 10);
    bytes
}

#[test]
fn a_packet_unpacks_to_no_more_than_its_bound_in_all() {
    let most = Unpacker::MAX_UNPACKED;
    assert!(unpacked(&bomb(most - 1))[0].is_ok());
    let half = bomb(most / 2);
    let compound = |parts: usize| {
        let lengths = (half.len() as u16).to_be_bytes().repeat(parts);
        [vec![7, parts as u8], lengths, half.repeat(parts)].concat()
    };
    assert!(unpacked(&compound(2)).iter().all(Result::is_ok));
    let found = unpacked(&compound(100));
    assert!(found[..2].iter().all(Result::is_ok));
    assert!(
        found[2..].iter().all(|part| *part == Err(WireError::TooLarge)),
        "one after the other is bounded too"
    );
}

/// A compound of these parts.
fn compound(parts: &[&[u8]]) -> Vec<u8> {
    let lengths: Vec<u8> =
        parts.iter().flat_map(|part| (part.len() as u16).to_be_bytes()).collect();
    [vec![7, parts.len() as u8], lengths, parts.concat()].concat()
}

#[test]
fn parts_that_fail_at_the_bound_count_as_much_as_those_that_can_be_used() {
    let (large, good) = (bomb(40_000), bomb(1_000));
    assert!(unpacked(&compound(&[&large, &good])).iter().all(Result::is_ok));
    let found = unpacked(&compound(&[&large, &large, &good]));
    assert!(found[0].is_ok());
    assert_eq!(
        found[1..],
        [Err(WireError::TooLarge), Err(WireError::TooLarge)],
        "the second used up what was left"
    );
}

#[test]
fn of_many_compressed_parts_only_the_first_are_unpacked() {
    let (good, most) = (bomb(1_000), Unpacker::MAX_COMPRESSED);
    let found = unpacked(&compound(&vec![&good[..]; 255]));
    assert_eq!(found.len(), 255);
    assert!(found[..most].iter().all(Result::is_ok));
    assert!(
        found[most..].iter().all(|part| *part == Err(WireError::TooLarge)),
        "each costs a table, however short it is"
    );
}

#[test]
fn absurd_lengths_and_counts_cost_nothing() {
    for packet in [
        vec![0, 0xdf, 0xff, 0xff, 0xff, 0xff],
        vec![0, 0xdd, 0xff, 0xff, 0xff, 0xff],
        message(0, &[("SourceAddr", &[0xdd, 0xff, 0xff, 0xff, 0xff])]),
        message(0, &[("Node", &[0xdb, 0xff, 0xff, 0xff, 0xff])]),
        message(0, &[("Zzz", &[0xdd, 0xff, 0xff, 0xff, 0xff])]),
        vec![7, 255],
    ] {
        assert!(
            matches!(unpacked(&packet)[..], [Err(WireError::Truncated | WireError::AbsurdCount)]),
            "{packet:02x?}"
        );
    }
    let deep = [message(0, &[("Zzz", &[0x91; 60_000])]), vec![1]].concat();
    assert!(unpacked(&deep)[0].is_ok(), "what is skipped is not descended into");
}

#[test]
fn no_prefix_and_no_flipped_bit_of_a_packet_panics() {
    let address: SocketAddr = "[2001:db8::1]:7946".parse().unwrap();
    let (id, incarnation, metadata, versions) = ("a", 1, &[7; 5][..], Versions::SERF);
    let alive = encoded(&Message::Alive { id, incarnation, address, metadata, versions });
    for packing in [Packing::default(), Packing { compress: true, checksum: true }] {
        let mut packet = Vec::new();
        let mut writer = PacketWriter::begin(&mut packet);
        assert!((0..2).all(|_| writer.push_encoded(&alive)));
        writer.finish(packing);
        for end in 0..packet.len() {
            unpacked(&packet[..end]);
        }
        for bit in 0..8 * packet.len() {
            let mut flipped = packet.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            unpacked(&flipped);
        }
    }
}
