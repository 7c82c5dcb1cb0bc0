//! The arguments of `swim`.

use std::net::SocketAddr;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use swim_tokio::{Config, Packets};

use crate::certificates::Certificates;

/// SWIM cluster membership: nodes that find each other, notice who is gone, and agree about it.
#[derive(Debug, Parser)]
#[command(
    name = "swim",
    version,
    arg_required_else_help = true,
    after_help = "\
Exit status: 0 when all went well, 1 after an error, 64 for wrong arguments; 130 and 143 when a second SIGINT or
SIGTERM cuts a leave short."
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Shows a cluster on this machine: nodes meet, one is killed, one leaves
    ///
    /// Starts nodes in this process that talk over real TCP connections on loopback, and shows who knows whom: first all
    /// find each other through a chain of seeds, then one is killed without a word and the others notice, then one
    /// leaves.
    Demo(Demo),
    /// Runs one node in the foreground and prints what happens in its cluster
    ///
    /// Its address is printed first, then each event as a line; the log goes to standard error. SIGINT (Ctrl-C) and
    /// SIGTERM make it leave the cluster and end; a second one ends it at once.
    Agent(Agent),
}

/// The arguments of `swim demo`.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  swim demo
  swim demo --nodes 12 --seed 7
  swim demo | cat          plain lines in place of the table")]
pub(crate) struct Demo {
    /// How many nodes
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u16).range(3..=64))]
    pub(crate) nodes: u16,
    /// Chooses the same nodes, and the same random numbers for each, at every run
    #[arg(long)]
    pub(crate) seed: Option<u64>,
    /// How long the whole may take; if it takes longer, it ends with exit status 1
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = seconds)]
    pub(crate) duration: Duration,
}

/// The arguments of `swim agent`.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  swim agent --id one --bind 127.0.0.1:7946
  swim agent --id two --bind 127.0.0.1:0 --seed 127.0.0.1:7946
  swim agent --id web-1 --bind 0.0.0.0:7946 --advertise 10.0.0.5:7946 --seed swim.example.org:7946 --format json")]
pub(crate) struct Agent {
    /// The node's name, unique in its cluster
    #[arg(long, value_name = "NAME")]
    pub(crate) id: String,
    /// Where to listen; port 0 takes any free one
    #[arg(long, value_name = "ADDRESS:PORT", value_parser = socket_address)]
    pub(crate) bind: SocketAddr,
    /// Where the others reach this node, if not where it listens; port 0 stands for the port that it listens at
    #[arg(long, value_name = "ADDRESS:PORT", value_parser = socket_address)]
    pub(crate) advertise: Option<SocketAddr>,
    /// A node to join through, tried until one answers; may be given several times
    #[arg(long = "seed", value_name = "HOST:PORT")]
    pub(crate) seeds: Vec<String>,
    /// The cluster's name; nodes of other clusters are kept out
    #[arg(long, value_name = "NAME", default_value = "default")]
    pub(crate) cluster: String,
    /// How packets travel; the same at all nodes of a cluster
    #[arg(long, value_enum, default_value_t = Transport::Tcp)]
    pub(crate) transport: Transport,
    #[command(flatten)]
    pub(crate) certificates: Certificates,
    /// The timing: for one machine, a local network, or links between sites
    #[arg(long, value_enum, default_value_t = Profile::Lan)]
    pub(crate) profile: Profile,
    /// What the others see beside the name and the address
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub(crate) metadata: String,
    /// How events are printed
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
    /// Logs more; twice: still more
    #[arg(short, long, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
    /// Logs errors only
    #[arg(short, long, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Profile {
    Local,
    Lan,
    Wan,
}

impl Profile {
    pub(crate) fn config(self) -> Config {
        match self {
            Self::Local => Config::local(),
            Self::Lan => Config::lan(),
            Self::Wan => Config::wan(),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Transport {
    /// Everything over pooled TCP connections
    Tcp,
    /// Packets by UDP, tables over TCP, both at the port of --bind
    Udp,
}

impl From<Transport> for Packets {
    fn from(transport: Transport) -> Self {
        match transport {
            Transport::Tcp => Self::Tcp,
            Transport::Udp => Self::Udp,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// A line for people
    Text,
    /// A JSON object on a line
    Json,
}

fn socket_address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| "write an IP address and a port, as 127.0.0.1:7946 or [::1]:7946".to_owned())
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "not a number of seconds".to_owned())?;
    match Duration::try_from_secs_f64(seconds) {
        Ok(duration) if !duration.is_zero() && seconds <= 86_400.0 => Ok(duration),
        _ => Err("must be above 0 and at most 86400 (a day)".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_definition_of_the_arguments_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn an_address_that_is_none_is_an_error_that_shows_how_to_write_it() {
        assert_eq!(socket_address("[::1]:7946"), Ok(SocketAddr::from((std::net::Ipv6Addr::LOCALHOST, 7946))));
        assert!(socket_address("localhost:0").unwrap_err().contains("127.0.0.1:7946"));
    }

    #[test]
    fn seconds_may_have_fractions_and_are_bounded() {
        assert_eq!(seconds("2.5"), Ok(Duration::from_millis(2_500)));
        for wrong in ["0", "-1", "nan", "inf", "86401", "soon"] {
            assert!(seconds(wrong).is_err(), "{wrong}");
        }
    }
}
