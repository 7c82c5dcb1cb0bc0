//! The exchanges that this node has opened and that are not answered yet.

use alloc::vec::Vec;
use core::net::SocketAddr;

use crate::ground::exchange::Contact;
use crate::ground::id::{ExchangeId, SequenceNumber};
use crate::ground::time::Instant;

/// Why an exchange was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// To swap whole tables with a seed, or with a node that may live where a dead member or a seed
    /// once was.
    Join { address: SocketAddr, of: Contact },
    /// To compare digests.
    Digest { peer: SocketAddr, of: Contact },
    /// To swap the buckets that differ.
    Buckets,
    /// To swap whole tables with an active member, as memberlist does.
    PushPull,
    /// To probe over a reliable stream.
    ReliablePing { sequence: SequenceNumber },
    /// To ask a member something about its keys.
    Keys { sequence: SequenceNumber },
}

#[derive(Clone, Copy, Debug)]
struct Open {
    id: ExchangeId,
    deadline: Instant,
    purpose: Purpose,
}

/// All open exchanges, in the order in which they were opened.
#[derive(Debug, Default)]
pub(crate) struct Exchanges {
    open: Vec<Open>,
    opened: u64,
}

impl Exchanges {
    pub(crate) fn len(&self) -> usize {
        self.open.len()
    }

    pub(crate) fn open(&mut self, deadline: Instant, purpose: Purpose) -> ExchangeId {
        self.opened += 1;
        let id = ExchangeId(self.opened);
        self.open.push(Open { id, deadline, purpose });
        id
    }

    /// Ends an exchange and says why it was open.
    pub(crate) fn close(&mut self, id: ExchangeId) -> Option<Purpose> {
        let place = self.open.iter().position(|open| open.id == id)?;
        Some(self.open.remove(place).purpose)
    }

    /// Ends an exchange whose deadline has come.
    pub(crate) fn pop_due(&mut self, now: Instant) -> Option<(ExchangeId, Purpose)> {
        let place = self.open.iter().position(|open| open.deadline <= now)?;
        let open = self.open.remove(place);
        Some((open.id, open.purpose))
    }

    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        self.open.iter().map(|open| open.deadline).min()
    }

    /// Returns true if an exchange is open that `wanted` accepts.
    pub(crate) fn any(&self, mut wanted: impl FnMut(&Purpose) -> bool) -> bool {
        self.open.iter().any(|open| wanted(&open.purpose))
    }

    /// How many seeds are being contacted. Those that are lost hold nobody up: on memberlist's wire
    /// one is asked for its table all the time.
    pub(crate) fn joins(&self) -> usize {
        self.open
            .iter()
            .filter(|open| matches!(open.purpose, Purpose::Join { of: Contact::Seed, .. }))
            .count()
    }

    /// Ends all and names them.
    pub(crate) fn drain(&mut self) -> impl Iterator<Item = ExchangeId> {
        self.open.drain(..).map(|open| open.id)
    }
}
