//! User events and queries in the hands of a node's user: the calls of [`Runtime`] and of its
//! blocking twin, and the answers to a query as they come.

use std::sync::Arc;

use swim_core::{
    EventError, LamportTime, MetadataError, NodeId, QueryError, QueryId, RespondError, Tags,
};
use tokio::sync::mpsc;

use super::waiting::{call, is_node_thread, wait};
use super::{Runtime, blocking};
use crate::errors::{CallError, Stopped};
use crate::node::{Answer, Command, Delayed, Query};

/// The answers to a query as they come. Dropping it does not end the query, but nobody hears of its
/// answers any more besides those who [subscribe](Runtime::subscribe).
#[derive(Debug)]
pub struct Answers {
    pub(crate) answers: mpsc::UnboundedReceiver<Answer>,
}

impl Answers {
    /// The next answer; `None` when the query is over: everyone has answered, or its time has
    /// passed, or the node has stopped.
    pub async fn next(&mut self) -> Option<Answer> {
        self.answers.recv().await
    }

    /// All responses until the query is over.
    pub async fn responses(mut self) -> Vec<(NodeId, Arc<[u8]>)> {
        let mut responses = Vec::new();
        while let Some(answer) = self.next().await {
            if let Answer::Response { from, payload } = answer {
                responses.push((from, payload));
            }
        }
        responses
    }
}

impl Runtime {
    /// Tells every member of an event, this node included, once: see
    /// [`SerfMut::send_user_event`](swim_core::SerfMut::send_user_event). Returns the event's time
    /// on the cluster's logical clock.
    ///
    /// # Errors
    /// If it is too long, too much waits already, or the node leaves or has stopped.
    pub async fn send_user_event(
        &self,
        name: &str,
        payload: impl Into<Vec<u8>>,
        coalesce: bool,
    ) -> Result<LamportTime, CallError<EventError>> {
        let (name, payload) = (name.to_owned(), payload.into());
        let result = self.call(|done| Command::UserEvent { name, payload, coalesce, done }).await;
        result.map_err(|Stopped| CallError::Stopped)?.map_err(CallError::Refused)
    }

    /// The same, and waits while too much waits to be sent already.
    ///
    /// # Errors
    /// If it is too long, 1,024 callers wait for room already, or the node leaves or has stopped.
    pub async fn send_user_event_when_ready(
        &self,
        name: &str,
        payload: impl Into<Vec<u8>>,
        coalesce: bool,
    ) -> Result<LamportTime, CallError<EventError>> {
        let (name, payload) = (name.to_owned(), payload.into());
        let result = self
            .call(|done| Command::WhenRoom(Delayed::Event { name, payload, coalesce, done }))
            .await;
        result.map_err(|Stopped| CallError::Stopped)?.map_err(CallError::Refused)
    }

    /// Asks members a question, this node too if it is for it. The answers come one by one.
    ///
    /// # Errors
    /// If it is too long, its expressions are none, too much waits already, or the node leaves or
    /// has stopped.
    pub async fn query(&self, query: Query) -> Result<Answers, CallError<QueryError>> {
        let result = self.call(|done| Command::Query { query, done }).await;
        let answers = result.map_err(|Stopped| CallError::Stopped)?.map_err(CallError::Refused)?;
        Ok(Answers { answers })
    }

    /// Answers a question that [`Event::Query`](crate::Event::Query) has told of.
    ///
    /// # Errors
    /// If it is too long, or the question was answered or its time is over, or the node has left or
    /// stopped.
    pub async fn respond(
        &self,
        id: QueryId,
        payload: impl Into<Vec<u8>>,
    ) -> Result<(), CallError<RespondError>> {
        let payload = payload.into();
        let result = self.call(|done| Command::Respond { id, payload, done }).await;
        result.map_err(|Stopped| CallError::Stopped)?.map_err(CallError::Refused)
    }

    /// Changes this node's tags, which are its metadata.
    ///
    /// # Errors
    /// If they are too long, or the node leaves or has stopped.
    pub async fn set_tags(&self, tags: &Tags) -> Result<(), CallError<MetadataError>> {
        self.set_metadata(tags.encode()).await
    }

    /// A member's tags; `None` if there is no such member or its metadata is something else.
    #[must_use]
    pub fn tags(&self, id: &str) -> Option<Tags> {
        self.member(id).and_then(|member| Tags::decode(&member.metadata).ok())
    }
}

impl Iterator for Answers {
    type Item = Answer;

    /// The next answer, for programs without async: waits for it. On the thread of a blocking node,
    /// which must not wait, it is an answer that is there already, or `None`.
    fn next(&mut self) -> Option<Answer> {
        if is_node_thread() { self.answers.try_recv().ok() } else { wait(self.answers.recv()) }
    }
}

impl blocking::Runtime {
    /// Tells every member of an event: see [`Runtime::send_user_event`].
    ///
    /// # Errors
    /// See [`Runtime::send_user_event`].
    pub fn send_user_event(
        &self,
        name: &str,
        payload: impl Into<Vec<u8>>,
        coalesce: bool,
    ) -> Result<LamportTime, CallError<EventError>> {
        call(self.node.send_user_event(name, payload, coalesce))
    }

    /// The same, and waits for room: see [`Runtime::send_user_event_when_ready`].
    ///
    /// # Errors
    /// See [`Runtime::send_user_event_when_ready`].
    pub fn send_user_event_when_ready(
        &self,
        name: &str,
        payload: impl Into<Vec<u8>>,
        coalesce: bool,
    ) -> Result<LamportTime, CallError<EventError>> {
        call(self.node.send_user_event_when_ready(name, payload, coalesce))
    }

    /// Asks members a question: see [`Runtime::query`]. The answers are an iterator that waits for
    /// each.
    ///
    /// # Errors
    /// See [`Runtime::query`].
    pub fn query(&self, query: Query) -> Result<Answers, CallError<QueryError>> {
        call(self.node.query(query))
    }

    /// Answers a question: see [`Runtime::respond`].
    ///
    /// # Errors
    /// See [`Runtime::respond`].
    pub fn respond(
        &self,
        id: QueryId,
        payload: impl Into<Vec<u8>>,
    ) -> Result<(), CallError<RespondError>> {
        call(self.node.respond(id, payload))
    }

    /// Changes this node's tags: see [`Runtime::set_tags`].
    ///
    /// # Errors
    /// See [`Runtime::set_tags`].
    pub fn set_tags(&self, tags: &Tags) -> Result<(), CallError<MetadataError>> {
        call(self.node.set_tags(tags))
    }

    /// A member's tags: see [`Runtime::tags`].
    #[must_use]
    pub fn tags(&self, id: &str) -> Option<Tags> {
        self.node.tags(id)
    }
}
