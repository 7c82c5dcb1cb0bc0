//! Fewer nodes: those that are left are numbered anew, and the steps of those that are gone go with
//! them.

use super::{Attempts, ddmin};
use crate::case::Case;

/// How many nodes are tried first, the fewest first, since they run the fastest. Nodes of which a
/// case says nothing are all alike to delta debugging, so what it would leave out one by one it
/// never sees.
const FEW: [usize; 12] = [1, 2, 3, 4, 5, 6, 8, 10, 13, 16, 20, 30];

pub(super) fn fewer(search: &mut impl Attempts) {
    let base = search.case().clone();
    let (named, others): (Vec<_>, Vec<_>) =
        (0..base.nodes).partition(|&node| is_named(&base, node));
    for few in FEW.into_iter().filter(|few| (named.len()..base.nodes).contains(few)) {
        let mut nodes = [&*named, &others[..few - named.len()]].concat();
        nodes.sort_unstable();
        if search.attempt(base.among(&nodes)) {
            break;
        }
    }
    let base = search.case().clone();
    ddmin::minimize((0..base.nodes).collect(), |few| {
        !few.is_empty() && search.attempt(base.among(few))
    });
}

/// Returns true if a step of a plan or a path of its own is about a node.
fn is_named(case: &Case, node: usize) -> bool {
    let has_path = case.link_between.iter().any(|row| row.from == node || row.to == node);
    has_path || case.plan.steps().iter().any(|(_, step)| step.is_about(node))
}
