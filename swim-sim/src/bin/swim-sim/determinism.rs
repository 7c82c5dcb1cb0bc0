//! `swim-sim check-determinism`: the same run twice, compared event by event.

use std::io::{self, Write as _};

use swim_sim::Builder;
use swim_sim::campaign::judge_scenario;
use swim_sim::determinism::{Comparison, compare};

use crate::aside::aside;
use crate::exit::{Exit, senseless};
use crate::options::Options;
use crate::stopwatch::Stopwatch;

/// Runs a scenario twice. A run that fails is compared like any other; that it failed is said.
pub(crate) fn check(options: &Options) -> io::Result<Exit> {
    let mut stopwatch = Stopwatch::start();
    let comparison = compare(|recorder, slice| {
        let (scenario, seed, _) = options.chosen()?;
        let scenario =
            scenario.with(|cluster| recorder.into_iter().fold(cluster, Builder::flight_recorder));
        let judged = judge_scenario(&scenario, seed, |cluster| {
            stopwatch.progress(cluster.elapsed());
            slice(cluster);
        });
        if let Err(finding) = judged.map_err(senseless)? {
            aside!("the run fails: {}", finding.headline());
        }
        io::Result::Ok(())
    })?;
    let line = |line: Option<String>| line.unwrap_or_else(|| String::from("(nothing more)"));
    match comparison {
        Comparison::Same { entries, hash } => {
            writeln!(
                io::stdout(),
                "both runs are the same: {entries} events, trace hash {hash:016x}"
            )?;
            return Ok(Exit::Fine);
        }
        Comparison::Differ { once, again } => {
            aside!(
                "the runs differ; the first event that does:\n  once:  {}\n  again: {}",
                line(once),
                line(again)
            );
        }
        Comparison::Fickle => {
            aside!(
                "the runs differ, and did not when they were recorded: it depends on more than the seed"
            );
        }
    }
    Ok(Exit::Safety)
}
