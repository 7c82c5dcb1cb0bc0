//! The library's log on standard error.

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt;

use crate::output;

/// Begins to log. Notices are left out of the default: the agent prints them all on standard output.
pub(crate) fn start(verbose: u8, quiet: bool) {
    let filter = match (quiet, verbose) {
        (true, _) => "error,swim_tokio::notice=off",
        (false, 0) => "warn,swim_tokio::notice=off",
        (false, 1) => "info",
        (false, 2) => "debug",
        (false, _) => "trace",
    };
    let colour = output::is_colour_wanted(&std::io::stderr());
    fmt().with_env_filter(EnvFilter::new(filter)).with_writer(std::io::stderr).with_ansi(colour).init();
}
