//! Whose words about coming and going are handed on with tables: members', and nobody's who is
//! long gone.

use swim_core::wire::memberlist::{Message, StreamMessage};
use swim_core::wire::serf::{self, Intent, State as SerfState};
use swim_core::{Config, LamportTime, MemberlistWire};

use super::harness::{alive, ask, config, dead, deliver, node_with, table};
use crate::harness::{Node, at, exchanges, second, seconds};

fn hear(node: &mut Node, time: u64, name: &str) {
    let intent = Intent { time: LamportTime::new(time), node: name, leaves: true, prune: false };
    let mut bytes = Vec::new();
    serf::Message::Intent(intent).encode(&mut bytes);
    deliver(node, at(0), &[Message::User { payload: &bytes }]);
}

/// The members of which the node says, with its table, when they came or went.
fn said_of(node: &mut Node, now: swim_core::Instant) -> Vec<String> {
    let answer = ask(node, now, &table(false, &[], b"")).expect("its table");
    let Ok(StreamMessage::PushPull(answer)) = StreamMessage::decode(&answer) else {
        panic!("a table")
    };
    let state = SerfState::decode(answer.user_state).unwrap();
    state.statuses().map(|status| status.unwrap().0.to_owned()).collect()
}

#[test]
fn only_members_words_are_handed_on_and_those_of_who_is_forgotten_no_more() {
    let wire = MemberlistWire { compress: false, ..MemberlistWire::SERF };
    let short = Config {
        gossip_to_dead_for: seconds(5),
        reap_left_after: seconds(5),
        tombstone_for: seconds(5),
        ..config()
    };
    let mut node = node_with(short.on_memberlist(wire));
    deliver(&mut node, at(0), &[alive("a", 1, 2), alive("b", 1, 3)]);
    for (time, name) in [(3, "a"), (4, "b"), (5, "stranger")] {
        hear(&mut node, time, name);
    }
    assert_eq!(said_of(&mut node, at(0)), ["a", "b"]);
    deliver(&mut node, at(0), &[dead("b", 1, "b")]);
    assert_eq!(said_of(&mut node, at(0)), ["a", "b"], "it is listed as left");
    let mut buffer = Vec::new();
    while let Some(now) = node.poll_timeout().filter(|&now| now <= second(11)) {
        node.handle_timeout(now);
        while node.poll_transmit(now, &mut buffer).is_some() {}
        exchanges(&mut node);
    }
    deliver(&mut node, second(11), &[alive("b", 2, 3)]);
    assert!(
        !said_of(&mut node, second(11)).contains(&"b".to_owned()),
        "its former life is forgotten"
    );
}
