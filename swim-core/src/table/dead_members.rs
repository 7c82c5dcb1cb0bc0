//! The dead: those who died just now are still gossiped to, so that one declared dead in error
//! hears of it; all are tried again now and then, so that partitions heal. (memberlist's gossip to
//! the dead, serf's reconnect)

use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::time::Duration;

use rand_core::Rng;

use crate::ground::id::Slot;
use crate::ground::random::below;
use crate::ground::slot_index::SlotIndex;
use crate::ground::time::Instant;

/// The members whose claim is Dead and who are not reaped yet, and the tombstones of those who are.
#[derive(Debug, Default)]
pub(crate) struct DeadMembers {
    dead: Vec<Slot>,
    places: SlotIndex,
    /// In the order of their deaths. May name members that came back.
    recent: VecDeque<(Instant, Slot)>,
    /// Members that left, in that order. May name slots that are theirs no more.
    left: VecDeque<Slot>,
    /// Tombstones in the order of their burials. May name slots that are none any more.
    buried: VecDeque<Slot>,
}

impl DeadMembers {
    pub(crate) fn contains(&self, slot: Slot) -> bool {
        self.places.get(slot).is_some()
    }

    pub(crate) fn len(&self) -> usize {
        self.dead.len()
    }

    /// The dead that are not reaped. What else is kept may name any slot, and is looked at before
    /// it is used.
    pub(crate) fn slots(&self) -> impl Iterator<Item = Slot> {
        self.dead.iter().copied()
    }

    /// A member died.
    pub(crate) fn insert(&mut self, slot: Slot, now: Instant) {
        if self.contains(slot) {
            return;
        }
        // Members that die and come back again and again do not fill the queue.
        if self.recent.len() > 2 * self.dead.len() + 16 {
            let places = &self.places;
            self.recent.retain(|&(_, slot)| places.get(slot).is_some());
        }
        self.places.set(slot, self.dead.len());
        self.dead.push(slot);
        self.recent.push_back((now, slot));
    }

    /// A member came back, left or was reaped.
    pub(crate) fn remove(&mut self, slot: Slot) {
        let Some(place) = self.places.get(slot) else { return };
        self.places.clear(slot);
        self.dead.swap_remove(place);
        if let Some(&moved) = self.dead.get(place) {
            self.places.set(moved, place);
        }
        if self.dead.is_empty() {
            self.recent.clear();
            // Given back after many died at once; the next death alone should not fetch it anew,
            // which takes O(n).
            if self.dead.capacity() > 64 {
                self.dead = Vec::new();
                self.places.release();
                self.recent = VecDeque::new();
            }
        }
    }

    /// One of the dead at random.
    pub(crate) fn random(&self, rng: &mut impl Rng) -> Option<Slot> {
        match self.dead.len() {
            0 => None,
            len => Some(self.dead[below(rng, len as u32) as usize]),
        }
    }

    /// One of those who died within `window` at random, or none, if the one drawn has come back.
    pub(crate) fn random_recent(
        &mut self,
        rng: &mut impl Rng,
        now: Instant,
        window: Duration,
    ) -> Option<Slot> {
        while self.recent.front().is_some_and(|&(died, _)| died + window <= now) {
            self.recent.pop_front();
        }
        match self.recent.len() {
            0 => None,
            len => Some(self.recent[below(rng, len as u32) as usize].1)
                .filter(|&slot| self.contains(slot)),
        }
    }

    /// A member left.
    pub(crate) fn leave(&mut self, slot: Slot, has_left: impl Fn(Slot) -> bool) {
        enqueue(&mut self.left, slot, has_left);
    }

    /// A member became a tombstone.
    pub(crate) fn entomb(&mut self, slot: Slot, is_tombstone: impl Fn(Slot) -> bool) {
        enqueue(&mut self.buried, slot, is_tombstone);
    }

    /// Takes the oldest tombstone.
    pub(crate) fn oldest_tombstone(&mut self, is_tombstone: impl Fn(Slot) -> bool) -> Option<Slot> {
        core::iter::from_fn(|| self.buried.pop_front()).find(|&slot| is_tombstone(slot))
    }

    /// Takes the member that left first.
    pub(crate) fn oldest_left(&mut self, has_left: impl Fn(Slot) -> bool) -> Option<Slot> {
        core::iter::from_fn(|| self.left.pop_front()).find(|&slot| has_left(slot))
    }
}

/// Appends a slot. What `still_is` does not accept any more is dropped when it is about to fill
/// half of the queue, so a queue is not longer than twice what it stands for, plus a little.
fn enqueue(queue: &mut VecDeque<Slot>, slot: Slot, still_is: impl Fn(Slot) -> bool) {
    if queue.len() == queue.capacity() {
        queue.retain(|&other| other != slot && still_is(other));
    }
    queue.push_back(slot);
}

#[cfg(test)]
mod tests {
    use rand_core::SeedableRng;
    use rand_xoshiro::Xoshiro256PlusPlus;

    use super::*;

    #[test]
    fn the_recently_dead_are_forgotten_after_the_window_and_those_who_came_back_at_once() {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
        let mut dead = DeadMembers::default();
        let window = Duration::from_secs(30);
        for i in 0..3 {
            dead.insert(Slot(i), Instant::from_millis(u64::from(i) * 10_000));
        }
        dead.remove(Slot(1));
        let mut drawn = |seconds: u64| {
            let now = Instant::from_millis(seconds * 1_000);
            let mut slots: Vec<_> =
                (0..50).filter_map(|_| dead.random_recent(&mut rng, now, window)).collect();
            slots.sort_unstable();
            slots.dedup();
            slots
        };
        assert_eq!(drawn(29), [Slot(0), Slot(2)]);
        assert_eq!(drawn(30), [Slot(2)]);
        assert_eq!(drawn(50), []);
        assert!(dead.contains(Slot(0)) && dead.len() == 2, "they are still dead");
    }

    #[test]
    fn members_that_die_again_and_again_do_not_fill_the_queue() {
        let mut dead = DeadMembers::default();
        dead.insert(Slot(0), Instant::ORIGIN);
        for i in 0..1_000 {
            dead.insert(Slot(1), Instant::from_millis(i));
            dead.remove(Slot(1));
        }
        assert!(dead.recent.len() <= 20, "{}", dead.recent.len());
    }

    #[test]
    fn the_oldest_tombstone_is_taken_first_and_what_is_none_any_more_is_passed_over() {
        let mut dead = DeadMembers::default();
        for slot in [4, 2, 7].map(Slot) {
            dead.entomb(slot, |_| true);
        }
        assert_eq!(dead.oldest_tombstone(|slot| slot != Slot(4)), Some(Slot(2)));
        assert_eq!(dead.oldest_tombstone(|_| true), Some(Slot(7)));
        assert_eq!(dead.oldest_tombstone(|_| true), None);
    }

    #[test]
    fn a_queue_of_tombstones_does_not_keep_what_came_back() {
        let mut dead = DeadMembers::default();
        for i in 0..10_000 {
            dead.entomb(Slot(i % 7), |slot| slot == Slot(3));
        }
        assert!(dead.buried.len() <= 64, "{}", dead.buried.len());
    }
}
