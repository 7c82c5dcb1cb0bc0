//! What a packet says, in a few words: its messages one after the other.

use core::fmt;

use swim_core::wire::{HEADER_LEN, Message, Packet};

use super::said::Said;

/// A packet's bytes, to be printed as its messages.
pub(super) struct Content<'a>(pub(super) &'a [u8]);

/// Whose cluster bytes are for does not matter here, so their header's own word is taken for it.
pub(super) fn cluster_of(bytes: &[u8]) -> Option<u32> {
    bytes.get(1..HEADER_LEN).and_then(|hash| hash.try_into().ok()).map(u32::from_be_bytes)
}

impl fmt::Display for Content<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(messages) = super::memberlist::messages(self.0) {
            let told: Vec<_> = messages.into_iter().map(|(_, told)| told).collect();
            return f.write_str(&told.join(", "));
        }
        let Some(Ok(packet)) = cluster_of(self.0).map(|cluster| Packet::open(self.0, cluster)) else {
            return f.write_str("noise");
        };
        for (i, message) in packet.enumerate() {
            f.write_str(if i == 0 { "" } else { ", " })?;
            match message {
                Ok(message) => write(f, &message)?,
                Err(error) => write!(f, "unreadable: {error}")?,
            }
        }
        Ok(())
    }
}

fn write(f: &mut fmt::Formatter<'_>, message: &Message<'_>) -> fmt::Result {
    match message {
        Message::Ping { sequence, target, source } => write!(f, "ping {target} #{} from {source}", sequence.get()),
        Message::PingReq { sequence, target, source } => {
            write!(f, "please ping {target} #{} for {source}", sequence.get())
        }
        Message::Ack { sequence, source } => write!(f, "ack of {source} #{}", sequence.get()),
        Message::Nack { sequence, source } => write!(f, "nack of {source} #{}", sequence.get()),
        Message::Alive { id, incarnation, address, metadata } => {
            write!(f, "{id} alive@{incarnation} at {address}")?;
            if metadata.is_empty() { Ok(()) } else { write!(f, " with {} bytes", metadata.len()) }
        }
        Message::Suspect { id, incarnation, from } => write!(f, "{id} suspect@{incarnation} by {from}"),
        Message::Dead { id, incarnation, from } => write!(f, "{id} dead@{incarnation} by {from}"),
        Message::Left { id, incarnation } => write!(f, "{id} left@{incarnation}"),
        Message::Broadcast { origin, epoch, number, payload } => {
            write!(f, "broadcast {number} of {origin}@{epoch} with {} bytes", payload.len())
        }
        Message::Announcement { origin, epoch, number, payload } => {
            write!(f, "announcement {number} of {origin}@{epoch}: {}", Said(payload))
        }
        Message::Coordinate { source, .. } => write!(f, "coordinate of {source}"),
        Message::Direct { source, payload } => write!(f, "{source} says {}", Said(payload)),
    }
}

#[cfg(test)]
mod tests {
    use swim_core::wire::{begin_packet, cluster_hash};
    use swim_core::{Incarnation, SequenceNumber};

    use super::*;

    #[test]
    fn a_packet_prints_as_its_messages_and_noise_as_noise() {
        let mut packet = Vec::new();
        begin_packet(cluster_hash("any"), &mut packet);
        Message::Ping { sequence: SequenceNumber::new(7), target: "b", source: "a" }.encode(&mut packet);
        Message::Dead { id: "c", incarnation: Incarnation::new(5), from: "a" }.encode(&mut packet);
        assert_eq!(Content(&packet).to_string(), "ping b #7 from a, c dead@5 by a");
        assert_eq!(Content(&packet[..3]).to_string(), "noise");
        assert_eq!(Content(b"\xff\0\0\0\0x").to_string(), "noise");
    }
}
