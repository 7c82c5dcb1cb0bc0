//! The push/pull: answers, merging, versions, joining.

use swim_core::wire::memberlist::{Message, NodeState, PushPull, StreamMessage, Versions};
use swim_core::{Config, DropReason, Event, ExchangeFailure, ExchangeInput, Incarnation, Status};

use super::harness::{
    alive, ask, config, dead, deliver, let_answer, names, node, node_with, row, said, sent,
    suspect, table,
};
use crate::harness::{Node, address, at, dropped, events, opened, second, status, step};

#[test]
fn a_table_is_answered_with_ours_in_which_a_death_of_ours_is_refuted_already() {
    let mut node = node();
    let theirs = table(true, &[row("a", 1, Status::Alive, 5), row("me", 3, Status::Dead, 1)], b"");
    let answer = ask(&mut node, at(0), &theirs).expect("a table is answered");
    assert_eq!(names(&answer), ["me", "a"]);
    let refuted = |table: PushPull<'_>| {
        table.nodes().flatten().any(|node| node.id == "me" && node.incarnation == 4)
    };
    assert!(
        matches!(StreamMessage::decode(&answer), Ok(StreamMessage::PushPull(answer)) if refuted(answer))
    );
    assert!(
        matches!(StreamMessage::decode(&answer), Ok(StreamMessage::PushPull(answer)) if answer.is_join)
    );
    assert_eq!(status(&node, "a"), Some(Status::Alive));
    assert_eq!(names(&ask(&mut node, at(0), &table(false, &[], b"")).unwrap()), ["me", "a"]);
}

#[test]
fn the_dead_of_a_table_are_suspected_here_if_they_are_known_and_teach_nothing_otherwise() {
    let mut node = node();
    deliver(
        &mut node,
        at(0),
        &[alive("a", 3, 5), alive("b", 3, 6), alive("c", 3, 7), dead("c", 3, "b")],
    );
    let rows = [
        row("a", 3, Status::Dead, 5),
        row("b", 3, Status::Left, 6),
        row("c", 9, Status::Dead, 7),
        row("unknown", 1, Status::Dead, 8),
        row("stranger", 1, Status::Suspect, 9),
        row("me", 4, Status::Dead, 1),
    ];
    ask(&mut node, at(0), &table(false, &rows, b""));
    let known = ["a", "b", "c", "unknown", "stranger"].map(|id| status(&node, id));
    assert_eq!(known, [Some(Status::Suspect), Some(Status::Left), Some(Status::Dead), None, None]);
    assert_eq!(node.incarnation(), Incarnation::new(5), "our own death is refuted");
    node.handle_timeout(at(0));
    assert!(said(&mut node, at(0)).contains(&suspect("a", 3, "me")));
}

#[test]
fn tables_whose_nodes_do_not_speak_with_each_other_are_not_merged_at_all() {
    let mut node = node();
    let plain = NodeState { versions: Versions::PLAIN, ..row("b", 1, Status::Alive, 6) };
    assert!(
        ask(&mut node, at(0), &table(false, &[row("a", 1, Status::Alive, 5), plain], b""))
            .is_some()
    );
    assert_eq!((status(&node, "a"), dropped(&node, DropReason::VersionMismatch)), (None, 1));
    let gone = NodeState { status: Status::Dead, ..plain };
    ask(&mut node, at(0), &table(false, &[row("a", 1, Status::Alive, 5), gone], b""));
    assert_eq!(status(&node, "a"), None, "the dead count too");
}

/// The node asks a seed to let it in; the number of that exchange.
fn join(node: &mut Node) -> swim_core::ExchangeId {
    node.join(at(0), &[address(5)]).unwrap();
    let (id, to, request) = opened(node).pop().expect("a seed is asked");
    assert_eq!((to, names(&request)), (address(5), vec!["me".to_owned()]));
    id
}

#[test]
fn a_seed_s_table_lets_us_in() {
    let mut node = node();
    let id = join(&mut node);
    let rows = [
        row("a", 1, Status::Alive, 5),
        row("b", 2, Status::Alive, 6),
        row("me", 8, Status::Left, 1),
    ];
    node.handle_exchange(at(10), ExchangeInput::Reply { id, payload: &table(true, &rows, b"") });
    assert!(events(&mut node).contains(&Event::SeedJoined { seed: address(5), members: 3 }));
    assert_eq!(
        node.incarnation(),
        Incarnation::new(9),
        "what is remembered of a former life is refuted"
    );
}

#[test]
fn a_joiner_says_at_once_that_it_is_there_and_passes_on_what_it_learnt() {
    let mut node = node();
    let id = join(&mut node);
    let rows = [
        row("a", 1, Status::Alive, 5),
        row("b", 2, Status::Alive, 6),
        row("c", 1, Status::Alive, 7),
    ];
    node.handle_exchange(at(10), ExchangeInput::Reply { id, payload: &table(true, &rows, b"") });
    let (mut first, mut copies) = (None, std::collections::BTreeMap::new());
    while node.poll_timeout().is_some_and(|now| now < second(5)) {
        let now = step(&mut node);
        for (to, said) in sent(&mut node, now) {
            answer(&mut node, now, to, &said);
            for message in &said {
                let Message::Alive { id, .. } = *message else { continue };
                *copies.entry(id).or_insert(0) += 1;
                first.get_or_insert(now);
            }
        }
        opened(&mut node);
    }
    assert_eq!(first, Some(at(10)), "at once, not with the next probe");
    assert!(copies.keys().eq(&["a", "b", "c", "me"]), "itself and all that it learnt");
    let most = copies.values().copied().max().unwrap();
    assert!(
        (3..=6).contains(&most),
        "as often as any update: twice to each of three peers, and no more: {copies:?}"
    );
}

#[test]
fn asking_those_who_are_lost_keeps_no_seed_waiting() {
    let mut node = node_with(Config { join_parallelism: 1, max_exchanges: 5, ..config() });
    deliver(&mut node, at(0), &[alive("a", 1, 5)]);
    let_answer(&mut node, at(0), &["a"]);
    deliver(&mut node, at(0), &[dead("a", 1, "b")]);
    let mut now = at(0);
    while opened(&mut node).iter().all(|(_, to, _)| *to != address(5)) {
        now = node.poll_timeout().expect("the lost are looked for as long as the node runs");
        node.handle_timeout(now);
    }
    node.join(now, &[address(9)]).unwrap();
    assert_eq!(
        opened(&mut node).into_iter().map(|(_, to, _)| to).collect::<Vec<_>>(),
        [address(9)]
    );
}

#[test]
fn a_join_that_fails_says_why() {
    let mut error = Vec::new();
    StreamMessage::Error { reason: "encrypted" }.encode(&mut error);
    let plain = NodeState { versions: Versions::PLAIN, ..row("a", 1, Status::Alive, 5) };
    for (reply, expected) in [
        (error, ExchangeFailure::OtherKeys),
        (table(true, &[plain], b""), ExchangeFailure::OtherVersion),
        (b"\x06noise".to_vec(), ExchangeFailure::Malformed),
        (table(true, &[row("me", 1, Status::Alive, 1)], b""), ExchangeFailure::Ourselves),
    ] {
        let mut node = node();
        let id = join(&mut node);
        node.handle_exchange(at(10), ExchangeInput::Reply { id, payload: &reply });
        let told = events(&mut node).into_iter().find_map(|event| match event {
            Event::SeedFailed { failure, .. } => Some(failure),
            _ => None,
        });
        assert_eq!(told, Some(expected));
    }
}

#[test]
fn tables_are_swapped_at_the_interval_and_with_those_who_are_lost() {
    let mut node = node();
    deliver(&mut node, at(0), &[alive("a", 1, 5), alive("lost", 1, 6)]);
    let_answer(&mut node, at(0), &["lost"]);
    deliver(&mut node, at(0), &[dead("lost", 1, "a")]);
    let mut asked = [0, 0];
    while node.poll_timeout().is_some_and(|now| now < second(600)) {
        let now = step(&mut node);
        let acks = sent(&mut node, now);
        for (to, said) in acks {
            answer(&mut node, now, to, &said);
        }
        for (id, to, request) in opened(&mut node) {
            if matches!(StreamMessage::decode(&request), Ok(StreamMessage::PushPull(_))) {
                asked[usize::from(to == address(6))] += 1;
            }
            let failure = ExchangeFailure::Refused;
            node.handle_exchange(now, ExchangeInput::Failed { id, failure });
        }
    }
    let [living, lost] = asked;
    assert!(
        (15..=27).contains(&living) && lost > 5,
        "{living} {lost}: every 30 s, give or take a quarter"
    );
}

/// The member at port 5 answers pings.
fn answer(
    node: &mut Node,
    now: swim_core::Instant,
    to: std::net::SocketAddr,
    said: &[Message<'_>],
) {
    if let (Some(&Message::Ping { sequence, .. }), true) = (said.first(), to == address(5)) {
        deliver(node, now, &[Message::Ack { sequence, payload: b"" }]);
    }
}
