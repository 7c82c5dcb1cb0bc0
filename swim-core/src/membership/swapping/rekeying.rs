//! What members ask each other about their keys: one member, one request, one reply, and never in
//! plain.
//!
//! The keys are the driver's, as the encryption is. This file decides alone who may ask: a member
//! at its own address, over something that proves a key or a certificate. What is asked is opaque
//! here; the driver reads it (`wire::sealed::change`) and answers when it has done it. Nothing of
//! it is gossip: no announcement, no broadcast and no packet leads here. Read first:
//! docs/SECURITY.md, "Who may say what"; docs/WIRE.md, "Changing keys".

use alloc::vec::Vec;
use core::fmt;
use core::net::SocketAddr;

use rand_core::Rng;

use crate::dialect::KeyPolicy;
use crate::ground::exchange::{ExchangeFailure, ExchangeOutput};
use crate::ground::id::{ExchangeId, NodeId, SequenceNumber};
use crate::ground::metrics::{DropReason, MessageKind};
use crate::ground::source::{Protection, Source};
use crate::ground::time::Instant;
use crate::membership::application::Application;
use crate::membership::{Membership, State};
use crate::sync::exchanges::Purpose;
use crate::wire::{ExchangeMessage, Refusal};

/// Requests that wait for the driver at most: an operator changes one key at a time.
const MAX_WAITING: usize = 16;
/// Bytes of a request's or a reply's body at most: a key or 32 names of keys, and a sentence.
const MAX_BODY: usize = 1_024;

/// What this node has asked.
#[derive(Debug, Default)]
pub(in crate::membership) struct Rekeying {
    /// Members that were asked and have not answered. As many as exchanges are open at most.
    asked: Vec<(SequenceNumber, NodeId)>,
}

/// Something about keys, for the driver: from [`Output::KeyMessage`](crate::Output::KeyMessage).
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyMessage {
    /// A member asks. [`Swim::answer_key_request`](crate::Swim::answer_key_request) takes the
    /// answer.
    Request {
        /// The driver's own number for the request.
        id: ExchangeId,
        /// The member, which asks from its own address.
        from: NodeId,
        /// That address.
        address: SocketAddr,
        /// What is asked; at most 1,024 bytes.
        body: Vec<u8>,
    },
    /// What came of [`Swim::ask_keys`](crate::Swim::ask_keys).
    Reply {
        /// The number that it gave.
        sequence: SequenceNumber,
        /// What the member answers, at most 1,024 bytes; or why it does not.
        result: Result<Vec<u8>, ExchangeFailure>,
    },
}

/// What is said of keys does not show.
impl fmt::Debug for KeyMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Request { id, from, address, .. } => {
                let mut shown = f.debug_struct("Request");
                shown
                    .field("id", id)
                    .field("from", from)
                    .field("address", address)
                    .finish_non_exhaustive()
            }
            Self::Reply { sequence, result } => {
                let result = result.as_ref().map(Vec::len);
                f.debug_struct("Reply")
                    .field("sequence", sequence)
                    .field("result", &result)
                    .finish()
            }
        }
    }
}

/// Why a member was not asked about its keys. Nothing was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AskKeysError {
    /// No active member has this name, or it is this node's.
    UnknownMember,
    /// `Config::max_exchanges` are open: try again later.
    TooMany {
        /// The bound.
        max: usize,
    },
    /// The request is longer than 1,024 bytes.
    TooLong {
        /// Its length in bytes.
        len: usize,
    },
    /// The node is leaving or has left, or speaks memberlist's wire, which has no such request.
    NotRunning,
}

impl fmt::Display for AskKeysError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownMember => f.write_str("no active member has this name"),
            Self::TooMany { max } => write!(f, "{max} exchanges are open already: try again later"),
            Self::TooLong { len } => {
                write!(f, "the request has {len} bytes and may have {MAX_BODY}")
            }
            Self::NotRunning => f.write_str("the node is not running"),
        }
    }
}

impl core::error::Error for AskKeysError {}

impl<R: Rng, A: Application> Membership<R, A> {
    /// Asks a member something about its keys, as the driver has it. [`KeyMessage::Reply`] of the
    /// same number follows within `Config::exchange_timeout`. The driver sees to it that the
    /// exchange does not travel in plain.
    ///
    /// # Errors
    /// [`AskKeysError`]; nothing was sent.
    pub fn ask_keys(
        &mut self,
        now: Instant,
        member: &str,
        body: &[u8],
    ) -> Result<SequenceNumber, AskKeysError> {
        let now = self.advance(now);
        if self.local.state != State::Running || self.dialect.policy().keys != KeyPolicy::Exchanges
        {
            return Err(AskKeysError::NotRunning);
        }
        if body.len() > MAX_BODY {
            return Err(AskKeysError::TooLong { len: body.len() });
        }
        let slot = self
            .members
            .find(member)
            .filter(|&slot| slot != self.local.slot && self.members.is_active(slot));
        let to =
            slot.and_then(|slot| self.members.address(slot)).ok_or(AskKeysError::UnknownMember)?;
        let target = NodeId::new(member).map_err(|_| AskKeysError::UnknownMember)?;
        let sequence = self.detector.numbers.draw();
        let source = self.local.id.clone();
        let request =
            self.reply(&ExchangeMessage::KeyRequest { source: &source, target: member, body });
        if !self.open(now, to, Purpose::Keys { sequence }, request) {
            return Err(AskKeysError::TooMany { max: self.config.max_exchanges });
        }
        self.contacts.rekeying.asked.push((sequence, target));
        Ok(sequence)
    }

    /// Answers a request of [`KeyMessage::Request`]; with `None` it is refused. The answer may come
    /// late: who asked stops waiting by itself.
    pub fn answer_key_request(&mut self, id: ExchangeId, body: Option<&[u8]>) {
        let source = self.local.id.clone();
        let payload = match body {
            Some(body) => self.reply(&ExchangeMessage::KeyReply { source: &source, body }),
            None => self.refusal(Refusal::Malformed),
        };
        self.metrics.exchange_bytes_sent += payload.len() as u64;
        self.outputs.exchanges.push_back(ExchangeOutput::Reply { id, payload });
    }

    /// Returns true if a request is about keys, and so is answered by the driver.
    pub(in crate::membership) fn is_key_request(&self, payload: &[u8]) -> bool {
        let decoded = || ExchangeMessage::decode(payload, self.local.cluster);
        self.dialect.policy().keys == KeyPolicy::Exchanges
            && payload.len() <= 2 * MAX_BODY
            && matches!(decoded(), Ok(ExchangeMessage::KeyRequest { .. }))
    }

    /// Hands a request on to the driver, if it comes from a member that has proven to be one.
    pub(in crate::membership) fn handle_key_request(
        &mut self,
        id: ExchangeId,
        from: Source,
        payload: &[u8],
    ) {
        self.metrics.exchange_bytes_received += payload.len() as u64;
        let refusal = match self.judge_key_request(from, payload) {
            Ok((from_id, body)) => {
                let from = KeyMessage::Request { id, from: from_id, address: from.address, body };
                return self.outputs.key_messages.push_back(from);
            }
            Err((reason, refusal)) => {
                self.metrics.drop(reason);
                self.refusal(refusal)
            }
        };
        self.metrics.exchange_bytes_sent += refusal.len() as u64;
        self.outputs.exchanges.push_back(ExchangeOutput::Reply { id, payload: refusal });
    }

    /// Who asks and what, or why it is not heard.
    fn judge_key_request(
        &mut self,
        from: Source,
        payload: &[u8],
    ) -> Result<(NodeId, Vec<u8>), (DropReason, Refusal)> {
        let Ok(ExchangeMessage::KeyRequest { source, target, body }) =
            ExchangeMessage::decode(payload, self.local.cluster)
        else {
            return Err((DropReason::WrongPlace, Refusal::Malformed));
        };
        self.metrics.count_received(MessageKind::KeyRequest);
        if from.protection == Protection::Plain {
            return Err((DropReason::Unproven, Refusal::Malformed));
        }
        if !self.allows(from.address) {
            return Err((DropReason::NotAllowed, Refusal::Malformed));
        }
        if self.local.state != State::Running {
            return Err((DropReason::NotRunning, Refusal::Left));
        }
        if *self.local.id != *target {
            return Err((DropReason::WrongTarget, Refusal::WrongTarget));
        }
        let is_member = |&slot: &crate::ground::id::Slot| {
            slot != self.local.slot && self.members.is_active(slot)
        };
        let Some(slot) = self.member_behind(from.address, source).filter(is_member) else {
            return Err((DropReason::Stranger, Refusal::Malformed));
        };
        if body.len() > MAX_BODY || self.outputs.key_messages.len() >= MAX_WAITING {
            return Err((DropReason::Oversized, Refusal::Malformed));
        }
        Ok((self.id_at(slot), body.to_vec()))
    }

    /// A member has answered what it was asked about its keys; another's answer counts for nothing.
    pub(in crate::membership) fn keys_answered(
        &mut self,
        sequence: SequenceNumber,
        source: &str,
        body: &[u8],
    ) {
        let is_theirs = self
            .contacts
            .rekeying
            .asked
            .iter()
            .any(|(asked, member)| *asked == sequence && **member == *source);
        let result = if is_theirs && body.len() <= MAX_BODY {
            Ok(body.to_vec())
        } else {
            self.metrics.drop(DropReason::WrongTarget);
            Err(ExchangeFailure::Malformed)
        };
        self.end_asking(sequence, result);
    }

    /// A member will not answer.
    pub(in crate::membership) fn keys_unanswered(
        &mut self,
        sequence: SequenceNumber,
        failure: ExchangeFailure,
    ) {
        self.end_asking(sequence, Err(failure));
    }

    fn end_asking(&mut self, sequence: SequenceNumber, result: Result<Vec<u8>, ExchangeFailure>) {
        self.contacts.rekeying.asked.retain(|(asked, _)| *asked != sequence);
        self.outputs.key_messages.push_back(KeyMessage::Reply { sequence, result });
    }

    /// The node leaves: who waits for an answer about keys is told that none comes.
    pub(in crate::membership) fn end_rekeying(&mut self) {
        while let Some((sequence, _)) = self.contacts.rekeying.asked.first() {
            self.end_asking(*sequence, Err(ExchangeFailure::Left));
        }
    }
}
