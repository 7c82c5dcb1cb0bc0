//! What arrives in packets, and the one door: whether its sender belongs, and what a stranger may
//! say.
//!
//! `admission` judges a sender once for all that it sent, and lets candidates in; `packets` reads
//! the native wire in place, `unnamed` every other; `dialing` looks at who never answered before
//! more than a ping is sent there. Read first: docs/SECURITY.md, "The rules".

pub(super) mod admission;
pub(super) mod dialing;
pub(super) mod packets;
pub(super) mod unnamed;
