//! What the loop does with messages about keys: it hands requests to the node's keys, which answer
//! when they are done, and replies to those who wait for them. It knows nothing of what is in them.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use swim_core::{
    AskKeysError, ExchangeFailure, ExchangeId, KeyMessage, NodeId, SequenceNumber, Swim,
};
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use crate::ground::clock::Clock;
use crate::keys::{Asked, Keys, PlainTraffic};

/// What comes of a request: the answer's body, or why there is none.
pub(crate) type Asking = oneshot::Sender<Result<Vec<u8>, Unanswered>>;

/// Why a member did not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unanswered {
    /// It was not asked.
    NotAsked(AskKeysError),
    /// It was asked.
    Failed(ExchangeFailure),
}

impl Unanswered {
    /// Returns true if it is worth while to ask again soon.
    pub(crate) const fn may_pass(self) -> bool {
        use ExchangeFailure::{Closed, Overloaded, TimedOut};
        matches!(
            self,
            Self::NotAsked(AskKeysError::TooMany { .. })
                | Self::Failed(Closed | Overloaded | TimedOut)
        )
    }
}

impl fmt::Display for Unanswered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAsked(AskKeysError::UnknownMember) => f.write_str("it is gone"),
            Self::NotAsked(error) => error.fmt(f),
            Self::Failed(ExchangeFailure::Malformed) => {
                f.write_str("it takes no part: it has no keyring, or runs another version, or was asked in plain")
            }
            Self::Failed(failure) => failure.fmt(f),
        }
    }
}

/// Those who wait for answers about keys, and the answers in the making.
#[derive(Debug)]
pub(crate) struct Rekeying {
    me: NodeId,
    keys: Option<Arc<Keys>>,
    /// Bounded by `Config::max_exchanges`.
    asked: HashMap<SequenceNumber, Asking>,
    /// Answers in the making: few, since the core takes up few requests at a time and keys change
    /// one after the other.
    answers: JoinSet<(ExchangeId, Vec<u8>)>,
    /// As of which change of the keys the core knows whether plain traffic is taken next to what is
    /// sealed.
    known: Option<u64>,
}

/// Answers in the making at most: each waits for the disk.
const MAX_ANSWERS: usize = 32;

impl Rekeying {
    /// Of the node of that name.
    pub(crate) fn new(me: NodeId, keys: Option<Arc<Keys>>) -> Self {
        Self { me, keys, asked: HashMap::new(), answers: JoinSet::new(), known: None }
    }

    /// Asks a member.
    pub(crate) fn ask<R: rand_core::Rng>(
        &mut self,
        (swim, clock): (&mut Swim<R>, &Clock),
        member: &NodeId,
        body: &[u8],
        done: Asking,
    ) {
        match swim.ask_keys(clock.now(), member, body) {
            Ok(sequence) => {
                self.asked.insert(sequence, done);
            }
            Err(error) => drop(done.send(Err(Unanswered::NotAsked(error)))),
        }
    }

    /// Tells the core whether this node seals what it sends and takes plain traffic too.
    pub(crate) fn tell_of_plain_traffic<R: rand_core::Rng>(&mut self, swim: &mut Swim<R>) {
        let Some(keys) = &self.keys else { return };
        let version = keys.version();
        if self.known != Some(version) {
            self.known = Some(version);
            swim.set_mixed_traffic(keys.state().plain == PlainTraffic::Accepted);
        }
    }

    /// Takes up a message about keys from the core.
    pub(crate) fn take_up<R: rand_core::Rng>(&mut self, message: KeyMessage, swim: &mut Swim<R>) {
        match message {
            KeyMessage::Reply { sequence, result } => {
                if let Some(done) = self.asked.remove(&sequence) {
                    let _ = done.send(result.map_err(Unanswered::Failed));
                }
            }
            KeyMessage::Request { id, from, address, body } => match &self.keys {
                Some(keys) if self.answers.len() < MAX_ANSWERS => {
                    let (keys, asked) =
                        (Arc::clone(keys), Asked { me: self.me.clone(), from, address });
                    self.answers.spawn(async move { (id, keys.answer(&asked, &body).await) });
                }
                _ => swim.answer_key_request(id, None),
            },
            _ => {}
        }
    }

    /// The next answer that is made; for ever none, if none is being made.
    pub(crate) async fn next(&mut self) -> (ExchangeId, Vec<u8>) {
        loop {
            match self.answers.join_next().await {
                Some(Ok(answer)) => return answer,
                // A task that panicked answers nothing: who asked stops waiting by itself.
                Some(Err(_)) => {}
                None => std::future::pending().await,
            }
        }
    }
}
