//! Every packet is well-formed and within its bound: it can be read to its end, says something, and
//! has at most `Config::max_packet_size` bytes.

use core::net::SocketAddr;

use swim_core::wire::memberlist::Unpacker;
use swim_core::wire::{Packet, cluster_hash};
use swim_core::{Config, Instant, Wire};

use super::{Checker, Verdict, grown};

/// See the module.
#[derive(Debug, Default)]
pub struct Packets {
    /// Node -> the bound, the hash of its cluster's name, and whether it speaks memberlist's wire.
    nodes: Vec<(usize, u32, bool)>,
}

impl Checker for Packets {
    fn name(&self) -> &'static str {
        "packets are well-formed and keep within their bound"
    }

    fn started(&mut self, _: Instant, node: usize, config: &Config) {
        let is_memberlist = matches!(config.wire, Wire::Memberlist(_));
        *grown(&mut self.nodes, node) =
            (config.max_packet_size, cluster_hash(&config.cluster), is_memberlist);
    }

    fn sent(&mut self, _: Instant, node: usize, to: SocketAddr, packet: &[u8]) -> Verdict {
        let (most, cluster, is_memberlist) = *grown(&mut self.nodes, node);
        if packet.len() > most {
            return Err(format!(
                "a packet of {} bytes was sent to {to}, the bound is {most}",
                packet.len()
            ));
        }
        if is_memberlist {
            return memberlist(to, packet);
        }
        let mut messages = Packet::open(packet, cluster)
            .map_err(|error| unreadable(to, packet, &error))?
            .peekable();
        if messages.peek().is_none() {
            return Err(format!("a packet without a message was sent to {to}"));
        }
        messages.try_for_each(|message| {
            message.map(drop).map_err(|error| unreadable(to, packet, &error))
        })
    }
}

fn memberlist(to: SocketAddr, packet: &[u8]) -> Verdict {
    let (mut messages, mut broken) = (0, None);
    Unpacker::default().unpack(packet, |message| match message {
        Ok(_) => messages += 1,
        Err(error) => broken = Some(error),
    });
    match broken {
        Some(error) => Err(unreadable(to, packet, &error)),
        None if messages == 0 => Err(format!("a packet without a message was sent to {to}")),
        None => Ok(()),
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
        Message::Ping { sequence: swim_core::SequenceNumber::new(7), target: "b", source: "a" }
            .encode(&mut packet);
        packet
    }

    #[test]
    fn planted_packets_of_memberlist_s_wire_are_caught() {
        let mut checker = Packets::default();
        let wire = swim_core::MemberlistWire::PLAIN;
        checker.started(
            Instant::ORIGIN,
            2,
            &Config { max_packet_size: 512, ..Config::memberlist_lan(wire) },
        );
        let mut sent = |packet: &[u8]| {
            checker.sent(Instant::ORIGIN, 2, crate::ground::address::numbered(0), packet)
        };
        let nack = [11, 0x81, 0xa5, b'S', b'e', b'q', b'N', b'o', 7];
        assert_eq!(sent(&nack), Ok(()));
        for bad in [&nack[..0], &nack[..6], &ping("default"), &[7, 0], &[0; 513]] {
            assert!(sent(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn planted_packets_of_every_bad_kind_are_caught() {
        let mut checker = Packets::default();
        checker.started(Instant::ORIGIN, 2, &Config { max_packet_size: 512, ..Config::lan() });
        let mut sent = |packet: &[u8]| {
            checker.sent(Instant::ORIGIN, 2, crate::ground::address::numbered(0), packet)
        };
        let good = ping("default");
        assert_eq!(sent(&good), Ok(()));
        let (empty, only_a_header, cut_off) = (&good[..0], &good[..5], &good[..good.len() - 1]);
        for bad in [empty, only_a_header, cut_off, &ping("other"), &good.repeat(100)] {
            assert!(sent(bad).is_err(), "{bad:?}");
        }
    }
}
