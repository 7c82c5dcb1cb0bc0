//! Which rows that make all whole have something to mend: only those are worth printing. They are carried out all the same, so that
//! a run ends in a whole world whatever was left out of its plan.

use core::time::Duration;

use crate::cluster::Builder;
use crate::network::Link;
use crate::step::{Fault, Plan, Step};

/// The rows of a plan that are printed: all but those at a time that mend what is whole.
pub(super) fn told(plan: &Plan, cluster: &Builder, mended: Option<Duration>) -> Plan {
    let is_told = |at: Duration, step: &Step| match step {
        Step::Fault(fault) if mended == Some(at) => has_cause(fault, plan, cluster, at),
        _ => true,
    };
    let rows = plan.steps().iter().filter(|(at, step)| is_told(*at, step));
    rows.fold(Plan::new(), |told, (at, step)| told.at(*at, step.clone()))
}

/// Whether a fault that mends has something to mend: a row up to then, or the links as they were at first.
fn has_cause(mends: &Fault, plan: &Plan, cluster: &Builder, at: Duration) -> bool {
    let links = |is_broken: fn(&Link) -> bool| match &cluster.topology {
        None => is_broken(&cluster.link),
        Some(topology) => {
            let links = [&topology.same_rack, &topology.same_site, &topology.between_sites];
            links.into_iter().any(is_broken)
        }
    };
    let rows = |breaks: fn(&Fault) -> bool| {
        plan.steps().iter().any(|(time, step)| *time <= at && matches!(step, Step::Fault(fault) if breaks(fault)))
    };
    match mends {
        Fault::Heal => {
            rows(|fault| matches!(fault, Fault::Partition(_) | Fault::OneWayPartition { .. } | Fault::Flapping { .. }))
        }
        Fault::Loss(0) => {
            links(|link| link.loss_permille > 0)
                || rows(|fault| matches!(fault, Fault::Loss(1..) | Fault::LossBetween { permille: 1.., .. }))
        }
        Fault::Duplication(0) => {
            links(|link| link.duplicate_permille > 0) || rows(|fault| matches!(fault, Fault::Duplication(1..)))
        }
        Fault::Reordering(0, _) => {
            links(|link| link.reorder_permille > 0) || rows(|fault| matches!(fault, Fault::Reordering(1.., _)))
        }
        Fault::Corruption(0) => {
            links(|link| link.corrupt_permille > 0) || rows(|fault| matches!(fault, Fault::Corruption(1..)))
        }
        Fault::Bandwidth(None) => {
            links(|link| link.bandwidth.is_some()) || rows(|fault| matches!(fault, Fault::Bandwidth(Some(_))))
        }
        Fault::PacketsBlocked(false) => {
            links(|link| link.blocks_packets) || rows(|fault| matches!(fault, Fault::PacketsBlocked(true)))
        }
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Cluster;

    #[test]
    fn rows_that_mend_what_is_whole_are_not_told() {
        let secs = Duration::from_secs;
        let told = |plan: Plan, cluster: &Builder| {
            let plan = plan.mend(3, secs(9));
            let text = told(&plan, cluster, Some(secs(9))).to_string();
            text.lines().map(|line| line.trim().to_owned()).collect::<Vec<_>>()
        };
        assert!(told(Plan::new(), &Cluster::lan(3)).is_empty());
        let crash = Plan::new().at(secs(1), Fault::Crash(1)).at(secs(2), Fault::Loss(0));
        let rows = ["1s  node-1 crashes", "2s  0 of 1,000 packets are lost", "9s  node-1 restarts"];
        assert_eq!(told(crash, &Cluster::lan(3)), rows);
        let split = Plan::new().at(secs(1), Fault::Partition(vec![vec![0]]));
        assert_eq!(told(split, &Cluster::lan(3))[1..], ["9s  the network heals"]);
        assert_eq!(told(Plan::new(), &Cluster::wan(3)), ["9s  0 of 1,000 packets are lost"]);
    }
}
