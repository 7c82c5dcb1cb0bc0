//! What runs when: one deadline for each kind of timer, one for each member that needs one, and the
//! earliest in O(1).
//!
//! A member has at most one deadline, since what can be waited for excludes one another: a suspect
//! waits for its suspicion to expire, a dead one for being reaped, a tombstone for being removed.
//! Setting a timer replaces its old deadline, cancelling removes it: no stale timer ever fires.

use alloc::vec::Vec;

use crate::ground::id::Slot;
use crate::ground::slot_index::SlotIndex;
use crate::ground::time::Instant;

/// Everything that runs at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Timer {
    /// The protocol period ends: judge the probe in flight and begin the next.
    Probe,
    /// The direct ping of the probe in flight was not answered in time: probe indirectly.
    ProbeTimeout,
    /// A ping on behalf of another, or of the user, ends.
    Pings,
    /// Send queued updates to random members.
    Gossip,
    /// Begin a round of anti-entropy.
    Sync,
    /// Contact the seeds that are due.
    Join,
    /// Contact a dead member or an absent seed.
    Reconnect,
    /// The oldest open exchange has waited long enough.
    Exchanges,
    /// The departure counts as spread.
    Leave,
    /// A query of this node ends.
    Layer,
    /// A candidate has had its time to answer.
    Candidates,
    /// A suspicion expires, a dead member is reaped or a tombstone is removed.
    Member(Slot),
}

const PERIODIC: [Timer; 11] = [
    Timer::Probe,
    Timer::ProbeTimeout,
    Timer::Pings,
    Timer::Gossip,
    Timer::Sync,
    Timer::Join,
    Timer::Reconnect,
    Timer::Exchanges,
    Timer::Leave,
    Timer::Layer,
    Timer::Candidates,
];

/// The deadline of what does not run.
const NEVER: Instant = Instant::END;

/// All deadlines. What is set to the end of time never runs.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Timers {
    members: Deadlines,
    periodic: [Instant; PERIODIC.len()],
    /// The latest time that the node was given.
    latest: Instant,
    /// The earliest of all: it is asked for after every input, and so comes last, next to the
    /// outputs.
    earliest: Instant,
}

impl Default for Timers {
    fn default() -> Self {
        Self {
            members: Deadlines::default(),
            periodic: [NEVER; PERIODIC.len()],
            latest: Instant::ORIGIN,
            earliest: NEVER,
        }
    }
}

impl Timers {
    /// Returns `now`, or the latest time that was given before if that is later: time never goes
    /// backwards here.
    pub(crate) fn advance(&mut self, now: Instant) -> Instant {
        self.latest = self.latest.max(now);
        self.latest
    }

    /// Runs `timer` at `at`, whatever deadline it had.
    pub(crate) fn set(&mut self, timer: Timer, at: Instant) {
        let before = match timer {
            Timer::Member(slot) => self.members.set(slot, at),
            _ => core::mem::replace(&mut self.periodic[index(timer)], at),
        };
        self.note(before, at);
    }

    /// Runs `timer` no more.
    pub(crate) fn cancel(&mut self, timer: Timer) {
        let before = match timer {
            Timer::Member(slot) => self.members.cancel(slot),
            _ => core::mem::replace(&mut self.periodic[index(timer)], NEVER),
        };
        self.note(before, NEVER);
    }

    /// Keeps the earliest true: a deadline went from `before` to `at`.
    fn note(&mut self, before: Instant, at: Instant) {
        if at <= self.earliest {
            self.earliest = at;
        } else if before == self.earliest {
            self.earliest = self.search();
        }
    }

    /// The earliest deadline of all, looked for.
    fn search(&self) -> Instant {
        self.periodic.iter().fold(self.members.earliest, |earliest, &at| earliest.min(at))
    }

    /// When `timer` runs.
    pub(crate) fn get(&self, timer: Timer) -> Option<Instant> {
        match timer {
            Timer::Member(slot) => self.members.get(slot),
            _ => Some(self.periodic[index(timer)]).filter(|&at| at < NEVER),
        }
    }

    /// The members that have a deadline.
    pub(crate) fn slots(&self) -> impl Iterator<Item = Slot> {
        self.members.heap.iter().map(|&(_, slot)| slot)
    }

    /// The earliest deadline.
    #[inline]
    pub(crate) fn next(&self) -> Option<Instant> {
        (self.earliest < NEVER).then_some(self.earliest)
    }

    /// Takes a timer whose time has come: the earliest; at equal deadlines in the order of
    /// [`Timer`], then of slots.
    pub(crate) fn pop_due(&mut self, now: Instant) -> Option<Timer> {
        let at = self.next().filter(|&at| at <= now)?;
        let periodic =
            self.periodic.iter().position(|&other| other == at).map(|place| PERIODIC[place]);
        let timer =
            periodic.or_else(|| self.members.first().map(|(_, slot)| Timer::Member(slot)))?;
        self.cancel(timer);
        Some(timer)
    }

    /// Runs nothing any more.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    pub(crate) fn check_invariants(&self) {
        assert_eq!(self.earliest, self.search(), "the earliest is known");
        self.members.check_invariants();
    }
}

const fn index(timer: Timer) -> usize {
    match timer {
        Timer::Probe => 0,
        Timer::ProbeTimeout => 1,
        Timer::Pings => 2,
        Timer::Gossip => 3,
        Timer::Sync => 4,
        Timer::Join => 5,
        Timer::Reconnect => 6,
        Timer::Exchanges => 7,
        Timer::Leave => 8,
        Timer::Layer => 9,
        Timer::Candidates => 10,
        Timer::Member(_) => unreachable!(),
    }
}

/// A binary heap of (deadline, slot) in which each slot's entry can be found, moved and removed.
#[derive(Debug)]
struct Deadlines {
    heap: Vec<(Instant, Slot)>,
    places: SlotIndex,
    /// That of the first: it is asked for far more often than the heap changes.
    earliest: Instant,
}

impl Default for Deadlines {
    fn default() -> Self {
        Self { heap: Vec::new(), places: SlotIndex::default(), earliest: NEVER }
    }
}

impl Deadlines {
    fn first(&self) -> Option<(Instant, Slot)> {
        self.heap.first().copied()
    }

    fn get(&self, slot: Slot) -> Option<Instant> {
        self.places.get(slot).map(|place| self.heap[place].0)
    }

    /// Sets a deadline. Returns the one before.
    fn set(&mut self, slot: Slot, at: Instant) -> Instant {
        let (place, before) = if let Some(place) = self.places.get(slot) {
            (place, core::mem::replace(&mut self.heap[place].0, at))
        } else {
            self.heap.push((at, slot));
            self.places.set(slot, self.heap.len() - 1);
            (self.heap.len() - 1, NEVER)
        };
        self.settle(place);
        self.earliest = self.heap[0].0;
        before
    }

    /// Removes a deadline. Returns it.
    fn cancel(&mut self, slot: Slot) -> Instant {
        let Some(place) = self.places.get(slot) else { return NEVER };
        self.places.clear(slot);
        let (before, _) = self.heap.swap_remove(place);
        if place < self.heap.len() {
            self.places.set(self.heap[place].1, place);
            self.settle(place);
        }
        if self.heap.is_empty() && self.heap.capacity() > 64 {
            self.heap = Vec::new();
            self.places.release();
        }
        self.earliest = self.heap.first().map_or(NEVER, |&(at, _)| at);
        before
    }

    /// Moves the entry at `place` up or down to where it belongs.
    fn settle(&mut self, mut place: usize) {
        while place > 0 && self.heap[place] < self.heap[(place - 1) / 2] {
            self.swap(place, (place - 1) / 2);
            place = (place - 1) / 2;
        }
        loop {
            let children = 2 * place + 1..(2 * place + 3).min(self.heap.len());
            match children.min_by_key(|&child| self.heap[child]) {
                Some(child) if self.heap[child] < self.heap[place] => {
                    self.swap(place, child);
                    place = child;
                }
                _ => return,
            }
        }
    }

    fn swap(&mut self, a: usize, b: usize) {
        self.heap.swap(a, b);
        self.places.set(self.heap[a].1, a);
        self.places.set(self.heap[b].1, b);
    }

    fn check_invariants(&self) {
        assert_eq!(self.earliest, self.first().map_or(NEVER, |(at, _)| at), "the first is known");
        for (place, entry) in self.heap.iter().enumerate() {
            assert_eq!(self.places.get(entry.1), Some(place), "every deadline is found");
            assert!(place == 0 || self.heap[(place - 1) / 2] <= *entry, "parents come first");
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_periodic_timer_has_its_own_deadline() {
        for (place, &timer) in PERIODIC.iter().enumerate() {
            assert_eq!(index(timer), place);
        }
    }

    #[test]
    fn due_timers_come_in_order_and_once() {
        let mut timers = Timers::default();
        timers.set(Timer::Gossip, Instant::from_millis(20));
        timers.set(Timer::Probe, Instant::from_millis(10));
        timers.set(Timer::Member(Slot(3)), Instant::from_millis(10));
        timers.set(Timer::Sync, Instant::from_millis(99));
        assert_eq!(timers.next(), Some(Instant::from_millis(10)));
        let due: Vec<_> =
            core::iter::from_fn(|| timers.pop_due(Instant::from_millis(20))).collect();
        assert_eq!(due, [Timer::Probe, Timer::Member(Slot(3)), Timer::Gossip]);
    }

    proptest! {
        #[test]
        fn the_heap_pops_what_a_sorted_map_pops(operations in prop::collection::vec((0..50_u32, 0..1_000_u64), 0..300)) {
            let mut timers = Timers::default();
            let mut oracle: BTreeMap<u32, Instant> = BTreeMap::new();
            for (slot, at) in operations {
                if at < 300 {
                    timers.cancel(Timer::Member(Slot(slot)));
                    oracle.remove(&slot);
                } else {
                    timers.set(Timer::Member(Slot(slot)), Instant::from_nanos(at));
                    oracle.insert(slot, Instant::from_nanos(at));
                }
                timers.check_invariants();
                prop_assert_eq!(timers.next(), oracle.values().min().copied());
            }
            let mut sorted: Vec<_> = oracle.into_iter().map(|(slot, at)| (at, slot)).collect();
            sorted.sort_unstable();
            for (_, slot) in sorted {
                prop_assert_eq!(timers.pop_due(Instant::from_millis(1)), Some(Timer::Member(Slot(slot))));
            }
        }
    }
}
