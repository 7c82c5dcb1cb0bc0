//! Lamport's logical clock: what a node did after hearing of something has a later time than it.
//!
//! Read first: Lamport, "Time, Clocks, and the Ordering of Events in a Distributed System", CACM 1978; serf counts in the
//! same way. It knows nothing of what is timed.

use core::fmt;

/// A time on a logical clock. Later ones came after earlier ones they knew of; equal ones did not know of each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LamportTime(u64);

impl LamportTime {
    /// The latest time of all: what claims a later one is not believed, so that nobody can make a clock wrap.
    pub const MAX: Self = Self(1 << 62);

    /// The time `number`.
    #[must_use]
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The time after this one; [`LamportTime::MAX`] has none and stays.
    pub(crate) const fn next(self) -> Self {
        if self.0 < Self::MAX.0 { Self(self.0 + 1) } else { Self::MAX }
    }

    /// The time before this one; 0 has none and stays.
    pub(crate) const fn previous(self) -> Self {
        Self(self.0.saturating_sub(1))
    }
}

impl fmt::Display for LamportTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// A clock of which the time is the one that the next thing done here will have.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LamportClock(LamportTime);

impl Default for LamportClock {
    /// It starts at 1: time 0 is that of nothing.
    fn default() -> Self {
        Self(LamportTime(1))
    }
}

impl LamportClock {
    pub(crate) const fn time(self) -> LamportTime {
        self.0
    }

    /// Something is done here: its time. The next one will be later.
    pub(crate) const fn tick(&mut self) -> LamportTime {
        let time = self.0;
        self.0 = time.next();
        time
    }

    /// Something done elsewhere at `time` is known here from now on. Returns whether the time can be believed: one that
    /// is more than `jump` ahead is not, or a liar could use up all times at once.
    pub(crate) fn witness(&mut self, time: LamportTime, jump: u64) -> bool {
        if time > LamportTime(self.0.0.saturating_add(jump)) || time >= LamportTime::MAX {
            return false;
        }
        if time >= self.0 {
            self.0 = time.next();
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_done_after_hearing_of_something_is_later() {
        let mut clock = LamportClock::default();
        assert_eq!((clock.tick().get(), clock.tick().get()), (1, 2));
        assert!(clock.witness(LamportTime(7), 100));
        assert_eq!(clock.tick(), LamportTime(8));
        assert!(clock.witness(LamportTime(3), 100), "what is past changes nothing");
        assert_eq!(clock.time(), LamportTime(9));
    }

    #[test]
    fn a_time_too_far_ahead_is_not_believed() {
        let mut clock = LamportClock::default();
        assert!(clock.witness(LamportTime(101), 100));
        assert!(!clock.witness(LamportTime(203), 100));
        assert!(!clock.witness(LamportTime::MAX, u64::MAX));
        assert!(!clock.witness(LamportTime(u64::MAX), u64::MAX));
        assert_eq!(clock.time(), LamportTime(102));
        assert_eq!(LamportTime::MAX.next(), LamportTime::MAX);
    }
}
