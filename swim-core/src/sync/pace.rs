//! How often tables are compared: quickly while that finds differences, rarely while it does not.
//!
//! memberlist swaps whole tables at a fixed interval; its last nodes after a join storm wait for
//! it. A round between equal tables costs so little here that the pause can start short and double
//! each time they are found equal.

use core::time::Duration;

/// The pause before the next round of anti-entropy.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SyncPace {
    pause: Duration,
    rush: Duration,
    min: Duration,
    max: Duration,
    /// How many bytes waited to be gossiped for the first time when it was last looked.
    waiting: usize,
}

impl SyncPace {
    /// `rush` is the pause while tables differ in much, `min` the one after they have differed at
    /// all, `max` the longest.
    pub(crate) fn new(rush: Duration, min: Duration, max: Duration) -> Self {
        Self { pause: min, rush: rush.min(min), min, max, waiting: 0 }
    }

    pub(crate) const fn pause(self) -> Duration {
        self.pause
    }

    /// There is more news than gossip carries.
    pub(crate) const fn rush(&mut self) {
        self.pause = self.rush;
    }

    /// So many bytes wait to be gossiped for the first time. Returns whether they are more than
    /// `bearable`, and more than when it was last asked: what is being worked off needs no more
    /// help.
    pub(crate) const fn falls_behind(&mut self, waiting: usize, bearable: usize) -> bool {
        let before = core::mem::replace(&mut self.waiting, waiting);
        waiting > bearable && waiting > before
    }

    /// The last round taught us something.
    pub(crate) fn hurry(&mut self) {
        self.pause = self.pause.saturating_mul(2).min(self.min);
    }

    /// The last round found equal tables.
    pub(crate) fn relax(&mut self) {
        self.pause = self.pause.saturating_mul(2).min(self.max);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pause_doubles_up_to_its_bound_and_falls_back_at_a_difference() {
        let mut pace = SyncPace::new(
            Duration::from_millis(200),
            Duration::from_secs(1),
            Duration::from_secs(5),
        );
        let pauses = [(); 4].map(|()| {
            let pause = pace.pause();
            pace.relax();
            pause.as_secs()
        });
        assert_eq!(pauses, [1, 2, 4, 5]);
        pace.hurry();
        assert_eq!(pace.pause(), Duration::from_secs(1));
    }

    #[test]
    fn a_backlog_counts_when_it_is_large_and_grows() {
        let mut pace = SyncPace::new(Duration::ZERO, Duration::ZERO, Duration::ZERO);
        let behind = [9, 11, 30, 30, 20, 25, 0, 11].map(|waiting| pace.falls_behind(waiting, 10));
        assert_eq!(behind, [false, true, true, false, false, true, false, true]);
    }

    #[test]
    fn a_rush_is_over_after_a_few_rounds_that_teach_little() {
        let mut pace = SyncPace::new(
            Duration::from_millis(200),
            Duration::from_secs(1),
            Duration::from_secs(5),
        );
        pace.rush();
        let pauses = [(); 4].map(|()| {
            let pause = pace.pause();
            pace.hurry();
            pause.as_millis()
        });
        assert_eq!(pauses, [200, 400, 800, 1_000]);
    }
}
