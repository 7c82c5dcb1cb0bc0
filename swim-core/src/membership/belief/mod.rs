//! What is believed of members, and what follows from it.
//!
//! A `report` is merged in `claims`, which brings peers, timers, events and gossip in line with the
//! record; `refutation` answers what is said of this node; `incarnations` bounds what is believed
//! at all, `provenance` what was heard in plain. The end of a member, from its suspicion to the end
//! of its tombstone, is in `forgetting`. Read first: docs/PROTOCOL.md, "Claims".

pub(super) mod claims;
pub(super) mod forgetting;
pub(super) mod incarnations;
pub(super) mod peering;
pub(super) mod provenance;
pub(super) mod refutation;
pub(super) mod report;
