//! Which rows that make all whole have something to mend: the others are left out of a plan, so
//! that what is told of a run is what was done in it.

use core::time::Duration;

use crate::cluster::Builder;
use crate::network::Link;
use crate::plan::{Fault, Plan, Step};

/// A plan, and what makes all of so many nodes whole at a time.
pub(super) fn mended(plan: &Plan, cluster: &Builder, at: Duration) -> Plan {
    let whole = plan.clone().mend(cluster.nodes, at);
    // Those of the plan itself come first at equal times.
    let until = plan.steps().iter().filter(|(time, _)| *time <= at).count();
    let mends = whole.steps().len() - plan.steps().len();
    let has_cause = |fault: &Fault| has_cause(fault, plan, cluster, at);
    let rows = whole.steps().iter().enumerate().filter(|(place, (_, step))| {
        let is_ours = *place < until || *place >= until + mends;
        is_ours || !matches!(step, Step::Fault(fault) if !has_cause(fault))
    });
    rows.fold(Plan::new(), |mended, (_, (at, step))| mended.at(*at, step.clone()))
}

/// Returns true if a fault that mends has something to mend: a row up to then, or the links as they
/// were at first.
fn has_cause(mends: &Fault, plan: &Plan, cluster: &Builder, at: Duration) -> bool {
    let links = |is_broken: fn(&Link) -> bool| {
        let of_pairs = cluster.own_links.values().any(is_broken);
        of_pairs
            || cluster
                .topology
                .as_ref()
                .map_or(is_broken(&cluster.link), |classes| classes.links().any(is_broken))
    };
    let rows = |breaks: fn(&Fault) -> bool| {
        plan.steps()
            .iter()
            .any(|(time, step)| *time <= at && matches!(step, Step::Fault(fault) if breaks(fault)))
    };
    match mends {
        Fault::Heal => rows(|fault| {
            matches!(
                fault,
                Fault::Partition(_) | Fault::OneWayPartition { .. } | Fault::Flapping { .. }
            )
        }),
        Fault::Loss(0) => {
            links(|link| link.loss_permille > 0)
                || rows(|fault| {
                    matches!(fault, Fault::Loss(1..) | Fault::LossBetween { permille: 1.., .. })
                })
        }
        Fault::Duplication(0) => {
            links(|link| link.duplicate_permille > 0)
                || rows(|fault| matches!(fault, Fault::Duplication(1..)))
        }
        Fault::Reordering(0, _) => {
            links(|link| link.reorder_permille > 0)
                || rows(|fault| matches!(fault, Fault::Reordering(1.., _)))
        }
        Fault::Corruption(0) => {
            links(|link| link.corrupt_permille > 0)
                || rows(|fault| matches!(fault, Fault::Corruption(1..)))
        }
        Fault::Bandwidth(None) => {
            links(|link| link.bandwidth.is_some())
                || rows(|fault| matches!(fault, Fault::Bandwidth(Some(_))))
        }
        Fault::PacketsBlocked(false) => {
            links(|link| link.blocks_packets)
                || rows(|fault| matches!(fault, Fault::PacketsBlocked(true)))
        }
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Cluster;

    #[test]
    fn rows_that_would_mend_what_is_whole_are_left_out() {
        let secs = Duration::from_secs;
        let told = |plan: Plan, cluster: &Builder| {
            let text = mended(&plan, cluster, secs(9)).to_string();
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
