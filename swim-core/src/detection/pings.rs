//! Pings that are out besides the probe: for another member that asked us to (SWIM 3.1), for the
//! user, and to see whether another node really lives under our name.

use alloc::collections::VecDeque;
use core::net::SocketAddr;

use crate::ground::exchange::Contact;
use crate::ground::id::{Incarnation, SequenceNumber, Slot};
use crate::ground::time::Instant;

/// Why a ping is out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// A member asked us to probe `target` for it.
    Relay {
        target: Slot,
        requester: SocketAddr,
        /// The requester's own number.
        sequence: SequenceNumber,
        /// The requester was told that no ack came so far. A late one is still passed on.
        nacked: bool,
    },
    /// The user wants to know the round-trip time.
    User { target: Slot },
    /// The name of `target` is claimed at another address: is it still there?
    Bearer { target: Slot },
    /// We want something of `target`, which never answered us.
    Look { target: Slot, wanted: Wanted },
    /// Someone at `address` is said to bear our name.
    Contender { address: SocketAddr, incarnation: Incarnation },
}

impl Purpose {
    /// The member that is pinged, if it is one.
    pub(crate) const fn target(&self) -> Option<Slot> {
        match *self {
            Self::Relay { target, .. }
            | Self::User { target }
            | Self::Bearer { target }
            | Self::Look { target, .. } => Some(target),
            Self::Contender { .. } => None,
        }
    }
}

/// What a member is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// To compare tables with it.
    Tables(Contact),
    /// To answer its queries.
    Answers,
}

/// A ping that is out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ping {
    pub(crate) sequence: SequenceNumber,
    pub(crate) sent: Instant,
    pub(crate) deadline: Instant,
    pub(crate) purpose: Purpose,
}

/// All that are out, the earliest deadline first.
#[derive(Debug, Default)]
pub(crate) struct Pings {
    out: VecDeque<Ping>,
}

impl Pings {
    pub(crate) fn len(&self) -> usize {
        self.out.len()
    }

    pub(crate) fn add(&mut self, ping: Ping) {
        let place = self
            .out
            .iter()
            .rposition(|other| other.deadline <= ping.deadline)
            .map_or(0, |at| at + 1);
        self.out.insert(place, ping);
    }

    /// The ping of that number.
    pub(crate) fn find(&self, sequence: SequenceNumber) -> Option<Ping> {
        self.out.iter().find(|ping| ping.sequence == sequence).copied()
    }

    /// The members that are pinged.
    pub(crate) fn slots(&self) -> impl Iterator<Item = Slot> {
        self.out.iter().filter_map(|ping| ping.purpose.target())
    }

    /// Returns true if a ping is out that `wanted` accepts.
    pub(crate) fn any(&self, wanted: impl FnMut(&Ping) -> bool) -> bool {
        self.out.iter().any(wanted)
    }

    /// The ping leaves this node only now.
    pub(crate) fn mark_sent(&mut self, sequence: SequenceNumber, now: Instant) {
        if let Some(ping) = self.out.iter_mut().find(|ping| ping.sequence == sequence) {
            ping.sent = now;
        }
    }

    pub(crate) fn remove(&mut self, sequence: SequenceNumber) {
        self.out.retain(|ping| ping.sequence != sequence);
    }

    /// Takes the ping whose deadline has come.
    pub(crate) fn pop_due(&mut self, now: Instant) -> Option<Ping> {
        self.out.front().filter(|ping| ping.deadline <= now)?;
        self.out.pop_front()
    }

    /// Takes the first ping that `wanted` accepts.
    pub(crate) fn take(&mut self, wanted: impl FnMut(&Ping) -> bool) -> Option<Ping> {
        let place = self.out.iter().position(wanted)?;
        self.out.remove(place)
    }

    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        self.out.front().map(|ping| ping.deadline)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pings_end_in_the_order_of_their_deadlines() {
        let mut pings = Pings::default();
        for (number, deadline) in [(1, 30), (2, 10), (3, 20), (4, 10)] {
            pings.add(Ping {
                sequence: SequenceNumber::new(number),
                sent: Instant::ORIGIN,
                deadline: Instant::from_millis(deadline),
                purpose: Purpose::User { target: Slot(0) },
            });
        }
        assert_eq!(pings.next_deadline(), Some(Instant::from_millis(10)));
        let due = core::iter::from_fn(|| pings.pop_due(Instant::from_millis(20)));
        assert_eq!(due.map(|ping| ping.sequence.get()).collect::<alloc::vec::Vec<_>>(), [2, 4, 3]);
        assert!(pings.find(SequenceNumber::new(1)).is_some());
    }
}
