//! What is written is read again, is what rmp-serde would have written, and cannot be cut short
//! unnoticed.

use proptest::prelude::*;
use swim_core::wire::{Entry, ExchangeMessage, HEADER_LEN, Message, Packet, begin_join};
use swim_core::{Claim, Incarnation, Status};

use crate::oracle;
use crate::parts::{CLUSTER, EXCHANGE_KINDS, PACKET_KINDS, Row, entries_of, parts};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_message_is_read_as_it_was_written(parts in parts()) {
        let packet = parts.packet();
        let read: Result<Vec<_>, _> = Packet::open(&packet, CLUSTER).unwrap().collect();
        let written: Vec<_> = (0..PACKET_KINDS).map(|kind| parts.message(kind)).collect();
        prop_assert_eq!(read, Ok(written));
    }

    #[test]
    fn every_message_is_written_as_rmp_serde_writes_it(parts in parts()) {
        let expected: Vec<_> = (0..PACKET_KINDS).map(|kind| Ok(oracle::write(&parts.message(kind)))).collect();
        let packet = parts.packet();
        prop_assert_eq!(&packet[HEADER_LEN..], expected.iter().flatten().flatten().copied().collect::<Vec<_>>());
        prop_assert_eq!(oracle::read_packet(&packet[HEADER_LEN..]), expected);
    }

    #[test]
    fn every_exchange_is_read_as_it_was_written_and_as_rmp_serde_writes_it(parts in parts()) {
        for kind in 0..EXCHANGE_KINDS {
            let bytes = parts.exchange(kind);
            let message = ExchangeMessage::decode(&bytes, CLUSTER).unwrap();
            let mut again = Vec::new();
            message.encode(CLUSTER, &mut again);
            prop_assert_eq!(&again, &bytes);
            prop_assert_eq!(&bytes[HEADER_LEN..], oracle::write_exchange(&message));
            prop_assert_eq!(oracle::read_exchange(&bytes[HEADER_LEN..]), Ok(bytes[HEADER_LEN..].to_vec()));
        }
    }

    #[test]
    fn streamed_entries_are_read_as_they_were_pushed(parts in parts()) {
        let join = parts.join();
        let entries = entries_of(&join);
        prop_assert_eq!(entries.len(), parts.rows.len());
        prop_assert!(entries.iter().eq(parts.rows.iter().map(Row::entry)));
        prop_assert_eq!(&join, &parts.exchange(0));
    }

    #[test]
    fn a_packet_cut_short_gives_fewer_messages_or_an_error(mut parts in parts()) {
        parts.bytes.truncate(300);
        let packet = parts.packet();
        let whole: Vec<_> = (0..PACKET_KINDS).map(|kind| parts.message(kind)).collect();
        let mut ends = vec![HEADER_LEN];
        for message in &whole {
            ends.push(ends[ends.len() - 1] + oracle::write(message).len());
        }
        for len in 0..packet.len() {
            let Ok(read) = Packet::open(&packet[..len], CLUSTER) else {
                prop_assert!(len < HEADER_LEN);
                continue;
            };
            let mut items: Vec<Result<Message<'_>, _>> = read.collect();
            if !ends.contains(&len) {
                prop_assert!(items.pop().is_some_and(|last| last.is_err()), "cut at {len}");
            }
            let read: Vec<_> = items.into_iter().map(Result::unwrap).collect();
            prop_assert_eq!(&read[..], &whole[..read.len()]);
            prop_assert_eq!(read.len(), ends.iter().filter(|&&end| end <= len).count() - 1);
        }
    }

    #[test]
    fn an_exchange_cut_short_is_an_error(parts in parts()) {
        for kind in 0..EXCHANGE_KINDS {
            let bytes = parts.exchange(kind);
            for len in 0..bytes.len() {
                prop_assert!(ExchangeMessage::decode(&bytes[..len], CLUSTER).is_err(), "kind {kind} cut at {len}");
            }
        }
    }

    #[test]
    fn damaged_bytes_are_read_as_rmp_serde_reads_them(
        mut parts in parts(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..4_u8), 1..4),
    ) {
        parts.bytes.truncate(300);
        for kind in 0..=EXCHANGE_KINDS {
            let mut bytes = if kind == EXCHANGE_KINDS { parts.packet() } else { parts.exchange(kind) };
            for (place, byte, way) in &damage {
                let at = HEADER_LEN + place.index(bytes.len() - HEADER_LEN);
                match way {
                    0 => bytes.insert(at, *byte),
                    // Values whose type and size the neighbours decide are the likely confusions.
                    1 => bytes[at] = bytes[at].wrapping_add(byte % 4),
                    2 => bytes[at] = *byte,
                    _ => drop(bytes.remove(at)),
                }
                if bytes.len() == HEADER_LEN {
                    break;
                }
            }
            oracle::assert_same_reading(&bytes, CLUSTER);
        }
    }

    #[test]
    fn entries_that_would_pass_the_bound_are_left_out(parts in parts(), share in 0_usize..=100) {
        let whole = parts.join().len();
        let max_size = whole * share / 100;
        let mut bytes = Vec::new();
        let mut writer = begin_join(CLUSTER, &parts.names[1], max_size, &mut bytes);
        let kept: Vec<_> = parts.rows.iter().map(Row::entry).filter(|entry| writer.push(entry)).collect();
        prop_assert_eq!(writer.len(), kept.len());
        prop_assert!(kept.is_empty() || bytes.len() <= max_size);
        prop_assert!(entries_of(&bytes).iter().eq(kept));
        prop_assert!(share < 100 || bytes.len() == whole);
    }
}

/// A row of 6 bytes.
const ROW: Entry<'_> = Entry {
    id: "a",
    claim: Claim::new(Incarnation::new(1), Status::Dead),
    description: None,
    age: 0,
};

#[test]
fn the_bound_of_an_exchange_counts_the_growth_of_its_count() {
    let mut bytes = Vec::new();
    let empty = HEADER_LEN + 5;
    for (max_size, count) in
        [(empty + 15 * 6, 15), (empty + 16 * 6 + 1, 15), (empty + 16 * 6 + 2, 16)]
    {
        let mut writer = begin_join(CLUSTER, "a", max_size, &mut bytes);
        let kept = (0..20).filter(|_| writer.push(&ROW)).count();
        assert_eq!((kept, bytes.len() <= max_size), (count, true), "within {max_size} bytes");
    }
}

#[test]
fn integers_are_written_in_their_shortest_form_at_every_border() {
    for (number, width) in [
        (0, 1),
        (0x7f, 1),
        (0x80, 2),
        (0xff, 2),
        (0x100, 3),
        (0xffff, 3),
        (0x1_0000, 5),
        (0xffff_ffff, 5),
        (0x1_0000_0000, 9),
        (u64::MAX, 9),
    ] {
        let mut bytes = Vec::new();
        let broadcast =
            Message::Broadcast { origin: "a", epoch: Incarnation::new(0), number, payload: &[] };
        broadcast.encode(&mut bytes);
        assert_eq!(bytes.len(), 7 + width, "{number}");
        assert_eq!(bytes, oracle::write(&broadcast), "{number}");
    }
}

#[test]
fn the_count_of_entries_grows_through_all_its_widths() {
    let mut bytes = Vec::new();
    for (count, header) in [
        (15, &[0x9f][..]),
        (16, &[0xdc, 0, 16]),
        (65_535, &[0xdc, 0xff, 0xff]),
        (65_536, &[0xdd, 0, 1, 0, 0]),
        (65_537, &[0xdd, 0, 1, 0, 1]),
    ] {
        let mut writer = begin_join(CLUSTER, "a", usize::MAX, &mut bytes);
        assert!((0..count).all(|_| writer.push(&ROW)));
        let entries = entries_of(&bytes);
        assert_eq!(entries.len(), count);
        assert!(entries.iter().all(|entry| entry == ROW));
        let start = bytes.len() - count * 6 - header.len();
        assert_eq!(&bytes[start..][..header.len()], header, "{count}");
    }
}
