//! What a node does at its own times.

use super::Run;
use super::packets::with_queue;
use crate::node::{self, Node};

/// Gossip to three members, until all is said; after that only the timer runs, so a measurement
/// must not take longer.
pub(super) fn gossip(members: usize, queued: usize) -> Run {
    let mut node = with_queue(members, queued);
    Box::new(move |repetitions| {
        for _ in 0..repetitions {
            let sent = node.swim.metrics().packets_sent;
            // A probe may be due before: every fifth time, since there are five ticks in its
            // period. And a node that has learnt more than about 100 members at once is due to
            // compare tables as often as it gossips: its exchange is never answered, so that is a
            // look at the timer, some 400 instructions.
            while node.swim.metrics().packets_sent < sent + 3 {
                node.next_timer();
                node.send_and_answer();
            }
            assert!(node.swim.queued_updates() > 0, "the queue lasts");
        }
    })
}

/// A protocol period whose probe is acked at once.
pub(super) fn probe(members: usize) -> Run {
    let mut node = Node::new(members, node::quiet());
    Box::new(move |repetitions| {
        let before = probes(&node);
        for _ in 0..repetitions {
            node.next_timer();
            node.send_and_answer();
        }
        assert_eq!(
            probes(&node),
            after(before, repetitions),
            "each repetition is a probe and its ack"
        );
    })
}

/// A protocol period whose ping is lost: three relays are drawn and asked, and then an ack comes.
pub(super) fn indirect_probe(members: usize) -> Run {
    let mut node = Node::new(members, node::quiet());
    Box::new(move |repetitions| {
        let before = probes(&node);
        for _ in 0..repetitions {
            node.next_timer();
            node.send_but_keep_the_answer();
            node.next_timer();
            node.send();
            node.repeat_answer();
        }
        assert_eq!(
            probes(&node),
            after(before, repetitions),
            "each repetition is a probe and its ack"
        );
    })
}

/// How many probes were begun, and how many were acked.
fn probes(node: &Node) -> [u64; 2] {
    let metrics = node.swim.metrics();
    [metrics.probes, metrics.probes_acked + metrics.probes_acked_indirectly()]
}

/// What [`probes`] says after so many repetitions.
fn after(before: [u64; 2], repetitions: u32) -> [u64; 2] {
    before.map(|count| count + u64::from(repetitions))
}
