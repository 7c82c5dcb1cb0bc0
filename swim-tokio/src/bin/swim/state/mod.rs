//! What the agent keeps of its node: what became of its seeds, until when its certificates are
//! valid, what members were before.

pub(crate) mod certificates;
pub(crate) mod histories;
pub(crate) mod joining;
