//! Which links were opened with keys or certificates that are no longer in use. It closes none
//! itself.

use std::sync::Arc;

use super::connection::Shared;
#[cfg(feature = "tls")]
use super::pool::LinkId;
#[cfg(feature = "tls")]
use super::tls::Tls;
use crate::keys::State;

/// What the links of a node were opened with.
#[derive(Debug)]
pub(crate) struct Renewal {
    /// The keys when the links were last looked at, and their version.
    keys: Option<(u64, Arc<State>)>,
    /// The certificates then.
    #[cfg(feature = "tls")]
    generation: u64,
    /// Links before this one were opened with older certificates.
    #[cfg(feature = "tls")]
    outdated: LinkId,
}

impl Renewal {
    pub(crate) fn new(shared: &Shared) -> Self {
        Self {
            keys: shared.keys.as_ref().map(|keys| (keys.version(), keys.state())),
            #[cfg(feature = "tls")]
            generation: shared.tls.as_ref().map_or(0, Tls::generation),
            #[cfg(feature = "tls")]
            outdated: LinkId(0),
        }
    }

    /// Returns true if a key was removed since it was last asked, or other traffic is plain than
    /// was: then connections begin anew, so that none lives on as it may not.
    pub(crate) fn keys_changed(&mut self, shared: &Shared) -> bool {
        let Some(keys) = &shared.keys else { return false };
        let Some((version, former)) = &self.keys else { return false };
        let now = keys.version();
        if now == *version {
            return false;
        }
        let state = keys.state();
        let removed = former.keyring.keys().any(|key| state.keyring.get(key.id()).is_none());
        let changed = removed || former.plain != state.plain;
        self.keys = Some((now, state));
        changed
    }

    /// The first link that was opened with the certificates in use, if there are any; `next` is the
    /// one that will be opened next.
    #[cfg(feature = "tls")]
    pub(crate) fn first_current(&mut self, shared: &Shared, next: LinkId) -> Option<LinkId> {
        let generation = shared.tls.as_ref()?.generation();
        if generation != self.generation {
            self.generation = generation;
            self.outdated = next;
        }
        Some(self.outdated)
    }
}
