//! The arguments of `swim agent`: where its configuration is, and all its settings.

use std::path::PathBuf;

use clap::Args;

use crate::settings::{Settings, marked, read_file};
use crate::shapes::detection::comments;

/// The arguments of `swim agent`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Examples:
  swim agent --id one
  swim agent --id two --bind 127.0.0.1:0 --seed 127.0.0.1:7946 --http
  swim agent --id web-1 --bind 0.0.0.0:7946 --advertise 10.0.0.5:7946 --seed swim.example.org:7946 --tag role=web
  swim agent --config /etc/swim/swim.toml --http unix:/run/swim/swim.sock
  swim agent --on member-failed='logger -t swim \"$SWIM_MEMBER failed\"'
  swim agent --config /etc/swim/swim.toml --print-config")]
pub(crate) struct Agent {
    /// A TOML file with settings; SIGHUP makes the agent read it again
    #[arg(long, value_name = "FILE", env = "SWIM_CONFIG")]
    pub(crate) config: Option<PathBuf>,
    /// Prints all settings, merged, as a configuration file, with where each comes from if it is no
    /// default, and ends
    #[arg(long)]
    pub(crate) print_config: bool,
    #[command(flatten)]
    pub(crate) settings: Settings,
    /// What the flags alone say.
    #[arg(skip)]
    pub(crate) flags: Settings,
}

impl Agent {
    /// The settings of flags, environment and file as they stand now.
    ///
    /// # Errors
    /// A sentence for people.
    pub(crate) fn merged(&self) -> Result<Settings, String> {
        self.settings.clone().over_file(self.config.as_deref())
    }

    /// The merged settings as a configuration file, with where each comes from.
    pub(crate) fn explained(&self, merged: &Settings) -> String {
        // It could be read a moment ago.
        let file = self.config.as_deref().and_then(|path| read_file(path).ok()).unwrap_or_default();
        let name =
            self.config.as_deref().map(|path| path.display().to_string()).unwrap_or_default();
        let layers =
            [("flag", &self.flags), ("environment", &self.settings), (name.as_str(), &file)];
        marked(&merged.to_toml(), &layers) + &comments(&merged.protocol.config())
    }
}
