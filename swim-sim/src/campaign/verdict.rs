//! What becomes of one run of a [`Case`]: it goes as promised, or it fails in one of three ways.
//!
//! A panic in the core is a finding like any other: it is caught, with where it happened, and not
//! printed. What is run is not known here, nor what is done about a finding.

use core::fmt;
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind, set_hook, take_hook};
use std::sync::Once;

use crate::case::{Case, CaseError};
use crate::checkers::Violation;
use crate::cluster::{Builder, Cluster};
use crate::scenario::{Failure, Looked, Outcome, Scenario};

/// In which way a run failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FailureKind {
    /// The core, or the simulator, panicked.
    Panic,
    /// A promise that must hold at every step was broken.
    Safety,
    /// Something that was expected did not come about in time.
    Liveness,
}

impl fmt::Display for FailureKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Panic => "panic",
            Self::Safety => "safety",
            Self::Liveness => "liveness",
        })
    }
}

/// A run that failed: which way, and all that was said of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Which way.
    pub kind: FailureKind,
    /// The whole message: the promise, the options, the plan, how the cluster stood. Of a panic,
    /// its message and place.
    pub text: String,
    /// The promise that was broken, if it is one.
    pub violation: Option<Violation>,
}

impl Finding {
    /// What went wrong, in two lines at most.
    #[must_use]
    pub fn headline(&self) -> String {
        let lines = if self.kind == FailureKind::Panic { 1 } else { 2 };
        self.text.lines().take(lines).collect::<Vec<_>>().join(": ")
    }

    /// What went wrong, without the options and how the cluster stood.
    #[must_use]
    pub fn reason(&self) -> &str {
        let end = if self.kind == FailureKind::Panic { None } else { self.text.find("\n\n") };
        &self.text[..end.unwrap_or(self.text.len())]
    }

    /// What was done, and how the cluster stood then: who believes what that is wrong, and why. Of
    /// a panic nothing is known.
    #[must_use]
    pub fn circumstances(&self) -> Option<&str> {
        let (_, rest) = self.text.split_once("\n\n").filter(|_| self.kind != FailureKind::Panic)?;
        Some(rest.split_once('\n')?.1)
    }

    /// What found it: of a broken promise its checker, of what did not come about the expectation,
    /// of a panic its place.
    #[must_use]
    pub fn found_by(&self) -> &str {
        match (self.kind, &self.violation) {
            (FailureKind::Safety, Some(broken)) => broken.checker,
            (FailureKind::Panic, _) => {
                self.text.rsplit('(').next().unwrap_or_default().trim_end_matches(')')
            }
            _ => self
                .text
                .lines()
                .next()
                .and_then(|line| line.rsplit(": ").next())
                .unwrap_or_default(),
        }
    }

    /// Returns true if the same went wrong, as far as can be told: found by the same, whatever the
    /// numbers of nodes and the times in its words.
    #[must_use]
    pub fn is_like(&self, other: &Self) -> bool {
        let words = |finding: &Self| match finding.kind {
            FailureKind::Panic => String::from(finding.found_by()),
            _ => finding
                .found_by()
                .replace(|letter: char| letter.is_ascii_digit() || letter == '.', ""),
        };
        self.kind == other.kind && words(self) == words(other)
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind, self.text)
    }
}

impl core::error::Error for Finding {}

impl Case {
    /// Runs the case with its own seed, and catches a panic.
    ///
    /// # Errors
    /// [`CaseError`] if it cannot be run at all; else, inside, what went wrong.
    pub fn run_checked(&self) -> Result<Result<Outcome, Finding>, CaseError> {
        judge(self, |cluster| cluster)
    }
}

/// As [`Case::run_checked`], in a cluster that is changed: with a checker of one's own, say.
///
/// # Errors
/// [`CaseError`] if it cannot be run at all; else, inside, what went wrong.
pub fn judge(
    case: &Case,
    change: impl FnOnce(Builder) -> Builder,
) -> Result<Result<Outcome, Finding>, CaseError> {
    judge_with(case, change, |_| {})
}

/// As [`judge`]; `progress` is called after every virtual second, and where a run that does not
/// panic ends.
///
/// # Errors
/// [`CaseError`] if it cannot be run at all; else, inside, what went wrong.
pub fn judge_with(
    case: &Case,
    change: impl FnOnce(Builder) -> Builder,
    progress: impl FnMut(&mut Cluster),
) -> Result<Result<Outcome, Finding>, CaseError> {
    judge_scenario(&case.scenario_with(change)?, case.seed, progress)
}

/// As [`judge_with`], for a table that is not a case's.
///
/// # Errors
/// [`CaseError`] if it cannot be run at all; else, inside, what went wrong.
pub fn judge_scenario(
    scenario: &Scenario,
    seed: u64,
    progress: impl FnMut(&mut Cluster),
) -> Result<Result<Outcome, Finding>, CaseError> {
    judge_noting(scenario, seed, &mut Vec::new(), progress)
}

/// As [`judge_scenario`]; what became of each expectation is in `looked` then, however the run
/// ended.
///
/// # Errors
/// [`CaseError`] if it cannot be run at all; else, inside, what went wrong.
pub fn judge_noting(
    scenario: &Scenario,
    seed: u64,
    looked: &mut Vec<Looked>,
    progress: impl FnMut(&mut Cluster),
) -> Result<Result<Outcome, Finding>, CaseError> {
    let (kind, text, violation) = match quietly(|| scenario.try_run_noting(seed, looked, progress))
    {
        Ok(Ok(outcome)) => return Ok(Ok(outcome)),
        Ok(Err(Failure::Config(error))) => return Err(CaseError(error)),
        Ok(Err(Failure::Safety(violation, text))) => (FailureKind::Safety, text, Some(violation)),
        Ok(Err(Failure::Liveness(text))) => (FailureKind::Liveness, text, None),
        Err(text) => (FailureKind::Panic, text, None),
    };
    Ok(Err(Finding { kind, text, violation }))
}

std::thread_local! {
    /// The panic that was caught in this thread; `None` while none is to be caught.
    static CAUGHT: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Runs something; a panic in it is returned as its message and place instead of being printed.
fn quietly<T>(run: impl FnOnce() -> T) -> Result<T, String> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let printing = take_hook();
        set_hook(Box::new(move |panic| {
            if !note(panic) {
                printing(panic);
            }
        }));
    });
    CAUGHT.with_borrow_mut(|caught| *caught = Some(String::new()));
    // What the closure leaves behind is not looked at after a panic.
    let outcome = catch_unwind(AssertUnwindSafe(run));
    let said = CAUGHT.take().unwrap_or_default();
    outcome.map_err(|_| said)
}

/// Keeps a panic's message and place, if it is to be caught.
fn note(panic: &PanicHookInfo<'_>) -> bool {
    CAUGHT.with_borrow_mut(|caught| {
        let Some(said) = caught else { return false };
        let payload = panic.payload();
        let text = payload.downcast_ref::<&str>().copied();
        let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
        let message = text.unwrap_or("a panic without a message");
        *said = panic
            .location()
            .map_or_else(|| String::from(message), |at| format!("{message} ({at})"));
        true
    })
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use super::*;
    use crate::case::{Expected, That};
    use crate::checkers::{Checker, Verdict};
    use swim_core::Instant;

    const SECOND: Duration = Duration::from_secs(1);

    #[derive(Debug)]
    struct Planted(&'static str);

    impl Checker for Planted {
        fn name(&self) -> &'static str {
            "planted"
        }

        fn timeout(&mut self, _: Instant, _: usize) -> Verdict {
            assert!(self.0 != "panic", "planted panic");
            Err(String::from("planted violation"))
        }
    }

    fn kind(case: &Case, change: impl FnOnce(Builder) -> Builder) -> Option<(FailureKind, String)> {
        judge(case, change).unwrap().err().map(|finding| (finding.kind, finding.headline()))
    }

    #[test]
    fn each_way_to_fail_is_told_apart() {
        let mut case = Case::new("three", 3);
        case.expect.push(Expected::by(10 * SECOND, That::Converged));
        assert_eq!(kind(&case, |cluster| cluster), None);
        let (safety, text) =
            kind(&case, |cluster| cluster.checker(|| Box::new(Planted("violation")))).unwrap();
        assert_eq!(
            (safety, text.contains("a promise is broken")),
            (FailureKind::Safety, true),
            "{text}"
        );
        let (panic, text) =
            kind(&case, |cluster| cluster.checker(|| Box::new(Planted("panic")))).unwrap();
        assert_eq!((panic, text.contains("planted panic (")), (FailureKind::Panic, true), "{text}");
        case.expect[0].that = That::EveryoneSeesDead(1);
        let (liveness, text) = kind(&case, |cluster| cluster).unwrap();
        assert_eq!(
            (liveness, text.contains("not so by 10s")),
            (FailureKind::Liveness, true),
            "{text}"
        );
    }

    #[test]
    fn a_case_that_cannot_be_run_is_no_finding() {
        let mut case = Case::new("wrong", 3);
        case.settings.insert(String::from("gossip_fanout"), 0.into());
        assert!(case.run_checked().is_err());
    }
}
