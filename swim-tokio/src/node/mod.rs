//! A running node: the loop that owns the core, what its handles ask of it and read, and what it
//! keeps on disk.

mod command;
mod coordinates;
mod event_loop;
mod joins;
mod notice;
mod query;
mod rekeying;
mod room;
mod round_trips;
mod snapshot;
mod subscription;
mod view;

pub(crate) use self::command::{COMMANDS, Command};
pub(crate) use self::event_loop::{Node, Waiting};
pub use self::notice::Notice;
pub use self::query::{Answer, Query};
pub(crate) use self::rekeying::Rekeying;
pub(crate) use self::room::Delayed;
pub(crate) use self::snapshot::Snapshot;
pub(crate) use self::subscription::Subscribers;
pub use self::subscription::Subscription;
pub use self::view::Metrics;
pub(crate) use self::view::{Snapshots, View};
