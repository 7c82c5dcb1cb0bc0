//! Failure detection: probes and their order, relayed pings, suspicions, the health score, disputed
//! names. It knows no bytes, and of the table slots alone. Read first: docs/PROTOCOL.md, "Failure
//! detection".

pub(crate) mod awareness;
pub(crate) mod disputes;
pub(crate) mod pings;
pub(crate) mod probe;
pub(crate) mod probe_order;
pub(crate) mod suspicion;
