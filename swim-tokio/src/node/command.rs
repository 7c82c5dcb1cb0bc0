//! [`Command`]: a call of a handle on its way to the loop.

use std::time::Duration;

use swim_core::{
    BroadcastError, EventError, ForceLeaveError, LamportTime, MetadataError, NodeId, PingError,
    QueryError, QueryId, RespondError,
};
use tokio::sync::{mpsc, oneshot};

use super::joins::Outcome;
use super::query::{Answer, Query};
use super::rekeying::Asking;
use super::room::Delayed;
use crate::seeds::Seed;

/// How many calls of the user may wait for the loop; further ones wait for room.
pub(crate) const COMMANDS: usize = 64;

/// What the user wants, and where the answer goes. An answer that nobody waits for any more is
/// dropped.
#[derive(Debug)]
pub(crate) enum Command {
    Join {
        seeds: Vec<Seed>,
        done: oneshot::Sender<Outcome>,
    },
    Leave {
        done: oneshot::Sender<()>,
    },
    SetMetadata {
        metadata: Vec<u8>,
        done: oneshot::Sender<Result<(), MetadataError>>,
    },
    Broadcast {
        payload: Vec<u8>,
        done: oneshot::Sender<Result<(), BroadcastError>>,
    },
    WhenRoom(Delayed),
    ForceLeave {
        id: String,
        prune: bool,
        done: oneshot::Sender<Result<(), ForceLeaveError>>,
    },
    UserEvent {
        name: String,
        payload: Vec<u8>,
        coalesce: bool,
        done: oneshot::Sender<Result<LamportTime, EventError>>,
    },
    Query {
        query: Query,
        done: oneshot::Sender<Result<mpsc::UnboundedReceiver<Answer>, QueryError>>,
    },
    #[cfg(feature = "memberlist")]
    QueryKeys {
        operation: swim_core::KeyOperation,
        key: Option<swim_core::wire::sealed::Key>,
        done: oneshot::Sender<Result<mpsc::UnboundedReceiver<Answer>, QueryError>>,
    },
    Respond {
        id: QueryId,
        payload: Vec<u8>,
        done: oneshot::Sender<Result<(), RespondError>>,
    },
    Ping {
        id: String,
        done: oneshot::Sender<Result<Option<Duration>, PingError>>,
    },
    AskKeys {
        member: NodeId,
        body: Vec<u8>,
        done: Asking,
    },
    Shutdown {
        done: oneshot::Sender<()>,
    },
}
