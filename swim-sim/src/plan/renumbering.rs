//! The nodes that a step is about, and the same step in a smaller cluster, whose nodes have other
//! numbers or none.

use super::{Fault, Step, Work};
use crate::attack::{Attack, Attacker};

/// The highest number of a node that a step is about.
pub(crate) fn highest(step: &Step) -> Option<usize> {
    match step {
        Step::Fault(fault) => match fault {
            Fault::Crash(node)
            | Fault::PowerOff(node)
            | Fault::Restart(node)
            | Fault::RestartAtNewAddress(node)
            | Fault::ClockSetBack(node, _)
            | Fault::Pause(node)
            | Fault::Resume(node)
            | Fault::Clog(node)
            | Fault::Unclog(node)
            | Fault::SlowProcessing { node, .. }
            | Fault::ClockRate { node, .. }
            | Fault::Namesake { of: node, .. }
            | Fault::Reconfigure { node, .. } => Some(*node),
            Fault::Partition(groups) => groups.iter().flatten().max().copied(),
            Fault::OneWayPartition { from, to } => from.iter().chain(to).max().copied(),
            Fault::Flapping { one, other, .. } => one.iter().chain(other).max().copied(),
            Fault::LossBetween { from, to, .. } => Some(*from.max(to)),
            Fault::Attack(attack) => {
                let Attack { from, on, lie, .. } = &**attack;
                let insider = if let Attacker::Inside(node) = from { Some(*node) } else { None };
                on.iter().copied().chain(insider).chain(lie.node()).max()
            }
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
            other => Some(other.node()),
        },
    }
}

/// Renumbers the nodes of a step; returns `None` if nothing is left of it without those that have
/// no number.
pub(crate) fn renumbered(step: &Step, number: &impl Fn(usize) -> Option<usize>) -> Option<Step> {
    match step {
        Step::Fault(fault) => renumbered_fault(fault, number).map(Step::Fault),
        Step::Work(work) => renumbered_work(work, number).map(Step::Work),
    }
}

fn renumbered_fault(fault: &Fault, number: &impl Fn(usize) -> Option<usize>) -> Option<Fault> {
    let group = |nodes: &[usize]| renumbered_group(nodes, number);
    Some(match fault.clone() {
        Fault::Crash(node) => Fault::Crash(number(node)?),
        Fault::PowerOff(node) => Fault::PowerOff(number(node)?),
        Fault::Restart(node) => Fault::Restart(number(node)?),
        Fault::RestartAtNewAddress(node) => Fault::RestartAtNewAddress(number(node)?),
        Fault::ClockSetBack(node, by) => Fault::ClockSetBack(number(node)?, by),
        Fault::Pause(node) => Fault::Pause(number(node)?),
        Fault::Resume(node) => Fault::Resume(number(node)?),
        Fault::Clog(node) => Fault::Clog(number(node)?),
        Fault::Unclog(node) => Fault::Unclog(number(node)?),
        Fault::SlowProcessing { node, each } => Fault::SlowProcessing { node: number(node)?, each },
        Fault::ClockRate { node, thousandths } => {
            Fault::ClockRate { node: number(node)?, thousandths }
        }
        Fault::Namesake { of, lasts } => Fault::Namesake { of: number(of)?, lasts },
        Fault::Reconfigure { node, setting } => Fault::Reconfigure { node: number(node)?, setting },
        Fault::Partition(groups) => {
            let left: Vec<_> = groups.iter().filter_map(|nodes| group(nodes)).collect();
            Fault::Partition((!left.is_empty()).then_some(left)?)
        }
        Fault::OneWayPartition { from, to } => {
            Fault::OneWayPartition { from: group(&from)?, to: group(&to)? }
        }
        Fault::Flapping { one, other, up, down } => {
            Fault::Flapping { one: group(&one)?, other: group(&other)?, up, down }
        }
        Fault::LossBetween { from, to, permille } => {
            Fault::LossBetween { from: number(from)?, to: number(to)?, permille }
        }
        Fault::Attack(attack) => renumbered_attack(&attack, number)?.into(),
        everywhere @ (Fault::Heal
        | Fault::Loss(_)
        | Fault::PacketsBlocked(_)
        | Fault::Duplication(_)
        | Fault::Reordering(..)
        | Fault::Slowness(_)
        | Fault::Corruption(_)
        | Fault::Bandwidth(_)) => everywhere,
    })
}

/// Renumbers a group of nodes; returns `None` if nobody is left.
fn renumbered_group(
    nodes: &[usize],
    number: &impl Fn(usize) -> Option<usize>,
) -> Option<Vec<usize>> {
    let left: Vec<_> = nodes.iter().filter_map(|&node| number(node)).collect();
    (!left.is_empty()).then_some(left)
}

fn renumbered_attack(attack: &Attack, number: &impl Fn(usize) -> Option<usize>) -> Option<Attack> {
    let from = match attack.from {
        Attacker::Inside(node) => Attacker::Inside(number(node)?),
        Attacker::Outside => Attacker::Outside,
    };
    let lie = match attack.lie.node() {
        Some(node) => attack.lie.about(number(node)?),
        None => attack.lie,
    };
    Some(Attack {
        from,
        on: renumbered_group(&attack.on, number)?,
        lie,
        times: attack.times,
        every: attack.every,
    })
}

/// As [`renumbered`], for what a user does.
pub(crate) fn renumbered_work(
    work: &Work,
    number: &impl Fn(usize) -> Option<usize>,
) -> Option<Work> {
    Some(match work.clone() {
        Work::Join { node, seeds } => {
            let seeds: Vec<_> = seeds.into_iter().filter_map(number).collect();
            Work::Join { node: number(node)?, seeds: (!seeds.is_empty()).then_some(seeds)? }
        }
        Work::Leave(node) => Work::Leave(number(node)?),
        Work::Broadcast { node, payload } => Work::Broadcast { node: number(node)?, payload },
        Work::UserEvent { node, name, payload } => {
            Work::UserEvent { node: number(node)?, name, payload }
        }
        Work::Query { node, name } => Work::Query { node: number(node)?, name },
        Work::SetMetadata { node, metadata } => Work::SetMetadata { node: number(node)?, metadata },
    })
}

impl Step {
    /// Returns true if it would be another one without a node, or none.
    pub(crate) fn is_about(&self, node: usize) -> bool {
        renumbered(self, &|other| (other != node).then_some(other)).as_ref() != Some(self)
    }
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use super::*;
    use crate::attack::Lie;

    #[test]
    fn in_a_smaller_cluster_groups_shrink_and_steps_of_absent_nodes_vanish() {
        let within = |step: &Step, nodes| renumbered(step, &|node| (node < nodes).then_some(node));
        assert_eq!(within(&Fault::Crash(3).into(), 3), None);
        assert_eq!(within(&Fault::Crash(3).into(), 4), Some(Fault::Crash(3).into()));
        assert_eq!(within(&Fault::Heal.into(), 0), Some(Fault::Heal.into()));
        let split = Fault::Partition(vec![vec![0, 4], vec![5]]).into();
        assert_eq!(within(&split, 5), Some(Fault::Partition(vec![vec![0, 4]]).into()));
        assert_eq!(within(&split, 0), None, "nobody is left to be cut off");
        assert_eq!(highest(&split), Some(5));
    }

    #[test]
    fn nodes_that_are_left_have_other_numbers() {
        let evens = |node: usize| node.is_multiple_of(2).then_some(node / 2);
        let join = Work::Join { node: 4, seeds: vec![0, 1, 2] };
        assert_eq!(renumbered_work(&join, &evens), Some(Work::Join { node: 2, seeds: vec![0, 1] }));
        let between = Fault::LossBetween { from: 2, to: 6, permille: 5 };
        let wanted = Fault::LossBetween { from: 1, to: 3, permille: 5 };
        assert_eq!(renumbered_fault(&between, &evens), Some(wanted));
        assert_eq!(
            renumbered_fault(&Fault::LossBetween { from: 2, to: 5, permille: 5 }, &evens),
            None
        );
        let attack =
            |from, on, lie| Fault::from(Attack { from, on, lie, times: 2, every: Duration::ZERO });
        let accusation = attack(Attacker::Inside(2), vec![0, 1, 4], Lie::Accuse(6));
        let wanted = attack(Attacker::Inside(1), vec![0, 2], Lie::Accuse(3));
        assert_eq!(renumbered_fault(&accusation, &evens), Some(wanted));
        assert_eq!(
            renumbered_fault(&attack(Attacker::Inside(3), vec![0], Lie::Ping), &evens),
            None,
            "nobody attacks"
        );
        assert_eq!(
            renumbered_fault(&attack(Attacker::Outside, vec![1], Lie::Ping), &evens),
            None,
            "on nobody"
        );
    }
}
