//! What became of each expectation of a run: [`Looked`], also of a run that failed.

use core::time::Duration;

use super::When;
use super::expect::Expectation;

/// An expectation, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Looked {
    /// What is expected.
    pub what: String,
    /// By when, if it is by a time.
    pub by: Option<Duration>,
    /// At which moment, if it is at one.
    pub at: Option<Duration>,
    /// What became of it.
    pub became: Became,
}

/// What became of an expectation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Became {
    /// It was met, at this time.
    Met(Duration),
    /// It was not, and the run failed by that.
    Missed,
    /// The run ended before that could be said.
    Open,
}

impl Looked {
    pub(super) fn new(when: When, expectation: &Expectation) -> Self {
        let (by, at) = match when {
            When::By(time) => (Some(time), None),
            When::At(time) => (None, Some(time)),
        };
        Self { what: expectation.to_string(), by, at, became: Became::Open }
    }

    /// It and when it was met, if it was.
    #[must_use]
    pub fn met(&self) -> Option<(String, Duration)> {
        match self.became {
            Became::Met(time) => Some((self.what.clone(), time)),
            Became::Missed | Became::Open => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Scenario;
    use crate::scenario::expect;
    use swim_core::Status;

    #[test]
    fn a_run_that_fails_says_what_was_met_what_was_not_and_what_was_not_looked_at() {
        let secs = Duration::from_secs;
        let scenario = Scenario::new("x")
            .nodes(3)
            .expect_by(secs(30), expect::converged())
            .expect_at(secs(31), expect::everyone_sees(1, Status::Dead))
            .expect_by(secs(60), expect::equal_tables());
        let mut looked = Vec::new();
        assert!(scenario.try_run_noting(1, &mut looked, |_| {}).is_err());
        assert!(matches!(looked[0].became, Became::Met(time) if time < secs(30)), "{looked:?}");
        assert_eq!((looked[0].by, looked[1].at), (Some(secs(30)), Some(secs(31))));
        assert_eq!((looked[1].became, looked[2].became), (Became::Missed, Became::Open));
        assert_eq!(looked.iter().filter_map(Looked::met).count(), 1);
    }
}
