//! The log on standard error.

use std::io::{self, Write};

use tracing_subscriber::filter::{FilterExt, LevelFilter, Targets};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, Registry, fmt, reload};

use crate::output;
use crate::output::escape::{Fields, Text, json_text};
use crate::output::pacing::{Pacing, STATE};
use crate::output::writer::Writer;
use crate::settings::{Level, LogFormat};

/// The running log, whose level can be changed.
#[derive(Debug)]
pub(crate) struct Logging {
    level: reload::Handle<Targets, Registry>,
    writer: Writer,
    pacing: Pacing,
}

/// Where lines go.
#[derive(Debug)]
struct Lines {
    writer: Writer,
    /// What stands in place of lines that were lost.
    complaint: fn(u64) -> Text,
    format: LogFormat,
}

/// One line, which comes as a whole.
#[derive(Debug)]
struct Line<'a>(&'a Lines);

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Line<'a>;

    fn make_writer(&'a self) -> Line<'a> {
        Line(self)
    }
}

impl Write for Line<'_> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        // The fields are escaped already; colours are the format's own.
        let whole = String::from_utf8_lossy(line).into_owned();
        let whole = if self.0.format == LogFormat::Json { json_text(whole) } else { whole };
        self.0.writer.offer(Text::own(whole), self.0.complaint);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What the log says where standard error did not take its lines.
fn lost(count: u64) -> Text {
    Text::line(format_args!(
        "swim: {count} lines of the log are lost here: standard error did not take them"
    ))
}

fn lost_as_json(count: u64) -> Text {
    let message = "lines of the log are lost here: standard error did not take them";
    Text::json_line(
        &serde_json::json!({ "level": "WARN", "message": message, "lost": count, "target": "swim::logging" }),
    )
}

impl Logging {
    /// Begins to log, in a runtime.
    ///
    /// # Errors
    /// The system has no thread to give.
    pub(crate) fn start(level: Level, format: LogFormat) -> io::Result<Self> {
        let writer = Writer::start("swim-log", |line| {
            output::log(line);
            true
        })?;
        let (filter, handle) = reload::Layer::new(targets(level));
        let layer = match format {
            LogFormat::Text => {
                let colour = output::is_colour_wanted(&io::stderr());
                let lines = Lines { writer: writer.clone(), complaint: lost, format };
                fmt::layer()
                    .with_writer(lines)
                    .with_ansi(colour)
                    .fmt_fields(Fields::default())
                    .boxed()
            }
            LogFormat::Json => {
                let lines = Lines { writer: writer.clone(), complaint: lost_as_json, format };
                fmt::layer().json().flatten_event(true).with_writer(lines).boxed()
            }
        };
        let pacing = Pacing::default();
        tracing_subscriber::registry().with(layer.with_filter(filter.and(pacing.clone()))).init();
        tokio::spawn(pacing.clone().run());
        Ok(Self { level: handle, writer, pacing })
    }

    /// Logs more, or less, from now on.
    pub(crate) fn set_level(&self, level: Level) {
        // Only a subscriber that is gone cannot be changed, and it lasts as long as the process.
        let _ = self.level.reload(targets(level));
    }

    /// Waits, for a bounded time, until all is written.
    pub(crate) async fn flush(&self) {
        self.pacing.tell(true);
        self.writer.flush().await;
    }
}

/// What the library says of notices is left out: `cluster_log` and `joining` say it.
fn targets(level: Level) -> Targets {
    let level = match level {
        Level::Error => LevelFilter::ERROR,
        Level::Warn => LevelFilter::WARN,
        Level::Info => LevelFilter::INFO,
        Level::Debug => LevelFilter::DEBUG,
        Level::Trace => LevelFilter::TRACE,
    };
    Targets::new()
        .with_default(level)
        .with_target("swim_tokio::notice", LevelFilter::OFF)
        .with_target(STATE, LevelFilter::INFO)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_room_of_the_agent_logs_under_a_target_that_the_level_does_not_bound() {
        // Targets are prefixes, and a room's name is part of what it logs under.
        let quiet = targets(Level::Error);
        let rooms = include_str!("main.rs")
            .lines()
            .filter_map(|line| line.strip_prefix("mod ")?.strip_suffix(';'));
        for room in rooms {
            let target = format!("swim::{room}::inside");
            assert!(!quiet.would_enable(&target, &tracing::Level::INFO), "{target}");
        }
        assert!(quiet.would_enable(STATE, &tracing::Level::INFO));
    }
}
