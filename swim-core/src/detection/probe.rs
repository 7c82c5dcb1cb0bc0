//! The probe in flight: one member is probed in each protocol period (SWIM 3.1).
//!
//! Direct ping, then after the probe timeout k indirect ones, then a verdict when the period ends.
//! Who is probed and what follows from the verdict is decided elsewhere.

use alloc::vec::Vec;

use crate::ground::id::{SequenceNumber, Slot};
use crate::ground::time::Instant;

/// How far the probe has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// The direct ping is out.
    Direct,
    /// It was not answered in time: others were asked.
    Indirect,
    /// An ack came.
    Answered,
}

/// What became of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// The first ack, to the direct ping.
    Direct,
    /// The first ack, after others were asked.
    Indirect,
    /// Another ack.
    Duplicate,
}

/// The probe in flight.
#[derive(Debug)]
pub(crate) struct Probe {
    target: Slot,
    sequence: SequenceNumber,
    /// When the direct ping went out.
    begun: Instant,
    stage: Stage,
    /// Relays that were asked and have not sent a nack.
    silent: Vec<Slot>,
    asked: u8,
    /// The relay that this node heard from last, and whether it has sent a nack.
    fresh: Option<Slot>,
    has_fresh_nack: bool,
    /// The verdict was put off once because this node itself had stalled.
    deferred: bool,
}

impl Probe {
    pub(crate) const fn new(target: Slot, sequence: SequenceNumber, begun: Instant) -> Self {
        Self {
            target,
            sequence,
            begun,
            stage: Stage::Direct,
            silent: Vec::new(),
            asked: 0,
            fresh: None,
            has_fresh_nack: false,
            deferred: false,
        }
    }

    pub(crate) const fn target(&self) -> Slot {
        self.target
    }

    pub(crate) const fn sequence(&self) -> SequenceNumber {
        self.sequence
    }

    pub(crate) const fn begun(&self) -> Instant {
        self.begun
    }

    pub(crate) const fn stage(&self) -> Stage {
        self.stage
    }

    /// The direct ping has failed, and `relays` are asked; this node heard from `fresh` last, which
    /// may be one of them.
    pub(crate) fn ask(&mut self, relays: impl IntoIterator<Item = Slot>, fresh: Option<Slot>) {
        self.fresh = fresh;
        debug_assert!(self.stage == Stage::Direct, "relays are asked once");
        self.stage = Stage::Indirect;
        self.silent.extend(relays);
        self.asked = self.silent.len() as u8;
    }

    /// The slots that it names: its target's, those of relays that were asked and have not sent a
    /// nack, and that of the relay that this node heard from last.
    pub(crate) fn slots(&self) -> impl Iterator<Item = Slot> {
        core::iter::once(self.target).chain(self.silent.iter().copied()).chain(self.fresh)
    }

    /// A relay's slot is given to another member, whose silence says nothing.
    pub(crate) fn forget(&mut self, relay: Slot) {
        self.silent.retain(|&asked| asked != relay);
        self.fresh.take_if(|fresh| *fresh == relay);
    }

    /// Returns true if relays were asked whose silence counts.
    pub(crate) const fn has_asked(&self) -> bool {
        self.asked > 0
    }

    /// Asks to put the verdict off because this node stalled. Granted once.
    pub(crate) fn defer(&mut self) -> bool {
        !core::mem::replace(&mut self.deferred, true)
    }

    /// An ack for this probe came.
    pub(crate) fn answer(&mut self) -> Answer {
        let before = core::mem::replace(&mut self.stage, Stage::Answered);
        match before {
            Stage::Direct => Answer::Direct,
            Stage::Indirect => Answer::Indirect,
            Stage::Answered => Answer::Duplicate,
        }
    }

    /// A relay says that its ping was not answered. Returns whether it was asked, and says so for
    /// the first time.
    pub(crate) fn nack(&mut self, relay: Slot) -> bool {
        match self.silent.iter().position(|&asked| asked == relay) {
            Some(place) => {
                self.silent.swap_remove(place);
                self.has_fresh_nack |= self.fresh == Some(relay);
                true
            }
            None => false,
        }
    }

    /// As [`nack`](Self::nack), of a relay that does not say its name: the one that `is_sender`, or
    /// else any.
    pub(crate) fn nack_from(&mut self, is_sender: impl Fn(Slot) -> bool) -> bool {
        let relay = self
            .silent
            .iter()
            .copied()
            .find(|&relay| is_sender(relay))
            .or(self.silent.last().copied());
        relay.is_some_and(|relay| self.nack(relay))
    }

    /// Returns true if the relay that this node heard from last has sent a nack: the way to it and
    /// back is well, and so is this node.
    pub(crate) const fn has_fresh_nack(&self) -> bool {
        self.has_fresh_nack
    }

    /// By how much the failed probe worsens the local health: relays that did not even send a nack
    /// hint at a problem of our own; so does a failure that nobody was there to check (Lifeguard
    /// IV-A). Of the silent ones those `is_there` count.
    pub(crate) fn blame(&self, is_there: impl Fn(Slot) -> bool) -> u8 {
        if self.asked == 0 {
            1
        } else {
            self.silent.iter().filter(|&&relay| is_there(relay)).count() as u8
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_ack_counts_and_the_next_ones_are_duplicates() {
        let mut probe = Probe::new(Slot(1), SequenceNumber::new(1), Instant::ORIGIN);
        assert_eq!(probe.answer(), Answer::Direct);
        assert_eq!(probe.answer(), Answer::Duplicate);
        let mut probe = Probe::new(Slot(1), SequenceNumber::new(1), Instant::ORIGIN);
        probe.ask([Slot(2)], None);
        assert_eq!(probe.answer(), Answer::Indirect);
    }

    #[test]
    fn silent_relays_are_our_own_fault_and_nacks_are_not() {
        let mut probe = Probe::new(Slot(1), SequenceNumber::new(1), Instant::ORIGIN);
        assert_eq!(probe.blame(|_| true), 1, "nobody could be asked");
        probe.ask([Slot(2), Slot(3), Slot(4)], Some(Slot(4)));
        assert_eq!(probe.blame(|_| true), 3);
        assert!(probe.nack(Slot(3)));
        assert!(!probe.nack(Slot(3)) && !probe.nack(Slot(9)));
        assert_eq!(probe.blame(|_| true), 2);
        assert_eq!(probe.blame(|relay| relay != Slot(4)), 1, "one of them never answered");
        assert!(!probe.has_fresh_nack());
        assert!(probe.nack(Slot(4)) && probe.has_fresh_nack());
    }
}
