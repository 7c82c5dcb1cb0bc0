//! Our cluster: the simulator, as its users have it but without checkers.

use std::time::Duration;

use swim_core::{Event, Instant};
use swim_sim::checkers::Verdict;
use swim_sim::{Checker, Cluster, Seeds};

use crate::scene::{Scene, Simulation, Traffic};
use crate::tally;

/// A cluster of swim nodes.
#[derive(Debug)]
pub(crate) struct SwimCluster {
    pub(crate) cluster: Cluster,
}

/// Reports what users are told.
#[derive(Debug)]
struct Reporter;

impl Checker for Reporter {
    fn name(&self) -> &'static str {
        "what users are told is counted"
    }

    fn looks_into_nodes(&self) -> bool {
        false
    }

    fn told(&mut self, now: Instant, node: usize, event: &Event, about: Option<usize>) -> Verdict {
        let now = now.since(Instant::ORIGIN);
        match (event, about) {
            (Event::Joined(_), Some(subject)) => tally::with(|tally| tally.up(now, node, subject)),
            (Event::Failed(_) | Event::Left(_), Some(subject)) => {
                tally::with(|tally| tally.down(now, node, subject));
            }
            (Event::Lagged { missed }, _) => {
                return Err(format!("{missed} events were lost, and with them the count"));
            }
            _ => {}
        }
        Ok(())
    }
}

impl Simulation for SwimCluster {
    fn start(scene: &Scene) -> Self {
        let builder = Cluster::lan(scene.nodes)
            .config(scene.swim())
            .link(scene.link.clone())
            .seed(scene.seed);
        Self { cluster: builder.event_log(0).unchecked().checker(|| Box::new(Reporter)).build() }
    }

    fn join(&mut self) {
        self.cluster.join_all(Seeds::First);
    }

    fn introduce(&mut self) -> bool {
        false
    }

    fn advance(&mut self, by: Duration) {
        self.cluster.run_for(by);
    }

    fn crash(&mut self, node: usize) {
        self.cluster.crash(node);
    }

    fn set_loss(&mut self, permille: u16) {
        self.cluster.set_loss(permille);
    }

    fn split(&mut self, first: usize) {
        let group: Vec<_> = (0..first).collect();
        self.cluster.isolate(&group);
    }

    fn heal(&mut self) {
        self.cluster.heal();
    }

    fn traffic(&self) -> Traffic {
        let total = self.cluster.figures().total;
        // A request and its reply are two messages.
        let messages = total.packets + 2 * total.exchanges;
        let bytes = total.packet_bytes + total.exchange_bytes;
        Traffic { messages, bytes, exchange_bytes: total.exchange_bytes }
    }

    fn first_suspicions(&self) -> Vec<Duration> {
        self.cluster
            .figures()
            .outages
            .iter()
            .filter_map(swim_sim::Outage::first_suspicion)
            .collect()
    }
}
