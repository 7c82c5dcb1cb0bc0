//! The handle of a running node for programs without async: the same calls, each of which waits.
//!
//! The node has a thread of its own with a tokio runtime on it. The calls wait by parking the
//! caller's thread, so they work wherever they are made, within another tokio runtime too (where
//! they block one of its threads). On a node's own thread alone, where a transport or a layer of
//! tracing may come to make one, they are errors: [`OnNodeThread`](crate::OnNodeThread).

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::mpsc::RecvTimeoutError;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::task::{Context, Waker};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use swim_core::{BroadcastError, ForceLeaveError, Member, MetadataError, NodeId, PingError};

use super::builder::Builder;
use super::waiting::{call, is_node_thread, mark_node_thread, wait, wait_until};
use crate::errors::{CallError, JoinError, StartError, Stopped};
use crate::node::{Metrics, Notice};

/// How long the thread waits, when the node has stopped, for a file of keys that is still being
/// written.
const WRITE_GRACE: Duration = Duration::from_millis(100);

/// A running node with a thread of its own: see [`crate::Runtime`], whose calls these are. Clones
/// are handles of the same node; dropping the last one stops it and waits for its end.
///
/// ```
/// use swim_tokio::{Config, blocking};
///
/// let one = blocking::Runtime::builder().id("one").config(Config::local()).start_blocking()?;
/// let two = blocking::Runtime::builder().id("two").config(Config::local()).start_blocking()?;
/// assert_eq!(two.join([one.local_address()])?, 2);
/// two.leave()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Runtime {
    // Dropped in this order: the node stops when its handle is gone, and then the thread ends.
    pub(crate) node: super::Runtime,
    thread: Arc<NodeThread>,
}

impl Builder {
    /// Starts the node on a thread of its own, for programs without async.
    ///
    /// # Errors
    /// [`StartError`], which says what to do.
    pub fn start_blocking(self) -> Result<Runtime, StartError> {
        let (started, start) = mpsc::sync_channel(1);
        let thread = thread::Builder::new()
            .name("swim".into())
            .spawn(move || run(self, &started))
            .map_err(StartError::Thread)?;
        match start.recv() {
            Ok(Ok(node)) => {
                Ok(Runtime { node, thread: Arc::new(NodeThread(Mutex::new(Some(thread)))) })
            }
            Ok(Err(error)) => Err(error),
            Err(_) => Err(StartError::Thread(std::io::Error::other("it ended at once"))),
        }
    }
}

/// The thread of a node, from its start to its end.
fn run(builder: Builder, started: &mpsc::SyncSender<Result<super::Runtime, StartError>>) {
    mark_node_thread();
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            let _ = started.send(Err(StartError::Thread(error)));
            return;
        }
    };
    runtime.block_on(async {
        match builder.spawn() {
            Ok((node, ended)) => {
                let _ = started.send(Ok(node));
                // An error would be a bug of the loop, which has been reported by its panic.
                let _ = ended.await;
            }
            Err(error) => {
                let _ = started.send(Err(error));
            }
        }
    });
    runtime.shutdown_timeout(WRITE_GRACE);
}

#[derive(Debug)]
struct NodeThread(Mutex<Option<JoinHandle<()>>>);

impl Drop for NodeThread {
    fn drop(&mut self) {
        if let Some(thread) = self.0.get_mut().unwrap_or_else(PoisonError::into_inner).take()
            // The last handle may be dropped on it: it ends by itself then.
            && thread.thread().id() != thread::current().id()
        {
            // An error would be a bug of the loop, which has been reported by its panic.
            let _ = thread.join();
        }
    }
}

impl Runtime {
    /// Begins to describe a node; [`Builder::start_blocking`] starts it.
    pub fn builder() -> Builder {
        Builder::new()
    }

    /// The node's name.
    #[must_use]
    pub fn id(&self) -> &NodeId {
        self.node.id()
    }

    /// Where the node listens, with the port that it got.
    #[must_use]
    pub fn local_address(&self) -> SocketAddr {
        self.node.local_address()
    }

    /// Where the others reach the node.
    #[must_use]
    pub fn advertised_address(&self) -> SocketAddr {
        self.node.advertised_address()
    }

    /// Every known member, sorted by name: see [`crate::Runtime::members`].
    #[must_use]
    pub fn members(&self) -> Arc<[Member]> {
        self.node.members()
    }

    /// What is known of one member.
    #[must_use]
    pub fn member(&self, id: &str) -> Option<Member> {
        self.node.member(id)
    }

    /// How long a member took to answer the last direct probe: see [`crate::Runtime::round_trip`].
    #[must_use]
    pub fn round_trip(&self, id: &str) -> Option<Duration> {
        self.node.round_trip(id)
    }

    /// What happens from now on: see [`crate::Runtime::subscribe`].
    #[must_use]
    pub fn subscribe(&self) -> Subscription {
        Subscription(self.node.subscribe())
    }

    /// Counters and gauges.
    #[must_use]
    pub fn metrics(&self) -> Metrics {
        self.node.metrics()
    }

    /// Lifeguard's local health score: 0 is well.
    #[must_use]
    pub fn health(&self) -> u8 {
        self.node.health()
    }

    /// Adds seeds and waits for the first one to answer: see [`crate::Runtime::join`].
    ///
    /// # Errors
    /// See [`crate::Runtime::join`].
    pub fn join<S: ToString>(
        &self,
        seeds: impl IntoIterator<Item = S>,
    ) -> Result<usize, JoinError> {
        call(self.node.join(seeds))
    }

    /// Says goodbye, in bounded time: see [`crate::Runtime::leave`].
    ///
    /// # Errors
    /// If the node has stopped.
    pub fn leave(&self) -> Result<(), CallError<Infallible>> {
        call(async { self.node.leave().await.map_err(|Stopped| CallError::Stopped) })
    }

    /// Changes the metadata that the others see.
    ///
    /// # Errors
    /// See [`crate::Runtime::set_metadata`].
    pub fn set_metadata(
        &self,
        metadata: impl Into<Vec<u8>>,
    ) -> Result<(), CallError<MetadataError>> {
        call(self.node.set_metadata(metadata))
    }

    /// Sends a payload to every other member.
    ///
    /// # Errors
    /// See [`crate::Runtime::broadcast`].
    pub fn broadcast(&self, payload: impl Into<Vec<u8>>) -> Result<(), CallError<BroadcastError>> {
        call(self.node.broadcast(payload))
    }

    /// The same, and waits for room: see [`crate::Runtime::broadcast_when_ready`].
    ///
    /// # Errors
    /// See [`crate::Runtime::broadcast_when_ready`].
    pub fn broadcast_when_ready(
        &self,
        payload: impl Into<Vec<u8>>,
    ) -> Result<(), CallError<BroadcastError>> {
        call(self.node.broadcast_when_ready(payload))
    }

    /// Pings a member: how long its answer took, or `None` if none came in time.
    ///
    /// # Errors
    /// See [`crate::Runtime::ping`].
    pub fn ping(&self, id: &str) -> Result<Option<Duration>, CallError<PingError>> {
        call(self.node.ping(id))
    }

    /// Declares a suspected or failed member to have left: see [`crate::Runtime::force_leave`].
    ///
    /// # Errors
    /// See [`crate::Runtime::force_leave`].
    pub fn force_leave(&self, id: &str, prune: bool) -> Result<(), CallError<ForceLeaveError>> {
        call(self.node.force_leave(id, prune))
    }

    /// Stops the node and its thread, without a word to the others: when this returns its port is
    /// free. On the thread of a node it only asks for that.
    pub fn shutdown(&self) {
        if is_node_thread() {
            // It sends the word at its first step, as far as there is room, and the rest is not
            // waited for.
            let mut shutdown = pin!(self.node.shutdown());
            let _ = shutdown.as_mut().poll(&mut Context::from_waker(Waker::noop()));
            return;
        }
        wait(self.node.shutdown());
        let thread = self.thread.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            let _ = thread.join();
        }
    }
}

/// Notices as they come: see [`crate::Subscription`]. As an iterator it ends when the node has
/// stopped.
#[derive(Debug)]
pub struct Subscription(crate::node::Subscription);

impl Subscription {
    /// The next notice if one waits.
    pub fn try_next(&mut self) -> Option<Notice> {
        self.0.try_next()
    }

    /// Waits for the next notice, but no longer than `patience`.
    ///
    /// # Errors
    /// [`RecvTimeoutError::Timeout`] when none came, [`RecvTimeoutError::Disconnected`] when the
    /// node has stopped.
    pub fn next_timeout(&mut self, patience: Duration) -> Result<Notice, RecvTimeoutError> {
        let patience = if is_node_thread() { Duration::ZERO } else { patience };
        match wait_until(self.0.next(), Instant::now().checked_add(patience)) {
            Some(Some(notice)) => Ok(notice),
            Some(None) => Err(RecvTimeoutError::Disconnected),
            None => Err(RecvTimeoutError::Timeout),
        }
    }
}

impl Iterator for Subscription {
    type Item = Notice;

    /// Waits for the next notice; `None` once the node has stopped. On the thread of a node, which
    /// must not wait, it is one that is there already, or `None`.
    fn next(&mut self) -> Option<Notice> {
        if is_node_thread() { self.0.try_next() } else { wait(self.0.next()) }
    }
}
