//! `swim-sim experiment`: the measurements that the papers report, done again on simulated
//! clusters.
//!
//! Each experiment makes runs from seeds, shares them among the processors, and gives tables and
//! plots. It knows what is measured and what theory says; how a table is printed and a plot is
//! drawn is said next to it. Read first: docs/EXPERIMENTS.md, and there the papers' sections.

mod convergence;
mod detection;
mod latency;
mod lifeguard;
mod loss;
mod options;
mod pool;
mod report;
mod rounds;
mod spread;
mod statistics;
mod table;
mod told;
mod variant;

use std::io;

use clap::{Args, Subcommand};

use self::options::Common;
use self::pool::Pool;
use self::report::Report;
use crate::aside::aside;
use crate::exit::Exit;

/// Which experiment.
#[derive(Clone, Debug, Args)]
pub(crate) struct Experiment {
    #[command(subcommand)]
    which: Which,
}

#[derive(Clone, Debug, Subcommand)]
enum Which {
    /// SWIM's figures: first detection and dissemination against the cluster's size, false
    /// positives against loss.
    #[command(after_help = "Examples:\n  cargo sim experiment swim --quick\n  \
        cargo sim experiment swim --nodes 16,64,256 --seeds 20 --svg plots\n  \
        cargo sim experiment swim --format csv > swim.csv")]
    Swim(Common),
    /// Lifeguard's figures: false positives, latency and load while some of 128 nodes are paused
    /// again and again.
    #[command(after_help = "Examples:\n  cargo sim experiment lifeguard --quick\n  \
        cargo sim experiment lifeguard --svg plots\n  \
        cargo sim experiment lifeguard --full --jobs 2 --time-limit 2h --format json > lifeguard.json\n\n\
        --nodes takes one size here; the paper's is 128.")]
    Lifeguard(Common),
    /// How long a cluster needs to agree after a join storm, a crash of 1 % and a split, against
    /// its size.
    #[command(after_help = "Examples:\n  cargo sim experiment convergence --quick\n  \
        cargo sim experiment convergence --nodes 16,64,256,1024 --seeds 3 --svg plots\n  \
        cargo sim experiment convergence --full --jobs 1\n\n\
        At 4,096 nodes a run takes minutes and a few GB for each job.")]
    Convergence(Common),
}

/// Runs an experiment and prints its report.
pub(crate) fn experiment(options: &Experiment) -> io::Result<Exit> {
    let (common, make): (_, fn(&Common, &mut Pool) -> Report) = match &options.which {
        Which::Swim(common) => (common, swim),
        Which::Lifeguard(common) => (common, lifeguard),
        Which::Convergence(common) => (common, convergence::measure),
    };
    common.check()?;
    let mut pool = Pool::new(common);
    let report = make(common, &mut pool);
    report.write(common)?;
    aside!("took {:.0} s", pool.elapsed().as_secs_f64());
    Ok(Exit::Fine)
}

fn swim(common: &Common, pool: &mut Pool) -> Report {
    let mut report = Report::new("swim");
    detection::measure(common, pool, &mut report);
    rounds::measure(common, pool, &mut report);
    spread::measure(common, pool, &mut report);
    loss::measure(common, pool, &mut report);
    report
}

fn lifeguard(common: &Common, pool: &mut Pool) -> Report {
    let mut report = Report::new("lifeguard");
    lifeguard::measure(common, pool, &mut report);
    latency::measure(common, pool, &mut report);
    report
}
