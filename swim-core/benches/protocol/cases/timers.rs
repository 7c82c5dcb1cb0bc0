//! What a node does at its own times.

use super::Run;
use super::packets::with_queue;
use crate::node::{self, Node};

/// Gossip to three members, until all is said; after that only the timer runs, so a measurement must not take longer.
pub(super) fn gossip(members: usize, queued: usize) -> Run {
    let mut node = with_queue(members, queued);
    Box::new(move |repetitions| {
        for _ in 0..repetitions {
            let sent = node.swim.metrics().packets_sent;
            // A probe may be due before: every fifth time, since there are five ticks in its period.
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
        for _ in 0..repetitions {
            node.next_timer();
            node.send_and_answer();
        }
    })
}

/// A protocol period whose ping is lost: three relays are drawn and asked, and then an ack comes.
pub(super) fn indirect_probe(members: usize) -> Run {
    let mut node = Node::new(members, node::quiet());
    Box::new(move |repetitions| {
        for _ in 0..repetitions {
            node.next_timer();
            node.send_but_keep_the_answer();
            node.next_timer();
            node.send();
            node.repeat_answer();
        }
    })
}
