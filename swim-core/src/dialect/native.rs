//! The native wire's bytes of what is meant.

use alloc::vec::Vec;

use super::{Message, Queued, Speaker};
use crate::gossip::dissemination::Room;
use crate::ground::id::SequenceNumber;
use crate::ground::metrics::MessageKind;
use crate::wire::{self, COORDINATE_LEN, ExchangeMessage, HEADER_LEN};

/// The message as this wire has it.
#[inline]
pub(super) const fn message<'a>(message: &Message<'a>) -> wire::Message<'a> {
    match *message {
        Message::Ping { sequence, target, source } => {
            wire::Message::Ping { sequence, target, source: source.id }
        }
        Message::PingReq { sequence, target, source, .. } => {
            wire::Message::PingReq { sequence, target, source: source.id }
        }
        Message::Ack { sequence, source, .. } => wire::Message::Ack { sequence, source },
        Message::Nack { sequence, source } => wire::Message::Nack { sequence, source },
        Message::Alive(row) => {
            let (id, incarnation) = (row.id, row.claim.incarnation);
            wire::Message::Alive { id, incarnation, address: row.address, metadata: row.metadata }
        }
        Message::Suspect { id, incarnation, from } => {
            wire::Message::Suspect { id, incarnation, from }
        }
        Message::Dead { id, incarnation, from } => wire::Message::Dead { id, incarnation, from },
        Message::Left { id, incarnation } => wire::Message::Left { id, incarnation },
        Message::Direct { source, payload } => wire::Message::Direct { source, payload },
    }
}

/// The request of a probe over a stream.
pub(super) fn reliable_ping(
    cluster: u32,
    sequence: SequenceNumber,
    target: &str,
    source: Speaker<'_>,
) -> Vec<u8> {
    let mut request = Vec::new();
    ExchangeMessage::ReliablePing { sequence, target, source: source.id }
        .encode(cluster, &mut request);
    request
}

/// How an encoded message is counted: it begins with an array's header and its kind.
fn kind(body: &[u8]) -> MessageKind {
    MessageKind::ALL[usize::from(body[1])]
}

/// How packets are written.
pub(crate) struct Packets {
    pub(super) cluster: u32,
    /// The longest.
    pub(super) max: usize,
}

impl Packets {
    /// Begins a packet in `out`, which is cleared.
    #[inline]
    pub(crate) fn begin(self, out: &mut Vec<u8>) -> PacketWriter<'_> {
        wire::begin_packet(self.cluster, out);
        PacketWriter { out, max: self.max }
    }
}

/// Writes one packet.
pub(crate) struct PacketWriter<'b> {
    out: &'b mut Vec<u8>,
    max: usize,
}

impl super::PacketWriter for PacketWriter<'_> {
    #[inline]
    fn say(&mut self, said: &Message<'_>) {
        message(said).encode(self.out);
    }

    /// `Config::MIN_PACKET_SIZE` leaves room for it besides a ping.
    fn say_claim(&mut self, claim: &Message<'_>) -> Option<MessageKind> {
        let claim = message(claim);
        claim.encode(self.out);
        Some(claim.kind())
    }

    fn say_coordinate(&mut self, source: &str, coordinate: &[u8]) -> bool {
        // As far as there is room besides the longest names.
        let fits = self.out.len() + source.len() + COORDINATE_LEN + 7 <= self.max;
        if fits {
            wire::Message::Coordinate { source, bytes: coordinate }.encode(self.out);
        }
        fits
    }

    /// What goes to one address: a direct message, or broadcasts, which are counted when they are
    /// queued.
    fn say_encoded(&mut self, body: &[u8]) -> Option<MessageKind> {
        self.out.extend_from_slice(body);
        (body.get(1) == Some(&(MessageKind::Direct as u8))).then_some(MessageKind::Direct)
    }

    #[inline]
    fn fill(&mut self, queued: Queued<'_>, mut count: impl FnMut(MessageKind)) {
        let Queued { updates, broadcasts, updates_first, readers, limit } = queued;
        let room = self.max - self.out.len();
        let kept = if updates_first { 0 } else { broadcasts.bytes().min(room / 2) };
        let mut count = |body: &[u8]| count(kind(body));
        let room_of = |bytes| Room { bytes, each: 0, updates: usize::MAX };
        let used = updates.fill(self.out, room_of(room - kept), limit, &mut count);
        broadcasts.fill_for(readers, self.out, room_of(room - used), limit, &mut count);
    }

    #[inline]
    fn is_empty(&self) -> bool {
        self.out.len() == HEADER_LEN
    }

    #[inline]
    fn finish(self, _: bool) {}
}
