//! What `swim-sim run` gives back beside its exit code: figures in a format, a page, curves.

use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use serde_json::{Value, json};
use swim_sim::{Became, Builder, Cluster, Figures, History, Looked, Report};

use crate::recording::unwritten;

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
        }
    }
}

impl Output {
    /// Whether anything but text is wanted.
    fn is_wanted(&self) -> bool {
        self.report.is_some() || self.svg.is_some() || self.format != Format::Text
    }

    /// A cluster that records what is needed.
    pub(crate) fn prepare(&self, cluster: Builder) -> Builder {
        if self.report.is_some() || self.svg.is_some() { cluster.record_history() } else { cluster }
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
        };
        if let Some(path) = &self.report {
            fs::write(path, report.html()).map_err(|error| unwritten(path, &error))?;
        }
        if let Some(directory) = &self.svg {
            fs::create_dir_all(directory).map_err(|error| unwritten(directory, &error))?;
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
