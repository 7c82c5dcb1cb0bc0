//! Dissemination: the queues of updates and broadcasts, what was delivered before, and to which
//! members. It does not know what a payload means. Read first: docs/PROTOCOL.md, "Dissemination".

pub(crate) mod deliveries;
pub(crate) mod dissemination;
pub(crate) mod recipients;
pub(crate) mod rounds;
