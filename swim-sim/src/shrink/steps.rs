//! Fewer steps, of the plan and of what users do afterwards.

use core::time::Duration;

use swim_core::Instant;

use super::standing::Standing;
use super::{Attempts, ddmin};
use crate::case::Case;
use crate::plan::{Plan, Step, Work};

/// A step by its place in the plan, or in what is done afterwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Item {
    Planned(usize),
    Afterwards(usize),
}

/// What comes after a broken promise has nothing to do with it: the run ends there.
pub(super) fn without_what_follows(search: &mut impl Attempts) {
    let Some(broken) = search.finding().violation.clone() else { return };
    let end = broken.at.since(Instant::ORIGIN);
    if search.case().mend.is_some_and(|mend| mend <= end) {
        return;
    }
    search.attempt_with(|case| {
        let before = case.plan.steps().iter().filter(|(at, _)| *at <= end);
        case.plan = before.fold(Plan::new(), |plan, (at, step)| plan.at(*at, step.clone()));
        case.liveness = false;
        (case.delivered_permille, case.gossiped_permille, case.heard_permille) = (0, 0, 0);
        case.expect.clear();
        case.afterwards.clear();
        // What makes the run go on until then.
        case.mend = Some(end + Duration::from_secs(1));
    });
}

pub(super) fn fewer(search: &mut impl Attempts) {
    let base = search.case().clone();
    let judged = Standing::after(&base).filter(|_| search.waits() && base.mend.is_none());
    let planned = (0..base.plan.steps().len()).map(Item::Planned);
    let items: Vec<_> = planned.chain((0..base.afterwards.len()).map(Item::Afterwards)).collect();
    // A case that waits for what becomes of a node fails for certain without what is done to that
    // node.
    let is_fixed = |item: &Item| search.waits() && is_waited_for(&base, *item);
    let (fixed, free): (Vec<_>, Vec<_>) = items.into_iter().partition(is_fixed);
    ddmin::minimize(free, |free| {
        let candidate = only(&base, |item| fixed.contains(&item) || free.contains(&item));
        let is_no_worse = |judged: &Standing| {
            Standing::after(&candidate).is_some_and(|now| now.is_no_worse_than(judged))
        };
        judged.as_ref().is_none_or(is_no_worse) && search.attempt(candidate)
    });
}

/// Returns true if an expectation is about the node of a step.
fn is_waited_for(case: &Case, item: Item) -> bool {
    let step = match item {
        Item::Planned(place) => case.plan.steps()[place].1.clone(),
        Item::Afterwards(place) => Step::Work(case.afterwards[place].clone()),
    };
    let awaited = case.expect.iter().filter_map(|expected| expected.that.node());
    awaited.into_iter().any(|node| step.is_about(node))
}

fn only(case: &Case, stays: impl Fn(Item) -> bool) -> Case {
    let mut few = case.clone();
    let steps =
        case.plan.steps().iter().enumerate().filter(|(place, _)| stays(Item::Planned(*place)));
    few.plan = steps.fold(Plan::new(), |plan, (_, (at, step))| plan.at(*at, step.clone()));
    let works =
        case.afterwards.iter().enumerate().filter(|(place, _)| stays(Item::Afterwards(*place)));
    few.afterwards = works.map(|(_, work)| work.clone()).collect::<Vec<Work>>();
    few
}
