//! The keys of a running node: what its handles change and its transport reads.
//!
//! A change is written to the keyring's file first, if there is one, and takes effect at the next
//! packet and the next connection. It seals nothing itself: that is the transport's, and the bytes
//! are `swim_core::wire::sealed`.

mod answering;
mod challenges;
mod file;
mod sealing;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use swim_core::Config;
use swim_core::wire::sealed::{Key, KeyId, Keyring, KeyringError};
use tokio::runtime::Handle;

pub(crate) use self::answering::Asked;
use self::challenges::Challenges;
pub use self::file::read_keyring;
#[cfg(feature = "memberlist")]
pub use self::file::read_serf_keyring;
#[cfg(feature = "memberlist")]
pub(crate) use self::file::write_serf_keyring;

pub(crate) use self::sealing::{Sealing, Source};

use crate::errors::{OnNodeThread, Stopped};

/// Whether a node that has keys deals in plain traffic too. For a cluster that is being moved to
/// encryption, in three rounds over all its nodes: [`Sent`](Self::Sent),
/// [`Accepted`](Self::Accepted), [`Refused`](Self::Refused).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum PlainTraffic {
    /// Seals all that it sends, and takes nothing plain.
    #[default]
    Refused,
    /// Seals all that it sends, and takes both.
    Accepted,
    /// Sends everything plain, and takes both.
    Sent,
}

/// Why the keys were not changed. They are as they were.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeysError {
    /// The node was started without a keyring.
    #[error("the node was started without a keyring: nothing is encrypted")]
    Off,
    /// The node takes or sends plain traffic too, which others can read and write: no key is
    /// changed for others, nor by them.
    #[error(
        "it deals in plain traffic too, which anybody can read and write: set plain_traffic to refused at every node \
         first"
    )]
    Exposed,
    /// The node's runtime has stopped.
    #[error("{Stopped}")]
    Stopped,
    /// The call would wait on the thread that it waits for.
    #[error("{OnNodeThread}")]
    OnNodeThread,
    /// The keyring does not allow it.
    #[error("{0}")]
    Keyring(KeyringError),
    /// The keyring's file cannot be written.
    #[error("cannot write the keyring to {}: {error}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        error: io::Error,
    },
}

impl From<OnNodeThread> for KeysError {
    fn from(_: OnNodeThread) -> Self {
        Self::OnNodeThread
    }
}

/// The keys at this moment.
#[derive(Clone, Debug)]
pub(crate) struct State {
    pub(crate) keyring: Keyring,
    pub(crate) plain: PlainTraffic,
}

/// The keys of one node, shared by its handles and its transport.
#[derive(Debug)]
pub(crate) struct Keys {
    pub(crate) cluster: String,
    /// How many senders' lives are remembered, so that nothing of theirs is taken twice.
    pub(crate) max_senders: usize,
    file: Option<PathBuf>,
    state: RwLock<Arc<State>>,
    /// Raised by each change.
    version: AtomicU64,
    /// One change at a time, so that the file says what the memory says.
    changing: tokio::sync::Mutex<()>,
    /// What members may change.
    challenges: tokio::sync::Mutex<Challenges>,
    /// The node's runtime: a handle may be used outside of any.
    runtime: Handle,
}

impl Keys {
    /// The keys that a node starts with. `runtime` is the node's.
    pub(crate) fn new(config: &Config, state: State, file: Option<&Path>, runtime: Handle) -> Self {
        Self {
            cluster: config.cluster.clone(),
            max_senders: config.max_members.saturating_mul(2),
            file: file.map(Path::to_owned),
            state: RwLock::new(Arc::new(state)),
            version: AtomicU64::new(0),
            changing: tokio::sync::Mutex::default(),
            challenges: tokio::sync::Mutex::default(),
            runtime,
        }
    }

    /// The runtime that the node lives on.
    pub(crate) const fn runtime(&self) -> &Handle {
        &self.runtime
    }

    pub(crate) fn state(&self) -> Arc<State> {
        Arc::clone(&self.state.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// A number that tells whether anything has changed. Read it before the state.
    pub(crate) fn version(&self) -> u64 {
        self.version.load(Ordering::Acquire)
    }

    /// The names of the keys, the primary one's first.
    pub(crate) fn list(&self) -> Vec<KeyId> {
        self.state().keyring.keys().map(Key::id).collect()
    }

    pub(crate) async fn install(self: &Arc<Self>, key: Key) -> Result<(), KeysError> {
        self.change(move |keyring| keyring.add(key)).await
    }

    pub(crate) async fn use_primary(self: &Arc<Self>, id: KeyId) -> Result<(), KeysError> {
        self.change(move |keyring| {
            let key = keyring.get(id).ok_or(KeyringError::Unknown)?.clone();
            keyring.make_primary(&key)
        })
        .await
    }

    pub(crate) async fn remove(self: &Arc<Self>, id: KeyId) -> Result<(), KeysError> {
        self.change(move |keyring| match keyring.get(id).cloned() {
            Some(key) => keyring.remove(&key),
            None => Ok(()),
        })
        .await
    }

    pub(crate) async fn set_plain(&self, plain: PlainTraffic) {
        let _one = self.changing.lock().await;
        self.set(State { plain, ..State::clone(&self.state()) });
    }

    /// Changes the keyring, on the node's runtime: a caller who gives up waiting leaves nothing
    /// half done.
    async fn change(
        self: &Arc<Self>,
        edit: impl FnOnce(&mut Keyring) -> Result<(), KeyringError> + Send + 'static,
    ) -> Result<(), KeysError> {
        let keys = Arc::clone(self);
        let changed = self.runtime.spawn(async move {
            let _one = keys.changing.lock().await;
            let mut state = State::clone(&keys.state());
            edit(&mut state.keyring).map_err(KeysError::Keyring)?;
            if let Some(path) = keys.file.clone() {
                let keyring = state.keyring.clone();
                let written = tokio::task::spawn_blocking(move || {
                    file::write_keyring(&path, &keyring)
                        .map_err(|error| KeysError::File { path, error })
                });
                written.await.map_err(|_| KeysError::Stopped)??;
            }
            keys.set(state);
            Ok(())
        });
        changed.await.map_err(|_| KeysError::Stopped)?
    }

    fn set(&self, state: State) {
        *self.state.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(state);
        self.version.fetch_add(1, Ordering::Release);
    }
}
