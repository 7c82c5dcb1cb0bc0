//! Two nodes with one name, and a node that meets its own former life.

use swim_core::wire::Message;
use swim_core::{DropReason, Event, Instant, SequenceNumber, Status};

use crate::harness::*;

fn conflicts(node: &mut Node) -> Vec<Event> {
    events(node).into_iter().filter(|event| matches!(event, Event::Conflict { .. })).collect()
}

/// The number of the ping by which the node looks whether someone bears its name at port 9.
fn contest(node: &mut Node) -> SequenceNumber {
    swap(node, Instant::ORIGIN, &[entry("me", FIRST + 50, Status::Alive, 9)]);
    let out = sent(node, Instant::ORIGIN);
    pinged(&out, 9, "me").expect("it looks who is there")
}

#[test]
fn a_former_life_at_another_address_is_outlived_when_nobody_answers_there() {
    let mut node = node();
    contest(&mut node);
    assert_eq!(node.incarnation().get(), FIRST, "not before it has looked");
    node.handle_timeout(Instant::ORIGIN + seconds(1));
    assert_eq!(node.incarnation().get(), FIRST + 51);
    assert!(conflicts(&mut node).is_empty());
}

#[test]
fn a_former_life_at_the_same_address_is_outlived_at_once() {
    let mut node = node();
    deliver(&mut node, Instant::ORIGIN, &[alive("me", FIRST + 50, 1)]);
    assert_eq!(node.incarnation().get(), FIRST + 51);
}

#[test]
fn a_living_namesake_with_the_higher_claim_keeps_the_name_and_the_user_is_told_once() {
    let mut node = node();
    let sequence = contest(&mut node);
    deliver(&mut node, Instant::ORIGIN, &[Message::Ack { sequence, source: "me" }]);
    assert_eq!(conflicts(&mut node), [Event::Conflict { address: address(9) }]);
    deliver(
        &mut node,
        Instant::ORIGIN,
        &[alive("me", FIRST + 51, 9), suspect("me", FIRST + 51, "a")],
    );
    node.handle_timeout(Instant::ORIGIN + seconds(1));
    assert_eq!(
        (node.incarnation().get(), conflicts(&mut node).len()),
        (FIRST, 0),
        "it does not fight"
    );
    deliver(&mut node, Instant::ORIGIN, &[dead("me", FIRST + 51, "a")]);
    assert_eq!(node.incarnation().get(), FIRST + 52, "the name is free again");
}

#[test]
fn the_higher_claim_hears_of_its_namesake_and_goes_on_defending_itself() {
    let mut node = node();
    let sequence = SequenceNumber::new(3);
    node.handle_packet(
        Instant::ORIGIN,
        proven(9),
        &packet(&[Message::Ping { sequence, target: "me", source: "me" }]),
    );
    assert_eq!(conflicts(&mut node), [Event::Conflict { address: address(9) }]);
    deliver(&mut node, Instant::ORIGIN, &[suspect("me", FIRST, "a")]);
    assert_eq!(node.incarnation().get(), FIRST + 1);
}

#[test]
fn a_member_that_is_listed_at_our_own_address_is_no_namesake_when_our_probe_of_it_comes_back() {
    let mut node = node();
    deliver(&mut node, at(0), &[alive("misconfigured", 1, 1)]);
    let (mut buffer, mut came_back, mut now) = (Vec::new(), 0, at(0));
    while now < second(5) {
        now = step(&mut node);
        let mut own = Vec::new();
        while let Some(transmit) = node.poll_transmit(now, &mut buffer) {
            if transmit.to == address(1) {
                own.push(buffer.clone());
            }
        }
        came_back += own.len();
        // Through an address translation its source may be another.
        own.iter().for_each(|bytes| {
            node.handle_packet(now, proven(if now < second(2) { 1 } else { 4_000 }), bytes);
        });
    }
    let (sequence, target) = (SequenceNumber::new(7), "misconfigured");
    let late = packet(&[Message::Ping { sequence, target, source: "me" }]);
    node.handle_packet(now, proven(1), &late);
    assert!(came_back > 2 && dropped(&node, DropReason::WrongTarget) > 2);
    assert!(conflicts(&mut node).is_empty());
}

#[test]
fn our_own_join_that_comes_back_is_no_namesake_though_we_changed_meanwhile() {
    let mut node = node_with(quiet());
    node.join(at(0), &[address(50)]).unwrap();
    let (_, _, request) = opened(&mut node).pop().expect("port 50 is forwarded to our own");
    node.set_metadata(at(1), b"new").unwrap();
    ask(&mut node, at(2), &request);
    assert!(conflicts(&mut node).is_empty());
}

#[test]
fn a_namesake_that_is_seen_under_two_addresses_is_told_of_once_in_a_while() {
    let mut node = node_with(quiet());
    let ping =
        packet(&[Message::Ping { sequence: SequenceNumber::new(7), target: "zz", source: "me" }]);
    for millis in 0..1_000 {
        node.handle_packet(at(millis), proven(40 + (millis % 2) as u16), &ping);
    }
    assert_eq!(conflicts(&mut node), [Event::Conflict { address: address(40) }]);
    run_until(&mut node, second(30));
    node.handle_packet(second(30), proven(40), &ping);
    assert_eq!(conflicts(&mut node), [Event::Conflict { address: address(40) }]);
}

#[test]
fn a_name_that_was_left_to_another_node_is_not_taken_back_over_a_third_address() {
    let mut node = node();
    let sequence = contest(&mut node);
    deliver(&mut node, at(0), &[Message::Ack { sequence, source: "me" }]);
    assert_eq!(conflicts(&mut node), [Event::Conflict { address: address(9) }]);
    deliver(&mut node, at(1), &[alive("me", FIRST + 60, 8), suspect("me", FIRST + 60, "a")]);
    run_until(&mut node, second(10));
    assert_eq!(
        (node.incarnation().get(), conflicts(&mut node).len()),
        (FIRST, 0),
        "nobody answers at port 8"
    );
    let ping =
        packet(&[Message::Ping { sequence: SequenceNumber::new(7), target: "zz", source: "me" }]);
    node.handle_packet(second(20), proven(40), &ping);
    deliver(&mut node, second(20), &[suspect("me", FIRST + 60, "a")]);
    assert_eq!(node.incarnation().get(), FIRST, "nor because a further one bears it");
}

#[test]
fn a_namesake_is_one_in_whichever_form_its_address_comes() {
    let mut node = node_with(quiet());
    let ping =
        packet(&[Message::Ping { sequence: SequenceNumber::new(7), target: "zz", source: "me" }]);
    node.handle_packet(at(0), proven(40), &ping);
    node.handle_packet(
        second(20),
        "[::ffff:127.0.0.1]:40".parse::<std::net::SocketAddr>().unwrap(),
        &ping,
    );
    let conflicts: Vec<_> = events(&mut node)
        .into_iter()
        .filter(|event| matches!(event, Event::Conflict { .. }))
        .collect();
    assert_eq!(conflicts, [Event::Conflict { address: address(40) }]);
}
