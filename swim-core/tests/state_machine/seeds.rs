//! Seeds: which are tried how often, and that one where a member lives is left in peace.

use swim_core::wire::ExchangeMessage;
use swim_core::{Config, Event, ExchangeFailure, ExchangeId, ExchangeInput, Instant};

use crate::harness::{
    Node, address, alive, at, cluster, deliver, events, node_with, opened, quiet, say_equal, second, seconds,
    sent_and_acked, step,
};

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
        let told = events(&mut node).iter().filter(|event| matches!(event, Event::SeedFailed { .. })).count();
        assert_eq!((joins, told), (1, 1), "it is contacted now and then to heal partitions, and not to join");
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
    assert!(digests < 160, "tables are compared 120 times an hour, and there is nobody to reconnect to: {digests}");
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
