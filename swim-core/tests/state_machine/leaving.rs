//! A departure is spread before the node is done, and is done in time when it cannot be.

use swim_core::{Event, Instant, JoinError, State, Status};

use crate::harness::{address, alive, deliver, events, node, seconds, sent, status};

#[test]
fn a_leaving_node_is_done_when_its_departure_was_sent_as_often_as_any_update() {
    let mut node = node();
    deliver(&mut node, Instant::ORIGIN, &[alive("a", 1, 5), alive("b", 1, 6)]);
    node.leave(Instant::ORIGIN);
    assert_eq!((node.state(), status(&node, "me")), (State::Leaving, Some(Status::Left)));
    let mut departures = 0;
    while node.state() == State::Leaving {
        let now = node.poll_timeout().expect("a leaving node has timers");
        assert!(now < Instant::ORIGIN + seconds(5), "not by the timeout");
        node.handle_timeout(now);
        let left = |message: &&String| message.starts_with("Left { id: \"me\"");
        departures += sent(&mut node, now).iter().flat_map(|(_, messages)| messages).filter(left).count();
    }
    assert_eq!(departures, 4);
    assert_eq!(events(&mut node).last(), Some(&Event::LeaveComplete));
    assert_eq!(node.poll_timeout(), None, "a node that has left wants nothing");
    assert_eq!(node.join(Instant::ORIGIN, &[address(5)]), Err(JoinError::NotRunning));
}

#[test]
fn a_node_that_is_alone_leaves_at_once() {
    let mut node = node();
    node.leave(Instant::ORIGIN);
    assert_eq!((node.state(), node.poll_event()), (State::Left, Some(Event::LeaveComplete)));
}

#[test]
fn a_departure_that_nobody_polls_is_given_up_in_time() {
    let mut node = node();
    deliver(&mut node, Instant::ORIGIN, &[alive("a", 1, 5)]);
    node.leave(Instant::ORIGIN);
    let mut last = Instant::ORIGIN;
    while let Some(now) = node.poll_timeout() {
        last = now;
        node.handle_timeout(now);
    }
    assert_eq!((node.state(), last), (State::Left, Instant::ORIGIN + seconds(5)));
}
