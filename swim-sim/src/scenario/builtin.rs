//! Scenarios that ship with the simulator, by name.

use core::time::Duration;

use swim_core::Status;

use super::{Scenario, expect};
use crate::cluster::Builder;
use crate::ground::streams::{self, Purpose};
use crate::plan::Seeds;
use crate::plan::{Fault, Plan};

/// A shipped scenario: its name, what it shows, and how it is made for a cluster.
#[derive(Clone, Copy, Debug)]
pub struct Builtin {
    /// The name on the command line.
    pub name: &'static str,
    /// What it shows.
    pub about: &'static str,
    make: fn(Builder) -> Scenario,
}

impl Builtin {
    /// The scenario for a cluster.
    #[must_use]
    pub fn scenario(&self, cluster: Builder) -> Scenario {
        (self.make)(cluster)
    }
}

/// All of them.
pub const ALL: [Builtin; 7] = [
    Builtin {
        name: "join-storm",
        about: "all nodes join through one at the same moment",
        make: join_storm,
    },
    Builtin { name: "crash", about: "1 % of the nodes crash, at least one", make: crash },
    Builtin {
        name: "split-and-heal",
        about: "the network splits in halves for 90 s and heals",
        make: split_and_heal,
    },
    Builtin {
        name: "loss",
        about: "5 minutes with as much loss as you say (--loss); nobody may be declared dead",
        make: loss,
    },
    Builtin {
        name: "rolling-restart",
        about: "nodes restart one after the other, every other at a new address",
        make: rolling_restart,
    },
    Builtin {
        name: "churn",
        about: "crashes and restarts drawn from the seed for 5 minutes",
        make: churn,
    },
    Builtin {
        name: "chaos",
        about: "faults of every kind drawn from the seed for 5 minutes, then a whole world",
        make: chaos,
    },
];

/// The shipped scenario of a name.
#[must_use]
pub fn named(name: &str) -> Option<Builtin> {
    ALL.into_iter().find(|builtin| builtin.name == name)
}

const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn joined(name: &str, cluster: Builder) -> Scenario {
    Scenario::new(name).cluster(cluster).expect_by(secs(60), expect::converged())
}

fn join_storm(cluster: Builder) -> Scenario {
    joined("join-storm", cluster)
}

fn crash(cluster: Builder) -> Scenario {
    let nodes = cluster.nodes;
    let crashed = (nodes / 100).max(1);
    let mut scenario = joined("crash", cluster);
    for node in nodes - crashed..nodes {
        scenario = scenario.at(secs(60), Fault::Crash(node));
    }
    for node in nodes - crashed..nodes {
        scenario = scenario.expect_by(secs(180), expect::everyone_sees(node, Status::Dead));
    }
    scenario
        .expect_by(secs(240), expect::converged())
        .expect_at(secs(240), expect::no_false_deaths())
}

fn split_and_heal(cluster: Builder) -> Scenario {
    let half = (0..cluster.nodes / 2).collect();
    joined("split-and-heal", cluster)
        .at(secs(60), Fault::Partition(vec![half]))
        .at(secs(150), Fault::Heal)
        .expect_by(secs(300), expect::converged())
}

fn loss(cluster: Builder) -> Scenario {
    joined("loss", cluster)
        .expect_at(secs(300), expect::no_false_deaths())
        .expect_by(secs(360), expect::converged())
}

fn rolling_restart(cluster: Builder) -> Scenario {
    let nodes = cluster.nodes;
    let mut scenario = joined("rolling-restart", cluster);
    for node in 1..nodes.min(20) {
        let at = secs(60 + 5 * node as u64);
        scenario = if node % 2 == 0 {
            scenario.at(at, Fault::RestartAtNewAddress(node))
        } else {
            scenario.at(at, Fault::Crash(node)).at(at + secs(2), Fault::Restart(node))
        };
    }
    scenario.expect_by(secs(300), expect::converged())
}

fn churn(cluster: Builder) -> Scenario {
    let plan = churn_plan(cluster.seed, cluster.nodes, secs(60), secs(360));
    joined("churn", cluster).plan(&plan).expect_by(secs(600), expect::converged())
}

fn chaos(cluster: Builder) -> Scenario {
    let plan = Plan::chaos(cluster.seed, cluster.nodes, secs(30), secs(330));
    Scenario::new("chaos")
        .cluster(cluster)
        .seeds(Seeds::Few(3))
        .plan(&plan)
        .expect_by(secs(630), expect::converged())
        .expect_by(secs(660), expect::equal_tables())
        .expect_at(secs(690), expect::converged())
}

/// Every 2 s on average, in a span of time, some node but the first crashes and starts again after
/// 5 to 30 s, every third time at a new address. The faults come from the seed's stream for faults
/// and are data from then on.
fn churn_plan(seed: u64, nodes: usize, from: Duration, to: Duration) -> Plan {
    let mut stream = streams::stream(seed, Purpose::Faults, 0);
    let mut plan = Plan::new();
    let mut at = from;
    while at < to && nodes > 1 {
        let node = 1 + streams::below(&mut stream, nodes as u64 - 1) as usize;
        let back = at + streams::between(&mut stream, secs(5), secs(30));
        let moves = streams::below(&mut stream, 3) == 0;
        plan = plan.at(at, Fault::Crash(node));
        plan = plan
            .at(back, if moves { Fault::RestartAtNewAddress(node) } else { Fault::Restart(node) });
        at += streams::between(&mut stream, Duration::ZERO, secs(4));
    }
    plan
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shipped_scenario_is_found_by_its_name() {
        for builtin in ALL {
            let scenario = named(builtin.name).unwrap().scenario(crate::Cluster::lan(10));
            assert_eq!(scenario.name(), builtin.name);
        }
        assert!(named("no such thing").is_none());
    }

    #[test]
    fn churn_is_the_same_for_one_seed_and_another_for_another() {
        let plan = |seed| churn_plan(seed, 20, secs(60), secs(360));
        assert_eq!(plan(1), plan(1));
        assert_ne!(plan(1), plan(2));
        assert!((100..400).contains(&plan(1).steps().len()), "{}", plan(1).steps().len());
    }
}
