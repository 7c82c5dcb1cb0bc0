//! What a packet says, in a few words: its messages one after the other.

use core::fmt;

use swim_core::wire::{Message, Packet, WireError};

use super::header::cluster_of;
use super::said::Said;

/// A packet's bytes, to be printed as its messages, and the hash of the cluster of the node that
/// sends or receives them.
pub(super) struct Content<'a>(pub(super) &'a [u8], pub(super) Option<u32>);

/// What a packet's bytes are to a node.
pub(super) enum Read<'a> {
    Native(Packet<'a>),
    /// Messages of memberlist's wire, each as its kind and its words.
    Memberlist(Vec<(&'static str, String)>),
    /// A packet that its header says is for another cluster, with that one's hash. Nodes drop it
    /// unread; in most runs there is no other cluster, and it is one that was damaged there.
    Foreign(u32),
    Noise,
}

/// Reads a packet as a node does whose cluster has this hash. Without one (on memberlist's wire, or
/// where no process ever ran) the header's own word is taken for it.
pub(super) fn read(bytes: &[u8], own: Option<u32>) -> Read<'_> {
    let claimed = cluster_of(bytes);
    if let (Some(own), Some(claimed)) = (own, claimed) {
        match Packet::open(bytes, own) {
            Ok(packet) => return Read::Native(packet),
            Err(WireError::WrongCluster) => return Read::Foreign(claimed),
            Err(_) => {}
        }
    }
    if let Some(messages) = super::memberlist::messages(bytes) {
        return Read::Memberlist(messages);
    }
    match claimed.map(|cluster| Packet::open(bytes, cluster)) {
        Some(Ok(packet)) => Read::Native(packet),
        _ => Read::Noise,
    }
}

/// The words for a packet of another cluster.
pub(super) fn foreign(cluster: u32) -> String {
    format!("for another cluster, {cluster:08x}")
}

impl fmt::Display for Content<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let packet = match read(self.0, self.1) {
            Read::Native(packet) => packet,
            Read::Memberlist(messages) => {
                let told: Vec<_> = messages.into_iter().map(|(_, told)| told).collect();
                return f.write_str(&told.join(", "));
            }
            Read::Foreign(cluster) => return f.write_str(&foreign(cluster)),
            Read::Noise => return f.write_str("noise"),
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
        Message::Ping { sequence, target, source } => {
            write!(f, "ping {target} #{} from {source}", sequence.get())
        }
        Message::PingReq { sequence, target, source } => {
            write!(f, "please ping {target} #{} for {source}", sequence.get())
        }
        Message::Ack { sequence, source } => write!(f, "ack of {source} #{}", sequence.get()),
        Message::Nack { sequence, source } => write!(f, "nack of {source} #{}", sequence.get()),
        Message::Alive { id, incarnation, address, metadata } => {
            write!(f, "{id} alive@{incarnation} at {address}")?;
            if metadata.is_empty() { Ok(()) } else { write!(f, " with {} bytes", metadata.len()) }
        }
        Message::Suspect { id, incarnation, from } => {
            write!(f, "{id} suspect@{incarnation} by {from}")
        }
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
        Message::Ping { sequence: SequenceNumber::new(7), target: "b", source: "a" }
            .encode(&mut packet);
        Message::Dead { id: "c", incarnation: Incarnation::new(5), from: "a" }.encode(&mut packet);
        for own in [None, Some(cluster_hash("any"))] {
            assert_eq!(Content(&packet, own).to_string(), "ping b #7 from a, c dead@5 by a");
            assert_eq!(Content(&packet[..3], own).to_string(), "noise");
            assert_eq!(Content(b"\xff\0\0\0\0x", own).to_string(), "noise");
        }
    }

    #[test]
    fn a_packet_whose_cluster_is_another_or_was_damaged_is_shown_as_its_receiver_takes_it() {
        let mut packet = Vec::new();
        begin_packet(0x1234_5678, &mut packet);
        Message::Left { id: "a", incarnation: Incarnation::new(5) }.encode(&mut packet);
        let shown = |packet: &[u8]| Content(packet, Some(0x1234_5678)).to_string();
        assert_eq!(shown(&packet), "a left@5");
        packet[1] ^= 1;
        assert_eq!(shown(&packet), "for another cluster, 13345678");
        assert_eq!(Content(&packet, None).to_string(), "a left@5", "nobody knows which is meant");
    }
}
