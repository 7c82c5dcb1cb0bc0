//! [`JoinError`]: why a join did not get an answer.

use std::fmt;
use std::sync::Arc;

use swim_core::ExchangeFailure;

use super::call::{OnNodeThread, STOPPED};
use crate::seeds::SeedError;

/// Why a join did not get an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum JoinError {
    /// The node has stopped.
    Stopped,
    /// The call would wait on the thread that it waits for.
    OnNodeThread,
    /// There is nobody to ask.
    NoSeeds,
    /// A seed is neither an address nor a host name with a port. None of them was taken.
    Seed(SeedError),
    /// The protocol refuses them.
    Refused(swim_core::JoinError),
    /// Each seed failed once. They are kept, and tried again until one answers.
    NoneAnswered(Vec<(Arc<str>, SeedFailure)>),
}

/// Why a seed gave no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SeedFailure {
    /// The host name has no address; what the resolver said.
    Unresolved(Arc<str>),
    /// The address gave no usable answer.
    Exchange(ExchangeFailure),
}

impl fmt::Display for SeedFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unresolved(error) => write!(f, "no address: {error}"),
            Self::Exchange(failure) => failure.fmt(f),
        }
    }
}

impl fmt::Display for JoinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stopped => f.write_str(STOPPED),
            Self::OnNodeThread => OnNodeThread.fmt(f),
            Self::NoSeeds => f.write_str("there is no seed to join: give the address of a running node"),
            Self::Seed(error) => error.fmt(f),
            Self::Refused(error) => error.fmt(f),
            Self::NoneAnswered(failures) => {
                f.write_str("no seed answered (they are tried again until one does): ")?;
                for (index, (seed, failure)) in failures.iter().enumerate() {
                    write!(f, "{}{seed}: {failure}", if index > 0 { "; " } else { "" })?;
                }
                Ok(())
            }
        }
    }
}

impl std::error::Error for JoinError {}

impl From<OnNodeThread> for JoinError {
    fn from(_: OnNodeThread) -> Self {
        Self::OnNodeThread
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
