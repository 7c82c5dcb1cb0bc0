//! [`LamportTime`]: a time on a logical clock.

use core::fmt;

/// A time on a logical clock. Later ones came after earlier ones they knew of; equal ones did not
/// know of each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LamportTime(u64);

impl LamportTime {
    /// The latest time of all: what claims a later one is not believed, so that nobody can make a
    /// clock wrap.
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
}

impl fmt::Display for LamportTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}
