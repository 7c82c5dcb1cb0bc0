//! What gossip alone is to tell everyone of: new metadata and departures, counted as rows of
//! tables.

use swim_core::Status;

use crate::cluster::Cluster;
use crate::events::Deliveries;
use crate::plan::Work;

/// What had been told when gossip should have told everyone.
#[derive(Debug, Default)]
pub(super) struct Gossiped {
    pub(super) late: usize,
    pub(super) deliveries: Deliveries,
    pub(super) announcements: Deliveries,
}

/// The nodes that users change, once for each time.
fn subjects(works: &[Work]) -> impl Iterator<Item = usize> {
    works.iter().filter_map(|work| match work {
        Work::SetMetadata { node, .. } | Work::Leave(node) => Some(*node),
        _ => None,
    })
}

/// How many rows of the tables of so many nodes are changed by what users do.
pub(crate) fn changed(works: &[Work], nodes: usize) -> usize {
    subjects(works).count() * nodes.saturating_sub(1)
}

/// How many of these rows are not as they are to be.
pub(super) fn late(cluster: &Cluster, works: &[Work]) -> usize {
    let is_changed = |subject| subjects(works).any(|changed| changed == subject);
    let wrong = cluster.converged().err().map(|wrong| wrong.mismatches).unwrap_or_default();
    wrong.iter().filter(|row| is_changed(row.subject)).count() + unheard(cluster, works)
}

/// How many rows have someone who left otherwise than so: what is not told of a departure must find
/// it out.
fn unheard(cluster: &Cluster, works: &[Work]) -> usize {
    let leavers = works
        .iter()
        .filter_map(|work| if let Work::Leave(node) = work { Some(*node) } else { None });
    leavers
        .map(|leaver| {
            let others = cluster
                .nodes()
                .enumerate()
                .filter(|(index, node)| *index != leaver && node.is_running());
            // Who takes it for active is counted among the mismatches.
            others.filter(|(_, node)| node.status_of(leaver) == Some(Status::Dead)).count()
        })
        .sum()
}
