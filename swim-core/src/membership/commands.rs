//! What the user asks for, besides joining and leaving.

use rand_core::Rng;

use super::application::Application;
use super::{BroadcastError, Membership, MetadataError, PingError, State};
use crate::detection::pings::Purpose;
use crate::dialect::BroadcastPolicy;
use crate::ground::id::SequenceNumber;
use crate::ground::time::Instant;
use crate::membership::spreading::outbox::Intent;
use crate::wire::Message;

impl<R: Rng, A: Application> Membership<R, A> {
    /// Replaces this node's metadata; the others are told.
    ///
    /// # Errors
    /// [`MetadataError`]; nothing was changed.
    pub fn set_metadata(&mut self, now: Instant, metadata: &[u8]) -> Result<(), MetadataError> {
        let now = self.advance(now);
        if self.local.state != State::Running {
            return Err(MetadataError::NotRunning);
        }
        let (len, max) = (metadata.len(), self.config.max_metadata_size);
        if len > max {
            return Err(MetadataError::TooLong { len, max });
        }
        let incarnation = self.dialect.policy().next_incarnation(self.incarnation());
        let incarnation = incarnation.ok_or(MetadataError::IncarnationsExhausted)?;
        self.assert_self(now, incarnation, metadata);
        self.debug_check();
        Ok(())
    }

    /// Sends `payload` to every member. Each node tells its user of it at most once; this node does
    /// not tell its own.
    ///
    /// On memberlist's wire it is a user message: sent by this node alone, as it is, and told of as
    /// often as it comes; among serf's agents it is a user event of the name `broadcast`, which
    /// this node tells its own user of, too.
    ///
    /// # Errors
    /// [`BroadcastError`]; nothing was queued.
    pub fn broadcast(&mut self, now: Instant, payload: &[u8]) -> Result<(), BroadcastError> {
        let now = self.advance(now);
        if self.local.state != State::Running {
            return Err(BroadcastError::NotRunning);
        }
        let (len, max) = (payload.len(), self.config.max_broadcast_size);
        if len > max {
            return Err(BroadcastError::TooLong { len, max });
        }
        let max = self.config.max_broadcasts;
        if self.queued_broadcasts() >= max {
            return Err(BroadcastError::QueueFull { max });
        }
        if let Some(sent) = self.with_layer(|layer, host| layer.broadcast(host, now, payload)) {
            self.debug_check();
            return sent;
        }
        if self.dialect.policy().broadcasts == BroadcastPolicy::Bare {
            self.queue_user_message(now, payload);
            self.debug_check();
            return Ok(());
        }
        let number = self.next_broadcast();
        let id = self.local.id.clone();
        self.pass_on_broadcast(
            now,
            &Message::Broadcast { origin: &id, epoch: self.local.epoch, number, payload },
        );
        Ok(())
    }

    /// Measures the round trip to a member: [`Event::Pinged`](crate::Event::Pinged) with the same
    /// number follows within the probe timeout.
    ///
    /// # Errors
    /// [`PingError`]; nothing was sent.
    pub fn ping(&mut self, now: Instant, id: &str) -> Result<SequenceNumber, PingError> {
        let now = self.advance(now);
        if self.local.state != State::Running {
            return Err(PingError::NotRunning);
        }
        if *self.local.id == *id {
            return Err(PingError::Ourselves);
        }
        let target = self.members.find(id).filter(|&slot| self.members.is_active(slot));
        let target = target.ok_or(PingError::UnknownMember)?;
        let max = self.config.max_pings;
        let sequence =
            self.add_ping(now, Purpose::User { target }).ok_or(PingError::TooMany { max })?;
        self.send(Intent::Ping { target, sequence });
        Ok(sequence)
    }
}
