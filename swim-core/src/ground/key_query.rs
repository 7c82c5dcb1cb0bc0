//! [`KeyQuery`]: what a serf agent wants this node to do with its keys, for the driver, which has
//! them.

use alloc::vec::Vec;
use core::fmt;

use super::id::QueryId;
use super::wipe::wipe;

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
