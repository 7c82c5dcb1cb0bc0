//! User events and queries in the hands of a node's user: the calls of [`Runtime`] and of its blocking twin, and the
//! answers to a query as they come.

use std::sync::Arc;
use std::time::Duration;

use swim_core::{EventError, LamportTime, MetadataError, NodeId, QueryError, QueryId, Question, RespondError, Tags};
use tokio::sync::mpsc;

use crate::blocking::{self, call, is_node_thread, wait};
use crate::error::{CallError, Stopped};
use crate::node::Command;
use crate::room::Delayed;
use crate::runtime::Runtime;

/// A question to members: [`swim_core::Question`] with what it says.
///
/// ```
/// let query = swim_tokio::Query::new("load").tag("role", "^web$").wants_acks();
/// assert_eq!(query.name, "load");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Query {
    /// What it is called.
    pub name: String,
    /// What else is said.
    pub payload: Vec<u8>,
    /// Only these members are asked, if there are any.
    pub nodes: Vec<String>,
    /// Only members with matching tags are asked: names and regular expressions.
    pub tags: Vec<(String, String)>,
    /// Whether each member that is asked says at once that the question has arrived.
    pub wants_acks: bool,
    /// Through how many other members each answer is sent once more.
    pub relay_factor: u8,
    /// For how long answers are gathered; by default as the configuration says.
    pub timeout: Option<Duration>,
}

impl Query {
    /// A question to everyone.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    /// What else is said.
    #[must_use]
    pub fn payload(mut self, payload: impl Into<Vec<u8>>) -> Self {
        self.payload = payload.into();
        self
    }

    /// Asks this member, and others only if they are named too.
    #[must_use]
    pub fn node(mut self, id: impl Into<String>) -> Self {
        self.nodes.push(id.into());
        self
    }

    /// Asks only members whose tag matches a regular expression.
    #[must_use]
    pub fn tag(mut self, name: impl Into<String>, expression: impl Into<String>) -> Self {
        self.tags.push((name.into(), expression.into()));
        self
    }

    /// Wants to know where the question arrives.
    #[must_use]
    pub fn wants_acks(mut self) -> Self {
        self.wants_acks = true;
        self
    }

    /// Sends each answer through so many other members, too.
    #[must_use]
    pub fn relay_factor(mut self, members: u8) -> Self {
        self.relay_factor = members;
        self
    }

    /// Gathers answers for so long.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Hands the question to the core.
    pub(crate) fn with<T>(&self, ask: impl FnOnce(&Question<'_>) -> T) -> T {
        let nodes: Vec<&str> = self.nodes.iter().map(String::as_str).collect();
        let tags: Vec<(&str, &str)> = self.tags.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        let Self { wants_acks, relay_factor, timeout, .. } = *self;
        let question = Question { wants_acks, relay_factor, timeout, ..Question::new(&self.name, &self.payload) };
        ask(&Question { nodes: &nodes, tags: &tags, ..question })
    }
}

/// What comes of a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The question has arrived at a member.
    Ack(NodeId),
    /// A member has answered.
    Response {
        /// The member.
        from: NodeId,
        /// Its answer.
        payload: Arc<[u8]>,
    },
}

/// The answers to a query as they come. Dropping it does not end the query, but nobody hears of its answers any more
/// beside those who [subscribe](Runtime::subscribe).
#[derive(Debug)]
pub struct Answers {
    pub(crate) answers: mpsc::UnboundedReceiver<Answer>,
}

impl Answers {
    /// The next answer; `None` when the query is over: everyone has answered, or its time has passed, or the node has
    /// stopped.
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

/// Where a query's answers go. There are as many as members at most, twice with acks.
pub(crate) type AnswerSender = mpsc::UnboundedSender<Answer>;

impl Runtime {
    /// Tells every member of an event, this node included, once: see [`Swim::send_user_event`](swim_core::Swim::send_user_event).
    /// Returns the event's time on the cluster's logical clock.
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
        let result = self.call(|done| Command::WhenRoom(Delayed::Event { name, payload, coalesce, done })).await;
        result.map_err(|Stopped| CallError::Stopped)?.map_err(CallError::Refused)
    }

    /// Asks members a question, this node too if it is for it. The answers come one by one.
    ///
    /// # Errors
    /// If it is too long, its expressions are none, too much waits already, or the node leaves or has stopped.
    pub async fn query(&self, query: Query) -> Result<Answers, CallError<QueryError>> {
        let result = self.call(|done| Command::Query { query, done }).await;
        let answers = result.map_err(|Stopped| CallError::Stopped)?.map_err(CallError::Refused)?;
        Ok(Answers { answers })
    }

    /// Answers a question that [`Event::Query`](crate::Event::Query) has told of.
    ///
    /// # Errors
    /// If it is too long, or the question was answered or its time is over, or the node has left or stopped.
    pub async fn respond(&self, id: QueryId, payload: impl Into<Vec<u8>>) -> Result<(), CallError<RespondError>> {
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

    /// The next answer, for programs without async: waits for it. On the thread of a blocking node, which must not wait, it
    /// is an answer that is there already, or `None`.
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

    /// Asks members a question: see [`Runtime::query`]. The answers are an iterator that waits for each.
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
    pub fn respond(&self, id: QueryId, payload: impl Into<Vec<u8>>) -> Result<(), CallError<RespondError>> {
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
