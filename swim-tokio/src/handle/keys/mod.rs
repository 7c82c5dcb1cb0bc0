//! Keys in the hands of a node's user: this node's own, and the whole cluster's on each wire.

mod cluster;
mod own;
#[cfg(feature = "memberlist")]
mod serf;

pub use self::cluster::{ClusterKeys, KeyChange, NodeKeys};
#[cfg(feature = "memberlist")]
pub use self::serf::{SerfKeyChange, SerfKeys, SerfKeysError};
