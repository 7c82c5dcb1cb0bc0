//! Real time, of which the library knows nothing: how fast virtual time passes, and progress when a
//! run is long.

#![expect(
    clippy::disallowed_types,
    reason = "the speed of a run is measured in real time; nothing in the run sees it"
)]

use std::time::{Duration, Instant};

use crate::aside::aside;

/// Runs from its making.
#[derive(Debug)]
pub(crate) struct Stopwatch {
    began: Instant,
    printed: Instant,
}

impl Stopwatch {
    pub(crate) fn start() -> Self {
        let now = Instant::now();
        Self { began: now, printed: now }
    }

    /// Says how far a run is, about once in two seconds.
    pub(crate) fn progress(&mut self, virtual_time: Duration) {
        if self.is_due(Duration::from_secs(2)) {
            aside!(
                "{:>6} virtual seconds, {} in a second",
                virtual_time.as_secs(),
                self.speed(virtual_time)
            );
        }
    }

    /// Returns true if so much time has passed since the last time it was asked and had.
    pub(crate) fn is_due(&mut self, pause: Duration) -> bool {
        let is_due = self.printed.elapsed() >= pause;
        if is_due {
            self.printed = Instant::now();
        }
        is_due
    }

    /// Since its making.
    pub(crate) fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    /// How many of something are done in a second.
    pub(crate) fn rate(&self, count: u64) -> u128 {
        u128::from(count) * 1_000 / self.began.elapsed().as_millis().max(1)
    }

    /// What a second of a node's life costs in real time, its share of the simulator included. One
    /// thread does it all, so on a machine that is not busy this is the processor's time.
    pub(crate) fn per_node_second(&self, node_time: Duration) -> Duration {
        // What is met at once takes no virtual time.
        let nanos = (self.began.elapsed().as_nanos() * 1_000_000_000)
            .checked_div(node_time.as_nanos())
            .unwrap_or(0);
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }

    /// How many virtual seconds pass in a real one.
    pub(crate) fn speed(&self, virtual_time: Duration) -> u128 {
        virtual_time.as_nanos() / self.began.elapsed().as_nanos().max(1)
    }
}
