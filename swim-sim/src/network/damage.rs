//! Bytes that change on the way: bits flip, an end is missing.
//!
//! What arrives must never say what nobody said: claims carry no signature, so a flipped bit in an
//! incarnation would be a lie that every node has to believe, and no promise could be checked any
//! more. That is what checksums are for (UDP's lets one such packet in 65,536 pass; Ethernet's is
//! before it). So a damaged packet reaches the process if what can still be read of it is part of
//! what was said, and is dropped, as by a checksum, if it would lie. What the core has to do with
//! the former is to read as far as it can and go on.

use swim_core::wire::memberlist::Unpacker;
use swim_core::wire::{HEADER_LEN, Message, Packet};

use crate::ground::streams::{self, Stream};

/// At most so many bits flip in one packet.
const MOST_FLIPS: u64 = 4;

/// Damages a packet; says whether what can be read of it is still true.
pub(crate) fn damage(bytes: &mut Vec<u8>, stream: &mut Stream) -> bool {
    let original = bytes.clone();
    let len = bytes.len() as u64;
    if len == 0 {
        return true;
    }
    match streams::below(stream, 4) {
        0 => bytes.truncate(streams::below(stream, len) as usize),
        kind => {
            // Whatever hits the header makes all the rest unread, so it is spared twice in three
            // times.
            let spared = if kind > 1 { (HEADER_LEN as u64).min(len - 1) } else { 0 };
            for _ in 0..=streams::below(stream, MOST_FLIPS) {
                let bit = 8 * spared + streams::below(stream, 8 * (len - spared));
                bytes[(bit / 8) as usize] ^= 1 << (bit % 8);
            }
        }
    }
    is_part_of(bytes, &original)
}

/// Returns true if every message that can be read in one packet stands in the other, in the same
/// order.
fn is_part_of(damaged: &[u8], original: &[u8]) -> bool {
    // Who reads it knows one cluster: that of the header as it was sent.
    let hash =
        original.get(1..HEADER_LEN).and_then(|hash| hash.try_into().ok()).map(u32::from_be_bytes);
    let Some(cluster) = hash else { return true };
    let mut said = messages(original, cluster).peekable();
    if said.peek().is_none() {
        let mut said = memberlist_messages(original).into_iter();
        return memberlist_messages(damaged)
            .into_iter()
            .all(|heard| said.any(|said| said == heard));
    }
    messages(damaged, cluster).all(|heard| said.any(|said| said == heard))
}

/// What can be read of a packet as one of memberlist's wire, each message as it would be written.
fn memberlist_messages(packet: &[u8]) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    Unpacker::default().unpack(packet, |message| {
        if let Ok(message) = message {
            let mut bytes = Vec::new();
            message.encode(&mut bytes);
            all.push(bytes);
        }
    });
    all
}

fn messages(packet: &[u8], cluster: u32) -> impl Iterator<Item = Message<'_>> {
    Packet::open(packet, cluster).into_iter().flatten().filter_map(Result::ok)
}

#[cfg(test)]
mod tests {
    use swim_core::wire::{begin_packet, cluster_hash};
    use swim_core::{Incarnation, SequenceNumber};

    use super::*;
    use crate::ground::streams::{Purpose, stream};

    fn packet(incarnation: u64) -> Vec<u8> {
        let mut packet = Vec::new();
        begin_packet(cluster_hash("any"), &mut packet);
        Message::Ping { sequence: SequenceNumber::new(7), target: "b", source: "a" }
            .encode(&mut packet);
        Message::Dead { id: "c", incarnation: Incarnation::new(incarnation), from: "a" }
            .encode(&mut packet);
        packet
    }

    #[test]
    fn another_incarnation_is_a_lie_and_a_missing_end_is_not() {
        let original = packet(5);
        assert!(!is_part_of(&packet(6), &original));
        assert!((0..=original.len()).all(|end| is_part_of(&original[..end], &original)));
        let mut other_cluster = packet(6);
        other_cluster[1] ^= 1;
        assert!(is_part_of(&other_cluster, &original), "nobody reads it");
    }

    #[test]
    fn some_damage_lies_and_some_does_not() {
        let mut stream = stream(1, Purpose::Damage, 0);
        let (mut passes, mut lies) = (0, 0);
        for _ in 0..1_000 {
            let mut damaged = packet(5);
            let is_true = damage(&mut damaged, &mut stream);
            *(if is_true { &mut passes } else { &mut lies }) += 1;
        }
        assert!(passes > 500 && lies > 50, "{passes} pass, {lies} lie");
    }
}
