//! The arguments of `swim`: one command, each with a file of its own if its arguments are more than a few.

mod agent;
mod demo;

use clap::{Parser, Subcommand};

pub(crate) use self::agent::Agent;
pub(crate) use self::demo::Demo;

/// SWIM cluster membership: nodes that find each other, notice who is gone, and agree about it.
#[derive(Debug, Parser)]
#[command(
    name = "swim",
    version,
    arg_required_else_help = true,
    after_help = "\
Exit status: 0 when all went well, 1 after an error, 2 when nothing matched, 3 when no agent answers, 64 for wrong
arguments; 130 and 143 when a second SIGINT or SIGTERM cuts a leave short."
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Runs one node in the foreground and prints what happens in its cluster
    ///
    /// Its address is printed first, then each event as a line; the log goes to standard error. SIGINT (Ctrl-C) and
    /// SIGTERM make it leave the cluster and end; a second one ends it at once. SIGHUP makes it read its configuration
    /// again.
    ///
    /// A flag wins over its environment variable, that over the configuration file, and that over the default.
    Agent(Box<Agent>),
    /// Shows a cluster on this machine: nodes meet, one is killed, one leaves
    ///
    /// Starts nodes in this process that talk over real TCP connections on loopback, and shows who knows whom: first all
    /// find each other through a chain of seeds, then one is killed without a word and the others notice, then one
    /// leaves.
    Demo(Demo),
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
