//! Streams of this wire: pings, tables and user messages, one message each way.

use alloc::vec::Vec;

use rand_core::Rng;

use super::super::news::Spread;
use super::super::probing::Way;
use super::super::{State, Swim};
use super::tables::Past;
use crate::exchange::ExchangeFailure;
use crate::exchanges::Purpose;
use crate::id::{SequenceNumber, Slot};
use crate::metrics::{DropReason, MessageKind};
use crate::time::Instant;
use crate::wire::WireError;
use crate::wire::memberlist::{Source, StreamMessage};

fn bytes(message: &StreamMessage<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    message.encode(&mut bytes);
    bytes
}

impl<R: Rng> Swim<R> {
    /// The reply to a request, or `None` if it deserves none.
    pub(in crate::swim) fn handle_memberlist_request(
        &mut self,
        now: Instant,
        from: crate::source::Source,
        payload: &[u8],
    ) -> Option<Vec<u8>> {
        let sender = self.judge_stream(from);
        let message = match StreamMessage::decode(payload) {
            Ok(message) => message,
            Err(error) => {
                self.metrics.drop(WireError::reason(error));
                self.metrics.count_sent(MessageKind::Refusal);
                return Some(bytes(&StreamMessage::Error { reason: "the message is malformed" }));
            }
        };
        match message {
            StreamMessage::Ping { sequence, target, .. } => self.answer_stream_ping(sequence, target),
            StreamMessage::PushPull(theirs) => {
                self.metrics.count_received(MessageKind::Join);
                if self.me.state != State::Running {
                    self.metrics.drop(DropReason::NotRunning);
                    return None;
                }
                if !self.may_have_table(now, &sender) {
                    return None;
                }
                // memberlist answers before it merges. After it, who comes back from a partition finds us refuted already.
                // A refused merge is answered as well: the other side comes to the same verdict.
                if self.is_stranger(&sender) {
                    self.look_for_joiner(now, &sender, &theirs);
                } else {
                    let _ = self.merge_table(now, &theirs, Spread::Gossip, Past::Missed);
                }
                self.metrics.count_sent(MessageKind::JoinReply);
                Some(self.table(theirs.is_join))
            }
            StreamMessage::User { payload } => {
                self.metrics.count_received(MessageKind::Broadcast);
                if self.is_stranger(&sender) {
                    self.metrics.drop(DropReason::Stranger);
                } else {
                    self.hear_user_message(now, from.address, payload);
                }
                None
            }
            StreamMessage::Ack { .. } | StreamMessage::Error { .. } => {
                self.metrics.drop(DropReason::WrongPlace);
                None
            }
        }
    }

    fn answer_stream_ping(&mut self, sequence: SequenceNumber, target: &str) -> Option<Vec<u8>> {
        self.metrics.count_received(MessageKind::ReliablePing);
        if *self.addressee(target) != *self.me.id {
            self.metrics.drop(DropReason::WrongTarget);
            return None;
        }
        if self.me.state == State::Left {
            self.metrics.drop(DropReason::NotRunning);
            return None;
        }
        self.metrics.count_sent(MessageKind::ReliableAck);
        Some(bytes(&StreamMessage::Ack { sequence, payload: &[] }))
    }

    /// Probes over a stream, if the target answers that.
    pub(in crate::swim) fn ping_by_stream(&mut self, now: Instant, target: Slot, sequence: SequenceNumber) {
        let Some(to) = self.members.address(target).filter(|_| self.versions_at(target).has_stream_ping()) else {
            return;
        };
        let source = Source { address: Some(self.me.address), id: &self.me.id };
        let request = bytes(&StreamMessage::Ping { sequence, target: self.members.name(target), source });
        if self.open(now, to, Purpose::ReliablePing { sequence }, request) {
            self.metrics.count_sent(MessageKind::ReliablePing);
        }
    }

    /// The reply to a request of ours.
    pub(in crate::swim) fn handle_memberlist_reply(&mut self, now: Instant, purpose: Purpose, payload: &[u8]) {
        let failure = match (purpose, StreamMessage::decode(payload)) {
            (Purpose::Join { address, of }, Ok(StreamMessage::PushPull(theirs))) => {
                self.metrics.count_received(MessageKind::JoinReply);
                match self.let_in(now, address, of, &theirs) {
                    Ok(()) => return,
                    Err(failure) => failure,
                }
            }
            (Purpose::PushPull, Ok(StreamMessage::PushPull(theirs))) => {
                self.metrics.count_received(MessageKind::JoinReply);
                match self.merge_table(now, &theirs, Spread::Gossip, Past::Missed) {
                    Ok(learnt) => {
                        let count =
                            if learnt { &mut self.metrics.syncs_different } else { &mut self.metrics.syncs_equal };
                        *count += 1;
                        return;
                    }
                    Err(failure) => failure,
                }
            }
            (Purpose::ReliablePing { sequence }, Ok(StreamMessage::Ack { sequence: acked, .. }))
                if sequence == acked =>
            {
                self.metrics.count_received(MessageKind::ReliableAck);
                self.handle_ack(now, sequence, None, Way::Exchange);
                return;
            }
            // What they could not read was encrypted, or not encrypted, or otherwise.
            (_, Ok(StreamMessage::Error { .. })) => {
                self.metrics.count_received(MessageKind::Refusal);
                ExchangeFailure::OtherKeys
            }
            (_, Ok(_)) => {
                self.metrics.drop(DropReason::WrongPlace);
                ExchangeFailure::Malformed
            }
            (_, Err(error)) => {
                self.metrics.drop(WireError::reason(error));
                ExchangeFailure::Malformed
            }
        };
        self.exchange_failed(now, purpose, failure);
    }
}
