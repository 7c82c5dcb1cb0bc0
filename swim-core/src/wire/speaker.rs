//! In whose name bytes speak, and to whom: for transports that know who is at the other end of a connection.
//!
//! It knows no certificate. Only what a message says of its own sender counts: what members pass on of others is theirs
//! to vouch for. An ack is passed on too (by a relay), so it is not its sender's word: who is pinged is checked instead.

use super::exchange::ExchangeMessage;
use super::message::Message;
use super::packet::Packet;

/// The names in which the sender of a packet speaks: as who pings, asks for a ping, or says that there was no answer.
/// Nothing of what cannot be read.
pub fn speakers(packet: &[u8], cluster: u32) -> impl Iterator<Item = &str> {
    messages(packet, cluster).filter_map(|message| match message {
        Message::Ping { source, .. } | Message::PingReq { source, .. } | Message::Nack { source, .. } => Some(source),
        _ => None,
    })
}

/// The names of those whom a packet pings: who is not one of them need not get it.
pub fn pinged(packet: &[u8], cluster: u32) -> impl Iterator<Item = &str> {
    messages(packet, cluster).filter_map(|message| match message {
        Message::Ping { target, .. } => Some(target),
        _ => None,
    })
}

/// The name in which the sender of a request or a reply speaks; none if it cannot be read, or is a refusal.
#[must_use]
pub fn exchange_speaker(payload: &[u8], cluster: u32) -> Option<&str> {
    match ExchangeMessage::decode(payload, cluster).ok()? {
        ExchangeMessage::Join { source, .. }
        | ExchangeMessage::JoinReply { source, .. }
        | ExchangeMessage::Digest { source, .. }
        | ExchangeMessage::DigestReply { source, .. }
        | ExchangeMessage::Buckets { source, .. }
        | ExchangeMessage::BucketsReply { source, .. }
        | ExchangeMessage::ReliablePing { source, .. }
        | ExchangeMessage::ReliableAck { source, .. }
        | ExchangeMessage::KeyRequest { source, .. }
        | ExchangeMessage::KeyReply { source, .. } => Some(source),
        ExchangeMessage::Refusal { .. } => None,
    }
}

fn messages(packet: &[u8], cluster: u32) -> impl Iterator<Item = Message<'_>> {
    Packet::open(packet, cluster).into_iter().flatten().filter_map(Result::ok)
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::super::packet::begin_packet;
    use super::*;
    use crate::id::{Incarnation, SequenceNumber};

    #[test]
    fn a_packet_speaks_for_who_pings_asks_or_saw_no_answer_and_not_for_what_it_passes_on() {
        let sequence = SequenceNumber::new(7);
        let mut packet = Vec::new();
        begin_packet(9, &mut packet);
        Message::Ping { sequence, target: "b", source: "a" }.encode(&mut packet);
        Message::Suspect { id: "c", incarnation: Incarnation::new(1), from: "d" }.encode(&mut packet);
        Message::PingReq { sequence, target: "e", source: "f" }.encode(&mut packet);
        Message::Ack { sequence, source: "g" }.encode(&mut packet);
        Message::Nack { sequence, source: "h" }.encode(&mut packet);
        assert!(speakers(&packet, 9).eq(["a", "f", "h"]));
        assert!(pinged(&packet, 9).eq(["b"]));
        assert_eq!(speakers(&packet, 8).count(), 0, "of another cluster");
        assert_eq!(speakers(b"noise", 9).count(), 0);
    }

    #[test]
    fn a_request_and_a_reply_speak_for_their_source() {
        let sequence = SequenceNumber::new(7);
        for (message, speaker) in [
            (ExchangeMessage::Digest { source: "a", digest: 1 }, Some("a")),
            (ExchangeMessage::ReliableAck { sequence, source: "b" }, Some("b")),
            (ExchangeMessage::Refusal { reason: super::super::exchange::Refusal::Left }, None),
        ] {
            let mut bytes = Vec::new();
            message.encode(9, &mut bytes);
            assert_eq!(exchange_speaker(&bytes, 9), speaker);
        }
        assert_eq!(exchange_speaker(b"noise", 9), None);
    }
}
