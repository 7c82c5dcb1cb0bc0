//! The arguments of the commands that talk to a running agent.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::cli::endpoint::Endpoint;
use crate::settings::{HTTP_DEFAULT, Period, tag};
use crate::words::vocabulary::Wanted;

/// Which agent to talk to.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Agent")]
pub(crate) struct Place {
    #[allow(rustdoc::broken_intra_doc_links, reason = "it is help for the terminal")]
    /// Where the agent answers HTTP: http://HOST:PORT, https://HOST[:PORT][/PREFIX], or unix: and a
    /// path
    #[arg(long, global = true, value_name = "URL|unix:PATH", env = "SWIM_AGENT", default_value = HTTP_DEFAULT)]
    pub(crate) agent: Endpoint,
    /// The authority of the agent's certificate, for https:// (PEM) [default: those that the system
    /// trusts]
    #[arg(long, global = true, value_name = "FILE", env = "SWIM_AGENT_CA")]
    pub(crate) agent_ca: Option<PathBuf>,
    /// A file with the agent's token, if it wants one
    #[arg(long, global = true, value_name = "FILE", env = "SWIM_TOKEN_FILE")]
    pub(crate) token_file: Option<PathBuf>,
}

/// Which agent to talk to, and for how long.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Agent")]
pub(crate) struct Connect {
    #[command(flatten)]
    pub(crate) place: Place,
    /// How long the agent may take to answer; exit status 3 when it does not. Of a command that
    /// takes long by itself (join, leave, keys, ping, reachability): to show that it is there,
    /// unless this is given [default: 5s]
    #[arg(long, global = true, value_name = "TIME", env = "SWIM_TIMEOUT", value_parser = timeout)]
    pub(crate) timeout: Option<Period>,
}

/// Reads a time that is not 0.
pub(super) fn timeout(text: &str) -> Result<Period, String> {
    let period: Period = text.parse()?;
    if period.0.is_zero() {
        Err("the time is 0: write it as 500ms, 10s or 1m 30s".to_owned())
    } else {
        Ok(period)
    }
}

/// How an answer is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    /// For people
    Table,
    /// One JSON document
    Json,
    /// A JSON object on each line
    Jsonl,
}

/// The arguments of commands that only show something.
#[derive(Args, Debug)]
pub(crate) struct Show {
    /// How the answer is printed
    #[arg(long, global = true, value_enum, default_value_t = Output::Table)]
    pub(crate) format: Output,
    #[command(flatten)]
    pub(crate) connect: Connect,
}

/// The arguments of `swim members`.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  swim members
  swim members --status alive --tag role=web
  swim members --format json | jq -r '.members[].address'
  swim members --agent unix:/run/swim/swim.sock

Exit status 2 when no member matches.")]
pub(crate) struct Members {
    /// Only members of this status; may be given several times
    #[arg(long, value_enum)]
    pub(crate) status: Vec<StatusName>,
    /// Only members with exactly this tag (`swim query --tag` takes an expression); of several,
    /// with all of them
    #[arg(long = "tag", value_name = "NAME=VALUE", value_parser = tag)]
    pub(crate) tags: Vec<(String, String)>,
    #[command(flatten)]
    pub(crate) show: Show,
}

/// A status, as it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum StatusName {
    /// It answers
    Alive,
    /// It did not answer, and has some time left to object
    Suspect,
    /// It failed
    Dead,
    /// It left
    Left,
}

impl StatusName {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Alive => "alive",
            Self::Suspect => "suspect",
            Self::Dead => "dead",
            Self::Left => "left",
        }
    }
}

/// The arguments of `swim join`.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  swim join 10.0.0.1:7946
  swim join node-1.example.org:7946 node-2.example.org:7946")]
pub(crate) struct Join {
    /// Nodes to join through; the first that answers is enough
    #[arg(required = true, value_name = "HOST:PORT")]
    pub(crate) seeds: Vec<String>,
    #[command(flatten)]
    pub(crate) connect: Connect,
}

/// The arguments of `swim leave`.
#[derive(Args, Debug)]
#[command(after_help = "\
Example:
  swim leave               returns when the others are told; then the agent ends")]
pub(crate) struct Leave {
    #[command(flatten)]
    pub(crate) connect: Connect,
}

/// The arguments of `swim force-leave`.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  swim force-leave web-3
  swim force-leave --prune web-3")]
pub(crate) struct ForceLeave {
    /// The member's name
    pub(crate) member: String,
    /// Forget it at once, at this agent; the others forget it as one that left
    #[arg(long)]
    pub(crate) prune: bool,
    #[command(flatten)]
    pub(crate) connect: Connect,
}

/// The arguments of `swim tags`.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  swim tags                            shows them
  swim tags --set role=web --set zone=a
  swim tags --delete zone")]
pub(crate) struct Tags {
    /// A tag to set
    #[arg(long, value_name = "NAME=VALUE", value_parser = tag)]
    pub(crate) set: Vec<(String, String)>,
    /// A tag to delete
    #[arg(long, value_name = "NAME")]
    pub(crate) delete: Vec<String>,
    #[command(flatten)]
    pub(crate) show: Show,
}

/// The arguments of `swim broadcast`.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  swim broadcast 'deploy 17'
  echo reload | swim broadcast -")]
pub(crate) struct Broadcast {
    /// What every other member is told, once; `-` reads it from standard input
    pub(crate) payload: String,
    #[command(flatten)]
    pub(crate) connect: Connect,
}

/// The arguments of `swim monitor`.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  swim monitor
  swim monitor --event member-failed --event member-leave --format jsonl
  swim monitor --event user:deploy
  swim monitor --event member-join --count 1   waits for the next member")]
pub(crate) struct Monitor {
    /// Only events of this name (member-join, member-failed, member-leave, user, query, …), as
    /// handlers have them; may be given several times
    #[arg(long = "event", value_name = "NAME")]
    pub(crate) events: Vec<Wanted>,
    /// Ends after so many events
    #[arg(long)]
    pub(crate) count: Option<u64>,
    #[command(flatten)]
    pub(crate) show: Show,
}

/// The arguments of `swim ping`.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  swim ping web-3
  swim ping web-3 --count 5

Exit status 1 when a ping is not answered.")]
pub(crate) struct Ping {
    /// The member's name
    pub(crate) member: String,
    /// How many pings, one after the other
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) count: u32,
    #[command(flatten)]
    pub(crate) show: Show,
}

/// The arguments of `swim rtt`.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  swim rtt web-3           from the agent's node
  swim rtt web-3 db-1

Exit status 2 when nothing is known of one of them yet.")]
pub(crate) struct Rtt {
    /// A member's name
    pub(crate) one: String,
    /// Another member's name
    pub(crate) other: Option<String>,
    #[command(flatten)]
    pub(crate) show: Show,
}

/// The arguments of `swim nearest`.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  swim nearest
  swim nearest --count 3 --format json")]
pub(crate) struct Nearest {
    /// How many members, at most
    #[arg(long, default_value_t = 10)]
    pub(crate) count: u32,
    #[command(flatten)]
    pub(crate) show: Show,
}

/// The arguments of `swim health`.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  swim health              is the node at work, and how well is its own place?
  swim health --ready      does it take part in its cluster?

Exit status 1 when it does not.")]
pub(crate) struct Health {
    /// Asks whether the node takes part in its cluster
    #[arg(long)]
    pub(crate) ready: bool,
    #[command(flatten)]
    pub(crate) show: Show,
}
