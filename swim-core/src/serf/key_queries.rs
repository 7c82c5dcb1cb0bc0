//! The layer's own queries, which its user does not see: whether we are there, where we know
//! somebody to be, and what is to be done with the keys (serf's internal queries).
//!
//! The keys are the driver's, as the encryption is: [`Output::KeyQuery`](crate::Output::KeyQuery)
//! hands it what is asked, and [`SerfMut::answer_keys`](super::SerfMut::answer_keys) takes what it
//! did.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use super::queries::Asked;
use super::{QueryError, Question, RespondError, Serf, is_agent};
use crate::ground::id::QueryId;
use crate::ground::key_query::{KeyOperation, KeyQuery};
use crate::ground::metrics::DropReason;
use crate::ground::time::Instant;
use crate::ground::wipe::wipe;
use crate::membership::application::Host;
use crate::wire::Tags;
use crate::wire::serf::{INTERNAL, KeyRequest, KeyResponse, Query, Whereabouts};

/// Returns true if a query of this name is about keys.
pub(super) fn asks_about_keys(name: &str) -> bool {
    let operation = name.strip_prefix(INTERNAL);
    operation.is_some_and(|operation| {
        matches!(operation, "install-key" | "use-key" | "remove-key" | "list-keys")
    })
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

impl Serf {
    /// Answers one of the layer's own queries. One that is not known is not answered.
    pub(super) fn answer_internal(
        &mut self,
        host: &mut impl Host,
        now: Instant,
        query: &Query<'_>,
        asked: Asked,
    ) {
        let operation = match &query.name[INTERNAL.len()..] {
            "ping" => return, // It is acked, and that is all.
            "conflict" => return self.answer_conflict(host, now, query, &asked),
            "install-key" => KeyOperation::Install,
            "use-key" => KeyOperation::Use,
            "remove-key" => KeyOperation::Remove,
            "list-keys" => KeyOperation::List,
            _ => return host.count_drop(DropReason::UnknownKind),
        };
        let Ok(KeyRequest { key }) = KeyRequest::decode(query.payload) else {
            return host.count_drop(DropReason::WrongType);
        };
        let max = host.config().events.max_queries;
        let id = self.open.receive(now, asked, max);
        host.emit_key_query(KeyQuery { id, operation, key: key.into() }, max);
    }

    /// Two nodes claim one name, and one of them asks everybody where it is believed to be.
    fn answer_conflict(
        &mut self,
        host: &mut impl Host,
        now: Instant,
        query: &Query<'_>,
        asked: &Asked,
    ) {
        let Ok(node) = core::str::from_utf8(query.payload) else {
            return host.count_drop(DropReason::BadName);
        };
        if **host.id() == *node {
            return;
        }
        let mut bytes = Vec::new();
        {
            let view = host.members().find(node).and_then(|slot| Some((slot, host.view(slot)?)));
            let whereabouts = view.map(|(slot, view)| Whereabouts {
                name: view.id,
                address: view.address,
                tags: Tags::decode(view.metadata).unwrap_or_default(),
                status: view.status(),
                versions: host.version_bytes(slot),
            });
            Whereabouts::encode(whereabouts.as_ref(), &mut bytes);
        }
        self.answer(host, now, asked, false, &bytes);
    }

    /// Has every member do something with its keys, this node included.
    pub(super) fn query_keys(
        &mut self,
        host: &mut impl Host,
        now: Instant,
        operation: KeyOperation,
        key: &[u8],
    ) -> Result<QueryId, QueryError> {
        assert!(is_agent(host), "only serf's agents, and those who live as one, have key queries");
        let name = match operation {
            KeyOperation::Install => "_serf_install-key",
            KeyOperation::Use => "_serf_use-key",
            KeyOperation::Remove => "_serf_remove-key",
            KeyOperation::List => "_serf_list-keys",
        };
        let request = KeyRequest { key };
        let mut payload = Vec::with_capacity(request.encoded_len());
        request.encode(&mut payload);
        let asked = self.ask(host, now, &Question::new(name, &payload));
        wipe(&mut payload);
        asked
    }

    /// Answers a key query. Of a list that is too long the rest is left out, and the answer says
    /// so.
    ///
    /// # Errors
    /// [`RespondError`]; nothing was sent.
    pub(super) fn answer_keys(
        &mut self,
        host: &mut impl Host,
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
            let result = self.respond(host, now, id, &bytes);
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
