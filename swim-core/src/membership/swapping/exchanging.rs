//! Exchanges: requests that arrive, and replies to those that this node opened.

use alloc::vec::Vec;
use core::net::SocketAddr;

use rand_core::Rng;

use crate::ground::exchange::{ExchangeFailure, ExchangeInput, ExchangeOutput};
use crate::ground::id::{ExchangeId, SequenceNumber, Slot};
use crate::ground::metrics::{DropReason, MessageKind};
use crate::ground::source::{Protection, Source};
use crate::ground::time::Instant;
use crate::ground::timers::Timer;
use crate::membership::application::Application;
use crate::membership::detecting::probing::Way;
use crate::membership::{Membership, State};
use crate::sync::exchanges::Purpose;
use crate::wire::{ExchangeMessage, Refusal, WireError, state_in};

/// Bytes of most requests and replies that hold no table: what the driver is given is allocated
/// once.
pub(in crate::membership) const ROOM: usize = 64;

impl<R: Rng, A: Application> Membership<R, A> {
    /// A request arrived, or an exchange that this node opened was answered or has failed.
    ///
    /// Each request is answered at once: [`poll_output`](Self::poll_output) gives the answer. Only
    /// one about keys is answered when its driver has done so
    /// ([`answer_key_request`](Self::answer_key_request)).
    pub fn handle_exchange(&mut self, now: Instant, input: ExchangeInput<'_>) {
        let now = self.advance(now);
        match input {
            ExchangeInput::Request { id, from, payload } => {
                self.begin_hearing(from);
                if self.is_key_request(payload) {
                    self.handle_key_request(id, from, payload);
                } else if let Some(payload) = self.handle_request(now, from, payload) {
                    self.metrics.exchange_bytes_sent += payload.len() as u64;
                    self.outputs.exchanges.push_back(ExchangeOutput::Reply { id, payload });
                } else {
                    self.outputs.exchanges.push_back(ExchangeOutput::Refuse { id });
                }
                self.end_hearing();
            }
            ExchangeInput::Reply { id, payload } => match self.contacts.exchanges.close(id) {
                Some(purpose) => {
                    self.handle_reply(now, purpose, payload);
                    self.exchange_closed(now);
                }
                None => self.metrics.drop(DropReason::UnknownExchange),
            },
            ExchangeInput::Failed { id, failure } => match self.contacts.exchanges.close(id) {
                Some(purpose) => {
                    self.exchange_failed(now, purpose, failure);
                    self.exchange_closed(now);
                }
                None => self.metrics.drop(DropReason::UnknownExchange),
            },
        }
        self.debug_check();
    }

    /// Opens an exchange, unless as many are open as may be.
    pub(in crate::membership) fn open(
        &mut self,
        now: Instant,
        to: SocketAddr,
        purpose: Purpose,
        request: Vec<u8>,
    ) -> bool {
        if self.contacts.exchanges.len() >= self.config.max_exchanges {
            sometimes!(ExchangesFull);
            return false;
        }
        let id = self.contacts.exchanges.open(now + self.config.exchange_timeout, purpose);
        self.metrics.exchanges_opened += 1;
        self.metrics.exchange_bytes_sent += request.len() as u64;
        self.outputs.exchanges.push_back(ExchangeOutput::Open { id, to, request });
        self.arm_exchanges();
        true
    }

    fn arm_exchanges(&mut self) {
        match self.contacts.exchanges.next_deadline() {
            Some(at) => self.timers.set(Timer::Exchanges, at),
            None => self.timers.cancel(Timer::Exchanges),
        }
    }

    /// There is room for another exchange: a seed may be waiting for it.
    fn exchange_closed(&mut self, now: Instant) {
        self.arm_exchanges();
        self.contact_seeds(now);
    }

    pub(in crate::membership) fn exchanges_timeout(&mut self, now: Instant) {
        while let Some((id, purpose)) = self.contacts.exchanges.pop_due(now) {
            self.outputs.exchanges.push_back(ExchangeOutput::Abandon { id });
            self.exchange_failed(now, purpose, ExchangeFailure::TimedOut);
        }
        self.exchange_closed(now);
    }

    /// Gives up all that is open.
    pub(in crate::membership) fn abandon_exchanges(&mut self) {
        let ids: Vec<ExchangeId> = self.contacts.exchanges.drain().collect();
        self.outputs.exchanges.extend(ids.into_iter().map(|id| ExchangeOutput::Abandon { id }));
        self.timers.cancel(Timer::Exchanges);
        self.end_rekeying();
    }

    /// The reply to a request, or `None` if it deserves none.
    fn handle_request(&mut self, now: Instant, from: Source, payload: &[u8]) -> Option<Vec<u8>> {
        self.metrics.exchange_bytes_received += payload.len() as u64;
        if payload.len() > self.config.largest_exchange_heard() {
            self.metrics.drop(DropReason::Oversized);
            return None;
        }
        if !self.allows(from.address) {
            self.metrics.drop(DropReason::NotAllowed);
            return None;
        }
        if let Some(message) = self.dialect.decode_stream(payload) {
            return self.handle_stream_request(now, from, message);
        }
        let sender = self.judge_sender(from, payload.len());
        if from.protection == Protection::Plain && !self.is_stranger(&sender) {
            // Nobody opens a connection from an address at which answers do not arrive.
            self.note_answer_from(from.address);
        }
        let message = match ExchangeMessage::decode(payload, self.local.cluster) {
            Ok(message) => message,
            Err(error) => {
                self.metrics.drop(error.reason());
                return Some(self.refusal(match error {
                    WireError::WrongCluster => Refusal::OtherCluster,
                    WireError::WrongVersion => Refusal::OtherVersion,
                    _ => Refusal::Malformed,
                }));
            }
        };
        self.metrics.count_received(message.kind());
        let runs = self.local.state == State::Running;
        Some(match message {
            ExchangeMessage::ReliablePing { sequence, target, .. } => {
                self.answer_reliable_ping(sequence, target)
            }
            _ if !runs => {
                self.metrics.drop(DropReason::NotRunning);
                self.refusal(Refusal::Left)
            }
            ExchangeMessage::Join { .. } | ExchangeMessage::Buckets { .. }
                if !self.may_have_table(now, &sender) =>
            {
                return None;
            }
            ExchangeMessage::Join { source, entries } => {
                let reply = self.answer_join(now, &sender, source, entries);
                if !self.is_stranger(&sender) {
                    self.hear_shared_state(now, payload, false);
                }
                reply
            }
            ExchangeMessage::Digest { digest, .. } => self.answer_digest(digest),
            ExchangeMessage::Buckets { source, mask, entries } => {
                self.answer_buckets(now, &sender, (source, mask), entries)
            }
            ExchangeMessage::JoinReply { .. }
            | ExchangeMessage::DigestReply { .. }
            | ExchangeMessage::BucketsReply { .. }
            | ExchangeMessage::ReliableAck { .. }
            | ExchangeMessage::KeyRequest { .. }
            | ExchangeMessage::KeyReply { .. }
            | ExchangeMessage::Refusal { .. } => {
                self.metrics.drop(DropReason::WrongPlace);
                self.refusal(Refusal::Malformed)
            }
        })
    }

    /// The layer's state in a join, or in its reply; `is_first` if we have just come to the
    /// cluster.
    fn hear_shared_state(&mut self, now: Instant, exchange: &[u8], is_first: bool) {
        match state_in(exchange) {
            Ok(Some(state)) => {
                self.with_layer(|layer, host| layer.on_state(host, now, state, is_first));
            }
            Ok(None) => {}
            Err(error) => self.metrics.drop(error.reason()),
        }
    }

    /// The bytes of a reply.
    pub(in crate::membership) fn reply(&mut self, message: &ExchangeMessage<'_>) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(ROOM);
        message.encode(self.local.cluster, &mut bytes);
        self.metrics.count_sent(message.kind());
        bytes
    }

    pub(in crate::membership) fn refusal(&mut self, reason: Refusal) -> Vec<u8> {
        self.reply(&ExchangeMessage::Refusal { reason })
    }

    fn answer_reliable_ping(&mut self, sequence: SequenceNumber, target: &str) -> Vec<u8> {
        if *self.local.id != *target {
            self.metrics.drop(DropReason::WrongTarget);
            return self.refusal(Refusal::WrongTarget);
        }
        if self.local.state == State::Left {
            self.metrics.drop(DropReason::NotRunning);
            return self.refusal(Refusal::Left);
        }
        if self.keeps_quiet() {
            return self.refusal(Refusal::WrongTarget);
        }
        let id = self.local.id.clone();
        self.reply(&ExchangeMessage::ReliableAck { sequence, source: &id })
    }

    /// Probes over a reliable stream, besides the indirect probes (memberlist's TCP fallback).
    pub(in crate::membership) fn ping_reliably(
        &mut self,
        now: Instant,
        target: Slot,
        sequence: SequenceNumber,
    ) {
        let answers = self.dialect.versions_of(target).has_stream_ping();
        let Some(to) = self.members.address(target).filter(|_| answers) else { return };
        let (target, source) = (self.members.name(target), self.speaker());
        let request = self.dialect.reliable_ping(self.local.cluster, sequence, target, source);
        if self.open(now, to, Purpose::ReliablePing { sequence }, request) {
            self.metrics.count_sent(MessageKind::ReliablePing);
        }
    }

    fn handle_reply(&mut self, now: Instant, purpose: Purpose, payload: &[u8]) {
        self.metrics.exchange_bytes_received += payload.len() as u64;
        if payload.len() > self.config.largest_exchange_heard() {
            self.metrics.drop(DropReason::Oversized);
            self.exchange_failed(now, purpose, ExchangeFailure::TooLarge);
            return;
        }
        if let Some(message) = self.dialect.decode_stream(payload) {
            self.handle_stream_reply(now, purpose, message);
            return;
        }
        let message = match ExchangeMessage::decode(payload, self.local.cluster) {
            Ok(message) => message,
            Err(error) => {
                self.metrics.drop(error.reason());
                self.exchange_failed(
                    now,
                    purpose,
                    match error {
                        WireError::WrongCluster => ExchangeFailure::OtherCluster,
                        WireError::WrongVersion => ExchangeFailure::OtherVersion,
                        _ => ExchangeFailure::Malformed,
                    },
                );
                return;
            }
        };
        self.metrics.count_received(message.kind());
        match (purpose, message) {
            (Purpose::Join { address, of }, ExchangeMessage::JoinReply { source, entries }) => {
                let is_first = self.note_joined();
                self.joined(now, address, of, source, entries);
                self.hear_shared_state(now, payload, is_first);
            }
            (Purpose::Digest { peer, of }, ExchangeMessage::DigestReply { source, buckets }) => {
                self.compared(now, peer, of, source, buckets);
            }
            (Purpose::Buckets, ExchangeMessage::BucketsReply { source, entries }) => {
                self.swapped(now, source, entries);
            }
            (Purpose::ReliablePing { .. }, ExchangeMessage::ReliableAck { sequence, source }) => {
                self.handle_ack(now, sequence, Some(source), Way::Exchange);
            }
            (Purpose::Keys { sequence }, ExchangeMessage::KeyReply { source, body }) => {
                self.keys_answered(sequence, source, body);
            }
            (_, ExchangeMessage::Refusal { reason: Refusal::Left }) => {
                self.exchange_failed(now, purpose, ExchangeFailure::Left);
            }
            _ => {
                self.metrics.drop(DropReason::WrongPlace);
                self.exchange_failed(now, purpose, ExchangeFailure::Malformed);
            }
        }
    }

    pub(in crate::membership) fn exchange_failed(
        &mut self,
        now: Instant,
        purpose: Purpose,
        failure: ExchangeFailure,
    ) {
        self.metrics.exchanges_failed += 1;
        match purpose {
            Purpose::Join { address, of } => self.join_failed(now, address, of, failure),
            Purpose::Keys { sequence } => self.keys_unanswered(sequence, failure),
            _ => {}
        }
    }
}
