//! Whether what a file says can be: values within their bounds, and rows that make sense together.
//!
//! A case of one's own making is not checked here: what it says is run as it is. Where in the file
//! a part stands is [`blame`](super::blame)'s to find; the bounds of a fault or a user's work are
//! in [`bounds`], what still stands in the way of agreement in [`obstacles`](super::obstacles).
//! Settings and links check themselves.

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};

use swim_core::Config;

use super::obstacles::Obstacles;
use super::{Case, CaseError, Expected, LinkBetween, That};
use crate::network;
use crate::plan::bounds::{self, MOST_NODES, absent};
use crate::plan::{Fault, Seeds, Step, Work, renumbering};

/// No time in a file may be longer: a year, in which a cluster does nothing that it does not do in
/// a day.
pub(super) const LONGEST: Duration = Duration::from_secs(365 * 24 * 3_600);

/// Which part of a case is wrong.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Place {
    /// A key of the file itself.
    Key(&'static str),
    /// Some setting or some field of the link.
    Options,
    /// A path of a single pair of nodes.
    LinkBetween(LinkBetween),
    /// A row of the plan.
    Step(Duration, Step),
    /// A row of what is done afterwards.
    Afterwards(Work),
    /// A row of what is expected.
    Expect(Expected),
}

/// What is wrong, and where.
pub(super) type Wrong = (Place, CaseError);

fn wrong(place: Place, what: impl Into<String>) -> Wrong {
    (place, CaseError(what.into()))
}

/// The first thing that cannot be.
pub(super) fn check(case: &Case) -> Result<(), Wrong> {
    keys(case)?;
    let cluster = case.cluster_of_equals().map_err(|error| (Place::Options, error))?;
    let mut pairs = BTreeSet::new();
    for row in &case.link_between {
        let is_new = pairs.insert((row.from, row.to));
        let outcome =
            between(case, row, is_new).and_then(|()| row.applied(cluster.clone()).map(drop));
        outcome.map_err(|what| {
            wrong(Place::LinkBetween(row.clone()), format!("link_between: {what}"))
        })?;
    }
    let config = cluster.config;
    let mut configs = BTreeMap::new();
    for (at, step) in case.plan.steps() {
        let place = || Place::Step(*at, step.clone());
        time("at", *at).map_err(|what| wrong(place(), what))?;
        absent(renumbering::highest(step), case.nodes).map_err(|what| wrong(place(), what))?;
        bounds::step(step, &config).map_err(|what| wrong(place(), what))?;
        reconfigured(&mut configs, step, &config).map_err(|what| wrong(place(), what))?;
        in_time(case, *at, step).map_err(|what| wrong(place(), what))?;
    }
    for work in &case.afterwards {
        let step = Step::Work(work.clone());
        let outcome = absent(renumbering::highest(&step), case.nodes)
            .and_then(|()| bounds::step(&step, &config));
        outcome.map_err(|what| wrong(Place::Afterwards(work.clone()), what))?;
    }
    for row in &case.expect {
        expected(case, row).map_err(|what| wrong(Place::Expect(row.clone()), what))?;
    }
    whole_for_liveness(case)
}

/// A path leads from one node to another, and is described once.
fn between(case: &Case, row: &LinkBetween, is_new: bool) -> Result<(), String> {
    let (from, to) = (row.from, row.to);
    absent(Some(from.max(to)), case.nodes)?;
    if from == to {
        return Err(format!("from = {from}, to = {to}: a path leads from one node to another"));
    }
    if !is_new {
        return Err(format!("from = {from}, to = {to}: this path is described twice"));
    }
    Ok(())
}

/// What is said of all.
fn keys(case: &Case) -> Result<(), Wrong> {
    let key = |key, what: String| wrong(Place::Key(key), what);
    let nodes = case.nodes;
    if nodes == 0 || nodes > MOST_NODES {
        return Err(key(
            "nodes",
            format!("nodes = {nodes}: a cluster has 1 to {MOST_NODES} nodes"),
        ));
    }
    match case.join {
        Seeds::Few(few) if few == 0 || few > nodes => {
            let bounds = format!(
                "join = {{ few = {few} }}: nodes join through 1 to {nodes} of {nodes} nodes"
            );
            return Err(key("join", bounds));
        }
        Seeds::Random(count) if nodes > 1 && (count == 0 || count >= nodes) => {
            let most = nodes - 1;
            let bounds = format!(
                "join = {{ random = {count} }}: a node joins through 1 to {most} of the {most} others"
            );
            return Err(key("join", bounds));
        }
        _ => {}
    }
    for (name, permille) in [
        ("delivered_permille", case.delivered_permille),
        ("gossiped_permille", case.gossiped_permille),
        ("heard_permille", case.heard_permille),
    ] {
        network::bounds::permille(name, permille).map_err(|what| key(name, what))?;
        if permille > 0 && case.afterwards.is_empty() {
            return Err(key(
                name,
                format!("{name} = {permille}: there is nothing in `afterwards` that it is about"),
            ));
        }
    }
    case.mend.map_or(Ok(()), |at| time("mend", at)).map_err(|what| key("mend", what))
}

fn time(key: &str, time: Duration) -> Result<(), String> {
    let hours = LONGEST.as_secs() / 3_600;
    let is_short = time <= LONGEST;
    is_short
        .then_some(())
        .ok_or_else(|| format!("{key} = {time:?}: no time may be longer than a year, \"{hours}h\""))
}

/// A node's settings change as it says, and are still valid with what was changed before.
fn reconfigured(
    configs: &mut BTreeMap<usize, Config>,
    step: &Step,
    config: &Config,
) -> Result<(), String> {
    let Step::Fault(Fault::Reconfigure { node, setting }) = step else { return Ok(()) };
    let own = configs.entry(*node).or_insert_with(|| config.clone());
    setting.apply(own);
    own.validate().map_err(|error| format!("reconfigure of node {node} to {setting}: {error}"))
}

/// A step comes before what ends all faults, and before the last moment at which anything is looked
/// at.
fn in_time(case: &Case, at: Duration, step: &Step) -> Result<(), String> {
    if let (Some(mend), Step::Fault(_)) = (case.mend, step)
        && at > mend
    {
        return Err(format!(
            "at = {at:?} is later than mend = {mend:?}, after which nothing may break any more"
        ));
    }
    let last = case.expect.iter().map(Expected::time).max();
    let is_all = !case.liveness && case.afterwards.is_empty();
    match last {
        Some(last) if is_all && at > last => Err(format!(
            "at = {at:?} is later than the last expectation, at {last:?}: nothing would look at what comes of it"
        )),
        _ => Ok(()),
    }
}

fn expected(case: &Case, row: &Expected) -> Result<(), String> {
    if row.by.is_some() == row.at.is_some() {
        return Err(format!("expecting {:?} needs one of `by` and `at`", row.that));
    }
    let (key, end) = if row.by.is_some() { ("by", row.time()) } else { ("at", row.time()) };
    time(key, end)?;
    absent(row.that.node(), case.nodes)?;
    if let Some(after) = row.after.filter(|after| *after > end) {
        return Err(format!(
            "after = {after:?} is later than {key} = {end:?}: there is no time to look at it"
        ));
    }
    let agrees = matches!(row.that, That::Converged | That::EqualTables | That::TheLivingAreKnown);
    if row.by.is_none() || !agrees {
        return Ok(());
    }
    let begin = row.after.unwrap_or(end);
    match Obstacles::before(case, begin, end).all_cut_off() {
        None => Ok(()),
        Some((at, step)) => Err(format!(
            "by = {end:?}: it holds at once or never, since {step} at {at:?} and that is not mended by then: \
             mend it earlier, or ask `at` a moment"
        )),
    }
}

/// Agreement by computed deadlines is promised of a world that is whole.
fn whole_for_liveness(case: &Case) -> Result<(), Wrong> {
    if !case.liveness || case.mend.is_some() {
        return Ok(());
    }
    match Obstacles::at_the_end(case).first() {
        None => Ok(()),
        Some((at, step)) => Err(wrong(
            Place::Key("liveness"),
            format!(
                "liveness = true: nothing agrees as long as {step} since {at:?}: \
                 write `mend = \"...\"` with a time after the plan, or a row that undoes it"
            ),
        )),
    }
}
