//! The table of members: growing, shrinking, and swapped with others.

use std::hint::black_box;
use std::time::Duration;

use swim_core::Config;
use swim_core::wire::{ExchangeMessage, begin_buckets};

use super::Run;
use crate::node::{self, Node, Said, address, cluster, name};

/// A newcomer is heard of, leaves, and is forgotten at once, tombstone and all.
pub(super) fn insert_and_remove(members: usize) -> Run {
    let zero = Duration::ZERO;
    let config = Config {
        gossip_to_dead_for: zero,
        reap_left_after: zero,
        tombstone_for: zero,
        ..Config::lan()
    };
    let mut node = Node::new(members, config);
    let (mut alive, mut left) = (node::packet(), node::packet());
    node::say(members, &Said::Alive(1), &mut alive);
    node::say(members, &Said::Left(1), &mut left);
    Box::new(move |repetitions| {
        for _ in 0..repetitions {
            node.hear(&alive);
            node.hear(&left);
            node.swim.handle_timeout(node.now);
            node.drop_outputs();
        }
        assert_eq!(node.swim.active_members(), members);
    })
}

/// The request of a join.
pub(super) fn written(members: usize) -> Run {
    let mut node = Node::new(members, Config::lan());
    Box::new(move |repetitions| {
        for _ in 0..repetitions {
            node.swim.join(node.now, &[address(1)]).unwrap();
            node.fail_exchanges();
            node.drop_outputs();
        }
    })
}

/// The reply to a join, checked as it is on arrival.
pub(super) fn decoded(members: usize) -> Run {
    let table = node::table(members);
    Box::new(move |repetitions| {
        for _ in 0..repetitions {
            let message = ExchangeMessage::decode(black_box(&table), cluster()).unwrap();
            assert!(
                matches!(message, ExchangeMessage::JoinReply { entries, .. } if entries.len() == members - 1)
            );
        }
    })
}

/// A table that says nothing new, checked and merged.
pub(super) fn known(members: usize) -> Run {
    let mut node = Node::new(members, Config::lan());
    let mut request = Vec::new();
    // No bucket is asked for in return.
    let mut writer = begin_buckets(cluster(), &name(1), 0, usize::MAX, &mut request);
    for number in 1..members {
        assert!(writer.push(&node::entry(number, 1, &name(number))));
    }
    Box::new(move |repetitions| {
        for _ in 0..repetitions {
            black_box(node.request(&request));
        }
    })
}

/// A whole cluster learnt at once by a node that was alone, with an event for each member.
pub(super) fn learnt(members: usize) -> Run {
    let table = node::table(members);
    Box::new(move |repetitions| {
        for _ in 0..repetitions {
            let mut node = Node::alone(Config::lan());
            node.learn(&table);
            assert_eq!(node.swim.active_members(), members);
        }
    })
}

/// A peer's digest, and the answer: nothing, or the digests of all buckets.
pub(super) fn digest(members: usize, equal: bool) -> Run {
    let mut node = Node::new(members, Config::lan());
    let digest = if equal { node.swim.digest() } else { !node.swim.digest() };
    let request = node::exchange(&ExchangeMessage::Digest { source: &name(1), digest });
    Box::new(move |repetitions| {
        for _ in 0..repetitions {
            black_box(node.request(&request));
        }
    })
}

/// A peer's entries of one bucket, of which one is newer, and ours in return.
pub(super) fn bucket(members: usize) -> Run {
    let mut node = Node::new(members, Config::lan());
    // A bucket has a 64th of the names: which ones does not matter to the cost.
    let numbers: Vec<usize> = (1..members).step_by(64).collect();
    let mut incarnation = 1;
    let mut request = Vec::new();
    Box::new(move |repetitions| {
        for _ in 0..repetitions {
            incarnation += 1;
            let mut writer = begin_buckets(cluster(), &name(1), 1, usize::MAX, &mut request);
            for (place, &number) in numbers.iter().enumerate() {
                let id = name(number);
                let incarnation = if place == 0 { incarnation } else { 1 };
                assert!(writer.push(&node::entry(number, incarnation, &id)));
            }
            black_box(node.request(&request));
            node.drop_outputs();
        }
    })
}
