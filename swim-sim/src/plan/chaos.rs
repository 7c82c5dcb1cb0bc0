//! Plans drawn from a seed: everything that can break does, for a while; then all is mended.
//!
//! Faults and work come from streams of their own, so the same faults strike whatever the users do.
//! What comes out is a [`Plan`] like any other: it can be printed, stored and cut down.

use core::time::Duration;
use std::collections::BTreeSet;

use super::{Fault, Plan, Setting, Step, Work};
use crate::ground::streams::{self, Purpose, Stream};
use crate::network::{Bandwidth, Latency};

/// Draws one step for a cluster of so many nodes.
type Draw = fn(&mut Stream, usize) -> Step;

impl Plan {
    /// Faults of every kind and work of users in a span of time, one every other second on average,
    /// then a world that is whole: paths as the cluster was built with but for losses, which end,
    /// and every process running.
    #[must_use]
    pub fn chaos(seed: u64, nodes: usize, from: Duration, to: Duration) -> Self {
        let mut plan = Self::new();
        if nodes == 0 {
            return plan;
        }
        for (purpose, draw) in [(Purpose::Faults, fault as Draw), (Purpose::Workload, work)] {
            // Stream 0 is the running cluster's own.
            let mut stream = streams::stream(seed, purpose, 1);
            let mut at = from;
            while at < to {
                plan = plan.at(at, draw(&mut stream, nodes));
                at += streams::between(&mut stream, Duration::ZERO, Duration::from_secs(8));
            }
        }
        plan.mend(nodes, to)
    }

    /// The same plan, and at a time everything is whole again: all paths, and the nodes that it
    /// does something to. Latencies stay as they are then, and so do settings: a plan that slows
    /// its paths beyond what pings can bear undoes that itself.
    #[must_use]
    pub fn mend(self, nodes: usize, at: Duration) -> Self {
        let mut mended = self.clone();
        for fault in [
            Fault::Heal,
            Fault::Loss(0),
            Fault::Duplication(0),
            Fault::Reordering(0, Duration::ZERO),
            Fault::Corruption(0),
            Fault::Bandwidth(None),
            Fault::PacketsBlocked(false),
        ] {
            mended = mended.at(at, fault);
        }
        for node in 0..nodes {
            for fault in self
                .steps()
                .iter()
                .filter_map(|(_, step)| cure(step, node))
                .collect::<BTreeSet<_>>()
            {
                mended = mended.at(at, fault.of(node));
            }
        }
        mended
    }
}

/// A fault that makes a node whole again, in the order in which they strike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Cure {
    Resume,
    Unclog,
    Speed,
    Clock,
    Restart,
}

impl Cure {
    const fn of(self, node: usize) -> Fault {
        match self {
            Self::Resume => Fault::Resume(node),
            Self::Unclog => Fault::Unclog(node),
            Self::Speed => Fault::SlowProcessing { node, each: Duration::ZERO },
            Self::Clock => Fault::ClockRate { node, thousandths: 1_000 },
            Self::Restart => Fault::Restart(node),
        }
    }
}

/// The cure that a step makes necessary for a node.
fn cure(step: &Step, node: usize) -> Option<Cure> {
    let (of, cure) = match step {
        Step::Fault(Fault::Pause(of)) => (of, Cure::Resume),
        Step::Fault(Fault::Clog(of)) => (of, Cure::Unclog),
        Step::Fault(Fault::SlowProcessing { node: of, .. }) => (of, Cure::Speed),
        Step::Fault(Fault::ClockRate { node: of, .. }) => (of, Cure::Clock),
        Step::Fault(Fault::Crash(of) | Fault::PowerOff(of)) | Step::Work(Work::Leave(of)) => {
            (of, Cure::Restart)
        }
        _ => return None,
    };
    (*of == node).then_some(cure)
}

pub(crate) fn fault(stream: &mut Stream, nodes: usize) -> Step {
    let kind = streams::below(stream, 29);
    let (node, other) = (index(stream, nodes), index(stream, nodes));
    let permille = streams::below(stream, 400) as u16;
    let time = streams::between(stream, Duration::ZERO, Duration::from_secs(1));
    let some: Vec<_> = (0..nodes).filter(|_| streams::happens(stream, 400)).collect();
    match kind {
        0 | 1 => Fault::Crash(node),
        2 => Fault::PowerOff(node),
        3..=5 => Fault::Restart(node),
        6 => Fault::RestartAtNewAddress(node),
        7 | 8 => Fault::Pause(node),
        20 => Fault::ClockSetBack(node, 60 * time),
        9 | 10 => Fault::Resume(node),
        11 => Fault::Partition(vec![some]),
        12 => Fault::OneWayPartition { from: some, to: vec![node, other] },
        13..=15 => Fault::Heal,
        16 => Fault::Loss(permille),
        17 => Fault::LossBetween { from: node, to: other, permille: 2 * permille },
        18 => Fault::Duplication(permille),
        21 => Fault::Corruption(permille),
        22 if permille < 200 => Fault::Bandwidth(None),
        22 => Fault::Bandwidth(Some(narrow(permille))),
        23 => Fault::Flapping { one: some, other: vec![node, other], up: 5 * time, down: 5 * time },
        24 | 25 => Fault::SlowProcessing { node, each: time / 4 },
        26 => Fault::SlowProcessing { node, each: Duration::ZERO },
        27 => Fault::ClockRate { node, thousandths: 800 + permille },
        28 => Fault::Reconfigure { node, setting: setting(permille) },
        _ if permille < 100 => Fault::PacketsBlocked(permille < 30),
        _ if permille < 200 => {
            Fault::Slowness(Latency::Uniform { low: Duration::ZERO, high: time / 8 })
        }
        _ => Fault::Reordering(permille, time),
    }
    .into()
}

/// A path on which a few nodes just get along: 2 to 10 kB a second.
fn narrow(permille: u16) -> Bandwidth {
    Bandwidth {
        bytes_per_second: 2_000 + 20 * u64::from(permille),
        queue_bytes: 2_000 + 100 * u64::from(permille),
    }
}

/// A setting that does not stand in the way of agreement; it outlasts the mending, as an upgrade
/// does.
fn setting(permille: u16) -> Setting {
    match permille % 4 {
        0 => Setting::GossipFanout(1 + (permille / 100) as u8),
        1 => Setting::IndirectProbes((permille / 100) as u8),
        2 => Setting::SuspicionMult(2 + (permille / 100) as u8),
        _ => Setting::GossipInterval(Duration::from_millis(100 + u64::from(permille))),
    }
}

pub(crate) fn work(stream: &mut Stream, nodes: usize) -> Step {
    let kind = streams::below(stream, 10);
    let (node, other) = (index(stream, nodes), index(stream, nodes));
    let payload = streams::below(stream, u64::MAX).to_be_bytes().to_vec();
    match kind {
        0 => Work::Leave(node),
        1 => Work::Join { node, seeds: vec![other] },
        2..=4 => Work::Broadcast { node, payload },
        5 => Work::UserEvent { node, name: String::from("event"), payload },
        6 => Work::Query { node, name: String::from("question") },
        _ => Work::SetMetadata { node, metadata: payload },
    }
    .into()
}

fn index(stream: &mut Stream, nodes: usize) -> usize {
    streams::below(stream, nodes as u64) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chaos(seed: u64) -> Plan {
        Plan::chaos(seed, 10, Duration::from_secs(60), Duration::from_secs(360))
    }

    #[test]
    fn a_seed_draws_one_plan_and_another_seed_another() {
        assert_eq!(chaos(1), chaos(1));
        assert_ne!(chaos(1), chaos(2));
    }

    #[test]
    fn in_a_few_plans_every_kind_of_fault_occurs() {
        let steps: Vec<_> = (0..20).flat_map(|seed| chaos(seed).steps().to_vec()).collect();
        let mut kinds: Vec<_> = steps
            .iter()
            .map(|(_, step)| match step {
                Step::Fault(fault) => format!("{:?}", core::mem::discriminant(fault)),
                Step::Work(work) => format!("work {:?}", core::mem::discriminant(work)),
            })
            .collect();
        kinds.sort_unstable();
        kinds.dedup();
        assert_eq!(kinds.len(), 22 + 6, "{kinds:?}");
    }
}
