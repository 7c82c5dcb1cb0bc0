//! A node among healthy peers: what it does of its own and what they send it, second by second.

use std::time::Duration;

use swim_core::wire::{ExchangeMessage, Message};
use swim_core::{Config, SequenceNumber};

use super::Run;
use crate::node::{self, Node, address, name};

/// How many peers' pings are prepared: they come from members all over the table.
const PINGING: usize = 64;

/// One second: the node's own probe and its ack, a ping of another member and the ack to it, and a
/// thirtieth of a round of anti-entropy in each direction, with equal tables. Nothing changes, so
/// nobody gossips.
pub(super) fn second(members: usize) -> Run {
    let mut node = Node::new(members, Config::lan());
    let target = name(0);
    let pings: Vec<_> = (0..PINGING)
        .map(|i| {
            let from = 1 + i * (members - 1) / PINGING;
            let mut packet = node::packet();
            let sequence = SequenceNumber::new(i as u32);
            Message::Ping { sequence, target: &target, source: &name(from) }.encode(&mut packet);
            (address(from), packet)
        })
        .collect();
    let source = name(1);
    let request =
        node::exchange(&ExchangeMessage::Digest { source: &source, digest: node.swim.digest() });
    let equal = node::exchange(&ExchangeMessage::DigestReply { source: &source, buckets: None });
    let mut seconds = 0;
    Box::new(move |repetitions| {
        for _ in 0..repetitions {
            let end = node.now + Duration::from_secs(1);
            let (from, ping) = &pings[seconds % PINGING];
            node.swim.handle_packet(node.now, *from, ping);
            node.send();
            if seconds % 30 == 0 {
                node.request(&request);
            }
            while node.swim.poll_timeout().is_some_and(|at| at <= end) {
                node.next_timer();
                node.send_and_answer();
                node.agree(&equal);
            }
            node.now = end;
            seconds += 1;
        }
        assert_eq!((node.swim.suspicions(), node.swim.queued_updates()), (0, 0), "nothing happens");
    })
}
