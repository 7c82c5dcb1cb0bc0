//! Every member is probed in its turn (SWIM 4.3): between two probes of a member that stays active a node probes at most
//! 2n - 1 times, and once more for each that joins meanwhile, since newcomers are placed at random in the round.
//!
//! Whom a probe is for is read from the ping that comes out in the same step. A node that cannot send, as one that is
//! clogged, begins probes whose pings are not seen then: after such a one all waits begin anew. The rows are looked at when
//! a probe begins, in clusters of up to [`SMALL`] nodes: that costs a look at each of them.

use core::net::SocketAddr;
use std::collections::BTreeMap;

use swim_core::wire::memberlist::{self, Unpacker};
use swim_core::wire::{HEADER_LEN, Message, Packet};
use swim_core::{Config, Event, Instant};

use super::watch::SMALL;
use super::{Checker, Fill, Verdict, grown};
use crate::name;

/// See the module.
#[derive(Debug, Default)]
pub struct Rounds {
    nodes: Vec<Node>,
}

#[derive(Clone, Debug, Default)]
struct Node {
    /// Active member's number -> how long it waits.
    waits: BTreeMap<usize, Wait>,
    /// Whom the last ping since the last step was for, and how many pings there were.
    pinged: Option<usize>,
    pings: u64,
    /// The probes that were counted before this step.
    probes: u64,
}

/// What has happened since a member was probed, or joined.
#[derive(Clone, Copy, Debug, Default)]
struct Wait {
    probes: u64,
    joined: u64,
    most_peers: u64,
}

impl Wait {
    const fn is_too_long(&self) -> bool {
        self.probes > 2 * self.most_peers + self.joined
    }
}

/// Whom a packet pings, on either wire: the message that a packet is made for is its first.
fn pinged(packet: &[u8]) -> Option<usize> {
    let cluster = packet.get(1..HEADER_LEN).and_then(|hash| hash.try_into().ok()).map(u32::from_be_bytes);
    if let Some(Ok(message)) = cluster.and_then(|cluster| Packet::open(packet, cluster).ok()?.next()) {
        return if let Message::Ping { target, .. } = message { name::number(target) } else { None };
    }
    let mut first = None;
    Unpacker::default().unpack(packet, |message| {
        first = first.or(Some(match message {
            Ok(memberlist::Message::Ping { target, .. }) => name::number(target),
            _ => None,
        }));
    });
    first.flatten()
}

impl Checker for Rounds {
    fn name(&self) -> &'static str {
        "every member is probed in its turn"
    }

    fn started(&mut self, _: Instant, node: usize, _: &Config) {
        *grown(&mut self.nodes, node) = Node::default();
    }

    fn sent(&mut self, _: Instant, node: usize, _: SocketAddr, packet: &[u8]) -> Verdict {
        if let Some(target) = pinged(packet) {
            let node = grown(&mut self.nodes, node);
            (node.pinged, node.pings) = (Some(target), node.pings + 1);
        }
        Ok(())
    }

    fn told(&mut self, _: Instant, node: usize, event: &Event, about: Option<usize>) -> Verdict {
        let (Some(subject), node) = (about, grown(&mut self.nodes, node)) else { return Ok(()) };
        match event {
            Event::Joined(_) => {
                node.waits.values_mut().for_each(|wait| wait.joined += 1);
                node.waits.insert(subject, Wait::default());
            }
            Event::Failed(_) | Event::Left(_) => drop(node.waits.remove(&subject)),
            _ => {}
        }
        Ok(())
    }

    fn filled(&mut self, node: usize, fill: Fill) -> Verdict {
        let node = grown(&mut self.nodes, node);
        let (pinged, pings) = (node.pinged.take(), core::mem::take(&mut node.pings));
        let begun = fill.probes - core::mem::replace(&mut node.probes, fill.probes);
        if begun == 0 || fill.active_members > SMALL {
            return Ok(());
        }
        if (begun, pings) != (1, 1) {
            node.waits.values_mut().for_each(|wait| *wait = Wait::default());
            return Ok(());
        }
        let peers = fill.active_members.saturating_sub(1) as u64;
        for (subject, wait) in &mut node.waits {
            if pinged == Some(*subject) {
                *wait = Wait { most_peers: peers, ..Wait::default() };
                continue;
            }
            (wait.probes, wait.most_peers) = (wait.probes + 1, wait.most_peers.max(peers));
            if wait.is_too_long() {
                return Err(format!(
                    "{} probes passed node-{subject} by, with at most {} peers",
                    wait.probes, wait.most_peers
                ));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use swim_core::wire::{begin_packet, cluster_hash};
    use swim_core::{Claim, Incarnation, Member, SequenceNumber, Status};

    use super::*;
    use crate::address;

    fn joined(number: usize) -> Event {
        let claim = Claim::new(Incarnation::new(1), Status::Alive);
        let (id, address) = (name::numbered(number), address::numbered(number as u32));
        Event::Joined(Member { id, address, metadata: Arc::from([]), claim })
    }

    fn ping(checker: &mut Rounds, target: usize) {
        let (mut packet, target) = (Vec::new(), name::numbered(target));
        begin_packet(cluster_hash("any"), &mut packet);
        Message::Ping { sequence: SequenceNumber::new(7), target: target.as_str(), source: "a" }.encode(&mut packet);
        checker.sent(Instant::ORIGIN, 0, address::numbered(1), &packet).unwrap();
    }

    fn filled(checker: &mut Rounds, probes: u64) -> Verdict {
        checker.filled(0, Fill { updates: 0, broadcasts: 0, active_members: 3, health: 0, probes, acked: 0 })
    }

    fn probe(checker: &mut Rounds, target: usize, number: u64) -> Verdict {
        ping(checker, target);
        filled(checker, number)
    }

    fn two_peers() -> Rounds {
        let mut checker = Rounds::default();
        checker.started(Instant::ORIGIN, 0, &Config::lan());
        for number in [1, 2] {
            checker.told(Instant::ORIGIN, 0, &joined(number), Some(number)).unwrap();
        }
        checker
    }

    #[test]
    fn a_planted_order_that_skips_a_member_is_caught() {
        let mut checker = two_peers();
        for (number, target) in [1, 2, 2, 1, 1, 2].into_iter().enumerate() {
            assert_eq!(probe(&mut checker, target, number as u64 + 1), Ok(()));
        }
        let skipping = (7..20).map(|number| probe(&mut checker, 2, number));
        assert!(skipping.collect::<Result<Vec<_>, _>>().is_err_and(|what| what.contains("passed node-1 by")));
    }

    #[test]
    fn who_cannot_send_is_not_judged_by_what_comes_out_late() {
        let mut checker = two_peers();
        // Clogged: probes begin, and no ping is seen. Later all come out at once.
        for number in 1..9 {
            assert_eq!(filled(&mut checker, number), Ok(()));
        }
        for _ in 0..9 {
            ping(&mut checker, 2);
        }
        assert_eq!(filled(&mut checker, 9), Ok(()));
        let skipping = (10..20).map(|number| probe(&mut checker, 2, number));
        assert!(skipping.collect::<Result<Vec<_>, _>>().is_err(), "and judged again from then on");
    }
}
