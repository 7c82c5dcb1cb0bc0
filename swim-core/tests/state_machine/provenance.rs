//! A node that seals what it sends and takes plain traffic too: it uses what it hears in plain, and
//! passes none of it on.

use swim_core::wire::{ExchangeMessage, Message, begin_join};
use swim_core::{
    DropReason, Event, ExchangeId, ExchangeInput, Incarnation, Protection, Source, Status,
};

use crate::harness::*;

/// A mixed node among three members, which it knew before, and whose news is spread.
fn mixed() -> Node {
    let mut node = node_with(quiet());
    populate(&mut node, at(0), &names("peer", 3));
    run_among_the_living(&mut node, second(30));
    events(&mut node);
    node.set_mixed_traffic(true);
    node
}

fn say(node: &mut Node, protection: Protection, port: u16, message: Message<'_>) {
    node.handle_packet(second(30), Source::new(address(port), protection), &packet(&[message]));
}

/// What the node sends of itself for some seconds, pings and acks aside.
fn gossip(node: &mut Node) -> Vec<Message<'static>> {
    let sent = run_among_the_living(node, second(34));
    let messages = sent.into_iter().flat_map(|(_, messages)| messages);
    let is_of_probes = |message: &Message<'_>| {
        matches!(message, Message::Ping { .. } | Message::PingReq { .. } | Message::Ack { .. })
    };
    messages.filter(|message| !is_of_probes(message)).collect()
}

/// The names in the table that the node sends to who joins under a seal.
fn told_of(node: &mut Node) -> Vec<String> {
    let mut request = Vec::new();
    begin_join(cluster(), "peer-2", 1_000, &mut request);
    let from = Source::new(address(12), Protection::Sealed);
    node.handle_exchange(
        second(30),
        ExchangeInput::Request { id: ExchangeId(5), from, payload: &request },
    );
    for output in exchanges(node) {
        if let swim_core::ExchangeOutput::Reply { payload, .. } = output {
            let Ok(ExchangeMessage::JoinReply { entries, .. }) =
                ExchangeMessage::decode(&payload, cluster())
            else {
                panic!("a table")
            };
            let mut names: Vec<_> = entries.iter().map(|entry| entry.id.to_owned()).collect();
            names.sort();
            return names;
        }
    }
    panic!("a reply")
}

fn digest_told(node: &mut Node) -> Option<u64> {
    let mut request = Vec::new();
    ExchangeMessage::Digest { source: "peer-2", digest: 0 }.encode(cluster(), &mut request);
    let from = Source::new(address(12), Protection::Sealed);
    node.handle_exchange(
        second(30),
        ExchangeInput::Request { id: ExchangeId(6), from, payload: &request },
    );
    exchanges(node).into_iter().find_map(|output| match output {
        swim_core::ExchangeOutput::Reply { payload, .. } => {
            match ExchangeMessage::decode(&payload, cluster()) {
                Ok(ExchangeMessage::DigestReply { buckets: Some(buckets), .. }) => {
                    Some(buckets.iter().fold(0, u64::wrapping_add))
                }
                _ => None,
            }
        }
        _ => None,
    })
}

#[test]
fn what_a_member_says_in_plain_is_used_and_told_to_nobody_until_it_is_heard_under_a_seal() {
    let mut node = mixed();
    assert_eq!(digest_told(&mut node), Some(node.digest()));
    say(&mut node, Protection::Plain, 10, alive("peer-0", 2, 10));
    assert_eq!(node.member("peer-0").unwrap().claim.incarnation, Incarnation::new(2), "it is used");
    assert_eq!(told_of(&mut node), ["me", "peer-1", "peer-2"]);
    assert_ne!(digest_told(&mut node), Some(node.digest()));
    let said = gossip(&mut node);
    assert!(!said.iter().any(|message| mentions(message, "peer-0")), "{said:?}");

    // Another member says the same under a seal.
    node.handle_packet(
        second(34),
        Source::new(address(11), Protection::Sealed),
        &packet(&[alive("peer-0", 2, 10)]),
    );
    assert_eq!(digest_told(&mut node), Some(node.digest()));
    assert!(told_of(&mut node).contains(&"peer-0".to_owned()));
    let sent = run_among_the_living(&mut node, second(36));
    assert!(count!(sent, Message::Alive { id: "peer-0", .. }) > 0, "{sent:?}");
}

#[test]
fn the_same_at_a_node_that_is_not_mixed_is_passed_on() {
    let mut node = mixed();
    node.set_mixed_traffic(false);
    say(&mut node, Protection::Plain, 10, alive("peer-0", 2, 10));
    assert_eq!(told_of(&mut node), ["me", "peer-0", "peer-1", "peer-2"]);
    assert!(gossip(&mut node).iter().any(|message| mentions(message, "peer-0")));
}

#[test]
fn an_accusation_in_plain_changes_nothing_and_under_a_seal_it_does() {
    for accusation in [suspect("peer-1", 1, "peer-0"), dead("peer-1", 1, "peer-0")] {
        let mut node = mixed();
        say(&mut node, Protection::Plain, 10, accusation);
        assert_eq!(
            (status(&node, "peer-1"), dropped(&node, DropReason::Unproven)),
            (Some(Status::Alive), 1)
        );
        assert!(events(&mut node).is_empty());
        say(&mut node, Protection::Sealed, 10, accusation);
        assert_ne!(status(&node, "peer-1"), Some(Status::Alive));
    }
}

#[test]
fn a_broadcast_in_plain_is_told_and_not_passed_on() {
    for (protection, passed_on) in [(Protection::Plain, false), (Protection::Sealed, true)] {
        let mut node = mixed();
        let broadcast = Message::Broadcast {
            origin: "peer-0",
            epoch: Incarnation::new(1),
            number: 0,
            payload: b"p",
        };
        say(&mut node, protection, 10, broadcast);
        assert!(events(&mut node).iter().any(|event| matches!(event, Event::Broadcast { .. })));
        let said = gossip(&mut node);
        assert_eq!(
            said.iter().any(|message| matches!(message, Message::Broadcast { .. })),
            passed_on,
            "{said:?}"
        );
    }
}

#[test]
fn once_a_member_has_spoken_under_a_seal_nothing_plain_is_taken_for_its_word() {
    let mut node = mixed();
    let ping = Message::Ping {
        sequence: swim_core::SequenceNumber::new(1),
        target: "me",
        source: "peer-0",
    };
    say(&mut node, Protection::Sealed, 10, ping);
    sent(&mut node, second(30));
    say(&mut node, Protection::Plain, 10, alive("peer-0", 2, 10));
    say(&mut node, Protection::Plain, 11, alive("peer-0", 2, 10));
    assert_eq!(node.member("peer-0").unwrap().claim.incarnation, Incarnation::new(1));
    let broadcast = Message::Broadcast {
        origin: "peer-0",
        epoch: Incarnation::new(1),
        number: 0,
        payload: b"p",
    };
    say(&mut node, Protection::Plain, 10, broadcast);
    assert!(!events(&mut node).iter().any(|event| matches!(event, Event::Broadcast { .. })));
}

#[test]
fn a_table_in_plain_is_used_and_told_to_nobody() {
    let mut node = mixed();
    let mut request = Vec::new();
    let mut writer = begin_join(cluster(), "peer-0", 1_000, &mut request);
    assert!(
        writer.push(&entry("peer-0", 1, Status::Alive, 10))
            && writer.push(&entry("new", 1, Status::Alive, 20))
    );
    let from = Source::new(address(10), Protection::Plain);
    node.handle_exchange(
        second(30),
        ExchangeInput::Request { id: ExchangeId(5), from, payload: &request },
    );
    exchanges(&mut node);
    assert_eq!(status(&node, "new"), Some(Status::Alive));
    assert!(!told_of(&mut node).contains(&"new".to_owned()));
    let said = gossip(&mut node);
    assert!(!said.iter().any(|message| mentions(message, "new")), "{said:?}");
}

#[test]
fn what_was_said_of_a_candidate_in_plain_is_not_vouched_for_by_its_answer_under_a_seal() {
    let mut node = mixed();
    // From the port next to that of the member, which speaks under a seal; and of somebody new.
    node.handle_packet(second(30), proven(10), &packet(&[alive("peer-0", 1, 10)]));
    for (name, port) in [("peer-0", 10), ("new", 66)] {
        let metadata = &b"forged"[..];
        let forged = Message::Alive {
            id: name,
            incarnation: Incarnation::new(9),
            address: address(port),
            metadata,
        };
        say(&mut node, Protection::Plain, 5, forged);
        let out = sent(&mut node, second(30));
        let messages =
            out.iter().filter(|(to, _)| *to == address(port)).flat_map(|(_, messages)| messages);
        for message in messages {
            let Message::Ping { sequence, .. } = *message else { continue };
            let ack = Message::Ack { sequence, source: name };
            node.handle_packet(second(30), proven(port), &packet(&[ack]));
        }
    }
    let said = gossip(&mut node);
    assert!(
        !said.iter().any(|message| incarnation(message) == Some(Incarnation::new(9))),
        "{said:?}"
    );
    assert!(
        node.member("peer-0").is_some_and(|known| known.metadata.is_empty()),
        "a sealed member's word is its own"
    );
}
