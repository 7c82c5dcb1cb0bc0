//! The verbs of tests, each of which is a [`Step`] carried out now.
//!
//! A verb that makes no sense for a node as it is (a crash of what is down) does nothing, so that
//! any part of a plan is a plan. A node that does not exist is a bug of the caller, and panics.

use core::net::SocketAddr;
use core::time::Duration;

use swim_core::JoinError;

use super::{Cluster, Occurrence};
use crate::network::{self, Bandwidth, Link};
use crate::plan::{Fault, Plan, Seeds, Setting, Step, Work};

impl Cluster {
    /// Every node that runs joins through its seeds, which it keeps for when it starts again.
    pub fn join_all(&mut self, seeds: Seeds) {
        for node in 0..self.nodes.len() {
            let seeds = seeds.of(node, self.nodes.len(), &mut self.workload);
            self.join(node, &seeds);
        }
    }

    /// A node joins through others, and will again when it starts anew, wherever they are then.
    pub fn join(&mut self, node: usize, seeds: &[usize]) {
        self.apply(Work::Join { node, seeds: seeds.to_vec() });
    }

    /// A node joins through addresses, which need not be nodes'.
    ///
    /// # Panics
    /// If the core refuses an address.
    pub fn join_addresses(&mut self, node: usize, seeds: &[SocketAddr]) {
        let now = self.nodes[node].local(self.now);
        let Some(swim) = self.nodes[node].running() else { return };
        match swim.join(now, seeds) {
            Ok(()) | Err(JoinError::NotRunning) => self.settle(node),
            Err(error) => panic!("node-{node} cannot join {seeds:?}: {error}"),
        }
    }

    /// Adds a node with the next name; it runs, and has not joined.
    pub fn add_node(&mut self) -> usize {
        let name = self.nodes.iter().map(|node| node.name() + 1).max().unwrap_or(0);
        self.add(name)
    }

    /// Adds a node under the name of another: a mistake that people make.
    pub fn add_namesake_of(&mut self, node: usize) -> usize {
        self.add(self.nodes[node].name())
    }

    /// See [`Fault::Crash`].
    pub fn crash(&mut self, node: usize) {
        self.apply(Fault::Crash(node));
    }

    /// See [`Fault::PowerOff`].
    pub fn power_off(&mut self, node: usize) {
        self.apply(Fault::PowerOff(node));
    }

    /// See [`Fault::Restart`].
    pub fn restart(&mut self, node: usize) {
        self.apply(Fault::Restart(node));
    }

    /// See [`Fault::RestartAtNewAddress`].
    pub fn restart_at_new_address(&mut self, node: usize) {
        self.apply(Fault::RestartAtNewAddress(node));
    }

    /// See [`Fault::Pause`].
    pub fn pause(&mut self, node: usize) {
        self.apply(Fault::Pause(node));
    }

    /// See [`Fault::Resume`].
    pub fn resume(&mut self, node: usize) {
        self.apply(Fault::Resume(node));
    }

    /// See [`Fault::Clog`].
    pub fn clog(&mut self, node: usize) {
        self.apply(Fault::Clog(node));
    }

    /// See [`Fault::Unclog`].
    pub fn unclog(&mut self, node: usize) {
        self.apply(Fault::Unclog(node));
    }

    /// See [`Fault::Partition`].
    pub fn partition(&mut self, groups: &[&[usize]]) {
        self.apply(Fault::Partition(groups.iter().map(|group| group.to_vec()).collect()));
    }

    /// See [`Fault::OneWayPartition`].
    pub fn one_way_partition(&mut self, from: &[usize], to: &[usize]) {
        self.apply(Fault::OneWayPartition { from: from.to_vec(), to: to.to_vec() });
    }

    /// A group can reach only itself, and nobody else can reach it: a [`Fault::Partition`] of one
    /// group.
    pub fn isolate(&mut self, group: &[usize]) {
        self.partition(&[group]);
    }

    /// See [`Fault::Flapping`].
    pub fn flap(&mut self, one: &[usize], other: &[usize], up: Duration, down: Duration) {
        self.apply(Fault::Flapping { one: one.to_vec(), other: other.to_vec(), up, down });
    }

    /// See [`Fault::Heal`].
    pub fn heal(&mut self) {
        self.apply(Fault::Heal);
    }

    /// See [`Fault::Loss`].
    pub fn set_loss(&mut self, permille: u16) {
        self.apply(Fault::Loss(permille));
    }

    /// See [`Fault::LossBetween`].
    pub fn set_loss_between(&mut self, from: usize, to: usize, permille: u16) {
        self.apply(Fault::LossBetween { from, to, permille });
    }

    /// See [`Fault::SlowProcessing`].
    pub fn set_slowness(&mut self, node: usize, each: Duration) {
        self.apply(Fault::SlowProcessing { node, each });
    }

    /// See [`Fault::ClockRate`].
    pub fn set_clock_rate(&mut self, node: usize, thousandths: u16) {
        self.apply(Fault::ClockRate { node, thousandths });
    }

    /// See [`Fault::Reconfigure`].
    pub fn reconfigure_node(&mut self, node: usize, setting: Setting) {
        self.apply(Fault::Reconfigure { node, setting });
    }

    /// See [`Fault::Corruption`].
    pub fn set_corruption(&mut self, permille: u16) {
        self.apply(Fault::Corruption(permille));
    }

    /// See [`Fault::Bandwidth`].
    pub fn set_bandwidth(&mut self, bandwidth: Option<Bandwidth>) {
        self.apply(Fault::Bandwidth(bandwidth));
    }

    /// See [`Work::Leave`].
    pub fn leave(&mut self, node: usize) {
        self.apply(Work::Leave(node));
    }

    /// Gives the path from one node to another a latency, loss and bandwidth of its own, in that
    /// direction.
    ///
    /// # Panics
    /// If a share is more than 1,000, or a latency from high to low.
    pub fn set_link(&mut self, from: usize, to: usize, link: Link) {
        network::bounds::link(&link).unwrap_or_else(|wrong| panic!("{wrong}"));
        self.network.change(from, to, |own| *own = link);
    }

    /// Carries out one step now.
    pub fn apply(&mut self, step: impl Into<Step>) {
        self.carry_out(&step.into());
    }

    /// Puts the steps of a plan on the agenda, each at its time since the cluster's start; those
    /// that are past, now.
    pub fn schedule(&mut self, plan: &Plan) {
        for (time, step) in plan.steps() {
            if let Step::Fault(Fault::Attack(attack)) = step {
                self.attackers.expect(attack);
            }
            let at = (swim_core::Instant::ORIGIN + *time).max(self.now);
            self.agenda.put(at, Occurrence::Step(Box::new(step.clone())));
        }
    }
}
