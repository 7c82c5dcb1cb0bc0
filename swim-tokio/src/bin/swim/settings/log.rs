//! `[log]`: what goes to standard error, and how.

use clap::{Args, ValueEnum};
use merge::Merge;
use serde::{Deserialize, Serialize};

use super::Group;

/// `[log]`.
#[derive(Args, Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields, default)]
#[command(next_help_heading = "Log")]
pub(crate) struct Log {
    /// How much is logged on standard error [default: warn]
    #[arg(
        id = "log_level",
        long = "log-level",
        value_name = "LEVEL",
        value_enum,
        env = "SWIM_LOG_LEVEL"
    )]
    pub(crate) level: Option<Level>,
    /// How the log is written [default: text]
    #[arg(
        id = "log_format",
        long = "log-format",
        value_name = "FORMAT",
        value_enum,
        env = "SWIM_LOG_FORMAT"
    )]
    pub(crate) format: Option<LogFormat>,
    /// Logs info; twice: debug; three times: trace; in place of --log-level, and over its
    /// environment variable
    #[arg(short, long, action = clap::ArgAction::Count)]
    #[serde(skip)]
    pub(crate) verbose: u8,
    /// Logs errors only, in place of --log-level, and over its environment variable
    #[arg(short, long, conflicts_with = "verbose")]
    #[serde(skip)]
    pub(crate) quiet: bool,
}

impl Merge for Log {
    /// What `-v` and `-q` say wins over the level, which is the environment's then:
    /// `cli/reading.rs`.
    fn merge(&mut self, below: Self) {
        let own = core::mem::take(self);
        let counted = match (own.quiet, own.verbose) {
            (true, _) => Some(Level::Error),
            (false, 0) => None,
            (false, 1) => Some(Level::Info),
            (false, 2) => Some(Level::Debug),
            (false, _) => Some(Level::Trace),
        };
        *self = Self {
            level: counted.or(own.level).or(below.level),
            format: own.format.or(below.format),
            verbose: 0,
            quiet: false,
        };
    }
}

impl Group for Log {
    fn defaults() -> Self {
        Self { level: Some(Level::Warn), format: Some(LogFormat::Text), verbose: 0, quiet: false }
    }
}

/// How much is logged.
#[derive(
    Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, PartialOrd, Serialize, ValueEnum,
)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Level {
    /// What went wrong
    Error,
    /// What needs a person
    #[default]
    Warn,
    /// What happens in the cluster, and to the agent
    Info,
    /// Details
    Debug,
    /// Everything
    Trace,
}

/// How the log is written.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogFormat {
    /// Lines for people
    #[default]
    Text,
    /// A JSON object on a line
    Json,
}
