//! `swim-sim run` and `swim-sim list`.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use swim_sim::{Builder, builtin};

use crate::Exit;
use crate::arguments::Options;
use crate::output::{Format, Output, Remains};
use crate::stopwatch::Stopwatch;

/// Runs a scenario.
pub(crate) fn run(options: &Options, trace: Option<&Path>, output: &Output) -> io::Result<Exit> {
    let mut trace = trace.map(open).transpose()?;
    let (scenario, seed) = options.chosen(|cluster| {
        let cluster = output.prepare(cluster);
        if trace.is_some() { Builder::record_trace(cluster) } else { cluster }
    })?;
    let mut stopwatch = Stopwatch::start();
    let mut written = Ok(());
    let mut remains = Remains::default();
    let outcome = scenario.try_run(seed, |cluster| {
        stopwatch.progress(cluster.elapsed());
        remains.gather(output, cluster);
        if let (Some(file), Ok(())) = (&mut trace, &written) {
            written = file.write_all(cluster.take_trace().as_bytes());
        }
    });
    written?;
    trace.map_or(Ok(()), |mut file| file.flush())?;
    let failure = outcome.as_ref().map_err(ToString::to_string);
    output.write(
        (options, &scenario, seed),
        &remains,
        failure.as_ref().map(|outcome| *outcome).map_err(String::as_str),
    )?;
    match outcome {
        Ok(_) if output.format != Format::Text => Ok(Exit::Fine),
        Ok(outcome) => {
            let mut out = io::stdout().lock();
            writeln!(out, "{scenario}")?;
            for (expectation, at) in &outcome.met {
                writeln!(out, "met at {:>10}: {expectation}", format!("{}", swim_core::Instant::ORIGIN + *at))?;
            }
            writeln!(out, "\n{}", outcome.figures)?;
            writeln!(out, "trace hash                {:016x}", outcome.trace_hash)?;
            let cpu = stopwatch.per_node_second(outcome.figures.total.ran_for);
            writeln!(out, "real time a node-second   {cpu:?}")?;
            writeln!(out, "virtual seconds a second  {}", stopwatch.speed(outcome.cluster.elapsed()))?;
            Ok(Exit::Fine)
        }
        Err(failure) => {
            eprintln!("{failure}\nsee it again: {}", options.command());
            Ok(Exit::from(&failure))
        }
    }
}

/// Lists the shipped scenarios.
pub(crate) fn list() -> io::Result<Exit> {
    let mut out = io::stdout().lock();
    for builtin in builtin::ALL {
        writeln!(out, "{:<12} {}", builtin.name, builtin.about)?;
    }
    Ok(Exit::Fine)
}

fn open(path: &Path) -> io::Result<Box<dyn Write>> {
    if path == Path::new("-") {
        return Ok(Box::new(io::stdout()));
    }
    let file = File::create(path)
        .map_err(|error| io::Error::new(error.kind(), format!("{} cannot be written: {error}", path.display())))?;
    Ok(Box::new(BufWriter::new(file)))
}
