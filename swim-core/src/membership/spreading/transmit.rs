//! Packets come into being when they are polled: the message that was intended, then as many queued
//! updates as fit, membership and user broadcasts side by side.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::net::SocketAddr;

use rand_core::Rng;

use crate::detection::pings::Purpose;
use crate::dialect::{Message, PacketWriter, Packets, Queued, Speaker};
use crate::gossip::dissemination::Readers;
use crate::ground::id::{NodeId, SequenceNumber, Slot};
use crate::ground::member::Status;
use crate::ground::metrics::{DropReason, MessageKind};
use crate::ground::time::Instant;
use crate::membership::application::Application;
use crate::membership::spreading::outbox::Intent;
use crate::membership::state::Gossip;
use crate::membership::{Membership, State};

/// A packet to be sent. Its bytes are in the buffer that
/// [`Swim::poll_transmit`](crate::Swim::poll_transmit) was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transmit {
    /// Where to.
    pub to: SocketAddr,
}

/// The receiver of a packet.
struct Addressed {
    to: SocketAddr,
    /// The member that lives there, if that is known.
    member: Option<Slot>,
    /// Whether updates may go along.
    updates: bool,
}

impl<R: Rng, A: Application> Membership<R, A> {
    /// Queues a packet.
    pub(in crate::membership) fn send(&mut self, intent: Intent) {
        if !self.outputs.packets.push(intent) {
            self.metrics.drop(DropReason::TransmitsFull);
        }
    }

    /// Queues a message to one address, as its wire has it. Returns whether there was room.
    pub(in crate::membership) fn send_unicast(&mut self, to: SocketAddr, body: Box<[u8]>) -> bool {
        let has_room = self.outputs.packets.push(Intent::Unicast);
        if has_room {
            self.outputs.unicasts.push_back((to, body));
        } else {
            self.metrics.drop(DropReason::TransmitsFull);
        }
        has_room
    }

    /// The next packet to send: `buffer` is cleared and filled with its bytes, at most
    /// `Config::max_packet_size`.
    ///
    /// Packets are made now, with what is freshest; a slow sender sends fresher news. A
    /// packet that the transport cannot take may be dropped: the protocol bears it.
    pub fn poll_transmit(&mut self, now: Instant, buffer: &mut Vec<u8>) -> Option<Transmit> {
        let now = self.advance(now);
        while let Some(intent) = self.outputs.packets.pop() {
            if let Some(to) = self.write(now, intent, buffer) {
                self.metrics.packets_sent += 1;
                self.metrics.packet_bytes_sent += buffer.len() as u64;
                debug_assert!(buffer.len() <= self.config.max_packet_size, "packets are bounded");
                if self.local.state == State::Leaving {
                    self.go_on_leaving(now, false);
                }
                return Some(Transmit { to });
            }
        }
        None
    }

    /// Writes the packet, unless there is nothing to say or nobody to say it to.
    fn write(&mut self, now: Instant, intent: Intent, buffer: &mut Vec<u8>) -> Option<SocketAddr> {
        match self.dialect.packets(&self.config, self.local.cluster) {
            Packets::Native(packets) => self.fill_packet(now, intent, packets.begin(buffer)),
            Packets::Memberlist(packets) => self.fill_packet(now, intent, packets.begin(buffer)),
            Packets::Custom(packets) => self.fill_packet(now, intent, packets.begin(buffer)),
        }
    }

    #[inline]
    fn fill_packet(
        &mut self,
        now: Instant,
        intent: Intent,
        mut packet: impl PacketWriter,
    ) -> Option<SocketAddr> {
        let Addressed { to, member, updates } = self.begin(now, intent, &mut packet)?;
        if updates {
            let readers = self.readers(intent.reader(), to);
            self.piggyback(readers, &mut packet);
        }
        if packet.is_empty() {
            return None;
        }
        packet.finish(member.is_some_and(|slot| self.dialect.versions_of(slot).has_checksum()));
        Some(to)
    }

    /// Writes what is meant, and what is said of the receiver.
    #[inline]
    fn begin(
        &mut self,
        now: Instant,
        intent: Intent,
        packet: &mut impl PacketWriter,
    ) -> Option<Addressed> {
        Some(match intent {
            Intent::Ping { target, sequence } => self.write_ping(now, target, sequence, packet)?,
            Intent::Contend { address: to, sequence } => {
                packet.say(&Message::Ping {
                    sequence,
                    target: &self.local.id,
                    source: self.speaker(),
                });
                self.metrics.count_sent(MessageKind::Ping);
                Addressed { to, member: None, updates: false } // A stranger: nothing more.
            }
            Intent::Look { address, sequence } => self.write_look(address, sequence, packet)?,
            Intent::PingReq { relay, target, sequence } => {
                self.write_ping_req(relay, target, sequence, packet)?
            }
            Intent::Ack { to, sequence, source: member } => {
                self.write_ack(sequence, member, packet);
                Addressed { to, member, updates: member.is_some() }
            }
            Intent::RelayedAck { to, sequence, target } => {
                packet.say(&Message::Ack {
                    sequence,
                    source: self.members.name(target),
                    payload: &[],
                });
                self.metrics.count_sent(MessageKind::Ack);
                Addressed { to, member: None, updates: true }
            }
            Intent::Nack { to, sequence } => {
                packet.say(&Message::Nack { sequence, source: &self.local.id });
                self.metrics.count_sent(MessageKind::Nack);
                Addressed { to, member: None, updates: true }
            }
            Intent::Gossip { target } => {
                let to = self.members.address(target)?;
                // The dead hear of their death alone: updates are not spent on them.
                let updates = self.members.is_active(target);
                if updates {
                    self.say_claim(target, packet);
                } else {
                    self.tell_claim(target, packet);
                }
                Addressed { to, member: Some(target), updates }
            }
            Intent::Unicast => {
                let (to, body) = self.outputs.unicasts.pop_front()?;
                if let Some(kind) = packet.say_encoded(&body) {
                    self.metrics.count_sent(kind);
                }
                Addressed { to, member: None, updates: false }
            }
        })
    }

    #[inline]
    fn write_ping(
        &mut self,
        now: Instant,
        target: Slot,
        sequence: SequenceNumber,
        packet: &mut impl PacketWriter,
    ) -> Option<Addressed> {
        let to = self.members.address(target)?;
        packet.say(&Message::Ping {
            sequence,
            target: self.members.name(target),
            source: self.speaker(),
        });
        self.metrics.count_sent(MessageKind::Ping);
        self.detector.pings.mark_sent(sequence, now);
        self.say_claim(target, packet);
        Some(Addressed { to, member: Some(target), updates: true })
    }

    fn write_look(
        &mut self,
        to: SocketAddr,
        sequence: SequenceNumber,
        packet: &mut impl PacketWriter,
    ) -> Option<Addressed> {
        let policy = self.dialect.policy();
        let (target, member) = self.looked_for(sequence)?;
        let source = if policy.signs_looks { self.speaker() } else { Speaker::default() };
        packet.say(&Message::Ping { sequence, target: &target, source });
        self.metrics.count_sent(MessageKind::Ping);
        if let Some(slot) = member.filter(|_| policy.tells_in_requests) {
            self.say_claim(slot, packet);
        }
        Some(Addressed { to, member, updates: false }) // Perhaps a stranger: nothing more.
    }

    #[inline]
    fn write_ping_req(
        &mut self,
        relay: Slot,
        target: Slot,
        sequence: SequenceNumber,
        packet: &mut impl PacketWriter,
    ) -> Option<Addressed> {
        let (to, address) = (self.members.address(relay)?, self.members.address(target)?);
        let (target, source) = (self.members.name(target), self.speaker());
        packet.say(&Message::PingReq { sequence, target, address, wants_nack: true, source });
        self.metrics.count_sent(MessageKind::PingReq);
        if self.dialect.policy().tells_in_requests {
            self.say_claim(relay, packet);
        }
        Some(Addressed { to, member: Some(relay), updates: true })
    }

    /// A sender at another address than a member's own is told no more than it asked for.
    #[inline]
    fn write_ack(
        &mut self,
        sequence: SequenceNumber,
        member: Option<Slot>,
        packet: &mut impl PacketWriter,
    ) {
        let policy = self.dialect.policy();
        let layer = self.layer.as_deref().filter(|_| member.is_some());
        let payload = layer.map_or(Vec::new(), |layer| layer.ack_payload(&self.config, policy));
        let beside = layer.and_then(|layer| layer.beside_ack(&self.config, policy));
        packet.say(&Message::Ack { sequence, source: &self.local.id, payload: &payload });
        self.metrics.count_sent(MessageKind::Ack);
        if let Some(slot) = member {
            self.say_claim(slot, packet);
        }
        if let Some(coordinate) = beside
            && packet.say_coordinate(&self.local.id, &coordinate)
        {
            self.metrics.count_sent(MessageKind::Coordinate);
        }
    }

    /// The target that a ping looks for: a candidate, or a member that never answered.
    pub(in crate::membership) fn looked_for(
        &self,
        sequence: SequenceNumber,
    ) -> Option<(NodeId, Option<Slot>)> {
        if let Some(candidate) = self.contacts.candidates.find(sequence) {
            return Some((candidate.id.clone(), None));
        }
        match self.detector.pings.find(sequence)?.purpose {
            Purpose::Look { target, .. } => Some((self.id_at(target), Some(target))),
            _ => None,
        }
    }

    /// The buddy system (Lifeguard IV-C): a member that is taken for suspect or dead is told so by
    /// whatever is sent to it, so that it can refute.
    #[inline]
    fn say_claim(&mut self, slot: Slot, packet: &mut impl PacketWriter) {
        if self.members.claim(slot).status != Status::Alive && self.config.buddy_system {
            self.tell_claim(slot, packet);
        }
    }

    fn tell_claim(&mut self, slot: Slot, packet: &mut impl PacketWriter) {
        if let Some(message) = self.claim_message(slot, &self.local.id)
            && let Some(kind) = packet.say_claim(&message)
        {
            self.metrics.count_sent(kind);
        }
    }

    /// Fills the rest of a packet from both queues; in every other packet updates have first call
    /// on the room.
    #[inline]
    fn piggyback(&mut self, readers: Readers, packet: &mut impl PacketWriter) {
        if self.gossip.updates.len() + self.gossip.broadcasts.len() == 0 {
            return;
        }
        let limit = self.retransmit_limit();
        self.gossip.updates_first = !self.gossip.updates_first;
        let Gossip { updates, broadcasts, updates_first, .. } = &mut self.gossip;
        let queued = Queued { updates, broadcasts, updates_first: *updates_first, readers, limit };
        let metrics = &mut self.metrics;
        packet.fill(queued, |kind| metrics.count_sent(kind));
    }

    /// Nothing repairs a broadcast that missed someone, so in a small cluster account is kept of
    /// the peers that each was sent to. A packet goes to `slot`, or to the member at the address.
    pub(in crate::membership) fn readers(&self, slot: Option<Slot>, to: SocketAddr) -> Readers {
        if self.gossip.broadcasts.len() == 0 {
            return Readers::default();
        }
        let audience = &self.gossip.recipients;
        let lives_there = |&(_, peer): &(u16, Slot)| self.members.address(peer) == Some(to);
        let bit = slot.map_or_else(
            || audience.peers().find(lives_there).map_or(0, |(bit, _)| bit),
            |slot| audience.bit(slot),
        );
        Readers { to: bit, all: audience.all() }
    }
}
