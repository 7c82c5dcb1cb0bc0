//! The packets that wait to be polled, as small intents: their bytes come into being when they are
//! polled, with whatever is freshest then.

use alloc::collections::VecDeque;
use core::net::SocketAddr;

use crate::ground::id::{SequenceNumber, Slot};

/// A packet to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Intent {
    /// A ping to a member.
    Ping { target: Slot, sequence: SequenceNumber },
    /// A ping to a node that is said to bear our own name.
    Contend { address: SocketAddr, sequence: SequenceNumber },
    /// A ping to a candidate, or to a member that never answered, to see whether it is there.
    Look { address: SocketAddr, sequence: SequenceNumber },
    /// A request to ping `target` for us.
    PingReq { relay: Slot, target: Slot, sequence: SequenceNumber },
    /// Our answer to a ping from `to`: from `source`, if that is a member's own address.
    Ack { to: SocketAddr, sequence: SequenceNumber, source: Option<Slot> },
    /// An ack of `target` passed on to the member that asked for it.
    RelayedAck { to: SocketAddr, sequence: SequenceNumber, target: Slot },
    /// Word to the member that asked that its target did not answer us.
    Nack { to: SocketAddr, sequence: SequenceNumber },
    /// Queued updates and nothing else.
    Gossip { target: Slot },
    /// The next of the messages that wait next to the intents, each for one address.
    Unicast,
}

impl Intent {
    /// The member that the packet goes to, if the intent knows it by its slot.
    pub(crate) const fn reader(&self) -> Option<Slot> {
        match *self {
            Self::Ping { target, .. } | Self::Gossip { target } => Some(target),
            Self::PingReq { relay, .. } => Some(relay),
            Self::Ack { source, .. } => source,
            Self::RelayedAck { .. }
            | Self::Nack { .. }
            | Self::Contend { .. }
            | Self::Look { .. }
            | Self::Unicast => None,
        }
    }

    /// The slots that the intent names.
    const fn slots(&self) -> [Option<Slot>; 2] {
        match *self {
            Self::Ping { target, .. }
            | Self::RelayedAck { target, .. }
            | Self::Gossip { target } => [Some(target), None],
            Self::PingReq { relay, target, .. } => [Some(relay), Some(target)],
            Self::Ack { source, .. } => [source, None],
            Self::Nack { .. } | Self::Contend { .. } | Self::Look { .. } | Self::Unicast => {
                [None, None]
            }
        }
    }
}

/// The queue.
#[derive(Debug)]
pub(crate) struct Outbox {
    intents: VecDeque<Intent>,
    max: usize,
}

impl Outbox {
    /// An empty one for at most `max` intents.
    pub(crate) const fn new(max: usize) -> Self {
        Self { intents: VecDeque::new(), max }
    }

    pub(crate) fn len(&self) -> usize {
        self.intents.len()
    }

    pub(crate) const fn max(&self) -> usize {
        self.max
    }

    /// Queues an intent, unless as many as may wait already. Returns whether it was queued.
    pub(crate) fn push(&mut self, intent: Intent) -> bool {
        let fits = self.intents.len() < self.max;
        if fits {
            self.intents.push_back(intent);
        }
        fits
    }

    pub(crate) fn pop(&mut self) -> Option<Intent> {
        self.intents.pop_front()
    }

    /// Drops what concerns a slot that is about to be given to another member.
    pub(crate) fn forget(&mut self, slot: Slot) {
        self.intents.retain(|intent| !intent.slots().contains(&Some(slot)));
    }

    /// The slots that waiting intents name.
    pub(crate) fn slots(&self) -> impl Iterator<Item = Slot> {
        self.intents.iter().flat_map(Intent::slots).flatten()
    }

    pub(crate) fn clear(&mut self) {
        self.intents.clear();
    }
}
