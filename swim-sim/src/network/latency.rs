//! How long a packet is on its way: [`Latency`], drawn from integers only.

use core::time::Duration;
use std::sync::Arc;

use crate::ground::streams::{self, Stream};

/// A distribution of one-way delays. Every draw costs one word of the stream, whatever the
/// distribution, so that another latency leaves the losses of a run where they were.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case", deny_unknown_fields))]
#[non_exhaustive]
pub enum Latency {
    /// Always the same.
    Constant(#[cfg_attr(feature = "serde", serde(with = "crate::ground::time"))] Duration),
    /// Evenly between two bounds, both included.
    Uniform {
        /// The shortest.
        #[cfg_attr(feature = "serde", serde(with = "crate::ground::time"))]
        low: Duration,
        /// The longest.
        #[cfg_attr(feature = "serde", serde(with = "crate::ground::time"))]
        high: Duration,
    },
    /// Quantiles: a row `(permille, delay)` says that so many of 1,000 packets take at most so
    /// long; between two rows delays are even. This is how a long tail is written without floating
    /// point. The rows ascend in both columns, the first row's share starts at zero delay, and the
    /// last row's permille is 1,000.
    Quantiles(
        #[cfg_attr(feature = "serde", serde(with = "crate::ground::time::quantiles"))]
        Arc<[(u16, Duration)]>,
    ),
}

impl Latency {
    /// The quantiles in `rows`.
    ///
    /// # Panics
    /// If the rows do not ascend or do not end at 1,000.
    #[must_use]
    pub fn quantiles(rows: &[(u16, Duration)]) -> Self {
        assert!(
            rows.is_sorted_by(|a, b| a.0 < b.0 && a.1 <= b.1),
            "the rows of quantiles must ascend: {rows:?}"
        );
        assert_eq!(
            rows.last().map(|row| row.0),
            Some(1_000),
            "the last quantile must be 1,000 permille: {rows:?}"
        );
        Self::Quantiles(Arc::from(rows))
    }

    /// A log-normal distribution by a table: half of all delays are at most the median, and the
    /// tail is as long as asked for. This is how paths through many queues are measured to be.
    #[must_use]
    pub fn log_normal(median: Duration, tail: Tail) -> Self {
        let rows: Vec<_> = PERMILLES
            .iter()
            .zip(tail.thousandths())
            .map(|(&p, of)| (p, median * of / 1_000))
            .collect();
        Self::quantiles(&rows)
    }

    pub(crate) fn draw(&self, stream: &mut Stream) -> Duration {
        match self {
            Self::Constant(delay) => streams::between(stream, *delay, *delay),
            Self::Uniform { low, high } => streams::between(stream, *low, *high),
            Self::Quantiles(rows) => at_quantile(rows, streams::below(stream, 1_000_000)),
        }
    }
}

/// How long the tail of [`Latency::log_normal`] is: the standard deviation of the delays'
/// logarithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Tail {
    /// 0.25: 1 in 100 takes 1.8 times the median; a quiet site.
    Short,
    /// 0.5: 1 in 100 takes 3.2 times the median; the Internet.
    Medium,
    /// 1: 1 in 100 takes 10 times the median; a crowded radio.
    Long,
}

/// The shares of which a [`Tail`] gives the delays; the last row stands for 9,999 of 10,000.
const PERMILLES: [u16; 12] = [1, 10, 50, 100, 250, 500, 750, 900, 950, 990, 999, 1_000];

impl Tail {
    /// exp(deviation * the normal distribution's quantile) for each share, in thousandths.
    const fn thousandths(self) -> [u32; 12] {
        match self {
            Self::Short => {
                [462, 559, 663, 726, 845, 1_000, 1_184, 1_378, 1_509, 1_789, 2_165, 2_534]
            }
            Self::Medium => {
                [213, 313, 439, 527, 714, 1_000, 1_401, 1_898, 2_276, 3_200, 4_688, 6_421]
            }
            Self::Long => {
                [45, 98, 193, 278, 509, 1_000, 1_963, 3_602, 5_180, 10_240, 21_981, 41_223]
            }
        }
    }
}

/// The delay below which `millionths` of all delays lie.
fn at_quantile(rows: &[(u16, Duration)], millionths: u64) -> Duration {
    let row = rows.partition_point(|&(permille, _)| u64::from(permille) * 1_000 <= millionths);
    let (low_share, low) = row.checked_sub(1).map_or((0, Duration::ZERO), |below| rows[below]);
    let (high_share, high) = rows[row];
    let width = u64::from(high_share - low_share) * 1_000;
    let into = millionths - u64::from(low_share) * 1_000;
    let delay = (high - low).as_nanos() * u128::from(into) / u128::from(width);
    low + Duration::from_nanos(u64::try_from(delay).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ground::streams::{Purpose, stream};

    const fn ms(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    fn sorted_draws(latency: &Latency) -> Vec<Duration> {
        let mut stream = stream(1, Purpose::Link, 0);
        let mut draws: Vec<_> = (0..10_000).map(|_| latency.draw(&mut stream)).collect();
        draws.sort_unstable();
        draws
    }

    #[test]
    fn a_constant_latency_is_constant_and_a_uniform_one_fills_its_range() {
        assert!(sorted_draws(&Latency::Constant(ms(3))).iter().all(|&delay| delay == ms(3)));
        let draws = sorted_draws(&Latency::Uniform { low: ms(2), high: ms(4) });
        assert!(
            draws[0] < Duration::from_micros(2_010) && draws[9_999] > Duration::from_micros(3_990)
        );
        assert!((2_950..3_050).contains(&draws[5_000].as_micros()), "{:?}", draws[5_000]);
    }

    #[test]
    fn quantiles_are_hit() {
        let draws =
            sorted_draws(&Latency::quantiles(&[(500, ms(10)), (900, ms(20)), (1_000, ms(200))]));
        for (rank, low, high) in
            [(5_000, 9_500, 10_500), (9_000, 19_000, 26_000), (9_990, 180_000, 200_000)]
        {
            assert!(
                (low..=high).contains(&draws[rank].as_micros()),
                "rank {rank}: {:?}",
                draws[rank]
            );
        }
    }

    #[test]
    fn a_log_normal_latency_has_its_median_and_its_tail() {
        for (tail, low, high) in
            [(Tail::Short, 17, 19), (Tail::Medium, 30, 34), (Tail::Long, 95, 115)]
        {
            let draws = sorted_draws(&Latency::log_normal(ms(10), tail));
            assert!(
                (9_700..10_300).contains(&draws[5_000].as_micros()),
                "{tail:?}: {:?}",
                draws[5_000]
            );
            assert!(
                (low..high).contains(&draws[9_900].as_millis()),
                "{tail:?}: {:?}",
                draws[9_900]
            );
        }
    }

    #[test]
    #[should_panic(expected = "must ascend")]
    fn quantiles_that_do_not_ascend_are_refused() {
        let _ = Latency::quantiles(&[(500, ms(10)), (1_000, ms(5))]);
    }
}
