//! Carries connections from stage to stage.

use core::net::SocketAddr;

use swim_core::{ExchangeFailure, ExchangeId};

use super::{Cluster, Occurrence};
use crate::network::connection::{End, Stage};
use crate::node::{Inbound, Phase};
use crate::trace::What;

impl Cluster {
    /// A process opens an exchange.
    pub(super) fn open(&mut self, index: usize, id: ExchangeId, to: SocketAddr, request: Vec<u8>) {
        self.observers.opened(self.nodes[index].moment(self.now), index, to, &request);
        let client = self.nodes[index].end(index);
        let serial = self.network.connections.open(client, id, to, request);
        if let Some(connection) = self.network.connections.get_mut(serial) {
            self.observers.note(
                self.now,
                Some(index),
                &What::Opened { serial, to, request: &connection.payload },
            );
        }
        self.transmit(serial);
    }

    /// A process answers a request.
    pub(super) fn reply(&mut self, index: usize, serial: u64, payload: Vec<u8>) {
        self.observers.replied(self.nodes[index].moment(self.now), index, serial, &payload);
        if let Some(connection) = self.network.connections.get_mut(serial) {
            connection.carry(payload);
            self.enter(serial, Stage::Reply);
        }
    }

    /// A process does not answer a request.
    pub(super) fn refuse(&mut self, serial: u64) {
        self.enter(serial, Stage::Close(ExchangeFailure::Closed));
    }

    /// A process gives up an exchange that it opened.
    pub(super) fn abandon(&mut self, index: usize, id: ExchangeId) {
        let client = self.nodes[index].end(index);
        if let Some(serial) = self.network.connections.of_client(client, id) {
            self.observers.note(self.now, Some(index), &What::Abandoned { serial });
            self.network.connections.close(serial);
        }
    }

    /// Brings a connection to a stage and sends what it takes.
    pub(super) fn enter(&mut self, serial: u64, stage: Stage) {
        if let Some(connection) = self.network.connections.get_mut(serial) {
            connection.enter(stage);
            self.transmit(serial);
        }
    }

    /// The connection is on the agenda: something arrives, or is to be sent again.
    pub(super) fn advance(&mut self, serial: u64) {
        let Some(connection) = self.network.connections.get_mut(serial) else { return };
        if connection.arrive() {
            self.crossed(serial);
        } else {
            self.transmit(serial);
        }
    }

    /// Sends what the stage takes across the path.
    fn transmit(&mut self, serial: u64) {
        let Some(connection) = self.network.connections.get_mut(serial) else { return };
        let (stage, client, server) = (connection.stage, connection.client, connection.server);
        let other =
            server.map_or_else(|| self.directory.owner(connection.to), |server| Some(server.node));
        let (from, to) = if stage.is_clients() {
            (Some(client.node), other)
        } else {
            (other, Some(client.node))
        };
        let Some(from) = from else { return drop(self.network.connections.close(serial)) };
        // Behind a machine without power there is nobody to send; a kernel sends for a process that
        // has died.
        if self.nodes[from].phase() == Phase::PoweredOff
            || (stage.is_clients() && !self.is_there(client))
        {
            self.network.connections.close(serial);
            return;
        }
        let receiver = to.unwrap_or(from);
        // Headers are left out.
        let bytes =
            self.network.connections.get(serial).map_or(0, |connection| connection.body().len());
        let wait = self.network.leave_in_turn(from, receiver, bytes, self.now);
        let fate = self.network.segment(from, receiver, self.now, self.nodes[from].link_stream());
        let reachable = to.is_some_and(|to| self.nodes[to].phase() != Phase::PoweredOff);
        match fate.and_then(|fate| fate.delay).filter(|_| reachable) {
            Some(delay) => {
                if let Some(connection) = self.network.connections.get_mut(serial) {
                    connection.leave();
                }
                self.agenda.put(self.now + wait + delay, Occurrence::Connection(serial));
            }
            None => self.stall(serial, from),
        }
    }

    /// Nothing passed: it is sent again later, or given up.
    fn stall(&mut self, serial: u64, from: usize) {
        let Some(connection) = self.network.connections.get_mut(serial) else { return };
        let (stage, again) = (connection.stage, connection.fail());
        self.observers.note(self.now, Some(from), &What::Stalled { serial, stage });
        if let Some(again) = again {
            self.agenda.put(self.now + again, Occurrence::Connection(serial));
        } else if stage.is_clients() {
            self.receive(from, Inbound::Failed(serial, ExchangeFailure::TimedOut));
        } else {
            // The server's side forgets it; the client waits until its own deadline.
            self.network.connections.close(serial);
        }
    }

    /// A stage of a connection arrives.
    fn crossed(&mut self, serial: u64) {
        let Some(connection) = self.network.connections.get_mut(serial) else { return };
        let (stage, client, to) = (connection.stage, connection.client, connection.to);
        connection.accepted_by(self.directory.owner(to).map(|node| self.nodes[node].end(node)));
        let Some(server) = connection.server else { return self.stall(serial, client.node) };
        let receiver = if stage.is_clients() { server.node } else { client.node };
        if let Some(connection) = self.network.connections.get_mut(serial) {
            self.observers.note(
                self.now,
                Some(receiver),
                &What::Crossed { serial, stage, body: connection.body() },
            );
        }
        if !stage.is_clients() && !self.is_there(client) {
            self.network.connections.close(serial);
            return;
        }
        match stage {
            Stage::Connect if self.is_there(server) => self.enter(serial, Stage::Accept),
            Stage::Connect => self.enter(serial, Stage::Close(ExchangeFailure::Refused)),
            Stage::Accept => self.enter(serial, Stage::Request),
            Stage::Request if self.is_there(server) => {
                self.network.connections.get_mut(serial).expect("it is open").enter(Stage::Serving);
                self.receive(server.node, Inbound::Request(serial));
            }
            Stage::Request => self.enter(serial, Stage::Close(ExchangeFailure::Closed)),
            Stage::Serving => unreachable!("nothing is under way while a request is served"),
            Stage::Reply => self.receive(client.node, Inbound::Reply(serial)),
            Stage::Close(failure) => self.receive(client.node, Inbound::Failed(serial, failure)),
        }
    }

    /// Returns true if that very process is still there, running or paused.
    fn is_there(&self, end: End) -> bool {
        self.nodes[end.node].swim().is_some() && self.nodes[end.node].end(end.node) == end
    }
}
