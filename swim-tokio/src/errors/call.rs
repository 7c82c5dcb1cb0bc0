//! Why a call of a handle was not done: [`CallError`], [`Stopped`], [`OnNodeThread`].

/// Why a call was not done. The node is as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CallError<E> {
    /// The node has stopped.
    #[error("{Stopped}")]
    Stopped,
    /// The call would wait on the thread that it waits for.
    #[error("{OnNodeThread}")]
    OnNodeThread,
    /// The protocol refuses it.
    #[error("{0}")]
    Refused(E),
}

impl<E> From<OnNodeThread> for CallError<E> {
    fn from(_: OnNodeThread) -> Self {
        Self::OnNodeThread
    }
}

/// The node has stopped: it was shut down, or its runtime was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the node has stopped: start another one")]
pub struct Stopped;

/// A call of the blocking handle was made on the thread of a node, by a transport or a layer of
/// tracing that runs there: the node would wait for itself. Nothing was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the call was made on the node's own thread, which it waits for: make it on another thread"
)]
pub struct OnNodeThread;
