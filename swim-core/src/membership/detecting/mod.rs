//! Failure detection: `probing` has the protocol period and what its probe came to, `relaying`
//! pings next to it, for other members (ping-req) and for the user. Read first: docs/PROTOCOL.md,
//! "Failure detection".

pub(super) mod probing;
pub(super) mod relaying;
