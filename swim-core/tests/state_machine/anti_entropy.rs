//! Tables are compared in time, whichever member hangs, and become equal, however large they are.

use swim_core::wire::{Description, Entry, ExchangeMessage, Message, begin_buckets, begin_join};
use swim_core::{Claim, Config, ExchangeInput, Incarnation, Instant, Status};

use crate::harness::*;

#[test]
fn a_reconnection_that_hangs_does_not_keep_the_living_from_comparing_tables() {
    let mut node = node_with(Config { reliable_fallback: false, ..Config::wan() });
    deliver(&mut node, at(0), &[alive("b", 1, 2), alive("hangs", 1, 3), dead("hangs", 1, "b")]);
    let (mut compared, mut hung, mut now) = (0, 0, at(0));
    while now < second(3_600) {
        now = step(&mut node);
        sent_and_acked(&mut node, now);
        for (id, to, _) in opened(&mut node) {
            if to == address(2) {
                compared += 1;
                say_equal(&mut node, now, id, "b");
            } else {
                hung += 1;
            }
        }
    }
    assert!(hung > 80, "the other one is contacted every 30 s: {hung}");
    assert!(compared >= 50, "60 are wanted in an hour, spread by a quarter: {compared}");
}

/// The next comparison of tables that the node begins.
fn comparison(node: &mut Node) -> (Instant, Opened) {
    loop {
        let now = step(node);
        sent_and_acked(node, now);
        let is_digest = |(_, _, request): &Opened| {
            matches!(
                ExchangeMessage::decode(request, cluster()),
                Ok(ExchangeMessage::Digest { .. })
            )
        };
        if let Some(opened) = opened(node).into_iter().find(is_digest) {
            return (now, opened);
        }
    }
}

/// One round between the two, begun by `a`.
fn compare(a: &mut Node, b: &mut Node) {
    let (now, (mut id, _, mut request)) = comparison(a);
    loop {
        let payload = ask(b, now, &request);
        a.handle_exchange(now, ExchangeInput::Reply { id, payload: &payload });
        match opened(a).pop() {
            Some((next, _, bytes)) => (id, request) = (next, bytes),
            None => return,
        }
    }
}

#[test]
fn tables_larger_than_an_exchange_become_equal_round_by_round() {
    let config = Config { max_exchange_size: 65_536, ..quiet() };
    let (mut a, mut b) = (named("a", 1, 1, config.clone(), 1), named("b", 2, 1, config, 2));
    let names: Vec<_> = (0..1_500)
        .map(|i| format!("a-name-as-they-are-given-to-nodes-{i:05}.example.org"))
        .collect();
    for (names, port) in names.chunks(10).zip((10..).step_by(10)) {
        for (node, incarnation) in [(&mut a, 1), (&mut b, 2)] {
            let members: Vec<_> = names
                .iter()
                .zip(port..)
                .map(|(name, port)| alive(name, incarnation, port))
                .collect();
            node.handle_packet(at(0), proven(9), &packet(&members));
        }
    }
    deliver(&mut a, at(0), &[alive("b", 1, 2)]);
    deliver(&mut b, at(0), &[alive("a", 1, 1)]);
    let rounds = (1..=40).find(|_| {
        compare(&mut a, &mut b);
        a.digest() == b.digest()
    });
    let rounds = rounds.expect("after 40 rounds all is swapped");
    assert!(rounds > 1, "one exchange does not hold it all");
}

#[test]
fn what_a_table_has_shown_to_be_outdated_is_not_spread_any_more() {
    let mut node = node_with(quiet());
    for (name, port) in ["b", "c", "d", "x"].into_iter().zip(2..) {
        deliver(&mut node, at(0), &[alive(name, 1, port)]);
    }
    run_among_the_living(&mut node, second(15));
    deliver(&mut node, second(15), &[dead("x", 1, "b")]);
    swap(&mut node, second(15), &[entry("x", 2, Status::Alive, 5)]);
    assert_eq!(status(&node, "x"), Some(Status::Alive));
    assert_eq!(count!(run_among_the_living(&mut node, second(25)), Message::Dead { .. }), 0);
    deliver(&mut node, second(25), &[alive("x", 3, 5)]);
    swap(&mut node, second(25), &[entry("x", 3, Status::Left, 5)]);
    assert_eq!(
        count!(run_among_the_living(&mut node, second(35)), Message::Alive { .. }),
        0,
        "it has left"
    );
}

#[test]
fn a_comparison_in_flight_keeps_the_next_one_from_being_begun() {
    let mut node = node_with(quiet());
    deliver(&mut node, at(0), &[alive("b", 1, 2)]);
    let (began, _) = comparison(&mut node);
    let (next, _) = comparison(&mut node);
    assert!(
        next.since(began) >= node.config().exchange_timeout,
        "the first one must have timed out"
    );
}

#[test]
fn a_table_describes_a_suspect_of_whom_only_the_suspicion_is_known() {
    let mut node = node_with(quiet());
    deliver(&mut node, at(0), &[alive("b", 1, 2), suspect("x", 1, "b")]);
    assert_eq!(status(&node, "x"), None, "not described yet");
    swap(&mut node, at(10), &[entry("x", 1, Status::Suspect, 6)]);
    assert_eq!(status(&node, "x"), Some(Status::Suspect));
}

#[test]
fn a_table_brings_the_newer_description_of_a_suspect() {
    let mut node = node_with(quiet());
    deliver(&mut node, at(0), &[alive("b", 1, 2), alive("x", 1, 6), suspect("x", 2, "b")]);
    let incarnation = Incarnation::new(2);
    let description = Some(Description { incarnation, address: address(7), metadata: b"new" });
    swap(
        &mut node,
        at(10),
        &[Entry { id: "x", claim: Claim::new(incarnation, Status::Suspect), description, age: 0 }],
    );
    run_until(&mut node, second(2)); // Nobody answers at the old address.
    assert_eq!(node.member("x").unwrap().metadata, b"new");
}

/// The names in a reply, in order.
fn names_in(reply: &[u8]) -> Vec<String> {
    let entries = match ExchangeMessage::decode(reply, cluster()) {
        Ok(
            ExchangeMessage::JoinReply { entries, .. }
            | ExchangeMessage::BucketsReply { entries, .. },
        ) => entries,
        other => panic!("{other:?}"),
    };
    let mut names: Vec<_> = entries.iter().map(|entry| entry.id.to_owned()).collect();
    names.sort_unstable();
    names
}

#[test]
fn a_reply_leaves_out_what_the_request_has_said_and_nothing_else() {
    let mut node = node_with(quiet());
    let known = [
        alive("same", 5, 10),
        alive("newer", 5, 11),
        alive("older", 5, 12),
        alive("unsaid", 5, 13),
    ];
    deliver(&mut node, at(0), &known);
    deliver(
        &mut node,
        at(0),
        &[alive("died", 5, 14), suspect("died", 5, "same"), dead("died", 5, "same")],
    );
    let mut request = Vec::new();
    let mut writer = begin_buckets(cluster(), "peer", u64::MAX, usize::MAX, &mut request);
    let said = [
        entry("same", 5, Status::Alive, 10),
        entry("newer", 6, Status::Alive, 11),
        entry("older", 4, Status::Alive, 12),
        entry("stranger", 1, Status::Alive, 15),
        entry("died", 5, Status::Alive, 14),
    ];
    assert!(said.iter().all(|entry| writer.push(entry)), "all fit");
    assert_eq!(names_in(&ask(&mut node, at(10), &request)), ["died", "me", "older", "unsaid"]);
}

#[test]
fn who_answers_a_join_names_itself_though_the_newcomer_knows_it() {
    let mut node = node_with(quiet());
    deliver(&mut node, at(0), &[alive("b", 1, 2)]);
    let mut request = Vec::new();
    let mut writer = begin_join(cluster(), "peer", usize::MAX, &mut request);
    let said = [entry("me", FIRST, Status::Alive, 1), entry("b", 1, Status::Alive, 2)];
    assert!(said.iter().all(|entry| writer.push(entry)), "all fit");
    assert_eq!(names_in(&ask(&mut node, at(10), &request)), ["me"]);
}

/// A node whose tables were equal to b's for so long that it compares them every 30 s; x is dead.
/// With the time.
fn at_rest() -> (Node, Instant) {
    let mut node = node_with(Config { reconnect_interval: seconds(3_600), ..quiet() });
    deliver(&mut node, at(0), &[alive("b", 1, 2), alive("x", 1, 3), dead("x", 1, "b")]);
    let mut before = at(0);
    loop {
        let (now, (id, ..)) = comparison(&mut node);
        say_equal(&mut node, now, id, "b");
        if now.since(before) > seconds(20) {
            return (node, now);
        }
        before = now;
    }
}

/// How long after it has heard this the node compares tables.
fn pause_after(heard: &[Message<'_>]) -> std::time::Duration {
    let (mut node, now) = at_rest();
    for some in heard.chunks(20) {
        deliver(&mut node, now, some);
    }
    comparison(&mut node).0.since(now)
}

#[test]
fn who_hears_that_a_dead_member_is_back_compares_tables_soon() {
    assert!(pause_after(&[alive("x", 2, 3)]) < seconds(3), "others may be back as well");
    assert!(pause_after(&[alive("y", 1, 4)]) > seconds(10), "one that is new is gossip's to tell");
}

#[test]
fn more_news_than_gossip_carries_has_tables_compared_at_its_pace() {
    let newcomers = names("newcomer", 400);
    let news: Vec<_> =
        newcomers.iter().zip(10..).map(|(name, port)| alive(name, 1, port)).collect();
    assert!(pause_after(&news) < seconds(1));
    assert!(pause_after(&news[..40]) > seconds(10), "that is told in two rounds of gossip");
}
