//! Two nodes with one name, and a node that meets its own former life.

use swim_core::wire::Message;
use swim_core::{Event, Instant, SequenceNumber};

use crate::harness::{FIRST, Node, address, alive, dead, deliver, events, node, seconds, sent, suspect};

fn conflicts(node: &mut Node) -> Vec<Event> {
    events(node).into_iter().filter(|event| matches!(event, Event::Conflict { .. })).collect()
}

/// The number of the ping by which the node looks whether someone bears its name at port 9.
fn contest(node: &mut Node) -> SequenceNumber {
    deliver(node, Instant::ORIGIN, &[alive("me", FIRST + 50, 9)]);
    let out = sent(node, Instant::ORIGIN);
    let (_, messages) = out.iter().find(|(to, _)| *to == address(9)).expect("it looks who is there");
    let text = messages[0].strip_prefix("Ping { sequence: SequenceNumber(").expect("a ping");
    SequenceNumber::new(text.split(')').next().unwrap().parse().unwrap())
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
    deliver(&mut node, Instant::ORIGIN, &[alive("me", FIRST + 51, 9), suspect("me", FIRST + 51, "a")]);
    node.handle_timeout(Instant::ORIGIN + seconds(1));
    assert_eq!((node.incarnation().get(), conflicts(&mut node).len()), (FIRST, 0), "it does not fight");
    deliver(&mut node, Instant::ORIGIN, &[dead("me", FIRST + 51, "a")]);
    assert_eq!(node.incarnation().get(), FIRST + 52, "the name is free again");
}

#[test]
fn the_higher_claim_hears_of_its_namesake_and_goes_on_defending_itself() {
    let mut node = node();
    let sequence = SequenceNumber::new(3);
    node.handle_packet(
        Instant::ORIGIN,
        address(9),
        &crate::harness::packet(&[Message::Ping { sequence, target: "me", source: "me" }]),
    );
    assert_eq!(conflicts(&mut node), [Event::Conflict { address: address(9) }]);
    deliver(&mut node, Instant::ORIGIN, &[suspect("me", FIRST, "a")]);
    assert_eq!(node.incarnation().get(), FIRST + 1);
}
