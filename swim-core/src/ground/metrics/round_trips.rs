//! How long the answers to direct probes took, as a histogram: [`RoundTrips`].

use core::time::Duration;

/// Counts of round trips by their length, each with the sum of all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RoundTrips {
    counts: [u64; Self::BOUNDS.len() + 1],
    sum_nanos: u64,
}

impl RoundTrips {
    /// The upper bounds of the buckets, themselves included; what is longer than all is counted
    /// beyond the last.
    pub const BOUNDS: [Duration; 14] = [
        Duration::from_micros(100),
        Duration::from_micros(250),
        Duration::from_micros(500),
        Duration::from_micros(1_000),
        Duration::from_micros(2_500),
        Duration::from_micros(5_000),
        Duration::from_micros(10_000),
        Duration::from_micros(25_000),
        Duration::from_micros(50_000),
        Duration::from_micros(100_000),
        Duration::from_micros(250_000),
        Duration::from_micros(500_000),
        Duration::from_secs(1),
        Duration::from_micros(2_500_000),
    ];

    /// How many round trips fell into each bucket and into none below it, those beyond the last
    /// bound at the end.
    #[must_use]
    pub const fn counts(&self) -> &[u64] {
        &self.counts
    }

    /// How many there were.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// All of them together.
    #[must_use]
    pub const fn sum(&self) -> Duration {
        Duration::from_nanos(self.sum_nanos)
    }

    pub(crate) fn note(&mut self, round_trip: Duration) {
        let bucket = Self::BOUNDS
            .iter()
            .position(|&bound| round_trip <= bound)
            .unwrap_or(Self::BOUNDS.len());
        self.counts[bucket] += 1;
        let nanos = u64::try_from(round_trip.as_nanos()).unwrap_or(u64::MAX);
        self.sum_nanos = self.sum_nanos.saturating_add(nanos);
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.counts.iter_mut().zip(other.counts).for_each(|(ours, theirs)| *ours += theirs);
        self.sum_nanos = self.sum_nanos.saturating_add(other.sum_nanos);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_round_trip_falls_into_the_bucket_with_the_least_bound_that_holds_it() {
        let mut trips = RoundTrips::default();
        for micros in [0, 100, 101, 2_500_000, 2_500_001] {
            trips.note(Duration::from_micros(micros));
        }
        let mut expected = [0; 15];
        (expected[0], expected[1], expected[13], expected[14]) = (2, 1, 1, 1);
        assert_eq!(trips.counts(), expected);
        assert_eq!((trips.count(), trips.sum()), (5, Duration::from_micros(5_000_202)));
        trips.add(&trips.clone());
        assert_eq!((trips.count(), trips.sum()), (10, Duration::from_micros(10_000_404)));
    }
}
