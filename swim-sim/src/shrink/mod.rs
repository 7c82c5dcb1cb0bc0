//! Makes a case that fails small: fewer steps, fewer nodes, less time, plainer options, as long as
//! it fails alike.
//!
//! Every candidate is run. One that fails in the same way (a broken promise of the same checker, a
//! panic at the same place, something that did not come about in time) takes the place of the case;
//! others are forgotten. What comes out depends on the case and the budget only. Each pass is a
//! file: `steps`, `nodes`, `times`, `options`; `ddmin` is how the first two choose.

mod ddmin;
mod nodes;
mod options;
mod standing;
mod steps;
mod times;

use core::fmt;
use std::collections::BTreeSet;

use crate::campaign::{FailureKind, Finding, judge};
use crate::case::Case;

/// What became of a case that was shrunk.
#[derive(Clone, Debug, PartialEq)]
pub struct Shrunk {
    /// The smallest case that was found to fail alike.
    pub case: Case,
    /// How it fails.
    pub finding: Finding,
    /// How many cases were run.
    pub runs: u32,
    /// Whether no pass finds anything smaller; if not, the budget was used up or `progress` said
    /// stop.
    pub is_smallest: bool,
}

/// How far shrinking is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// How many cases were run so far.
    pub runs: u32,
    /// How many may be run.
    pub budget: u32,
    /// The nodes of the smallest case so far.
    pub nodes: usize,
    /// Its steps, of the plan and afterwards.
    pub steps: usize,
}

impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { runs, budget, nodes, steps } = self;
        write!(
            f,
            "shrinking: {runs} of at most {budget} runs, {nodes} nodes and {steps} steps are left"
        )
    }
}

/// Shrinks a case that fails as `finding` says, with at most `budget` runs. `progress` is called
/// after each and says whether to go on, so a limit of real time is the caller's.
#[must_use]
pub fn shrink(
    case: &Case,
    finding: &Finding,
    budget: u32,
    progress: impl FnMut(Progress) -> bool,
) -> Shrunk {
    let run = |case: &Case| judge(case, |cluster| cluster).ok()?.err();
    shrink_with(case, finding, budget, run, progress)
}

/// As [`shrink`], by a judge of one's own: how a case fails, if it does.
#[must_use]
pub fn shrink_with(
    case: &Case,
    finding: &Finding,
    budget: u32,
    judge: impl FnMut(&Case) -> Option<Finding>,
    progress: impl FnMut(Progress) -> bool,
) -> Shrunk {
    let (case, finding) = (case.clone(), finding.clone());
    let tried = BTreeSet::from([format!("{case:?}")]);
    let is_readable = case.check().is_ok();
    let mut search = Search {
        case,
        finding,
        runs: 0,
        budget,
        goes_on: true,
        tried,
        is_readable,
        judge,
        progress,
    };
    loop {
        let before = search.case.clone();
        steps::without_what_follows(&mut search);
        steps::fewer(&mut search);
        nodes::fewer(&mut search);
        options::plainer(&mut search);
        times::shorter(&mut search);
        if search.case == before || search.is_over() {
            let is_smallest = search.case == before && !search.is_over();
            return Shrunk {
                case: search.case,
                finding: search.finding,
                runs: search.runs,
                is_smallest,
            };
        }
    }
}

/// The smallest case so far, and what may still be tried.
struct Search<J, P> {
    case: Case,
    finding: Finding,
    runs: u32,
    budget: u32,
    goes_on: bool,
    /// No case is run twice.
    tried: BTreeSet<String>,
    /// Whether the case says what a file may say; one that does is not made into one that does not.
    is_readable: bool,
    judge: J,
    progress: P,
}

/// A search, with any judge and any listener.
trait Attempts {
    /// The smallest case so far.
    fn case(&self) -> &Case;
    /// How it fails.
    fn finding(&self) -> &Finding;
    /// Runs a candidate; if it fails alike, it is the smallest case from now on.
    fn attempt(&mut self, candidate: Case) -> bool;

    /// Changes the smallest case, if that fails alike.
    fn attempt_with(&mut self, change: impl FnOnce(&mut Case)) -> bool {
        let mut candidate = self.case().clone();
        change(&mut candidate);
        self.attempt(candidate)
    }

    /// Returns true if a candidate that lacks what makes things come about would fail for that
    /// alone.
    fn waits(&self) -> bool {
        self.finding().kind == FailureKind::Liveness
    }
}

impl<J, P> Search<J, P> {
    const fn is_over(&self) -> bool {
        !self.goes_on || self.runs >= self.budget
    }
}

impl<J: FnMut(&Case) -> Option<Finding>, P: FnMut(Progress) -> bool> Attempts for Search<J, P> {
    fn case(&self) -> &Case {
        &self.case
    }

    fn finding(&self) -> &Finding {
        &self.finding
    }

    fn attempt(&mut self, candidate: Case) -> bool {
        if self.is_over() || !self.tried.insert(format!("{candidate:?}")) {
            return false;
        }
        // What becomes of it is written to a file, and a file is to be read again.
        if self.is_readable && candidate.check().is_err() {
            return false;
        }
        self.runs += 1;
        let found = (self.judge)(&candidate).filter(|finding| finding.is_like(&self.finding));
        let fails = found.is_some();
        if let Some(finding) = found {
            (self.case, self.finding) = (candidate, finding);
        }
        let steps = self.case.plan.steps().len() + self.case.afterwards.len();
        let progress =
            Progress { runs: self.runs, budget: self.budget, nodes: self.case.nodes, steps };
        self.goes_on = (self.progress)(progress);
        fails
    }
}

#[cfg(test)]
mod tests;
