//! Network coordinates: learnt from acks of direct probes, said in acks to members, and of no use
//! otherwise.

use std::time::Duration;

use swim_core::wire::Message;
use swim_core::{Config, Coordinate, DropReason, MessageKind};

use crate::harness::*;

fn config() -> Config {
    Config { max_coordinates: 8, ..quiet() }
}

fn at_place(millis: f64) -> Coordinate {
    Coordinate::new([millis / 1_000.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0], 0.2, 0.0, 0.0001)
        .unwrap()
}

/// Answers the node's next probe of "b" after so many milliseconds, with these bytes as its
/// coordinate.
fn probe(node: &mut Node, millis: u64, bytes: &[u8]) {
    let (now, sequence) = run_until_ping(node, "b");
    let messages =
        [Message::Ack { sequence, source: "b" }, Message::Coordinate { source: "b", bytes }];
    deliver(node, now + Duration::from_millis(millis), &messages);
}

#[test]
fn a_node_that_probes_a_member_again_and_again_learns_how_far_away_it_is() {
    let mut node = node_with(config());
    deliver(&mut node, at(0), &[alive("b", 1, 2)]);
    assert_eq!(node.serf().estimated_round_trip("me", "b"), None);
    for _ in 0..200 {
        probe(&mut node, 40, &at_place(5.0).to_bytes());
    }
    let estimate = node.serf().estimated_round_trip("b", "me").unwrap();
    assert!(
        estimate.abs_diff(Duration::from_millis(40)) < Duration::from_millis(4),
        "{estimate:?}"
    );
    assert!(node.serf().coordinate().unwrap().error() < 0.5);
    let nearest: Vec<_> =
        node.serf().nearest(9).into_iter().map(|(id, _)| id.to_string()).collect();
    assert_eq!(nearest, ["b"]);
}

#[test]
fn coordinates_that_are_none_or_that_nothing_was_measured_for_are_of_no_use() {
    let mut node = node_with(config());
    deliver(&mut node, at(0), &[alive("b", 1, 2)]);
    let good = at_place(5.0).to_bytes();
    deliver(&mut node, at(0), &[Message::Coordinate { source: "b", bytes: &good }]);
    assert_eq!(node.serf().member_coordinate("b"), None, "nothing was measured");
    let mut hostile = good;
    hostile[..4].copy_from_slice(&f32::NAN.to_be_bytes());
    for bytes in [&hostile[..], &good[..40], b""] {
        probe(&mut node, 1, bytes);
        assert_eq!(node.serf().member_coordinate("b"), None);
    }
    assert_eq!(dropped(&node, DropReason::WrongType), 3);
    let (now, sequence) = run_until_ping(&mut node, "b");
    let of_another = Message::Coordinate { source: "c", bytes: &good };
    deliver(
        &mut node,
        now,
        &[alive("c", 1, 3), Message::Ack { sequence, source: "b" }, of_another],
    );
    assert_eq!(
        (node.serf().member_coordinate("b"), node.serf().member_coordinate("c")),
        (None, None)
    );
}

/// The kinds of messages in the node's answer to a ping from this port under the name "b".
fn answer(node: &mut Node, port: u16) -> Vec<MessageKind> {
    let ping =
        Message::Ping { sequence: swim_core::SequenceNumber::new(7), target: "me", source: "b" };
    node.handle_packet(at(0), proven(port), &packet(&[ping]));
    said(&sent(node, at(0))).map(Message::kind).collect()
}

#[test]
fn members_are_told_where_we_are_with_an_ack_and_nobody_else() {
    let mut node = node_with(config());
    deliver(&mut node, at(0), &[alive("b", 1, 2)]);
    assert!(answer(&mut node, 2).starts_with(&[MessageKind::Ack, MessageKind::Coordinate]));
    assert_eq!(
        answer(&mut node, 9),
        [MessageKind::Ack],
        "who speaks from elsewhere gets no more than it sent"
    );
    let mut without = node_with(quiet());
    deliver(&mut without, at(0), &[alive("b", 1, 2)]);
    assert!(!answer(&mut without, 2).contains(&MessageKind::Coordinate));
    assert_eq!(
        (without.serf().coordinate(), without.metrics().sent(MessageKind::Coordinate)),
        (None, 0)
    );
}

#[test]
fn where_a_forgotten_member_was_is_not_known_of_who_gets_its_slot() {
    let short = Duration::from_secs(30);
    let mut node = node_with(Config { reap_dead_after: short, tombstone_for: short, ..config() });
    deliver(&mut node, at(0), &[alive("b", 1, 2)]);
    probe(&mut node, 40, &at_place(5.0).to_bytes());
    assert!(node.serf().member_coordinate("b").is_some());
    run_until(&mut node, second(200));
    assert_eq!(node.known_members(), 1, "b is dead, reaped and forgotten");
    deliver(&mut node, second(200), &[alive("c", 1, 3)]);
    assert_eq!(node.serf().member_coordinate("c"), None);
}
