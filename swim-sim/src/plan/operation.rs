//! An operator's work on many nodes, as one row of a file: it unfolds into a plan's steps when it
//! is read, so that they can be printed, stored and left out one by one. What the steps are is
//! `rolling.rs`' to say.

use core::fmt;
use core::time::Duration;

use serde::de::{Deserializer, Error, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};

use super::{Plan, Setting, bounds};
use crate::ground::time;

/// See the module. Nodes are a list of numbers, or a range as a text: `"0-49"`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Operation {
    /// See [`Plan::mass_restart`].
    MassRestart {
        #[serde(deserialize_with = "nodes")]
        nodes: Vec<usize>,
        #[serde(with = "time")]
        down_for: Duration,
    },
    /// See [`Plan::rolling_restart`].
    RollingRestart {
        #[serde(deserialize_with = "nodes")]
        nodes: Vec<usize>,
        #[serde(with = "time")]
        every: Duration,
        #[serde(with = "time")]
        down_for: Duration,
    },
    /// See [`Plan::rolling_upgrade`].
    RollingUpgrade {
        setting: Setting,
        #[serde(deserialize_with = "nodes")]
        nodes: Vec<usize>,
        #[serde(with = "time")]
        every: Duration,
        #[serde(with = "time")]
        down_for: Duration,
    },
}

impl Operation {
    /// The same plan with the operation's steps from a time on.
    pub(super) fn unfold(self, plan: Plan, at: Duration) -> Plan {
        match self {
            Self::MassRestart { nodes, down_for } => plan.mass_restart(nodes, at, down_for),
            Self::RollingRestart { nodes, every, down_for } => {
                plan.rolling_restart(nodes, at, every, down_for)
            }
            Self::RollingUpgrade { setting, nodes, every, down_for } => {
                plan.rolling_upgrade(&setting, nodes, at, every, down_for)
            }
        }
    }
}

fn nodes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<usize>, D::Error> {
    struct Nodes;

    impl<'de> Visitor<'de> for Nodes {
        type Value = Vec<usize>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("numbers of nodes, as in [0, 1, 2] or \"0-2\"")
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<Vec<usize>, E> {
            let wrong = || {
                E::custom(format!(
                    "`{text}` is no range of nodes: write the first and the last, as in \"0-2\""
                ))
            };
            let (first, last) = text.split_once('-').ok_or_else(wrong)?;
            let number = |text: &str| {
                text.trim().parse::<u32>().map(|number| number as usize).map_err(|_| wrong())
            };
            let (first, last) = (number(first)?, number(last)?);
            // A longer list names nodes that no cluster has.
            let is_range = first <= last && last <= bounds::MOST_NODES;
            is_range.then(|| (first..=last).collect()).ok_or_else(wrong)
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<usize>, A::Error> {
            let mut nodes = Vec::new();
            while let Some(node) = list.next_element()? {
                nodes.push(node);
            }
            if nodes.is_empty() {
                Err(A::Error::custom("an operation needs at least one node"))
            } else {
                Ok(nodes)
            }
        }
    }

    deserializer.deserialize_any(Nodes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::Case;

    fn read(operation: &str) -> Result<Plan, String> {
        let text = format!(
            "name = 'x'\nnodes = 3\nplan = [{{ at = '10s', operation = {{ {operation} }} }}]"
        );
        Case::from_toml(&text).map(|case| case.plan).map_err(|error| error.to_string())
    }

    #[test]
    fn an_operation_unfolds_into_the_steps_of_its_plan_and_is_stored_as_them() {
        let secs = Duration::from_secs;
        let setting = Setting::GossipFanout(4);
        for (operation, wanted) in [
            (
                "mass_restart = { nodes = [0, 2], down_for = '5s' }",
                Plan::new().mass_restart([0, 2], secs(10), secs(5)),
            ),
            (
                "rolling_restart = { nodes = '0-2', every = '9s', down_for = '2s' }",
                Plan::new().rolling_restart(0..3, secs(10), secs(9), secs(2)),
            ),
            (
                "rolling_upgrade = { setting = { gossip_fanout = 4 }, nodes = [1], every = '9s', down_for = '2s' }",
                Plan::new().rolling_upgrade(&setting, [1], secs(10), secs(9), secs(2)),
            ),
        ] {
            assert_eq!(read(operation).as_ref(), Ok(&wanted), "{operation}");
            let mut case = Case::new("x", 3);
            case.plan = wanted.clone();
            assert_eq!(Case::from_toml(&case.to_toml()).map(|case| case.plan), Ok(wanted));
        }
    }

    #[test]
    fn what_an_operation_cannot_be_is_said_with_its_line() {
        for (operation, wanted) in [
            ("mass_restart = { nodes = [], down_for = '5s' }", "at least one node"),
            ("mass_restart = { nodes = 'all', down_for = '5s' }", "`all` is no range of nodes"),
            ("mass_restart = { nodes = '2-0', down_for = '5s' }", "as in \"0-2\""),
            ("mass_restart = { nodes = '0-3', down_for = '5s' }", "there is no node 3"),
            ("mass_restat = { nodes = '0-2', down_for = '5s' }", "did you mean `mass_restart`"),
            ("rolling_restart = { nodes = '0-2', down_for = '5s' }", "missing field `every`"),
            (
                "rolling_upgrade = { setting = { gossip_fanout = 0 }, nodes = [1], every = '9s', down_for = '2s' }",
                "reconfigure of node 1 to gossip_fanout = 0",
            ),
        ] {
            let error = read(operation).unwrap_err();
            assert!(error.contains("line 3") && error.contains(wanted), "{operation}: {error}");
        }
    }
}
