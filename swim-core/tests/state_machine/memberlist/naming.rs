//! Two nodes of one name among serf's agents: the others are asked whose it is. And names that are
//! refused.

use swim_core::wire::Tags;
use swim_core::wire::memberlist::{Message, Source};
use swim_core::wire::serf::{self, Response, Whereabouts};
use swim_core::{Event, LamportTime, MemberlistWire, SequenceNumber, Status};

use super::harness::{alive, config, deliver, node_with, packet, suspect};
use crate::harness::{Node, address, at, events, proven, second};

fn serf_agent(peers: &[&'static str]) -> Node {
    let wire = MemberlistWire { compress: false, ..MemberlistWire::SERF };
    let mut node = node_with(config().on_memberlist(wire));
    for (id, port) in peers.iter().zip(2..) {
        deliver(&mut node, at(0), &[alive(id, 1, port)]);
    }
    events(&mut node);
    node
}

/// A node at port 9 pings us under our own name. Returns the number and the time of the query that
/// this draws.
fn challenged(node: &mut Node) -> Option<(LamportTime, u32)> {
    let source = Source { address: Some(address(9)), id: "me" };
    let ping = Message::Ping { sequence: SequenceNumber::new(3), target: "me", source };
    node.handle_packet(at(0), proven(9), &packet(&[ping]));
    let (mut buffer, mut found) = (Vec::new(), None);
    while let Some(now) = node.poll_timeout().filter(|&now| now <= at(300)) {
        node.handle_timeout(now);
        while node.poll_transmit(now, &mut buffer).is_some() {
            swim_core::wire::memberlist::Unpacker::default().unpack(&buffer, |message| {
                if let Ok(Message::User { payload }) = message
                    && let Ok(serf::Message::Query(query)) = serf::Message::decode(payload)
                {
                    assert_eq!((query.name, query.payload), ("_serf_conflict", &b"me"[..]));
                    found = Some((query.time, query.id));
                }
            });
        }
    }
    found
}

/// A member answers that our name lives at that port, or that it knows nobody of that name.
fn answer(node: &mut Node, (time, id): (LamportTime, u32), from: &str, port: Option<u16>) {
    let whereabouts = port.map(|port| Whereabouts {
        name: "me",
        address: address(port),
        tags: Tags::default(),
        status: Status::Alive,
        versions: [0; 6],
    });
    let (mut payload, mut bytes) = (Vec::new(), Vec::new());
    Whereabouts::encode(whereabouts.as_ref(), &mut payload);
    serf::Message::Response(Response { time, id, from, is_ack: false, payload: &payload })
        .encode(&mut bytes);
    deliver(node, at(300), &[Message::User { payload: &bytes }]);
}

/// What the user is told until the votes are counted, besides what concerns members.
fn verdicts(node: &mut Node) -> Vec<Event> {
    verdicts_until(node, second(10))
}

fn verdicts_until(node: &mut Node, end: swim_core::Instant) -> Vec<Event> {
    crate::harness::exchanges(node);
    let mut buffer = Vec::new();
    while let Some(now) = node.poll_timeout().filter(|&now| now <= end) {
        node.handle_timeout(now);
        while node.poll_transmit(now, &mut buffer).is_some() {}
    }
    let told = |event: &Event| {
        !matches!(
            event,
            Event::Suspected { .. }
                | Event::Failed(_)
                | Event::HealthChanged { .. }
                | Event::Isolated
        )
    };
    events(node).into_iter().filter(told).collect()
}

#[test]
fn the_majority_of_those_who_answer_decides_whose_the_name_is() {
    // At which port each believes it to be: ours is 1.
    for (answers, kept, agreeing, counted) in [
        ([Some(1), Some(1), Some(9)], true, 2, 3),
        ([Some(1), Some(9), Some(9)], false, 1, 3),
        ([Some(1), Some(9), None], false, 1, 2),
        ([Some(1), None, None], true, 1, 1),
        ([None, None, None], false, 0, 0),
    ] {
        let mut node = serf_agent(&["a", "b", "c"]);
        let query = challenged(&mut node).expect("it asks");
        for (from, port) in ["a", "b", "c"].into_iter().zip(answers) {
            answer(&mut node, query, from, port);
            answer(&mut node, query, from, Some(1));
        }
        let decided =
            Event::ConflictDecided { address: address(9), kept, agreeing, answers: counted };
        assert_eq!(verdicts(&mut node), [Event::Conflict { address: address(9) }, decided]);
    }
}

#[test]
fn who_is_alone_keeps_its_name_and_who_is_no_serf_agent_asks_nobody() {
    let mut alone = serf_agent(&[]);
    assert_eq!(challenged(&mut alone), None, "there is nobody to gossip to");
    let decided =
        Event::ConflictDecided { address: address(9), kept: true, agreeing: 0, answers: 0 };
    assert_eq!(verdicts(&mut alone), [Event::Conflict { address: address(9) }, decided]);
    let mut plain = super::harness::node();
    deliver(&mut plain, at(0), &[alive("a", 1, 2)]);
    events(&mut plain);
    assert_eq!(challenged(&mut plain), None);
    assert_eq!(verdicts(&mut plain), [Event::Conflict { address: address(9) }]);
}

#[test]
fn who_could_ask_nobody_asks_when_there_is_somebody_and_its_namesake_is_heard_of_again() {
    let mut node = serf_agent(&[]);
    assert_eq!(challenged(&mut node), None);
    assert_eq!(verdicts(&mut node).len(), 2, "it has kept its name, alone");
    deliver(&mut node, second(10), &[alive("a", 1, 2), alive("me", 5, 9)]);
    let told = verdicts_until(&mut node, second(20));
    let lost = Event::ConflictDecided { address: address(9), kept: false, agreeing: 0, answers: 0 };
    assert!(told.contains(&lost), "nobody says that the name is ours: {told:?}");
    deliver(&mut node, second(20), &[alive("me", 6, 9)]);
    assert!(!verdicts_until(&mut node, second(30)).contains(&lost), "it was asked");
}

#[test]
fn who_has_too_many_queries_open_asks_when_they_are_over() {
    let wire = MemberlistWire { compress: false, ..MemberlistWire::SERF };
    let mut settings = config().on_memberlist(wire);
    settings.events.max_queries = 1;
    let mut node = node_with(settings);
    deliver(&mut node, at(0), &[alive("a", 1, 2)]);
    node.serf_mut()
        .query(at(0), &swim_core::Question::new("load", b""))
        .expect("the one that may be open");
    events(&mut node);
    let source = Source { address: Some(address(9)), id: "me" };
    let ping = Message::Ping { sequence: SequenceNumber::new(3), target: "me", source };
    node.handle_packet(at(0), proven(9), &packet(&[ping]));
    let decided =
        |told: &[Event]| told.iter().any(|event| matches!(event, Event::ConflictDecided { .. }));
    assert!(!decided(&verdicts_until(&mut node, second(20))));
    deliver(&mut node, second(20), &[alive("a", 2, 2), alive("me", 5, 9)]);
    assert!(decided(&verdicts_until(&mut node, second(40))));
}

#[test]
fn whoever_refuses_a_name_says_so_once_in_a_while_and_so_does_the_one_that_is_refused() {
    let refused = |id: &str, held_at, claimed_at| Event::NameRefused {
        id: swim_core::NodeId::new(id).unwrap(),
        held_at: address(held_at),
        claimed_at: address(claimed_at),
    };
    let mut node = serf_agent(&["a"]);
    for incarnation in 5..9 {
        deliver(&mut node, at(0), &[alive("a", incarnation, 7)]);
    }
    assert_eq!(events(&mut node), [refused("a", 2, 7)]);
    let mut node = serf_agent(&["a", "b"]);
    for claimed in ["a", "b", "a", "b"] {
        deliver(&mut node, at(0), &[alive(claimed, 5, 7)]);
    }
    assert_eq!(events(&mut node), [refused("a", 2, 7), refused("b", 3, 7)], "each name by itself");
    let mut restarted = serf_agent(&["a"]);
    deliver(&mut restarted, at(0), &[alive("me", 4, 8)]);
    let told = verdicts(&mut restarted);
    assert_eq!(told, [refused("me", 8, 1)], "nobody answers at port 8");
}

#[test]
fn who_leaves_while_the_others_are_asked_has_lost_no_name() {
    let mut node = serf_agent(&["a"]);
    challenged(&mut node).expect("it asks");
    node.leave(at(300));
    let told = verdicts(&mut node);
    assert!(told.contains(&Event::LeaveComplete), "{told:?}");
    assert!(!told.iter().any(|event| matches!(event, Event::ConflictDecided { .. })), "{told:?}");
}

#[test]
fn who_keeps_its_name_refutes_what_is_said_of_it_though_its_namesake_claims_more() {
    for (port, refuted) in [(1, true), (9, false)] {
        let mut node = serf_agent(&["a", "b"]);
        let query = challenged(&mut node).expect("it asks");
        ["a", "b"].into_iter().for_each(|from| answer(&mut node, query, from, Some(port)));
        deliver(&mut node, at(300), &[alive("me", 5, 9)]);
        verdicts(&mut node);
        deliver(&mut node, second(10), &[alive("me", 5, 9), suspect("me", 1, "a")]);
        assert_eq!(node.incarnation().get() > 1, refuted, "they believe it to be at port {port}");
    }
}
