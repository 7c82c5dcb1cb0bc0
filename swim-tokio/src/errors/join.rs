//! [`JoinError`]: why a join did not get an answer.

use std::fmt;
use std::sync::Arc;

use swim_core::ExchangeFailure;

use super::call::{OnNodeThread, Stopped};
use crate::seeds::SeedError;

/// Why a join did not get an answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JoinError {
    /// The node has stopped.
    #[error("{Stopped}")]
    Stopped,
    /// The call would wait on the thread that it waits for.
    #[error("{OnNodeThread}")]
    OnNodeThread,
    /// There is nobody to ask.
    #[error("there is no seed to join: give the address of a running node")]
    NoSeeds,
    /// A seed is neither an address nor a host name with a port. None of them was taken.
    #[error("{0}")]
    Seed(SeedError),
    /// The protocol refuses them.
    #[error("{0}")]
    Refused(swim_core::JoinError),
    /// Each seed failed once. They are kept, and tried again until one answers.
    #[error("no seed answered (they are tried again until one does): {}", Failures(.0))]
    NoneAnswered(Vec<(Arc<str>, SeedFailure)>),
}

/// Why a seed gave no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SeedFailure {
    /// The host name has no address; what the resolver said.
    #[error("no address: {0}")]
    Unresolved(Arc<str>),
    /// The address gave no usable answer.
    #[error("{0}")]
    Exchange(ExchangeFailure),
}

impl From<OnNodeThread> for JoinError {
    fn from(_: OnNodeThread) -> Self {
        Self::OnNodeThread
    }
}

/// Each seed with its failure.
struct Failures<'a>(&'a [(Arc<str>, SeedFailure)]);

impl fmt::Display for Failures<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (seed, failure)) in self.0.iter().enumerate() {
            write!(f, "{}{seed}: {failure}", if index > 0 { "; " } else { "" })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_join_without_an_answer_names_each_seed_and_its_failure() {
        let error = JoinError::NoneAnswered(vec![
            ("127.0.0.1:1".into(), SeedFailure::Exchange(ExchangeFailure::Refused)),
            ("nowhere.invalid:1".into(), SeedFailure::Unresolved("name not known".into())),
        ]);
        assert_eq!(
            error.to_string(),
            "no seed answered (they are tried again until one does): 127.0.0.1:1: connection refused: nothing \
             listens there; nowhere.invalid:1: no address: name not known"
        );
    }
}
