//! What of Lifeguard, and of ours next to it, can be turned off: each switch changes what it says,
//! and by default is on.

use swim_core::{Config, Instant, Status};

use crate::harness::{
    Node, alive, at, deliver, named, node_with, quiet, run_among_the_living, run_until_ping,
    second, seconds, status, suspect, times,
};

/// Two nodes with the same chance that know b, c, d, e and x, at ports 2 to 6: one as usual, and
/// one with a change.
fn as_usual_and(change: fn(&mut Config), seed: u64) -> [Node; 2] {
    let mut changed = quiet();
    change(&mut changed);
    [quiet(), changed].map(|config| {
        let mut node = named("me", 1, 100, config, seed);
        for (name, port) in ["b", "c", "d", "e", "x"].into_iter().zip(2..) {
            deliver(&mut node, at(0), &[alive(name, 1, port)]);
        }
        node
    })
}

#[test]
fn without_suspicions_whoever_does_not_answer_is_dead_at_once() {
    let verdicts = [4, 0].map(|suspicion_mult| {
        let mut node = node_with(Config { suspicion_mult, ..quiet() });
        deliver(&mut node, at(0), &[alive("x", 1, 5)]);
        let (began, _) = run_until_ping(&mut node, "x");
        node.handle_timeout(began + quiet().probe_timeout);
        node.handle_timeout(began + seconds(1));
        (status(&node, "x"), node.suspicions())
    });
    assert_eq!(verdicts, [(Some(Status::Suspect), 1), (Some(Status::Dead), 0)]);
}

#[test]
fn suspicions_that_all_last_as_long_need_no_further_accusers() {
    let outcomes = as_usual_and(|config| config.suspicion_max_mult = 1, 1).map(|mut node| {
        deliver(
            &mut node,
            at(0),
            &[suspect("x", 1, "b"), suspect("x", 1, "c"), suspect("x", 1, "d")],
        );
        let out = run_among_the_living(&mut node, second(3));
        let passed_on = ["b", "c", "d"].map(|from| times(&out, suspect("x", 1, from)) > 0);
        run_among_the_living(&mut node, Instant::from_millis(4_001));
        (passed_on, status(&node, "x"))
    });
    let ends = Some(Status::Dead);
    assert_eq!(
        outcomes[1],
        ([true, false, false], ends),
        "one accuser is enough for the shortest time"
    );
    assert_eq!((outcomes[0].0[2], outcomes[0].1), (true, ends), "the last accuser is passed on");
}

#[test]
fn without_the_buddy_system_a_suspect_hears_of_it_in_gossip_alone() {
    let told = as_usual_and(|config| config.buddy_system = false, 1).map(|mut node| {
        deliver(&mut node, at(0), &[suspect("x", 1, "b")]);
        let out = run_among_the_living(&mut node, second(20));
        let by = |from| times(&out, suspect("x", 1, from));
        (by("me") > 0, by("b") > 0)
    });
    assert_eq!(told, [(true, true), (false, true)]);
}

#[test]
fn without_that_rule_suspects_wait_for_their_turn() {
    let mut next = [0, 0];
    for seed in 0..100 {
        let nodes = as_usual_and(|config| config.suspects_probed_next = false, seed);
        for (count, mut node) in next.iter_mut().zip(nodes) {
            deliver(&mut node, at(0), &[suspect("x", 1, "b")]);
            *count += usize::from(run_until_ping(&mut node, "x").0 <= second(1));
        }
    }
    assert!(next[0] > 80 && next[1] < 40, "of 100 suspects were probed first: {next:?}");
}

#[test]
fn without_grace_a_node_that_was_stopped_accuses_the_one_that_it_was_waiting_for() {
    let verdicts = [true, false].map(|stall_grace| {
        let mut node = node_with(Config { stall_grace, ..quiet() });
        deliver(&mut node, at(0), &[alive("a", 1, 5), alive("b", 1, 6)]);
        let (began, _) = run_until_ping(&mut node, "a");
        node.handle_timeout(began + seconds(60));
        status(&node, "a")
    });
    assert_eq!(verdicts, [Some(Status::Alive), Some(Status::Suspect)]);
}
