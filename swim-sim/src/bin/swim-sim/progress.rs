//! How far a campaign or a shrinking is: a bar on a terminal, nothing where there is none.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use swim_sim::campaign::Report;
use swim_sim::shrink::Progress;

use crate::aside::aside;
use crate::stopwatch::Stopwatch;

/// The bar is drawn so often in a second at most.
const DRAWN_HZ: u8 = 5;

fn bar(length: u64, template: &str) -> ProgressBar {
    let style = ProgressStyle::with_template(template).expect("the templates are our own");
    // It draws nothing where standard error is no terminal.
    let bar =
        ProgressBar::with_draw_target(Some(length), ProgressDrawTarget::stderr_with_hz(DRAWN_HZ));
    bar.set_style(style.progress_chars("=> "));
    bar.enable_steady_tick(Duration::from_secs(1));
    bar
}

/// A campaign's.
#[derive(Debug)]
pub(crate) struct CampaignBar {
    bar: ProgressBar,
    stopwatch: Stopwatch,
    runs: u64,
}

impl CampaignBar {
    pub(crate) fn new(runs: u64) -> Self {
        let template = "[{bar:24}] {pos} of {len} runs, {msg}, {eta} left";
        Self { bar: bar(runs, template), stopwatch: Stopwatch::start(), runs }
    }

    /// Since its making.
    pub(crate) fn elapsed(&self) -> Duration {
        self.stopwatch.elapsed()
    }

    pub(crate) fn show(&self, report: &Report) {
        self.bar.set_position(report.runs);
        self.bar.set_message(self.pace(report));
    }

    /// A line for people, above the bar.
    pub(crate) fn say(&self, line: &str) {
        self.bar.suspend(|| aside!("{line}"));
    }

    /// Leaves the terminal's line to others.
    pub(crate) fn end(&self) {
        self.bar.finish_and_clear();
    }

    pub(crate) fn summary(&self, report: &Report) -> String {
        format!("{} of {} runs, {}", report.runs, self.runs, self.pace(report))
    }

    fn pace(&self, report: &Report) -> String {
        let states = report.coverage.states().len();
        let reached = states - report.coverage.missed().count();
        // States are counted of runs that did not fail; there may be none.
        let reached = match states {
            0 => String::from("no states counted"),
            _ => format!("{reached} of {states} states reached"),
        };
        format!(
            "{} runs a second, {} virtual seconds a second, {reached}, {} failed",
            self.stopwatch.rate(report.runs),
            self.stopwatch.speed(report.virtual_time),
            report.failed.len(),
        )
    }
}

/// A shrinking's.
#[derive(Debug)]
pub(crate) struct ShrinkBar(ProgressBar);

impl ShrinkBar {
    pub(crate) fn new(budget: u32) -> Self {
        Self(bar(
            u64::from(budget),
            "[{bar:24}] shrinking: {pos} of at most {len} runs, {msg}, {elapsed}",
        ))
    }

    pub(crate) fn show(&self, progress: Progress) {
        self.0.set_position(u64::from(progress.runs));
        self.0
            .set_message(format!("{} nodes and {} steps are left", progress.nodes, progress.steps));
    }

    /// Leaves the terminal's line to others.
    pub(crate) fn end(&self) {
        self.0.finish_and_clear();
    }
}
