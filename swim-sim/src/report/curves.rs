//! Which curves a report has, and their points, made from a history's samples.
//!
//! Long runs are thinned to [`POINTS`] spans. What a span hides is never what matters: of right
//! rows the lowest share in it is drawn, of suspicions and health scores the highest. Rates are
//! taken over spans of a second at least.

use swim_core::Status;

use crate::history::{History, Sample};

/// So many points a curve has at most.
const POINTS: usize = 600;

/// A drawing: some lines, or areas stacked on each other, over time.
#[derive(Debug)]
pub(super) struct Curve {
    /// For files and links.
    pub(super) id: &'static str,
    pub(super) title: &'static str,
    /// What one sees, in a sentence or two.
    pub(super) caption: &'static str,
    /// What the numbers at the left count.
    pub(super) unit: &'static str,
    pub(super) is_stacked: bool,
    /// The least value, in thousandths, at which the axis may end.
    pub(super) least_top: u64,
    pub(super) series: Vec<Series>,
    /// Milliseconds.
    pub(super) times: Vec<u64>,
}

/// One line or area.
#[derive(Debug)]
pub(super) struct Series {
    pub(super) name: &'static str,
    /// The class that gives it its colour.
    pub(super) class: &'static str,
    /// Thousandths of the unit, one for each of the curve's times.
    pub(super) values: Vec<u64>,
}

impl Curve {
    /// The highest value that is drawn.
    pub(super) fn most(&self) -> u64 {
        let values =
            |index: usize| self.series.iter().filter_map(move |series| series.values.get(index));
        let each = (0..self.times.len()).filter_map(|index| {
            if self.is_stacked { Some(values(index).sum()) } else { values(index).max().copied() }
        });
        each.max().unwrap_or(0).max(self.least_top)
    }
}

/// All curves of a history.
pub(super) fn of(history: &History) -> Vec<Curve> {
    let in_second = (1_000_000_000 / history.interval.as_nanos().max(1)) as usize;
    let gauges = Spans::new(&history.samples, history.samples.len().div_ceil(POINTS));
    let rates = Spans::new(&history.samples, history.samples.len().div_ceil(POINTS).max(in_second));
    vec![
        knowledge(&gauges),
        tables(&gauges),
        suspicions(&gauges),
        health(&gauges),
        packets(&rates),
        bytes(&rates),
    ]
}

/// Samples in spans of equal length; the first sample is a span of its own, so that a curve begins
/// at 0.
#[derive(Debug)]
struct Spans<'a> {
    spans: Vec<&'a [Sample]>,
}

impl<'a> Spans<'a> {
    fn new(samples: &'a [Sample], length: usize) -> Self {
        let (first, rest) = samples.split_at(samples.len().min(1));
        let spans = core::iter::once(first).filter(|first| !first.is_empty());
        Self { spans: spans.chain(rest.chunks(length.max(1))).collect() }
    }

    fn times(&self) -> Vec<u64> {
        self.spans.iter().filter_map(|span| Some(span.last()?.at.as_nanos() / 1_000_000)).collect()
    }

    fn highest(&self, value: impl Fn(&Sample) -> u64) -> Vec<u64> {
        self.spans.iter().map(|span| span.iter().map(&value).max().unwrap_or(0)).collect()
    }

    fn lowest(&self, value: impl Fn(&Sample) -> u64) -> Vec<u64> {
        self.spans.iter().map(|span| span.iter().map(&value).min().unwrap_or(0)).collect()
    }

    fn last(&self, value: impl Fn(&Sample) -> u64) -> Vec<u64> {
        self.spans.iter().filter_map(|span| span.last()).map(value).collect()
    }

    /// By how much a count grew for each running node and second, in thousandths.
    fn rate(&self, count: impl Fn(&Sample) -> u64) -> Vec<u64> {
        let ends: Vec<_> = self.spans.iter().filter_map(|span| span.last()).collect();
        let growth = ends.windows(2).map(|pair| {
            let nanos = u128::from(pair[1].at.as_nanos() - pair[0].at.as_nanos());
            let grown = u128::from(count(pair[1]).saturating_sub(count(pair[0])));
            let node_nanos = nanos * u128::from(pair[1].running);
            u64::try_from((grown * 1_000_000_000_000).checked_div(node_nanos).unwrap_or(0))
                .unwrap_or(u64::MAX)
        });
        ends.first().map(|_| 0).into_iter().chain(growth).collect()
    }
}

/// A share in thousandths of a percent.
fn percent(part: u64, whole: u64) -> u64 {
    (part * 100_000).checked_div(whole).unwrap_or(0)
}

fn knowledge(spans: &Spans<'_>) -> Curve {
    let values = spans.lowest(|sample| percent(sample.correct, sample.judged));
    Curve {
        id: "knowledge",
        title: "How much of what the nodes believe is true",
        caption: "Share of the rows in all running nodes' tables that agree with the truth. 100 % means that everyone \
                  knows who is there and who is not.",
        unit: "% of rows",
        is_stacked: false,
        least_top: 100_000,
        series: vec![Series { name: "right", class: "line-1", values }],
        times: spans.times(),
    }
}

fn tables(spans: &Spans<'_>) -> Curve {
    let all = |sample: &Sample| sample.rows.iter().sum::<u64>() + sample.unknown;
    let status =
        |status: Status| spans.last(|sample| percent(sample.rows[status as usize], all(sample)));
    let series = |name, class, values| Series { name, class, values };
    Curve {
        id: "tables",
        title: "What the tables say",
        caption: "All rows of the running nodes' tables, by the status that they give their member. The cluster's \
                  opinion as a whole, right or wrong.",
        unit: "% of rows",
        is_stacked: true,
        least_top: 100_000,
        series: vec![
            series("alive", "alive", status(Status::Alive)),
            series("suspect", "suspect", status(Status::Suspect)),
            series("dead", "dead", status(Status::Dead)),
            series("left", "left", status(Status::Left)),
            series("unknown", "unknown", spans.last(|sample| percent(sample.unknown, all(sample)))),
        ],
        times: spans.times(),
    }
}

fn suspicions(spans: &Spans<'_>) -> Curve {
    Curve {
        id: "suspicions",
        title: "Suspicions that run",
        caption: "How many suspicions wait for a refutation or their timeout, over all nodes.",
        unit: "suspicions",
        is_stacked: false,
        least_top: 4_000,
        series: vec![Series {
            name: "running",
            class: "line-2",
            values: spans.highest(|sample| sample.suspicions * 1_000),
        }],
        times: spans.times(),
    }
}

fn health(spans: &Spans<'_>) -> Curve {
    let mean =
        spans.highest(|sample| (sample.health * 1_000).checked_div(sample.running).unwrap_or(0));
    Curve {
        id: "health",
        title: "Health scores",
        caption: "A node's own opinion of itself (Lifeguard): 0 is well; a node with a higher score is slow or badly \
                  connected, and gives the others more time.",
        unit: "score",
        is_stacked: false,
        least_top: 4_000,
        series: vec![
            Series {
                name: "worst node",
                class: "line-2",
                values: spans.highest(|sample| sample.worst_health * 1_000),
            },
            Series { name: "mean", class: "line-1", values: mean },
        ],
        times: spans.times(),
    }
}

fn packets(spans: &Spans<'_>) -> Curve {
    Curve {
        id: "packets",
        title: "Packets",
        caption: "Datagrams that a running node sends in a second, on average.",
        unit: "packets / s",
        is_stacked: false,
        least_top: 1_000,
        series: vec![Series {
            name: "sent",
            class: "line-1",
            values: spans.rate(|sample| sample.packets),
        }],
        times: spans.times(),
    }
}

fn bytes(spans: &Spans<'_>) -> Curve {
    Curve {
        id: "bytes",
        title: "Bytes",
        caption: "What a running node sends in a second, on average: in datagrams, and in exchanges (joins and the \
                  comparison of tables).",
        unit: "bytes / s",
        is_stacked: false,
        least_top: 1_000,
        series: vec![
            Series {
                name: "datagrams",
                class: "line-1",
                values: spans.rate(|sample| sample.packet_bytes),
            },
            Series {
                name: "exchanges",
                class: "line-2",
                values: spans.rate(|sample| sample.exchange_bytes),
            },
        ],
        times: spans.times(),
    }
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use swim_core::Instant;

    use super::*;

    fn history(samples: u64) -> History {
        let sample = |number: u64| Sample {
            at: Instant::from_millis(100 * number),
            running: 2,
            judged: 10,
            correct: if number == 777 { 5 } else { 10 },
            packets: 3 * number,
            suspicions: u64::from(number == 333),
            ..Sample::default()
        };
        History {
            samples: (0..samples).map(sample).collect(),
            interval: Duration::from_millis(100),
            ..History::default()
        }
    }

    #[test]
    fn long_runs_are_thinned_and_their_worst_moments_stay() {
        let curves = of(&history(20_000));
        for curve in &curves {
            assert!(
                (2..=POINTS + 1).contains(&curve.times.len()),
                "{}: {}",
                curve.id,
                curve.times.len()
            );
            assert!(
                curve.series.iter().all(|series| series.values.len() == curve.times.len()),
                "{}",
                curve.id
            );
        }
        assert_eq!(curves[0].series[0].values.iter().min(), Some(&50_000));
        assert_eq!(curves[2].series[0].values.iter().max(), Some(&1_000));
    }

    #[test]
    fn rates_are_per_running_node_and_second() {
        let packets = &of(&history(101))[4];
        assert_eq!(packets.times, (0..=10).map(|second| second * 1_000).collect::<Vec<_>>());
        assert_eq!(packets.series[0].values[1..], [15_000; 10], "30 in a second from two nodes");
    }

    #[test]
    fn a_history_without_samples_has_empty_curves() {
        assert!(
            of(&History::default()).iter().all(|curve| curve.times.is_empty() && curve.most() > 0)
        );
    }
}
