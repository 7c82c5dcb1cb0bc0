//! The log on standard error.

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, Registry, fmt, reload};

use crate::output;
use crate::settings::{Level, LogFormat};

/// The running log, whose level can be changed.
#[derive(Debug)]
pub(crate) struct Logging(reload::Handle<Targets, Registry>);

impl Logging {
    /// Begins to log.
    pub(crate) fn start(level: Level, format: LogFormat) -> Self {
        let (filter, handle) = reload::Layer::new(targets(level));
        let layer = match format {
            LogFormat::Text => {
                let colour = output::is_colour_wanted(&std::io::stderr());
                fmt::layer().with_writer(std::io::stderr).with_ansi(colour).boxed()
            }
            LogFormat::Json => fmt::layer().json().flatten_event(true).with_writer(std::io::stderr).boxed(),
        };
        tracing_subscriber::registry().with(layer.with_filter(filter)).init();
        Self(handle)
    }

    /// Logs more, or less, from now on.
    pub(crate) fn set_level(&self, level: Level) {
        // Only a subscriber that is gone cannot be changed, and it lasts as long as the process.
        let _ = self.0.reload(targets(level));
    }
}

/// Notices are left out of the default: the agent prints them all on standard output.
fn targets(level: Level) -> Targets {
    let (level, notices) = match level {
        Level::Error => (LevelFilter::ERROR, LevelFilter::OFF),
        Level::Warn => (LevelFilter::WARN, LevelFilter::OFF),
        Level::Info => (LevelFilter::INFO, LevelFilter::INFO),
        Level::Debug => (LevelFilter::DEBUG, LevelFilter::DEBUG),
        Level::Trace => (LevelFilter::TRACE, LevelFilter::TRACE),
    };
    Targets::new().with_default(level).with_target("swim_tokio::notice", notices)
}
