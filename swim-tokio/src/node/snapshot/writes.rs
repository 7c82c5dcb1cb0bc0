//! How the writes of a node's snapshot end: what an operator wants to know of a full disk.

use std::io;
use std::sync::{Mutex, PoisonError};

/// Counts of writes, and why the last one failed.
#[derive(Debug, Default)]
pub(crate) struct SnapshotWrites(Mutex<Outcomes>);

#[derive(Clone, Debug, Default)]
pub(crate) struct Outcomes {
    pub(crate) written: u64,
    pub(crate) failed: u64,
    /// Of the last write, if it failed.
    pub(crate) error: Option<String>,
}

impl SnapshotWrites {
    /// Counts a write. Returns true if it ended otherwise than the one before.
    pub(crate) fn note(&self, ended: &io::Result<()>) -> bool {
        let mut outcomes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let was_failing = outcomes.error.is_some();
        match ended {
            Ok(()) => outcomes.written += 1,
            Err(_) => outcomes.failed += 1,
        }
        outcomes.error = ended.as_ref().err().map(ToString::to_string);
        was_failing != ended.is_err()
    }

    pub(crate) fn outcomes(&self) -> Outcomes {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
