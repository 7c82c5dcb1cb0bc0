//! Calls of nodes' users, each with the core's answer.

use swim_core::{
    BroadcastError, EventError, ForceLeaveError, LamportTime, MetadataError, PingError, QueryError,
    QueryId, Question, RespondError, SequenceNumber,
};

use super::Cluster;
use crate::events::Announcement;
use crate::plan::Work;

impl Cluster {
    /// A node broadcasts a payload.
    ///
    /// # Errors
    /// Returns the core's error; [`BroadcastError::NotRunning`] if there is no running process.
    pub fn broadcast(&mut self, node: usize, payload: &[u8]) -> Result<(), BroadcastError> {
        let now = self.nodes[node].local(self.now);
        let outcome = match self.nodes[node].running() {
            Some(swim) => swim.broadcast(now, payload),
            None => Err(BroadcastError::NotRunning),
        };
        if outcome.is_ok() {
            let running = self.running_generations();
            self.observers.broadcast(self.now, (node, self.nodes[node].name()), payload, running);
        }
        self.observers.step(self.now, &Work::Broadcast { node, payload: payload.to_vec() }.into());
        self.settle(node);
        outcome
    }

    /// A node sends a user event; its time.
    ///
    /// # Errors
    /// Returns the core's error; [`EventError::NotRunning`] if there is no running process.
    pub fn send_user_event(
        &mut self,
        node: usize,
        name: &str,
        payload: &[u8],
    ) -> Result<LamportTime, EventError> {
        let now = self.nodes[node].local(self.now);
        let outcome = match self.nodes[node].running() {
            Some(swim) => swim.serf_mut().send_user_event(now, name, payload, false),
            None => Err(EventError::NotRunning),
        };
        if let Ok(time) = outcome {
            let what = Announcement::UserEvent { time, name: name.into(), payload: payload.into() };
            let sender = (node, self.nodes[node].name());
            let running = self.running_generations();
            self.observers.announced(self.now, sender, what, running);
        }
        self.observers.step(
            self.now,
            &Work::UserEvent { node, name: name.to_owned(), payload: payload.to_vec() }.into(),
        );
        self.settle(node);
        outcome
    }

    /// A node asks everyone a question, with acks. Each node that is asked answers with its name.
    ///
    /// # Errors
    /// Returns the core's error; [`QueryError::NotRunning`] if there is no running process.
    pub fn query(&mut self, node: usize, name: &str) -> Result<QueryId, QueryError> {
        let now = self.nodes[node].local(self.now);
        let question = Question { wants_acks: true, ..Question::new(name, b"") };
        let outcome = match self.nodes[node].running() {
            Some(swim) => swim.serf_mut().query(now, &question),
            None => Err(QueryError::NotRunning),
        };
        if let Ok(id) = outcome {
            let what = Announcement::Query { id, name: name.into() };
            let sender = (node, self.nodes[node].name());
            let running = self.running_generations();
            self.observers.announced(self.now, sender, what, running);
        }
        self.observers.step(self.now, &Work::Query { node, name: name.to_owned() }.into());
        self.settle(node);
        outcome
    }

    /// A node's user answers a query that it was told of: see
    /// [`Builder::answers_of_programs`](super::Builder::answers_of_programs).
    ///
    /// # Errors
    /// Returns the core's error; [`RespondError::NotRunning`] if there is no running process.
    pub fn respond(
        &mut self,
        node: usize,
        id: QueryId,
        payload: &[u8],
    ) -> Result<(), RespondError> {
        let now = self.nodes[node].local(self.now);
        let outcome = match self.nodes[node].running() {
            Some(swim) => swim.serf_mut().respond(now, id, payload),
            None => Err(RespondError::NotRunning),
        };
        self.settle(node);
        outcome
    }

    /// A node's user pings another member, and is told of the answer as
    /// [`Event::Pinged`](swim_core::Event::Pinged).
    ///
    /// # Errors
    /// Returns the core's error; [`PingError::NotRunning`] if there is no running process.
    pub fn ping(&mut self, node: usize, target: usize) -> Result<SequenceNumber, PingError> {
        let (now, id) = (self.nodes[node].local(self.now), self.nodes[target].id());
        let outcome = match self.nodes[node].running() {
            Some(swim) => swim.ping(now, &id),
            None => Err(PingError::NotRunning),
        };
        self.settle(node);
        outcome
    }

    /// A node's user has a dead member count as one that left; with `prune`, has it forgotten.
    ///
    /// # Errors
    /// Returns the core's error; [`ForceLeaveError::NotRunning`] if there is no running process.
    pub fn force_leave(
        &mut self,
        node: usize,
        target: usize,
        prune: bool,
    ) -> Result<(), ForceLeaveError> {
        let (now, id) = (self.nodes[node].local(self.now), self.nodes[target].id());
        let outcome = match self.nodes[node].running() {
            Some(swim) => swim.force_leave(now, &id, prune),
            None => Err(ForceLeaveError::NotRunning),
        };
        if outcome.is_ok() {
            self.observers.forced_out(self.nodes[target].name());
        }
        self.settle(node);
        outcome
    }

    /// A node changes its metadata.
    ///
    /// # Errors
    /// Returns the core's error; [`MetadataError::NotRunning`] if there is no running process.
    pub fn set_metadata(&mut self, node: usize, metadata: &[u8]) -> Result<(), MetadataError> {
        let now = self.nodes[node].local(self.now);
        let outcome = match self.nodes[node].running() {
            Some(swim) => swim.set_metadata(now, metadata),
            None => Err(MetadataError::NotRunning),
        };
        self.observers
            .step(self.now, &Work::SetMetadata { node, metadata: metadata.to_vec() }.into());
        self.settle(node);
        outcome
    }
}
