//! `swim-sim replay`: a case again, with all that can be told of how it fails, and smaller if that is wanted.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use swim_sim::campaign::{judge, judge_with};
use swim_sim::shrink::{Shrunk, shrink};
use swim_sim::{Case, FailureKind, Finding, FlightRecorder};

use crate::Exit;
use crate::arguments::read_case;
use crate::output::{Format, Output, Remains, Subject};
use crate::recording::{Recording, unwritten};
use crate::stopwatch::Stopwatch;

/// What to run again, and what to tell of it.
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:\n  cargo sim replay target/swarm/seed-0-run-7.toml --shrink\n  \
    cargo sim replay swim-sim/scenarios/crash.toml --jsonl - | head\n\n\
    Of a run that fails it prints what went wrong and the last events around it: of a broken promise and of a panic \
    those of the node where it happened, else what all users were told. The exit code is that of the run.")]
pub(crate) struct Replay {
    /// A case, as `swim-sim swarm` writes them and swim-sim/scenarios has some.
    #[arg(value_name = "FILE.toml")]
    file: PathBuf,
    #[command(flatten)]
    pub(crate) recording: Recording,
    /// Writes a page that shows the run, for any browser.
    #[arg(long, value_name = "FILE.html")]
    report: Option<PathBuf>,
    /// Makes a case that fails smaller as long as it fails alike, writes it beside the file as FILE.small.toml, and replays
    /// that.
    #[arg(long)]
    shrink: bool,
    /// How many smaller cases are tried at most.
    #[arg(long, value_name = "RUNS", default_value_t = 1_000, requires = "shrink")]
    shrink_runs: u32,
    /// For how long at most. A case that shrinks for less depends on the machine's speed.
    #[arg(long, value_name = "DURATION", default_value = "2m", value_parser = swim_sim::case::time::parse, requires = "shrink")]
    shrink_time: Duration,
}

/// Replays a case.
pub(crate) fn replay(options: &Replay) -> io::Result<Exit> {
    let mut out = options.recording.rest();
    let (mut file, mut case) = (options.file.clone(), read_case(&options.file)?);
    if options.shrink {
        match judge(&case, |cluster| cluster).map_err(io::Error::other)? {
            Ok(_) => writeln!(out, "the case does not fail, so there is nothing to shrink")?,
            Err(finding) => {
                file.set_extension("small.toml");
                case = smaller(options, &case, &finding, &file, &mut out)?;
            }
        }
    }
    let output = Output { report: options.report.clone(), svg: None, format: Format::Text };
    let recorder = options.recording.start()?;
    let (mut stopwatch, mut remains) = (Stopwatch::start(), Remains::default());
    let judged = judge_with(
        &case,
        |cluster| output.prepare(cluster).flight_recorder(&recorder),
        |cluster| {
            stopwatch.progress(cluster.elapsed());
            remains.gather(&output, cluster);
        },
    );
    let judged = judged.map_err(|error| io::Error::other(format!("{}: {error}", file.display())))?;
    recorder.finish()?;
    let command = format!("cargo sim replay {}", file.display());
    let subject = Subject { scenario: &case.name, about: &case.about, command: &command, seed: case.seed };
    let outcome = judged.as_ref().map_err(|finding| finding.text.as_str());
    output.write(&subject, &remains, outcome, &mut out)?;
    tell(&mut out, &case, judged.as_ref().err(), &recorder)?;
    writeln!(out, "see it again: {command}")?;
    out.flush()?;
    Ok(judged.err().map_or(Exit::Fine, |finding| Exit::from(finding.kind)))
}

/// What became of the run.
fn tell(out: &mut dyn Write, case: &Case, finding: Option<&Finding>, recorder: &FlightRecorder) -> io::Result<()> {
    writeln!(out, "case        {}: {}, seed {}", case.name, size(case), case.seed)?;
    writeln!(out, "trace hash  {:016x}", recorder.trace_hash())?;
    writeln!(out, "events      {}", recorder.trace_entries())?;
    let Some(finding) = finding else { return writeln!(out, "verdict     all went as expected") };
    writeln!(out, "verdict     {}", finding.kind)?;
    writeln!(out, "\n{}\n\nwhat was done:", finding.reason())?;
    write!(out, "{}", case.scenario().map_err(io::Error::other)?)?;
    writeln!(
        out,
        "\nthe last events{}:",
        match finding.kind {
            FailureKind::Panic => " at the node that panicked",
            FailureKind::Safety => " at the node that broke it",
            FailureKind::Liveness => "",
        }
    )?;
    let table = match finding.kind {
        FailureKind::Panic => recorder.at_node(None),
        FailureKind::Safety => recorder.at_node(finding.violation.as_ref().map(|broken| broken.node)),
        FailureKind::Liveness => recorder.news(),
    };
    writeln!(out, "{table}")
}

/// The case as small as it becomes, written to a file.
fn smaller(options: &Replay, case: &Case, finding: &Finding, file: &Path, out: &mut dyn Write) -> io::Result<Case> {
    let mut stopwatch = Stopwatch::start();
    let Shrunk { case: small, runs, is_smallest, .. } = shrink(case, finding, options.shrink_runs, |progress| {
        if stopwatch.is_due(Duration::from_secs(2)) {
            eprintln!("{progress}");
        }
        stopwatch.elapsed() < options.shrink_time
    });
    fs::write(file, small.to_toml()).map_err(|error| unwritten(file, &error))?;
    let end = if is_smallest { "" } else { "; with more runs or time it may become smaller" };
    writeln!(out, "shrunk from {} to {} in {runs} runs{end}: {}", size(case), size(&small), file.display())?;
    Ok(small)
}

fn size(case: &Case) -> String {
    let plural = |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
    let steps = case.plan.steps().len() + case.afterwards.len();
    format!("{} and {}", plural(case.nodes, "node"), plural(steps, "step"))
}
