//! Requests and replies between two nodes: a join, anti-entropy by digests (`syncing`) or by whole
//! tables (`tables`), pings over a stream, changes of keys. `exchanging` and `streams` read and
//! answer them on the native wire and on others. Read first: docs/PROTOCOL.md, "Anti-entropy".

pub(super) mod exchanging;
pub(super) mod joining;
pub(super) mod merging;
pub(super) mod rekeying;
pub(super) mod streams;
pub(super) mod syncing;
pub(super) mod tables;
