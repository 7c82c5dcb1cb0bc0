//! What arrives in packets. A packet is a sequence of messages that stand for themselves: what
//! precedes a malformed one counts, the rest of the packet does not.

use alloc::sync::Arc;
use core::net::SocketAddr;

use rand_core::Rng;

use crate::gossip::deliveries::Delivery;
use crate::ground::config::Config;
use crate::ground::event::Event;
use crate::ground::id::{Incarnation, NodeId, SequenceNumber, Slot};
use crate::ground::member::{Claim, Status, normal_address};
use crate::ground::metrics::{DropReason, MessageKind};
use crate::ground::source::Source;
use crate::ground::time::Instant;
use crate::membership::application::Application;
use crate::membership::belief::report::Report;
use crate::membership::detecting::probing::Way;
use crate::membership::door::admission::Sender;
use crate::membership::spreading::outbox::Intent;
use crate::membership::{Membership, State};
use crate::wire::{Head, Message, Packet, UncheckedPing, WireError};

impl<R: Rng, A: Application> Membership<R, A> {
    /// A datagram or a frame arrived. `from` is the sender as the transport knows it: an address
    /// alone is a sender of which nothing is proven ([`Protection::Plain`](crate::Protection)).
    ///
    /// Nothing that arrives is an error: what cannot be used is counted in
    /// [`metrics`](Self::metrics) and dropped.
    pub fn handle_packet(&mut self, now: Instant, from: impl Into<Source>, packet: &[u8]) {
        let now = self.advance(now);
        let from: Source = from.into();
        self.metrics.packets_received += 1;
        self.metrics.packet_bytes_received += packet.len() as u64;
        if self.local.state == State::Left {
            self.metrics.drop(DropReason::NotRunning);
            return;
        }
        if packet.len() > Config::LARGEST_PACKET {
            self.metrics.drop(DropReason::Oversized);
            return;
        }
        if !self.allows(from.address) {
            self.metrics.drop(DropReason::NotAllowed);
            return;
        }
        self.read_packet(now, from, packet);
        // Of candidates that this packet has made members. As many as there are candidates at most:
        // none is held twice.
        while let Some((from, held)) = self.contacts.released.pop() {
            self.read_packet(now, from.into(), &held);
        }
        self.debug_check();
    }

    #[inline]
    fn read_packet(&mut self, now: Instant, from: Source, packet: &[u8]) {
        self.begin_hearing(from);
        let mut sender = self.judge_sender(from, packet.len());
        let is_read = self.read_messages(now, &mut sender, packet);
        if is_read {
            self.note_sign_of_life(from.address);
        }
        if is_read && self.may_hold_packets() && self.is_stranger(&sender) {
            self.hold_packet(from.address, packet);
        }
        self.end_hearing();
    }

    /// Returns whether the packet could be read.
    #[inline]
    fn read_messages(&mut self, now: Instant, sender: &mut Sender, packet: &[u8]) -> bool {
        if let Some(unpacker) = self.dialect.take_unpacker() {
            self.handle_unpacked(now, sender, unpacker, packet);
            return true;
        }
        match Packet::open(packet, self.local.cluster) {
            Ok(messages) => self.handle_messages(now, sender, messages),
            Err(error) => {
                self.metrics.drop(error.reason());
                return false;
            }
        }
        true
    }

    fn handle_messages(&mut self, now: Instant, sender: &mut Sender, mut messages: Packet<'_>) {
        let mut wants_answer = false;
        while let Some(head) = messages.next_head() {
            let handled = head.and_then(|head| match head.kind() {
                MessageKind::Alive => self.handle_alive(now, sender, &mut messages, head),
                MessageKind::Suspect | MessageKind::Dead => {
                    self.handle_claim(now, sender, &mut messages, head)
                }
                // One packet draws one answer at most, or a short one could draw a flood.
                MessageKind::Ping => {
                    let ping = messages.ping(head)?;
                    if core::mem::replace(&mut wants_answer, true) {
                        ping.check()?;
                        self.metrics.drop(DropReason::SecondRequest);
                        return Ok(());
                    }
                    self.handle_unchecked_ping(now, sender, &ping)
                }
                _ => {
                    let message = messages.other(head)?;
                    let asks = matches!(message, Message::PingReq { .. });
                    if asks && core::mem::replace(&mut wants_answer, true) {
                        self.metrics.drop(DropReason::SecondRequest);
                        return Ok(());
                    }
                    self.handle_message(now, sender, &message);
                    Ok(())
                }
            });
            if let Err(error) = handled {
                self.metrics.drop(error.reason());
                if error != WireError::UnknownKind {
                    return;
                }
            }
        }
    }

    fn handle_alive(
        &mut self,
        now: Instant,
        sender: &mut Sender,
        messages: &mut Packet<'_>,
        head: Head,
    ) -> Result<(), WireError> {
        let alive = messages.alive(head)?;
        let found = self.members.find_bytes(alive.id);
        if let Some(slot) =
            found.filter(|&slot| self.is_known(slot, alive.claim(), alive.description))
        {
            self.metrics.count_received(MessageKind::Alive);
            if cfg!(debug_assertions) {
                let id = alive.check()?;
                let report = Report {
                    description: Some(alive.description),
                    ..Report::of(id, alive.claim(), id)
                };
                self.check_nothing_new(now, slot, &report);
            }
            self.heard_again(now, slot);
            return Ok(());
        }
        let id = alive.check()?;
        self.metrics.count_received(MessageKind::Alive);
        let by_stranger = self.is_stranger(sender);
        let report = Report {
            description: Some(alive.description),
            by_stranger,
            ..Report::of(id, alive.claim(), id)
        };
        if by_stranger && found != Some(self.local.slot) {
            self.look_for_told(now, sender, found, &report);
        } else {
            self.merge_report(now, found, &report);
        }
        Ok(())
    }

    fn handle_claim(
        &mut self,
        now: Instant,
        sender: &Sender,
        messages: &mut Packet<'_>,
        head: Head,
    ) -> Result<(), WireError> {
        let said = messages.claim(head)?;
        let status = if head.kind() == MessageKind::Dead { Status::Dead } else { Status::Suspect };
        let claim = Claim::new(said.incarnation, status);
        let found = self.members.find_bytes(said.id);
        if let Some(slot) = found.filter(|&slot| self.is_old(slot, claim, said.from)) {
            self.metrics.count_received(head.kind());
            if cfg!(debug_assertions) {
                let (id, from) = said.check()?;
                self.check_nothing_new(now, slot, &Report::of(id, claim, from));
            }
            return Ok(());
        }
        let (id, from) = said.check()?;
        self.metrics.count_received(head.kind());
        if self.is_stranger(sender) && found != Some(self.local.slot) {
            self.metrics.drop(DropReason::Stranger);
        } else {
            let by_stranger = self.is_stranger(sender);
            self.merge_report(now, found, &Report { by_stranger, ..Report::of(id, claim, from) });
        }
        Ok(())
    }

    /// Handles a message that is no Alive, Suspect or Dead.
    fn handle_message(&mut self, now: Instant, sender: &mut Sender, message: &Message<'_>) {
        self.metrics.count_received(message.kind());
        if !self.is_for_strangers(message) && self.is_stranger(sender) {
            self.metrics.drop(DropReason::Stranger);
            return;
        }
        let from = sender.address;
        match *message {
            Message::Ping { sequence, target, source } => {
                self.handle_ping(now, sender, sequence, target, source);
            }
            Message::PingReq { sequence, target, source } => {
                self.handle_ping_req(now, from, sequence, target, source);
            }
            Message::Ack { sequence, source } => {
                if self.handle_ack(now, sequence, Some(source), Way::Packet(from)) {
                    sender.prove();
                }
            }
            Message::Nack { sequence, source } => self.handle_nack(now, sequence, source),
            Message::Alive { .. } | Message::Suspect { .. } | Message::Dead { .. } => {
                unreachable!("these are read by their heads")
            }
            Message::Left { id, incarnation } => {
                let by_stranger = self.is_stranger(sender);
                self.handle_report(
                    now,
                    &Report {
                        by_stranger,
                        ..Report::of(id, Claim::new(incarnation, Status::Left), id)
                    },
                );
            }
            Message::Broadcast { origin, epoch, number, payload } => {
                self.handle_broadcast(now, origin, epoch, number, payload);
            }
            Message::Announcement { origin, epoch, number, payload } => {
                self.handle_announcement(now, origin, epoch, number, payload);
            }
            Message::Coordinate { source, bytes } => {
                if let Some(slot) = self.members.find(source) {
                    self.with_layer(|layer, host| layer.on_ack_payload(host, now, slot, bytes));
                }
            }
            Message::Direct { source, payload } => self.handle_direct(now, from, source, payload),
        }
    }

    /// Returns true if a stranger may say this: it may ask whether we are there, answer, and say of
    /// us that we are gone.
    fn is_for_strangers(&self, message: &Message<'_>) -> bool {
        match *message {
            Message::Ping { .. } | Message::Ack { .. } => true,
            Message::Left { id, .. } => *self.local.id == *id,
            // A namesake leaves the name to us.
            Message::Nack { source, .. } => *self.local.id == *source,
            _ => false,
        }
    }

    /// A ping of a member to us is answered without a look at whether the names are text, which
    /// those that we know are.
    fn handle_unchecked_ping(
        &mut self,
        now: Instant,
        sender: &Sender,
        ping: &UncheckedPing<'_>,
    ) -> Result<(), WireError> {
        let is_for_us = self.local.contender.is_none() && self.local.id.as_bytes() == ping.target;
        let known = if is_for_us { self.members.find_bytes(ping.source) } else { None };
        let Some(slot) = known.filter(|&slot| slot != self.local.slot) else {
            let (target, source) = ping.check()?;
            self.metrics.count_received(MessageKind::Ping);
            self.handle_ping(now, sender, ping.sequence, target, source);
            return Ok(());
        };
        self.metrics.count_received(MessageKind::Ping);
        let source = self.is_proven_behind(sender, slot).then_some(slot);
        self.send(Intent::Ack { to: sender.address, sequence: ping.sequence, source });
        Ok(())
    }

    pub(in crate::membership) fn handle_ping(
        &mut self,
        now: Instant,
        sender: &Sender,
        sequence: SequenceNumber,
        target: &str,
        source: &str,
    ) {
        let from = sender.address;
        if *self.local.id == *source {
            let is_probe =
                self.detector.probe.as_ref().is_some_and(|probe| probe.sequence() == sequence);
            if is_probe
                || self.detector.pings.find(sequence).is_some()
                || normal_address(from) == self.local.address
            {
                // Our own ping has come back to us: its target is said to live where we do.
                self.metrics.drop(DropReason::WrongTarget);
                return;
            }
            self.meet_namesake(now, sender, from);
        }
        if *self.local.id != *target {
            self.metrics.drop(DropReason::WrongTarget);
            return;
        }
        if self.keeps_quiet() {
            if *self.local.id == *source {
                self.send(Intent::Nack { to: from, sequence });
            }
            return;
        }
        let source = self.proven_behind(sender, source);
        self.send(Intent::Ack { to: from, sequence, source });
    }

    /// The member of that name, if it speaks from its own address. A sender at another may
    /// have forged it, and is told no more than it asked for.
    pub(in crate::membership) fn member_behind(
        &self,
        from: SocketAddr,
        source: &str,
    ) -> Option<Slot> {
        self.members
            .find(source)
            .filter(|&slot| self.members.address(slot) == Some(normal_address(from)))
    }

    fn handle_broadcast(
        &mut self,
        now: Instant,
        origin: &str,
        epoch: Incarnation,
        number: u64,
        payload: &[u8],
    ) {
        if payload.len() > self.config.max_broadcast_size {
            self.metrics.drop(DropReason::BroadcastTooLong);
            return;
        }
        let Some(delivery) = self.note_delivery(now, origin, epoch, number) else { return };
        if let Ok(from) = NodeId::new(origin) {
            self.emit(Event::Broadcast { from, payload: Arc::from(payload) });
        }
        self.pass_on_delivered(
            now,
            delivery,
            &Message::Broadcast { origin, epoch, number, payload },
        );
    }

    /// A message of the layer above for this node alone arrived.
    fn handle_direct(&mut self, now: Instant, from: SocketAddr, source: &str, payload: &[u8]) {
        if self.member_behind(from, source).is_none() {
            return self.metrics.drop(DropReason::Stranger);
        }
        self.with_layer(|layer, host| layer.on_direct(host, now, source, payload));
    }

    /// A message of the layer above arrived on its way to everyone.
    fn handle_announcement(
        &mut self,
        now: Instant,
        origin: &str,
        epoch: Incarnation,
        number: u64,
        payload: &[u8],
    ) {
        let Some(delivery) = self.note_delivery(now, origin, epoch, number) else { return };
        if self.with_layer(|layer, host| layer.on_announcement(host, now, origin, payload)) {
            self.pass_on_delivered(
                now,
                delivery,
                &Message::Announcement { origin, epoch, number, payload },
            );
        }
    }

    /// Notes that a broadcast has arrived; `None` if it is of no use.
    fn note_delivery(
        &mut self,
        now: Instant,
        origin: &str,
        epoch: Incarnation,
        number: u64,
    ) -> Option<Delivery> {
        if *self.local.id == *origin {
            self.metrics.drop(DropReason::DuplicateBroadcast);
            return None;
        }
        if !self.is_within_reach(now, epoch) {
            return None;
        }
        // Of an origin that is not known yet every epoch is unproven.
        let known = self
            .members
            .find(origin)
            .map_or(Incarnation::default(), |slot| self.members.claim(slot).incarnation);
        let max = self.config.max_broadcast_origins;
        let delivery = self.gossip.deliveries.note(now, origin, (epoch, number), known, max);
        match delivery {
            Delivery::Old => {
                self.metrics.drop(DropReason::DuplicateBroadcast);
                return None;
            }
            Delivery::Doubtful => {
                sometimes!(OriginForgotten);
            }
            Delivery::New => {}
        }
        Some(delivery)
    }

    fn pass_on_delivered(&mut self, now: Instant, delivery: Delivery, message: &Message<'_>) {
        if self.config.origin_only || self.provenance.hears_plain() {
            return; // Its origin sends it to everyone; or it is not to get our seal.
        }
        if delivery == Delivery::New && self.gossip.broadcasts.len() < self.config.max_broadcasts {
            self.pass_on_broadcast(now, message);
        } else {
            self.metrics.drop(DropReason::BroadcastsFull);
        }
    }
}
