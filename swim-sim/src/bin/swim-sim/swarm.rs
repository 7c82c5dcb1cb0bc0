//! `swim-sim swarm`: a campaign of runs drawn from a seed; the first that fails is shrunk, written
//! and told.

use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use swim_sim::campaign::{Campaign, MISSED_PERMILLE, RUNS_FOR_ALL, Report, judge};
use swim_sim::{Case, Finding, FlightRecorder};

use crate::exit::Exit;
use crate::plant::Plant;
use crate::progress::CampaignBar;
use crate::quoted;
use crate::smaller::{Budget, smaller, write_case};
use crate::stop::Stop;
use crate::telling::tell;

/// A campaign's options.
#[derive(Clone, Debug, Args)]
#[command(after_help = "Example: cargo sim swarm --runs 10000\n\n\
    Each run draws its size, network, settings, faults and workload from its seed, is watched by all checkers at every \
    step, and must agree by computed deadlines after the last fault. The same seed and number of runs give the same \
    report, however many jobs. Of 2000 runs and more, a state that none came into is a failure of the campaign.\n\n\
    The first run that fails is made smaller as long as it fails alike, and is told with the last events around what \
    went wrong and the command that replays it. Ctrl-C begins no run any more and tells of those that were made; \
    a second one ends it at once. docs/SIMULATION.md tells more.")]
pub(crate) struct Swarm {
    /// How many runs.
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u64).range(1..))]
    runs: u64,
    /// The seed from which all runs are drawn.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// How many runs at a time [default: as many as there are processors].
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=1_024))]
    jobs: Option<u16>,
    /// No run is begun after this time, as in `90s` or `10m`.
    #[arg(long, value_name = "DURATION", value_parser = swim_sim::case::time::parse)]
    time_limit: Option<Duration>,
    /// Where cases that fail are written, as they were drawn and as small as they became.
    #[arg(long, value_name = "DIR", default_value = "target/swarm")]
    out: PathBuf,
    /// Goes on after a failure, and tells of all.
    #[arg(long)]
    keep_going: bool,
    /// A state that no run came into is a failure however few the runs are.
    #[arg(long)]
    all_states: bool,
    #[command(flatten)]
    budget: Budget,
    /// Plants a failure of this kind into every run, to see what becomes of one.
    #[arg(long, value_enum, value_name = "KIND")]
    plant: Option<Plant>,
}

/// Runs a campaign.
pub(crate) fn swarm(options: &Swarm) -> io::Result<Exit> {
    let processors = || std::thread::available_parallelism().map_or(1, usize::from);
    let jobs = options.jobs.map_or_else(processors, usize::from);
    let change = Plant::change(options.plant);
    let campaign = Campaign {
        jobs,
        stops: !options.keep_going,
        change,
        ..Campaign::new(options.seed, options.runs)
    };
    let bar = CampaignBar::new(options.runs);
    let stop = Stop::on_signals()?;
    let (mut known, mut unwritten, mut goes_on) = (0, None, true);
    let report = campaign.run(|report| {
        bar.show(report);
        // At once, since who goes on for hours may end it before its time.
        for (number, (case, finding)) in report.failed.iter().skip(known) {
            let path = options.file(*number, "toml");
            unwritten =
                unwritten.take().or(write_case(&path, case, Plant::change(options.plant)).err());
            if options.keep_going {
                bar.say(&format!(
                    "run {number} failed: {} ({})",
                    finding.headline(),
                    path.display()
                ));
            }
        }
        known = report.failed.len();
        if stop.is_asked() && goes_on {
            bar.say(
                "stopping: the runs that have begun are finished; once more, and it ends at once",
            );
            goes_on = false;
        }
        goes_on
            && unwritten.is_none()
            && options.time_limit.is_none_or(|limit| bar.elapsed() < limit)
    });
    bar.end();
    unwritten.map_or(Ok(()), Err)?;
    let mut out = io::stdout().lock();
    tally(options, &report, &mut out)?;
    writeln!(out, "{}", bar.summary(&report))?;
    if let Some(end) = options.early_end(&report, &stop) {
        writeln!(out, "{end} ended it: {} runs were made, of {}", report.runs, options.runs)?;
    }
    failures(options, &report, &mut out)?;
    if let Some((number, case, finding)) = report.first_failure() {
        show(options, number, (case, finding), &stop, &mut out)?;
        return Ok(Exit::from(finding.kind));
    }
    if !report.delivers() {
        writeln!(
            out,
            "found by: more than {MISSED_PERMILLE} of 1,000 deliveries of broadcasts are missing"
        )?;
        return Ok(Exit::Liveness);
    }
    match verdict(options, &report, &mut out)? {
        Exit::Fine if stop.is_asked() && report.runs < options.runs => Ok(Exit::Stopped),
        exit => Ok(exit),
    }
}

/// What the runs came into, and what they missed.
fn tally(options: &Swarm, report: &Report, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}", report.coverage)?;
    let (owed, missed) = report.deliveries;
    if owed > 0 {
        writeln!(out, "{missed} of {owed} deliveries of broadcasts are missing, in a whole world")?;
    }
    let (owed, missed) = report.announcements;
    if owed > 0 {
        writeln!(
            out,
            "{missed} of {owed} user events, queries and answers are missing, in a whole world"
        )?;
    }
    let (owed, late) = report.updates;
    if owed > 0 {
        writeln!(out, "{late} of {owed} rows were late when the last updates had been gossiped")?;
    }
    for (number, (case, deliveries, late)) in &report.missing {
        let path = options.file(*number, "missing.toml");
        write_case(&path, case, Plant::change(options.plant))?;
        let rows = if *late > 0 { format!("{late} rows were late; ") } else { String::new() };
        writeln!(out, "  run {number}: {rows}{deliveries} ({})", path.display())?;
    }
    Ok(())
}

/// A word on each run that failed.
fn failures(options: &Swarm, report: &Report, out: &mut dyn Write) -> io::Result<()> {
    for (number, (_, finding)) in &report.failed {
        let path = options.file(*number, "toml");
        writeln!(
            out,
            "run {number} failed: {}: {} ({})",
            finding.kind,
            finding.headline(),
            path.display()
        )?;
        writeln!(out, "found by: {}", finding.found_by())?;
    }
    if let Some(reason) = &report.too_many {
        writeln!(out, "{reason}; one of these runs is shown, and is to miss nothing from now on")?;
    }
    Ok(())
}

/// Whether all states were reached that are to be.
fn verdict(options: &Swarm, report: &Report, out: &mut dyn Write) -> io::Result<Exit> {
    let missed: Vec<_> = report.coverage.missed().collect();
    if missed.is_empty() {
        return Ok(Exit::Fine);
    }
    writeln!(out, "never reached: {}", missed.join("; "))?;
    if report.runs < RUNS_FOR_ALL && !options.all_states {
        writeln!(
            out,
            "that is no failure: {} runs are not enough to reach all, {RUNS_FOR_ALL} are",
            report.runs
        )?;
        return Ok(Exit::Fine);
    }
    Ok(Exit::Coverage)
}

/// Shrinks a run that failed, runs what is left of it once more, and tells all of that.
fn show(
    options: &Swarm,
    number: u64,
    failed: (&Case, &Finding),
    stop: &Stop,
    out: &mut dyn Write,
) -> io::Result<()> {
    let (file, change) = (options.file(number, "small.toml"), Plant::change(options.plant));
    writeln!(out)?;
    let small = smaller(failed, change, (options.budget, || stop.is_asked()), &file, out)?;
    let recorder = FlightRecorder::new();
    let judged = judge(&small, |cluster| change(cluster).flight_recorder(&recorder))
        .map_err(io::Error::other)?;
    tell(out, &small, judged.as_ref().err(), &recorder)?;
    if judged.is_ok() {
        writeln!(out, "it failed before, and did not now: it depends on more than its seed")?;
    }
    let (program, plant) = (quoted::program(), Plant::arguments(options.plant));
    writeln!(out, "see it again: {program} replay {}{plant}", quoted::path(&file))
}

impl Swarm {
    /// What ended a campaign before its last run, if it was no failure.
    fn early_end(&self, report: &Report, stop: &Stop) -> Option<String> {
        let limit = || self.time_limit.map(|limit| format!("the time limit of {limit:?}"));
        let end = if stop.is_asked() { Some(String::from("ctrl-c")) } else { limit() };
        let failed = !self.keep_going && !report.failed.is_empty();
        end.filter(|_| !failed && report.runs < self.runs)
    }

    fn file(&self, run: u64, extension: &str) -> PathBuf {
        self.out.join(format!("seed-{}-run-{run}.{extension}", self.seed))
    }
}
