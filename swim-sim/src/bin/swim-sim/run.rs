//! `swim-sim run`: one scenario, once.

use std::io::{self, Write as _};

use swim_sim::{Builder, Outcome};

use crate::aside::aside;
use crate::exit::Exit;
use crate::options::Options;
use crate::output::{Format, Output, Remains, Subject};
use crate::recording::Recording;
use crate::stopwatch::Stopwatch;

/// Runs a scenario.
pub(crate) fn run(options: &Options, recording: &Recording, output: &Output) -> io::Result<Exit> {
    // What is asked for first, so that a scenario that is refused leaves files as they are.
    let (scenario, seed, about) = options.chosen()?;
    output.check()?;
    let recorder = recording.is_wanted().then(|| recording.start()).transpose()?;
    let scenario = scenario
        .with(|cluster| recorder.iter().fold(output.prepare(cluster), Builder::flight_recorder));
    let mut stopwatch = Stopwatch::start();
    let mut remains = Remains::default();
    let mut looked = Vec::new();
    let mut outcome = scenario.try_run_noting(seed, &mut looked, |cluster| {
        stopwatch.progress(cluster.elapsed());
        remains.gather(output, cluster);
    });
    recorder.map_or(Ok(()), |recorder| recorder.finish())?;
    let speed = outcome.as_ref().map(|outcome| speed(&stopwatch, outcome)).unwrap_or_default();
    if let Ok(outcome) = &mut outcome {
        remains.go_on(output, &mut outcome.cluster);
    }
    let mut out = recording.rest();
    let subject =
        Subject { scenario: scenario.name(), about: &about, command: &options.command(), seed };
    let failure = outcome.as_ref().err().map(ToString::to_string);
    output.write(&subject, &remains, (&looked, failure.as_deref()), &mut out)?;
    match outcome {
        Ok(_) if output.format != Format::Text => Ok(Exit::Fine),
        Ok(outcome) => {
            writeln!(out, "{scenario}")?;
            for (expectation, at) in &outcome.met {
                writeln!(
                    out,
                    "met at {:>10}: {expectation}",
                    format!("{}", swim_core::Instant::ORIGIN + *at)
                )?;
            }
            if looked.is_empty() {
                writeln!(
                    out,
                    "nothing was expected by a time, only the promises that hold at every step"
                )?;
            }
            writeln!(out, "\n{}", outcome.figures)?;
            writeln!(out, "trace hash                {:016x}", outcome.trace_hash)?;
            out.flush()?;
            // Real time differs from run to run, and what is printed on standard output does not.
            aside!("{speed}");
            Ok(Exit::Fine)
        }
        Err(failure) => {
            aside!("{failure}\nsee it again: {}", options.command());
            Ok(Exit::from(&failure))
        }
    }
}

/// How fast a run was that has just ended.
fn speed(stopwatch: &Stopwatch, outcome: &Outcome) -> String {
    format!(
        "real time a node-second   {:?}\nvirtual seconds a second  {}",
        stopwatch.per_node_second(outcome.figures.total.ran_for),
        stopwatch.speed(outcome.cluster.elapsed())
    )
}
