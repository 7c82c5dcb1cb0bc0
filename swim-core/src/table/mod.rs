//! The table of members: their claims and descriptions, its digest, tombstones, and what hangs on a
//! slot. It knows no packet, no timer, and of the settings its own bounds alone.

pub(crate) mod dead_members;
pub(crate) mod members;
pub(crate) mod provenance;
