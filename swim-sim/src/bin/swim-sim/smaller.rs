//! Makes a case that fails smaller, within a budget of runs and of real time, and writes it to a file.

use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use clap::Args;
use swim_sim::campaign::judge;
use swim_sim::shrink::{Shrunk, shrink_with};
use swim_sim::{Builder, Case, Finding};

use crate::progress::ShrinkBar;
use crate::recording::unwritten;
use crate::stopwatch::Stopwatch;
use crate::telling::size;

/// How much a smaller case may cost.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Budget {
    /// How many smaller cases are tried at most when a case shrinks.
    #[arg(long, value_name = "RUNS", default_value_t = 1_000)]
    pub(crate) shrink_runs: u32,
    /// For how long at most. A case that shrinks for less depends on the machine's speed.
    #[arg(long, value_name = "DURATION", default_value = "2m", value_parser = swim_sim::case::time::parse)]
    pub(crate) shrink_time: Duration,
}

/// The case as small as it becomes before it is enough, written to a file.
pub(crate) fn smaller(
    (case, finding): (&Case, &Finding),
    change: fn(Builder) -> Builder,
    (budget, is_enough): (Budget, impl Fn() -> bool),
    file: &Path,
    out: &mut dyn Write,
) -> io::Result<Case> {
    let (stopwatch, bar) = (Stopwatch::start(), ShrinkBar::new(budget.shrink_runs));
    let run = |case: &Case| judge(case, change).ok()?.err();
    let Shrunk { case: small, runs, is_smallest, .. } =
        shrink_with(case, finding, budget.shrink_runs, run, |progress| {
            bar.show(progress);
            stopwatch.elapsed() < budget.shrink_time && !is_enough()
        });
    bar.end();
    write_case(file, &small)?;
    let end = if is_smallest { "" } else { "; with more runs or time it may become smaller" };
    writeln!(out, "shrunk from {} to {} in {runs} runs{end}: {}", size(case), size(&small), file.display())?;
    Ok(small)
}

/// Writes a case, into a directory that is made if it is not there.
pub(crate) fn write_case(file: &Path, case: &Case) -> io::Result<()> {
    let directory = file.parent().filter(|directory| !directory.as_os_str().is_empty());
    let written = directory.map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(file, case.to_toml()));
    written.map_err(|error| unwritten(file, &error))
}
