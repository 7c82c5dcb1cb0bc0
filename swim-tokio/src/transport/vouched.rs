//! What the certificate of a connection's other side vouches for: [`Peer`]. It knows no socket and
//! no certificate, only the names in it, and has the core say in whose name bytes speak.

use std::sync::Arc;

use swim_core::{Protection, wire};

use super::frame::{Frame, PACKET_HEADER};

/// The other side of a connection.
#[derive(Clone, Debug)]
pub(crate) struct Peer {
    /// The names that it may use, and that its address stands for; `None` if any.
    names: Option<Arc<[Box<str>]>>,
    /// The hash of the cluster's name.
    cluster: u32,
    /// What the connection proves about it.
    protection: Protection,
}

impl Peer {
    /// One that may use any name.
    pub(crate) const fn anyone(protection: Protection) -> Self {
        Self { names: None, cluster: 0, protection }
    }

    /// One that may use these names only.
    #[cfg(any(feature = "tls", test))]
    pub(crate) fn named(names: Arc<[Box<str>]>, cluster: u32) -> Self {
        Self { names: Some(names), cluster, protection: Protection::Named }
    }

    /// What the connection proves about it.
    pub(crate) const fn protection(&self) -> Protection {
        self.protection
    }

    /// Returns true if a frame that came from it speaks in no other name.
    pub(crate) fn may_say(&self, frame: &Frame) -> bool {
        let Some(names) = &self.names else { return true };
        match frame {
            Frame::Packet(payload) => {
                wire::speakers(payload, self.cluster).all(|name| is_among(names, name))
            }
            Frame::Request { payload, .. } | Frame::Reply { payload, .. } => {
                wire::exchange_speaker(payload, self.cluster)
                    .is_none_or(|name| is_among(names, name))
            }
            Frame::Refuse { .. } => true,
        }
    }

    /// The frame without what it passes on of others, which only they may say: broadcasts, events,
    /// queries, answers. And how many messages those were.
    pub(crate) fn without_others(&self, frame: Frame) -> (Frame, usize) {
        if let (Some(names), Frame::Packet(payload)) = (&self.names, &frame)
            && let Some((kept, others)) =
                wire::without_others(payload, self.cluster, |name| is_among(names, name))
        {
            return (Frame::Packet(kept.into()), others);
        }
        (frame, 0)
    }

    /// Returns true if a frame that is to go to it pings nobody else: the table has another member
    /// at this address.
    pub(crate) fn is_meant_by(&self, frame: &[u8]) -> bool {
        let Some(names) = &self.names else { return true };
        // The other frames without a payload of their own carry no name.
        match frame.split_at_checked(PACKET_HEADER) {
            Some((_, payload)) => {
                wire::pinged(payload, self.cluster).all(|name| is_among(names, name))
            }
            None => true,
        }
    }
}

fn is_among(names: &[Box<str>], name: &str) -> bool {
    names.iter().any(|known| **known == *name)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use swim_core::SequenceNumber;
    use swim_core::wire::{ExchangeMessage, Message, begin_packet};

    use super::super::frame;
    use super::*;

    fn ping(target: &str, source: &str) -> Vec<u8> {
        let mut packet = Vec::new();
        begin_packet(7, &mut packet);
        Message::Ping { sequence: SequenceNumber::new(1), target, source }.encode(&mut packet);
        packet
    }

    #[test]
    fn a_peer_speaks_only_in_its_own_names_and_is_pinged_only_by_them() {
        let peer = Peer::named(Arc::from([Box::from("a"), Box::from("b")]), 7);
        let says = |source: &str| Frame::Packet(ping("x", source).into());
        assert!(peer.may_say(&says("a")) && peer.may_say(&says("b")) && !peer.may_say(&says("c")));
        assert!(
            peer.is_meant_by(&frame::packet(&ping("b", "x")))
                && !peer.is_meant_by(&frame::packet(&ping("c", "x")))
        );
        let anyone = Peer::anyone(Protection::Plain);
        assert!(anyone.may_say(&says("c")) && anyone.is_meant_by(&frame::packet(&ping("c", "x"))));
    }

    #[test]
    fn names_are_compared_letter_for_letter_and_no_name_stands_for_many() {
        for name in ["*", "*.n0", "N0", "n0.", "n0\0", ""] {
            let peer = Peer::named(Arc::from([Box::from(name)]), 7);
            assert!(!peer.may_say(&Frame::Packet(ping("x", "n0").into())), "{name:?}");
            assert!(!peer.is_meant_by(&frame::packet(&ping("n0", "x"))), "{name:?}");
        }
    }

    #[test]
    fn what_a_peer_passes_on_of_others_is_left_out_where_names_are_bound() {
        let broadcast = |origin| {
            let mut packet = ping("x", "a");
            let epoch = swim_core::Incarnation::new(1);
            Message::Broadcast { origin, epoch, number: 1, payload: b"p" }.encode(&mut packet);
            Frame::Packet(packet.into())
        };
        let peer = Peer::named(Arc::from([Box::from("a")]), 7);
        assert_eq!(peer.without_others(broadcast("a")), (broadcast("a"), 0));
        assert_eq!(peer.without_others(broadcast("b")), (Frame::Packet(ping("x", "a").into()), 1));
        assert_eq!(
            Peer::anyone(Protection::Sealed).without_others(broadcast("b")),
            (broadcast("b"), 0)
        );
    }

    #[test]
    fn exchanges_are_held_against_the_certificate_too() {
        let peer = Peer::named(Arc::from([Box::from("a")]), 7);
        for (source, may) in [("a", true), ("c", false)] {
            let mut bytes = Vec::new();
            ExchangeMessage::Digest { source, digest: 1 }.encode(7, &mut bytes);
            let payload = Bytes::from(bytes);
            assert_eq!(
                peer.may_say(&Frame::Request { exchange: 1, payload: payload.clone() }),
                may
            );
            assert_eq!(peer.may_say(&Frame::Reply { exchange: 1, payload }), may);
        }
        assert!(peer.may_say(&Frame::Packet(Bytes::from_static(b"noise"))), "the core counts it");
    }
}
