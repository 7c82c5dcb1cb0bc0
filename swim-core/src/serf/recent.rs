//! What was heard lately, by its time on a logical clock, so that each thing is heard once.
//!
//! The latest things are kept; when there are too many the earliest is forgotten, and whatever is
//! not later than it counts as heard from then on. So nothing is ever heard twice, however old it
//! is when it comes again, and memory is bounded; what is very late may be missed. It knows nothing
//! of what is heard.

use alloc::collections::BTreeSet;

use crate::ground::lamport::LamportTime;

/// Things with their times.
#[derive(Debug)]
pub(crate) struct Recent<T> {
    kept: BTreeSet<(LamportTime, T)>,
    /// What is not kept and not later than this counts as heard.
    floor: LamportTime,
}

impl<T> Default for Recent<T> {
    fn default() -> Self {
        Self { kept: BTreeSet::new(), floor: LamportTime::default() }
    }
}

impl<T: Ord> Recent<T> {
    pub(crate) fn len(&self) -> usize {
        self.kept.len()
    }

    /// Returns true if a thing was not heard before.
    pub(crate) fn is_new(&self, time: LamportTime, thing: T) -> bool {
        time > self.floor && !self.kept.contains(&(time, thing))
    }

    /// Notes what is heard and returns whether it is heard for the first time. At most `max` things
    /// are kept.
    pub(crate) fn note(&mut self, time: LamportTime, thing: T, max: usize) -> bool {
        if time <= self.floor || !self.kept.insert((time, thing)) {
            return false;
        }
        while self.kept.len() > max {
            let Some((time, _)) = self.kept.pop_first() else { break };
            self.floor = self.floor.max(time);
        }
        // Others of the floor's time may be kept still, and are not new either.
        self.forget_until(self.floor);
        true
    }

    /// All up to `time` counts as heard.
    pub(crate) fn forget_until(&mut self, time: LamportTime) {
        self.floor = self.floor.max(time);
        while self.kept.first().is_some_and(|&(time, _)| time <= self.floor) {
            self.kept.pop_first();
        }
    }

    /// What is kept, by time.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &(LamportTime, T)> {
        self.kept.iter()
    }
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeSet;
    use alloc::vec::Vec;

    use proptest::prelude::*;

    use super::*;

    fn note(recent: &mut Recent<u8>, time: u64, thing: u8, max: usize) -> bool {
        recent.note(LamportTime::new(time), thing, max)
    }

    #[test]
    fn a_thing_is_new_once_and_another_of_the_same_time_is_new_too() {
        let mut recent = Recent::default();
        let heard = [(3, 1), (3, 2), (3, 1), (1, 1), (0, 1)]
            .map(|(time, thing)| note(&mut recent, time, thing, 9));
        assert_eq!(heard, [true, true, false, true, false], "time 0 is that of nothing");
    }

    #[test]
    fn what_is_forgotten_counts_as_heard() {
        let mut recent = Recent::default();
        assert!((1..=5).all(|time| note(&mut recent, time, 0, 3)));
        assert_eq!(recent.iter().map(|(time, _)| time.get()).collect::<Vec<_>>(), [3, 4, 5]);
        assert!(
            !note(&mut recent, 1, 0, 3) && !note(&mut recent, 2, 7, 3),
            "also what was never heard, if it is as old"
        );
        recent.forget_until(LamportTime::new(5));
        assert!(!note(&mut recent, 5, 9, 3) && note(&mut recent, 6, 9, 3));
        assert_eq!(recent.len(), 1);
    }

    proptest! {
        #[test]
        fn nothing_is_ever_new_twice_and_no_more_is_kept_than_may_be(things in prop::collection::vec((0..40_u64, 0..4_u8), 0..300), max in 1..20_usize) {
            let mut recent = Recent::default();
            let mut oracle = BTreeSet::new();
            for (time, thing) in things {
                if note(&mut recent, time, thing, max) {
                    prop_assert!(oracle.insert((time, thing)));
                }
                prop_assert!(recent.len() <= max);
            }
        }
    }
}
