//! Why a call of a handle was not done: [`CallError`], [`Stopped`], [`OnNodeThread`].

use std::fmt;

/// Why a call was not done. The node is as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CallError<E> {
    /// The node has stopped.
    Stopped,
    /// The call would wait on the thread that it waits for.
    OnNodeThread,
    /// The protocol refuses it.
    Refused(E),
}

impl<E: fmt::Display> fmt::Display for CallError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stopped => f.write_str(STOPPED),
            Self::OnNodeThread => OnNodeThread.fmt(f),
            Self::Refused(error) => error.fmt(f),
        }
    }
}

impl<E: fmt::Debug + fmt::Display> std::error::Error for CallError<E> {}

/// The node has stopped: it was shut down, or its runtime was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stopped;

pub(super) const STOPPED: &str = "the node has stopped: start another one";

impl fmt::Display for Stopped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(STOPPED)
    }
}

impl std::error::Error for Stopped {}

/// A call of the blocking handle was made on the thread of a node, by a transport or a layer of tracing that runs there:
/// the node would wait for itself. Nothing was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OnNodeThread;

impl fmt::Display for OnNodeThread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the call was made on the node's own thread, which it waits for: make it on another thread")
    }
}

impl std::error::Error for OnNodeThread {}

impl<E> From<OnNodeThread> for CallError<E> {
    fn from(_: OnNodeThread) -> Self {
        Self::OnNodeThread
    }
}
