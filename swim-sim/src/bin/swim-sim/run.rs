//! `swim-sim run` and `swim-sim list`.

use std::io::{self, Write};

use swim_sim::{Builder, Outcome, builtin};

use crate::Exit;
use crate::arguments::Options;
use crate::output::{Format, Output, Remains, Subject};
use crate::recording::Recording;
use crate::stopwatch::Stopwatch;

/// Runs a scenario.
pub(crate) fn run(options: &Options, recording: &Recording, output: &Output) -> io::Result<Exit> {
    let recorder = recording.is_wanted().then(|| recording.start()).transpose()?;
    let (scenario, seed, about) = options.chosen(|cluster| {
        let cluster = output.prepare(cluster);
        recorder.iter().fold(cluster, Builder::flight_recorder)
    })?;
    let mut stopwatch = Stopwatch::start();
    let mut remains = Remains::default();
    let mut outcome = scenario.try_run(seed, |cluster| {
        stopwatch.progress(cluster.elapsed());
        remains.gather(output, cluster);
    });
    recorder.map_or(Ok(()), |recorder| recorder.finish())?;
    let speed = outcome.as_ref().map(|outcome| speed(&stopwatch, outcome)).unwrap_or_default();
    if let Ok(outcome) = &mut outcome {
        remains.go_on(output, &mut outcome.cluster);
    }
    let mut out = recording.rest();
    let subject = Subject { scenario: scenario.name(), about: &about, command: &options.command(), seed };
    let failure = outcome.as_ref().map_err(ToString::to_string);
    output.write(&subject, &remains, failure.as_ref().map(|outcome| *outcome).map_err(String::as_str), &mut out)?;
    match outcome {
        Ok(_) if output.format != Format::Text => Ok(Exit::Fine),
        Ok(outcome) => {
            writeln!(out, "{scenario}")?;
            for (expectation, at) in &outcome.met {
                writeln!(out, "met at {:>10}: {expectation}", format!("{}", swim_core::Instant::ORIGIN + *at))?;
            }
            writeln!(out, "\n{}", outcome.figures)?;
            writeln!(out, "trace hash                {:016x}", outcome.trace_hash)?;
            out.flush()?;
            // Real time differs from run to run, and what is printed on standard output does not.
            eprintln!("{speed}");
            Ok(Exit::Fine)
        }
        Err(failure) => {
            eprintln!("{failure}\nsee it again: {}", options.command());
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

/// Lists the shipped scenarios.
pub(crate) fn list() -> io::Result<Exit> {
    let mut out = io::stdout().lock();
    for builtin in builtin::ALL {
        writeln!(out, "{:<12} {}", builtin.name, builtin.about)?;
    }
    Ok(Exit::Fine)
}
