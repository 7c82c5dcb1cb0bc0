//! Packets of this wire, written when they are polled: the message that was intended, then updates as far as they fit.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::net::SocketAddr;

use rand_core::Rng;

use super::super::Swim;
use crate::dissemination::{Readers, Room};
use crate::id::{Incarnation, Slot};
use crate::member::Status;
use crate::metrics::MessageKind;
use crate::outbox::Intent;
use crate::time::Instant;
use crate::wire::memberlist::{Message, PacketWriter, Packing, Source};

/// An incarnation as this wire counts them.
pub(super) fn counter(incarnation: Incarnation) -> u32 {
    u32::try_from(incarnation.get()).unwrap_or(u32::MAX)
}

/// How a queued update is counted.
fn kind(body: &[u8]) -> MessageKind {
    match body.first() {
        Some(3) => MessageKind::Suspect,
        Some(4) => MessageKind::Alive,
        Some(5) => MessageKind::Dead,
        _ => MessageKind::Broadcast,
    }
}

/// A packet that is being filled.
struct Filling {
    to: SocketAddr,
    /// The member that it goes to, if that is known: it is told what is said of it, and gets a checksum.
    member: Option<Slot>,
    /// Whether updates may go along.
    updates: bool,
}

impl<R: Rng> Swim<R> {
    /// Writes the packet, unless there is nothing to say or nobody to say it to.
    pub(in crate::swim) fn write_memberlist(
        &mut self,
        now: Instant,
        intent: Intent,
        buffer: &mut Vec<u8>,
    ) -> Option<SocketAddr> {
        let wire = *self.memberlist_wire()?;
        let budget = self.config.memberlist_budget(&wire);
        let mut writer = PacketWriter::begin(buffer);
        let Filling { to, member, updates } = self.begin(now, intent, &mut writer)?;
        if let Some(slot) = member {
            self.push_claim(slot, &mut writer, budget);
        }
        if updates {
            let readers = self.readers(member, to);
            self.push_updates(readers, &mut writer, budget);
        }
        if writer.is_empty() {
            return None;
        }
        let checksum = member.is_some_and(|slot| self.versions_at(slot).has_checksum());
        writer.finish(Packing { compress: wire.compress, checksum });
        Some(to)
    }

    /// Writes the message that is meant.
    fn begin(&mut self, now: Instant, intent: Intent, writer: &mut PacketWriter<'_>) -> Option<Filling> {
        let me = Source { address: Some(self.me.address), id: &self.me.id };
        let mut payload = Vec::new();
        let name;
        let (message, filling) = match intent {
            Intent::Ping { target, sequence } => {
                let to = self.members.address(target)?;
                self.detector.pings.mark_sent(sequence, now);
                let ping = Message::Ping { sequence, target: self.members.name(target), source: me };
                (ping, Filling { to, member: Some(target), updates: true })
            }
            Intent::Contend { address: to, sequence } => {
                // A stranger: nothing more.
                (Message::Ping { sequence, target: me.id, source: me }, Filling { to, member: None, updates: false })
            }
            Intent::Look { address: to, sequence } => {
                let (target, member) = self.looked_for(sequence)?;
                name = target;
                // Without a source it draws a bare ack: a newcomer's updates, which are sent a few times only, are not spent on
                // one that is about to hear of it.
                let ping = Message::Ping { sequence, target: &name, source: Source::default() };
                (ping, Filling { to, member, updates: false })
            }
            Intent::PingReq { relay, target, sequence } => {
                let (to, address) = (self.members.address(relay)?, self.members.address(target)?);
                let target = self.members.name(target);
                let request = Message::IndirectPing { sequence, target, address, wants_nack: true, source: me };
                (request, Filling { to, member: Some(relay), updates: true })
            }
            Intent::Ack { to, sequence, source } => {
                // Whoever speaks from another address than a member's own is told no more than it asked for.
                if source.is_some() && self.is_citizen() && self.has_coordinates() {
                    payload = self.vivaldi.own().to_serf();
                }
                let filling = Filling { to, member: source, updates: source.is_some() };
                (Message::Ack { sequence, payload: &payload }, filling)
            }
            Intent::RelayedAck { to, sequence, .. } => {
                (Message::Ack { sequence, payload: &[] }, Filling { to, member: None, updates: true })
            }
            Intent::Nack { to, sequence } => (Message::Nack { sequence }, Filling { to, member: None, updates: true }),
            Intent::Gossip { target } => {
                // The dead hear of their death alone: updates are not spent on them.
                let updates = self.members.is_active(target);
                return Some(Filling { to: self.members.address(target)?, member: Some(target), updates });
            }
            Intent::Letter => {
                let (to, body) = self.outputs.letters.pop_front()?;
                self.metrics.count_sent(kind(&body));
                writer.push_encoded(&body);
                return Some(Filling { to, member: None, updates: false });
            }
        };
        let counted = match message {
            Message::IndirectPing { .. } => MessageKind::PingReq,
            Message::Ack { .. } => MessageKind::Ack,
            Message::Nack { .. } => MessageKind::Nack,
            _ => MessageKind::Ping,
        };
        writer.push(&message);
        self.metrics.count_sent(counted);
        Some(filling)
    }

    /// The buddy system (Lifeguard IV-C), as far as there is room beside the longest names and the envelope.
    fn push_claim(&mut self, slot: Slot, writer: &mut PacketWriter<'_>, budget: usize) {
        if self.members.claim(slot).status == Status::Alive {
            return;
        }
        let mut body = Vec::new();
        if self.encode_claim_for_memberlist(slot, &self.me.id, &mut body).is_some()
            && writer.len_with(body.len()) <= budget
        {
            writer.push_encoded(&body);
            self.metrics.count_sent(kind(&body));
        }
    }

    /// Fills the rest of a packet, as on the native wire.
    fn push_updates(&mut self, readers: Readers, writer: &mut PacketWriter<'_>, budget: usize) {
        if self.gossip.updates.len() + self.gossip.broadcasts.len() == 0 {
            return;
        }
        let limit = self.retransmit_limit();
        let gossip = &mut self.gossip;
        gossip.updates_first = !gossip.updates_first;
        let (room, parts) = writer.room(budget);
        let each = PacketWriter::PART_LEN;
        let wanted = gossip.broadcasts.bytes() + each * gossip.broadcasts.len();
        let kept = if gossip.updates_first { 0 } else { wanted.min(room / 2) };
        let metrics = &mut self.metrics;
        writer.extend(|packet, note| {
            let mut added = 0;
            let mut sent = |body: &[u8]| {
                note(body.len());
                metrics.count_sent(kind(body));
                added += 1;
            };
            let used = gossip.updates.fill(packet, Room { bytes: room - kept, each, updates: parts }, limit, &mut sent);
            let mut sent = |body: &[u8]| {
                note(body.len());
                metrics.count_sent(kind(body));
            };
            let left = Room { bytes: room - used, each, updates: parts - added };
            gossip.broadcasts.fill_for(readers, packet, left, limit, &mut sent);
        });
    }

    /// Makes the bytes of the message that makes the claim that stands about a member in `body`, unless that is Alive.
    pub(in crate::swim) fn encode_claim_for_memberlist(
        &self,
        slot: Slot,
        from: &str,
        body: &mut Vec<u8>,
    ) -> Option<()> {
        let (id, claim) = (self.members.name(slot), self.members.claim(slot));
        let incarnation = counter(claim.incarnation);
        let message = match claim.status {
            Status::Alive => return None,
            Status::Suspect => Message::Suspect { id, incarnation, from },
            Status::Dead => Message::Dead { id, incarnation, from },
            Status::Left => Message::Dead { id, incarnation, from: id },
        };
        encode(&message, body);
        Some(())
    }

    /// The bytes of a suspicion by this node, at the incarnation that we know.
    pub(in crate::swim) fn encoded_doubt(&self, slot: Slot) -> Box<[u8]> {
        let incarnation = counter(self.members.claim(slot).incarnation);
        let mut body = Vec::new();
        encode(&Message::Suspect { id: self.members.name(slot), incarnation, from: &self.me.id }, &mut body);
        body.into_boxed_slice()
    }

    /// Makes the bytes of a member's Alive in `body`, if the member is described.
    pub(in crate::swim) fn encode_alive_for_memberlist(&self, slot: Slot, body: &mut Vec<u8>) -> Option<()> {
        let known = self.members.description(slot)?;
        let message = Message::Alive {
            id: self.members.name(slot),
            incarnation: counter(known.incarnation),
            address: known.address,
            metadata: known.metadata,
            versions: self.versions_at(slot),
        };
        encode(&message, body);
        Some(())
    }
}

fn encode(message: &Message<'_>, body: &mut Vec<u8>) {
    body.clear();
    message.encode(body);
}
