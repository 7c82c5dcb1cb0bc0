//! How long a suspicion lasts, and who counts as an accuser.

use std::time::Duration;

use swim_core::wire::Message;
use swim_core::{Instant, Status};

use crate::harness::{
    Node, alive, at, count, deliver, entry, node_with, quiet, run_among_the_living, second,
    sent_and_acked, status, suspect, swap, times,
};

/// A node that knows b, c, d, e and x, at ports 2 to 6.
fn among_five() -> Node {
    let mut node = node_with(quiet());
    for (name, port) in ["b", "c", "d", "e", "x"].into_iter().zip(2..) {
        deliver(&mut node, at(0), &[alive(name, 1, port)]);
    }
    node
}

#[test]
fn a_suspicion_that_a_table_repeats_is_no_further_accusation() {
    let mut node = among_five();
    deliver(&mut node, at(0), &[suspect("x", 1, "b")]);
    swap(&mut node, at(10), &[entry("x", 1, Status::Suspect, 6)]);
    let out = run_among_the_living(&mut node, second(3));
    assert!(times(&out, suspect("x", 1, "b")) > 0, "b's word is passed on");
    let others: Vec<_> = out.into_iter().filter(|(to, _)| to.port() != 6).collect();
    let own = count!(others, Message::Suspect { from: "me", .. });
    assert_eq!(own, 0, "we have not probed x, and tell it alone of what is said of it");
}

#[test]
fn a_suspicion_that_only_tables_repeat_lasts_as_long_as_that_of_one_accuser() {
    let ends = [false, true].map(|repeated| {
        let mut node = among_five();
        deliver(&mut node, at(0), &[suspect("x", 1, "b")]);
        if repeated {
            (1..9).for_each(|i| swap(&mut node, at(i * 10), &[entry("x", 1, Status::Suspect, 6)]));
        }
        death(&mut node, at(100))
    });
    assert_eq!(ends[0], ends[1]);
}

#[test]
fn a_table_that_raises_a_suspicion_begins_one() {
    let mut node = among_five();
    swap(&mut node, at(10), &[entry("x", 1, Status::Suspect, 6)]);
    assert_eq!((status(&node, "x"), node.suspicions()), (Some(Status::Suspect), 1));
}

#[test]
fn the_last_confirmation_of_an_old_suspicion_ends_it_at_once() {
    let mut node = among_five();
    deliver(&mut node, at(0), &[suspect("x", 1, "b")]);
    run_among_the_living(&mut node, second(15));
    assert_eq!(
        status(&node, "x"),
        Some(Status::Suspect),
        "one accuser is not enough for the shortest time"
    );
    deliver(&mut node, second(15), &[suspect("x", 1, "c"), suspect("x", 1, "d")]);
    let late = death(&mut node, second(15)).since(second(15));
    assert!(late < Duration::from_millis(10), "that is no stall of ours: {late:?}");
}

/// When the node, whose timers are called in time from `now` on, declares x dead.
fn death(node: &mut Node, mut now: Instant) -> Instant {
    while status(node, "x") != Some(Status::Dead) {
        now = node.poll_timeout().expect("a running node has timers").max(now);
        node.handle_timeout(now);
        sent_and_acked(node, now);
    }
    now
}
