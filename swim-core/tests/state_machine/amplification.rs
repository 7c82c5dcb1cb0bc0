//! A sender that may have forged its address draws no more than it sends, so that a node is no use
//! against third parties.

use std::net::SocketAddr;

use swim_core::wire::Message;
use swim_core::{DropReason, SequenceNumber};

use crate::harness::*;

const SEQUENCE: SequenceNumber = SequenceNumber::new(1);

fn stranger() -> SocketAddr {
    "203.0.113.9:53".parse().unwrap()
}

/// A node with so many updates waiting that any packet could be filled.
fn talkative_node() -> Node {
    let mut node = node_with(quiet());
    populate(&mut node, at(0), &names("a-member-of-a-rather-long-name", 40));
    assert!(node.queued_updates() >= 40);
    sent(&mut node, at(0));
    node
}

/// Delivers a packet from the stranger and runs the node for a second. How many packets and bytes
/// went to the stranger.
fn drawn(node: &mut Node, bytes: &[u8]) -> (usize, usize) {
    node.handle_packet(at(0), stranger(), bytes);
    let (mut packets, mut total, mut buffer) = (0, 0, Vec::new());
    for millis in (0..1_000).step_by(100) {
        node.handle_timeout(at(millis));
        while let Some(transmit) = node.poll_transmit(at(millis), &mut buffer) {
            if transmit.to == stranger() {
                packets += 1;
                total += buffer.len();
            }
        }
    }
    (packets, total)
}

#[test]
fn a_stranger_cannot_have_a_member_pinged() {
    let mut node = talkative_node();
    let target = "a-member-of-a-rather-long-name-0";
    let request = packet(&[Message::PingReq { sequence: SEQUENCE, target, source: "z" }]);
    assert_eq!(drawn(&mut node, &request), (0, 0));
    assert_eq!(dropped(&node, DropReason::Stranger), 1);
}

#[test]
fn a_packet_draws_one_answer_however_many_it_asks_for() {
    let mut node = talkative_node();
    let ping = Message::Ping { sequence: SEQUENCE, target: "me", source: "z" };
    let ping_req = Message::PingReq { sequence: SEQUENCE, target: "me", source: "z" };
    let request = packet(&[[ping, ping_req]; 50].concat());
    let (packets, bytes) = drawn(&mut node, &request);
    assert!(packets == 1 && bytes < request.len(), "{packets} packets of {bytes} bytes");
    assert_eq!(dropped(&node, DropReason::SecondRequest), 99);
}

#[test]
fn what_else_is_in_a_packet_that_asks_for_two_answers_is_used() {
    let mut node = node_with(quiet());
    let ping = Message::Ping { sequence: SEQUENCE, target: "me", source: "z" };
    deliver(&mut node, at(0), &[ping, alive("a", 1, 5), ping, alive("b", 1, 6)]);
    assert_eq!((node.active_members(), dropped(&node, DropReason::SecondRequest)), (3, 1));
}

#[test]
fn a_members_name_from_another_address_draws_the_bare_ack() {
    let mut node = talkative_node();
    deliver(&mut node, at(0), &[suspect("a-member-of-a-rather-long-name-0", 1, "a")]);
    let source = "a-member-of-a-rather-long-name-0";
    let request = packet(&[Message::Ping { sequence: SEQUENCE, target: "me", source }]);
    let (packets, bytes) = drawn(&mut node, &request);
    assert!(
        packets == 1 && bytes <= request.len(),
        "{packets} packets of {bytes} bytes for {}",
        request.len()
    );
}

#[test]
fn a_member_is_known_by_its_address_in_whichever_form_the_transport_gives_it() {
    for form in ["127.0.0.1:2", "[::ffff:127.0.0.1]:2"] {
        let mut node = node_with(quiet());
        let from = form.parse().unwrap();
        deliver(&mut node, at(0), &[alive("b", 1, 2), alive("c", 1, 3)]);
        node.handle_packet(
            at(0),
            from,
            &packet(&[Message::Ping { sequence: SEQUENCE, target: "me", source: "b" }]),
        );
        let out = sent(&mut node, at(0));
        let (_, ack) = out
            .iter()
            .find(|(_, messages)| matches!(messages[0], Message::Ack { .. }))
            .expect("an ack");
        assert!(ack.len() > 1, "a member gets what waits to be spread: {form} {ack:?}");
        let (now, _) = run_until_ping(&mut node, "b");
        node.handle_unreachable(now, from);
        assert_eq!(
            count!(sent(&mut node, now), Message::PingReq { .. }),
            1,
            "the direct ping has failed: {form}"
        );
        assert_eq!(address(2).ip(), from.ip().to_canonical());
    }
}

#[test]
fn ping_reqs_of_strangers_do_not_take_the_places_of_members_and_the_user() {
    let mut node = node_with(quiet());
    deliver(&mut node, at(0), &[alive("a", 1, 5), alive("b", 1, 6)]);
    for i in 0..256 {
        let request =
            Message::PingReq { sequence: SequenceNumber::new(i), target: "a", source: "z" };
        node.handle_packet(
            at(0),
            "203.0.113.9:53".parse::<SocketAddr>().unwrap(),
            &packet(&[request]),
        );
    }
    assert!(node.ping(at(0), "b").is_ok());
}
