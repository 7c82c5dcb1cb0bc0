//! [`Query`]: a question to members, and what comes of it.

use std::sync::Arc;
use std::time::Duration;

use swim_core::{NodeId, Question};
use tokio::sync::mpsc;

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
        let tags: Vec<(&str, &str)> =
            self.tags.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        let Self { wants_acks, relay_factor, timeout, .. } = *self;
        let question = Question {
            wants_acks,
            relay_factor,
            timeout,
            ..Question::new(&self.name, &self.payload)
        };
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

/// Where a query's answers go. There are as many as members at most, twice with acks.
pub(crate) type AnswerSender = mpsc::UnboundedSender<Answer>;
