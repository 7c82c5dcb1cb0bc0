//! Numbers, names, time and chance: every other room stands on these, and they know none of them.

pub(crate) mod address;
pub(crate) mod clock;
pub(crate) mod name;
pub(crate) mod node_ranges;
pub(crate) mod node_set;
pub(crate) mod streams;
#[cfg(feature = "serde")]
pub mod time;
