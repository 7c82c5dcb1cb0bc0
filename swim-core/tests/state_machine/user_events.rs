//! User events: each is told once to everyone, with a time above those of the events that its
//! sender knew.

use swim_core::wire::serf::{self, UserEvent};
use swim_core::wire::{Message, add_state, begin_join, state_in};
use swim_core::{
    Config, DropReason, Event, EventConfig, EventError, ExchangeInput, ExchangeOutput, Incarnation,
    LamportTime,
};

use crate::harness::*;
use crate::network::Network;

/// Times, senders and names of the events that a node told its user of.
fn told(node: &mut Node) -> Vec<(u64, String, String)> {
    let told = |event| match event {
        Event::UserEvent { time, from, name, .. } => {
            Some((time.get(), from.unwrap().to_string(), name.to_string()))
        }
        _ => None,
    };
    events(node).into_iter().filter_map(told).collect()
}

fn event(time: u64, from: &str, name: &str) -> (u64, String, String) {
    (time, from.to_owned(), name.to_owned())
}

/// `count` nodes that know each other, at ports 1, 2, and so on.
pub(crate) fn acquainted(count: u16, config: &Config) -> Network {
    let names: Vec<_> = (1..=count).map(|port| format!("n{port}")).collect();
    let nodes = names.iter().zip(1..).map(|(name, port)| {
        let mut node = named(name, port, 1, config.clone(), u64::from(port));
        for (other, port) in names.iter().zip(1..).filter(|(other, _)| *other != name) {
            deliver(&mut node, at(0), &[alive(other, 1, port)]);
        }
        events(&mut node);
        node
    });
    Network { nodes: nodes.collect() }
}

/// An event as another node announces it.
fn announcement(number: u64, time: u64, name: &str) -> Vec<u8> {
    let mut payload = Vec::new();
    let event = UserEvent {
        time: LamportTime::new(time),
        name,
        payload: b"",
        coalesce: false,
        source: None,
    };
    serf::Message::UserEvent(event).encode(&mut payload);
    let epoch = Incarnation::new(1);
    packet(&[Message::Announcement { origin: "b", epoch, number, payload: &payload }])
}

fn hear(node: &mut Node, number: u64, time: u64, name: &str) {
    node.handle_packet(at(0), proven(2), &announcement(number, time, name));
}

#[test]
fn an_event_is_told_once_to_everyone_its_sender_included() {
    let mut network = acquainted(5, &quiet());
    let time = network.nodes[0].serf_mut().send_user_event(at(0), "deploy", b"v1", true).unwrap();
    assert_eq!(time, LamportTime::new(1));
    network.run_until(second(20));
    for node in &mut network.nodes {
        assert_eq!(told(node), [event(1, "n1", "deploy")]);
    }
}

#[test]
fn who_acts_on_an_event_is_later_than_it() {
    let mut network = acquainted(3, &quiet());
    network.nodes[0].serf_mut().send_user_event(at(0), "cause", b"", false).unwrap();
    network.run_until(second(10));
    network.nodes[1].serf_mut().send_user_event(second(10), "effect", b"", false).unwrap();
    // The third node does not know of the effect yet: neither is later than the other.
    network.nodes[2].serf_mut().send_user_event(second(10), "besides", b"", false).unwrap();
    network.run_until(second(20));
    for node in &mut network.nodes {
        let mut told = told(node);
        told.sort_unstable();
        assert_eq!(
            told,
            [event(1, "n1", "cause"), event(2, "n2", "effect"), event(2, "n3", "besides")]
        );
    }
}

#[test]
fn the_same_event_of_two_senders_is_two_events() {
    let mut network = acquainted(2, &quiet());
    for node in &mut network.nodes {
        node.serf_mut().send_user_event(at(0), "same", b"", false).unwrap();
    }
    network.run_until(second(10));
    for node in &mut network.nodes {
        let mut told = told(node);
        told.sort_unstable();
        assert_eq!(told, [event(1, "n1", "same"), event(1, "n2", "same")]);
    }
}

#[test]
fn old_events_times_too_far_ahead_and_damaged_ones_are_dropped_and_counted() {
    let events = EventConfig { max_recent_events: 2, max_time_jump: 100, ..EventConfig::default() };
    let mut node = node_with(Config { events, ..quiet() });
    deliver(&mut node, at(0), &[alive("b", 1, 2)]);
    for (number, time) in [(0, 5), (1, 6), (2, 7), (3, 7), (4, 4), (5, 1_000)] {
        hear(&mut node, number, time, "x");
    }
    assert_eq!(told(&mut node).iter().map(|told| told.0).collect::<Vec<_>>(), [5, 6, 7]);
    assert_eq!(
        dropped(&node, DropReason::OldEvent),
        2,
        "the one that was heard, and the one older than what is kept"
    );
    assert_eq!(dropped(&node, DropReason::BadTime), 1);
    let epoch = Incarnation::new(1);
    for (number, payload, reason) in [
        (6, b"".as_slice(), DropReason::Truncated),
        (7, b"\x63\x80", DropReason::UnknownKind),
        (8, b"\x05\x81\xa4From\xa1b", DropReason::WrongPlace),
        (9, &[3; 600], DropReason::WrongType),
    ] {
        let before = dropped(&node, reason);
        deliver(&mut node, at(0), &[Message::Announcement { origin: "b", epoch, number, payload }]);
        assert_eq!(dropped(&node, reason), before + 1, "{reason}");
    }
    let long = "n".repeat(600);
    hear(&mut node, 10, 8, &long);
    assert_eq!(dropped(&node, DropReason::EventTooLong), 1);
    assert!(told(&mut node).is_empty());
    assert_eq!(node.queued_broadcasts(), 3, "what was told is passed on, and nothing else");
}

#[test]
fn an_event_that_cannot_be_sent_is_an_error_and_takes_no_time() {
    let mut node = node_with(Config { max_broadcasts: 1, ..quiet() });
    deliver(&mut node, at(0), &[alive("b", 1, 2)]);
    let error = node.serf_mut().send_user_event(at(0), "n", &[0; 600], false).unwrap_err();
    assert!(matches!(error, EventError::TooLong { len: 601.., max: 512 }), "{error}");
    assert_eq!(node.serf_mut().send_user_event(at(0), "n", b"", false), Ok(LamportTime::new(1)));
    assert_eq!(
        node.serf_mut().send_user_event(at(0), "n", b"", false),
        Err(EventError::QueueFull { max: 1 })
    );
    assert_eq!(told(&mut node), [event(1, "me", "n")]);
    node.leave(at(0));
    assert_eq!(
        node.serf_mut().send_user_event(at(0), "n", b"", false),
        Err(EventError::NotRunning)
    );
}

/// The node's answer to a join of "b", who tells it nothing of events.
fn answer_to_join(node: &mut Node) -> Vec<u8> {
    let mut request = Vec::new();
    begin_join(cluster(), "b", usize::MAX, &mut request);
    ask(node, at(0), &request)
}

/// A node that joins "me" through a seed at port 2, which gives this table.
fn joins(node: &mut Node, table: &[u8]) {
    node.join(at(0), &[address(2)]).unwrap();
    let (id, ..) = opened(node).pop().expect("a join");
    node.handle_exchange(at(0), ExchangeInput::Reply { id, payload: table });
}

#[test]
fn a_newcomer_takes_over_the_clocks_and_is_told_of_the_past_only_if_it_wants_to() {
    for (replay_on_join, expected) in [(false, vec![]), (true, vec![event(1, "b", "past")])] {
        let mut old = named("b", 2, 1, quiet(), 2);
        old.serf_mut().send_user_event(at(0), "past", b"", false).unwrap();
        let table = answer_to_join(&mut old);
        let events = EventConfig { replay_on_join, ..EventConfig::default() };
        let mut newcomer = node_with(Config { events, ..quiet() });
        joins(&mut newcomer, &table);
        assert_eq!(told(&mut newcomer), expected);
        let time = newcomer.serf_mut().send_user_event(at(0), "present", b"", false).unwrap();
        assert_eq!(time, LamportTime::new(2), "it is later than what was before the newcomer came");
    }
}

#[test]
fn what_was_missed_in_a_partition_is_told_when_it_heals_and_announced_on_this_side() {
    let mut other_side = named("b", 2, 1, quiet(), 2);
    other_side.serf_mut().send_user_event(at(0), "missed", b"", false).unwrap();
    let mut node = node_with(quiet());
    deliver(&mut node, at(0), &[alive("c", 1, 3)]);
    let mut request = Vec::new();
    begin_join(cluster(), "b", usize::MAX, &mut request);
    let state = answer_to_join(&mut other_side);
    add_state(&mut request, state_in(&state).unwrap().unwrap());
    for expected in [vec![event(1, "b", "missed")], vec![]] {
        ask(&mut node, at(0), &request);
        assert_eq!(told(&mut node), expected, "once");
    }
    let packets = run_among_the_living(&mut node, second(5));
    assert!(count!(packets, Message::Announcement { .. }) > 0);
}

#[test]
fn nothing_is_said_of_events_until_there_was_one() {
    let mut node = node_with(quiet());
    assert_eq!(state_in(&answer_to_join(&mut node)), Ok(None));
    node.serf_mut().send_user_event(at(0), "first", b"", false).unwrap();
    assert!(state_in(&answer_to_join(&mut node)).unwrap().is_some());
    node.join(at(0), &[address(2)]).unwrap();
    let Some(ExchangeOutput::Open { request, .. }) = exchanges(&mut node).pop() else {
        panic!("a join")
    };
    assert!(state_in(&request).unwrap().is_some());
}

#[test]
fn all_of_two_hundred_events_in_a_second_reach_everyone_in_a_small_cluster() {
    for nodes in [3, 5, 10] {
        let mut network = acquainted(nodes, &quiet());
        network.run_until(second(10));
        for i in 0..200_u64 {
            let now = at(10_000 + 5 * i);
            network.run_until(now);
            network.nodes[0]
                .serf_mut()
                .send_user_event(now, "deploy", &i.to_be_bytes(), false)
                .unwrap();
        }
        network.run_until(second(60));
        let told: Vec<_> = network.nodes.iter_mut().map(|node| told(node).len()).collect();
        assert_eq!(told, vec![200; usize::from(nodes)]);
        assert!(network.nodes.iter().all(|node| node.queued_broadcasts() == 0));
    }
}
