//! Only the first ack of the pinged member counts.

use std::time::Duration;

use swim_core::wire::Message;
use swim_core::{DropReason, Event, Instant, SequenceNumber};

use crate::harness::{
    address, alive, deliver, dropped, events, node, run_until_ping, seconds, sent,
};

#[test]
fn late_duplicate_and_foreign_acks_are_ignored_and_counted() {
    let mut node = node();
    deliver(&mut node, Instant::ORIGIN, &[alive("a", 1, 5), alive("b", 1, 6)]);
    let (now, sequence) = run_until_ping(&mut node, "a");
    let late = dropped(&node, DropReason::LateAck);
    deliver(&mut node, now, &[Message::Ack { sequence, source: "b" }]);
    assert_eq!(dropped(&node, DropReason::ForeignAck), 1, "b was not pinged");
    let acked = node.metrics().probes_acked;
    deliver(&mut node, now, &[Message::Ack { sequence, source: "a" }]);
    assert_eq!(node.metrics().probes_acked, acked + 1);
    deliver(&mut node, now, &[Message::Ack { sequence, source: "a" }]);
    assert_eq!(
        (node.metrics().probes_acked, dropped(&node, DropReason::DuplicateAck)),
        (acked + 1, 1)
    );
    let (later, _) = run_until_ping(&mut node, "b");
    deliver(&mut node, later, &[Message::Ack { sequence, source: "a" }]);
    assert_eq!(dropped(&node, DropReason::LateAck), late + 1, "the period of that probe is over");
}

#[test]
fn the_first_ack_of_a_direct_probe_tells_the_round_trip_once() {
    let mut node = node();
    deliver(&mut node, Instant::ORIGIN, &[alive("a", 1, 5), alive("b", 1, 6)]);
    let (now, sequence) = run_until_ping(&mut node, "a");
    assert_eq!(node.next_round_trip(), None);
    let answered = now + Duration::from_millis(7);
    deliver(&mut node, answered, &[Message::Ack { sequence, source: "a" }]);
    deliver(&mut node, answered + seconds(1), &[Message::Ack { sequence, source: "a" }]);
    assert_eq!(node.next_round_trip(), Some(("a".to_owned(), Duration::from_millis(7))));
    assert_eq!(node.next_round_trip(), None);
    let trips = &node.metrics().round_trips;
    assert_eq!((trips.count(), trips.sum()), (1, Duration::from_millis(7)));
}

#[test]
fn a_ping_is_answered_with_its_own_number_and_a_stranger_hears_nothing_more() {
    let mut node = node();
    deliver(&mut node, Instant::ORIGIN, &[alive("a", 1, 2)]);
    sent(&mut node, Instant::ORIGIN);
    let ping = |source| Message::Ping { sequence: SequenceNumber::new(77), target: "me", source };
    let ack = Message::Ack { sequence: SequenceNumber::new(77), source: "me" };
    deliver(&mut node, Instant::ORIGIN, &[ping("stranger")]);
    assert_eq!(sent(&mut node, Instant::ORIGIN), [(address(2), vec![ack])]);
    deliver(&mut node, Instant::ORIGIN, &[ping("a")]);
    let [(to, messages)] = &sent(&mut node, Instant::ORIGIN)[..] else { panic!("one packet") };
    assert_eq!((*to, messages[0]), (address(2), ack));
    assert!(
        matches!(messages[1], Message::Alive { .. }),
        "a member at its own address gets what waits to be spread"
    );
}

#[test]
fn a_user_ping_tells_the_round_trip_or_that_there_was_none() {
    let mut node = node();
    deliver(&mut node, Instant::ORIGIN, &[alive("a", 1, 5)]);
    let sequence = node.ping(Instant::ORIGIN, "a").unwrap();
    sent(&mut node, Instant::ORIGIN);
    events(&mut node);
    deliver(&mut node, Instant::from_millis(7), &[Message::Ack { sequence, source: "a" }]);
    let expected = |event: &Event| matches!(event, Event::Pinged { round_trip: Some(t), .. } if t.as_millis() == 7);
    assert!(events(&mut node).iter().any(expected));
    let second = node.ping(Instant::from_millis(10), "a").unwrap();
    node.handle_timeout(Instant::from_millis(10) + seconds(1));
    let silent = |event: &Event| matches!(event, Event::Pinged { round_trip: None, sequence, .. } if *sequence == second);
    assert!(events(&mut node).iter().any(silent));
}
