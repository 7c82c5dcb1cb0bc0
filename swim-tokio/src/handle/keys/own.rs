//! The keys in the hands of a node's user: the calls of [`Runtime`] and of its blocking twin that
//! list and change them.

use std::sync::Arc;

use swim_core::wire::sealed::{Key, KeyId};

use crate::handle::waiting::call;
use crate::handle::{Runtime, blocking};
use crate::keys::{Keys, KeysError, PlainTraffic};

impl Runtime {
    /// The names of this node's keys, the primary one's first; none if nothing is encrypted. A name
    /// may be shown.
    #[must_use]
    pub fn keys(&self) -> Vec<KeyId> {
        self.keys.as_ref().map(|keys| keys.list()).unwrap_or_default()
    }

    /// Takes what is sealed with this key too, from now on. The first step to a new key, at every
    /// node, before [`use_key`](Self::use_key) at any.
    ///
    /// # Errors
    /// [`KeysError`]: nothing has changed.
    pub async fn install_key(&self, key: Key) -> Result<(), KeysError> {
        self.sealing_keys()?.install(key).await
    }

    /// Seals with this key from now on: the second step, when every node has it.
    ///
    /// # Errors
    /// [`KeysError`]: nothing has changed.
    pub async fn use_key(&self, id: KeyId) -> Result<(), KeysError> {
        self.sealing_keys()?.use_primary(id).await
    }

    /// Takes nothing any more that is sealed with this key: the last step, when no node uses it.
    /// Connections under it are closed. Does nothing if there is no such key.
    ///
    /// # Errors
    /// [`KeysError`]: nothing has changed.
    pub async fn remove_key(&self, id: KeyId) -> Result<(), KeysError> {
        self.sealing_keys()?.remove(id).await
    }

    /// Whether plain traffic is dealt in next to the keyring, from now on.
    ///
    /// # Errors
    /// [`KeysError::Off`] without a keyring.
    pub async fn set_plain_traffic(&self, plain: PlainTraffic) -> Result<(), KeysError> {
        self.sealing_keys()?.set_plain(plain).await;
        Ok(())
    }

    /// Whether plain traffic is dealt in next to the keyring; `None` without one.
    #[must_use]
    pub fn plain_traffic(&self) -> Option<PlainTraffic> {
        self.keys.as_ref().map(|keys| keys.state().plain)
    }

    pub(super) fn sealing_keys(&self) -> Result<&Arc<Keys>, KeysError> {
        self.keys.as_ref().ok_or(KeysError::Off)
    }
}

impl blocking::Runtime {
    /// The names of this node's keys, the primary one's first.
    #[must_use]
    pub fn keys(&self) -> Vec<KeyId> {
        self.node.keys()
    }

    /// Takes what is sealed with this key too: see [`crate::Runtime::install_key`].
    ///
    /// # Errors
    /// [`KeysError`]: nothing has changed.
    pub fn install_key(&self, key: Key) -> Result<(), KeysError> {
        call(self.node.install_key(key))
    }

    /// Seals with this key: see [`crate::Runtime::use_key`].
    ///
    /// # Errors
    /// [`KeysError`]: nothing has changed.
    pub fn use_key(&self, id: KeyId) -> Result<(), KeysError> {
        call(self.node.use_key(id))
    }

    /// Takes nothing any more that is sealed with this key: see [`crate::Runtime::remove_key`].
    ///
    /// # Errors
    /// [`KeysError`]: nothing has changed.
    pub fn remove_key(&self, id: KeyId) -> Result<(), KeysError> {
        call(self.node.remove_key(id))
    }

    /// Whether plain traffic is dealt in next to the keyring, from now on.
    ///
    /// # Errors
    /// [`KeysError::Off`] without a keyring.
    pub fn set_plain_traffic(&self, plain: PlainTraffic) -> Result<(), KeysError> {
        call(self.node.set_plain_traffic(plain))
    }

    /// Whether plain traffic is dealt in next to the keyring; `None` without one.
    #[must_use]
    pub fn plain_traffic(&self) -> Option<PlainTraffic> {
        self.node.plain_traffic()
    }
}
