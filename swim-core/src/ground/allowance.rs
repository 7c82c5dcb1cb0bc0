//! [`Allowance`]: a token bucket, which bounds how often something costly is done over time.
//!
//! It reads no clock: callers hand in `now`. `per_second` tokens come back each second, up to
//! [`BURST_SECONDS`] seconds' worth, so a burst after a rest passes and a steady excess does not.

use crate::ground::time::Instant;

/// A bucket that rested holds this many seconds' tokens.
pub(crate) const BURST_SECONDS: u64 = 8;
/// Tokens are counted in billionths, since time is in nanoseconds.
const UNIT: u64 = 1_000_000_000;

/// What was taken of late. The default one is full.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Allowance {
    /// Billionths of tokens that have not come back yet.
    spent: u64,
    at: Instant,
}

impl Allowance {
    /// Takes `tokens`. Returns false, and takes none, if so many are not left.
    pub(crate) fn take(&mut self, now: Instant, per_second: u32, tokens: u32) -> bool {
        self.refill(now, per_second);
        let after = self.spent.saturating_add(u64::from(tokens) * UNIT);
        let is_left = after <= u64::from(per_second) * BURST_SECONDS * UNIT;
        if is_left {
            self.spent = after;
        }
        is_left
    }

    fn refill(&mut self, now: Instant, per_second: u32) {
        let passed = u64::try_from(now.since(self.at).as_nanos()).unwrap_or(u64::MAX);
        self.spent = self.spent.saturating_sub(passed.saturating_mul(u64::from(per_second)));
        self.at = self.at.max(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(allowance: &mut Allowance, millis: u64, times: usize) -> usize {
        (0..times).filter(|_| allowance.take(Instant::from_millis(millis), 2, 1)).count()
    }

    #[test]
    fn a_burst_passes_and_then_so_many_a_second() {
        let mut allowance = Allowance::default();
        assert_eq!(taken(&mut allowance, 0, 100), 16);
        assert_eq!(taken(&mut allowance, 499, 100), 0);
        assert_eq!(taken(&mut allowance, 500, 100), 1);
        assert_eq!(taken(&mut allowance, 3_000, 100), 5);
        assert_eq!(
            taken(&mut allowance, 1 << 40, 100),
            16,
            "a long rest gives no more than one burst"
        );
    }

    #[test]
    fn time_that_goes_backwards_gives_nothing_back() {
        let mut allowance = Allowance::default();
        assert_eq!(taken(&mut allowance, 5_000, 100), 16);
        assert_eq!(taken(&mut allowance, 0, 100), 0);
        assert_eq!(taken(&mut allowance, 5_500, 100), 1, "each second counts once");
    }
}
