//! A machine's clock that runs fast or slow: [`Clock`] turns the world's time into the node's and
//! back.
//!
//! The core is told the node's time and asks for timeouts in it; the agenda knows only the world's.
//! Integers only: the way back rounds up, so that a timeout is never early by its own clock.

use core::time::Duration;

use swim_core::Instant;

/// The rate of a clock that is right, in thousandths.
pub(crate) const TRUE_RATE: u16 = 1_000;

/// See the module.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    /// So many thousandths of a second pass by it in a second.
    rate: u16,
    /// When the rate was set, by the world and by the node.
    since: Instant,
    then: Instant,
}

impl Clock {
    /// A clock that is right.
    pub(crate) const fn new() -> Self {
        Self { rate: TRUE_RATE, since: Instant::ORIGIN, then: Instant::ORIGIN }
    }

    /// From now on it runs at a rate; what it shows does not jump. At 0 it would stand, so that
    /// counts as 1.
    pub(crate) fn set_rate(&mut self, now: Instant, rate: u16) {
        (self.then, self.since, self.rate) = (self.local(now), now, rate.max(1));
    }

    /// The time that it shows.
    pub(crate) fn local(&self, now: Instant) -> Instant {
        self.then + scaled(now.since(self.since), self.rate, TRUE_RATE)
    }

    /// The first instant at which it shows `local`; if that is past, the instant when its rate was
    /// set.
    pub(crate) fn world(&self, local: Instant) -> Instant {
        self.since + scaled(local.since(self.then), TRUE_RATE, self.rate)
    }
}

/// When something happens at a node.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    /// By the world's time, in which violations are told.
    pub(crate) world: Instant,
    /// By the node's own clock, in which all its promises are made: it may run fast or slow.
    pub(crate) local: Instant,
}

/// A duration times a fraction: rounded down when the denominator is [`TRUE_RATE`], and so when
/// read from the clock; rounded up on the way back.
fn scaled(duration: Duration, numerator: u16, denominator: u16) -> Duration {
    if numerator == denominator {
        return duration;
    }
    let product = duration.as_nanos() * u128::from(numerator);
    let nanos = if denominator == TRUE_RATE {
        product / u128::from(TRUE_RATE)
    } else {
        product.div_ceil(u128::from(denominator))
    };
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_right_shows_the_time() {
        let at = Instant::from_nanos(12_345_678_901);
        assert_eq!((Clock::new().local(at), Clock::new().world(at)), (at, at));
    }

    #[test]
    fn a_fast_clock_gains_and_does_not_jump_when_it_is_set_right() {
        let mut clock = Clock::new();
        clock.set_rate(Instant::from_millis(1_000), 1_050);
        assert_eq!(clock.local(Instant::from_millis(3_000)), Instant::from_millis(3_100));
        clock.set_rate(Instant::from_millis(3_000), TRUE_RATE);
        assert_eq!(clock.local(Instant::from_millis(3_000)), Instant::from_millis(3_100));
        assert_eq!(clock.local(Instant::from_millis(4_000)), Instant::from_millis(4_100));
    }

    #[test]
    fn a_timeout_is_never_early_and_never_a_tick_late() {
        for rate in [1, 333, 950, 999, 1_000, 1_001, 1_050, 3_000] {
            let mut clock = Clock::new();
            clock.set_rate(Instant::from_nanos(77), rate);
            for nanos in [77, 78, 1_000, 999_999_937, 123_456_789_012] {
                let local = Instant::from_nanos(nanos);
                let at = clock.world(local);
                assert!(clock.local(at) >= local, "at rate {rate}");
                let before = Instant::from_nanos(at.as_nanos() - 1);
                assert!(
                    at <= Instant::from_nanos(77) || clock.local(before) < local,
                    "at rate {rate}"
                );
            }
        }
    }
}
