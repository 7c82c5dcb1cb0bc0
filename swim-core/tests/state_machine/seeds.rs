//! Seeds: which are tried how often, and that one where a member lives is left in peace.

use swim_core::wire::ExchangeMessage;
use swim_core::{Config, Event, ExchangeFailure, ExchangeId, ExchangeInput, Instant, Status};

use crate::harness::*;

fn refuse(node: &mut Node, now: Instant, id: ExchangeId) {
    node.handle_exchange(now, ExchangeInput::Failed { id, failure: ExchangeFailure::Refused });
}

#[test]
fn a_failed_seed_rests_once_there_is_a_peer_whatever_the_backoff() {
    let backoffs = [(seconds(1), seconds(1)), (seconds(1), seconds(30))];
    for (join_backoff, join_backoff_max) in backoffs {
        let mut node = node_with(Config { join_backoff, join_backoff_max, ..quiet() });
        deliver(&mut node, at(0), &[alive("b", 1, 2)]);
        node.join(at(0), &[address(50)]).unwrap();
        let (mut joins, mut now) = (0, at(0));
        while now < second(600) {
            for (id, to, request) in opened(&mut node) {
                if to == address(50) {
                    let join = ExchangeMessage::decode(&request, cluster());
                    joins += usize::from(matches!(join, Ok(ExchangeMessage::Join { .. })));
                    refuse(&mut node, now, id);
                } else {
                    say_equal(&mut node, now, id, "b");
                }
            }
            now = step(&mut node);
            sent_and_acked(&mut node, now);
        }
        let told = events(&mut node)
            .iter()
            .filter(|event| matches!(event, Event::SeedFailed { .. }))
            .count();
        assert_eq!(
            (joins, told),
            (1, 1),
            "it is contacted now and then to heal partitions, and not to join"
        );
    }
}

#[test]
fn a_seed_that_came_up_late_is_contacted_once_and_then_known_to_be_the_member_that_lives_there() {
    let mut node = node_with(quiet());
    deliver(&mut node, at(0), &[alive("c", 1, 3)]);
    node.join(at(0), &[address(2)]).unwrap();
    let (id, ..) = opened(&mut node).pop().expect("a join");
    refuse(&mut node, at(0), id);
    deliver(&mut node, at(5), &[alive("b", 1, 2)]);
    let (mut digests, mut now) = (0, at(5));
    while now < second(3_600) {
        now = step(&mut node);
        sent_and_acked(&mut node, now);
        for (id, to, _) in opened(&mut node) {
            digests += 1;
            say_equal(&mut node, now, id, if to == address(2) { "b" } else { "c" });
        }
    }
    assert!(
        digests < 160,
        "tables are compared 120 times an hour, and there is nobody to reconnect to: {digests}"
    );
}

#[test]
fn a_seed_that_is_dead_is_contacted_for_ever() {
    let mut node = node_with(quiet());
    deliver(&mut node, at(0), &[alive("c", 1, 3)]);
    node.join(at(0), &[address(2)]).unwrap();
    let (mut attempts, mut now) = (0, at(0));
    while now < second(3_600) {
        for (id, to, _) in opened(&mut node) {
            if to == address(2) {
                attempts += 1;
                refuse(&mut node, now, id);
            } else {
                say_equal(&mut node, now, id, "c");
            }
        }
        now = step(&mut node);
        sent_and_acked(&mut node, now);
    }
    assert!((90..160).contains(&attempts), "every 30 s: {attempts}");
}

/// Such as addresses behind a firewall, which say nothing at all.
#[test]
fn a_living_seed_among_sixty_silent_ones_is_asked_within_three_seconds() {
    let mut node = node_with(quiet());
    let seeds: Vec<_> = (50..111).map(address).collect();
    node.join(at(0), &seeds).unwrap();
    let (mut asked, mut now) = (opened(&mut node), at(0));
    assert_eq!(asked.len(), 3, "a cluster that is there is not asked for its table by all at once");
    while now <= second(3) {
        now = step(&mut node);
        asked.extend(opened(&mut node));
    }
    assert_eq!(asked.len(), seeds.len());
}

#[test]
fn once_a_seed_has_answered_no_more_are_asked_at_once_than_the_setting_says() {
    let mut node = node_with(quiet());
    let seeds: Vec<_> = (50..111).map(address).collect();
    node.join(at(0), &seeds).unwrap();
    let (id, to, _) = opened(&mut node).pop().unwrap();
    let mut payload = Vec::new();
    let mut reply = swim_core::wire::begin_join_reply(cluster(), "n", usize::MAX, &mut payload);
    assert!(reply.push(&entry("n", 1, Status::Alive, to.port())));
    node.handle_exchange(at(10), ExchangeInput::Reply { id, payload: &payload });
    let mut now = at(10);
    let mut further = opened(&mut node).len();
    while now <= second(3) {
        now = step(&mut node);
        sent_and_acked(&mut node, now);
        further += opened(&mut node).len();
    }
    assert!(further <= 4, "{further}");
}

#[test]
fn seeds_that_the_user_gives_again_are_all_tried_though_they_failed_before() {
    let mut node = node_with(Config { join_parallelism: 1, ..quiet() });
    deliver(&mut node, at(0), &[alive("b", 1, 2)]);
    for port in [50, 60] {
        node.join(at(0), &[address(port)]).unwrap();
        let (id, ..) = opened(&mut node).pop().unwrap();
        node.handle_exchange(
            at(0),
            ExchangeInput::Failed { id, failure: ExchangeFailure::Refused },
        );
    }
    node.join(at(1), &[address(50), address(60)]).unwrap();
    let first = opened(&mut node);
    assert_eq!(first.len(), 1, "one at a time");
    let (id, to, _) = &first[0];
    let mut payload = Vec::new();
    assert!(
        swim_core::wire::begin_join_reply(cluster(), "n", usize::MAX, &mut payload).push(&entry(
            "n",
            1,
            Status::Alive,
            to.port()
        ))
    );
    node.handle_exchange(at(2), ExchangeInput::Reply { id: *id, payload: &payload });
    assert_eq!(opened(&mut node).len(), 1, "the user asked for both");
}

/// 1b: the same after isolation.

#[test]
fn seeds_that_are_woken_by_isolation_are_tried_though_they_failed_in_a_former_life() {
    let mut node = node_with(Config { join_parallelism: 1, ..quiet() });
    deliver(&mut node, at(0), &[alive("b", 1, 2)]);
    node.join(at(0), &[address(50)]).unwrap();
    let (id, ..) = opened(&mut node).pop().unwrap();
    node.handle_exchange(at(0), ExchangeInput::Failed { id, failure: ExchangeFailure::Refused });
    let mut payload = Vec::new();
    // A second seed fails too, so both are resting and `failed`.
    node.join(at(1), &[address(60)]).unwrap();
    let (id, ..) = opened(&mut node).pop().unwrap();
    node.handle_exchange(at(1), ExchangeInput::Failed { id, failure: ExchangeFailure::Refused });
    deliver(&mut node, at(2), &[dead("b", 1, "x")]); // alone: both are woken, one is contacted (parallelism 1)
    let first = opened(&mut node);
    assert_eq!(first.len(), 1);
    let (id, to, _) = &first[0];
    // ... it answers, with an empty table but for itself being... nobody (a fresh node that has not
    // learnt its own life)
    assert!(
        swim_core::wire::begin_join_reply(cluster(), "n", usize::MAX, &mut payload).push(&entry(
            "n",
            1,
            Status::Alive,
            to.port()
        ))
    );
    node.handle_exchange(at(3), ExchangeInput::Reply { id: *id, payload: &payload });
    let second_try = opened(&mut node);
    assert_eq!(second_try.len(), 1, "the other was not tried since we are alone");
}
