//! Nodes that can exchange tables and yet never live in one cluster: found at their first exchange,
//! and refused.
//!
//! A node whose packets go by UDP would be alive for some seconds after its join, and then fail
//! without a reason given. One that says that it is reached at 127.0.0.1 has the others probe
//! themselves. docs/WIRE.md, "Frames of the TCP transport".

use std::net::SocketAddr;

use tokio::time::Instant;

use super::frame::{Frame, PacketsBy, Refusal};
use super::seldom::Seldom;

/// Why two nodes do not belong into one cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mismatch {
    /// Its packets go by UDP, and ours by TCP.
    PacketsByUdp,
    /// Its packets go by TCP, and ours by UDP.
    PacketsByTcp,
    /// It says that it is reached at a loopback address, and we are not.
    LoopbackThere,
    /// We say so.
    LoopbackHere,
}

impl Mismatch {
    /// What it is told.
    pub(crate) const fn refusal(self) -> Refusal {
        match self {
            Self::PacketsByUdp => Refusal::PacketsByTcp,
            Self::PacketsByTcp => Refusal::PacketsByUdp,
            Self::LoopbackThere => Refusal::LoopbackOpener,
            Self::LoopbackHere => Refusal::LoopbackAcceptor,
        }
    }
}

/// What this node is, to compare others with.
#[derive(Debug)]
pub(crate) struct Mismatches {
    pub(crate) packets: PacketsBy,
    advertised: SocketAddr,
    warned: Seldom,
}

impl Mismatches {
    pub(crate) fn new(packets: PacketsBy, advertised: SocketAddr) -> Self {
        Self { packets, advertised, warned: Seldom::default() }
    }

    /// What stands against taking a frame from a node that says it is reached at `from`.
    pub(crate) fn find(&self, from: SocketAddr, frame: &Frame) -> Option<Mismatch> {
        let request = match frame {
            Frame::Packet(_) => None,
            Frame::Request { exchange, .. } => Some(*exchange),
            // These answer what this node asked, wherever it dialed.
            Frame::Reply { .. } | Frame::Refuse { .. } => return None,
        };
        match (from.ip().is_loopback(), self.advertised.ip().is_loopback()) {
            (true, false) => return Some(Mismatch::LoopbackThere),
            (false, true) => return Some(Mismatch::LoopbackHere),
            _ => {}
        }
        match (PacketsBy::of(request?), self.packets) {
            (PacketsBy::Udp, PacketsBy::Tcp) => Some(Mismatch::PacketsByUdp),
            (PacketsBy::Tcp, PacketsBy::Udp) => Some(Mismatch::PacketsByTcp),
            _ => None,
        }
    }

    /// Says so to this side's operator, now and then.
    pub(crate) fn warn(&self, from: SocketAddr, mismatch: Mismatch) {
        if !self.warned.is_time(Instant::now()) {
            return;
        }
        let reason = match mismatch {
            Mismatch::PacketsByUdp => "this cluster's packets go by TCP, and that node's by UDP",
            Mismatch::PacketsByTcp => "this cluster's packets go by UDP, and that node's by TCP",
            Mismatch::LoopbackThere => {
                "it says that it is reached at a loopback address, where no other machine finds it: let it bind to or \
                 advertise an address that the others can reach"
            }
            Mismatch::LoopbackHere => {
                "this node says that it is reached at a loopback address, where no other machine finds it: let it bind to \
                 or advertise an address that the others can reach"
            }
        };
        tracing::warn!(%from, reason, "a node is refused (told now and then only; each is counted)");
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn request(by: PacketsBy) -> Frame {
        Frame::Request { exchange: by.mark(7), payload: Bytes::new() }
    }

    #[test]
    fn each_way_of_sending_packets_is_at_odds_with_the_other_and_with_no_unsaid_one() {
        use PacketsBy::{Tcp, Udp, Unsaid};
        let at = SocketAddr::from(([10, 0, 0, 1], 7));
        for (ours, theirs, found) in [
            (Tcp, Udp, Some(Mismatch::PacketsByUdp)),
            (Udp, Tcp, Some(Mismatch::PacketsByTcp)),
            (Tcp, Tcp, None),
            (Udp, Udp, None),
            (Tcp, Unsaid, None),
            (Udp, Unsaid, None),
        ] {
            assert_eq!(
                Mismatches::new(ours, at).find(at, &request(theirs)),
                found,
                "{ours:?} {theirs:?}"
            );
        }
    }

    #[test]
    fn loopback_and_other_addresses_do_not_mix_for_requests_and_packets() {
        let (there, here) =
            (SocketAddr::from(([10, 0, 0, 1], 7)), SocketAddr::from(([127, 0, 0, 1], 7)));
        for frame in [request(PacketsBy::Tcp), Frame::Packet(Bytes::new())] {
            assert_eq!(
                Mismatches::new(PacketsBy::Tcp, there).find(here, &frame),
                Some(Mismatch::LoopbackThere)
            );
            assert_eq!(
                Mismatches::new(PacketsBy::Tcp, here).find(there, &frame),
                Some(Mismatch::LoopbackHere)
            );
            assert_eq!(Mismatches::new(PacketsBy::Tcp, here).find(here, &frame), None);
        }
    }
}
