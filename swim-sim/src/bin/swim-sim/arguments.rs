//! The command line's arguments.

use std::io;
use std::path::{Path, PathBuf};

use clap::error::ErrorKind;
use clap::{Args, CommandFactory as _, Parser, Subcommand, ValueEnum};
use swim_sim::builtin::{self, Builtin};
use swim_sim::{Builder, Case, Cluster, Scenario};

use crate::experiment::Experiment;
use crate::output::Output;
use crate::quoted;
use crate::recording::Recording;
use crate::replay::Replay;
use crate::senseless;
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

/// What a run is made of.
#[derive(Clone, Debug, Args)]
pub(crate) struct Options {
    /// A scenario of your own, as swim-sim/scenarios has some.
    #[arg(value_name = "FILE.toml", conflicts_with_all = ["scenario", "nodes", "loss", "profile"])]
    pub(crate) file: Option<PathBuf>,
    /// Which scenario; `swim-sim list` lists them.
    #[arg(long, value_parser = scenario, default_value = "join-storm")]
    pub(crate) scenario: Builtin,
    /// How many nodes.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) nodes: u32,
    /// The seed from which everything random is drawn [default: as the file says, or 0].
    #[arg(long)]
    pub(crate) seed: Option<u64>,
    /// How many of 1,000 packets are lost [default: as the profile says].
    #[arg(long, value_name = "PERMILLE", value_parser = clap::value_parser!(u16).range(0..=1_000))]
    pub(crate) loss: Option<u16>,
    /// The nodes' settings and the network between them.
    #[arg(long, value_enum, default_value_t = Profile::Lan)]
    pub(crate) profile: Profile,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Profile {
    /// One machine.
    Local,
    /// A site.
    Lan,
    /// Between sites.
    Wan,
    /// A crowded radio.
    LossyWifi,
    /// A satellite.
    Satellite,
    /// Three sites of four racks.
    ThreeSites,
}

fn scenario(name: &str) -> Result<Builtin, String> {
    let known = || builtin::ALL.map(|builtin| builtin.name).join(", ");
    builtin::named(name).ok_or_else(|| format!("there is no such scenario; there are: {}", known()))
}

impl Options {
    fn cluster(&self) -> Builder {
        let nodes = self.nodes as usize;
        let cluster = match self.profile {
            Profile::Local => Cluster::local(nodes),
            Profile::Lan => Cluster::lan(nodes),
            Profile::Wan => Cluster::wan(nodes),
            Profile::LossyWifi => Cluster::lossy_wifi(nodes),
            Profile::Satellite => Cluster::satellite(nodes),
            Profile::ThreeSites => Cluster::three_sites(nodes),
        };
        let cluster = cluster.seed(self.seed.unwrap_or(0));
        match self.loss {
            Some(permille) => cluster.loss_permille(permille),
            None => cluster,
        }
    }

    /// What is to be run, with which seed, and what it is about.
    pub(crate) fn chosen(&self) -> io::Result<(Scenario, u64, String)> {
        let Some(file) = &self.file else {
            let about = self.scenario.about.to_owned();
            return Ok((self.scenario.scenario(self.cluster()), self.seed.unwrap_or(0), about));
        };
        let case = read_case(file)?;
        if case.is_idle() {
            let what =
                "nothing happens in it and nothing is demanded, so its run is over when it begins";
            return Err(senseless(format!(
                "{}: {what}: write rows of `plan` or `expect`",
                file.display()
            )));
        }
        let seed = self.seed.unwrap_or(case.seed);
        let scenario = case.scenario_with(|cluster| cluster.seed(seed)).map_err(senseless)?;
        Ok((scenario, seed, case.about))
    }

    /// The command that does this again.
    pub(crate) fn command(&self) -> String {
        if let Some(file) = &self.file {
            let seed = self.seed.map_or(String::new(), |seed| format!(" --seed {seed}"));
            return format!("{} run {}{seed}", quoted::program(), quoted::path(file));
        }
        let profile = self
            .profile
            .to_possible_value()
            .map_or(String::new(), |value| value.get_name().to_owned());
        let loss = self.loss.map_or(String::new(), |permille| format!(" --loss {permille}"));
        let (scenario, nodes, seed) = (self.scenario.name, self.nodes, self.seed.unwrap_or(0));
        let program = quoted::program();
        format!(
            "{program} run --scenario {scenario} --profile {profile} --nodes {nodes} --seed {seed}{loss}"
        )
    }
}

/// A case from a file.
pub(crate) fn read_case(file: &Path) -> io::Result<Case> {
    let wrong =
        |error: &dyn core::fmt::Display| io::Error::other(format!("{}: {error}", file.display()));
    let text = std::fs::read_to_string(file).map_err(|error| wrong(&error))?;
    Case::from_toml(&text).map_err(|error| senseless(format!("{}: {error}", file.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

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
