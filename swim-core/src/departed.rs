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

/// The members whose claim is Dead and who are not reaped yet.
#[derive(Debug, Default)]
pub(crate) struct Departed {
    dead: Vec<Slot>,
    places: Places,
    /// In the order of their deaths. May name members that are no longer dead.
    recent: VecDeque<(Instant, Slot)>,
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
        if !self.contains(slot) {
            self.places.set(slot, self.dead.len());
            self.dead.push(slot);
            self.recent.push_back((now, slot));
        }
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
            *self = Self::default();
        }
    }

    /// One of the dead at random.
    pub(crate) fn random(&self, rng: &mut impl Rng) -> Option<Slot> {
        match self.dead.len() {
            0 => None,
            len => Some(self.dead[below(rng, len as u32) as usize]),
        }
    }

    /// Forgets who did not die within `window`, and says how many are left to gossip to. Some may be back by now.
    pub(crate) fn recent(&mut self, now: Instant, window: Duration) -> usize {
        while self.recent.front().is_some_and(|&(died, _)| died + window <= now) {
            self.recent.pop_front();
        }
        self.recent.len()
    }

    /// The one at `place` among the recently dead, if it is still dead.
    pub(crate) fn recent_at(&self, place: usize) -> Option<Slot> {
        self.recent.get(place).map(|&(_, slot)| slot).filter(|&slot| self.contains(slot))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_recently_dead_are_forgotten_after_the_window_and_those_who_came_back_at_once() {
        let mut departed = Departed::default();
        let window = Duration::from_secs(30);
        for i in 0..3 {
            departed.insert(Slot(i), Instant::from_millis(u64::from(i) * 10_000));
        }
        departed.remove(Slot(1));
        assert_eq!(departed.recent(Instant::from_millis(30_000), window), 2);
        assert_eq!((departed.recent_at(0), departed.recent_at(1)), (None, Some(Slot(2))));
        assert_eq!(departed.recent(Instant::from_millis(50_000), window), 0);
        assert!(departed.contains(Slot(0)) && departed.len() == 2, "they are still dead");
    }
}
