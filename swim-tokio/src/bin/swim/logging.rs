//! The library's log on standard error.

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, fmt};

use crate::output;

/// Begins to log. Notices are left out of the default: the agent prints them all on standard output.
pub(crate) fn start(verbose: u8, quiet: bool) {
    let (level, notices) = match (quiet, verbose) {
        (true, _) => (LevelFilter::ERROR, LevelFilter::OFF),
        (false, 0) => (LevelFilter::WARN, LevelFilter::OFF),
        (false, 1) => (LevelFilter::INFO, LevelFilter::INFO),
        (false, 2) => (LevelFilter::DEBUG, LevelFilter::DEBUG),
        (false, _) => (LevelFilter::TRACE, LevelFilter::TRACE),
    };
    let filter = Targets::new().with_default(level).with_target("swim_tokio::notice", notices);
    let colour = output::is_colour_wanted(&std::io::stderr());
    let layer = fmt::layer().with_writer(std::io::stderr).with_ansi(colour);
    tracing_subscriber::registry().with(layer.with_filter(filter)).init();
}
