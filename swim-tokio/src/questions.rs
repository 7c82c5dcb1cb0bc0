//! User events and queries in the hands of a node's user: the calls of [`Runtime`] and of its blocking twin.
//!
//! The protocol is the core's; here the answers to a query find the one who asked.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use rand_core::Rng;
use swim_core::{Event, EventError, Instant, LamportTime, NodeId, QueryError, QueryId, Question, RespondError, Swim};
use tokio::sync::{mpsc, oneshot};

use crate::blocking::{self, wait};
use crate::error::{CallError, Stopped};
use crate::node::Command;
use crate::runtime::Runtime;

/// A question to members: what [`swim_core::Question`] says, owned.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    /// What it is called.
    pub name: String,
    /// What else is said.
    pub payload: Vec<u8>,
    /// Only members of these names are asked; everyone if there are none.
    pub nodes: Vec<String>,
    /// Only members are asked whose tags match these regular expressions.
    pub tags: Vec<(String, String)>,
    /// Whether each member that is asked says at once that the question has arrived.
    pub wants_acks: bool,
    /// Through how many other members each answer is sent once more, in case it is lost.
    pub relay_factor: u8,
    /// For how long answers are gathered; by default as long as the cluster's size asks for.
    pub timeout: Option<Duration>,
}

impl Query {
    /// A question to everyone.
    #[must_use]
    pub fn new(name: impl Into<String>, payload: impl Into<Vec<u8>>) -> Self {
        Self { name: name.into(), payload: payload.into(), ..Self::default() }
    }
}

/// What a member says to a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It has arrived there.
    Ack(NodeId),
    /// Its answer.
    Response {
        /// The member.
        from: NodeId,
        /// What it answers.
        payload: Arc<[u8]>,
    },
}

/// The answers to a query as they come, until everyone has answered or its time is over.
#[derive(Debug)]
pub struct Answers(mpsc::UnboundedReceiver<Answer>);

impl Answers {
    /// The next answer; `None` when the query has ended. Each member answers at most once.
    pub async fn next(&mut self) -> Option<Answer> {
        self.0.recv().await
    }
}

/// The same, for programs without async.
#[derive(Debug)]
pub struct BlockingAnswers(Answers);

impl Iterator for BlockingAnswers {
    type Item = Answer;

    /// Waits for the next answer; `None` when the query has ended.
    fn next(&mut self) -> Option<Answer> {
        wait(self.0.next())
    }
}

impl Runtime {
    /// Tells every member of an event, this node included: [`Event::UserEvent`]. See
    /// [`Swim::send_user_event`](swim_core::Swim::send_user_event).
    ///
    /// # Errors
    /// If it is too long, too many broadcasts wait already, or the node leaves or has stopped.
    pub async fn send_event(
        &self,
        name: &str,
        payload: impl Into<Vec<u8>>,
        coalesce: bool,
    ) -> Result<LamportTime, CallError<EventError>> {
        let (name, payload) = (name.to_owned(), payload.into());
        self.ask(|done| Call::Event { name, payload, coalesce, done }).await
    }

    /// Asks members a question, and gives their answers as they come. See [`Swim::query`](swim_core::Swim::query).
    ///
    /// # Errors
    /// If it is too long or an expression is none, too many queries are open, or the node leaves or has stopped.
    pub async fn query(&self, query: Query) -> Result<Answers, CallError<QueryError>> {
        self.ask(|done| Call::Query { query, done }).await.map(Answers)
    }

    /// Answers a query that this node was asked: [`Event::Query`] has its number. Only the first answer counts.
    ///
    /// # Errors
    /// If it is too long, the query is not open here, or the node has stopped.
    pub async fn respond(&self, id: QueryId, payload: impl Into<Vec<u8>>) -> Result<(), CallError<RespondError>> {
        let payload = payload.into();
        self.ask(|done| Call::Respond { id, payload, done }).await
    }

    async fn ask<T, E>(&self, call: impl FnOnce(oneshot::Sender<Result<T, E>>) -> Call) -> Result<T, CallError<E>> {
        let answer = self.call(|done| Command::Question(call(done))).await;
        answer.map_err(|Stopped| CallError::Stopped)?.map_err(CallError::Refused)
    }
}

impl blocking::Runtime {
    /// Tells every member of an event: see [`crate::Runtime::send_event`].
    ///
    /// # Errors
    /// See [`crate::Runtime::send_event`].
    pub fn send_event(
        &self,
        name: &str,
        payload: impl Into<Vec<u8>>,
        coalesce: bool,
    ) -> Result<LamportTime, CallError<EventError>> {
        wait(self.node.send_event(name, payload, coalesce))
    }

    /// Asks members a question: see [`crate::Runtime::query`].
    ///
    /// # Errors
    /// See [`crate::Runtime::query`].
    pub fn query(&self, query: Query) -> Result<BlockingAnswers, CallError<QueryError>> {
        wait(self.node.query(query)).map(|answers| BlockingAnswers(answers))
    }

    /// Answers a query that this node was asked: see [`crate::Runtime::respond`].
    ///
    /// # Errors
    /// See [`crate::Runtime::respond`].
    pub fn respond(&self, id: QueryId, payload: impl Into<Vec<u8>>) -> Result<(), CallError<RespondError>> {
        wait(self.node.respond(id, payload))
    }
}

/// A call to the loop, and where the answer goes.
#[derive(Debug)]
pub(crate) enum Call {
    Event { name: String, payload: Vec<u8>, coalesce: bool, done: oneshot::Sender<Result<LamportTime, EventError>> },
    Query { query: Query, done: oneshot::Sender<Result<mpsc::UnboundedReceiver<Answer>, QueryError>> },
    Respond { id: QueryId, payload: Vec<u8>, done: oneshot::Sender<Result<(), RespondError>> },
}

/// The loop's side: who waits for the answers to which query. The core bounds how many are open, and how often each
/// member answers.
#[derive(Debug, Default)]
pub(crate) struct Questions(HashMap<QueryId, mpsc::UnboundedSender<Answer>>);

impl Questions {
    /// Does what is asked for.
    pub(crate) fn call<R: Rng>(&mut self, swim: &mut Swim<R>, now: Instant, call: Call) {
        // An answer that nobody waits for any more is dropped.
        match call {
            Call::Event { name, payload, coalesce, done } => {
                let _ = done.send(swim.send_user_event(now, &name, &payload, coalesce));
            }
            Call::Query { query, done } => {
                let asked = ask(swim, now, &query).map(|id| {
                    let (sender, answers) = mpsc::unbounded_channel();
                    self.0.insert(id, sender);
                    answers
                });
                let _ = done.send(asked);
            }
            Call::Respond { id, payload, done } => {
                let _ = done.send(swim.respond(now, id, &payload));
            }
        }
    }

    /// Takes note of what concerns a query of this node.
    pub(crate) fn hear(&mut self, event: &Event) {
        let (id, answer) = match event {
            Event::QueryAck { id, from } => (id, Answer::Ack(from.clone())),
            Event::QueryResponse { id, from, payload } => {
                (id, Answer::Response { from: from.clone(), payload: Arc::clone(payload) })
            }
            Event::QueryFinished { id, .. } => {
                self.0.remove(id);
                return;
            }
            _ => return,
        };
        if self.0.get(id).is_some_and(|sender| sender.send(answer).is_err()) {
            self.0.remove(id);
        }
    }
}

fn ask<R: Rng>(swim: &mut Swim<R>, now: Instant, query: &Query) -> Result<QueryId, QueryError> {
    let nodes: Vec<&str> = query.nodes.iter().map(String::as_str).collect();
    let tags: Vec<(&str, &str)> = query.tags.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    swim.query(
        now,
        &Question {
            name: &query.name,
            payload: &query.payload,
            nodes: &nodes,
            tags: &tags,
            wants_acks: query.wants_acks,
            relay_factor: query.relay_factor,
            timeout: query.timeout,
        },
    )
}
