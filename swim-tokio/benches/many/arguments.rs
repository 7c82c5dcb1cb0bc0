//! The command line.

use std::time::Duration;

use clap::Parser;

/// Runs many nodes in one process on loopback until they are in steady state, and reports what each
/// costs there.
#[derive(Debug, Parser)]
#[command(
    name = "many",
    bin_name = "cargo bench -p swim-tokio --",
    after_help = "Steady state is: every node counts all others as members, nobody is suspected, and nobody has anything to \
        pass on, for 5 s on end.\n\nExamples:\n  cargo bench -p swim-tokio\n  cargo bench -p swim-tokio -- --nodes 200 --seconds 30\n\n\
        Exit codes: 0 measured; 1 no steady state in time, or nodes could not be started; 64 wrong arguments."
)]
pub(crate) struct Arguments {
    /// How many nodes.
    #[arg(long, default_value_t = 2_000, value_parser = clap::value_parser!(u32).range(2..=10_000))]
    pub(crate) nodes: u32,
    /// For how long the steady state is measured.
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=3_600))]
    seconds: u64,
    /// How long the way there may take.
    #[arg(long, default_value_t = 300, value_parser = clap::value_parser!(u64).range(1..=3_600))]
    wait: u64,
    /// How many nodes start in a second; each joins through the first one. What a newcomer costs
    /// grows with the cluster, as everybody passes it on: more than the processors bear, and nodes
    /// take each other for dead.
    #[arg(long, value_name = "NODES", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) rate: u32,
    /// How many threads run the nodes [default: as many as there are processors].
    #[arg(long)]
    pub(crate) threads: Option<usize>,
    /// What cargo tells every benchmark.
    #[arg(long, hide = true)]
    bench: bool,
}

impl Arguments {
    /// For how long the steady state is measured.
    pub(crate) const fn measured(&self) -> Duration {
        Duration::from_secs(self.seconds)
    }

    /// How long the way there may take.
    pub(crate) const fn patience(&self) -> Duration {
        Duration::from_secs(self.wait)
    }

    /// How many files are open at most: two sockets for each node, a few connections of each while
    /// tables are exchanged.
    pub(crate) fn files(&self) -> u64 {
        u64::from(self.nodes) * 6 + 64
    }
}
