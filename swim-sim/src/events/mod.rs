//! What the nodes told their users: the log of it, and who heard of what was sent to all.

pub(crate) mod announcements;
pub(crate) mod deliveries;
pub(crate) mod log;
mod subject;

pub(crate) use self::announcements::{Announcement, Announcements};
pub(crate) use self::deliveries::Broadcasts;
pub use self::deliveries::{Deliveries, Missed, News};
pub(crate) use self::log::EventLog;
pub use self::log::Observed;
pub(crate) use self::subject::{about, member};
