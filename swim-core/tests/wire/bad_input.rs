//! Everything that must be refused, and as what.

use swim_core::DropReason;
use swim_core::wire::{ExchangeMessage, Message, Packet, WireError, begin_packet};

use crate::golden::hex;
use crate::parts::CLUSTER;

/// `body` behind a good header.
fn framed(body: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    begin_packet(CLUSTER, &mut bytes);
    bytes.extend_from_slice(body);
    bytes
}

fn in_packet(body: &[u8]) -> Result<(), WireError> {
    let bytes = framed(body);
    let mut packet = Packet::open(&bytes, CLUSTER).unwrap();
    let first = packet.next().unwrap().map(|_| ());
    if !matches!(first, Ok(()) | Err(WireError::UnknownKind)) {
        assert_eq!(packet.next(), None, "nothing is read after {first:?}");
    }
    first
}

fn in_exchange(body: &[u8]) -> Result<(), WireError> {
    ExchangeMessage::decode(&framed(body), CLUSTER).map(|_| ())
}

/// What is wrong, the message's bytes, and what it is called.
const BROKEN: [(&str, &str, WireError); 52] = {
    use WireError::{
        AbsurdCount, BadAddress, BadIncarnation, BadName, MissingField, OutOfRange, Truncated,
        UnknownKind, WrongPlace, WrongType,
    };
    [
        ("not an array", "c0", WrongType),
        ("a map", "82 00 01 02 03", WrongType),
        ("an empty array", "90", MissingField),
        ("a kind that is a text", "91 a161", WrongType),
        ("a negative kind", "91 ff", OutOfRange),
        ("a ping without a source", "93 00 07 a161", MissingField),
        ("a ping whose array says more than there is", "94 00 07 a161", Truncated),
        ("a sequence number of 33 bits", "94 00 cf0000000100000000 a161 a162", OutOfRange),
        ("a negative sequence number", "94 00 d0ff a161 a162", OutOfRange),
        ("a negative sequence number of 16 bits", "94 00 d1ffff a161 a162", OutOfRange),
        ("a negative sequence number of 32 bits", "94 00 d2ffffffff a161 a162", OutOfRange),
        ("a negative sequence number of 64 bits", "94 00 d3ffffffffffffffff a161 a162", OutOfRange),
        ("a sequence number that is a float", "94 00 ca3f800000 a161 a162", WrongType),
        ("an empty name", "93 02 07 a0", BadName),
        ("a name that is binary", "93 02 07 c40161", WrongType),
        ("a name that is not UTF-8", "93 02 07 a1ff", BadName),
        ("a name that ends within a character", "93 02 07 a2e282", BadName),
        ("an incarnation above the highest", "93 07 a161 cf4000000000000001", BadIncarnation),
        (
            "the epoch of a broadcast above the highest",
            "95 08 a161 cfffffffffffffffff 00 c400",
            BadIncarnation,
        ),
        ("a negative incarnation", "93 07 a161 ff", OutOfRange),
        ("an address that is a text", "95 04 a161 01 a67f0000011f40 c400", WrongType),
        ("an address of 5 bytes", "95 04 a161 01 c4057f0000011f c400", BadAddress),
        ("an empty address", "95 04 a161 01 c400 c400", BadAddress),
        ("0.0.0.0", "95 04 a161 01 c406000000001f40 c400", BadAddress),
        ("port 0", "95 04 a161 01 c4067f0000010000 c400", BadAddress),
        ("224.0.0.1", "95 04 a161 01 c406e00000011f40 c400", BadAddress),
        ("::", "95 04 a161 01 c412 00000000000000000000000000000000 1f40 c400", BadAddress),
        ("ff02::1", "95 04 a161 01 c412 ff020000000000000000000000000001 1f40 c400", BadAddress),
        (
            "::ffff:0.0.0.0",
            "95 04 a161 01 c412 00000000000000000000ffff00000000 1f40 c400",
            BadAddress,
        ),
        (
            "::ffff:224.0.0.1",
            "95 04 a161 01 c412 00000000000000000000ffffe0000001 1f40 c400",
            BadAddress,
        ),
        ("metadata that is a text", "95 04 a161 01 c4067f0000011f40 a0", WrongType),
        ("metadata that is nil", "95 04 a161 01 c4067f0000011f40 c0", WrongType),
        ("metadata longer than the packet", "95 04 a161 01 c4067f0000011f40 c6ffffffff", Truncated),
        (
            "an additional element that is nothing",
            "96 04 a161 01 c4067f0000011f40 c400 c1",
            WrongType,
        ),
        ("a name that is not UTF-8, before port 0", "95 04 a1ff 01 c4067f0000010000 c400", BadName),
        ("a name that is not UTF-8, before the end", "95 04 a1ff 01", BadName),
        (
            "a name that is not UTF-8, before nothing",
            "96 04 a1ff 01 c4067f0000011f40 c400 c1",
            BadName,
        ),
        ("a suspect whose name is not UTF-8", "94 05 a1ff 01 a162", BadName),
        ("an accuser whose name is not UTF-8", "94 05 a161 01 a1ff", BadName),
        ("a dead one whose name is not UTF-8", "94 06 a1ff 01 a162", BadName),
        ("an accuser of a dead one whose name is not UTF-8", "94 06 a161 01 a1ff", BadName),
        (
            "a suspect whose name is not UTF-8, before a wrong incarnation",
            "94 05 a1ff ff a162",
            BadName,
        ),
        (
            "a suspect at a wrong incarnation, before a name that is not UTF-8",
            "94 05 a161 ff a1ff",
            OutOfRange,
        ),
        ("a suspect without accuser", "94 05 a161 01 a0", BadName),
        ("an accuser whose name is not UTF-8, before nothing", "95 05 a161 01 a1ff c1", BadName),
        (
            "a suspect with an additional element that is nothing",
            "95 05 a161 01 a162 c1",
            WrongType,
        ),
        ("a payload that is an array", "95 08 a161 01 02 90", WrongType),
        ("MessagePack's unused marker", "94 02 07 a161 c1", WrongType),
        ("an unknown kind", "91 0c", UnknownKind),
        ("an unknown kind of 64 bits", "91 cfffffffffffffffff", UnknownKind),
        ("an unknown kind cut short", "92 0c", AbsurdCount),
        ("an exchange's message", "92 18 03", WrongPlace),
    ]
};

#[test]
fn messages_that_break_a_rule_are_refused_by_name() {
    for (what, body, error) in BROKEN {
        assert_eq!(in_packet(&hex(body)), Err(error), "{what}");
    }
}

#[test]
fn exchanges_that_break_a_rule_are_refused_by_name() {
    use WireError::{
        AbsurdCount, BadIncarnation, BadName, MissingField, OutOfRange, UnknownKind, WrongPlace,
        WrongType,
    };
    for (what, body, error) in [
        ("nothing after the header", "", WireError::Truncated),
        ("an empty array", "90", MissingField),
        ("a packet's message", "94 00 07 a161 a162", WrongPlace),
        ("an unknown kind", "91 1b", UnknownKind),
        ("a kind between the two", "91 0f", UnknownKind),
        ("a join without entries", "92 10 a161", MissingField),
        ("entries that are nil", "93 10 a161 c0", WrongType),
        ("an entry that is a number", "93 10 a161 91 01 00 00 00 00 00", WrongType),
        ("an entry without an age", "93 10 a161 91 93 a162 01 00 00", MissingField),
        (
            "an entry with an address and no metadata",
            "93 10 a161 91 95 a162 01 00 00 c4067f0000011f40",
            MissingField,
        ),
        ("an entry without a name", "93 10 a161 91 94 a0 01 00 00 00", BadName),
        ("a status of 4", "93 10 a161 91 94 a162 01 04 00", OutOfRange),
        ("a status of 256", "93 10 a161 91 94 a162 01 cd0100 00", OutOfRange),
        ("an age of 33 bits", "93 10 a161 91 94 a162 01 02 cf0000000100000000", OutOfRange),
        (
            "a claim above the highest incarnation",
            "93 10 a161 91 94 a162 cf4000000000000001 00 00",
            BadIncarnation,
        ),
        (
            "a description above the highest incarnation",
            "93 10 a161 91 97 a162 01 00 00 c4067f0000011f40 c400 cf4000000000000001",
            BadIncarnation,
        ),
        (
            "an entry's address with port 0",
            "93 10 a161 91 96 a162 01 00 00 c4067f0000010000 c400",
            WireError::BadAddress,
        ),
        ("more entries than bytes", "93 10 a161 ddffffffff 94 a162 01 00 00", AbsurdCount),
        ("one entry more than the bytes can hold", "93 10 a161 92 94 a162 01 00 00", AbsurdCount),
        (
            "a trailing field of more elements than bytes",
            "94 12 a161 00 ddffffffff 00",
            AbsurdCount,
        ),
        ("a trailing map of more pairs than bytes", "94 12 a161 00 dfffffffff 00", AbsurdCount),
        ("a digest that is a text", "93 12 a161 a162", WrongType),
        ("buckets of 3 bytes", "93 13 a161 c403000000", OutOfRange),
        ("a refusal without a reason", "91 18", MissingField),
        ("a request about keys without a body", "93 19 a161 a162", MissingField),
        ("a reply about keys that is text", "93 1a a161 a162", WrongType),
    ] {
        assert_eq!(in_exchange(&hex(body)), Err(error), "{what}");
    }
}

#[test]
fn a_name_has_at_most_255_bytes() {
    let ack = |len: usize| {
        let name = "x".repeat(len);
        let mut bytes = Vec::new();
        Message::Ack { sequence: swim_core::SequenceNumber::new(1), source: &name }
            .encode(&mut bytes);
        in_packet(&bytes)
    };
    assert_eq!(ack(255), Ok(()));
    assert_eq!(ack(256), Err(WireError::BadName));
    assert_eq!(ack(70_000), Err(WireError::BadName));
}

#[test]
fn a_header_of_another_version_or_cluster_is_refused_before_anything_else() {
    let good = framed(&[]);
    assert!(Packet::open(&good, CLUSTER).unwrap().next().is_none(), "a packet may be empty");
    for len in 0..good.len() {
        assert_eq!(
            Packet::open(&good[..len], CLUSTER).err(),
            Some(WireError::Truncated),
            "{len} bytes"
        );
        assert_eq!(
            ExchangeMessage::decode(&good[..len], CLUSTER),
            Err(WireError::Truncated),
            "{len} bytes"
        );
    }
    for version in [0, 2, 0x91, 255] {
        let bytes = [version, 0xff];
        assert_eq!(Packet::open(&bytes, CLUSTER).err(), Some(WireError::WrongVersion));
        assert_eq!(ExchangeMessage::decode(&bytes, CLUSTER), Err(WireError::WrongVersion));
    }
    assert_eq!(Packet::open(&good, CLUSTER ^ 1).err(), Some(WireError::WrongCluster));
}

#[test]
fn a_refusal_by_another_cluster_says_so_in_its_header() {
    let mut bytes = Vec::new();
    ExchangeMessage::Refusal { reason: swim_core::wire::Refusal::OtherCluster }
        .encode(CLUSTER, &mut bytes);
    assert_eq!(ExchangeMessage::decode(&bytes, CLUSTER ^ 1), Err(WireError::WrongCluster));
}

#[test]
fn the_nesting_of_a_skipped_value_costs_neither_stack_nor_memory() {
    for nested in [0x91_u8, 0x81] {
        // An unknown kind whose only field is a million arrays, or maps, inside one another.
        let mut body = hex("92 63");
        body.extend(std::iter::repeat_n(nested, 1_000_000));
        assert_eq!(in_packet(&body), Err(WireError::AbsurdCount), "the innermost one is missing");
        if nested == 0x91 {
            body.push(0xc0);
            assert_eq!(in_packet(&body), Err(WireError::UnknownKind));
        }
    }
}

#[test]
fn every_error_is_counted_under_its_own_reason() {
    for (error, reason) in [
        (WireError::Truncated, DropReason::Truncated),
        (WireError::WrongType, DropReason::WrongType),
        (WireError::OutOfRange, DropReason::WrongType),
        (WireError::MissingField, DropReason::WrongType),
        (WireError::WrongVersion, DropReason::WrongVersion),
        (WireError::WrongCluster, DropReason::WrongCluster),
        (WireError::UnknownKind, DropReason::UnknownKind),
        (WireError::WrongPlace, DropReason::WrongPlace),
        (WireError::AbsurdCount, DropReason::AbsurdCount),
        (WireError::BadAddress, DropReason::BadAddress),
        (WireError::BadName, DropReason::BadName),
        (WireError::BadIncarnation, DropReason::BadIncarnation),
    ] {
        assert_eq!(error.reason(), reason);
        assert!(!error.to_string().is_empty());
    }
}
