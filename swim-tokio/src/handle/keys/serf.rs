//! The keys of a node on memberlist's wire: which there are, the file read anew, and what serf's
//! key commands do at all nodes, asked in serf's words.
//!
//! Nothing is asked while anything is sent or accepted in plain: a key would be readable on its
//! way, and so would a list, which holds the keys themselves.

use std::sync::Arc;

use swim_core::wire::sealed::{Key, KeyId};
use swim_core::wire::serf::KeyResponse;
use swim_core::{KeyOperation, NodeId, QueryError};
use zeroize::Zeroize;

use crate::errors::KeyFileError;
use crate::errors::Stopped;
use crate::ground::key_text::key_from_base64;
use crate::handle::Answers;
use crate::handle::Runtime;
use crate::keys::PlainTraffic;
use crate::node::Answer;
use crate::node::Command;
use crate::transport::Current;

/// What one node answers to a key query.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SerfKeys {
    /// Why it did not do it, in its own words.
    pub error: Option<String>,
    /// The names of its keys, if they were asked for.
    pub keys: Vec<KeyId>,
    /// The name of the one that encrypts, if keys were asked for.
    pub primary: Option<KeyId>,
}

/// What is to be done with the keys of all nodes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SerfKeyChange {
    /// Nothing: which keys are there?
    List,
    /// Take what is encrypted with this key, too.
    Install(Key),
    /// Encrypt with this key, which this node has, from now on.
    Use(KeyId),
    /// Take nothing any more that is encrypted with this key, which this node has.
    Remove(KeyId),
}

/// Why nobody was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SerfKeysError {
    /// The node speaks another wire, or is not among serf's agents: nobody would understand the
    /// question.
    #[error("key queries are serf's: this node is not beside serf's agents")]
    NoSerf,
    /// The node was started without a keyring.
    #[error("the node was started without a keyring: nothing is encrypted")]
    Off,
    /// Plain traffic is sent or accepted.
    #[error(
        "it deals in plain traffic too, which anybody can read and write: set plain_traffic to refused at every node \
         first"
    )]
    Exposed,
    /// This node has no key of that name.
    #[error("this node has no key {0}")]
    UnknownKey(KeyId),
    /// The protocol refuses it.
    #[error("{0}")]
    Refused(QueryError),
    /// The node has stopped.
    #[error("{Stopped}")]
    Stopped,
}

impl Runtime {
    /// The names of this node's keys on memberlist's wire, the primary one's first; `None` on
    /// another wire or without keys.
    #[must_use]
    pub fn serf_keys(&self) -> Option<Vec<KeyId>> {
        let envelope = self.envelope.as_ref()?.get();
        Some(envelope.keyring.as_ref()?.keys().map(Key::id).collect())
    }

    /// Whether plain traffic is dealt in next to the keyring of memberlist's wire; `None` on
    /// another wire or without one.
    #[must_use]
    pub fn serf_plain_traffic(&self) -> Option<PlainTraffic> {
        let envelope = self.envelope.as_ref()?.get();
        envelope.keyring.as_ref()?;
        Some(match (envelope.sends_plain, envelope.accepts_plain) {
            (true, _) => PlainTraffic::Sent,
            (false, true) => PlainTraffic::Accepted,
            (false, false) => PlainTraffic::Refused,
        })
    }

    /// Reads the keyring's file of memberlist's wire anew. Returns true if it holds other keys than
    /// the node had; false also if there is no such file.
    ///
    /// # Errors
    /// [`KeyFileError`]: the keys stay as they were.
    pub fn reload_serf_keyring(&self) -> Result<bool, KeyFileError> {
        self.envelope.as_ref().map_or(Ok(false), Current::reload)
    }

    /// Has every node of a serf cluster do something with its keys, this one included, and gathers
    /// the answers until everyone has answered or the query is over. Members that are missing among
    /// the answers did not answer in time.
    ///
    /// # Errors
    /// [`SerfKeysError`]: nobody was asked.
    pub async fn change_serf_keys(
        &self,
        change: &SerfKeyChange,
    ) -> Result<Vec<(NodeId, SerfKeys)>, SerfKeysError> {
        let current = self.envelope.as_ref().filter(|current| current.is_beside_serf());
        let envelope = current.ok_or(SerfKeysError::NoSerf)?.get();
        let keyring = envelope.keyring.as_ref().ok_or(SerfKeysError::Off)?;
        if envelope.accepts_plain || envelope.sends_plain {
            return Err(SerfKeysError::Exposed);
        }
        let known =
            |id: &KeyId| keyring.get(*id).cloned().ok_or(SerfKeysError::UnknownKey(*id)).map(Some);
        let (operation, key) = match change {
            SerfKeyChange::List => (KeyOperation::List, None),
            SerfKeyChange::Install(key) => (KeyOperation::Install, Some(key.clone())),
            SerfKeyChange::Use(id) => (KeyOperation::Use, known(id)?),
            SerfKeyChange::Remove(id) => (KeyOperation::Remove, known(id)?),
        };
        let asked = self.call(|done| Command::QueryKeys { operation, key, done }).await;
        let answers =
            asked.map_err(|Stopped| SerfKeysError::Stopped)?.map_err(SerfKeysError::Refused)?;
        let mut answers = Answers { answers };
        let mut all = Vec::new();
        while let Some(answer) = answers.next().await {
            if let Answer::Response { from, mut payload } = answer {
                all.push((from, read(&payload)));
                // Nobody else has it: it is an event of no subscriber.
                if let Some(bytes) = Arc::get_mut(&mut payload) {
                    bytes.zeroize();
                }
            }
        }
        Ok(all)
    }
}

fn read(payload: &[u8]) -> SerfKeys {
    let Ok(response) = KeyResponse::decode(payload) else {
        return SerfKeys {
            error: Some("it answers something strange".into()),
            ..SerfKeys::default()
        };
    };
    let id = |text: &str| key_from_base64(text).ok().map(|key| key.id());
    SerfKeys {
        error: (!response.is_done).then(|| response.message.to_owned()),
        keys: response.keys.iter().filter_map(id).collect(),
        primary: id(response.primary),
    }
}
