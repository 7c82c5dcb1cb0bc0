//! Reports of a run: one page for people, figures for machines, curves as SVG files.
//!
//! The page needs nothing but itself: style, script and data are in it. Everything is made of a
//! [`History`] and of [`Figures`], with integers only, so equal runs have equal reports, but for
//! the processor's time if it was measured. What a cluster is, a report does not know.

mod chart;
mod curves;
mod data;
mod each_node;
mod page;
mod rows;
mod scale;
mod timeline;

use core::time::Duration;

use crate::figures::{CpuTime, Figures};
use crate::history::History;

/// What a report is made of.
///
/// ```
/// use std::time::Duration;
/// use swim_sim::{Cluster, Report};
///
/// let mut cluster = Cluster::lan(5).record_history().build_joined();
/// cluster.crash(3);
/// cluster.run_for(Duration::from_secs(30));
/// let (figures, trace_hash) = (cluster.figures(), cluster.trace_hash());
/// let history = cluster.take_history().unwrap();
/// let report = Report {
///     scenario: "a crash",
///     about: "one of five nodes crashes",
///     command: "cargo test",
///     nodes: 5,
///     seed: 0,
///     met: &[],
///     failure: None,
///     figures: &figures,
///     history: &history,
///     trace_hash,
///     cpu_time: None,
/// };
/// assert!(report.html().starts_with("<!doctype html>"));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Report<'a> {
    /// The scenario's name.
    pub scenario: &'a str,
    /// What it shows, in a sentence.
    pub about: &'a str,
    /// The command that does it again.
    pub command: &'a str,
    /// How many nodes there are.
    pub nodes: usize,
    /// The seed.
    pub seed: u64,
    /// The expectations, and when each was met.
    pub met: &'a [(String, Duration)],
    /// Why the run failed, if it did.
    pub failure: Option<&'a str>,
    /// What the run cost, and how well it went.
    pub figures: &'a Figures,
    /// What happened. Figures for machines need none of it.
    pub history: &'a History,
    /// The hash of everything that happened.
    pub trace_hash: u64,
    /// How long this machine's processor took, if that was measured: the only part that another run
    /// does not repeat.
    pub cpu_time: Option<&'a CpuTime>,
}

impl Report<'_> {
    /// The page: HTML that needs no other file and no network.
    #[must_use]
    pub fn html(&self) -> String {
        page::html(self)
    }

    /// The curves as SVG files: name and content of each.
    #[must_use]
    pub fn svg(&self) -> Vec<(String, String)> {
        let run = format!("{}, {} nodes, seed {}", self.scenario, self.nodes, self.seed);
        let end = timeline::millis(self.history.end());
        let curves = curves::of(self.history);
        curves
            .iter()
            .map(|curve| (format!("{}.svg", curve.id), chart::file(curve, &run, end)))
            .collect()
    }

    /// The figures as JSON.
    #[must_use]
    pub fn json(&self) -> String {
        format!("{:#}\n", rows::json(self))
    }

    /// The figures as CSV, one in each line.
    #[must_use]
    pub fn csv(&self) -> String {
        rows::csv(self)
    }
}

/// Text for HTML, in elements and attributes.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
