//! Which peers updates are sent to, how often, and when nobody has to be woken for them.

use std::collections::BTreeSet;

use swim_core::wire::{Message, begin_join_reply};
use swim_core::{ExchangeInput, Instant, Status};

use crate::harness::*;

/// The node joins by the table of a seed at port 10, with these members.
fn join(node: &mut Node, now: Instant, names: &[String]) {
    node.join(now, &[address(10)]).unwrap();
    let (id, ..) = opened(node).pop().expect("a join");
    let mut payload = Vec::new();
    let mut writer = begin_join_reply(cluster(), &names[0], usize::MAX, &mut payload);
    for (name, port) in names.iter().zip(10..) {
        assert!(writer.push(&entry(name, 1, Status::Alive, port)));
    }
    node.handle_exchange(now, ExchangeInput::Reply { id, payload: &payload });
}

/// To which of 200 members, told of in the same order by the seed's table, a newcomer gossips
/// first.
fn first_targets(mut newcomer: Node) -> Vec<u16> {
    join(&mut newcomer, at(1), &names("member", 200));
    newcomer.set_metadata(at(2), b"x").unwrap();
    let mut to = Vec::new();
    while to.len() < 9 {
        let now = step(&mut newcomer);
        let gossip = sent(&mut newcomer, now)
            .into_iter()
            .filter(|(_, messages)| matches!(messages[0], Message::Alive { .. }));
        to.extend(gossip.map(|(to, _)| to.port()));
    }
    to
}

#[test]
fn newcomers_who_joined_by_one_table_gossip_to_different_members() {
    let newcomers = names("newcomer", 8);
    let targets: Vec<_> = newcomers
        .iter()
        .zip(1_000..)
        .map(|(name, port)| named(name, port, 1, quiet(), u64::from(port)))
        .map(first_targets)
        .collect();
    let met: BTreeSet<_> = targets.iter().flatten().collect();
    assert!(met.len() > 50, "8 draws of 9 from 200 meet about 60 different ones: {targets:?}");
    let firsts: BTreeSet<_> = targets.iter().map(|to| to[0]).collect();
    assert!(firsts.len() >= 6, "{firsts:?}");
}

/// Ten living members, and one that has just died.
fn node_with_a_corpse() -> Node {
    let mut node = node_with(quiet());
    populate(&mut node, at(0), &names("live", 10));
    run_among_the_living(&mut node, second(10));
    deliver(&mut node, second(10), &[alive("corpse", 1, 99), dead("corpse", 1, "live-1")]);
    node
}

#[test]
fn members_that_die_and_come_back_again_and_again_take_no_gossip_from_the_others() {
    let mut node = node_with_a_corpse();
    for i in 1..=100 {
        deliver(&mut node, second(10), &[dead("live-9", i, "live-1"), alive("live-9", i + 1, 19)]);
    }
    run_among_the_living(&mut node, second(20));
    deliver(&mut node, second(20), &[dead("live-0", 1, "live-1")]);
    let mut ticks = 0;
    while node.queued_updates() > 0 {
        let now = step(&mut node);
        let out = sent_and_acked(&mut node, now);
        let is_gossip = |(_, messages): &&Sent| {
            !matches!(messages[0], Message::Ping { .. } | Message::PingReq { .. })
        };
        let gossip: Vec<_> = out.iter().filter(is_gossip).collect();
        if !gossip.is_empty() {
            let living = gossip.iter().filter(|(to, _)| (11..20).contains(&to.port())).count();
            assert!(gossip.len() <= 4 && (living == 3 || node.queued_updates() == 0), "{gossip:?}");
            ticks += 1;
        }
    }
    assert!(ticks > 0);
}

#[test]
fn an_update_is_sent_to_the_living_as_often_as_it_may_be_however_many_have_died() {
    let mut node = node_with_a_corpse();
    let names = names("live", 10);
    for name in &names[4..] {
        deliver(&mut node, second(10), &[dead(name, 1, "live-1")]);
    }
    run_among_the_living(&mut node, second(20));
    assert_eq!(node.queued_updates(), 0);
    deliver(&mut node, second(20), &[alive("newcomer", 1, 50)]);
    let out = run_among_the_living(&mut node, second(29));
    let (to_the_living, to_the_dead): (Vec<_>, Vec<_>) =
        out.into_iter().partition(|(to, _)| (10..14).contains(&to.port()) || to.port() == 50);
    let update = || alive("newcomer", 1, 50);
    assert_eq!((times(&to_the_living, update()), times(&to_the_dead, update())), (4, 0));
    assert!(to_the_dead.iter().all(|(_, messages)| matches!(messages[..], [Message::Dead { .. }])));
    assert!(!to_the_dead.is_empty(), "they are told of their death, so that they can refute it");
}

#[test]
fn a_dead_member_is_not_gossiped_as_alive_when_its_description_comes_late() {
    let mut node = node_with(quiet());
    deliver(&mut node, at(0), &[alive("b", 1, 2), dead("x", 1, "b")]);
    run_among_the_living(&mut node, second(20));
    deliver(&mut node, second(20), &[alive("x", 1, 3)]);
    let out = run_among_the_living(&mut node, second(30));
    assert_eq!(
        (status(&node, "x"), count!(out, Message::Alive { id: "x", .. })),
        (Some(Status::Dead), 0)
    );
}

/// A node that has something to say and nobody to say it to; a minute has passed.
fn lone_node() -> Node {
    let mut node = node_with(quiet());
    node.set_metadata(at(0), b"x").unwrap();
    let mut wakes = 0;
    while node.poll_timeout().is_some_and(|next| next < second(60)) {
        let now = step(&mut node);
        assert!(sent(&mut node, now).is_empty());
        exchanges(&mut node);
        wakes += 1;
    }
    assert!(wakes < 150, "a gossip interval is 200 ms, a probe interval 1 s: {wakes}");
    node
}

#[test]
fn a_node_that_is_alone_is_not_woken_for_what_it_has_to_say_and_says_it_when_somebody_comes() {
    let somebody_comes: [fn(&mut Node); 2] = [
        |node| deliver(node, second(60), &[alive("b", 1, 10)]),
        |node| join(node, second(60), &names("member", 1)),
    ];
    for come in somebody_comes {
        let mut node = lone_node();
        come(&mut node);
        let now = step(&mut node);
        assert_eq!(
            (now, count!(sent(&mut node, now), Message::Alive { id: "me", .. })),
            (second(60), 1)
        );
    }
}

#[test]
fn an_old_description_that_a_table_has_shown_to_be_outdated_is_not_spread_any_more() {
    let mut node = node_with(quiet());
    populate(&mut node, at(0), &names("peer", 3));
    run_among_the_living(&mut node, second(15));
    deliver(&mut node, second(15), &[alive("x", 1, 5)]);
    swap(&mut node, second(15), &[entry("x", 2, Status::Alive, 5)]);
    let out = run_among_the_living(&mut node, second(25));
    assert_eq!(
        count!(out, Message::Alive { id: "x", incarnation, .. } if incarnation.get() == 1),
        0
    );
}

#[test]
fn a_newcomer_speaks_for_itself_and_repeats_nobody_who_let_it_in() {
    let mut node = node_with(quiet());
    join(&mut node, at(0), &names("n", 3));
    let first = run_among_the_living(&mut node, at(0));
    assert_eq!(
        (first.len(), count!(first, Message::Alive { id: "me", .. })),
        (3, 3),
        "at once, to three: {first:?}"
    );
    let later = run_among_the_living(&mut node, second(20));
    assert!(count!(later, Message::Alive { id: "me", .. }) > 0, "as often as any update");
    assert_eq!(
        count!(first, Message::Alive { .. }) + count!(later, Message::Alive { .. }),
        4,
        "and nothing of the others"
    );
}
