//! SWIM 3.1 and 5: how many protocol periods until a crashed member is first suspected, against the
//! cluster's size.
//!
//! In a period each of the n - 1 others probes one of its n - 1 peers. Where all periods begin
//! together and the crash comes just before one begins, nobody probes it with a chance of q = (1 -
//! 1/(n - 1))^(n - 1), so it takes 1/(1 - q) periods, which tends to e/(e - 1) = 1.58. Where each
//! begins at its own time, the first probe comes after one period on average (an exponential wait),
//! and fails one period later: 2.

use std::time::Duration;

use swim_core::Config;
use swim_plot::{Axis, Plot, Point, Series};
use swim_sim::{Builder, Cluster, Outage};

use super::options::Common;
use super::pool::Pool;
use super::report::Report;
use super::statistics::Sample;
use super::table::{Cell, Table};

const SECOND: Duration = Duration::from_secs(1);
/// From crash to crash, so that the one before is over.
const APART: Duration = Duration::from_secs(40);

#[derive(Clone, Copy, Debug)]
struct Run {
    nodes: usize,
    /// Whether the nodes' periods begin together.
    together: bool,
    seed: u64,
}

impl Run {
    /// The settings without what would change a period's length or who is probed next.
    fn cluster(&self) -> Builder {
        let config = Config {
            suspects_probed_next: false,
            stall_grace: false,
            awareness_max: 0,
            ..Config::lan()
        };
        let jitter = if self.together { 0 } else { config.probe_jitter_permille };
        let config = Config { probe_jitter_permille: jitter, ..config };
        Cluster::lan(self.nodes).config(config).seed(self.seed).event_log(0).unchecked()
    }

    /// How many crash, one after the other: few of the nodes, so that the size is what it is said
    /// to be.
    fn victims(&self) -> usize {
        (self.nodes / 16).clamp(1, 8)
    }

    /// Periods from each crash to the first suspicion.
    fn measure(&self) -> Vec<f64> {
        let mut cluster = self.cluster().build_joined();
        cluster.run_for(SECOND * 10);
        if self.together {
            align(&mut cluster);
        }
        for victim in 0..self.victims() {
            // At no moment of the period in particular, or just before all periods begin.
            let draw = (self.seed * 7_919 + victim as u64 * 613) % 1_000;
            let phase = if self.together { Duration::ZERO } else { Duration::from_millis(draw) };
            cluster.run_for(phase);
            cluster.crash(self.nodes - 1 - victim);
            cluster.run_for(APART - phase);
        }
        let outages = cluster.figures().outages;
        outages
            .iter()
            .filter_map(Outage::first_suspicion)
            .map(|after| after.as_secs_f64())
            .collect()
    }
}

/// Makes all nodes' periods begin at the same moment, and goes to just before one does: who was
/// stopped for longer than a period begins a new one when it goes on.
fn align(cluster: &mut Cluster) {
    let nodes = 0..cluster.nodes().len();
    nodes.clone().for_each(|node| cluster.pause(node));
    cluster.run_for(SECOND * 2);
    nodes.for_each(|node| cluster.resume(node));
    cluster.run_for(SECOND * 40 - Duration::from_millis(1));
}

/// The expectation where periods begin together.
fn expected_together(nodes: usize) -> f64 {
    let others = nodes as f64 - 1.0;
    1.0 / (1.0 - (1.0 - 1.0 / others).powf(others))
}

/// Measures and reports.
pub(crate) fn measure(common: &Common, pool: &mut Pool, report: &mut Report) {
    let sizes =
        common.sizes(&[16, 32], &[16, 32, 64, 128, 256, 512], &[16, 32, 64, 128, 256, 512, 1_024]);
    let mut runs = Vec::new();
    for &nodes in &sizes {
        for together in [false, true] {
            let of = |seed| Run { nodes, together, seed };
            // So that each size has about as many crashes.
            let clusters = 8 / of(0).victims() as u64;
            runs.extend(common.seeds(10 * clusters, 20 * clusters, 50 * clusters).map(of));
        }
    }
    let results = pool.run("first detection", &runs, Run::measure);
    let mut table = Table::new(
        "detection",
        "SWIM: first detection against the cluster's size",
        "Protocol periods (of 1 s) from a crash to the first suspicion at any node, without loss; mean and half of its 95 % \
         confidence interval. \"Own\": each node's period begins at its own time, as in production. \"Together\": all begin at \
         the same moment, as SWIM's analysis has it, and the crash comes just before. Local health and the rule that suspects \
         are probed next are off.",
        &[
            "nodes",
            "crashes",
            "own, mean",
            "±",
            "99 %",
            "theory",
            "together, mean",
            "± ",
            "99 % ",
            "theory ",
        ],
    );
    let mut lines: [Vec<Point>; 2] = [Vec::new(), Vec::new()];
    for &nodes in &sizes {
        let sample = |together| {
            let runs = runs
                .iter()
                .zip(&results)
                .filter(|(run, _)| run.nodes == nodes && run.together == together);
            runs.filter_map(|(_, result)| result.as_ref()).flatten().copied().collect::<Sample>()
        };
        let samples = [sample(false), sample(true)];
        let theory = [2.0, expected_together(nodes)];
        let mut row = vec![
            Cell::Count(nodes as u64),
            Cell::Count((samples[0].len() + samples[1].len()) as u64),
        ];
        for ((sample, theory), line) in samples.iter().zip(theory).zip(&mut lines) {
            row.extend(Cell::mean(sample, 2));
            row.extend([Cell::figure(sample.percentile(99), 2), Cell::Figure(theory, 2)]);
            let half = sample.half_interval().unwrap_or(0.0);
            line.extend(sample.mean().map(|y| Point { x: nodes as f64, y, half }));
        }
        table.push(row);
    }
    report.add(table, Vec::new());
    report.plot(plot(&sizes, lines));
}

/// The chart of both kinds of periods, each with its theory.
fn plot(sizes: &[usize], [own, together]: [Vec<Point>; 2]) -> Plot {
    let theory = |of: fn(usize) -> f64| {
        sizes.iter().map(move |&nodes| (nodes as f64, of(nodes))).collect::<Vec<_>>()
    };
    Plot {
        id: "swim-detection",
        title: "First detection of a crash against the cluster's size",
        x: Axis { label: "nodes", is_log: true },
        y: Axis { label: "protocol periods", is_log: false },
        series: vec![
            Series::new("measured, each period at its own time", own),
            Series::new("measured, periods together", together),
            Series::theory("theory, own: 2", theory(|_| 2.0)),
            Series::theory("theory, together: tends to e/(e-1) = 1.58", theory(expected_together)),
        ],
    }
}
