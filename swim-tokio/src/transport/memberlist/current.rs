//! The envelope as it is now: the keys of a running node change when the cluster's do (serf's key
//! operations). The keyring's file changes first, if there is one: a key that is used was kept.

use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

use swim_core::wire::memberlist::Envelope;
use swim_core::wire::sealed::{Key, Keyring};
use swim_core::{KeyAnswer, KeyOperation, KeyQuery};

use super::settings::Memberlist;
use crate::errors::KeyFileError;
use crate::ground::key_text::key_to_base64;
use crate::keys::{read_serf_keyring, write_serf_keyring};

/// One envelope for packets and streams.
#[derive(Clone, Debug)]
pub(crate) struct Current {
    envelope: Arc<RwLock<Arc<Envelope>>>,
    file: Option<PathBuf>,
    is_beside_serf: bool,
}

impl Current {
    /// What the settings say.
    pub(crate) fn new(settings: &Memberlist) -> Self {
        let envelope = settings.envelope.clone();
        if envelope.keyring.is_some() && (envelope.accepts_plain || envelope.sends_plain) {
            let what = if envelope.sends_plain {
                "all that is sent is plain"
            } else {
                "plain traffic is taken"
            };
            tracing::warn!(
                "{what} in spite of the keyring: go on to the next step when every node has the keys"
            );
        }
        Self {
            envelope: Arc::new(RwLock::new(Arc::new(envelope))),
            file: settings.keyring_file.clone(),
            is_beside_serf: settings.serf_agent,
        }
    }

    /// Returns true if the other nodes are serf's agents.
    pub(crate) const fn is_beside_serf(&self) -> bool {
        self.is_beside_serf
    }

    /// Reads the keyring's file anew. Returns true if it holds other keys.
    pub(crate) fn reload(&self) -> Result<bool, KeyFileError> {
        let Some(path) = &self.file else { return Ok(false) };
        let keyring = read_serf_keyring(path)?;
        let mut envelope = self.envelope.write().unwrap_or_else(PoisonError::into_inner);
        if envelope.keyring.as_ref() == Some(&keyring) {
            return Ok(false);
        }
        *envelope = Arc::new(Envelope { keyring: Some(keyring), ..Envelope::clone(&envelope) });
        Ok(true)
    }

    pub(crate) fn get(&self) -> Arc<Envelope> {
        Arc::clone(&self.envelope.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Does what a member asks of all, in the words of serf's agents where it cannot be done.
    pub(super) fn change_keys(&self, query: &KeyQuery) -> KeyAnswer {
        let mut envelope = Envelope::clone(&self.get());
        let Some(keyring) = &mut envelope.keyring else {
            let list = query.operation == KeyOperation::List;
            let what = if list { "Keyring is empty" } else { "No keyring to modify" };
            return KeyAnswer::refused(format!("{what} (encryption not enabled)"));
        };
        if query.operation == KeyOperation::List {
            return KeyAnswer::listed(keyring.keys().map(text).collect(), text(keyring.primary()));
        }
        if let Err(error) = change(keyring, query) {
            return KeyAnswer::refused(error);
        }
        if let Some(path) = &self.file
            && let Err(error) = write_serf_keyring(path, keyring)
        {
            tracing::error!(%error, path = %path.display(), "the keyring is not written: the keys stay as they are");
            return KeyAnswer::refused(format!("Failed to write keyring file: {error}"));
        }
        *self.envelope.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(envelope);
        tracing::info!(operation = ?query.operation, "the cluster's keys are changed");
        KeyAnswer::default()
    }
}

fn text(key: &Key) -> String {
    core::mem::take(&mut *key_to_base64(key))
}

fn change(keyring: &mut Keyring, query: &KeyQuery) -> Result<(), String> {
    let key = Key::new(&query.key).map_err(|error| error.to_string())?;
    match query.operation {
        KeyOperation::Install => keyring.add(key),
        KeyOperation::Use => keyring.make_primary(&key),
        KeyOperation::Remove => keyring.remove(&key),
        KeyOperation::List => Ok(()),
    }
    .map_err(|error| error.to_string())
}
