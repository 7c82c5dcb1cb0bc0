//! The queue of updates: order, limits, replacement, and that nothing is lost or sent too often.

use alloc::collections::BTreeMap;
use alloc::vec;

use proptest::prelude::*;

use super::*;

fn body(byte: u8, len: usize) -> Vec<u8> {
    vec![byte; len]
}

#[test]
fn an_update_that_waits_is_one_line_of_the_cache() {
    assert_eq!((size_of::<Entry>(), align_of::<Entry>()), (64, 64));
}

/// The first byte of each update in a packet of `room` bytes.
fn packet(queue: &mut Dissemination, room: usize, limit: u8) -> Vec<u8> {
    let mut firsts = Vec::new();
    let room = Room { bytes: room, each: 0, updates: usize::MAX };
    queue.fill(&mut Vec::new(), room, limit, |body| firsts.push(body[0]));
    queue.check_invariants();
    firsts
}

#[test]
fn an_update_is_sent_mult_times_the_digits_of_n() {
    let grid = [0, 1, 8, 9, 10, 98, 99, 100, 999, 1_000, 10_000].map(|n| retransmit_limit(4, n));
    assert_eq!(grid, [4, 4, 4, 4, 8, 8, 8, 12, 12, 16, 20]);
    assert_eq!(retransmit_limit(255, 100), 255);
}

#[test]
fn what_was_sent_most_often_is_dropped_first_and_then_what_waits_longest() {
    let mut queue = Dissemination::default();
    queue.drop_most_sent();
    (1..=2).for_each(|byte| queue.push(None, &body(byte, 10)));
    assert_eq!(packet(&mut queue, 10, 9), [1]);
    (3..=4).for_each(|byte| queue.push(None, &body(byte, 10)));
    queue.drop_most_sent();
    queue.drop_most_sent();
    assert_eq!((queue.len(), queue.bytes()), (2, 20));
    assert_eq!(packet(&mut queue, 40, 9), [3, 4]);
}

#[test]
fn what_each_update_costs_beside_its_bytes_and_how_many_there_may_be_is_heeded() {
    let mut queue = Dissemination::default();
    for byte in 1..=4 {
        queue.push(None, &body(byte, 10));
    }
    let mut packet = Vec::new();
    let used = queue.fill(&mut packet, Room { bytes: 35, each: 2, updates: 9 }, 9, |_| {});
    assert_eq!((used, packet.len()), (24, 20));
    assert_eq!(queue.fill(&mut packet, Room { bytes: 1_000, each: 2, updates: 1 }, 9, |_| {}), 12);
}

#[test]
fn updates_sent_least_come_first_and_finish_at_the_limit() {
    let mut queue = Dissemination::default();
    for byte in 1..=3 {
        queue.push(Some(Slot(u32::from(byte))), &body(byte, 10));
    }
    assert_eq!(packet(&mut queue, 20, 2), [1, 2]);
    queue.push(Some(Slot(4)), &body(4, 10));
    assert_eq!(packet(&mut queue, 20, 2), [3, 4]);
    assert_eq!(packet(&mut queue, 100, 2), [1, 2, 3, 4]);
    assert_eq!(queue.len(), 0);
}

#[test]
fn a_newer_update_replaces_the_older_and_starts_anew() {
    let mut queue = Dissemination::default();
    queue.push(Some(Slot(1)), &body(1, 10));
    assert_eq!(packet(&mut queue, 100, 9), [1]);
    queue.push(Some(Slot(2)), &body(2, 10));
    queue.push(Some(Slot(1)), &body(9, 10));
    assert_eq!(packet(&mut queue, 100, 9), [2, 9]);
    assert_eq!(queue.len(), 2);
}

#[test]
fn small_updates_slip_past_a_few_that_do_not_fit() {
    let mut queue = Dissemination::default();
    queue.push(None, &body(1, 50));
    queue.push(None, &body(2, 10));
    assert_eq!(packet(&mut queue, 20, 9), [2]);
    assert_eq!(packet(&mut queue, 60, 9), [1, 2]);
}

#[test]
fn a_storm_leaves_no_memory_behind() {
    let mut queue = Dissemination::default();
    for i in 0..1_000 {
        queue.push(Some(Slot(i)), &body(1, 30));
    }
    while queue.len() > 0 {
        packet(&mut queue, 1_400, 4);
    }
    assert_eq!((queue.entries.capacity(), queue.by_sent.capacity()), (0, 0));
}

proptest! {
    #[test]
    fn no_update_is_lost_or_sent_too_often(
        operations in prop::collection::vec((0..3_u8, 0..20_u32, 5..60_usize), 1..200),
        limit in 1..6_u8,
    ) {
        let mut queue = Dissemination::default();
        let mut sent: BTreeMap<u8, u8> = BTreeMap::new();
        for (what, subject, len) in operations {
            match what {
                0 => {
                    queue.push(Some(Slot(subject)), &body(subject as u8, len));
                    sent.insert(subject as u8, 0);
                }
                1 => {
                    queue.cancel(Slot(subject));
                    sent.remove(&(subject as u8));
                }
                _ => for first in packet(&mut queue, len * 3, limit) {
                    *sent.get_mut(&first).unwrap() += 1;
                },
            }
            queue.check_invariants();
            for (&subject, &times) in &sent {
                prop_assert!(times <= limit);
                prop_assert_eq!(queue.contains(Slot(u32::from(subject))), times < limit);
            }
        }
    }
}

/// The first byte of each broadcast in a packet of `room` bytes for the reader of that bit.
fn packet_for(queue: &mut Dissemination, (to, all): (u16, u16), room: usize, limit: u8) -> Vec<u8> {
    let mut firsts = Vec::new();
    let room = Room { bytes: room, each: 0, updates: usize::MAX };
    queue.fill_for(Readers { to, all }, &mut Vec::new(), room, limit, |body| firsts.push(body[0]));
    queue.check_invariants();
    firsts
}

#[test]
fn a_reader_is_sent_what_it_was_not_sent_and_a_broadcast_waits_until_each_was() {
    let mut queue = Dissemination::default();
    (1..=3).for_each(|byte| queue.push(None, &body(byte, 10)));
    assert_eq!(packet_for(&mut queue, (1, 0b111), 20, 2), [1, 2]);
    assert_eq!(
        packet_for(&mut queue, (1, 0b111), 20, 2),
        [3],
        "each reader needs one: none is to spare"
    );
    assert_eq!(packet_for(&mut queue, (2, 0b111), 99, 2), [1, 2, 3]);
    assert_eq!(packet_for(&mut queue, (2, 0b111), 99, 2), []);
    assert_eq!(queue.len(), 3, "one has missed them, though the limit is reached");
    assert_eq!(packet_for(&mut queue, (4, 0b111), 99, 2), [1, 2, 3]);
    assert_eq!(queue.len(), 0);
}

#[test]
fn what_must_be_sent_more_often_than_there_are_readers_is_sent_again_after_what_is_new() {
    let mut queue = Dissemination::default();
    queue.push(None, &body(1, 10));
    assert_eq!(packet_for(&mut queue, (1, 0b11), 20, 4), [1]);
    queue.push(None, &body(2, 10));
    assert_eq!(packet_for(&mut queue, (1, 0b11), 10, 4), [2]);
    assert_eq!(packet_for(&mut queue, (2, 0b11), 20, 4), [1, 2]);
    for _ in 0..2 {
        assert_eq!(packet_for(&mut queue, (2, 0b11), 20, 4), [1, 2]);
    }
    assert_eq!(queue.len(), 0);
}

#[test]
fn a_reader_that_is_gone_is_waited_for_no_more_and_one_in_its_place_is_sent_all() {
    let mut queue = Dissemination::default();
    queue.push(None, &body(1, 10));
    assert_eq!(packet_for(&mut queue, (1, 0b11), 20, 1), [1]);
    queue.forget_readers(1);
    assert_eq!(packet_for(&mut queue, (1, 0b11), 20, 1), [1], "another has this bit");
    assert_eq!(packet_for(&mut queue, (1, 0b01), 20, 1), []);
    assert_eq!(queue.len(), 0);
}
