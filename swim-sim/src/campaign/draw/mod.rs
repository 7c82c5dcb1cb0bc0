//! One run of a campaign, drawn from its seed: a [`Case`], which is data and can be stored, run
//! again and cut down.
//!
//! Size, network, settings, faults and workload come from streams of their own, so that one can be
//! changed while the others stay. All times are drawn as multiples of the protocol period, so that
//! slow settings do not make idle runs.

mod attacks;
mod faults;
mod network;
mod settings;
mod workload;

use core::time::Duration;

use crate::case::{Case, Profile};
use crate::ground::streams::{self, Purpose, Stream};
use crate::plan::Seeds;
use crate::plan::{Fault, Plan, Step, Work};

/// The run's share in the streams that the running cluster draws from as well: 0 is the cluster's,
/// 1 is chaos's.
const INDEX: u64 = 2;

/// What the other draws depend on.
#[derive(Clone, Copy, Debug)]
struct Frame {
    nodes: usize,
    /// The protocol period.
    period: Duration,
    probe_timeout: Duration,
    /// Faults and work begin.
    from: Duration,
    /// All is mended.
    to: Duration,
}

impl Frame {
    /// A moment at which faults and work may come.
    fn moment(&self, stream: &mut Stream) -> Duration {
        streams::between(stream, self.from, self.to)
    }

    /// So many periods, `low` to `high` of them.
    fn periods(&self, stream: &mut Stream, low: u32, high: u32) -> Duration {
        streams::between(stream, self.period * low, self.period * high)
    }
}

/// The run of a seed below 2^63.
#[must_use]
pub fn draw(seed: u64) -> Case {
    let mut shape = streams::stream(seed, Purpose::Shape, INDEX);
    let mut case = Case::new(&format!("run of seed {seed}"), size(&mut shape));
    case.seed = seed;
    case.profile = profile(&mut shape);
    case.join = seeds(&mut shape).within(case.nodes);
    case.port_unreachable = streams::happens(&mut shape, 300);
    // Bounds so tight that agreement cannot be promised: then only safety is.
    let beyond = streams::happens(&mut shape, 50);
    let span = 20 + streams::below(&mut shape, 100) as u32;

    let mut settings = streams::stream(seed, Purpose::Settings, INDEX);
    let (period, probe_timeout) = settings::draw(&mut settings, &mut case, beyond);
    let frame = Frame {
        nodes: case.nodes,
        period,
        probe_timeout,
        from: period * 10,
        to: period * (10 + span),
    };
    network::draw(&mut streams::stream(seed, Purpose::Network, INDEX), &mut case, &frame);
    let faults = faults::draw(&mut streams::stream(seed, Purpose::Faults, INDEX), &frame);
    let mut workload = streams::stream(seed, Purpose::Workload, INDEX);
    let works = workload::draw(&mut workload, &frame);
    // Forgeries are in the native wire's words.
    let attacks = if case.settings.contains_key("wire") {
        Vec::new()
    } else {
        attacks::draw(&mut streams::stream(seed, Purpose::Attacks, INDEX), &frame)
    };
    case.plan = faults
        .into_iter()
        .chain(attacks)
        .chain(works)
        .fold(Plan::new(), |plan, (at, step)| plan.at(at, step));
    case.mend = Some(frame.to);
    let has_ghosts = has_ghosts(&case);
    if !beyond {
        case.liveness = true;
        let takes_leave = !case.settings.contains_key("leave_timeout");
        case.afterwards = workload::afterwards(&mut workload, &frame, takes_leave);
        case.heard_permille = if has_ghosts { 0 } else { heard_permille(&case) };
        // A node that may not queue or remember what arrives does not pass it on; on memberlist's
        // wire nobody but the sender sends a broadcast at all.
        let is_unset = |name| !case.settings.contains_key(name);
        if !has_ghosts
            && ["max_broadcasts", "max_broadcast_origins", "wire"].into_iter().all(is_unset)
        {
            case.delivered_permille = workload::delivered_permille(case.nodes, &case.afterwards);
        }
    }
    case
}

/// Returns true if an insider invents members: gossip goes to them as well, until they are found
/// dead and forgotten, so nothing is owed to anybody by gossip alone.
pub(super) fn has_ghosts(case: &Case) -> bool {
    case.plan
        .steps()
        .iter()
        .any(|(_, step)| matches!(step, Step::Fault(Fault::Attack(attack)) if attack.ghosts() > 0))
}

/// As for broadcasts. Serf's agents all pass events and queries on, and memberlist's plain nodes
/// have none.
fn heard_permille(case: &Case) -> u16 {
    let has_room = ["max_broadcasts", "max_broadcast_origins"]
        .iter()
        .all(|name| !case.settings.contains_key(*name));
    let wire = case.settings.get("wire");
    if !has_room || wire.is_some_and(|wire| wire.as_str() != Some("serf")) {
        return 0;
    }
    let all = workload::delivered_permille(case.nodes, &case.afterwards);
    // Clocks are told with events, at joins and, on serf's wire, when tables are swapped. Who has
    // missed an earlier event, or has restarted through somebody who has, sends the next at the
    // same time, and all who joined since through others take it for old: then only the campaign's
    // test of chance holds the run to anything.
    let is_earlier =
        |step: &Step| matches!(step, Step::Work(Work::UserEvent { .. } | Work::Query { .. }));
    let may_seem_old = case.plan.steps().iter().any(|(_, step)| is_earlier(step));
    if may_seem_old { all.min(1) } else { all }
}

/// Mostly a handful, since those are fast and show most; seldom many.
fn size(stream: &mut Stream) -> usize {
    let (class, within) =
        (streams::below(stream, 1_000), |stream: &mut Stream, low: u64, high: u64| {
            (low + streams::below(stream, high - low + 1)) as usize
        });
    match class {
        0..650 => within(stream, 3, 8),
        650..900 => within(stream, 9, 16),
        900..985 => within(stream, 17, 32),
        985..998 => within(stream, 33, 60),
        _ => within(stream, 61, 100),
    }
}

fn profile(stream: &mut Stream) -> Profile {
    match streams::below(stream, 10) {
        0 => Profile::Local,
        1 => Profile::Wan,
        2 => Profile::LossyWifi,
        3 => Profile::Satellite,
        4 => Profile::ThreeSites,
        _ => Profile::Lan,
    }
}

/// The seeds through which all come to know each other: random seeds may leave some apart for ever.
fn seeds(stream: &mut Stream) -> Seeds {
    match streams::below(stream, 4) {
        0 => Seeds::First,
        1 => Seeds::Chain,
        _ => Seeds::Few(2 + streams::below(stream, 3) as usize),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_run_that_is_drawn_can_be_run_and_stored() {
        for seed in 0..2_000 {
            let case = draw(seed);
            let text = case.to_toml();
            let again = Case::from_toml(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
            assert_eq!(again, case, "{text}");
        }
    }

    #[test]
    fn where_an_event_came_before_a_run_need_only_show_that_somebody_hears_on_either_wire() {
        let wire = |case: &Case| {
            case.settings.get("wire").and_then(|wire| wire.as_str().map(String::from))
        };
        let is_event =
            |step: &Step| matches!(step, Step::Work(Work::UserEvent { .. } | Work::Query { .. }));
        let cases: Vec<_> = (0..2_000).map(draw).filter(|case| case.heard_permille > 0).collect();
        for wanted in [None, Some(String::from("serf"))] {
            let mut of_wire = cases.iter().filter(|case| wire(case) == wanted).peekable();
            assert!(of_wire.peek().is_some(), "{wanted:?}");
            for case in of_wire {
                let is_earlier = case.plan.steps().iter().any(|(_, step)| is_event(step));
                assert!(!has_ghosts(case));
                assert_eq!(case.heard_permille == 1, is_earlier, "{}", case.name);
            }
        }
    }

    #[test]
    fn a_stored_run_has_the_same_hash() {
        for seed in 0..4 {
            let case = draw(seed);
            let again = Case::from_toml(&case.to_toml()).unwrap();
            let hash = |case: &Case| case.scenario().unwrap().run(case.seed).trace_hash;
            assert_eq!(hash(&case), hash(&again));
        }
    }

    #[test]
    fn in_many_runs_every_kind_of_fault_and_every_profile_occurs() {
        let cases: Vec<_> = (0..2_000).map(draw).collect();
        let mut kinds: Vec<_> = cases
            .iter()
            .flat_map(|case| case.plan.steps())
            .map(|(_, step)| match step {
                Step::Fault(fault) => format!("{:?}", core::mem::discriminant(fault)),
                Step::Work(work) => format!("work {:?}", core::mem::discriminant(work)),
            })
            .collect();
        kinds.sort_unstable();
        kinds.dedup();
        assert_eq!(kinds.len(), 26 + 6, "{kinds:?}");
        let mut profiles: Vec<_> = cases.iter().map(|case| format!("{:?}", case.profile)).collect();
        profiles.sort_unstable();
        profiles.dedup();
        assert_eq!(profiles.len(), 6, "{profiles:?}");
    }
}
