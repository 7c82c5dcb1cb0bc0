//! How long each member took to answer its last direct probe. The core measures; this remembers,
//! for the handles.
//!
//! A member is forgotten when it fails or leaves, so there are never more entries than members.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// The last round trip to each member.
#[derive(Debug, Default)]
pub(crate) struct RoundTrips(Mutex<HashMap<Box<str>, Duration>>);

impl RoundTrips {
    pub(crate) fn of(&self, id: &str) -> Option<Duration> {
        self.with(|trips| trips.get(id).copied())
    }

    pub(crate) fn note(&self, id: &str, round_trip: Duration) {
        self.with(|trips| match trips.get_mut(id) {
            Some(known) => *known = round_trip,
            None => {
                trips.insert(id.into(), round_trip);
            }
        });
    }

    pub(crate) fn forget(&self, id: &str) {
        self.with(|trips| trips.remove(id));
    }

    /// Some members may have gone unnoticed: the others are probed again soon.
    pub(crate) fn forget_all(&self) {
        self.with(HashMap::clear);
    }

    fn with<T>(&self, what: impl FnOnce(&mut HashMap<Box<str>, Duration>) -> T) -> T {
        what(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_one_counts_until_the_member_is_gone() {
        let trips = RoundTrips::default();
        trips.note("a", Duration::from_millis(1));
        trips.note("a", Duration::from_millis(2));
        assert_eq!((trips.of("a"), trips.of("b")), (Some(Duration::from_millis(2)), None));
        trips.forget("a");
        assert_eq!(trips.of("a"), None);
    }
}
