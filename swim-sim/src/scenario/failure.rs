//! A scenario that failed: which way, and all that is needed to see it again.

use core::fmt;
use core::time::Duration;

use swim_core::ConfigError;

use super::Scenario;
use super::expect::Expectation;
use crate::checkers::Violation;
use crate::cluster::Cluster;

/// How a run failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// It could not begin.
    Config(String),
    /// A promise that must hold at every step was broken: which one, and all that is to be said of
    /// it.
    Safety(Violation, String),
    /// Something that was expected did not come about in time.
    Liveness(String),
}

impl Failure {
    pub(super) fn config(scenario: &Scenario, seed: u64, error: &ConfigError) -> Self {
        Self::Config(format!("{}: it cannot begin with seed {seed}: {error}", scenario.name))
    }

    pub(super) fn safety(scenario: &Scenario, cluster: &Cluster, violation: &Violation) -> Self {
        Self::Safety(
            violation.clone(),
            text(scenario, cluster, &format!("a promise is broken\n{violation}")),
        )
    }

    pub(super) fn liveness(
        scenario: &Scenario,
        cluster: &Cluster,
        time: Duration,
        expectation: &Expectation,
    ) -> Self {
        let why = expectation.check(cluster).err().unwrap_or_default();
        Self::Liveness(text(
            scenario,
            cluster,
            &format!("not so by {time:?}: {expectation}\n{why}"),
        ))
    }
}

fn text(scenario: &Scenario, cluster: &Cluster, what: &str) -> String {
    let seed = cluster.options().seed;
    format!(
        "{}: {what}\n\nsee it again with seed {seed}:\n{scenario}\n{}",
        scenario.name,
        cluster.standing()
    )
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Config(text) | Self::Safety(_, text) | Self::Liveness(text) => f.write_str(text),
        }
    }
}

impl core::error::Error for Failure {}
