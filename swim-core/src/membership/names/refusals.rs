//! [`Refusals`]: of which names the user was told lately that they were refused.

use alloc::vec::Vec;
use core::time::Duration;

use crate::ground::id::NodeId;
use crate::ground::time::Instant;

/// Of so many names at a time the user is told that they are refused: of more the counter of what
/// was dropped tells.
const NAMES_TOLD: usize = 16;

/// Of which names the user was told lately that they were refused.
#[derive(Debug)]
pub(in crate::membership) struct Refusals(Vec<(NodeId, Instant)>);

impl Refusals {
    pub(in crate::membership) const fn new() -> Self {
        Self(Vec::new())
    }

    /// Returns true if it is time to tell of this name; then it counts as told.
    pub(in crate::membership) fn note(
        &mut self,
        now: Instant,
        pause: Duration,
        id: &NodeId,
    ) -> bool {
        self.0.retain(|(_, told)| *told + pause > now);
        if self.0.len() >= NAMES_TOLD || self.0.iter().any(|(name, _)| name == id) {
            return false;
        }
        self.0.push((id.clone(), now));
        true
    }
}
