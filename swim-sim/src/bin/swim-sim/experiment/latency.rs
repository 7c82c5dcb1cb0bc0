//! Lifeguard V, the threshold experiment: some nodes are paused once, for long enough to be found;
//! when is each first declared dead by a healthy node, and when has every healthy node been told?

use std::time::Duration;

use swim_sim::Cluster;

use super::options::Common;
use super::pool::Pool;
use super::report::Report;
use super::statistics::Sample;
use super::table::{Cell, Table};
use super::told::{self, Change};
use super::variant::Variant;

/// How long nodes are paused: the paper's longest, and as long as the longest suspicion may last.
const LASTS: Duration = Duration::from_millis(65_536);

#[derive(Clone, Copy, Debug)]
struct Run {
    nodes: usize,
    variant: Variant,
    paused: usize,
    seed: u64,
}

impl Run {
    /// For each paused node, seconds until the first healthy node declared it dead, and until all
    /// had; `None` for never.
    fn measure(&self) -> Vec<[Option<f64>; 2]> {
        let config = self.variant.config();
        let cluster =
            Cluster::lan(self.nodes).config(config).seed(self.seed).event_log(1 << 16).unchecked();
        let mut cluster = cluster.build_joined();
        cluster.run_for(Duration::from_secs(15) + Duration::from_millis(self.seed * 617 % 1_000));
        let (first, began) = (self.nodes - self.paused, cluster.now());
        (first..self.nodes).for_each(|node| cluster.clog(node));
        let mut heard = vec![Vec::new(); self.paused];
        told::until(&mut cluster, began + LASTS, |observed| {
            if let Some(Change::Down(subject)) = told::change(&observed.event)
                && observed.at >= began
                && subject >= first
            {
                heard[subject - first].push(observed.at.since(began).as_secs_f64());
            }
            true
        });
        heard.iter().map(|times| [times.first().copied(), times.get(first - 1).copied()]).collect()
    }
}

/// Measures and reports.
pub(crate) fn measure(common: &Common, pool: &mut Pool, report: &mut Report) {
    let nodes = common.nodes.first().map_or(128, |&nodes| nodes as usize);
    let counts: &[usize] = common.by_effort(&[4], &[4, 32], &[1, 4, 8, 16, 32]);
    let counts = counts.iter().filter(|&&paused| paused < nodes);
    let seeds = common.seeds(1, 5, 20);
    let mut runs = Vec::new();
    for &paused in counts.clone() {
        for variant in Variant::ALL {
            runs.extend(seeds.clone().map(|seed| Run { nodes, variant, paused, seed }));
        }
    }
    let results = pool.run("latency", &runs, Run::measure);
    let mut table = Table::new(
        "lifeguard-latency",
        "Lifeguard: detection and dissemination",
        format!(
            "{nodes} nodes; C of them are paused once, for 65.5 s. Seconds until a healthy node first declares a paused one dead, \
             and until all healthy nodes have been told, of those that were found in that time."
        ),
        &[
            "C",
            "variant",
            "paused",
            "found",
            "first, mean",
            "±",
            "median",
            "99 %",
            "all, mean",
            "± ",
            "median ",
            "99 % ",
        ],
    );
    for &paused in counts {
        for variant in Variant::ALL {
            let of = runs
                .iter()
                .zip(&results)
                .filter(|(run, _)| run.paused == paused && run.variant == variant);
            let times: Vec<_> = of.filter_map(|(_, times)| times.as_ref()).flatten().collect();
            let samples =
                [0, 1].map(|kind| times.iter().filter_map(|times| times[kind]).collect::<Sample>());
            let mut row = vec![Cell::Count(paused as u64), Cell::Text(variant.name().to_owned())];
            row.extend([Cell::Count(times.len() as u64), Cell::Count(samples[0].len() as u64)]);
            for sample in &samples {
                row.extend(Cell::mean(sample, 2));
                row.extend([50, 99].map(|percent| Cell::figure(sample.percentile(percent), 2)));
            }
            table.push(row);
        }
    }
    report.add(table, Vec::new());
}
