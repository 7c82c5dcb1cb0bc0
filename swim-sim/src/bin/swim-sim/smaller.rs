//! Makes a case that fails smaller, within a budget of runs and of real time, and writes it to a
//! file.

use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use clap::Args;
use swim_sim::campaign::judge;
use swim_sim::shrink::{Shrunk, shrink_with};
use swim_sim::{Builder, Case, Finding, FlightRecorder};

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
    write_case(file, &small, change)?;
    let end = if is_smallest { "" } else { "; with more runs or time it may become smaller" };
    writeln!(
        out,
        "shrunk from {} to {} in {runs} runs{end}: {}",
        size(case),
        size(&small),
        file.display()
    )?;
    Ok(small)
}

/// The version that files bear.
pub(crate) const VERSION: &str = concat!("swim-sim ", env!("CARGO_PKG_VERSION"));

/// A hash as files bear it.
pub(crate) fn hex(hash: u64) -> String {
    format!("{hash:016x}")
}

/// What a replay says if its run is another one than the file was written after.
pub(crate) fn differs(case: &Case, hash: u64) -> Option<String> {
    let (was, is) = (&case.trace_hash, hex(hash));
    (!was.is_empty() && *was != is).then(|| {
        let by = if case.version.is_empty() { "unknown" } else { &case.version };
        format!("another run than the file was written after: its hash was {was} with {by}, and is {is} with {VERSION}")
    })
}

/// Runs a case once more, and writes it with the hash of that run, into a directory that is made if
/// it is not there.
pub(crate) fn write_case(
    file: &Path,
    case: &Case,
    change: fn(Builder) -> Builder,
) -> io::Result<()> {
    let recorder = FlightRecorder::new();
    // That it fails is known.
    let _ = judge(case, |cluster| change(cluster).flight_recorder(&recorder));
    let (version, trace_hash) = (VERSION.to_owned(), hex(recorder.trace_hash()));
    let case = Case { version, trace_hash, ..case.clone() };
    let directory = file.parent().filter(|directory| !directory.as_os_str().is_empty());
    let written =
        directory.map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(file, case.to_toml()));
    written.map_err(|error| unwritten(file, &error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replay_that_is_another_run_than_the_file_was_written_after_is_told_of() {
        let mut case = Case::new("x", 3);
        assert_eq!(differs(&case, 7), None, "a file by hand has no hash");
        case.trace_hash = hex(7);
        assert_eq!(differs(&case, 7), None);
        assert!(
            differs(&case, 8)
                .is_some_and(|said| said.contains("was 0000000000000007 with unknown"))
        );
    }

    #[test]
    fn a_written_case_bears_the_version_and_the_hash_of_its_run() {
        let file = std::env::temp_dir().join(format!("swim-sim-{}.toml", std::process::id()));
        write_case(&file, &Case::new("x", 3), |cluster| cluster).unwrap();
        let text = fs::read_to_string(&file).unwrap();
        fs::remove_file(&file).unwrap();
        let case = Case::from_toml(&text).unwrap();
        assert_eq!((case.version.as_str(), case.trace_hash.len()), (VERSION, 16));
    }
}
