//! Which user broadcasts were delivered: each at most once at each node.
//!
//! An origin numbers its broadcasts from 0 in each of its lives (the epoch, its first incarnation). For each origin the
//! newest epoch and a window over its latest numbers are kept; what falls behind the window counts as delivered.

use alloc::collections::BTreeMap;

use crate::id::{Incarnation, NodeId};

/// How many of an origin's latest broadcasts are told apart.
const WINDOW: u64 = 1_024;
const WORDS: usize = (WINDOW / 64) as usize;

/// What was delivered from one origin.
#[derive(Debug)]
struct Window {
    epoch: Incarnation,
    /// One above the highest number delivered.
    end: u64,
    /// A ring: bit `number % WINDOW` is set if `number` was delivered.
    delivered: [u64; WORDS],
    /// When it last broadcast, on a clock of deliveries.
    heard: u64,
}

impl Window {
    const fn new(epoch: Incarnation) -> Self {
        Self { epoch, end: 0, delivered: [0; WORDS], heard: 0 }
    }

    /// Notes `number` as delivered. Returns whether it was not before.
    fn note(&mut self, number: u64) -> bool {
        if number >= self.end {
            if number - self.end >= WINDOW {
                self.delivered = [0; WORDS];
            } else {
                for skipped in self.end..=number {
                    self.delivered[word(skipped)] &= !bit(skipped);
                }
            }
            self.end = number + 1;
        } else if self.end - number > WINDOW || self.delivered[word(number)] & bit(number) != 0 {
            return false;
        }
        self.delivered[word(number)] |= bit(number);
        true
    }
}

const fn word(number: u64) -> usize {
    (number % WINDOW / 64) as usize
}

const fn bit(number: u64) -> u64 {
    1 << (number % 64)
}

/// What was delivered from everyone.
#[derive(Debug, Default)]
pub(crate) struct Deliveries {
    origins: BTreeMap<NodeId, Window>,
    clock: u64,
}

impl Deliveries {
    pub(crate) fn len(&self) -> usize {
        self.origins.len()
    }

    /// Notes a broadcast as delivered. Returns whether it was not before. With `max` origins known, the one longest
    /// silent is forgotten for a new one.
    pub(crate) fn note(&mut self, origin: &str, epoch: Incarnation, number: u64, max: usize) -> bool {
        self.clock += 1;
        if number == u64::MAX {
            return false;
        }
        if !self.origins.contains_key(origin) {
            if self.origins.len() >= max {
                self.forget_the_longest_silent();
            }
            let Ok(id) = NodeId::new(origin) else { return false };
            self.origins.insert(id, Window::new(epoch));
        }
        let Some(window) = self.origins.get_mut(origin) else { return false };
        if epoch < window.epoch {
            return false;
        }
        if epoch > window.epoch {
            *window = Window::new(epoch);
        }
        window.heard = self.clock;
        window.note(number)
    }

    fn forget_the_longest_silent(&mut self) {
        let longest = self.origins.iter().min_by_key(|(_, window)| window.heard).map(|(id, _)| id.clone());
        if let Some(id) = longest {
            self.origins.remove(&id);
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    const LIFE: Incarnation = Incarnation::new(5);

    #[test]
    fn a_restarted_origin_begins_anew_and_its_old_life_is_over() {
        let mut deliveries = Deliveries::default();
        assert!(deliveries.note("a", LIFE, 0, 9));
        assert!(!deliveries.note("a", LIFE, 0, 9));
        assert!(deliveries.note("a", Incarnation::new(6), 0, 9));
        assert!(!deliveries.note("a", LIFE, 1, 9));
    }

    #[test]
    fn the_origin_longest_silent_is_forgotten_for_a_new_one() {
        let mut deliveries = Deliveries::default();
        for origin in ["a", "b", "a", "c"] {
            deliveries.note(origin, LIFE, 0, 2);
        }
        assert_eq!(deliveries.len(), 2);
        assert!(!deliveries.note("a", LIFE, 0, 2) && deliveries.note("b", LIFE, 0, 2));
    }

    #[test]
    fn absurd_numbers_do_no_harm() {
        let mut deliveries = Deliveries::default();
        assert!(!deliveries.note("a", LIFE, u64::MAX, 9));
        assert!(deliveries.note("a", LIFE, u64::MAX - 1, 9));
        assert!(!deliveries.note("a", LIFE, 3, 9), "far behind the window");
    }

    proptest! {
        #[test]
        fn within_the_window_each_number_is_delivered_exactly_once(numbers in prop::collection::vec(0..1_000_u64, 1..500)) {
            let mut deliveries = Deliveries::default();
            let mut oracle = BTreeSet::new();
            for number in numbers {
                prop_assert_eq!(deliveries.note("a", LIFE, number, 9), oracle.insert(number));
            }
        }
    }
}
