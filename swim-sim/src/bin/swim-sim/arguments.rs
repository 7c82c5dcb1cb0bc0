//! The command line's arguments.

use clap::error::ErrorKind;
use clap::{CommandFactory as _, Parser, Subcommand};

use crate::experiment::Experiment;
use crate::options::Options;
use crate::output::Output;
use crate::recording::Recording;
use crate::replay::Replay;
use crate::swarm::Swarm;

/// Simulated clusters of swim nodes, in virtual time, from one seed.
#[derive(Debug, Parser)]
#[command(
    name = "swim-sim",
    version,
    arg_required_else_help = true,
    after_help = "Exit codes: 0 all went as expected; 1 a file that cannot be read or written; 2 a promise that \
        must hold at every step was broken; 3 something that was expected did not come about in time; 4 a campaign missed a state that it is to reach; 64 wrong arguments, or a file that says what cannot be; 101 a panic; 130 a campaign that was stopped by ctrl-c before anything failed; 141 nobody reads the output.\n\n\
        A run is fixed by its options: the same options give the same trace hash on every machine."
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

impl Arguments {
    /// What was asked for, if it makes sense.
    pub(crate) fn read() -> Result<Self, clap::Error> {
        let arguments = Self::try_parse()?;
        let recording = match &arguments.command {
            Command::Run { recording, .. } | Command::Replay(Replay { recording, .. }) => {
                Some(recording)
            }
            _ => None,
        };
        if recording.is_some_and(Recording::is_mixed) {
            let wrong = "--trace and --jsonl cannot both be written to standard output";
            return Err(Self::command().error(ErrorKind::ArgumentConflict, wrong));
        }
        Ok(arguments)
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Runs a scenario and prints what it cost and how well it went.
    Run {
        #[command(flatten)]
        options: Options,
        #[command(flatten)]
        recording: Recording,
        #[command(flatten)]
        output: Output,
    },
    /// Runs a case again, and tells how it fails.
    Replay(Replay),
    /// Runs a scenario twice and names the first event that differs.
    CheckDeterminism {
        #[command(flatten)]
        options: Options,
    },
    /// Runs many clusters, each drawn from its seed, until one breaks a promise.
    Swarm(Swarm),
    /// Measures again what the papers report, as tables and plots.
    Experiment(Experiment),
    /// Lists the scenarios that ship, by name and as files.
    List,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quoted;

    fn options(command: &str) -> Options {
        match Arguments::try_parse_from(
            command
                .strip_prefix(&quoted::program())
                .unwrap_or(command)
                .trim_start()
                .split(' ')
                .collect_args(),
        ) {
            Ok(Arguments { command: Command::Run { options, .. } }) => options,
            other => panic!("{command}: {other:?}"),
        }
    }

    trait CollectArgs<'a> {
        fn collect_args(self) -> Vec<&'a str>;
    }

    impl<'a, I: Iterator<Item = &'a str>> CollectArgs<'a> for I {
        fn collect_args(self) -> Vec<&'a str> {
            core::iter::once("swim-sim").chain(self).collect()
        }
    }

    #[test]
    fn the_arguments_are_well_formed() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn the_command_that_is_printed_does_the_same_again() {
        let first = options("run --scenario churn --nodes 20 --seed 9 --loss 70 --profile wan");
        let again = options(&first.command());
        assert_eq!(first.cluster().to_string(), again.cluster().to_string());
        assert_eq!(first.scenario.name, again.scenario.name);
    }
}
