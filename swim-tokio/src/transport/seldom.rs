//! Warnings that others can cause are written now and then only, so that nobody fills a log.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// The shortest time between two warnings.
const PAUSE: Duration = Duration::from_secs(10);

/// When there was a warning last.
#[derive(Debug, Default)]
pub(crate) struct Seldom(Mutex<Option<Instant>>);

impl Seldom {
    /// Returns true if it is time for a warning; then it counts as given.
    pub(crate) fn is_time(&self, now: Instant) -> bool {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_time = last.is_none_or(|last| now.saturating_duration_since(last) >= PAUSE);
        if is_time {
            *last = Some(now);
        }
        is_time
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_a_pause_between_two_warnings() {
        let (seldom, now) = (Seldom::default(), Instant::now());
        assert!(seldom.is_time(now) && !seldom.is_time(now + PAUSE / 2));
        assert!(seldom.is_time(now + PAUSE) && !seldom.is_time(now + PAUSE * 3 / 2));
    }
}
