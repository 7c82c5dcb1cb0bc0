//! `swim-sim check-determinism`: the same run twice, compared line by line.

use std::io;

use swim_sim::{Builder, Failure, Outcome};

use crate::Exit;
use crate::arguments::Options;
use crate::stopwatch::Stopwatch;

/// Runs a scenario twice. The first run leaves a hash for each virtual second; only if the second one differs are both
/// run again up to that second, with lines.
pub(crate) fn check(options: &Options) -> io::Result<Exit> {
    let first = hashes(options)?;
    let second = hashes(options)?;
    let differs = first.iter().zip(&second).position(|(first, second)| first != second);
    let differs = differs.or_else(|| (first.len() != second.len()).then_some(first.len().min(second.len())));
    let Some(second_that_differs) = differs else {
        let (entries, hash) = first.last().copied().unwrap_or_default();
        println!("both runs are the same: {entries} events, trace hash {hash:016x}");
        return Ok(Exit::Fine);
    };
    eprintln!("the runs differ; looking for the first event that does");
    let (first, second) = (lines(options, second_that_differs)?, lines(options, second_that_differs)?);
    let mut pairs = first.lines().zip(second.lines());
    match pairs.find(|(first, second)| first != second) {
        Some((first, second)) => eprintln!("the first event that differs:\n  once:  {first}\n  again: {second}"),
        None => eprintln!("the runs that were recorded do not differ: what differs depends on more than the seed"),
    }
    Ok(Exit::Safety)
}

/// After each slice of the run: how many things had happened, and their hash.
fn hashes(options: &Options) -> io::Result<Vec<(u64, u64)>> {
    let (scenario, seed) = options.chosen(|cluster| cluster)?;
    let mut stopwatch = Stopwatch::start();
    let mut hashes = Vec::new();
    report(scenario.try_run(seed, |cluster| {
        stopwatch.progress(cluster.elapsed());
        hashes.push((cluster.trace_entries(), cluster.trace_hash()));
    }));
    Ok(hashes)
}

/// The lines of one slice of the run.
fn lines(options: &Options, wanted: usize) -> io::Result<String> {
    let (scenario, seed) = options.chosen(Builder::record_trace)?;
    let (mut slice, mut lines) = (0, String::new());
    report(scenario.try_run(seed, |cluster| {
        let text = cluster.take_trace();
        if slice == wanted {
            lines = text;
        }
        slice += 1;
    }));
    Ok(lines)
}

/// A run that fails is compared like any other; that it failed is said.
fn report(outcome: Result<Outcome, Failure>) {
    if let Err(failure) = outcome {
        let text = failure.to_string();
        eprintln!("the run fails: {}", text.lines().next().unwrap_or_default());
    }
}
