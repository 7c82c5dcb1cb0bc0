//! Less time: the pauses between what happens become shorter, and times round.

use core::time::Duration;
use std::collections::BTreeSet;

use super::Attempts;
use crate::case::Case;
use crate::plan::Plan;

pub(super) fn shorter(search: &mut impl Attempts) {
    for divisor in [8, 2] {
        let (base, waits) = (search.case().clone(), search.waits());
        let shorter = |from, to| {
            if is_waited_in(&base, waits, from, to) { to - from } else { part(to - from, divisor) }
        };
        search.attempt(squeezed(&base, shorter));
    }
    // From the last to the first, so that the places of the others stay.
    for place in (0..moments(search.case()).len()).rev() {
        let base = search.case().clone();
        let Some((from, to)) = pause(&base, place)
            .filter(|(from, to)| !is_waited_in(&base, search.waits(), *from, *to))
        else {
            continue;
        };
        let lefts = [Duration::ZERO, part(to - from, 8), part(to - from, 2)];
        let with =
            |left| squeezed(&base, |begin, end| if begin == from { left } else { end - begin });
        let _ = lefts.into_iter().any(|left| search.attempt(with(left)));
    }
    // What waits for something by a time is not given less of it.
    if !search.waits() || search.case().expect.is_empty() {
        let round = moved(search.case(), whole);
        search.attempt(round);
    }
}

/// A part of a pause, in whole seconds; a pause of a second is not parted.
fn part(pause: Duration, divisor: u32) -> Duration {
    if pause <= Duration::from_secs(1) { pause } else { whole(pause / divisor) }
}

/// Rounded up to whole seconds.
fn whole(time: Duration) -> Duration {
    Duration::from_secs(time.as_secs() + u64::from(time.subsec_nanos() > 0))
}

/// All times that a case names, in order, each once.
fn moments(case: &Case) -> Vec<Duration> {
    let steps = case.plan.steps().iter().map(|(at, _)| *at);
    let expected =
        case.expect.iter().flat_map(|row| [row.by, row.at, row.after].into_iter().flatten());
    steps.chain(expected).chain(case.mend).collect::<BTreeSet<_>>().into_iter().collect()
}

/// From when to when nothing happens before the moment at a place.
fn pause(case: &Case, place: usize) -> Option<(Duration, Duration)> {
    let moments = moments(case);
    let from = place
        .checked_sub(1)
        .map_or(Duration::ZERO, |before| moments[before.min(moments.len() - 1)]);
    moments.get(place).map(|to| (from, *to)).filter(|(from, to)| from < to)
}

/// Returns true if time that passes in a pause is time that an expectation has to come true.
/// `waits`: whether that matters.
fn is_waited_in(case: &Case, waits: bool, from: Duration, to: Duration) -> bool {
    waits
        && case.expect.iter().any(|row| {
            let end = row.time();
            let before = case.plan.steps().iter().map(|(at, _)| *at).filter(|at| *at < end);
            let begin = row.after.or(before.max()).unwrap_or_default();
            from < end && begin < to
        })
}

/// The same case, with every pause as long as `left` says of its ends.
fn squeezed(case: &Case, left: impl Fn(Duration, Duration) -> Duration) -> Case {
    let (mut from, mut now, mut places) = (Duration::ZERO, Duration::ZERO, Vec::new());
    for to in moments(case) {
        now += left(from, to);
        places.push((to, now));
        from = to;
    }
    let new = |at: Duration| places.iter().find(|(old, _)| *old == at).map_or(at, |(_, new)| *new);
    moved(case, new)
}

/// The same case with all times changed, in their order.
fn moved(case: &Case, new: impl Fn(Duration) -> Duration) -> Case {
    let mut moved = case.clone();
    moved.plan = case
        .plan
        .steps()
        .iter()
        .fold(Plan::new(), |plan, (at, step)| plan.at(new(*at), step.clone()));
    moved.mend = case.mend.map(&new);
    for row in &mut moved.expect {
        (row.by, row.at, row.after) = (row.by.map(&new), row.at.map(&new), row.after.map(&new));
    }
    moved
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::{Expected, That};
    use crate::plan::Fault;

    const fn secs(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn case() -> Case {
        let mut case = Case::new("x", 3);
        case.plan = Plan::new()
            .at(secs(10), Fault::Crash(1))
            .at(secs(10), Fault::Crash(2))
            .at(secs(50), Fault::Heal);
        case.mend = Some(secs(60));
        case.expect.push(Expected::by(secs(40), That::Converged));
        case
    }

    #[test]
    fn pauses_shrink_and_the_order_stays() {
        let half = squeezed(&case(), |from, to| (to - from) / 2);
        assert_eq!(moments(&half), [5, 20, 25, 30].map(secs));
        assert_eq!((half.plan.steps()[1].0, half.expect[0].by), (secs(5), Some(secs(20))));
        assert_eq!(pause(&case(), 1), Some((secs(10), secs(40))));
        assert_eq!((pause(&case(), 0), pause(&case(), 9)), (Some((secs(0), secs(10))), None));
    }

    #[test]
    fn the_time_that_an_expectation_has_is_known() {
        let waited = |waits, from, to| is_waited_in(&case(), waits, secs(from), secs(to));
        assert!(waited(true, 10, 40) && !waited(true, 0, 10) && !waited(true, 40, 50));
        assert!(!waited(false, 10, 40));
    }
}
