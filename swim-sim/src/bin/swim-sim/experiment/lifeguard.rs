//! Lifeguard V, the interval experiment: some of the nodes are paused for a while, again and again,
//! all at the same time; how often is a healthy member declared dead, and what does it cost?
//!
//! Paused is what the paper means by it: sending and receiving block, while timers run
//! ([`swim_sim::Fault::Clog`]). What waited is read one after the other, each in its time.

use std::time::Duration;

use swim_plot::{Axis, Plot, Point, Series};
use swim_sim::Cluster;

use super::options::Common;
use super::pool::Pool;
use super::report::Report;
use super::statistics::Sample;
use super::table::{Cell, Table};
use super::told::{self, Change};
use super::variant::Variant;

/// How long nodes are paused again and again, at least (Lifeguard V).
const AT_LEAST: Duration = Duration::from_secs(120);
/// What is still said of the last pause comes within this time.
const AFTERWARDS: Duration = Duration::from_secs(30);
/// How long an input takes the nodes that are paused. In no time at all they would catch up within
/// the shortest interval.
const EACH: Duration = Duration::from_micros(100);
const CONCURRENT: [usize; 5] = [1, 4, 8, 16, 32];

const fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

#[derive(Clone, Copy, Debug)]
struct Run {
    nodes: usize,
    variant: Variant,
    /// C: how many nodes are paused at a time.
    paused: usize,
    /// D: for how long.
    lasts: Duration,
    /// I: how long they run until the next time.
    between: Duration,
    seed: u64,
}

/// What came of a run.
#[derive(Clone, Copy, Debug, Default)]
struct Outcome {
    /// Deaths of healthy members that users of healthy nodes were told of.
    at_healthy: u64,
    /// And that users of any node were told of.
    at_all: u64,
    /// Deaths of paused members that anyone was told of.
    of_paused: u64,
    messages: f64,
    bytes: f64,
}

impl Run {
    fn measure(&self) -> Outcome {
        let config = self.variant.config();
        let cluster =
            Cluster::lan(self.nodes).config(config).seed(self.seed).event_log(1 << 16).unchecked();
        let mut cluster = cluster.build_joined();
        cluster.run_for(Duration::from_secs(15));
        let first = self.nodes - self.paused;
        (first..self.nodes).for_each(|node| cluster.set_slowness(node, EACH));
        let (began, before) = (cluster.now(), cluster.figures().total);
        let mut outcome = Outcome::default();
        while cluster.now() < began + AT_LEAST {
            (first..self.nodes).for_each(|node| cluster.clog(node));
            outcome.watch(&mut cluster, began, self.lasts, first);
            (first..self.nodes).for_each(|node| cluster.unclog(node));
            outcome.watch(&mut cluster, began, self.between, first);
        }
        outcome.watch(&mut cluster, began, AFTERWARDS, first);
        let after = cluster.figures().total;
        let node_seconds = self.nodes as f64 * cluster.now().since(began).as_secs_f64();
        outcome.messages = (after.packets - before.packets) as f64 / node_seconds;
        let bytes = |total: &swim_sim::Total| total.packet_bytes + total.exchange_bytes;
        outcome.bytes = (bytes(&after) - bytes(&before)) as f64 / node_seconds;
        outcome
    }
}

impl Outcome {
    /// Lets time pass and counts deaths. The nodes from `first` on are the ones that are paused.
    fn watch(
        &mut self,
        cluster: &mut Cluster,
        began: swim_core::Instant,
        lasts: Duration,
        first: usize,
    ) {
        told::until(cluster, cluster.now() + lasts, |observed| {
            if let Some(Change::Down(subject)) = told::change(&observed.event)
                && observed.at >= began
            {
                self.of_paused += u64::from(subject >= first);
                self.at_all += u64::from(subject < first);
                self.at_healthy += u64::from(subject < first && observed.node < first);
            }
            true
        });
    }
}

/// The grid of the experiment.
fn runs(common: &Common, nodes: usize) -> Vec<Run> {
    let paused: &[usize] = common.by_effort(&[16], &[4, 16, 32], &CONCURRENT);
    let lasts: &[u64] = common.by_effort(
        &[8_192, 32_768],
        &[128, 512, 2_048, 8_192, 32_768],
        &[128, 512, 2_048, 8_192, 32_768],
    );
    let between: &[u64] =
        common.by_effort(&[1, 1_024], &[1, 256, 4_096], &[1, 4, 16, 64, 256, 1_024, 4_096, 16_384]);
    let seeds = common.seeds(1, 1, 5);
    let mut runs = Vec::new();
    // The longest first, so that the last ones to end are short.
    for &paused in paused.iter().rev().filter(|&&paused| paused < nodes) {
        for (&lasts, &between) in
            lasts.iter().flat_map(|lasts| between.iter().map(move |between| (lasts, between)))
        {
            for variant in Variant::ALL {
                let run = |seed| Run {
                    nodes,
                    variant,
                    paused,
                    lasts: ms(lasts),
                    between: ms(between),
                    seed,
                };
                runs.extend(seeds.clone().map(run));
            }
        }
    }
    runs
}

/// Measures and reports.
pub(crate) fn measure(common: &Common, pool: &mut Pool, report: &mut Report) {
    let nodes = common.nodes.first().map_or(128, |&nodes| nodes as usize);
    let runs = runs(common, nodes);
    let results: Vec<_> = pool.run("pauses", &runs, Run::measure).into_iter().zip(runs).collect();
    let measured: Vec<_> =
        results.into_iter().filter_map(|(outcome, run)| Some((run, outcome?))).collect();
    report.add(sums(nodes, &measured), Vec::new());
    let key = |run: &Run| (run.paused, run.lasts);
    let (table, lines) = by_pause(&measured, key);
    report.add(table, Vec::new());
    report.plot(Plot {
        id: "lifeguard-duration",
        title: "Deaths of healthy members told at healthy ones, by how long a pause lasts",
        x: Axis { label: "a pause lasts, s", is_log: true },
        y: Axis { label: "in a run, where there are any", is_log: true },
        series: lines,
    });
    report.plot(Plot {
        id: "lifeguard-paused",
        title: "Deaths of healthy members told at healthy ones, by how many are paused",
        x: Axis { label: "paused at a time", is_log: true },
        y: Axis { label: "in a run, where there are any", is_log: true },
        series: lines_over(&measured, |run| run.paused as f64),
    });
}

/// All of the grid together.
fn sums(nodes: usize, measured: &[(Run, Outcome)]) -> Table {
    let mut table = Table::new(
        "lifeguard",
        "Lifeguard: false positives and load",
        format!(
            "{nodes} nodes; C of them, which take 0.1 ms for each input, are paused for D, again and again with I between, for \
             120 s at least. Sums over the grid of \
             all C, D, I and seeds: deaths of members that were never paused, as users of such members were told (\"at healthy\") \
             and as users of all were; and as shares of SWIM's. \"Of paused\": deaths of members that were. Load: packets and \
             bytes that a node sends in a second."
        ),
        &[
            "variant",
            "runs",
            "at healthy",
            "% of SWIM",
            "at all",
            "% of SWIM ",
            "of paused",
            "packets",
            "bytes",
        ],
    );
    let of = |variant| {
        measured.iter().filter(move |(run, _)| run.variant == variant).map(|(_, outcome)| outcome)
    };
    let sum = |variant, get: fn(&Outcome) -> u64| of(variant).map(get).sum::<u64>();
    for variant in Variant::ALL {
        let mut row =
            vec![Cell::Text(variant.name().to_owned()), Cell::Count(of(variant).count() as u64)];
        for get in [|outcome: &Outcome| outcome.at_healthy, |outcome: &Outcome| outcome.at_all] {
            let (count, swim) = (sum(variant, get), sum(Variant::Swim, get));
            let share = (swim > 0).then(|| 100.0 * count as f64 / swim as f64);
            row.extend([Cell::Count(count), Cell::figure(share, 2)]);
        }
        row.push(Cell::Count(sum(variant, |outcome| outcome.of_paused)));
        let mean = |get: fn(&Outcome) -> f64| of(variant).map(get).collect::<Sample>().mean();
        row.extend([
            Cell::figure(mean(|outcome| outcome.messages), 2),
            Cell::figure(mean(|outcome| outcome.bytes), 0),
        ]);
        table.push(row);
    }
    table
}

/// Deaths at healthy members for each C and D, the sums over all I; and lines over D.
fn by_pause(
    measured: &[(Run, Outcome)],
    key: impl Fn(&Run) -> (usize, Duration),
) -> (Table, Vec<Series>) {
    let mut columns = vec!["C", "D, s"];
    columns.extend(Variant::ALL.map(Variant::name));
    let mut table = Table::new(
        "lifeguard-pauses",
        "Lifeguard: deaths of healthy members told at healthy members, by C and D",
        "Means of a run, over all I and seeds.",
        &columns,
    );
    let mut keys: Vec<_> = measured.iter().map(|(run, _)| key(run)).collect();
    keys.sort_unstable();
    keys.dedup();
    for wanted in keys {
        let mut row = vec![Cell::Count(wanted.0 as u64), Cell::Figure(wanted.1.as_secs_f64(), 3)];
        for variant in Variant::ALL {
            let of =
                measured.iter().filter(|(run, _)| key(run) == wanted && run.variant == variant);
            row.push(Cell::figure(
                of.map(|(_, outcome)| outcome.at_healthy as f64).collect::<Sample>().mean(),
                1,
            ));
        }
        table.push(row);
    }
    (table, lines_over(measured, |run| run.lasts.as_secs_f64()))
}

/// A line for each variant over something that differs between runs.
fn lines_over(measured: &[(Run, Outcome)], x_of: impl Fn(&Run) -> f64) -> Vec<Series> {
    let mut places: Vec<_> = measured.iter().map(|(run, _)| x_of(run)).collect();
    places.sort_by(f64::total_cmp);
    places.dedup();
    let line = |variant: Variant| {
        let point = |&x: &f64| {
            let of = measured
                .iter()
                .filter(|(run, _)| run.variant == variant && x_of(run).total_cmp(&x).is_eq());
            let sample: Sample = of.map(|(_, outcome)| outcome.at_healthy as f64).collect();
            // No interval: what varies is mostly the grid, and not chance.
            Some(Point { x, y: sample.mean()?, half: 0.0 })
        };
        Series::new(variant.name(), places.iter().filter_map(point))
    };
    Variant::ALL.into_iter().map(line).collect()
}
