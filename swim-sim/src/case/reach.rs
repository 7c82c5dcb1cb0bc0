//! Which nodes a step is about, and what is left of it in a smaller cluster.

use core::time::Duration;

use serde::{Deserialize, Serialize};

use super::time;
use crate::step::{Fault, Plan, Step, Work};

/// A row of a plan: a time, and a fault or a user's work.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Row {
    #[serde(with = "time")]
    at: Duration,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    fault: Option<Fault>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    work: Option<Work>,
}

impl From<Plan> for Vec<Row> {
    fn from(plan: Plan) -> Self {
        let row = |(at, step): &(Duration, Step)| match step {
            Step::Fault(fault) => Row { at: *at, fault: Some(fault.clone()), work: None },
            Step::Work(work) => Row { at: *at, fault: None, work: Some(work.clone()) },
        };
        plan.steps().iter().map(row).collect()
    }
}

impl TryFrom<Vec<Row>> for Plan {
    type Error = String;

    fn try_from(rows: Vec<Row>) -> Result<Self, String> {
        rows.into_iter().try_fold(Self::new(), |plan, row| match (row.fault, row.work) {
            (Some(fault), None) => Ok(plan.at(row.at, fault)),
            (None, Some(work)) => Ok(plan.at(row.at, work)),
            _ => Err(format!("the row at {:?} needs one of `fault` and `work`", row.at)),
        })
    }
}

/// The highest number of a node that a step is about.
pub(super) fn highest(step: &Step) -> Option<usize> {
    match step {
        Step::Fault(fault) => match fault {
            Fault::Crash(node)
            | Fault::PowerOff(node)
            | Fault::Restart(node)
            | Fault::RestartAtNewAddress(node)
            | Fault::ClockSetBack(node, _)
            | Fault::Pause(node)
            | Fault::Resume(node)
            | Fault::SlowProcessing { node, .. }
            | Fault::ClockRate { node, .. }
            | Fault::Namesake { of: node, .. }
            | Fault::Reconfigure { node, .. } => Some(*node),
            Fault::Partition(groups) => groups.iter().flatten().max().copied(),
            Fault::OneWayPartition { from, to } => from.iter().chain(to).max().copied(),
            Fault::Flapping { one, other, .. } => one.iter().chain(other).max().copied(),
            Fault::LossBetween { from, to, .. } => Some(*from.max(to)),
            Fault::Heal
            | Fault::Loss(_)
            | Fault::PacketsBlocked(_)
            | Fault::Duplication(_)
            | Fault::Reordering(..)
            | Fault::Slowness(_)
            | Fault::Corruption(_)
            | Fault::Bandwidth(_) => None,
        },
        Step::Work(work) => match work {
            Work::Join { node, seeds } => seeds.iter().chain([node]).max().copied(),
            Work::Leave(node) | Work::Broadcast { node, .. } | Work::SetMetadata { node, .. } => Some(*node),
        },
    }
}

/// What is left of a step among the first so many nodes, if anything.
pub(super) fn within(step: &Step, nodes: usize) -> Option<Step> {
    let first = |group: &[usize]| group.iter().copied().filter(|&node| node < nodes).collect::<Vec<_>>();
    match step {
        Step::Fault(Fault::Partition(groups)) => {
            Some(Fault::Partition(groups.iter().map(|group| first(group)).collect()).into())
        }
        Step::Fault(Fault::OneWayPartition { from, to }) => {
            Some(Fault::OneWayPartition { from: first(from), to: first(to) }.into())
        }
        Step::Fault(Fault::Flapping { one, other, up, down }) => {
            Some(Fault::Flapping { one: first(one), other: first(other), up: *up, down: *down }.into())
        }
        step => highest(step).is_none_or(|node| node < nodes).then(|| step.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_a_smaller_cluster_groups_shrink_and_steps_of_absent_nodes_vanish() {
        assert_eq!(within(&Fault::Crash(3).into(), 3), None);
        assert_eq!(within(&Fault::Crash(3).into(), 4), Some(Fault::Crash(3).into()));
        assert_eq!(within(&Fault::Heal.into(), 0), Some(Fault::Heal.into()));
        let split = Fault::Partition(vec![vec![0, 4], vec![5]]).into();
        assert_eq!(within(&split, 5), Some(Fault::Partition(vec![vec![0, 4], vec![]]).into()));
        assert_eq!(highest(&split), Some(5));
    }
}
