//! Sequence numbers match (SWIM 3.1): an ack or a nack answers what its receiver has asked, and of
//! acks in packets only one that bears the number of the probe in flight counts.
//!
//! The message that a packet was made for comes first in it, so only the first one is read. A
//! packet that was damaged in its cluster's hash is not for its receiver, which drops it, so each
//! is opened with the hash of the node's own cluster. What a process was asked is remembered for
//! the last 1,024 requests, since an ack that comes after the nack is still passed on. The number
//! of the probe in flight the node itself says.

use core::net::SocketAddr;
use std::collections::VecDeque;

use swim_core::wire::memberlist::{self, Unpacker};
use swim_core::wire::{Message, Packet, cluster_hash};
use swim_core::{Config, Instant, Wire};

use super::{Checker, Fill, Verdict, grown};

/// So many pings and requests to ping another are remembered of each process.
const REMEMBERED: usize = 1_024;

/// See the module.
#[derive(Debug, Default)]
pub struct Sequences {
    nodes: Vec<Node>,
}

/// What a process was asked, and asks.
#[derive(Clone, Debug, Default)]
struct Node {
    /// The hash of its cluster's name; `None` on memberlist's wire, whose packets bear none.
    cluster: Option<u32>,
    /// The ack that the packet in hand begins with.
    ack: Option<u32>,
    /// The pings and the requests to ping another, with where they came from.
    requests: VecDeque<(SocketAddr, u32)>,
    /// The probe that was in flight before this step, and what the process had counted.
    probe: Option<u32>,
    acked: u64,
}

/// What a packet begins with, if that has a number.
#[derive(Clone, Copy, Debug)]
enum First {
    Ping(u32),
    PingReq(u32),
    Ack(u32),
    Nack(u32),
}

/// What a packet begins with, on the wire of the node that has or had it: its cluster's own, or
/// memberlist's.
fn first(packet: &[u8], cluster: Option<u32>) -> Option<First> {
    if let Some(cluster) = cluster {
        return match Packet::open(packet, cluster).ok()?.next()?.ok()? {
            Message::Ping { sequence, .. } => Some(First::Ping(sequence.get())),
            Message::PingReq { sequence, .. } => Some(First::PingReq(sequence.get())),
            Message::Ack { sequence, .. } => Some(First::Ack(sequence.get())),
            Message::Nack { sequence, .. } => Some(First::Nack(sequence.get())),
            _ => None,
        };
    }
    let mut first = None;
    Unpacker::default().unpack(packet, |message| {
        first = first.or(Some(message.ok().and_then(|message| match message {
            memberlist::Message::Ping { sequence, .. } => Some(First::Ping(sequence.get())),
            memberlist::Message::IndirectPing { sequence, .. } => {
                Some(First::PingReq(sequence.get()))
            }
            memberlist::Message::Ack { sequence, .. } => Some(First::Ack(sequence.get())),
            memberlist::Message::Nack { sequence } => Some(First::Nack(sequence.get())),
            _ => None,
        })));
    });
    first.flatten()
}

impl Checker for Sequences {
    fn name(&self) -> &'static str {
        "sequence numbers match"
    }

    fn started(&mut self, _: Instant, node: usize, config: &Config) {
        let cluster = matches!(config.wire, Wire::Native).then(|| cluster_hash(&config.cluster));
        *grown(&mut self.nodes, node) = Node { cluster, ..Node::default() };
    }

    fn received(&mut self, _: Instant, node: usize, from: SocketAddr, packet: &[u8]) -> Verdict {
        let node = grown(&mut self.nodes, node);
        node.ack = None;
        match first(packet, node.cluster) {
            Some(First::Ack(sequence)) => node.ack = Some(sequence),
            Some(First::Ping(sequence) | First::PingReq(sequence)) => {
                if node.requests.len() == REMEMBERED {
                    node.requests.pop_front();
                }
                node.requests.push_back((from, sequence));
            }
            _ => {}
        }
        Ok(())
    }

    fn injected(&mut self, now: Instant, node: usize, from: SocketAddr, packet: &[u8]) -> Verdict {
        self.received(now, node, from, packet)
    }

    fn sent(&mut self, _: Instant, node: usize, to: SocketAddr, packet: &[u8]) -> Verdict {
        let node = grown(&mut self.nodes, node);
        let (sequence, what) = match first(packet, node.cluster) {
            Some(First::Ack(sequence)) => (sequence, "an ack"),
            Some(First::Nack(sequence)) => (sequence, "a nack"),
            _ => return Ok(()),
        };
        let asked = (to, sequence);
        if node.requests.iter().rev().any(|request| *request == asked) {
            return Ok(());
        }
        Err(format!("{what} #{sequence} was sent to {to}, which did not ask with that number"))
    }

    fn filled(&mut self, node: usize, fill: Fill) -> Verdict {
        let node = grown(&mut self.nodes, node);
        let verdict = if fill.acked > node.acked && (node.ack.is_none() || node.ack != node.probe) {
            Err(format!(
                "ack {:?} counts, and the probe in flight has the number {:?}",
                node.ack, node.probe
            ))
        } else {
            Ok(())
        };
        (node.probe, node.acked, node.ack) =
            (fill.probing.map(|(_, sequence)| sequence), fill.acked, None);
        verdict
    }
}

#[cfg(test)]
mod tests {
    use swim_core::wire::begin_packet;
    use swim_core::{MemberlistWire, SequenceNumber};

    use super::*;
    use crate::ground::address;

    const NOW: Instant = Instant::ORIGIN;

    fn packet(message: &Message<'_>) -> Vec<u8> {
        let mut packet = Vec::new();
        begin_packet(cluster_hash(&Config::lan().cluster), &mut packet);
        message.encode(&mut packet);
        packet
    }

    fn ping(number: u32) -> Vec<u8> {
        packet(&Message::Ping { sequence: SequenceNumber::new(number), target: "b", source: "a" })
    }

    fn ack(number: u32) -> Vec<u8> {
        packet(&Message::Ack { sequence: SequenceNumber::new(number), source: "b" })
    }

    /// So many acks have counted, and the probe with this number is in flight.
    fn fill(acked: u64, probe: u32) -> Fill {
        Fill { active_members: 2, probes: 1, acked, probing: Some((1, probe)), ..Fill::default() }
    }

    #[test]
    fn a_planted_answer_to_what_nobody_asked_is_caught() {
        let asked = packet(&Message::PingReq {
            sequence: SequenceNumber::new(9),
            target: "c",
            source: "a",
        });
        for (number, to, is_right) in [(7, 1, true), (8, 1, false), (7, 2, false), (9, 1, true)] {
            let mut checker = Sequences::default();
            checker.started(NOW, 0, &Config::lan());
            checker.received(NOW, 0, address::numbered(1), &asked).unwrap();
            checker.filled(0, fill(0, 3)).unwrap();
            checker.received(NOW, 0, address::numbered(1), &ping(7)).unwrap();
            let verdict = checker.sent(NOW, 0, address::numbered(to), &ack(number));
            assert_eq!(verdict.is_ok(), is_right, "{number} to {to}: {verdict:?}");
        }
    }

    #[test]
    fn memberlist_s_wire_is_read_too() {
        let packed = |message: &memberlist::Message<'_>| {
            let mut packet = Vec::new();
            let mut writer = memberlist::PacketWriter::begin(&mut packet);
            assert!(writer.push(message));
            writer.finish(memberlist::Packing { compress: false, checksum: true });
            packet
        };
        let source = memberlist::Source::default();
        let ping = packed(&memberlist::Message::Ping {
            sequence: SequenceNumber::new(7),
            target: "b",
            source,
        });
        for number in [7, 8] {
            let mut checker = Sequences::default();
            checker.started(NOW, 0, &Config::memberlist_lan(MemberlistWire::PLAIN));
            checker.received(NOW, 0, address::numbered(1), &ping).unwrap();
            let ack = packed(&memberlist::Message::Ack {
                sequence: SequenceNumber::new(number),
                payload: b"",
            });
            assert_eq!(checker.sent(NOW, 0, address::numbered(1), &ack).is_ok(), number == 7);
        }
    }

    #[test]
    fn a_ping_whose_cluster_was_damaged_asks_nothing() {
        for (damage, is_right) in [(0, true), (1, false)] {
            let mut checker = Sequences::default();
            checker.started(NOW, 0, &Config::lan());
            let mut ping = ping(7);
            ping[1] ^= damage;
            checker.received(NOW, 0, address::numbered(1), &ping).unwrap();
            assert_eq!(
                checker.sent(NOW, 0, address::numbered(1), &ack(7)).is_ok(),
                is_right,
                "{damage}"
            );
        }
    }

    #[test]
    fn a_planted_ack_that_counts_under_another_number_is_caught() {
        for (number, is_right) in [(7, true), (6, false)] {
            let mut checker = Sequences::default();
            checker.started(NOW, 0, &Config::lan());
            checker.filled(0, fill(0, 7)).unwrap();
            checker.received(NOW, 0, address::numbered(1), &ack(number)).unwrap();
            assert_eq!(checker.filled(0, fill(1, 8)).is_ok(), is_right, "{number}");
        }
    }

    #[test]
    fn a_planted_ack_that_counts_though_none_came_is_caught() {
        let mut checker = Sequences::default();
        checker.started(NOW, 0, &Config::lan());
        checker.filled(0, fill(0, 7)).unwrap();
        assert!(checker.filled(0, fill(1, 7)).is_err());
    }
}
