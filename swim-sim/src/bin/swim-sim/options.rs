//! What a run is made of: a scenario that ships, or a case from a file.

use std::io;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use swim_sim::builtin::{self, Builtin};
use swim_sim::{Builder, Case, Cluster, Scenario};

use crate::exit::senseless;
use crate::quoted;

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
    pub(crate) fn cluster(&self) -> Builder {
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
