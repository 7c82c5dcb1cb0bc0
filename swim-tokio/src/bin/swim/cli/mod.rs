//! The arguments of `swim`: one command, each with a file of its own if its arguments are more than
//! a few.

mod agent;
mod client;
mod demo;
pub(crate) mod endpoint;
mod reading;
mod user;

use std::path::PathBuf;

use clap::{Parser, Subcommand};
use clap_complete::Shell;

pub(crate) use self::agent::Agent;
pub(crate) use self::client::{
    Broadcast, Connect, ForceLeave, Health, Join, Leave, Members, Monitor, Nearest, Output, Ping,
    Place, Rtt, Show, Tags,
};
pub(crate) use self::demo::Demo;
pub(crate) use self::user::{Event, Keys, KeysWhat, Query};

/// SWIM cluster membership: nodes that find each other, notice who is gone, and agree about it.
#[derive(Debug, Parser)]
#[command(
    name = "swim",
    version,
    arg_required_else_help = true,
    after_help = "\
Exit status: 0 when all went well, 1 after an error, 2 when nothing matched, 3 when no agent answers in time, 64 for
wrong arguments; 130 and 143 when a second SIGINT or SIGTERM cuts a leave short."
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Runs one node in the foreground and prints what happens in its cluster
    ///
    /// Its address is printed first, then each event as a line; the log goes to standard error.
    /// SIGINT (Ctrl-C) and SIGTERM make it leave the cluster and end; a second one ends it at once.
    /// SIGHUP makes it read its configuration again.
    ///
    /// A flag wins over its environment variable, that over the configuration file, and that over
    /// the default.
    Agent(Box<Agent>),
    /// Lists the members that an agent knows, itself, the failed and the left included
    Members(Members),
    /// Tells about an agent and its node
    #[command(after_help = "\
Examples:
  swim info
  swim info --agent unix:/run/swim/swim.sock --format json")]
    Info(Show),
    /// Makes an agent join a cluster through other nodes
    Join(Join),
    /// Makes an agent leave its cluster and end
    Leave(Leave),
    /// Declares a failed member to have left, so that nobody waits for it
    ///
    /// Only a suspected or failed member can be declared so; one that is alive after all refutes
    /// it.
    ForceLeave(ForceLeave),
    /// Shows or changes an agent's tags, which the others see
    Tags(Tags),
    /// Sends a payload to every other member
    Broadcast(Broadcast),
    /// Sends an event to all members, where handlers and programs hear of it
    Event(Event),
    /// Asks all members, or some, a question, and prints their answers
    ///
    /// A member answers by a handler for the event `query:NAME`, whose output is the answer, or by
    /// a program that hears of the query through the agent's HTTP interface.
    Query(Query),
    /// Asks all members whether they hear this agent's queries, and names those that do not
    #[command(after_help = "\
Example:
  swim reachability

Exit status 1 when some do not.")]
    Reachability(Show),
    /// Shows or changes the keys of a cluster that is encrypted, at all its nodes at once
    Keys(Keys),
    /// Prints what happens in the cluster, as it happens
    Monitor(Monitor),
    /// Measures the round trip from an agent to a member
    Ping(Ping),
    /// Estimates the round trip between two members, without a packet
    ///
    /// Each node finds its place in a space of round trips by the probes that it makes anyway, and
    /// tells it to the others (Vivaldi). `swim ping` measures instead.
    Rtt(Rtt),
    /// Lists the members that are nearest to an agent, by estimated round trips
    Nearest(Nearest),
    /// Tells whether an agent is well
    Health(Health),
    /// Prints a new key for encrypted clusters: 32 random bytes in base64
    #[command(after_help = "\
Example:
  (umask 077; swim keygen > swim.key)")]
    Keygen,
    /// Shows a cluster on this machine: nodes meet, one is killed, one leaves
    ///
    /// Starts nodes in this process that talk over real TCP connections on loopback, and shows who
    /// knows which: first all find each other through a chain of seeds, then one is killed without
    /// a word and the others notice, then one leaves.
    Demo(Demo),
    /// Prints a script that completes these commands in a shell
    #[command(after_help = "\
Examples:
  swim completions bash > /usr/share/bash-completion/completions/swim
  swim completions zsh > /usr/share/zsh/site-functions/_swim")]
    Completions {
        /// Which shell
        shell: Shell,
    },
    /// Prints the manual page of swim, or of one of its commands
    #[command(after_help = "\
Examples:
  swim man | man -l -
  swim man agent > swim-agent.1
  swim man --dir /usr/share/man/man1
  swim man keys install | man -l -")]
    Man {
        /// Which command
        #[arg(conflicts_with = "dir")]
        command: Vec<String>,
        /// Writes the pages of swim and of all its commands into this directory instead
        #[arg(long, value_name = "DIR")]
        dir: Option<PathBuf>,
    },
    /// Prints the version
    Version,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_definition_of_the_arguments_is_sound() {
        Cli::command().debug_assert();
    }
}
