//! What arrives in packets. A packet is a sequence of messages that stand for themselves: what precedes a malformed one
//! counts, the rest of the packet does not.

use alloc::sync::Arc;
use core::net::SocketAddr;

use rand_core::Rng;

use super::claims::{News, Spread};
use super::{State, Swim};
use crate::event::Event;
use crate::id::{Incarnation, NodeId, SequenceNumber};
use crate::member::{Claim, Status};
use crate::metrics::DropReason;
use crate::outbox::{Intent, Source};
use crate::time::Instant;
use crate::wire::{Description, Message, Packet, WireError};

impl<R: Rng> Swim<R> {
    /// A datagram or a frame arrived. `from` is the sender's address as the transport knows it.
    ///
    /// Nothing that arrives is an error: what cannot be used is counted in [`metrics`](Self::metrics) and dropped.
    pub fn handle_packet(&mut self, now: Instant, from: SocketAddr, packet: &[u8]) {
        self.metrics.packets_received += 1;
        self.metrics.packet_bytes_received += packet.len() as u64;
        if self.me.state == State::Left {
            self.metrics.drop(DropReason::NotRunning);
            return;
        }
        if packet.len() > self.config.max_packet_size {
            self.metrics.drop(DropReason::Oversized);
            return;
        }
        match Packet::open(packet, self.me.cluster) {
            Ok(messages) => messages.for_each(|message| match message {
                Ok(message) => self.handle_message(now, from, &message),
                Err(error) => self.metrics.drop(WireError::reason(error)),
            }),
            Err(error) => self.metrics.drop(error.reason()),
        }
        self.debug_check();
    }

    fn handle_message(&mut self, now: Instant, from: SocketAddr, message: &Message<'_>) {
        self.metrics.count_received(message.kind());
        let gossip = |id, incarnation, status, description, from| News {
            id,
            claim: Claim::new(incarnation, status),
            description,
            from,
            age: 0,
            spread: Spread::Gossip,
        };
        match *message {
            Message::Ping { sequence, target, source } => self.handle_ping(from, sequence, target, source),
            Message::PingReq { sequence, target, .. } => self.handle_ping_req(now, from, sequence, target),
            Message::Ack { sequence, source } => self.handle_ack(now, sequence, source),
            Message::Nack { sequence, source } => self.handle_nack(sequence, source),
            Message::Alive { id, incarnation, address, metadata } => {
                let description = Some(Description { incarnation, address, metadata });
                self.hear(now, &gossip(id, incarnation, Status::Alive, description, id));
            }
            Message::Suspect { id, incarnation, from } => {
                self.hear(now, &gossip(id, incarnation, Status::Suspect, None, from));
            }
            Message::Dead { id, incarnation, from } => {
                self.hear(now, &gossip(id, incarnation, Status::Dead, None, from));
            }
            Message::Left { id, incarnation } => {
                self.hear(now, &gossip(id, incarnation, Status::Left, None, id));
            }
            Message::Broadcast { origin, epoch, number, payload } => {
                self.handle_broadcast(now, origin, epoch, number, payload);
            }
        }
    }

    fn handle_ping(&mut self, from: SocketAddr, sequence: SequenceNumber, target: &str, source: &str) {
        if *self.me.id == *source {
            if self.detector.pings.find(sequence).is_some() {
                return; // Our own question, whether another bears our name, has come back to us.
            }
            self.witness(from);
        }
        if *self.me.id != *target {
            self.metrics.drop(DropReason::WrongTarget);
            return;
        }
        let source = match self.members.find(source) {
            Some(slot) if self.members.address(slot) == Some(from) => Source::Member(slot),
            Some(slot) => Source::Elsewhere(slot),
            None => Source::Stranger,
        };
        self.send(Intent::Ack { to: from, sequence, source });
    }

    fn handle_broadcast(&mut self, now: Instant, origin: &str, epoch: Incarnation, number: u64, payload: &[u8]) {
        if payload.len() > self.config.max_broadcast_size {
            self.metrics.drop(DropReason::BroadcastTooLong);
            return;
        }
        let max_origins = self.config.max_broadcast_origins;
        let is_ours = *self.me.id == *origin && epoch == self.me.epoch;
        if is_ours || !self.gossip.deliveries.note(origin, epoch, number, max_origins) {
            self.metrics.drop(DropReason::DuplicateBroadcast);
            return;
        }
        if let Ok(from) = NodeId::new(origin) {
            self.tell(Event::Broadcast { from, payload: Arc::from(payload) });
        }
        if self.gossip.broadcasts.len() < self.config.max_broadcasts {
            self.pass_on_broadcast(now, &Message::Broadcast { origin, epoch, number, payload });
        } else {
            self.metrics.drop(DropReason::BroadcastsFull);
        }
    }
}
