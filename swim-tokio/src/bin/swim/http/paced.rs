//! A warning of what goes wrong many times a second: at once, and then at most once a minute with
//! how often it did.
//!
//! It knows neither what went wrong nor how it is said.

use std::time::{Duration, Instant};

/// The shortest time between two warnings.
const PAUSE: Duration = Duration::from_secs(60);

/// When it was said last, and how often it has gone wrong since.
#[derive(Debug, Default)]
pub(super) struct Paced {
    said: Option<Instant>,
    unsaid: u64,
}

impl Paced {
    /// It went wrong once more. If it is time to say so: how often since it was said last.
    pub(super) fn note(&mut self, now: Instant) -> Option<u64> {
        self.unsaid += 1;
        if self.said.is_some_and(|said| now.saturating_duration_since(said) < PAUSE) {
            return None;
        }
        self.said = Some(now);
        Some(std::mem::take(&mut self.unsaid))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_said_at_once_and_then_once_a_minute_with_how_often() {
        let (mut paced, start) = (Paced::default(), Instant::now());
        let said: Vec<_> = (0..1_210)
            .filter_map(|tenth| {
                paced.note(start + Duration::from_millis(100) * tenth).map(|times| (tenth, times))
            })
            .collect();
        assert_eq!(said, [(0, 1), (600, 600), (1_200, 600)]);
        assert_eq!(
            paced.note(start + Duration::from_secs(3_600)),
            Some(10),
            "the nine before, and this one"
        );
    }
}
