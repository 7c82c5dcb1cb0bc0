//! Events: the log of those that users were told, the members that they are about, and the
//! deliveries of messages to all.

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
