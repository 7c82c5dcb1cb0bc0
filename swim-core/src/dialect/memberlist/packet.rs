//! Packets: read message by message, and written.

use alloc::vec::Vec;

use super::{Memberlist, wire, written};
use crate::dialect::{Message, Queued, Row, Speaker};
use crate::gossip::dissemination::Room;
use crate::ground::config::Config;
use crate::ground::id::Incarnation;
use crate::ground::member::{Claim, Status};
use crate::ground::metrics::MessageKind;
use crate::wire::WireError;

/// Takes packets apart.
#[derive(Debug, Default)]
pub(crate) struct Unpacker(wire::Unpacker);

impl Unpacker {
    /// Shows `visit` each message of a packet, its envelope taken off, with how it is counted; and
    /// whatever is wrong with the packet.
    pub(crate) fn unpack(
        &mut self,
        packet: &[u8],
        mut visit: impl FnMut(Result<(MessageKind, Message<'_>), WireError>),
    ) {
        self.0.unpack(packet, |message| visit(message.map(read)));
    }
}

/// What a message says, and how it is counted.
fn read(message: wire::Message<'_>) -> (MessageKind, Message<'_>) {
    match message {
        wire::Message::Ping { sequence, target, source } => {
            (MessageKind::Ping, Message::Ping { sequence, target, source: speaker(source) })
        }
        wire::Message::IndirectPing { sequence, target, address, wants_nack, source } => {
            let source = speaker(source);
            (
                MessageKind::PingReq,
                Message::PingReq { sequence, target, address, wants_nack, source },
            )
        }
        wire::Message::Ack { sequence, payload } => {
            (MessageKind::Ack, Message::Ack { sequence, source: "", payload })
        }
        wire::Message::Nack { sequence } => {
            (MessageKind::Nack, Message::Nack { sequence, source: "" })
        }
        wire::Message::Suspect { id, incarnation, from } => {
            (MessageKind::Suspect, Message::Suspect { id, incarnation: wide(incarnation), from })
        }
        wire::Message::Dead { id, incarnation, from } if from == id => {
            (MessageKind::Dead, Message::Left { id, incarnation: wide(incarnation) })
        }
        wire::Message::Dead { id, incarnation, from } => {
            (MessageKind::Dead, Message::Dead { id, incarnation: wide(incarnation), from })
        }
        wire::Message::Alive { id, incarnation, address, metadata, versions } => {
            let claim = Claim::new(wide(incarnation), Status::Alive);
            (MessageKind::Alive, Message::Alive(Row { id, claim, address, metadata, versions }))
        }
        wire::Message::User { payload } => {
            (MessageKind::Broadcast, Message::Direct { source: "", payload })
        }
    }
}

/// An incarnation of this wire.
pub(super) fn wide(incarnation: u32) -> Incarnation {
    Incarnation::new(u64::from(incarnation))
}

pub(super) const fn speaker<'a>(source: wire::Source<'a>) -> Speaker<'a> {
    Speaker { address: source.address, id: source.id }
}

/// How an encoded message is counted.
fn kind(body: &[u8]) -> MessageKind {
    match body.first() {
        Some(3) => MessageKind::Suspect,
        Some(4) => MessageKind::Alive,
        Some(5) => MessageKind::Dead,
        _ => MessageKind::Broadcast,
    }
}

/// How packets are written.
#[derive(Clone, Copy)]
pub(crate) struct Packets {
    /// The longest before the checksum and the envelope are put around it.
    budget: usize,
    compress: bool,
}

impl Memberlist {
    pub(in crate::dialect) const fn packets(&self, config: &Config) -> Packets {
        let settings = &self.0.settings;
        Packets { budget: config.memberlist_budget(settings), compress: settings.compress }
    }
}

impl Packets {
    /// Begins a packet in `out`, which is cleared.
    pub(crate) fn begin(self, out: &mut Vec<u8>) -> PacketWriter<'_> {
        PacketWriter { out: wire::PacketWriter::begin(out), packets: self }
    }
}

/// Writes one packet.
pub(crate) struct PacketWriter<'b> {
    out: wire::PacketWriter<'b>,
    packets: Packets,
}

impl crate::dialect::PacketWriter for PacketWriter<'_> {
    fn say(&mut self, message: &Message<'_>) {
        self.out.push(&written(message));
    }

    fn say_claim(&mut self, claim: &Message<'_>) -> Option<MessageKind> {
        let mut body = Vec::new();
        written(claim).encode(&mut body);
        if self.out.len_with(body.len()) > self.packets.budget {
            return None;
        }
        self.out.push_encoded(&body);
        Some(kind(&body))
    }

    /// Acks carry it.
    fn say_coordinate(&mut self, _: &str, _: &[u8]) -> bool {
        false
    }

    fn say_encoded(&mut self, body: &[u8]) -> Option<MessageKind> {
        self.out.push_encoded(body);
        Some(kind(body))
    }

    fn fill(&mut self, queued: Queued<'_>, mut count: impl FnMut(MessageKind)) {
        let Queued { updates, broadcasts, updates_first, readers, limit } = queued;
        let (room, parts) = self.out.room(self.packets.budget);
        let each = wire::PacketWriter::PART_LEN;
        let wanted = broadcasts.bytes() + each * broadcasts.len();
        let kept = if updates_first { 0 } else { wanted.min(room / 2) };
        self.out.extend(|packet, note| {
            let mut added = 0;
            let mut sent = |body: &[u8]| {
                note(body.len());
                count(kind(body));
                added += 1;
            };
            let used = updates.fill(
                packet,
                Room { bytes: room - kept, each, updates: parts },
                limit,
                &mut sent,
            );
            let left = Room { bytes: room - used, each, updates: parts - added };
            let sent = |body: &[u8]| {
                note(body.len());
                count(kind(body));
            };
            broadcasts.fill_for(readers, packet, left, limit, sent);
        });
    }

    fn is_empty(&self) -> bool {
        self.out.is_empty()
    }

    fn finish(self, checksum: bool) {
        self.out.finish(wire::Packing { compress: self.packets.compress, checksum });
    }
}
