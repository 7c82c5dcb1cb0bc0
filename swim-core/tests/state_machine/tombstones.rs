//! The dead: how they are remembered, and that it is not at the expense of the living.

use std::time::Duration;

use swim_core::wire::Message;
use swim_core::{Config, DropReason, Event, Incarnation, Status};

use crate::harness::*;

fn left(id: &str, incarnation: u64) -> Message<'_> {
    Message::Left { id, incarnation: Incarnation::new(incarnation) }
}

/// A node that has forgotten y@7 but for its tombstone, and knows b; 50 seconds have passed.
fn node_with_tombstone(word: &Message<'_>) -> Node {
    let short = seconds(30);
    let mut node = node_with(Config { reap_dead_after: short, reap_left_after: short, ..quiet() });
    deliver(&mut node, at(0), &[alive("b", 1, 2), alive("y", 7, 3), *word]);
    run_among_the_living(&mut node, second(50));
    assert_eq!((status(&node, "y"), node.queued_updates()), (None, 0), "reaped, and all is said");
    events(&mut node);
    node
}

#[test]
fn newcomers_are_taken_in_for_ever_though_more_have_come_and_gone_than_the_table_holds() {
    let mut node = node_with(Config { max_members: 10, ..quiet() });
    for (i, name) in names("pod", 100).iter().enumerate() {
        let now = second(i as u64 * 60);
        run_among_the_living(&mut node, now);
        let predecessor = format!("pod-{}", i.wrapping_sub(1));
        deliver(&mut node, now, &[left(&predecessor, 1), alive(name, 1, 100 + i as u16)]);
        assert_eq!(status(&node, name), Some(Status::Alive), "{name}");
        node.check_invariants();
    }
    assert_eq!((node.active_members(), dropped(&node, DropReason::MembersFull)), (2, 0));
}

#[test]
fn the_dead_make_room_for_the_living_when_there_is_no_tombstone() {
    let mut node = node_with(Config { max_members: 4, ..quiet() });
    deliver(
        &mut node,
        at(0),
        &[alive("a", 1, 5), alive("b", 1, 6), dead("b", 1, "a"), alive("c", 1, 7)],
    );
    events(&mut node);
    deliver(&mut node, at(1), &[alive("d", 1, 8)]);
    assert_eq!((status(&node, "b"), status(&node, "d")), (None, Some(Status::Alive)));
    let told = events(&mut node);
    assert!(
        matches!(&told[..], [Event::Reaped(b), Event::Joined(d)] if &**b == "b" && &*d.id == "d"),
        "{told:?}"
    );
    deliver(&mut node, at(2), &[alive("e", 1, 9)]);
    assert_eq!(
        (status(&node, "e"), dropped(&node, DropReason::MembersFull)),
        (None, 1),
        "the living do not give way"
    );
    node.check_invariants();
}

#[test]
fn a_death_nobody_asked_for_takes_no_place_in_a_full_table() {
    let mut node = node_with(Config { max_members: 3, ..quiet() });
    deliver(&mut node, at(0), &[alive("a", 1, 5), alive("b", 1, 6), dead("b", 1, "a")]);
    deliver(&mut node, at(0), &[dead("invented", 1, "liar"), left("invented too", 1)]);
    assert_eq!(
        (status(&node, "b"), dropped(&node, DropReason::MembersFull)),
        (Some(Status::Dead), 2)
    );
}

#[test]
fn the_oldest_tombstone_makes_room_first() {
    let mut node = node_with(Config { max_members: 4, reap_dead_after: seconds(30), ..quiet() });
    deliver(&mut node, at(0), &[alive("b", 1, 2), alive("old", 1, 3), dead("old", 1, "b")]);
    run_among_the_living(&mut node, second(5));
    deliver(&mut node, second(5), &[alive("young", 1, 4), dead("young", 1, "b")]);
    run_among_the_living(&mut node, second(50));
    deliver(&mut node, second(50), &[alive("new", 1, 5), alive("young", 1, 4)]);
    assert_eq!(
        (status(&node, "new"), status(&node, "young")),
        (Some(Status::Alive), None),
        "its tombstone stands"
    );
    deliver(&mut node, second(50), &[alive("old", 1, 3)]);
    assert_eq!(status(&node, "old"), Some(Status::Alive), "nothing was known of it any more");
}

#[test]
fn whoever_is_alive_elsewhere_is_suspected_and_not_declared_dead_by_its_tombstone() {
    let mut node = node_with_tombstone(&dead("y", 7, "b"));
    let mut other = named("z", 4, 1, quiet(), 3);
    other.handle_packet(second(50), proven(3), &packet(&[alive("y", 7, 3)]));
    deliver(&mut node, second(50), &[alive("z", 1, 4), alive("y", 7, 3)]);
    let out = run_among_the_living(&mut node, second(55));
    assert!(times(&out, suspect("y", 7, "me")) > 0, "{out:?}");
    assert_eq!((count!(out, Message::Dead { .. }), status(&node, "y")), (0, None));
    other.handle_packet(second(55), proven(1), &packet(&[suspect("y", 7, "me")]));
    assert!(!events(&mut other).iter().any(|event| matches!(event, Event::Failed(_))));
    deliver(&mut node, second(56), &[alive("y", 8, 3)]);
    assert_eq!(status(&node, "y"), Some(Status::Alive), "its refutation counts");
}

#[test]
fn whoever_is_said_to_be_alive_after_it_has_left_is_told_to_have_left() {
    let mut node = node_with_tombstone(&left("y", 7));
    deliver(&mut node, second(50), &[alive("y", 7, 3)]);
    let out = run_among_the_living(&mut node, second(55));
    assert!(
        count!(out, Message::Left { id: "y", .. }) > 0 && count!(out, Message::Suspect { .. }) == 0,
        "{out:?}"
    );
}

#[test]
fn tables_agree_about_a_death_whenever_each_of_them_forgets_it() {
    let mut early = named("a", 1, 1, Config { reap_dead_after: seconds(30), ..quiet() }, 1);
    let mut late = named("b", 2, 1, quiet(), 2);
    let word = [alive("a", 1, 1), alive("b", 1, 2), alive("x", 1, 3)];
    for node in [&mut early, &mut late] {
        deliver(node, at(0), &word);
    }
    deliver(&mut early, at(0), &[dead("x", 1, "b")]);
    assert_ne!(early.digest(), late.digest(), "a death that one of them missed shows");
    deliver(&mut late, at(0), &[dead("x", 1, "b")]);
    let told = early.digest();
    early.handle_timeout(second(31));
    assert_eq!((status(&early, "x"), status(&late, "x")), (None, Some(Status::Dead)));
    assert_eq!((early.digest(), late.digest()), (told, told));
}

#[test]
fn a_death_is_spread_though_the_dead_are_reaped_at_once() {
    let at_once =
        Config { reap_dead_after: Duration::ZERO, gossip_to_dead_for: Duration::ZERO, ..quiet() };
    let mut node = node_with(at_once);
    let names = names("peer", 5);
    deliver(&mut node, at(0), &[alive("x", 1, 30)]);
    populate(&mut node, at(0), &names);
    run_among_the_living(&mut node, second(5));
    deliver(&mut node, second(5), &[dead("x", 1, "peer-1")]);
    node.handle_timeout(second(5));
    assert_eq!(status(&node, "x"), None);
    let mut out = sent(&mut node, second(5));
    out.extend(run_among_the_living(&mut node, second(10)));
    assert_eq!(count!(out, Message::Dead { id: "x", .. }), 4, "as often as any update");
}

#[test]
fn those_who_left_make_room_for_the_living() {
    let mut node = node_with(Config { max_members: 10, ..quiet() });
    for (i, name) in names("pod", 20).iter().enumerate() {
        let predecessor = format!("pod-{}", i.wrapping_sub(1));
        let left = Message::Left { id: &predecessor, incarnation: Incarnation::new(1) };
        deliver(&mut node, second(i as u64), &[left, alive(name, 1, 100 + i as u16)]);
        assert_eq!(
            status(&node, name),
            Some(Status::Alive),
            "{name}: two are alive at once, the table holds ten"
        );
    }
}
