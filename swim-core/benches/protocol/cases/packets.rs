//! What arrives in packets.

use swim_core::wire::Message;
use swim_core::{Config, SequenceNumber};

use super::Run;
use crate::node::{self, Node, Said, name};

/// A ping that carries updates, and the ack to it. Known updates say what the table says; fresh
/// ones raise incarnations, ten members in turn.
pub(super) fn ping(members: usize, updates: usize, fresh: bool) -> Run {
    let mut node = Node::new(members, Config::lan());
    let mut packet = node::ping();
    let mut incarnation = if fresh { FIRST } else { 1 };
    let mut places = Vec::new();
    for i in 0..updates {
        let start = packet.len();
        node::say(2 + i * (members - 2) / 10, &Said::Alive(incarnation), &mut packet);
        let number = (incarnation as u32).to_be_bytes();
        let place = packet[start..].windows(4).position(|bytes| bytes == number);
        places.extend(place.filter(|_| fresh).map(|place| start + place));
    }
    Box::new(move |repetitions| {
        for _ in 0..repetitions {
            incarnation += u64::from(fresh);
            for &place in &places {
                packet[place..][..4].copy_from_slice(&(incarnation as u32).to_be_bytes());
            }
            node.hear(&packet);
            node.send();
            node.drop_outputs();
        }
    })
}

/// An incarnation of 32 bits, so that later ones have as many.
const FIRST: u64 = 1 << 24;

/// The ack to a probe that is acked already: read, matched and dropped. The first one does little
/// more; it is part of the case of the probe.
pub(super) fn second_ack(members: usize) -> Run {
    let mut node = Node::new(members, Config::lan());
    while node.swim.metrics().probes_acked == 0 {
        node.next_timer();
        node.send_and_answer();
    }
    Box::new(move |repetitions| (0..repetitions).for_each(|_| node.repeat_answer()))
}

/// A request to ping another member, that ping, its ack, and the ack passed on.
pub(super) fn ping_req(members: usize) -> Run {
    let mut node = Node::new(members, Config::lan());
    let mut packet = node::packet();
    let (target, source) = (name(members / 2), name(1));
    Message::PingReq { sequence: SequenceNumber::new(9), target: &target, source: &source }
        .encode(&mut packet);
    Box::new(move |repetitions| {
        for _ in 0..repetitions {
            node.hear(&packet);
            node.send_and_answer();
        }
    })
}

/// A ping without updates, and the ack, which is filled from the queue.
pub(super) fn from_queue(members: usize, queued: usize) -> Run {
    let mut node = with_queue(members, queued);
    let packet = node::ping();
    Box::new(move |repetitions| {
        for _ in 0..repetitions {
            node.hear(&packet);
            node.send();
        }
    })
}

/// A node whose queue lasts for more packets than a measurement takes.
pub(super) fn with_queue(members: usize, queued: usize) -> Node {
    let gossip_interval = Config::lan().gossip_interval;
    let mut node =
        Node::new(members, Config { retransmit_mult: 32, gossip_interval, ..node::quiet() });
    for number in 0..queued {
        let mut packet = node::packet();
        // Beyond the members these are newcomers.
        node::say(2 + number, &Said::Alive(2), &mut packet);
        node.hear(&packet);
        node.drop_outputs();
    }
    assert_eq!(node.swim.queued_updates(), queued);
    node
}
