//! What stands in the way of agreement at a moment of a case: paths that are cut, packets that are
//! all lost, processes that stall. Those that are dead do not: that they are is what is agreed
//! upon.

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};

use super::Case;
use crate::plan::{Fault, Step};

/// All packets.
const ALL: u16 = 1_000;

/// What a fault puts in the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Obstacle {
    /// Two groups that cannot reach each other.
    Split,
    /// Some paths.
    Paths,
    Loss,
    LossBetween(usize, usize),
    Packets,
    Stall(usize),
    Clog(usize),
}

/// What stands, and since which step.
#[derive(Clone, Debug, Default)]
pub(super) struct Obstacles(BTreeMap<Obstacle, (Duration, Step)>);

impl Obstacles {
    /// What the links are like before anything happens; of several the longest.
    fn at_the_start(case: &Case) -> Self {
        let mut standing = Self::default();
        let Ok(cluster) = case.cluster() else { return standing };
        let link =
            cluster.topology.as_ref().map_or(&cluster.link, |topology| &topology.between_sites);
        for fault in [Fault::Loss(link.loss_permille), Fault::PacketsBlocked(link.blocks_packets)] {
            standing.follow(case.nodes, Duration::ZERO, &fault.into());
        }
        for ((from, to), link) in &cluster.own_links {
            let lost = Fault::LossBetween { from: *from, to: *to, permille: link.loss_permille };
            standing.follow(case.nodes, Duration::ZERO, &lost.into());
        }
        standing
    }

    /// What stands when the plan is over.
    pub(super) fn at_the_end(case: &Case) -> Self {
        let mut standing = Self::at_the_start(case);
        case.plan.steps().iter().for_each(|(at, step)| standing.follow(case.nodes, *at, step));
        standing
    }

    /// What stands throughout from a moment up to, not including, another.
    pub(super) fn before(case: &Case, begin: Duration, end: Duration) -> Self {
        if case.mend.is_some_and(|mend| mend < end) {
            return Self::default();
        }
        let mut standing = Self::at_the_start(case);
        let mut later = case.plan.steps().iter().filter(|(at, _)| *at < end).peekable();
        while let Some((at, step)) = later.next_if(|(at, _)| *at <= begin) {
            standing.follow(case.nodes, *at, step);
        }
        let from_the_start = standing.clone();
        later.for_each(|(at, step)| standing.follow(case.nodes, *at, step));
        standing.0.retain(|obstacle, since| from_the_start.0.get(obstacle) == Some(since));
        standing
    }

    /// The first.
    pub(super) fn first(&self) -> Option<&(Duration, Step)> {
        self.0.values().min_by_key(|(at, _)| *at)
    }

    /// What cuts some nodes off from all others, both ways.
    pub(super) fn all_cut_off(&self) -> Option<&(Duration, Step)> {
        self.0.get(&Obstacle::Split).or_else(|| self.0.get(&Obstacle::Loss))
    }

    fn follow(&mut self, nodes: usize, at: Duration, step: &Step) {
        let Step::Fault(fault) = step else { return };
        let mut stands = |obstacle: Obstacle, does: bool| {
            if does {
                self.0.insert(obstacle, (at, step.clone()));
            } else {
                self.0.remove(&obstacle);
            }
        };
        match fault {
            Fault::Partition(groups) if splits(groups, nodes) => stands(Obstacle::Split, true),
            Fault::OneWayPartition { from, to } if !from.is_empty() && !to.is_empty() => {
                stands(Obstacle::Paths, true);
            }
            Fault::Flapping { one, other, .. } if !one.is_empty() && !other.is_empty() => {
                stands(Obstacle::Paths, true);
            }
            Fault::Heal => {
                [Obstacle::Split, Obstacle::Paths].into_iter().for_each(|cut| stands(cut, false));
            }
            Fault::Loss(permille) => {
                stands(Obstacle::Loss, *permille >= ALL);
                self.0.retain(|obstacle, _| !matches!(obstacle, Obstacle::LossBetween(..)));
            }
            Fault::LossBetween { from, to, permille } if from != to => {
                stands(Obstacle::LossBetween(*from, *to), *permille >= ALL);
            }
            Fault::PacketsBlocked(blocks) => stands(Obstacle::Packets, *blocks),
            Fault::Pause(node) => stands(Obstacle::Stall(*node), true),
            Fault::Resume(node) => stands(Obstacle::Stall(*node), false),
            Fault::Clog(node) => stands(Obstacle::Clog(*node), true),
            Fault::Unclog(node) => stands(Obstacle::Clog(*node), false),
            Fault::Crash(node) | Fault::PowerOff(node) | Fault::RestartAtNewAddress(node) => {
                stands(Obstacle::Stall(*node), false);
                stands(Obstacle::Clog(*node), false);
            }
            _ => {}
        }
    }
}

/// Returns true if some node cannot reach some other.
fn splits(groups: &[Vec<usize>], nodes: usize) -> bool {
    let listed: BTreeSet<_> = groups.iter().flatten().collect();
    let named = groups.iter().filter(|group| !group.is_empty()).count();
    named + usize::from(listed.len() < nodes) > 1
}
