//! What must be accepted although this crate would not write it: later versions' additions and
//! other writers' widths.

use swim_core::wire::{Entry, ExchangeMessage, Message, Packet, Refusal, WireError, begin_packet};
use swim_core::{Claim, Incarnation, SequenceNumber, Status};

use crate::golden::hex;
use crate::parts::CLUSTER;

fn framed(body: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    begin_packet(CLUSTER, &mut bytes);
    bytes.extend(hex(body));
    bytes
}

const ACK: Message<'_> = Message::Ack { sequence: SequenceNumber::new(7), source: "a" };

#[test]
fn trailing_fields_of_every_type_are_skipped() {
    for extra in [
        "05",
        "ff",
        "c0",
        "c2",
        "c3",
        "ca00000000",
        "cb0000000000000000",
        "cc05",
        "cd0005",
        "ce00000005",
        "cf0000000000000005",
        "d005",
        "d10005",
        "d200000005",
        "d30000000000000005",
        "a161",
        "d90161",
        "da000161",
        "db0000000161",
        "c40105",
        "c5000105",
        "c60000000105",
        "90",
        "9105",
        "dc0000",
        "dc000105",
        "dd00000000",
        "dd0000000105",
        "80",
        "810102",
        "de0000",
        "de00010102",
        "df00000000",
        "df000000010102",
        "d4ff00",
        "d5ff0000",
        "d6ff00000000",
        "d7ff0000000000000000",
        "d8ff00000000000000000000000000000000",
        "c700ff",
        "c701ff00",
        "c80001ff00",
        "c900000001ff00",
        "93 93 01 02 82 a161 90 01 c0 c0 c0",
    ] {
        let bytes = framed(&format!("94 02 07 a161 {extra} 93 02 07 a161"));
        let read: Vec<_> = Packet::open(&bytes, CLUSTER).unwrap().collect();
        assert_eq!(read, [Ok(ACK), Ok(ACK)], "{extra}");

        let bytes = framed(&format!("94 17 07 a161 {extra} c1c1"));
        let message = ExchangeMessage::decode(&bytes, CLUSTER);
        assert_eq!(
            message,
            Ok(ExchangeMessage::ReliableAck { sequence: SequenceNumber::new(7), source: "a" })
        );
    }
}

#[test]
fn an_unknown_kind_is_reported_and_what_follows_it_is_read() {
    let bytes = framed("93 02 07 a161  93 0c a178 93 01 02 03  91 cd0100  93 02 07 a161");
    let read: Vec<_> = Packet::open(&bytes, CLUSTER).unwrap().collect();
    assert_eq!(read, [Ok(ACK), Err(WireError::UnknownKind), Err(WireError::UnknownKind), Ok(ACK)]);
}

#[test]
fn numbers_texts_and_arrays_may_have_any_width() {
    for array in ["93", "dc0003", "dd00000003"] {
        for number in [
            "07",
            "cc07",
            "cd0007",
            "ce00000007",
            "cf0000000000000007",
            "d007",
            "d10007",
            "d200000007",
        ] {
            for text in ["a161", "d90161", "da000161", "db0000000161"] {
                let bytes = framed(&format!("{array} 02 {number} {text}"));
                assert_eq!(
                    Packet::open(&bytes, CLUSTER).unwrap().next(),
                    Some(Ok(ACK)),
                    "{array} {number} {text}"
                );
            }
        }
    }
}

#[test]
fn binary_values_may_have_any_width() {
    let alive = Message::Alive {
        id: "a",
        incarnation: Incarnation::new(1),
        address: "127.0.0.1:8000".parse().unwrap(),
        metadata: b"m",
    };
    for width in ["c4", "c500", "c6000000"] {
        let bytes = framed(&format!("95 04 a161 01 {width}067f0000011f40 {width}016d"));
        assert_eq!(Packet::open(&bytes, CLUSTER).unwrap().next(), Some(Ok(alive)), "{width}");
    }
}

#[test]
fn an_ipv4_address_in_ipv6s_clothes_is_the_ipv4_address() {
    let bytes = framed("95 04 a161 01 c412 00000000000000000000ffff7f000001 1f40 c400");
    let Some(Ok(message @ Message::Alive { address, .. })) =
        Packet::open(&bytes, CLUSTER).unwrap().next()
    else {
        panic!("an alive message");
    };
    assert_eq!(address, "127.0.0.1:8000".parse().unwrap());

    let clothed = Message::Alive {
        id: "a",
        incarnation: Incarnation::new(1),
        address: "[::ffff:127.0.0.1]:8000".parse().unwrap(),
        metadata: &[],
    };
    let (mut one, mut other) = (Vec::new(), Vec::new());
    message.encode(&mut one);
    clothed.encode(&mut other);
    assert_eq!(one, other, "and is written as one");
}

#[test]
fn the_highest_incarnation_is_accepted() {
    let bytes = framed("93 07 a161 cf4000000000000000");
    let left = Message::Left { id: "a", incarnation: Incarnation::MAX };
    assert_eq!(Packet::open(&bytes, CLUSTER).unwrap().next(), Some(Ok(left)));
}

#[test]
fn an_unknown_reason_for_a_refusal_is_read_as_malformed() {
    for (number, reason) in [
        ("02", Refusal::Left),
        ("05", Refusal::Malformed),
        ("cf00000001000000ff", Refusal::Malformed),
    ] {
        let bytes = framed(&format!("92 18 {number}"));
        assert_eq!(
            ExchangeMessage::decode(&bytes, CLUSTER),
            Ok(ExchangeMessage::Refusal { reason }),
            "{number}"
        );
    }
}

#[test]
fn an_entry_may_leave_out_its_description_in_several_ways_and_carry_more() {
    let claim = Claim::new(Incarnation::new(9), Status::Left);
    let bare = Entry { id: "b", claim, description: None, age: 5 };
    for entry in [
        "94 a162 09 03 05",
        "95 a162 09 03 05 c0",
        "96 a162 09 03 05 c0 c0",
        "98 a162 09 03 05 c0 c400 c0 810102",
    ] {
        assert_eq!(
            entry_of_two(&framed(&format!("93 10 a161 92 {entry} {entry}"))),
            bare,
            "{entry}"
        );
    }
    let address = "127.0.0.1:8000".parse().unwrap();
    for (tail, incarnation) in
        [("96", 9), ("97 c0", 9), ("97 09", 9), ("97 08", 8), ("99 08 c0 9101", 8)]
    {
        let (len, rest) = tail.split_at(2);
        let row = format!("{len} a162 09 03 05 c4067f0000011f40 c4016d {rest}");
        let bytes = framed(&format!("93 10 a161 92 {row} {row}"));
        let entry = entry_of_two(&bytes);
        let description = entry.description.unwrap();
        assert_eq!(
            (description.incarnation.get(), description.address),
            (incarnation, address),
            "{tail}"
        );
        assert_eq!((entry.claim, description.metadata), (claim, &b"m"[..]));
    }
}

/// The entry that a join holds twice: a reader that stops too early in the first cannot read the
/// second.
fn entry_of_two(bytes: &[u8]) -> Entry<'_> {
    let Ok(ExchangeMessage::Join { entries, .. }) = ExchangeMessage::decode(bytes, CLUSTER) else {
        panic!("{:?}", ExchangeMessage::decode(bytes, CLUSTER));
    };
    let [first, second] = entries.iter().collect::<Vec<_>>()[..] else { panic!("{entries:?}") };
    assert_eq!(first, second);
    first
}
