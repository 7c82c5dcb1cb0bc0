//! Real time, of which the library knows nothing: how fast virtual time passes, and progress when a run is long.

#![expect(clippy::disallowed_types, reason = "the speed of a run is measured in real time; nothing in the run sees it")]

use std::time::{Duration, Instant};

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
        if self.printed.elapsed() >= Duration::from_secs(2) {
            self.printed = Instant::now();
            eprintln!("{:>6} virtual seconds, {} in a second", virtual_time.as_secs(), self.speed(virtual_time));
        }
    }

    /// What a second of a node's life costs in real time, its share of the simulator included. One thread does it all,
    /// so on a machine that is not busy this is the processor's time.
    pub(crate) fn per_node_second(&self, node_time: Duration) -> Duration {
        let nanos = self.began.elapsed().as_nanos() * 1_000_000_000 / node_time.as_nanos().max(1);
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }

    /// How many virtual seconds pass in a real one.
    pub(crate) fn speed(&self, virtual_time: Duration) -> u128 {
        virtual_time.as_nanos() / self.began.elapsed().as_nanos().max(1)
    }
}
