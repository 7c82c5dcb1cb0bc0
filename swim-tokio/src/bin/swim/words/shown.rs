//! Which notices are shown: printed, streamed, handled.

use swim_tokio::{Event, Notice};

/// Names of queries that begin so are the agents' own: nobody else answers them, and what they say
/// may be secret.
pub(crate) const INTERNAL: &str = "_swim_";

/// Returns true if a notice is for others to see. What agents ask each other is not; nor are the
/// answers to queries, which go to the one who asked.
pub(crate) fn is_shown(notice: &Notice) -> bool {
    match notice {
        Notice::Event(Event::Query { name, .. }) => !name.starts_with(INTERNAL),
        Notice::Event(
            Event::QueryAck { .. } | Event::QueryResponse { .. } | Event::QueryFinished { .. },
        ) => false,
        _ => true,
    }
}
