//! What all experiments are told on the command line.

use std::fs;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::output::Format;
use crate::recording::unwritten;

/// Options of every experiment.
#[derive(Clone, Debug, Args)]
pub(crate) struct Common {
    /// A small version, done in seconds.
    #[arg(long, conflicts_with = "full")]
    pub(crate) quick: bool,
    /// The whole grid; docs/EXPERIMENTS.md says how long that takes.
    #[arg(long)]
    pub(crate) full: bool,
    /// How many nodes, several sizes separated by commas [default: by the experiment].
    #[arg(long, value_delimiter = ',', value_parser = clap::value_parser!(u32).range(8..=100_000))]
    pub(crate) nodes: Vec<u32>,
    /// How many seeds for each point [default: by the experiment].
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=100_000))]
    pub(crate) seeds: Option<u64>,
    /// The first seed.
    #[arg(long, default_value_t = 1)]
    pub(crate) first_seed: u64,
    /// How many runs at a time [default: as many as there are processors].
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=1_024))]
    pub(crate) jobs: Option<u16>,
    /// No run is begun after this time, as in `90s` or `10m`; what was not measured is shown as
    /// `-`.
    #[arg(long, value_name = "DURATION", value_parser = swim_sim::case::time::parse)]
    pub(crate) time_limit: Option<Duration>,
    /// Writes the plots as SVG files into this directory.
    #[arg(long, value_name = "DIR")]
    pub(crate) svg: Option<PathBuf>,
    /// How the tables are printed: CSV has a line for each table, row and column.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

impl Common {
    /// Makes sure that plots can be written, before runs that may take hours.
    pub(crate) fn check(&self) -> io::Result<()> {
        let made = self.svg.as_ref().map(|directory| (directory, fs::create_dir_all(directory)));
        made.map_or(Ok(()), |(directory, made)| made.map_err(|error| unwritten(directory, &error)))
    }

    /// What belongs to the effort that was asked for: little, usual or all.
    pub(crate) fn by_effort<T>(&self, quick: T, usual: T, full: T) -> T {
        match (self.quick, self.full) {
            (true, _) => quick,
            (_, true) => full,
            _ => usual,
        }
    }

    /// The sizes that were asked for, or else these.
    pub(crate) fn sizes(&self, quick: &[u32], usual: &[u32], full: &[u32]) -> Vec<usize> {
        let sizes =
            if self.nodes.is_empty() { self.by_effort(quick, usual, full) } else { &self.nodes };
        sizes.iter().map(|&size| size as usize).collect()
    }

    /// The seeds that were asked for, or else so many.
    pub(crate) fn seeds(
        &self,
        quick: u64,
        usual: u64,
        full: u64,
    ) -> impl Iterator<Item = u64> + Clone + use<> {
        let count = self.seeds.unwrap_or_else(|| self.by_effort(quick, usual, full));
        (0..count).map({
            let first = self.first_seed;
            move |number| first.wrapping_add(number)
        })
    }
}
