//! Which user broadcasts were delivered: each at most once at each node.
//!
//! An origin numbers its broadcasts from 0 in each of its lives (the epoch, its first incarnation).
//! Anybody can forge an epoch or a number far ahead, so none of them makes others count as
//! delivered: what does not follow on from what was delivered begins a **run** of its own. A run is
//! one epoch and a window over its latest numbers; what it has passed over counts as delivered
//! until it has not moved for [`REST`]. Of each origin a few runs are kept. An epoch above the
//! origin's incarnation is unproven, and its run gives way first; then the one with the fewest
//! deliveries. What a run that gave way had delivered is forgotten: to refuse it, or all that is
//! older, would let a forged epoch mute a life that has not broadcast yet.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::time::Duration;

use crate::ground::id::{Incarnation, NodeId};
use crate::ground::time::Instant;

/// How many of a run's latest numbers are told apart.
const WINDOW: u64 = 1_024;
const WORDS: usize = (WINDOW / 64) as usize;
/// How many runs of an origin are kept, and so of how many of its lives a late copy is recognized.
const RUNS: usize = 12;
/// For so long after it moved last a run counts as delivered what is behind its window: longer than
/// broadcasts circulate.
const REST: Duration = Duration::from_secs(30);

/// A run of an origin's broadcasts.
#[derive(Debug)]
struct Run {
    epoch: Incarnation,
    /// The lowest number delivered.
    begin: u64,
    /// One above the highest number delivered.
    end: u64,
    /// A ring: bit `number % WINDOW` is set if `number` was delivered.
    delivered: [u64; WORDS],
    /// How many were delivered.
    count: u64,
    /// When the window moved last.
    moved: Instant,
}

impl Run {
    const fn new(epoch: Incarnation, number: u64, now: Instant) -> Self {
        Self { epoch, begin: number, end: number, delivered: [0; WORDS], count: 0, moved: now }
    }

    /// Returns true if the run says whether `number` was delivered, or goes on with it.
    fn covers(&self, now: Instant, number: u64) -> bool {
        if number >= self.end {
            return number - self.end < WINDOW;
        }
        self.end - number <= WINDOW || (number >= self.begin && now < self.moved + REST)
    }

    /// Notes a `number` that it covers as delivered. Returns whether it was not before.
    fn note(&mut self, now: Instant, number: u64) -> bool {
        if number >= self.end {
            for skipped in self.end..=number {
                self.delivered[word(skipped)] &= !bit(skipped);
            }
            self.end = number + 1;
            self.moved = now;
        } else if self.end - number > WINDOW || self.delivered[word(number)] & bit(number) != 0 {
            return false;
        }
        self.begin = self.begin.min(number);
        self.delivered[word(number)] |= bit(number);
        self.count += 1;
        true
    }
}

/// What was delivered from one origin.
#[derive(Debug, Default)]
struct Origin {
    runs: Vec<Run>,
    /// When it last broadcast, on a clock of deliveries.
    heard: u64,
}

impl Origin {
    /// Notes a broadcast; `known` is the origin's incarnation, above which an epoch is unproven.
    fn note(
        &mut self,
        now: Instant,
        (epoch, number): (Incarnation, u64),
        known: Incarnation,
    ) -> Delivery {
        if let Some(run) =
            self.runs.iter_mut().find(|run| run.epoch == epoch && run.covers(now, number))
        {
            return if run.note(now, number) { Delivery::New } else { Delivery::Old };
        }
        let mut delivery = Delivery::New;
        if self.runs.len() >= RUNS {
            let worth = |run: &Run| (run.epoch <= known, run.count, run.moved);
            let (place, (is_proven, ..)) =
                match self.runs.iter().map(worth).enumerate().min_by_key(|&(_, worth)| worth) {
                    Some(least) => least,
                    None => return Delivery::Old,
                };
            if is_proven && epoch > known {
                return Delivery::Old;
            }
            self.runs.swap_remove(place);
            delivery = Delivery::Doubtful;
        }
        let mut run = Run::new(epoch, number, now);
        run.note(now, number);
        self.runs.push(run);
        delivery
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
    /// It is new as far as is known, but another origin had to be forgotten for it: it may have
    /// been delivered before, and must not be passed on, or broadcasts of too many origins would
    /// circulate for ever.
    Doubtful,
}

/// A broadcast's number, and the incarnation at which the life began that it is of.
pub(crate) type Numbered = (Incarnation, u64);

/// What was delivered from everyone.
#[derive(Debug, Default)]
pub(crate) struct Deliveries {
    origins: BTreeMap<NodeId, Origin>,
    /// The origins by when they last broadcast, the one longest silent first.
    by_silence: BTreeMap<u64, NodeId>,
    clock: u64,
}

impl Deliveries {
    pub(crate) fn len(&self) -> usize {
        self.origins.len()
    }

    /// Notes a broadcast of `origin`, whose incarnation is `known`, as delivered and says whether
    /// it was before. With `max` origins known, the one longest silent is forgotten for a new one.
    pub(crate) fn note(
        &mut self,
        now: Instant,
        origin: &str,
        broadcast: Numbered,
        known: Incarnation,
        max: usize,
    ) -> Delivery {
        if broadcast.1 == u64::MAX {
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
            self.origins.insert(id, Origin::default());
        }
        let Some((id, _)) = self.origins.get_key_value(origin) else { return Delivery::Old };
        let id = id.clone();
        let Some(from) = self.origins.get_mut(origin) else { return Delivery::Old };
        match from.note(now, broadcast, known) {
            Delivery::Old => return Delivery::Old,
            Delivery::Doubtful => new = Delivery::Doubtful,
            Delivery::New => {}
        }
        self.clock += 1;
        self.by_silence.remove(&from.heard);
        from.heard = self.clock;
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
    const NOW: Instant = Instant::ORIGIN;

    fn note(
        deliveries: &mut Deliveries,
        origin: &str,
        epoch: u64,
        number: u64,
        max: usize,
    ) -> Delivery {
        deliveries.note(NOW, origin, (Incarnation::new(epoch), number), LIFE, max)
    }

    /// Returns true if a broadcast of "a" at incarnation 5 is delivered.
    fn is_new(deliveries: &mut Deliveries, epoch: u64, number: u64) -> bool {
        note(deliveries, "a", epoch, number, 9) != Delivery::Old
    }

    /// What a broadcast of "a" is, whose every epoch is proven.
    fn at_life(deliveries: &mut Deliveries, epoch: u64, number: u64) -> Delivery {
        deliveries.note(NOW, "a", (Incarnation::new(epoch), number), Incarnation::MAX, 9)
    }

    #[test]
    fn each_life_of_an_origin_is_numbered_anew() {
        let mut deliveries = Deliveries::default();
        let heard = [(4, 0), (4, 0), (5, 0), (4, 1), (5, 0), (4, 1), (5, 1)]
            .map(|(e, n)| is_new(&mut deliveries, e, n));
        assert_eq!(heard, [true, false, true, true, false, false, true]);
    }

    #[test]
    fn no_epoch_that_another_forges_mutes_a_life_or_makes_it_heard_twice() {
        let mut deliveries = Deliveries::default();
        assert!((0..20).all(|number| is_new(&mut deliveries, 5, number)));
        for forged in (6..1_000).chain(0..5) {
            is_new(&mut deliveries, forged, 0);
        }
        assert!((0..20).all(|number| !is_new(&mut deliveries, 5, number)));
        assert_eq!(note(&mut deliveries, "a", 5, 20, 9), Delivery::New);
        assert!(deliveries.origins["a"].runs.len() <= RUNS);
    }

    #[test]
    fn a_new_life_is_heard_although_forged_ones_took_all_room_first() {
        let mut deliveries = Deliveries::default();
        let (life, forged) = (100, RUNS as u64);
        let note = |deliveries: &mut Deliveries, epoch, number| {
            let known = Incarnation::new(life);
            deliveries.note(NOW, "a", (Incarnation::new(epoch), number), known, 9)
        };
        for epoch in 0..forged {
            assert!((0..9).all(|number| note(&mut deliveries, epoch, number) == Delivery::New));
        }
        let heard = [0, 1].map(|number| note(&mut deliveries, life, number));
        assert_eq!(heard, [Delivery::Doubtful, Delivery::New]);
        for epoch in life + 1..life + 4 {
            let unproven = note(&mut deliveries, epoch, 0);
            assert_eq!(unproven, Delivery::Old, "an unproven epoch takes no proven one's place");
        }
    }

    #[test]
    fn a_late_copy_of_any_of_the_latest_twelve_lives_is_not_told_again() {
        let mut deliveries = Deliveries::default();
        // Two of each life's broadcasts are lost at first.
        for life in 1..=12 {
            for number in [0, 1, 4, 5] {
                assert_eq!(at_life(&mut deliveries, life, number), Delivery::New);
            }
        }
        for life in 1..=12 {
            for number in [0, 1, 4, 5] {
                assert_eq!(at_life(&mut deliveries, life, number), Delivery::Old, "{life}");
            }
            for number in [2, 3, 6] {
                assert_eq!(at_life(&mut deliveries, life, number), Delivery::New, "{life}");
            }
            assert!((0..=6).all(|number| !is_new(&mut deliveries, life, number)), "{life}");
        }
    }

    #[test]
    fn one_life_too_many_takes_the_place_of_the_one_that_broadcast_least_and_is_not_passed_on() {
        let mut deliveries = Deliveries::default();
        for life in 1..=RUNS as u64 {
            assert_eq!(at_life(&mut deliveries, life, 0), Delivery::New);
            if life != 3 {
                assert_eq!(at_life(&mut deliveries, life, 1), Delivery::New);
            }
        }
        let next = RUNS as u64 + 1;
        assert_eq!(at_life(&mut deliveries, next, 0), Delivery::Doubtful);
        assert_eq!(at_life(&mut deliveries, next, 1), Delivery::New);
        assert_eq!(at_life(&mut deliveries, 4, 0), Delivery::Old);
        assert_eq!(at_life(&mut deliveries, 3, 0), Delivery::Doubtful, "it was forgotten");
    }

    #[test]
    fn forged_lives_take_bounded_room() {
        let mut deliveries = Deliveries::default();
        for forged in 0..1_000 {
            at_life(&mut deliveries, forged, 0);
        }
        assert_eq!(deliveries.origins["a"].runs.len(), RUNS);
    }

    #[test]
    fn no_number_far_ahead_mutes_those_that_follow_on() {
        for before in [0, 1, 2_000] {
            let mut deliveries = Deliveries::default();
            assert!((0..before).all(|number| is_new(&mut deliveries, 5, number)));
            for forged in [u64::MAX - 1, 1 << 63, 1 << 40, 9_000] {
                is_new(&mut deliveries, 5, forged);
            }
            assert!(
                (before..before + 2_000).all(|number| is_new(&mut deliveries, 5, number)),
                "{before}"
            );
            assert!(
                !is_new(&mut deliveries, 5, before + 1_999)
                    && !is_new(&mut deliveries, 5, before + 3)
            );
        }
    }

    #[test]
    fn numbers_that_climb_step_by_step_mute_no_longer_than_a_run_rests() {
        let mut deliveries = Deliveries::default();
        let note = |deliveries: &mut Deliveries, now, number| {
            deliveries.note(now, "a", (LIFE, number), LIFE, 9)
        };
        for number in (0..50_000).step_by(1_000) {
            note(&mut deliveries, NOW, number);
        }
        assert_eq!(note(&mut deliveries, NOW, 1), Delivery::Old, "it may circulate still");
        assert_eq!(note(&mut deliveries, NOW + REST, 1), Delivery::New);
        assert_eq!(note(&mut deliveries, NOW + REST, 1), Delivery::Old);
    }

    #[test]
    fn the_origin_longest_silent_is_forgotten_and_what_comes_instead_is_doubtful() {
        let mut deliveries = Deliveries::default();
        let notes = [("a", 0), ("b", 0), ("a", 1), ("c", 0)]
            .map(|(origin, number)| note(&mut deliveries, origin, 5, number, 2));
        assert_eq!(notes, [Delivery::New, Delivery::New, Delivery::New, Delivery::Doubtful]);
        assert_eq!(note(&mut deliveries, "a", 5, 0, 2), Delivery::Old);
        assert_eq!(note(&mut deliveries, "b", 5, 0, 2), Delivery::Doubtful, "it was forgotten");
        assert_eq!((deliveries.len(), deliveries.by_silence.len()), (2, 2));
    }

    #[test]
    fn absurd_numbers_do_no_harm() {
        let mut deliveries = Deliveries::default();
        assert!(!is_new(&mut deliveries, 5, u64::MAX));
        assert!(is_new(&mut deliveries, 5, u64::MAX - 1));
        assert!(!is_new(&mut deliveries, 5, u64::MAX - 1));
    }

    proptest! {
        #[test]
        fn within_the_window_each_number_is_delivered_exactly_once(numbers in prop::collection::vec(0..1_000_u64, 1..500)) {
            let mut deliveries = Deliveries::default();
            let mut oracle = BTreeSet::new();
            for number in numbers {
                prop_assert_eq!(is_new(&mut deliveries, 5, number), oracle.insert(number));
            }
        }

        #[test]
        fn nothing_that_goes_on_is_heard_twice_however_late_it_comes_again(late in prop::collection::vec(0..5_000_u64, 1..300)) {
            let mut deliveries = Deliveries::default();
            for number in 0..5_000 {
                prop_assert!(is_new(&mut deliveries, 5, number));
            }
            for number in late {
                prop_assert!(!is_new(&mut deliveries, 5, number));
            }
        }
    }
}
