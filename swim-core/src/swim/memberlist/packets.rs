//! Packets of this wire, read into the handlers that serve both.

use alloc::vec::Vec;
use core::net::SocketAddr;

use rand_core::Rng;

use super::super::Swim;
use super::super::admission::Sender;
use super::super::news::{News, Spread};
use super::super::probing::Way;
use crate::id::{Incarnation, NodeId, SequenceNumber, Slot};
use crate::member::{Claim, Status, normal_address};
use crate::metrics::{DropReason, MessageKind};
use crate::time::Instant;
use crate::wire::memberlist::{Message, NodeState, Source};

/// How a message is counted.
const fn kind(message: &Message<'_>) -> MessageKind {
    match message {
        Message::Ping { .. } => MessageKind::Ping,
        Message::IndirectPing { .. } => MessageKind::PingReq,
        Message::Ack { .. } => MessageKind::Ack,
        Message::Nack { .. } => MessageKind::Nack,
        Message::Suspect { .. } => MessageKind::Suspect,
        Message::Alive { .. } => MessageKind::Alive,
        Message::Dead { .. } => MessageKind::Dead,
        Message::User { .. } => MessageKind::Broadcast,
    }
}

impl<R: Rng> Swim<R> {
    /// A packet arrived, its envelope taken off.
    pub(in crate::swim) fn handle_memberlist_packet(&mut self, now: Instant, sender: &mut Sender, packet: &[u8]) {
        let mut unpacker = core::mem::take(&mut self.memberlist.unpacker);
        let mut wants_answer = false;
        unpacker.unpack(packet, |message| match message {
            // One packet draws one answer at most, or a short one could draw a flood.
            Ok(Message::Ping { .. } | Message::IndirectPing { .. }) if wants_answer => {
                self.metrics.drop(DropReason::SecondRequest);
            }
            Ok(message) => {
                wants_answer |= matches!(message, Message::Ping { .. } | Message::IndirectPing { .. });
                self.metrics.count_received(kind(&message));
                self.handle_memberlist_message(now, sender, &message);
            }
            Err(error) => self.metrics.drop(error.reason()),
        });
        self.memberlist.unpacker = unpacker;
    }

    fn handle_memberlist_message(&mut self, now: Instant, sender: &mut Sender, message: &Message<'_>) {
        if !self.hears_from_strangers(message) && self.is_stranger(sender) {
            self.metrics.drop(DropReason::Stranger);
            return;
        }
        let from = sender.address;
        match *message {
            Message::Ping { sequence, target, source } => {
                let address = self.answers_at(sender, &source);
                self.handle_ping(now, &sender.at(address), sequence, &self.addressee(target), source.id);
            }
            Message::IndirectPing { sequence, target, address, wants_nack, source } => {
                self.handle_indirect_ping(now, sender, sequence, (target, address), wants_nack, &source);
            }
            Message::Ack { sequence, payload } => {
                if self.handle_ack(now, sequence, None, Way::Packet(from)) {
                    sender.prove();
                    self.hear_ack_payload(now, payload);
                }
            }
            Message::Nack { sequence } => self.handle_unnamed_nack(sequence, from),
            Message::Suspect { id, incarnation, from } => {
                self.hear_claim(now, sender, (id, incarnation), Status::Suspect, from);
            }
            Message::Dead { id, incarnation, from } => {
                let status = if from == id { Status::Left } else { self.end_of(id) };
                self.hear_claim(now, sender, (id, incarnation), status, from);
            }
            Message::Alive { id, incarnation, address, metadata, versions } => {
                let node = NodeState { id, incarnation, status: Status::Alive, address, metadata, versions };
                if self.is_stranger(sender) {
                    self.hear_stranger(now, sender, &node);
                } else {
                    self.hear_alive(now, &node, Spread::Gossip);
                }
            }
            Message::User { payload } => self.hear_user_message(now, from, payload),
        }
    }

    /// Whether a stranger may say this: as on the native wire.
    fn hears_from_strangers(&self, message: &Message<'_>) -> bool {
        match *message {
            Message::Ping { .. } | Message::Ack { .. } | Message::Alive { .. } => true,
            Message::Suspect { id, .. } | Message::Dead { id, .. } => *self.me.id == *id,
            Message::IndirectPing { .. } | Message::Nack { .. } | Message::User { .. } => false,
        }
    }

    fn hear_claim(
        &mut self,
        now: Instant,
        sender: &Sender,
        (id, incarnation): (&str, u32),
        status: Status,
        from: &str,
    ) {
        let claim = Claim::new(Incarnation::new(u64::from(incarnation)), status);
        let by_stranger = self.is_stranger(sender);
        self.hear(now, &News { by_stranger, ..News::of(id, claim, from) });
    }

    /// Who is meant by a ping: without a name, whoever is here.
    pub(super) fn addressee(&self, target: &str) -> NodeId {
        NodeId::new(target).unwrap_or_else(|_| self.me.id.clone())
    }

    /// Where the answer to a ping goes: to the address that the sender names if that is a member's own of the sender's
    /// name, so that nobody can have a third party answered to; else to where the packet came from.
    fn answers_at(&self, sender: &Sender, source: &Source<'_>) -> SocketAddr {
        let is_own = |&address: &SocketAddr| self.member_behind(address, source.id).is_some();
        let named = source.address.filter(|_| !self.is_stranger(sender)).filter(is_own);
        named.unwrap_or(sender.address)
    }

    /// A request to ping another. It says where; we go by our table, so that nobody can aim us at strangers.
    fn handle_indirect_ping(
        &mut self,
        now: Instant,
        sender: &Sender,
        sequence: SequenceNumber,
        (target, address): (&str, SocketAddr),
        wants_nack: bool,
        source: &Source<'_>,
    ) {
        let to = self.answers_at(sender, source);
        // Older nodes do not say who they are.
        let member = self.member_behind(to, source.id);
        if !source.id.is_empty() && member.is_none() {
            self.metrics.drop(DropReason::Stranger);
            return;
        }
        let is_there = |slot| self.members.address(slot) == Some(normal_address(address));
        if *self.me.id != *target && !self.members.find(target).is_some_and(is_there) {
            self.metrics.drop(DropReason::UnknownTarget);
            return;
        }
        self.relay_ping(now, (to, member), sequence, target, wants_nack);
    }

    /// A nack came, which does not say whose it is: a relay's of that address, or any one's.
    fn handle_unnamed_nack(&mut self, sequence: SequenceNumber, from: SocketAddr) {
        let members = &self.members;
        let lives_there = |slot| members.address(slot) == Some(normal_address(from));
        let probe = self.detector.probe.as_mut().filter(|probe| probe.sequence() == sequence);
        if !probe.is_some_and(|probe| probe.nack_from(lives_there)) {
            self.metrics.drop(DropReason::ForeignAck);
        }
    }

    /// Those of the relays who send nacks. On the native wire all do.
    pub(in crate::swim) fn those_with_nacks(&self, relays: &[Slot]) -> Vec<Slot> {
        let sends = |&slot: &Slot| !self.is_memberlist() || self.versions_at(slot).has_nack();
        relays.iter().copied().filter(sends).collect()
    }
}
