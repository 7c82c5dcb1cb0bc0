//! The layer's own queries, which its user does not see: whether we are there, where we know
//! somebody to be, and what is to be done with the keys (serf's internal queries).
//!
//! The keys are the driver's, as the encryption is: [`Output::KeyQuery`](super::Output::KeyQuery)
//! hands it what is asked, and [`Swim::answer_keys`] takes what it did.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use rand_core::Rng;

use super::{RespondError, Swim};
use crate::id::QueryId;
use crate::metrics::DropReason;
use crate::queries::Asked;
use crate::time::Instant;
use crate::wipe::wipe;
use crate::wire::Tags;
use crate::wire::serf::{INTERNAL, KeyRequest, KeyResponse, Query, Whereabouts};

/// What is to be done with a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyOperation {
    /// Take what is encrypted with it, too.
    Install,
    /// Encrypt with it from now on.
    Use,
    /// Take nothing any more that is encrypted with it.
    Remove,
    /// Say which keys there are.
    List,
}

/// Returns true if a query of this name is about keys.
pub(super) fn asks_about_keys(name: &str) -> bool {
    let operation = name.strip_prefix(INTERNAL);
    operation.is_some_and(|operation| {
        matches!(operation, "install-key" | "use-key" | "remove-key" | "list-keys")
    })
}

/// Somebody wants something done with the keys of all members.
#[derive(Clone, PartialEq, Eq)]
pub struct KeyQuery {
    /// What to answer to.
    pub id: QueryId,
    /// What is to be done.
    pub operation: KeyOperation,
    /// The key's bytes; none for a list.
    pub key: Vec<u8>,
}

/// The key is wiped.
impl Drop for KeyQuery {
    fn drop(&mut self) {
        wipe(&mut self.key);
    }
}

/// Keys do not show.
impl fmt::Debug for KeyQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, operation, .. } = self;
        f.debug_struct("KeyQuery")
            .field("id", id)
            .field("operation", operation)
            .finish_non_exhaustive()
    }
}

/// What the driver did with the keys.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct KeyAnswer {
    /// Why it could not be done; `None` if it was.
    pub error: Option<String>,
    /// The keys in base64, if they were asked for.
    pub keys: Vec<String>,
    /// The one of them that encrypts.
    pub primary: String,
}

impl KeyAnswer {
    /// It could not be done.
    #[must_use]
    pub const fn refused(error: String) -> Self {
        Self { error: Some(error), keys: Vec::new(), primary: String::new() }
    }

    /// The keys in base64, and the one of them that encrypts.
    #[must_use]
    pub const fn listed(keys: Vec<String>, primary: String) -> Self {
        Self { error: None, keys, primary }
    }
}

/// The keys are wiped.
impl Drop for KeyAnswer {
    fn drop(&mut self) {
        wipe(&mut self.keys);
        wipe(&mut self.primary);
    }
}

/// Keys do not show.
impl fmt::Debug for KeyAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyAnswer").field("error", &self.error).finish_non_exhaustive()
    }
}

impl<R: Rng> Swim<R> {
    /// Answers one of the layer's own queries. One that is not known is not answered.
    pub(super) fn answer_internal(&mut self, now: Instant, query: &Query<'_>, asked: Asked) {
        let operation = match &query.name[INTERNAL.len()..] {
            "ping" => return, // It is acked, and that is all.
            "conflict" => return self.answer_conflict(now, query, &asked),
            "install-key" => KeyOperation::Install,
            "use-key" => KeyOperation::Use,
            "remove-key" => KeyOperation::Remove,
            "list-keys" => KeyOperation::List,
            _ => return self.metrics.drop(DropReason::UnknownKind),
        };
        let Ok(KeyRequest { key }) = KeyRequest::decode(query.payload) else {
            return self.metrics.drop(DropReason::WrongType);
        };
        let max = self.config.events.max_queries;
        let id = self.serf.open.receive(now, asked, max);
        if self.outputs.key_queries.len() >= max {
            self.outputs.key_queries.pop_front();
        }
        self.outputs.key_queries.push_back(KeyQuery { id, operation, key: key.into() });
    }

    /// Two nodes claim one name, and one of them asks everybody where it is believed to be.
    fn answer_conflict(&mut self, now: Instant, query: &Query<'_>, asked: &Asked) {
        let Ok(node) = core::str::from_utf8(query.payload) else {
            return self.metrics.drop(DropReason::BadName);
        };
        if *self.local.id == *node {
            return;
        }
        let mut bytes = Vec::new();
        {
            let view = self.members.find(node).and_then(|slot| Some((slot, self.view(slot)?)));
            let whereabouts = view.map(|(slot, view)| Whereabouts {
                name: view.id,
                address: view.address,
                tags: Tags::decode(view.metadata).unwrap_or_default(),
                status: view.status(),
                versions: self.version_bytes(slot),
            });
            Whereabouts::encode(whereabouts.as_ref(), &mut bytes);
        }
        self.answer(now, asked, false, &bytes);
    }

    /// What a member speaks, as bytes.
    fn version_bytes(&self, slot: crate::id::Slot) -> [u8; 6] {
        self.dialect.version_bytes(slot)
    }

    /// memberlist's wire: has every member do something with its keys, this node included, as
    /// serf's key commands do. The answers come as [`Event::QueryResponse`](crate::Event), each a
    /// [`KeyResponse`]; `key` is empty for a list.
    ///
    /// The key travels in the query, so the caller must not ask while anything is sent or accepted
    /// in plain.
    ///
    /// # Errors
    /// [`QueryError`](crate::QueryError); nothing was sent.
    ///
    /// # Panics
    /// If this node is not one of serf's agents: nobody else understands the query.
    pub fn query_keys(
        &mut self,
        now: Instant,
        operation: KeyOperation,
        key: &[u8],
    ) -> Result<QueryId, super::QueryError> {
        assert!(
            self.is_serf_agent(),
            "only serf's agents, and those who live as one, have key queries"
        );
        let name = match operation {
            KeyOperation::Install => "_serf_install-key",
            KeyOperation::Use => "_serf_use-key",
            KeyOperation::Remove => "_serf_remove-key",
            KeyOperation::List => "_serf_list-keys",
        };
        let request = KeyRequest { key };
        let mut payload = Vec::with_capacity(request.encoded_len());
        request.encode(&mut payload);
        let asked = self.ask(now, &super::Question::new(name, &payload));
        wipe(&mut payload);
        asked
    }

    /// Answers a key query. Of a list that is too long the rest is left out, and the answer says
    /// so.
    ///
    /// # Errors
    /// [`RespondError`]; nothing was sent.
    pub fn answer_keys(
        &mut self,
        now: Instant,
        id: QueryId,
        answer: &KeyAnswer,
    ) -> Result<(), RespondError> {
        let mut keys = &answer.keys[..];
        let mut message = answer.error.clone().unwrap_or_default();
        loop {
            let len = KeyResponse::longest(&message, keys, &answer.primary);
            let mut bytes = Vec::with_capacity(len);
            KeyResponse::encode(
                answer.error.is_none(),
                &message,
                keys,
                &answer.primary,
                &mut bytes,
            );
            debug_assert!(bytes.len() <= len, "a buffer that grows leaves its former self behind");
            let result = self.respond(now, id, &bytes);
            wipe(&mut bytes);
            match (result, keys.split_last()) {
                (Err(RespondError::TooLong { .. }), Some((_, fewer))) => {
                    keys = fewer;
                    let (shown, all) = (keys.len(), answer.keys.len());
                    message = alloc::format!(
                        "truncated key list response, showing first {shown} of {all} keys"
                    );
                }
                (result, _) => return result,
            }
        }
    }
}
