//! Packets come into being when they are polled: the message that was intended, then as many queued updates as fit,
//! membership and user broadcasts side by side.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::net::SocketAddr;

use rand_core::Rng;

use super::{State, Swim};
use crate::dissemination::{Readers, Room};
use crate::id::{NodeId, SequenceNumber, Slot};
use crate::member::Status;
use crate::metrics::{DropReason, MessageKind};
use crate::outbox::Intent;
use crate::pings::Purpose;
use crate::time::Instant;
use crate::wire::{COORDINATE_LEN, Message, begin_packet};

/// A packet to be sent. Its bytes are in the buffer that [`Swim::poll_transmit`] was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transmit {
    /// Where to.
    pub to: SocketAddr,
}

impl<R: Rng> Swim<R> {
    /// Queues a packet.
    pub(super) fn send(&mut self, intent: Intent) {
        if !self.outputs.packets.push(intent) {
            self.metrics.drop(DropReason::TransmitsFull);
        }
    }

    /// Queues a message to one address, as its wire has it. Returns whether there was room.
    pub(super) fn send_letter(&mut self, to: SocketAddr, body: Box<[u8]>) -> bool {
        let has_room = self.outputs.packets.push(Intent::Letter);
        if has_room {
            self.outputs.letters.push_back((to, body));
        } else {
            self.metrics.drop(DropReason::TransmitsFull);
        }
        has_room
    }

    /// The next packet to send: `buffer` is cleared and filled with its bytes, at most `Config::max_packet_size`.
    ///
    /// Packets are made now, with what is freshest; whoever sends slowly sends fresher news. A packet that the
    /// transport cannot take may be dropped: the protocol bears it.
    pub fn poll_transmit(&mut self, now: Instant, buffer: &mut Vec<u8>) -> Option<Transmit> {
        let now = self.timers.advance(now);
        while let Some(intent) = self.outputs.packets.pop() {
            if let Some(to) = self.write(now, intent, buffer) {
                self.metrics.packets_sent += 1;
                self.metrics.packet_bytes_sent += buffer.len() as u64;
                debug_assert!(buffer.len() <= self.config.max_packet_size, "packets are bounded");
                if self.me.state == State::Leaving {
                    self.go_on_leaving(now, false);
                }
                return Some(Transmit { to });
            }
        }
        None
    }

    /// Writes the packet, unless there is nothing to say or nobody to say it to.
    fn write(&mut self, now: Instant, intent: Intent, buffer: &mut Vec<u8>) -> Option<SocketAddr> {
        #[cfg(feature = "memberlist")]
        if self.is_memberlist() {
            return self.write_memberlist(now, intent, buffer);
        }
        begin_packet(self.me.cluster, buffer);
        let start = buffer.len();
        let reader = intent.reader();
        let to = match intent {
            Intent::Ping { target, sequence } => self.write_ping(now, target, sequence, buffer)?,
            Intent::Contend { address, sequence } => {
                self.say(&Message::Ping { sequence, target: &self.me.id.clone(), source: &self.me.id.clone() }, buffer);
                return Some(address); // A stranger: nothing more.
            }
            Intent::Look { address, sequence } => {
                let (target, _) = self.looked_for(sequence)?;
                self.say(&Message::Ping { sequence, target: &target, source: &self.me.id.clone() }, buffer);
                return Some(address); // A stranger: nothing more.
            }
            Intent::PingReq { relay, target, sequence } => {
                let to = self.members.address(relay)?;
                let message = Message::PingReq { sequence, target: self.members.name(target), source: &self.me.id };
                message.encode(buffer);
                self.metrics.count_sent(MessageKind::PingReq);
                to
            }
            Intent::Ack { to, sequence, source } => {
                Message::Ack { sequence, source: &self.me.id }.encode(buffer);
                self.metrics.count_sent(MessageKind::Ack);
                // Whoever speaks from another address than its own is told no more than it asked for.
                let Some(slot) = source else { return Some(to) };
                self.say_claim(slot, buffer);
                if self.has_coordinates() {
                    self.say_coordinate(buffer);
                }
                to
            }
            Intent::RelayedAck { to, sequence, target } => {
                Message::Ack { sequence, source: self.members.name(target) }.encode(buffer);
                self.metrics.count_sent(MessageKind::Ack);
                to
            }
            Intent::Nack { to, sequence } => {
                Message::Nack { sequence, source: &self.me.id }.encode(buffer);
                self.metrics.count_sent(MessageKind::Nack);
                to
            }
            Intent::Gossip { target } => {
                let to = self.members.address(target)?;
                if !self.members.is_active(target) {
                    self.tell_claim(target, buffer);
                    return Some(to); // The dead hear of their death alone: updates are not spent on them.
                }
                self.say_claim(target, buffer);
                to
            }
            Intent::Letter => {
                let (to, body) = self.outputs.letters.pop_front()?;
                buffer.extend_from_slice(&body);
                // An encoded message begins with an array's header and its kind. Broadcasts are counted when they are queued.
                if body.get(1) == Some(&(MessageKind::Direct as u8)) {
                    self.metrics.count_sent(MessageKind::Direct);
                }
                return Some(to);
            }
        };
        let readers = self.readers(reader, to);
        self.piggyback(readers, buffer);
        (buffer.len() > start).then_some(to)
    }

    /// Whom a ping looks for: a candidate, or a member that never answered.
    pub(super) fn looked_for(&self, sequence: SequenceNumber) -> Option<(NodeId, Option<Slot>)> {
        if let Some(candidate) = self.contacts.candidates.find(sequence) {
            return Some((candidate.id.clone(), None));
        }
        match self.detector.pings.find(sequence)?.purpose {
            Purpose::Look { target, .. } => Some((self.id_at(target), Some(target))),
            _ => None,
        }
    }

    fn write_ping(
        &mut self,
        now: Instant,
        target: Slot,
        sequence: SequenceNumber,
        buffer: &mut Vec<u8>,
    ) -> Option<SocketAddr> {
        let to = self.members.address(target)?;
        Message::Ping { sequence, target: self.members.name(target), source: &self.me.id }.encode(buffer);
        self.metrics.count_sent(MessageKind::Ping);
        self.detector.pings.mark_sent(sequence, now);
        self.say_claim(target, buffer);
        Some(to)
    }

    /// The buddy system (Lifeguard IV-C): whoever is taken for suspect or dead is told so by whatever is sent to it,
    /// so that it can refute. `Config::MIN_PACKET_SIZE` leaves room for it beside a ping.
    fn say_claim(&mut self, slot: Slot, buffer: &mut Vec<u8>) {
        if self.members.claim(slot).status != Status::Alive && self.config.buddy_system {
            self.tell_claim(slot, buffer);
        }
    }

    fn tell_claim(&mut self, slot: Slot, buffer: &mut Vec<u8>) {
        if let Some(message) = self.claim_message(slot, &self.me.id) {
            let kind = message.kind();
            message.encode(buffer);
            self.metrics.count_sent(kind);
        }
    }

    /// Says where we are, as far as there is room beside the longest names.
    fn say_coordinate(&mut self, buffer: &mut Vec<u8>) {
        if buffer.len() + self.me.id.len() + COORDINATE_LEN + 7 > self.config.max_packet_size {
            return;
        }
        let bytes = self.vivaldi.own().to_bytes();
        Message::Coordinate { source: &self.me.id, bytes: &bytes }.encode(buffer);
        self.metrics.count_sent(MessageKind::Coordinate);
    }

    fn say(&mut self, message: &Message<'_>, buffer: &mut Vec<u8>) {
        message.encode(buffer);
        self.metrics.count_sent(message.kind());
    }

    /// Fills the rest of a packet. If both queues hold something, broadcasts get half of the room if they need it; but in
    /// every other packet updates have first call on all of it, since one may be longer than half.
    fn piggyback(&mut self, readers: Readers, buffer: &mut Vec<u8>) {
        if self.gossip.updates.len() + self.gossip.broadcasts.len() == 0 {
            return;
        }
        let limit = self.retransmit_limit();
        let room = self.config.max_packet_size - buffer.len();
        self.gossip.updates_first = !self.gossip.updates_first;
        let kept = if self.gossip.updates_first { 0 } else { self.gossip.broadcasts.bytes().min(room / 2) };
        let metrics = &mut self.metrics;
        // An encoded message begins with an array's header and its kind.
        let mut count = |body: &[u8]| metrics.count_sent(MessageKind::ALL[usize::from(body[1])]);
        let room_of = |bytes| Room { bytes, each: 0, updates: usize::MAX };
        let used = self.gossip.updates.fill(buffer, room_of(room - kept), limit, &mut count);
        self.gossip.broadcasts.fill_for(readers, buffer, room_of(room - used), limit, &mut count);
    }

    /// Nothing repairs a broadcast that missed someone, so in a small cluster account is kept of whom each was sent to.
    /// A packet goes to `slot`, or to whoever lives at the address.
    pub(super) fn readers(&self, slot: Option<Slot>, to: SocketAddr) -> Readers {
        if self.gossip.broadcasts.len() == 0 {
            return Readers::default();
        }
        let audience = &self.gossip.audience;
        let lives_there = |&(_, peer): &(u16, Slot)| self.members.address(peer) == Some(to);
        let bit = slot
            .map_or_else(|| audience.peers().find(lives_there).map_or(0, |(bit, _)| bit), |slot| audience.bit(slot));
        Readers { to: bit, all: audience.all() }
    }
}
