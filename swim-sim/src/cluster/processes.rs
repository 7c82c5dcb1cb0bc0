//! The beginning and the end of processes.

use core::net::SocketAddr;

use swim_core::ExchangeFailure;

use super::Cluster;
use crate::ground::node_set::NodeSet;
use crate::ground::streams::{self, Purpose};
use crate::network::connection::Stage;
use crate::node::Phase;

impl Cluster {
    /// Starts a process at a node that has none; it joins its seeds, if it knows any.
    pub(super) fn start_process(&mut self, index: usize) {
        let node = &mut self.nodes[index];
        let config = node.upgraded(self.options.config_of(index));
        let core = streams::of_process(index, node.generation());
        let core = streams::stream(self.options.seed, Purpose::Core, core);
        // The configuration was validated and names and addresses are our own, so only a bug gets
        // here.
        node.start(self.now, config, core)
            .unwrap_or_else(|error| panic!("node-{index} cannot start: {error}"));
        self.observers.started(self.now, index, node);
        let seeds = self.addresses_of(self.nodes[index].seeds());
        self.join_addresses(index, &seeds);
    }

    /// Where nodes are now.
    pub(super) fn addresses_of(&self, nodes: &[usize]) -> Vec<SocketAddr> {
        nodes.iter().map(|&node| self.nodes[node].address()).collect()
    }

    /// Ends the process at a node, if it has one.
    pub(super) fn stop_process(&mut self, index: usize, phase: Phase) {
        let witnesses = self.witnesses_of(index);
        let end = self.nodes[index].end(index);
        let ran_for = self.nodes[index].ran_for(self.now);
        let Some(swim) = self.nodes[index].stop(phase) else { return };
        self.agenda.set_timeout(index, None);
        self.observers.stopped(self.now, (index, phase, ran_for), &swim, witnesses);
        if phase == Phase::PoweredOff {
            return;
        }
        for serial in self.network.connections.served_by(end) {
            self.enter(serial, Stage::Close(ExchangeFailure::Closed));
        }
    }

    /// The other nodes that believe a node active, and so should notice its end.
    fn witnesses_of(&self, index: usize) -> NodeSet {
        let id = self.nodes[index].id();
        let believes = |observer: usize| {
            let member = self.nodes[observer].swim().and_then(|swim| swim.member(&id));
            observer != index && member.is_some_and(|member| member.status().is_active())
        };
        (0..self.nodes.len()).filter(|&observer| believes(observer)).collect()
    }
}
