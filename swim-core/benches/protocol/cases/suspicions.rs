//! Suspicions.

use std::time::Duration;

use swim_core::Config;

use super::Run;
use crate::node::{self, Node, Said};

/// A member is suspected by another, and then heard to refute it. Both are queued, and nothing is
/// sent.
pub(super) fn refuted(members: usize) -> Run {
    let mut node = Node::new(members, Config::lan());
    let mut incarnation = 1;
    let (mut suspect, mut alive) = (node::packet(), node::packet());
    let start = suspect.len();
    Box::new(move |repetitions| {
        for _ in 0..repetitions {
            suspect.truncate(start);
            alive.truncate(start);
            node::say(members / 2, &Said::Suspect(incarnation), &mut suspect);
            node::say(members / 2, &Said::Alive(incarnation + 1), &mut alive);
            node.hear(&suspect);
            node.hear(&alive);
            node.drop_outputs();
            incarnation += 1;
        }
    })
}

/// A member is suspected, declared dead when that ends, and heard to be alive after all. The node
/// is not called meanwhile, so the end is put off once, and two protocol periods and the beginning
/// of a round of anti-entropy are in the measurement; what it sends is dropped.
pub(super) fn expired(members: usize) -> Run {
    let mut node = Node::new(members, Config { reliable_fallback: false, ..Config::lan() });
    let mut incarnation = 1;
    let mut packet = node::packet();
    let start = packet.len();
    Box::new(move |repetitions| {
        for _ in 0..repetitions {
            packet.truncate(start);
            node::say(members / 2, &Said::Suspect(incarnation), &mut packet);
            node.hear(&packet);
            let dead = node.swim.metrics().suspicions_expired;
            node.now = node.now + Duration::from_secs(100);
            while node.swim.metrics().suspicions_expired == dead {
                node.swim.handle_timeout(node.now);
                node.send_and_answer();
                node.now = node.now + node.swim.config().probe_timeout;
            }
            node.fail_exchanges();
            incarnation += 1;
            packet.truncate(start);
            node::say(members / 2, &Said::Alive(incarnation), &mut packet);
            node.hear(&packet);
            node.drop_outputs();
        }
    })
}
