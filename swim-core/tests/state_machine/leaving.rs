//! A departure is spread before the node is done, and is done in time when it cannot be.

use swim_core::wire::Message;
use swim_core::{Config, Event, Instant, JoinError, State, Status};

use crate::harness::{
    FIRST, address, alive, at, count, deliver, events, names, node, node_with, packet, populate,
    proven, quiet, run_until, second, seconds, sent, status, step,
};

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
        departures += count!(sent(&mut node, now), Message::Left { id: "me", .. });
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
    assert_eq!((node.state(), node.next_event()), (State::Left, Some(Event::LeaveComplete)));
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

#[test]
fn a_leaving_node_does_not_come_back_when_its_former_life_turns_out_to_be_over() {
    let mut node = node_with(quiet());
    populate(&mut node, at(0), &names("peer", 5));
    run_until(&mut node, second(10));
    deliver(&mut node, second(10), &[alive("me", FIRST + 5, 77)]);
    node.leave(second(10));
    let mut out = Vec::new();
    while node.state() == State::Leaving
        && node.poll_timeout().is_some_and(|next| next < second(14))
    {
        let now = step(&mut node);
        if now >= at(10_500) {
            out.extend(sent(&mut node, now));
        }
    }
    assert_eq!(
        (count!(out, Message::Alive { id: "me", .. }), status(&node, "me")),
        (0, Some(Status::Left))
    );
    assert!(count!(out, Message::Left { id: "me", .. }) >= 4, "its departure is spread: {out:?}");
}

#[test]
fn the_end_of_a_leave_is_told_though_nobody_has_polled_the_events_before_it() {
    let mut node = node_with(Config { max_events: 64, ..quiet() });
    populate(&mut node, at(0), &names("peer", 70));
    node.leave(at(1));
    run_until(&mut node, second(10));
    let told = events(&mut node);
    assert_eq!((node.state(), told.last()), (State::Left, Some(&Event::LeaveComplete)));
    assert_eq!(told[64], Event::Lagged { missed: 6 }, "what was lost is told of");
}

#[test]
fn a_users_ping_that_is_in_flight_at_the_end_of_a_leave_is_told_to_have_failed() {
    let mut node = node_with(quiet());
    deliver(&mut node, at(0), &[alive("b", 1, 2)]);
    let sequence = node.ping(at(0), "b").unwrap();
    node.leave(at(1));
    while node.state() == State::Leaving {
        let now = step(&mut node);
        assert!(now < at(500), "before the ping times out");
        sent(&mut node, now);
        node.handle_packet(now, proven(2), &packet(&[]));
    }
    let told = events(&mut node);
    let [.., Event::Pinged { sequence: pinged, round_trip: None, .. }, Event::LeaveComplete] =
        &told[..]
    else {
        panic!("{told:?}")
    };
    assert_eq!(*pinged, sequence);
}
