//! `swim-sim replay`: a case again, with all that can be told of how it fails, and smaller if that
//! is wanted.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::Args;
use swim_sim::FlightRecorder;
use swim_sim::campaign::{judge, judge_noting};

use crate::exit::{Exit, senseless};
use crate::options::read_case;
use crate::output::{Format, Output, Remains, Subject};
use crate::plant::Plant;
use crate::quoted;
use crate::recording::Recording;
use crate::smaller::{Budget, differs, smaller};
use crate::stopwatch::Stopwatch;
use crate::telling::tell;

/// What to run again, and what to tell of it.
#[derive(Clone, Debug, Args)]
#[command(
    after_help = "Examples:\n  cargo sim replay target/swarm/seed-0-run-7.small.toml --trace -\n  \
    cargo sim replay swim-sim/scenarios/crash.toml --jsonl - | head\n\n\
    Of a run that fails it prints what went wrong and the last events around it: of a broken promise and of a panic \
    those of the node where it happened, else what all users were told. The exit code is that of the run."
)]
pub(crate) struct Replay {
    /// A case, as `swim-sim swarm` writes them and swim-sim/scenarios has some.
    #[arg(value_name = "FILE.toml")]
    file: PathBuf,
    #[command(flatten)]
    pub(crate) recording: Recording,
    /// Writes a page that shows the run, for any browser.
    #[arg(long, value_name = "FILE.html")]
    report: Option<PathBuf>,
    /// Makes a case that fails smaller as long as it fails alike, writes it next to the file as
    /// FILE.small.toml, and replays that.
    #[arg(long)]
    shrink: bool,
    #[command(flatten)]
    budget: Budget,
    /// Plants a failure of this kind, as `swim-sim swarm --plant` does.
    #[arg(long, value_enum, value_name = "KIND")]
    plant: Option<Plant>,
}

/// Replays a case.
pub(crate) fn replay(options: &Replay) -> io::Result<Exit> {
    let (mut file, mut case) = (options.file.clone(), read_case(&options.file)?);
    let output = Output { report: options.report.clone(), svg: None, format: Format::Text };
    output.check()?;
    let recorder: FlightRecorder = options.recording.start()?;
    let mut out = options.recording.rest();
    let change = Plant::change(options.plant);
    if options.shrink {
        match judge(&case, change).map_err(senseless)? {
            Ok(_) => writeln!(out, "the case does not fail, so there is nothing to shrink")?,
            Err(finding) => {
                file.set_extension("small.toml");
                case = smaller(
                    (&case, &finding),
                    change,
                    (options.budget, || false),
                    &file,
                    &mut out,
                )?;
            }
        }
    }
    let (mut stopwatch, mut remains) = (Stopwatch::start(), Remains::default());
    let wrong = |error| senseless(format!("{}: {error}", file.display()));
    let prepare = |cluster| change(output.prepare(cluster)).flight_recorder(&recorder);
    let scenario = case.scenario_with(prepare).map_err(wrong)?;
    let mut looked = Vec::new();
    let judged = judge_noting(&scenario, case.seed, &mut looked, |cluster| {
        stopwatch.progress(cluster.elapsed());
        remains.gather(&output, cluster);
    });
    let mut judged = judged.map_err(wrong)?;
    recorder.finish()?;
    if let Ok(outcome) = &mut judged {
        remains.go_on(&output, &mut outcome.cluster);
    }
    let command = format!(
        "{} replay {}{}",
        quoted::program(),
        quoted::path(&file),
        Plant::arguments(options.plant)
    );
    let subject =
        Subject { scenario: &case.name, about: &case.about, command: &command, seed: case.seed };
    let failure = judged.as_ref().err().map(|finding| finding.text.as_str());
    output.write(&subject, &remains, (&looked, failure), &mut out)?;
    tell(&mut out, &case, judged.as_ref().err(), &recorder)?;
    if let Some(said) = differs(&case, recorder.trace_hash()) {
        writeln!(out, "{said}")?;
    }
    writeln!(out, "see it again: {command}")?;
    out.flush()?;
    Ok(judged.err().map_or(Exit::Fine, |finding| Exit::from(finding.kind)))
}
