//! What is still broken when a plan is over.
//!
//! A case that waits for something fails for certain if the step that heals the network is left out
//! of it, and shows nothing by that. So of such a case only those steps are left out without which
//! the world ends no worse.

use std::collections::BTreeMap;

use crate::case::Case;
use crate::plan::{Fault, Step, Work};

/// What is broken, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Standing(BTreeMap<Part, String>);

/// What can be broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Process(usize),
    Stall(usize),
    Clog(usize),
    Speed(usize),
    Clock(usize),
    Paths,
    Latency,
    Loss,
    LossBetween(usize, usize),
    Packets,
    Duplication,
    Order,
    Bits,
    Bandwidth,
}

impl Standing {
    /// How the world of a case stands after its plan; `None` if the case cannot be run.
    pub(super) fn after(case: &Case) -> Option<Self> {
        let cluster = case.cluster().ok()?;
        let topology = cluster.topology.as_ref();
        let link = topology.map_or(&cluster.link, |topology| &topology.between_sites);
        let mut standing = Self(BTreeMap::new());
        standing.is(Part::Latency, &link.latency);
        standing.is_unless(Part::Loss, &link.loss_permille, link.loss_permille == 0);
        standing.is_unless(
            Part::Duplication,
            &link.duplicate_permille,
            link.duplicate_permille == 0,
        );
        standing.is_unless(
            Part::Order,
            &(link.reorder_permille, link.reorder_by),
            link.reorder_permille == 0,
        );
        standing.is_unless(Part::Bits, &link.corrupt_permille, link.corrupt_permille == 0);
        standing.is_unless(Part::Packets, &link.blocks_packets, !link.blocks_packets);
        standing.is_unless(Part::Bandwidth, &link.bandwidth, link.bandwidth.is_none());
        for (_, step) in case.plan.steps() {
            match step {
                Step::Fault(fault) => standing.strike(fault),
                Step::Work(Work::Leave(node)) => standing.is(Part::Process(*node), &"left"),
                Step::Work(_) => {}
            }
        }
        Some(standing)
    }

    /// Returns true if nothing is broken here that is whole, or broken otherwise, there.
    pub(super) fn is_no_worse_than(&self, other: &Self) -> bool {
        self.0.iter().all(|(part, how)| other.0.get(part) == Some(how))
    }

    fn is(&mut self, part: Part, how: &dyn core::fmt::Debug) {
        self.0.insert(part, format!("{how:?}"));
    }

    fn is_unless(&mut self, part: Part, how: &dyn core::fmt::Debug, is_whole: bool) {
        if is_whole {
            self.0.remove(&part);
        } else {
            self.is(part, how);
        }
    }

    fn strike(&mut self, fault: &Fault) {
        match *fault {
            Fault::Crash(node) | Fault::PowerOff(node) => {
                self.is(Part::Process(node), &"down");
                self.0.remove(&Part::Stall(node));
                self.0.remove(&Part::Clog(node));
            }
            Fault::Restart(node) | Fault::RestartAtNewAddress(node) => {
                self.0.remove(&Part::Process(node));
                self.0.remove(&Part::Stall(node));
                self.0.remove(&Part::Clog(node));
            }
            Fault::Clog(node) => self.is(Part::Clog(node), &"clogs"),
            Fault::Unclog(node) => drop(self.0.remove(&Part::Clog(node))),
            Fault::Pause(node) => self.is(Part::Stall(node), &"stalls"),
            Fault::Resume(node) => drop(self.0.remove(&Part::Stall(node))),
            Fault::SlowProcessing { node, each } => {
                self.is_unless(Part::Speed(node), &each, each.is_zero());
            }
            Fault::ClockRate { node, thousandths } => {
                self.is_unless(Part::Clock(node), &thousandths, thousandths == 1_000);
            }
            Fault::Partition(_) | Fault::OneWayPartition { .. } | Fault::Flapping { .. } => {
                self.is(Part::Paths, &"cut");
            }
            Fault::Heal => drop(self.0.remove(&Part::Paths)),
            Fault::Loss(permille) => {
                self.0.retain(|part, _| !matches!(part, Part::LossBetween(..)));
                self.is_unless(Part::Loss, &permille, permille == 0);
            }
            Fault::LossBetween { from, to, permille } => {
                self.is_unless(Part::LossBetween(from, to), &permille, permille == 0);
            }
            Fault::PacketsBlocked(blocks) => self.is_unless(Part::Packets, &blocks, !blocks),
            Fault::Duplication(permille) => {
                self.is_unless(Part::Duplication, &permille, permille == 0);
            }
            Fault::Reordering(permille, by) => {
                self.is_unless(Part::Order, &(permille, by), permille == 0);
            }
            Fault::Slowness(ref latency) => self.is(Part::Latency, latency),
            Fault::Corruption(permille) => self.is_unless(Part::Bits, &permille, permille == 0),
            Fault::Bandwidth(limit) => self.is_unless(Part::Bandwidth, &limit, limit.is_none()),
            Fault::ClockSetBack(..)
            | Fault::Reconfigure { .. }
            | Fault::Namesake { .. }
            | Fault::Attack(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use super::*;
    use crate::plan::Plan;

    fn after(faults: &[Fault]) -> Standing {
        let mut case = Case::new("x", 9);
        case.plan =
            faults.iter().fold(Plan::new(), |plan, fault| plan.at(Duration::ZERO, fault.clone()));
        Standing::after(&case).unwrap()
    }

    #[test]
    fn what_was_mended_is_whole() {
        let whole = after(&[]);
        let mended = [
            vec![Fault::Crash(1), Fault::Restart(1)],
            vec![Fault::Pause(1), Fault::Resume(1)],
            vec![Fault::Clog(1), Fault::Unclog(1)],
            vec![Fault::Partition(vec![vec![1]]), Fault::Heal],
            vec![Fault::LossBetween { from: 1, to: 2, permille: 9 }, Fault::Loss(0)],
            vec![
                Fault::ClockRate { node: 1, thousandths: 9 },
                Fault::ClockRate { node: 1, thousandths: 1_000 },
            ],
        ];
        for faults in mended {
            assert_eq!(after(&faults), whole, "{faults:?}");
            let broken = after(&faults[..1]);
            assert!(
                !broken.is_no_worse_than(&whole) && whole.is_no_worse_than(&broken),
                "{faults:?}"
            );
        }
    }

    #[test]
    fn broken_otherwise_is_worse() {
        assert!(!after(&[Fault::Loss(300)]).is_no_worse_than(&after(&[Fault::Loss(100)])));
        assert!(!after(&[Fault::Crash(1)]).is_no_worse_than(&after(&[Fault::Crash(2)])));
    }
}
