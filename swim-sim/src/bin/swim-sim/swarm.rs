//! `swim-sim swarm`: a campaign of runs drawn from a seed.

use std::fs;
use std::io::{self, IsTerminal as _, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use swim_sim::campaign::{Campaign, RUNS_FOR_ALL, Report};
use swim_sim::{Case, Finding};

use crate::Exit;
use crate::stopwatch::Stopwatch;

/// A campaign's options.
#[derive(Clone, Debug, Args)]
#[command(after_help = "Example: cargo sim swarm --runs 10000\n\n\
    Each run draws its size, network, settings, faults and workload from its seed, is watched by all checkers at every \
    step, and must agree by computed deadlines after the last fault. The same seed and number of runs give the same \
    report, however many jobs. Of 2000 runs and more, a state that none came into is a failure of the campaign.")]
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
    /// Where cases that fail are written.
    #[arg(long, value_name = "DIR", default_value = "target/swarm")]
    out: PathBuf,
    /// Goes on after a failure, and tells of all.
    #[arg(long)]
    keep_going: bool,
}

/// Runs a campaign.
pub(crate) fn swarm(options: &Swarm) -> io::Result<Exit> {
    let processors = || std::thread::available_parallelism().map_or(1, usize::from);
    let jobs = options.jobs.map_or_else(processors, usize::from);
    let campaign = Campaign { jobs, stops: !options.keep_going, ..Campaign::new(options.seed, options.runs) };
    let mut progress = Progress::start(options);
    let report = campaign.run(|report| {
        progress.show(report);
        progress.goes_on()
    });
    progress.end();
    let mut out = io::stdout().lock();
    writeln!(out, "{}", report.coverage)?;
    let (owed, missed) = report.deliveries;
    writeln!(out, "{missed} of {owed} deliveries of broadcasts are missing, in a whole world")?;
    writeln!(out, "{}", progress.summary(&report))?;
    for (number, (case, finding)) in &report.failed {
        tell(&mut out, options, *number, case, finding)?;
    }
    if let Some((_, _, finding)) = report.first_failure() {
        return Ok(Exit::from(finding.kind));
    }
    if !report.delivers() {
        writeln!(out, "that are more than may be missed")?;
        return Ok(Exit::Liveness);
    }
    let missed: Vec<_> = report.coverage.missed().collect();
    if missed.is_empty() {
        return Ok(Exit::Fine);
    }
    writeln!(out, "never reached: {}", missed.join("; "))?;
    if report.runs < RUNS_FOR_ALL {
        writeln!(out, "that is no failure: {} runs are not enough to reach all, {RUNS_FOR_ALL} are", report.runs)?;
        return Ok(Exit::Fine);
    }
    Ok(Exit::Coverage)
}

/// Writes the case of a run that failed, and says how to see it again.
fn tell(out: &mut impl Write, options: &Swarm, number: u64, case: &Case, finding: &Finding) -> io::Result<()> {
    let path = options.out.join(format!("seed-{}-run-{number}.toml", options.seed));
    write_case(&path, case)?;
    writeln!(out, "run {number} failed: {}: {}", finding.kind, finding.headline())?;
    writeln!(out, "see it again: cargo sim replay {}", path.display())
}

fn write_case(path: &Path, case: &Case) -> io::Result<()> {
    let written = path.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(path, case.to_toml()));
    written.map_err(|error| io::Error::new(error.kind(), format!("{} cannot be written: {error}", path.display())))
}

/// How far a campaign is, on a line of its own that is rewritten on a terminal.
struct Progress {
    stopwatch: Stopwatch,
    runs: u64,
    time_limit: Option<Duration>,
    is_terminal: bool,
}

impl Progress {
    fn start(options: &Swarm) -> Self {
        Self {
            stopwatch: Stopwatch::start(),
            runs: options.runs,
            time_limit: options.time_limit,
            is_terminal: io::stderr().is_terminal(),
        }
    }

    fn goes_on(&self) -> bool {
        self.time_limit.is_none_or(|limit| self.stopwatch.elapsed() < limit)
    }

    fn show(&mut self, report: &Report) {
        let pause = if self.is_terminal { Duration::from_millis(200) } else { Duration::from_secs(5) };
        if self.stopwatch.is_due(pause) {
            let line = self.summary(report);
            if self.is_terminal { eprint!("\r{line}\x1b[K") } else { eprintln!("{line}") }
        }
    }

    /// Leaves the terminal's line to others.
    fn end(&self) {
        if self.is_terminal {
            eprint!("\r\x1b[K");
        }
    }

    fn summary(&self, report: &Report) -> String {
        let states = report.coverage.states().len();
        let reached = states - report.coverage.missed().count();
        let failed = report.failed.len();
        format!(
            "{} of {} runs, {} runs a second, {} virtual seconds a second, {reached} of {states} states reached, {failed} failed",
            report.runs,
            self.runs,
            self.stopwatch.rate(report.runs),
            self.stopwatch.speed(report.virtual_time),
        )
    }
}
