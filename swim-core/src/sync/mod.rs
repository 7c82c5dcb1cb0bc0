//! Finding and comparing: seeds, those who ask to be let in, open exchanges, and the pace of syncs.
//! It does not know what a row means. Read first: docs/PROTOCOL.md, "Never stranded".

pub(crate) mod candidates;
pub(crate) mod exchanges;
pub(crate) mod pace;
pub(crate) mod seeds;
