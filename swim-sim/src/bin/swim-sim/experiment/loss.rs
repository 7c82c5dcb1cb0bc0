//! SWIM 4.2 and 5: false positives against loss, with and without suspicion.

use std::time::Duration;

use swim_core::Config;
use swim_plot::{Axis, Plot, Point, Series};
use swim_sim::Cluster;

use super::options::Common;
use super::pool::Pool;
use super::report::Report;
use super::statistics::Sample;
use super::table::{Cell, Table};

/// What is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Detector {
    /// Who does not answer is dead at once.
    NoSuspicion,
    /// SWIM: suspicions of one length.
    Suspicion,
    /// The defaults, but for pings over streams.
    Own,
}

impl Detector {
    const ALL: [Self; 3] = [Self::NoSuspicion, Self::Suspicion, Self::Own];

    const fn name(self) -> &'static str {
        match self {
            Self::NoSuspicion => "SWIM without suspicion",
            Self::Suspicion => "SWIM with suspicion",
            Self::Own => "the defaults",
        }
    }

    /// Pings over streams are off in all: no packet's loss stops them, and they would hide what is
    /// measured.
    fn config(self) -> Config {
        let lan = Config { reliable_fallback: false, ..Config::lan() };
        let swim = Config {
            suspicion_max_mult: 1,
            awareness_max: 0,
            buddy_system: false,
            suspects_probed_next: false,
            stall_grace: false,
            ..lan.clone()
        };
        match self {
            Self::NoSuspicion => Config { suspicion_mult: 0, ..swim },
            Self::Suspicion => swim,
            Self::Own => lan,
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Run {
    nodes: usize,
    detector: Detector,
    permille: u16,
    seed: u64,
}

/// How long each run is watched.
const WATCHED: Duration = Duration::from_secs(300);

impl Run {
    /// Suspicions and deaths of the healthy that a node's user is told of in an hour.
    fn measure(&self) -> [f64; 2] {
        let config = self.detector.config();
        let mut cluster = Cluster::lan(self.nodes)
            .config(config)
            .seed(self.seed)
            .event_log(0)
            .unchecked()
            .build_joined();
        cluster.run_for(Duration::from_secs(10));
        cluster.set_loss(self.permille);
        let before = cluster.figures();
        cluster.run_for(WATCHED);
        let after = cluster.figures();
        let node_hours = self.nodes as f64 * WATCHED.as_secs_f64() / 3_600.0;
        [after.false_suspicions - before.false_suspicions, after.false_deaths - before.false_deaths]
            .map(|count| count as f64 / node_hours)
    }
}

/// Measures and reports.
pub(crate) fn measure(common: &Common, pool: &mut Pool, report: &mut Report) {
    let nodes = common.nodes.first().map_or(64, |&nodes| nodes as usize);
    let losses: &[u16] = common.by_effort(
        &[0, 200],
        &[0, 50, 100, 150, 200, 300],
        &[0, 50, 100, 150, 200, 250, 300],
    );
    let seeds = common.seeds(1, 4, 10);
    let mut runs = Vec::new();
    for &permille in losses {
        for detector in Detector::ALL {
            runs.extend(seeds.clone().map(|seed| Run { nodes, detector, permille, seed }));
        }
    }
    let results = pool.run("false positives against loss", &runs, Run::measure);
    let mut table = Table::new(
        "loss",
        "SWIM: false positives against loss",
        format!(
            "Suspicions and deaths of healthy members that a node's user is told of in an hour, {nodes} nodes, 300 s each; mean \
             and half of its 95 % confidence interval. Pings over streams are off, which loss of packets would not stop."
        ),
        &["loss, %", "detector", "suspicions, mean", "±", "deaths, mean", "± "],
    );
    let mut lines = Detector::ALL.map(|_| Vec::new());
    for &permille in losses {
        for (detector, line) in Detector::ALL.into_iter().zip(&mut lines) {
            let of = runs
                .iter()
                .zip(&results)
                .filter(|(run, _)| run.permille == permille && run.detector == detector);
            let rates: Vec<_> = of.filter_map(|(_, rates)| *rates).collect();
            let samples =
                [0, 1].map(|kind| rates.iter().map(|rates| rates[kind]).collect::<Sample>());
            let percent = f64::from(permille) / 10.0;
            let mut row = vec![Cell::Figure(percent, 0), Cell::Text(detector.name().to_owned())];
            row.extend(samples.iter().flat_map(|sample| Cell::mean(sample, 2)));
            let half = samples[1].half_interval().unwrap_or(0.0);
            line.extend(samples[1].mean().map(|y| Point { x: percent, y, half }));
            table.push(row);
        }
    }
    report.add(table, Vec::new());
    let series = Detector::ALL
        .into_iter()
        .zip(lines)
        .map(|(detector, line)| Series::new(detector.name(), line));
    report.plot(Plot {
        id: "swim-loss",
        title: "Deaths of healthy members that a node is told of in an hour",
        x: Axis { label: "loss, %", is_log: false },
        y: Axis { label: "in an hour, where there are any", is_log: true },
        series: series.collect(),
    });
}
