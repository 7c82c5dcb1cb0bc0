//! In whose name bytes speak, and to which node: for transports that know who is at the other end
//! of a connection.
//!
//! It knows no certificate. Only what a message says of its own sender counts: what members pass on
//! of others is theirs to vouch for. An ack is passed on too (by a relay), so it is not its
//! sender's word: who is pinged is checked instead. Broadcasts, events, queries and answers are
//! passed on by default; where they are not (`Config::origin_only`), each is its origin's word, and
//! [`without_others`] leaves out those of others.

use alloc::vec::Vec;

use super::exchange::ExchangeMessage;
use super::message::Message;
use super::packet::Packet;

/// The names in which the sender of a packet speaks: as who pings, asks for a ping, or says that
/// there was no answer. Nothing of what cannot be read.
pub fn speakers(packet: &[u8], cluster: u32) -> impl Iterator<Item = &str> {
    messages(packet, cluster).filter_map(|message| match message {
        Message::Ping { source, .. }
        | Message::PingReq { source, .. }
        | Message::Nack { source, .. } => Some(source),
        _ => None,
    })
}

/// The names of those that a packet pings: who is not one of them need not get it.
pub fn pinged(packet: &[u8], cluster: u32) -> impl Iterator<Item = &str> {
    messages(packet, cluster).filter_map(|message| match message {
        Message::Ping { target, .. } => Some(target),
        _ => None,
    })
}

/// A packet without the broadcasts, events, queries, answers and coordinates of others than the
/// names that `is_own` accepts, and how many those were; `None` if there are none. What cannot be
/// read is kept.
#[must_use]
pub fn without_others(
    packet: &[u8],
    cluster: u32,
    is_own: impl Fn(&str) -> bool,
) -> Option<(Vec<u8>, usize)> {
    let mut messages = Packet::open(packet, cluster).ok()?;
    let mut kept: Option<(Vec<u8>, usize)> = None;
    let mut start = packet.len() - messages.remaining();
    while let Some(message) = messages.next() {
        // After an error that ends the packet nothing remains; its bytes are kept, so that it is
        // counted.
        let end = packet.len() - messages.remaining();
        let is_foreign =
            message.is_ok_and(|message| origin(&message).is_some_and(|origin| !is_own(origin)));
        if is_foreign {
            kept.get_or_insert_with(|| (packet[..start].to_vec(), 0)).1 += 1;
        } else if let Some((bytes, _)) = &mut kept {
            bytes.extend_from_slice(&packet[start..end]);
        }
        start = end;
    }
    kept
}

/// Whose word a message is that only its origin may say.
const fn origin<'a>(message: &Message<'a>) -> Option<&'a str> {
    match *message {
        Message::Broadcast { origin, .. } | Message::Announcement { origin, .. } => Some(origin),
        Message::Direct { source, .. } | Message::Coordinate { source, .. } => Some(source),
        _ => None,
    }
}

/// The name in which the sender of a request or a reply speaks; none if it cannot be read, or is a
/// refusal.
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
    use super::super::packet::begin_packet;
    use super::*;
    use crate::ground::id::{Incarnation, SequenceNumber};

    #[test]
    fn a_packet_speaks_for_who_pings_asks_or_saw_no_answer_and_not_for_what_it_passes_on() {
        let sequence = SequenceNumber::new(7);
        let mut packet = Vec::new();
        begin_packet(9, &mut packet);
        Message::Ping { sequence, target: "b", source: "a" }.encode(&mut packet);
        Message::Suspect { id: "c", incarnation: Incarnation::new(1), from: "d" }
            .encode(&mut packet);
        Message::PingReq { sequence, target: "e", source: "f" }.encode(&mut packet);
        Message::Ack { sequence, source: "g" }.encode(&mut packet);
        Message::Nack { sequence, source: "h" }.encode(&mut packet);
        assert!(speakers(&packet, 9).eq(["a", "f", "h"]));
        assert!(pinged(&packet, 9).eq(["b"]));
        assert_eq!(speakers(&packet, 8).count(), 0, "of another cluster");
        assert_eq!(speakers(b"noise", 9).count(), 0);
    }

    #[test]
    fn the_words_of_others_are_left_out_and_all_else_is_kept_byte_for_byte() {
        let (sequence, epoch) = (SequenceNumber::new(7), Incarnation::new(1));
        let broadcast = |origin| Message::Broadcast { origin, epoch, number: 1, payload: b"p" };
        let ping = Message::Ping { sequence, target: "b", source: "a" };
        let others = [
            broadcast("b"),
            Message::Announcement { origin: "b", epoch, number: 1, payload: b"p" },
            Message::Direct { source: "b", payload: b"p" },
            Message::Coordinate { source: "b", bytes: b"c" },
        ];
        let kept =
            [broadcast("a"), ping, Message::Suspect { id: "b", incarnation: epoch, from: "c" }];
        let packet = |messages: &[Message<'_>]| {
            let mut packet = Vec::new();
            begin_packet(9, &mut packet);
            messages.iter().for_each(|message| message.encode(&mut packet));
            packet
        };
        let is_own = |name: &str| name == "a";
        assert_eq!(without_others(&packet(&kept), 9, is_own), None);
        for other in others {
            let mixed = packet(&[kept[0], other, kept[1], other, kept[2]]);
            assert_eq!(without_others(&mixed, 9, is_own), Some((packet(&kept), 2)), "{other:?}");
            // Of a kind that is not known, and then damaged.
            let tail = b"\x91\x0e\xc1".to_vec();
            let damaged = [packet(&[other, kept[0]]), tail.clone()].concat();
            assert_eq!(
                without_others(&damaged, 9, is_own),
                Some(([packet(&kept[..1]), tail].concat(), 1))
            );
        }
        assert_eq!(without_others(b"noise", 9, is_own), None);
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
