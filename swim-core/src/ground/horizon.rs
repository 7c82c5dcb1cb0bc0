//! The highest incarnation that is believed of anybody: an absolute bound that only this node's own
//! clock moves.
//!
//! ```text
//! horizon(now) = first incarnation + ahead + time since the start, in ticks
//! ```
//!
//! A bound on each step above the known incarnation would not do: many steps, each within it, climb
//! to the highest number of all, which nobody can top. Below the horizon any number of messages
//! move a member no further than the horizon, and since it moves by one with each tick, the
//! member's refutation fits under it within a tick, plus as long as the member's clock is behind.
//! First incarnations that come from wall clocks keep the horizons of all nodes together; a member
//! whose clock is behind is caught up with by a seed of its own ([`Horizon::lift`]).
//!
//! It knows nothing of members.

use core::time::Duration;

use crate::ground::id::Incarnation;
use crate::ground::time::Instant;

/// The bound.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Horizon {
    start: Instant,
    /// The horizon at the start, as lifted since.
    base: u64,
    /// What `base` is lifted to at most.
    max_base: u64,
    tick: Duration,
    /// Always above the horizon: it could not be refuted.
    highest: Incarnation,
}

impl Horizon {
    /// The horizon of a node that starts at `first`: `ahead` above it, and by one further with each
    /// `tick`.
    pub(crate) const fn new(
        start: Instant,
        first: Incarnation,
        ahead: u64,
        tick: Duration,
        highest: Incarnation,
    ) -> Self {
        let base = first.get().saturating_add(ahead);
        Self { start, base, max_base: base.saturating_add(ahead), tick, highest }
    }

    /// Returns true if `claimed` may be believed.
    pub(crate) fn reaches(&self, now: Instant, claimed: Incarnation) -> bool {
        claimed < self.highest && claimed.get() <= self.base.saturating_add(self.ticks(now))
    }

    /// Returns true if a trusted node may lift the horizon to `claimed`.
    pub(crate) fn may_be_lifted(&self, now: Instant, claimed: Incarnation) -> bool {
        claimed < self.highest && claimed.get() <= self.max_base.saturating_add(self.ticks(now))
    }

    /// Lifts the horizon to `claimed`, by `ahead` in all at most. For what a node that we chose to
    /// trust believes: its horizon reaches so far, since its clock is ahead of ours.
    pub(crate) fn lift(&mut self, now: Instant, claimed: Incarnation) {
        let wanted = claimed.get().saturating_sub(self.ticks(now));
        self.base = self.base.max(wanted.min(self.max_base));
    }

    fn ticks(&self, now: Instant) -> u64 {
        let ticks = now.since(self.start).as_nanos() / self.tick.as_nanos().max(1);
        u64::try_from(ticks).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TICK: Duration = Duration::from_millis(1);

    fn horizon(first: u64, ahead: u64) -> Horizon {
        Horizon::new(
            Instant::from_millis(7),
            Incarnation::new(first),
            ahead,
            TICK,
            Incarnation::MAX,
        )
    }

    /// The highest incarnation that is believed at that millisecond.
    fn highest(horizon: &Horizon, millis: u64) -> u64 {
        let now = Instant::from_millis(millis);
        let reaches = |number: u64| horizon.reaches(now, Incarnation::new(number));
        (0..1_000).filter(|&number| reaches(number)).max().unwrap()
    }

    #[test]
    fn it_moves_with_the_clock_and_with_nothing_else() {
        let horizon = horizon(100, 50);
        assert_eq!([0, 7, 8, 107].map(|millis| highest(&horizon, millis)), [150, 150, 151, 250]);
    }

    #[test]
    fn the_highest_incarnation_is_never_within_it() {
        let horizon = horizon(100, u64::MAX);
        let end = Instant::from_nanos(u64::MAX);
        assert!(horizon.reaches(end, Incarnation::new(Incarnation::MAX.get() - 1)));
        assert!(!horizon.reaches(end, Incarnation::MAX));
    }

    #[test]
    fn it_is_lifted_once_by_what_it_reached_at_first_and_no_further() {
        let mut horizon = horizon(100, 50);
        let now = Instant::from_millis(17);
        assert!(
            horizon.may_be_lifted(now, Incarnation::new(210))
                && !horizon.may_be_lifted(now, Incarnation::new(211))
        );
        horizon.lift(now, Incarnation::new(130));
        assert_eq!(highest(&horizon, 17), 160, "it never falls");
        horizon.lift(now, Incarnation::new(190));
        assert_eq!(highest(&horizon, 17), 190);
        for _ in 0..3 {
            horizon.lift(now, Incarnation::new(900));
            assert_eq!(highest(&horizon, 17), 210);
        }
    }
}
