//! A node in the hands of its user: how it is described and started, its handle, and the handle's
//! blocking twin.

pub mod blocking;
mod builder;
mod coordinates;
mod keys;
mod queries;
mod runtime;
mod waiting;

pub use self::builder::Builder;
pub use self::keys::{ClusterKeys, KeyChange, NodeKeys};
#[cfg(feature = "memberlist")]
pub use self::keys::{SerfKeyChange, SerfKeys, SerfKeysError};
pub use self::queries::Answers;
pub use self::runtime::Runtime;
