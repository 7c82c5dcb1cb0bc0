//! Lamport's logical clock: what a node did after hearing of something has a later time than it.
//!
//! Read first: Lamport, "Time, Clocks, and the Ordering of Events in a Distributed System", CACM
//! 1978; serf counts in the same way. It knows nothing of what is timed.

use core::time::Duration;

use crate::ground::lamport::LamportTime;
use crate::ground::time::Instant;

impl LamportTime {
    /// The time after this one; [`LamportTime::MAX`] has none and stays.
    pub(crate) const fn next(self) -> Self {
        if self.get() < Self::MAX.get() { Self::new(self.get() + 1) } else { Self::MAX }
    }

    /// The time before this one; 0 has none and stays.
    pub(crate) const fn previous(self) -> Self {
        Self::new(self.get().saturating_sub(1))
    }
}

/// In so long all that is heard together moves a clock by `jump` at most.
const PACE: Duration = Duration::from_secs(3_600);

/// A clock of which the time is the one that the next thing done here will have.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LamportClock {
    time: LamportTime,
    /// Its time when the current hour began.
    base: LamportTime,
    hour: Instant,
}

impl Default for LamportClock {
    /// It starts at 1: time 0 is that of nothing.
    fn default() -> Self {
        Self { time: LamportTime::new(1), base: LamportTime::new(1), hour: Instant::ORIGIN }
    }
}

impl LamportClock {
    pub(crate) const fn time(self) -> LamportTime {
        self.time
    }

    /// Something is done here: its time. The next one will be later.
    pub(crate) const fn tick(&mut self) -> LamportTime {
        let time = self.time;
        self.time = time.next();
        time
    }

    /// Something done elsewhere at `time` is known here from now on. Returns whether the time can
    /// be believed: one that is more than `jump` above the clock's time at the start of the hour is
    /// not, or liars could use up all times, at once or step by step.
    pub(crate) fn witness(&mut self, now: Instant, time: LamportTime, jump: u64) -> bool {
        if now >= self.hour + PACE {
            (self.base, self.hour) = (self.time, now);
        }
        if time > LamportTime::new(self.base.get().saturating_add(jump)) || time >= LamportTime::MAX
        {
            return false;
        }
        if time >= self.time {
            self.time = time.next();
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Instant = Instant::ORIGIN;

    #[test]
    fn what_is_done_after_hearing_of_something_is_later() {
        let mut clock = LamportClock::default();
        assert_eq!((clock.tick().get(), clock.tick().get()), (1, 2));
        assert!(clock.witness(NOW, LamportTime::new(7), 100));
        assert_eq!(clock.tick(), LamportTime::new(8));
        assert!(clock.witness(NOW, LamportTime::new(3), 100), "what is past changes nothing");
        assert_eq!(clock.time(), LamportTime::new(9));
    }

    #[test]
    fn a_time_too_far_ahead_is_not_believed() {
        let mut clock = LamportClock::default();
        assert!(clock.witness(NOW, LamportTime::new(101), 100));
        assert!(!clock.witness(NOW, LamportTime::new(203), 100));
        assert!(!clock.witness(NOW, LamportTime::MAX, u64::MAX));
        assert!(!clock.witness(NOW, LamportTime::new(u64::MAX), u64::MAX));
        assert_eq!(clock.time(), LamportTime::new(102));
        assert_eq!(LamportTime::MAX.next(), LamportTime::MAX);
    }

    #[test]
    fn all_that_is_heard_in_an_hour_moves_it_no_further_than_one_jump() {
        let mut clock = LamportClock::default();
        for hour in 0..3 {
            let now = NOW + PACE * hour;
            let believed = (1..10_000)
                .filter(|_| clock.witness(now, LamportTime::new(clock.time().get() + 9), 100))
                .count();
            assert_eq!(believed, 10, "in steps of ten");
        }
        assert_eq!(clock.time(), LamportTime::new(301));
    }
}
