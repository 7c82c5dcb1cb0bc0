//! The handle of a running node for programs with async: [`Runtime`].

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use swim_core::{BroadcastError, ForceLeaveError, Member, MetadataError, NodeId, PingError};
use tokio::sync::{mpsc, oneshot};

use crate::errors::{CallError, JoinError, Stopped};
use crate::keys::Keys;
use crate::node::Command;
use crate::node::Delayed;
use crate::node::Subscription;
use crate::node::{Metrics, View};
use crate::seeds::Seed;

/// A running node. Clones are handles of the same node; when the last one is dropped the node stops
/// at once, without a word to the others, like a process that is killed. [`leave`](Self::leave)
/// first to go in peace.
///
/// # When the node loses its name
/// A name belongs to one node. A node that starts under a living member's name, or that loses a
/// dispute over its own, is told so by [`Event::NameLost`](swim_core::Event::NameLost), and then
/// **falls silent: it keeps running, but no longer announces itself or answers pings, so the others
/// see the other bearer in its place**. Calls still succeed, and [`is_running`](Self::is_running)
/// stays true. Only the `swim` agent ends by itself, when it was refused at its start (`at_start`).
/// So subscribe as soon as the node is started, and on this event call [`shutdown`](Self::shutdown)
/// rather than [`leave`](Self::leave), since a departure would be said of the other bearer; then
/// start under another name, or end with an error. A node that is kept running bears its name again
/// once the other one is gone ([`Event::NameRegained`](swim_core::Event::NameRegained)).
///
/// Among serf's agents the members vote: after
/// [`Event::ConflictDecided`](swim_core::Event::ConflictDecided) with `kept: false` the others know
/// another node under the name. Do the same then.
///
/// ```no_run
/// # async fn stop_without_name(node: swim_tokio::Runtime) {
/// use swim_tokio::swim_core::Event;
/// use swim_tokio::Notice;
///
/// let mut notices = node.subscribe();
/// while let Some(notice) = notices.next().await {
///     if let Notice::Event(Event::NameLost { address, .. }) = notice {
///         eprintln!("{} is the name of the node at {address}", node.id());
///         node.shutdown().await;
///     }
/// }
/// # }
/// ```
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use swim_tokio::{Config, Runtime};
///
/// let one = Runtime::builder().id("one").config(Config::local()).start().await?;
/// let two = Runtime::builder().id("two").config(Config::local()).start().await?;
/// let members = two.join([one.local_address()]).await?;
/// assert_eq!(members, 2);
/// two.leave().await?;
/// two.shutdown().await;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Runtime {
    pub(crate) view: Arc<View>,
    commands: mpsc::Sender<Command>,
    /// `keys/own.rs` has their calls.
    pub(crate) keys: Option<Arc<Keys>>,
    /// The envelope of memberlist's wire; `keys/serf.rs` has the calls.
    #[cfg(feature = "memberlist")]
    pub(crate) envelope: Option<crate::transport::Current>,
}

impl Runtime {
    pub(crate) fn new(
        view: Arc<View>,
        commands: mpsc::Sender<Command>,
        keys: Option<Arc<Keys>>,
    ) -> Self {
        Self {
            view,
            commands,
            keys,
            #[cfg(feature = "memberlist")]
            envelope: None,
        }
    }

    /// The node's name.
    #[must_use]
    pub fn id(&self) -> &NodeId {
        &self.view.id
    }

    /// Where the node listens, with the port that it got.
    #[must_use]
    pub fn local_address(&self) -> SocketAddr {
        self.view.local
    }

    /// Where the others reach the node.
    #[must_use]
    pub fn advertised_address(&self) -> SocketAddr {
        self.view.advertised
    }

    /// Every known member, this node, the dead and the left included, sorted by name: a snapshot
    /// that costs no more than a pointer. In a cluster of thousands it may be some milliseconds
    /// old, and some seconds where thousands of nodes share a process.
    #[must_use]
    pub fn members(&self) -> Arc<[Member]> {
        self.view.members()
    }

    /// What is known of one member, from the same snapshot.
    #[must_use]
    pub fn member(&self, id: &str) -> Option<Member> {
        self.view.member(id)
    }

    /// How long a member took to answer the last direct probe of this node. `None` until it was
    /// probed, and once it has failed or left.
    #[must_use]
    pub fn round_trip(&self, id: &str) -> Option<Duration> {
        self.view.round_trips.of(id)
    }

    /// Where the others were when this node was last here, by its snapshot: it turns to these
    /// addresses as to seeds. Empty without a [`snapshot`](crate::Builder::snapshot), and at the
    /// first start with one.
    #[must_use]
    pub fn restored_addresses(&self) -> &[SocketAddr] {
        self.view.restored.get().map_or(&[], Vec::as_slice)
    }

    /// Returns true if the node's loop runs: not any more after a shutdown, or when its tokio
    /// runtime is gone.
    #[must_use]
    pub fn is_running(&self) -> bool {
        !self.commands.is_closed()
    }

    /// What happens from now on. A subscriber that is too slow loses notices, and is told how many;
    /// it delays nobody.
    #[must_use]
    pub fn subscribe(&self) -> Subscription {
        self.view.subscribers.subscribe()
    }

    /// Counters and gauges, as of the loop's last turn.
    #[must_use]
    pub fn metrics(&self) -> Metrics {
        self.view.metrics()
    }

    /// Why the node's snapshot could not be written the last time that it was to be; `None` if it
    /// could, or if there is none. It is tried again, every few seconds.
    #[must_use]
    pub fn snapshot_error(&self) -> Option<String> {
        self.view.snapshot_writes.outcomes().error
    }

    /// Lifeguard's local health score: 0 is well; higher means that this node itself is slow or
    /// badly connected.
    #[must_use]
    pub fn health(&self) -> u8 {
        self.view.health()
    }

    /// Adds seeds (addresses, or host names with ports) and waits for the first one to answer: then
    /// the number of active members is known. The seeds are kept: the node turns to them again
    /// whenever it is alone.
    ///
    /// # Errors
    /// [`JoinError::NoneAnswered`] when each has failed once, or said nothing for a bounded time;
    /// they are tried again all the same. The others mean that nothing was done.
    pub async fn join<S: ToString>(
        &self,
        seeds: impl IntoIterator<Item = S>,
    ) -> Result<usize, JoinError> {
        let seeds = seeds.into_iter().map(|seed| seed.to_string().parse());
        let seeds: Vec<Seed> = seeds.collect::<Result<_, _>>().map_err(JoinError::Seed)?;
        if seeds.is_empty() {
            return Err(JoinError::NoSeeds);
        }
        self.call(|done| Command::Join { seeds, done })
            .await
            .map_err(|Stopped| JoinError::Stopped)?
    }

    /// Says goodbye: returns when the departure is spread, or after
    /// [`Config::leave_timeout`](crate::Config), and within half a second more when its packets are
    /// written. The node takes no part any more; shut it down, or drop its handles.
    ///
    /// # Errors
    /// If the node has stopped.
    pub async fn leave(&self) -> Result<(), Stopped> {
        self.call(|done| Command::Leave { done }).await
    }

    /// Changes the metadata that the others see.
    ///
    /// # Errors
    /// If they are too long, or the node leaves or has stopped.
    pub async fn set_metadata(
        &self,
        metadata: impl Into<Vec<u8>>,
    ) -> Result<(), CallError<MetadataError>> {
        let metadata = metadata.into();
        let result = self.call(|done| Command::SetMetadata { metadata, done }).await;
        result.map_err(|Stopped| CallError::Stopped)?.map_err(CallError::Refused)
    }

    /// Sends a payload to every other member, each of which is told at most once.
    ///
    /// # Errors
    /// If it is too long, too many wait already, or the node leaves or has stopped.
    pub async fn broadcast(
        &self,
        payload: impl Into<Vec<u8>>,
    ) -> Result<(), CallError<BroadcastError>> {
        let payload = payload.into();
        let result = self.call(|done| Command::Broadcast { payload, done }).await;
        result.map_err(|Stopped| CallError::Stopped)?.map_err(CallError::Refused)
    }

    /// The same, and waits while too many broadcasts wait already: until this one is queued behind
    /// them. Nothing is sent if the call is dropped before.
    ///
    /// # Errors
    /// If it is too long, 1,024 callers wait for room already, or the node leaves or has stopped.
    pub async fn broadcast_when_ready(
        &self,
        payload: impl Into<Vec<u8>>,
    ) -> Result<(), CallError<BroadcastError>> {
        let payload = payload.into();
        let result =
            self.call(|done| Command::WhenRoom(Delayed::Broadcast { payload, done })).await;
        result.map_err(|Stopped| CallError::Stopped)?.map_err(CallError::Refused)
    }

    /// Pings a member: how long its answer took, or `None` if none came in time.
    ///
    /// # Errors
    /// If there is no such member, it is this node itself, too many pings are on their way, or the
    /// node leaves or has stopped.
    pub async fn ping(&self, id: &str) -> Result<Option<Duration>, CallError<PingError>> {
        let id = id.to_owned();
        let result = self.call(|done| Command::Ping { id, done }).await;
        result.map_err(|Stopped| CallError::Stopped)?.map_err(CallError::Refused)
    }

    /// Declares a suspected or failed member to have left, for an operator who knows that it does
    /// not come back. With `prune` this node forgets it at once and the others soon: see
    /// [`Swim::force_leave`](swim_core::Swim::force_leave).
    ///
    /// # Errors
    /// If there is no such member, it is this node itself or alive, or the node leaves or has
    /// stopped.
    pub async fn force_leave(
        &self,
        id: &str,
        prune: bool,
    ) -> Result<(), CallError<ForceLeaveError>> {
        let id = id.to_owned();
        let result = self.call(|done| Command::ForceLeave { id, prune, done }).await;
        result.map_err(|Stopped| CallError::Stopped)?.map_err(CallError::Refused)
    }

    /// Stops the node, without a word to the others: when this returns its port is free. What is
    /// queued is still written, for at most [`TcpConfig::linger`](crate::TcpConfig). Does nothing
    /// to a node that has stopped.
    pub async fn shutdown(&self) {
        let _ = self.call(|done| Command::Shutdown { done }).await;
    }

    pub(crate) async fn call<T>(
        &self,
        command: impl FnOnce(oneshot::Sender<T>) -> Command,
    ) -> Result<T, Stopped> {
        let (done, answer) = oneshot::channel();
        self.commands.send(command(done)).await.map_err(|_| Stopped)?;
        answer.await.map_err(|_| Stopped)
    }
}
