//! Fewer nodes: those that are left are numbered anew, and the steps of those that are gone go with them.

use super::{Attempts, ddmin};

pub(super) fn fewer(search: &mut impl Attempts) {
    let base = search.case().clone();
    ddmin::minimize((0..base.nodes).collect(), |few| !few.is_empty() && search.attempt(base.among(few)));
}
