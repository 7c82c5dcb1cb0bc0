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

/// What a broadcast that arrives is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Delivery {
    /// It was delivered before.
    Old,
    /// It is new.
    New,
    /// It is new as far as is known, but another origin had to be forgotten for it: it may have been delivered before,
    /// and must not be passed on, or broadcasts of too many origins would circulate for ever.
    Doubtful,
}

/// What was delivered from everyone.
#[derive(Debug, Default)]
pub(crate) struct Deliveries {
    origins: BTreeMap<NodeId, Window>,
    /// The origins by when they last broadcast, the one longest silent first.
    by_silence: BTreeMap<u64, NodeId>,
    clock: u64,
}

impl Deliveries {
    pub(crate) fn len(&self) -> usize {
        self.origins.len()
    }

    /// Notes a broadcast as delivered and says whether it was before. With `max` origins known, the one longest silent
    /// is forgotten for a new one.
    pub(crate) fn note(&mut self, origin: &str, epoch: Incarnation, number: u64, max: usize) -> Delivery {
        if number == u64::MAX {
            return Delivery::Old;
        }
        let mut new = Delivery::New;
        if !self.origins.contains_key(origin) {
            let Ok(id) = NodeId::new(origin) else { return Delivery::Old };
            if self.origins.len() >= max
                && let Some((_, silent)) = self.by_silence.pop_first()
            {
                self.origins.remove(&silent);
                new = Delivery::Doubtful;
            }
            self.origins.insert(id, Window::new(epoch));
        }
        let Some((id, _)) = self.origins.get_key_value(origin) else { return Delivery::Old };
        let id = id.clone();
        let Some(window) = self.origins.get_mut(origin) else { return Delivery::Old };
        if epoch < window.epoch {
            return Delivery::Old;
        }
        if epoch > window.epoch {
            *window = Window { heard: window.heard, ..Window::new(epoch) };
        }
        if !window.note(number) {
            return Delivery::Old;
        }
        self.clock += 1;
        self.by_silence.remove(&window.heard);
        window.heard = self.clock;
        self.by_silence.insert(self.clock, id);
        new
    }
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    const LIFE: Incarnation = Incarnation::new(5);

    fn is_new(deliveries: &mut Deliveries, origin: &str, epoch: Incarnation, number: u64) -> bool {
        deliveries.note(origin, epoch, number, 9) != Delivery::Old
    }

    #[test]
    fn a_restarted_origin_begins_anew_and_its_old_life_is_over() {
        let mut deliveries = Deliveries::default();
        assert!(is_new(&mut deliveries, "a", LIFE, 0));
        assert!(!is_new(&mut deliveries, "a", LIFE, 0));
        assert!(is_new(&mut deliveries, "a", Incarnation::new(6), 0));
        assert!(!is_new(&mut deliveries, "a", LIFE, 1));
    }

    #[test]
    fn the_origin_longest_silent_is_forgotten_and_what_comes_instead_is_doubtful() {
        let mut deliveries = Deliveries::default();
        let notes =
            [("a", 0), ("b", 0), ("a", 1), ("c", 0)].map(|(origin, number)| deliveries.note(origin, LIFE, number, 2));
        assert_eq!(notes, [Delivery::New, Delivery::New, Delivery::New, Delivery::Doubtful]);
        assert_eq!(deliveries.note("a", LIFE, 0, 2), Delivery::Old);
        assert_eq!(deliveries.note("b", LIFE, 0, 2), Delivery::Doubtful, "it was forgotten");
        assert_eq!((deliveries.len(), deliveries.by_silence.len()), (2, 2));
    }

    #[test]
    fn absurd_numbers_do_no_harm() {
        let mut deliveries = Deliveries::default();
        assert!(!is_new(&mut deliveries, "a", LIFE, u64::MAX));
        assert!(is_new(&mut deliveries, "a", LIFE, u64::MAX - 1));
        assert!(!is_new(&mut deliveries, "a", LIFE, 3), "far behind the window");
    }

    proptest! {
        #[test]
        fn within_the_window_each_number_is_delivered_exactly_once(numbers in prop::collection::vec(0..1_000_u64, 1..500)) {
            let mut deliveries = Deliveries::default();
            let mut oracle = BTreeSet::new();
            for number in numbers {
                prop_assert_eq!(is_new(&mut deliveries, "a", LIFE, number), oracle.insert(number));
            }
        }
    }
}
