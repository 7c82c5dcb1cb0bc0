//! What a node has sent, as messages that can be compared and matched.

use std::net::SocketAddr;

use swim_core::wire::{Message, Packet};
use swim_core::{Incarnation, Instant, SequenceNumber};

use crate::harness::{address, cluster, packet, proven};
use crate::node::Node;

/// A packet that the node sent: its destination and its messages.
pub(crate) type Sent = (SocketAddr, Vec<Message<'static>>);

/// Reads a packet. Its messages borrow from its bytes, so these are leaked: they are as few as a
/// test sends.
pub(crate) fn messages(packet: &[u8]) -> Vec<Message<'static>> {
    let bytes: &'static [u8] = Vec::leak(packet.to_vec());
    Packet::open(bytes, cluster()).unwrap().map(Result::unwrap).collect()
}

/// Takes all packets that the node has to send.
pub(crate) fn sent(node: &mut Node, now: Instant) -> Vec<Sent> {
    let (mut buffer, mut all) = (Vec::new(), Vec::new());
    while let Some(transmit) = node.poll_transmit(now, &mut buffer) {
        all.push((transmit.to, messages(&buffer)));
    }
    all
}

/// As [`sent`], in a cluster whose members answer every ping at once.
pub(crate) fn sent_and_acked(node: &mut Node, now: Instant) -> Vec<Sent> {
    let mut all = Vec::new();
    loop {
        let out = sent(node, now);
        let mut is_acked = false;
        for message in said(&out) {
            if let Message::Ping { sequence, target, .. } = *message {
                let ack = packet(&[Message::Ack { sequence, source: target }]);
                node.handle_packet(now, proven(2), &ack);
                is_acked = true;
            }
        }
        all.extend(out);
        if !is_acked {
            return all;
        }
    }
}

/// The messages of all these packets.
pub(crate) fn said(packets: &[Sent]) -> impl Iterator<Item = &Message<'static>> {
    packets.iter().flat_map(|(_, messages)| messages)
}

/// Counts the messages that match a pattern.
macro_rules! count {
    ($packets:expr, $($pattern:tt)+) => {
        $crate::messages::said(&$packets)
            .filter(|message| matches!(message, $($pattern)+))
            .count()
    };
}
pub(crate) use count;

/// How often exactly this was said.
pub(crate) fn times(packets: &[Sent], message: Message<'_>) -> usize {
    said(packets).filter(|said| **said == message).count()
}

/// The number of the first ping to that port under that name.
pub(crate) fn pinged(packets: &[Sent], port: u16, name: &str) -> Option<SequenceNumber> {
    let to_port = packets.iter().filter(|(to, _)| *to == address(port));
    to_port.flat_map(|(_, messages)| messages).find_map(|message| match *message {
        Message::Ping { sequence, target, .. } if target == name => Some(sequence),
        _ => None,
    })
}

/// Returns true if the message is of that member or in its name.
pub(crate) fn mentions(message: &Message<'_>, name: &str) -> bool {
    let names = match *message {
        Message::Ping { target, source, .. } | Message::PingReq { target, source, .. } => {
            [target, source]
        }
        Message::Suspect { id, from, .. } | Message::Dead { id, from, .. } => [id, from],
        Message::Alive { id, .. } | Message::Left { id, .. } => [id, id],
        Message::Ack { source, .. }
        | Message::Nack { source, .. }
        | Message::Direct { source, .. }
        | Message::Coordinate { source, .. } => [source, source],
        Message::Broadcast { origin, .. } | Message::Announcement { origin, .. } => {
            [origin, origin]
        }
    };
    names.contains(&name)
}

/// The incarnation of an update about a member.
pub(crate) fn incarnation(message: &Message<'_>) -> Option<Incarnation> {
    match *message {
        Message::Alive { incarnation, .. }
        | Message::Suspect { incarnation, .. }
        | Message::Dead { incarnation, .. }
        | Message::Left { incarnation, .. } => Some(incarnation),
        _ => None,
    }
}
