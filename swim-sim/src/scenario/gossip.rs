//! What gossip alone is to tell everyone of: new metadata and departures, counted as rows of tables.

use swim_core::Status;

use crate::cluster::Cluster;
use crate::deliveries::Deliveries;
use crate::step::Work;

/// What had been told when gossip should have told everyone.
#[derive(Debug, Default)]
pub(super) struct Gossiped {
    pub(super) late: usize,
    pub(super) deliveries: Deliveries,
}

/// How many rows of the tables of so many nodes are changed by what users do.
pub(crate) fn changed(works: &[Work], nodes: usize) -> usize {
    let is_update = |work: &&Work| matches!(work, Work::SetMetadata { .. } | Work::Leave(_));
    works.iter().filter(is_update).count() * nodes.saturating_sub(1)
}

/// How many rows are not as they are to be.
pub(super) fn late(cluster: &Cluster, works: &[Work]) -> usize {
    cluster.converged().err().map_or(0, |wrong| wrong.mismatches.len()) + unheard(cluster, works)
}

/// How many rows have someone who left otherwise than so: what is not told of a departure must find it out.
fn unheard(cluster: &Cluster, works: &[Work]) -> usize {
    let leavers = works.iter().filter_map(|work| if let Work::Leave(node) = work { Some(*node) } else { None });
    leavers
        .map(|leaver| {
            let others = cluster.nodes().enumerate().filter(|(index, node)| *index != leaver && node.is_running());
            // Who takes it for active is counted among the mismatches.
            others.filter(|(_, node)| node.status_of(leaver) == Some(Status::Dead)).count()
        })
        .sum()
}
