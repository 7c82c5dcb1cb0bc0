//! The command line.

use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::cases::Case;
use crate::spread;

/// Measures simulated clusters, ours next to foca's.
#[derive(Debug, Parser)]
#[command(
    name = "cluster",
    bin_name = "cargo bench -p swim-sim --",
    args_conflicts_with_subcommands = true,
    after_help = "Examples:\n  cargo bench -p swim-sim\n  cargo bench -p swim-sim -- --nodes 1000 --case crash\n  \
        cargo bench -p swim-sim -- --full\n  cargo bench -p swim-sim -- reach --nodes 1000 --loss 50 --seeds 10\n  \
        cargo bench -p swim-sim -- spread --nodes 1000 --loss 50\n\n\
        Exit codes: 0 measured; 1 a measurement could not be made; 64 wrong arguments."
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) comparison: Comparison,
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    /// Measures one peer and prints the figures as JSON: what the processes of a comparison are
    /// told.
    #[arg(long, hide = true)]
    pub(crate) child: Option<Peer>,
    /// What cargo tells every benchmark.
    #[arg(long, hide = true, global = true)]
    bench: bool,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct Comparison {
    /// How many nodes, several separated by commas [default: 100,1000].
    #[arg(long, value_delimiter = ',', value_parser = clap::value_parser!(u32).range(4..=100_000))]
    pub(crate) nodes: Vec<u32>,
    /// Which cases, several separated by commas; a join always comes first, since the others need
    /// it [default: all].
    #[arg(long = "case", value_enum, value_delimiter = ',')]
    pub(crate) cases: Vec<Case>,
    /// All sizes: 100, 1000, 5000 and 10000, with a higher limit. This takes about two hours and 9
    /// GB.
    #[arg(long, conflicts_with = "nodes")]
    pub(crate) full: bool,
    /// What to measure, several separated by commas.
    #[arg(long = "peer", value_enum, value_delimiter = ',', default_values_t = [Peer::Swim, Peer::Foca])]
    pub(crate) peers: Vec<Peer>,
    /// The seed from which everything random is drawn.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// A case that takes more CPU seconds than this is stopped where it stands, and those after it
    /// are left out [default: 120, and 600 with --full].
    #[arg(long, value_name = "SECONDS")]
    limit: Option<u64>,
    /// Leaves the storm of joins out where a peer takes too long for it: its nodes are told of each
    /// other at once. Ours join all the same, since they have no other way, but the join is not
    /// printed.
    #[arg(long)]
    pub(crate) introduced: bool,
    /// Leaves the pages of memory as small as the system makes them. Otherwise glibc is told to ask
    /// for huge ones, for both peers: a simulated cluster is some hundred MB that are touched here
    /// and there, and half of the time would go into finding the pages.
    #[arg(long)]
    pub(crate) small_pages: bool,
    /// Has callgrind count during this case: for benches/core-share.
    #[arg(long, hide = true, requires = "child")]
    pub(crate) counted: Option<Case>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Does every death reach every live node? Counts pairs left uninformed and false deaths over
    /// many seeds.
    Reach(Reach),
    /// How fast does one update of ours reach everyone, next to what the theory of epidemics says?
    #[command(after_help = spread::BOUND)]
    Spread(Seeds),
}

#[derive(Clone, Debug, Args)]
pub(crate) struct Seeds {
    /// How many nodes.
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(4..=100_000))]
    pub(crate) nodes: u32,
    /// How many of 1,000 packets are lost.
    #[arg(long, value_name = "PERMILLE", default_value_t = 50, value_parser = clap::value_parser!(u16).range(0..=1_000))]
    pub(crate) loss: u16,
    /// How many seeds.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) seeds: u64,
    /// The first seed.
    #[arg(long, default_value_t = 0)]
    pub(crate) first: u64,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct Reach {
    #[command(flatten)]
    pub(crate) seeds: Seeds,
    /// What to measure.
    #[arg(long, value_enum, default_value_t = Peer::Swim)]
    pub(crate) peer: Peer,
}

/// An implementation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Peer {
    /// This project.
    Swim,
    /// foca 2, from crates.io.
    Foca,
}

impl Comparison {
    /// The sizes, in the order asked for.
    pub(crate) fn sizes(&self) -> Vec<u32> {
        match (self.full, self.nodes.is_empty()) {
            (true, _) => vec![100, 1_000, 5_000, 10_000],
            (false, true) => vec![100, 1_000],
            (false, false) => self.nodes.clone(),
        }
    }

    /// How much CPU time a case may take.
    pub(crate) fn limit(&self) -> Duration {
        Duration::from_secs(self.limit.unwrap_or(if self.full { 600 } else { 120 }))
    }

    /// Returns true if a case is wanted.
    pub(crate) fn wants(&self, case: Case) -> bool {
        let is_asked_for = self.cases.is_empty() || self.cases.contains(&case);
        if case == Case::Join { !self.introduced } else { is_asked_for }
    }
}

/// The name of a choice on the command line.
pub(crate) fn name_of(choice: &impl ValueEnum) -> String {
    choice.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
}
