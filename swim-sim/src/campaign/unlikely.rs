//! A test of chance that goes on while runs end: whether more of them miss something than chance
//! lets miss it.
//!
//! The protocol promises no delivery and no time of gossip, so a single run proves nothing. After
//! each run Wald's sequential probability ratio test weighs how much likelier what was seen is if
//! 200 of 1,000 runs miss something than if [`GOOD`] do. If no more than that do, the ratio is a
//! supermartingale: the chance that it ever exceeds 1 / a is at most a, however many runs there
//! are. The test never decides that all is well, so it needs no second bound. (Wald, "Sequential
//! Tests of Statistical Hypotheses", 1945; Ville's inequality, 1939.) Integers, so that all
//! machines decide alike.

/// Of 1,000 runs so many may miss something: twice as many as were seen to without a bug.
const GOOD: u64 = 20;
/// ln(200 / [`GOOD`]) in millionths, rounded down: what a run that misses something says.
const FOR: i64 = 2_302_585;
/// ln((1000 - [`GOOD`]) / (1000 - 200)) in millionths, rounded up: what a run that misses nothing
/// says.
const AGAINST: i64 = 202_941;
/// ln(10^6) in millionths, rounded up: the chance that this test raises a false alarm in a whole
/// campaign is at most one in a million.
const ENOUGH: i64 = 13_815_511;

/// How often something was missed, run after run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unlikely {
    runs: u64,
    missed: u64,
    weight: i64,
}

impl Unlikely {
    /// Another run ended, which might have missed something. Says whether it is now too unlikely
    /// that this is chance.
    pub(super) fn note(&mut self, has_missed: bool) -> bool {
        self.runs += 1;
        self.missed += u64::from(has_missed);
        self.weight += if has_missed { FOR } else { -AGAINST };
        has_missed && self.weight >= ENOUGH
    }

    /// How many runs might have missed something.
    #[must_use]
    pub const fn runs(&self) -> u64 {
        self.runs
    }

    /// How many did.
    #[must_use]
    pub const fn missed(&self) -> u64 {
        self.missed
    }

    /// Why it is no chance, for people.
    #[must_use]
    pub fn reason(&self, what: &str) -> String {
        format!(
            "{what} in {} of {} runs: that is no chance, which lets it happen in {GOOD} of 1,000 at most (sequential \
             test, error below 10^-6)",
            self.missed, self.runs
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ground::streams;

    /// Of 1,000 runs so many miss something, if the protocol is broken.
    const BAD: u64 = 200;

    /// After how many runs the test is sure, if so many of 1,000 miss something.
    fn sure_after(seed: u64, permille: u16, runs: u64) -> Option<u64> {
        let mut stream = streams::stream(seed, streams::Purpose::Campaign, 0);
        let mut unlikely = Unlikely::default();
        (1..=runs).find(|_| unlikely.note(streams::happens(&mut stream, permille)))
    }

    #[test]
    fn the_weights_are_the_logarithms_of_the_ratios() {
        let ln = |ratio: f64| ratio.ln() * 1e6;
        let (good, bad) = (GOOD as f64 / 1e3, BAD as f64 / 1e3);
        assert!((ln(bad / good) - FOR as f64).abs() < 1.0 && (FOR as f64) < ln(bad / good));
        assert!(
            (ln((1.0 - good) / (1.0 - bad)) - AGAINST as f64).abs() < 1.0
                && AGAINST as f64 > ln((1.0 - good) / (1.0 - bad))
        );
        assert!((ln(1e6) - ENOUGH as f64).abs() < 1.0 && ENOUGH as f64 > ln(1e6));
    }

    #[test]
    fn seven_misses_at_once_are_enough_and_what_may_be_is_never() {
        let mut unlikely = Unlikely::default();
        assert_eq!((1..=9).find(|_| unlikely.note(true)), Some(7));
        assert_eq!(sure_after(1, GOOD as u16, 20_000), None);
        assert!((0..20).all(|seed| sure_after(seed, BAD as u16, 1_000).is_some()));
        assert!((0..20).all(|seed| sure_after(seed, 500, 60).is_some()));
    }
}
