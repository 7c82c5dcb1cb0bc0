//! However many claims climb, a member's incarnation stays below a bound that only clocks move, and
//! its owner tops it.

use swim_core::wire::{Entry, begin_join_reply};
use swim_core::{Claim, Config, DropReason, ExchangeInput, Incarnation, Instant, Status};

use crate::harness::*;

const AHEAD: u64 = 1 << 42;
const HORIZON: u64 = FIRST + AHEAD;

/// Claims that climb from `from` to 2^62 in steps of `step`, so many that bounds on single steps
/// are of no use.
fn ladder(node: &mut Node, now: Instant, id: &str, from: u64, status: Status) {
    let mut incarnation = from;
    for _ in 0..64 {
        let claim = if status == Status::Dead {
            dead(id, incarnation, "liar")
        } else {
            suspect(id, incarnation, "liar")
        };
        deliver(node, now, &[claim]);
        incarnation = incarnation + (Incarnation::MAX.get() - 1 - incarnation) / 2;
        deliver(
            node,
            now,
            &[suspect(id, node.member(id).unwrap().claim.incarnation.get() + AHEAD, "liar")],
        );
    }
}

#[test]
fn a_name_is_not_burnt_by_any_number_of_claims_and_its_owner_is_believed_a_moment_later() {
    for top in [Status::Suspect, Status::Dead] {
        let mut node = node();
        deliver(&mut node, at(0), &[alive("x", 5, 3)]);
        ladder(&mut node, at(0), "x", 6, top);
        deliver(&mut node, at(0), &[dead("x", HORIZON, "liar")]);
        let claim = node.member("x").unwrap().claim;
        assert_eq!(
            claim,
            Claim::new(Incarnation::new(HORIZON), Status::Dead),
            "the highest that is believed"
        );
        deliver(&mut node, at(0), &[alive("x", HORIZON + 1, 3)]);
        assert_eq!(status(&node, "x"), Some(Status::Dead));
        deliver(&mut node, at(1), &[alive("x", HORIZON + 1, 3)]);
        assert_eq!(status(&node, "x"), Some(Status::Alive));
    }
}

#[test]
fn what_is_said_of_a_member_does_not_move_the_horizon_so_a_forged_alive_is_topped_too() {
    let mut node = node();
    deliver(
        &mut node,
        at(0),
        &[alive("x", HORIZON, 3), alive("y", HORIZON + 1, 4), dead("x", HORIZON + AHEAD, "liar")],
    );
    assert_eq!(dropped(&node, DropReason::BadIncarnation), 2);
    assert_eq!((status(&node, "x"), status(&node, "y")), (Some(Status::Alive), None));
    deliver(&mut node, at(2), &[alive("x", HORIZON + 2, 3)]);
    assert_eq!(node.member("x").unwrap().claim.incarnation.get(), HORIZON + 2);
}

#[test]
fn the_accused_itself_is_not_driven_beyond_what_others_believe() {
    let mut node = node();
    ladder(&mut node, at(0), "me", FIRST, Status::Suspect);
    deliver(&mut node, at(0), &[suspect("me", HORIZON, "liar")]);
    assert_eq!(node.incarnation().get(), HORIZON + 1);
    ladder(&mut node, at(0), "me", HORIZON, Status::Suspect);
    assert_eq!(node.incarnation().get(), HORIZON + 1, "no number of further claims moves it");
    deliver(&mut node, at(3), &[suspect("me", HORIZON + 3, "liar")]);
    assert_eq!(node.incarnation().get(), HORIZON + 4, "only the clock does");
}

/// A seed at port 50 gives a table that says this of us, in answer to the exchange that the node
/// opened.
fn answer_join(node: &mut Node, now: Instant, entries: &[Entry<'_>]) {
    let (id, to, _) = opened(node).pop().expect("it swaps tables with its seed");
    assert_eq!(to, address(50));
    let mut payload = Vec::new();
    let mut writer = begin_join_reply(cluster(), "seed", usize::MAX, &mut payload);
    assert!(entries.iter().all(|entry| writer.push(entry)));
    node.handle_exchange(now, ExchangeInput::Reply { id, payload: &payload });
}

#[test]
fn a_restarted_owner_whose_clock_lags_gets_its_name_back_from_its_seed_at_once() {
    let mut node = node_with(quiet());
    node.join(at(0), &[address(50)]).unwrap();
    let burnt = HORIZON + 90_000;
    answer_join(
        &mut node,
        at(0),
        &[entry("seed", 1, Status::Alive, 50), entry("me", burnt, Status::Dead, 1)],
    );
    assert_eq!(node.incarnation().get(), burnt + 1);
}

#[test]
fn a_node_that_runs_asks_its_seed_when_others_believe_more_of_it_than_it_can() {
    let mut node = node_with(quiet());
    node.join(at(0), &[address(50)]).unwrap();
    answer_join(&mut node, at(0), &[entry("seed", 1, Status::Alive, 50)]);
    let claimed = HORIZON + 90_000;
    deliver(&mut node, second(1), &[dead("me", claimed, "a"), dead("me", claimed, "b")]);
    assert_eq!(node.incarnation().get(), FIRST, "anybody could say so");
    answer_join(&mut node, second(1), &[entry("me", claimed, Status::Dead, 1)]);
    assert_eq!(node.incarnation().get(), claimed + 1);
    assert!(opened(&mut node).is_empty(), "it asked once");
}

#[test]
fn only_seeds_of_our_own_lift_the_horizon_and_only_so_far() {
    let mut node = node_with(quiet());
    swap(&mut node, at(0), &[entry("me", HORIZON + 1, Status::Suspect, 1)]);
    assert_eq!(node.incarnation().get(), FIRST, "a member that says so");
    node.join(at(0), &[address(50)]).unwrap();
    answer_join(&mut node, at(0), &[entry("me", HORIZON + AHEAD + 1, Status::Dead, 1)]);
    assert_eq!(node.incarnation().get(), FIRST, "a seed whose clock is wrong, or that lies");
    assert_eq!(dropped(&node, DropReason::BadIncarnation), 2);
}

#[test]
fn members_whose_clocks_begin_in_1970_are_believed_and_believe_the_others() {
    let now_by_the_wall = 1_800_000_000_000;
    for (own, other) in [(0, now_by_the_wall), (now_by_the_wall, 0)] {
        let mut node = named("me", 1, own, Config::lan(), 1);
        deliver(&mut node, at(0), &[alive("x", other, 3)]);
        assert_eq!(status(&node, "x"), Some(Status::Alive));
    }
}
