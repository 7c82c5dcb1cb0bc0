//! Packets of a wire whose acks and nacks do not say whose they are, and whose requests say where
//! their sender wants the answer: read into the handlers that serve every wire.

use core::net::SocketAddr;

use rand_core::Rng;

use crate::dialect::{Message, Row, Speaker, Unpacker};
use crate::ground::id::{Incarnation, NodeId, SequenceNumber};
use crate::ground::member::{Claim, Status, normal_address};
use crate::ground::metrics::DropReason;
use crate::ground::time::Instant;
use crate::membership::Membership;
use crate::membership::application::Application;
use crate::membership::belief::report::{Report, Spread};
use crate::membership::detecting::probing::Way;
use crate::membership::door::admission::Sender;

/// What is said of a living member.
pub(in crate::membership) const fn alive_news<'a>(row: &Row<'a>, spread: Spread) -> Report<'a> {
    Report {
        description: Some(row.description()),
        spread,
        versions: row.versions,
        ..Report::of(row.id, row.claim, row.id)
    }
}

impl<R: Rng, A: Application> Membership<R, A> {
    /// A packet arrived, its envelope taken off.
    pub(in crate::membership) fn handle_unpacked(
        &mut self,
        now: Instant,
        sender: &mut Sender,
        mut unpacker: Unpacker,
        packet: &[u8],
    ) {
        let mut wants_answer = false;
        unpacker.unpack(packet, |message| match message {
            // One packet draws one answer at most, or a short one could draw a flood.
            Ok((_, Message::Ping { .. } | Message::PingReq { .. })) if wants_answer => {
                self.metrics.drop(DropReason::SecondRequest);
            }
            Ok((kind, message)) => {
                wants_answer |= matches!(message, Message::Ping { .. } | Message::PingReq { .. });
                self.metrics.count_received(kind);
                self.handle_unnamed(now, sender, &message);
            }
            Err(error) => self.metrics.drop(error.reason()),
        });
        self.dialect.put_back(unpacker);
    }

    fn handle_unnamed(&mut self, now: Instant, sender: &mut Sender, message: &Message<'_>) {
        if !self.hears_from_strangers(message) && self.is_stranger(sender) {
            self.metrics.drop(DropReason::Stranger);
            return;
        }
        let from = sender.address;
        match *message {
            Message::Ping { sequence, target, source } => {
                let address = self.answers_at(sender, &source);
                self.handle_ping(
                    now,
                    &sender.at(address),
                    sequence,
                    &self.addressee(target),
                    source.id,
                );
            }
            Message::PingReq { sequence, target, address, wants_nack, source } => {
                self.handle_indirect_ping(
                    now,
                    sender,
                    sequence,
                    (target, address),
                    wants_nack,
                    &source,
                );
            }
            Message::Ack { sequence, payload, .. } => {
                if self.handle_ack(now, sequence, None, Way::Packet(from)) {
                    sender.prove();
                    self.hear_ack_payload(now, payload);
                }
            }
            Message::Nack { sequence, .. } => self.handle_unnamed_nack(sequence, from),
            Message::Suspect { id, incarnation, from } => {
                self.hear_claim(now, sender, (id, incarnation), Status::Suspect, from);
            }
            Message::Dead { id, incarnation, from } => {
                self.hear_claim(now, sender, (id, incarnation), self.end_of(id), from);
            }
            Message::Left { id, incarnation } => {
                self.hear_claim(now, sender, (id, incarnation), Status::Left, id);
            }
            Message::Alive(row) => {
                if self.is_stranger(sender) {
                    self.hear_stranger(now, sender, &row);
                } else {
                    self.hear_alive(now, &alive_news(&row, Spread::Gossip));
                }
            }
            Message::Direct { payload, .. } => self.hear_user_message(now, from, payload),
        }
    }

    /// A stranger says that a member is alive: looks whether it is.
    fn hear_stranger(&mut self, now: Instant, sender: &mut Sender, row: &Row<'_>) {
        let report = alive_news(row, Spread::Gossip);
        if *self.local.id == *row.id {
            self.hear_alive(now, &report);
        } else if self.dialect.speaks_with(row.versions) {
            let found = self.members.find(row.id);
            self.look_for_told(now, sender, found, &report);
        } else {
            self.metrics.drop(DropReason::VersionMismatch);
        }
    }

    /// Returns true if a stranger may say this: as on the native wire.
    fn hears_from_strangers(&self, message: &Message<'_>) -> bool {
        match *message {
            Message::Ping { .. } | Message::Ack { .. } | Message::Alive { .. } => true,
            Message::Suspect { id, .. } | Message::Dead { id, .. } | Message::Left { id, .. } => {
                *self.local.id == *id
            }
            Message::PingReq { .. } | Message::Nack { .. } | Message::Direct { .. } => false,
        }
    }

    fn hear_claim(
        &mut self,
        now: Instant,
        sender: &Sender,
        (id, incarnation): (&str, Incarnation),
        status: Status,
        from: &str,
    ) {
        let by_stranger = self.is_stranger(sender);
        self.handle_report(
            now,
            &Report { by_stranger, ..Report::of(id, Claim::new(incarnation, status), from) },
        );
    }

    /// The target of a ping: without a name, this node.
    pub(in crate::membership) fn addressee(&self, target: &str) -> NodeId {
        NodeId::new(target).unwrap_or_else(|_| self.local.id.clone())
    }

    /// Where the answer to a ping goes: to the address that the sender names if that is a member's
    /// own of the sender's name, so that nobody can have a third party answered to; else to where
    /// the packet came from.
    fn answers_at(&self, sender: &Sender, source: &Speaker<'_>) -> SocketAddr {
        let is_own = |&address: &SocketAddr| self.member_behind(address, source.id).is_some();
        let named = source.address.filter(|_| !self.is_stranger(sender)).filter(is_own);
        named.unwrap_or(sender.address)
    }

    /// A request to ping another. It says where; we go by our table, so that nobody can aim us at
    /// strangers.
    fn handle_indirect_ping(
        &mut self,
        now: Instant,
        sender: &Sender,
        sequence: SequenceNumber,
        (target, address): (&str, SocketAddr),
        wants_nack: bool,
        source: &Speaker<'_>,
    ) {
        let to = self.answers_at(sender, source);
        // Older nodes do not say who they are.
        let member = self.member_behind(to, source.id);
        if !source.id.is_empty() && member.is_none() {
            self.metrics.drop(DropReason::Stranger);
            return;
        }
        let is_there = |slot| self.members.address(slot) == Some(normal_address(address));
        if *self.local.id != *target && !self.members.find(target).is_some_and(is_there) {
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
}
