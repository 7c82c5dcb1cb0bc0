//! The dead: those who died just now are still gossiped to, so that one declared dead in error hears of it; all are
//! tried again now and then, so that partitions heal. (memberlist's gossip to the dead, serf's reconnect)

use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::time::Duration;

use rand_core::Rng;

use crate::id::Slot;
use crate::places::Places;
use crate::random::below;
use crate::time::Instant;

/// The members whose claim is Dead and who are not reaped yet, and the tombstones of those who are.
#[derive(Debug, Default)]
pub(crate) struct Departed {
    dead: Vec<Slot>,
    places: Places,
    /// In the order of their deaths. May name members that came back.
    recent: VecDeque<(Instant, Slot)>,
    /// In the order of their burials. May name slots that are no tombstones any more.
    buried: VecDeque<Slot>,
}

impl Departed {
    pub(crate) fn contains(&self, slot: Slot) -> bool {
        self.places.get(slot).is_some()
    }

    pub(crate) fn len(&self) -> usize {
        self.dead.len()
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
            self.dead = Vec::new();
            self.places.release();
            self.recent = VecDeque::new();
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
    pub(crate) fn random_recent(&mut self, rng: &mut impl Rng, now: Instant, window: Duration) -> Option<Slot> {
        while self.recent.front().is_some_and(|&(died, _)| died + window <= now) {
            self.recent.pop_front();
        }
        match self.recent.len() {
            0 => None,
            len => Some(self.recent[below(rng, len as u32) as usize].1).filter(|&slot| self.contains(slot)),
        }
    }

    /// A member became a tombstone.
    pub(crate) fn bury(&mut self, slot: Slot) {
        self.buried.push_back(slot);
    }

    /// Takes the oldest tombstone.
    pub(crate) fn oldest_buried(&mut self, is_buried: impl Fn(Slot) -> bool) -> Option<Slot> {
        while let Some(slot) = self.buried.pop_front() {
            if is_buried(slot) {
                return Some(slot);
            }
        }
        None
    }

    /// Drops what is no tombstone any more from the front of their queue.
    pub(crate) fn tidy_buried(&mut self, is_buried: impl Fn(Slot) -> bool) {
        while self.buried.front().is_some_and(|&slot| !is_buried(slot)) {
            self.buried.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use rand_core::SeedableRng;
    use rand_xoshiro::Xoshiro256PlusPlus;

    use super::*;

    #[test]
    fn the_recently_dead_are_forgotten_after_the_window_and_those_who_came_back_at_once() {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
        let mut departed = Departed::default();
        let window = Duration::from_secs(30);
        for i in 0..3 {
            departed.insert(Slot(i), Instant::from_millis(u64::from(i) * 10_000));
        }
        departed.remove(Slot(1));
        let mut drawn = |seconds: u64| {
            let now = Instant::from_millis(seconds * 1_000);
            let mut slots: Vec<_> = (0..50).filter_map(|_| departed.random_recent(&mut rng, now, window)).collect();
            slots.sort_unstable();
            slots.dedup();
            slots
        };
        assert_eq!(drawn(29), [Slot(0), Slot(2)]);
        assert_eq!(drawn(30), [Slot(2)]);
        assert_eq!(drawn(50), []);
        assert!(departed.contains(Slot(0)) && departed.len() == 2, "they are still dead");
    }

    #[test]
    fn members_that_die_again_and_again_do_not_fill_the_queue() {
        let mut departed = Departed::default();
        departed.insert(Slot(0), Instant::ORIGIN);
        for i in 0..1_000 {
            departed.insert(Slot(1), Instant::from_millis(i));
            departed.remove(Slot(1));
        }
        assert!(departed.recent.len() <= 20, "{}", departed.recent.len());
    }

    #[test]
    fn the_oldest_tombstone_is_taken_first_and_what_is_none_any_more_is_passed_over() {
        let mut departed = Departed::default();
        for slot in [4, 2, 7].map(Slot) {
            departed.bury(slot);
        }
        assert_eq!(departed.oldest_buried(|slot| slot != Slot(4)), Some(Slot(2)));
        departed.tidy_buried(|_| false);
        assert_eq!(departed.oldest_buried(|_| true), None);
    }
}
