//! Every packet is well-formed and within its bound: it can be read to its end, says something, and has at most
//! `Config::max_packet_size` bytes.

use core::net::SocketAddr;

use swim_core::wire::{Packet, cluster_hash};
use swim_core::{Config, Instant};

use super::{Checker, Verdict, grown};

/// See the module.
#[derive(Debug, Default)]
pub struct Packets {
    /// Node -> the bound, and the hash of its cluster's name.
    nodes: Vec<(usize, u32)>,
}

impl Checker for Packets {
    fn name(&self) -> &'static str {
        "packets are well-formed and keep within their bound"
    }

    fn started(&mut self, _: Instant, node: usize, config: &Config) {
        *grown(&mut self.nodes, node) = (config.max_packet_size, cluster_hash(&config.cluster));
    }

    fn sent(&mut self, _: Instant, node: usize, to: SocketAddr, packet: &[u8]) -> Verdict {
        let (most, cluster) = *grown(&mut self.nodes, node);
        if packet.len() > most {
            return Err(format!("a packet of {} bytes was sent to {to}, the bound is {most}", packet.len()));
        }
        let mut messages = Packet::open(packet, cluster).map_err(|error| unreadable(to, packet, &error))?.peekable();
        if messages.peek().is_none() {
            return Err(format!("a packet without a message was sent to {to}"));
        }
        messages.try_for_each(|message| message.map(drop).map_err(|error| unreadable(to, packet, &error)))
    }
}

fn unreadable(to: SocketAddr, packet: &[u8], error: &dyn core::fmt::Debug) -> String {
    format!("a packet was sent to {to} that cannot be read ({error:?}): {packet:02x?}")
}

#[cfg(test)]
mod tests {
    use swim_core::wire::{Message, begin_packet};

    use super::*;

    fn ping(cluster: &str) -> Vec<u8> {
        let mut packet = Vec::new();
        begin_packet(cluster_hash(cluster), &mut packet);
        Message::Ping { sequence: swim_core::SequenceNumber::new(7), target: "b", source: "a" }.encode(&mut packet);
        packet
    }

    #[test]
    fn planted_packets_of_every_bad_kind_are_caught() {
        let mut checker = Packets::default();
        checker.started(Instant::ORIGIN, 2, &Config { max_packet_size: 512, ..Config::lan() });
        let mut sent = |packet: &[u8]| checker.sent(Instant::ORIGIN, 2, crate::address::numbered(0), packet);
        let good = ping("default");
        assert_eq!(sent(&good), Ok(()));
        let (empty, only_a_header, cut_off) = (&good[..0], &good[..5], &good[..good.len() - 1]);
        for bad in [empty, only_a_header, cut_off, &ping("other"), &good.repeat(100)] {
            assert!(sent(bad).is_err(), "{bad:?}");
        }
    }
}
