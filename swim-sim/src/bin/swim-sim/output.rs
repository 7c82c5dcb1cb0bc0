//! What `swim-sim run` gives back besides its exit code: figures in a format, a page, curves.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use cpu_time::ThreadTime;
use serde_json::{Value, json};
use swim_sim::{Became, Builder, Cluster, CpuTime, Figures, History, Looked, Report};

use crate::aside::aside;
use crate::recording::unwritten;

/// So many virtual seconds a recording goes on after the verdict, so that one sees what the curves
/// come to.
const AFTER_VERDICT: u64 = 10;

/// What to write, and where.
#[derive(Clone, Debug, Args)]
pub(crate) struct Output {
    /// Writes a page that shows the run, for any browser; it needs no network.
    #[arg(long, value_name = "FILE.html")]
    pub(crate) report: Option<PathBuf>,
    /// Writes the curves of the run as SVG files into this directory.
    #[arg(long, value_name = "DIR")]
    pub(crate) svg: Option<PathBuf>,
    /// How the figures are printed.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    Text,
    /// One JSON object, of a run that failed as well.
    Json,
    /// A line for each figure, of a run that failed as well.
    Csv,
}

/// Which run it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Subject<'a> {
    pub(crate) scenario: &'a str,
    pub(crate) about: &'a str,
    /// The command that does it again.
    pub(crate) command: &'a str,
    pub(crate) seed: u64,
}

/// What a run leaves behind even if it fails.
#[derive(Debug, Default)]
pub(crate) struct Remains {
    history: History,
    figures: Option<Figures>,
    cpu_time: Option<CpuTime>,
    nodes: usize,
    trace_hash: u64,
}

impl Remains {
    /// Takes what has been recorded by now.
    pub(crate) fn gather(&mut self, output: &Output, cluster: &mut Cluster) {
        if let Some(piece) = cluster.take_history() {
            self.history.append(piece);
        }
        self.nodes = cluster.nodes().len();
        if output.is_wanted() {
            (self.figures, self.trace_hash) = (Some(cluster.figures()), cluster.trace_hash());
            self.cpu_time = cluster.cpu_time().cloned();
        }
    }
}

impl Remains {
    /// Lets a run go on that has its verdict, to be seen on the page. Figures and hash stay those
    /// of the verdict.
    pub(crate) fn go_on(&mut self, output: &Output, cluster: &mut Cluster) {
        for _ in 0..if output.is_drawn() { AFTER_VERDICT } else { 0 } {
            let ran = cluster.try_run_for(Duration::from_secs(1));
            cluster.take_history().into_iter().for_each(|piece| self.history.append(piece));
            if let Err(violation) = ran {
                return aside!(
                    "after the verdict, while the recording went on, a promise was broken: {violation}"
                );
            }
        }
    }
}

impl Output {
    /// Returns true if anything but text is wanted.
    fn is_wanted(&self) -> bool {
        self.is_drawn() || self.format != Format::Text
    }

    /// Returns true if the run is to be seen.
    const fn is_drawn(&self) -> bool {
        self.report.is_some() || self.svg.is_some()
    }

    /// Makes sure that what is wanted can be written, before a run that may take long. What is
    /// there already stays as it is.
    pub(crate) fn check(&self) -> io::Result<()> {
        if let Some(path) = &self.report {
            let opened = OpenOptions::new().create(true).append(true).open(path);
            opened.map_err(|error| unwritten(path, &error))?;
        }
        let made = self.svg.as_ref().map(|directory| (directory, fs::create_dir_all(directory)));
        made.map_or(Ok(()), |(directory, made)| made.map_err(|error| unwritten(directory, &error)))
    }

    /// A cluster that records what is needed.
    pub(crate) fn prepare(&self, cluster: Builder) -> Builder {
        let cluster = if self.is_drawn() { cluster.record_history() } else { cluster };
        // One thread does it all, so its time is the run's.
        if self.is_wanted() {
            cluster.measure_cpu(|| ThreadTime::now().as_duration())
        } else {
            cluster
        }
    }

    /// Writes what is wanted; figures go to `out`.
    pub(crate) fn write(
        &self,
        subject: &Subject<'_>,
        remains: &Remains,
        (looked, failure): (&[Looked], Option<&str>),
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let Some(figures) = &remains.figures else { return Ok(()) };
        let met: Vec<_> = looked.iter().filter_map(Looked::met).collect();
        let report = Report {
            scenario: subject.scenario,
            about: subject.about,
            command: subject.command,
            nodes: remains.nodes,
            seed: subject.seed,
            met: &met,
            failure,
            figures,
            history: &remains.history,
            trace_hash: remains.trace_hash,
            cpu_time: remains.cpu_time.as_ref(),
        };
        if let Some(path) = &self.report {
            fs::write(path, report.html()).map_err(|error| unwritten(path, &error))?;
        }
        if let Some(directory) = &self.svg {
            for (name, svg) in report.svg() {
                let path = directory.join(name);
                fs::write(&path, svg).map_err(|error| unwritten(&path, &error))?;
            }
        }
        match self.format {
            Format::Text => Ok(()),
            Format::Json => {
                let mut json: Value = serde_json::from_str(&report.json())?;
                json["expectations"] = looked.iter().map(expectation).collect();
                writeln!(out, "{json:#}")
            }
            Format::Csv => out.write_all(report.csv().as_bytes()),
        }
    }
}

/// An expectation, by when or at which moment it must hold, and what became of it.
fn expectation(looked: &Looked) -> Value {
    let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    let (became, met_at) = match looked.became {
        Became::Met(time) => ("met", Some(time)),
        Became::Missed => ("missed", None),
        Became::Open => ("not looked at", None),
    };
    json!({
        "expectation": looked.what,
        "by_ms": looked.by.map(millis),
        "at_ms": looked.at.map(millis),
        "outcome": became,
        "met_at_ms": met_at.map(millis),
    })
}
