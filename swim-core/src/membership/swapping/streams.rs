//! Streams of a wire that has no exchanges: pings, tables and user messages, one message each way.

use alloc::vec::Vec;

use rand_core::Rng;

use crate::dialect::{Speaker, StreamMessage};
use crate::ground::exchange::ExchangeFailure;
use crate::ground::id::SequenceNumber;
use crate::ground::metrics::{DropReason, MessageKind};
use crate::ground::source::Source;
use crate::ground::time::Instant;
use crate::membership::application::Application;
use crate::membership::belief::report::Spread;
use crate::membership::detecting::probing::Way;
use crate::membership::swapping::tables::Past;
use crate::membership::{Membership, State};
use crate::sync::exchanges::Purpose;
use crate::wire::WireError;

impl<R: Rng, A: Application> Membership<R, A> {
    /// This node, as it speaks of itself where its messages say where it is.
    pub(in crate::membership) fn speaker(&self) -> Speaker<'_> {
        Speaker { address: Some(self.local.address), id: &self.local.id }
    }

    /// The reply to a request, or `None` if it deserves none.
    pub(in crate::membership) fn handle_stream_request(
        &mut self,
        now: Instant,
        from: Source,
        message: Result<StreamMessage<'_>, WireError>,
    ) -> Option<Vec<u8>> {
        let sender = self.judge_stream(from);
        let message =
            match message {
                Ok(message) => message,
                Err(error) => {
                    self.metrics.drop(error.reason());
                    self.metrics.count_sent(MessageKind::Refusal);
                    return Some(self.dialect.encode_stream(&StreamMessage::Error {
                        reason: "the message is malformed",
                    }));
                }
            };
        match message {
            StreamMessage::Ping { sequence, target, .. } => {
                self.answer_stream_ping(sequence, target)
            }
            StreamMessage::Table(theirs) => {
                self.metrics.count_received(MessageKind::Join);
                if self.local.state != State::Running {
                    self.metrics.drop(DropReason::NotRunning);
                    return None;
                }
                if !self.may_have_table(now, &sender) {
                    return None;
                }
                // memberlist answers before it merges. After it, who comes back from a partition
                // finds us refuted already. A refused merge is answered as well: the other side
                // comes to the same verdict.
                if self.is_stranger(&sender) {
                    self.look_for_joiner(now, &sender, &theirs);
                } else {
                    let _ = self.merge_table(now, &theirs, Spread::Gossip, Past::Missed);
                }
                self.metrics.count_sent(MessageKind::JoinReply);
                Some(self.table(theirs.is_join()))
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
        if *self.addressee(target) != *self.local.id {
            self.metrics.drop(DropReason::WrongTarget);
            return None;
        }
        if self.local.state == State::Left {
            self.metrics.drop(DropReason::NotRunning);
            return None;
        }
        self.metrics.count_sent(MessageKind::ReliableAck);
        Some(self.dialect.encode_stream(&StreamMessage::Ack { sequence }))
    }

    /// The reply to a request of ours.
    pub(in crate::membership) fn handle_stream_reply(
        &mut self,
        now: Instant,
        purpose: Purpose,
        message: Result<StreamMessage<'_>, WireError>,
    ) {
        let failure = match (purpose, message) {
            (Purpose::Join { address, of }, Ok(StreamMessage::Table(theirs))) => {
                self.metrics.count_received(MessageKind::JoinReply);
                match self.let_in(now, address, of, &theirs) {
                    Ok(()) => return,
                    Err(failure) => failure,
                }
            }
            (Purpose::PushPull, Ok(StreamMessage::Table(theirs))) => {
                self.metrics.count_received(MessageKind::JoinReply);
                match self.merge_table(now, &theirs, Spread::Gossip, Past::Missed) {
                    Ok(learnt) => {
                        let count = if learnt {
                            &mut self.metrics.syncs_different
                        } else {
                            &mut self.metrics.syncs_equal
                        };
                        *count += 1;
                        return;
                    }
                    Err(failure) => failure,
                }
            }
            (Purpose::ReliablePing { sequence }, Ok(StreamMessage::Ack { sequence: acked }))
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
                self.metrics.drop(error.reason());
                ExchangeFailure::Malformed
            }
        };
        self.exchange_failed(now, purpose, failure);
    }
}
