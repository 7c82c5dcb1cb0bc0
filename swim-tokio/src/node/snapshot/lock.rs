//! [`Lock`]: a directory is one running node's. Two that write the same snapshot would each take
//! the other's incarnation for its own former one. The system frees the lock with the process,
//! however that ends.

use std::fs::File;
use std::io;
use std::path::Path;

use fs4::{FileExt, TryLockError};

use super::own;

/// The file that is locked. It is empty, and stays: removing it would let a second one in.
pub(super) const FILE: &str = "lock";

/// Holds the directory until it is dropped.
#[derive(Debug)]
pub(super) struct Lock {
    _file: Option<File>,
}

impl Lock {
    /// `None` if another node holds it. Where the file system has no locks the node starts without
    /// one, and says so.
    pub(super) fn take(directory: &Path) -> io::Result<Option<Self>> {
        let file = own::lock(&directory.join(FILE))?;
        match FileExt::try_lock(&file) {
            Ok(()) => Ok(Some(Self { _file: Some(file) })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => {
                tracing::warn!(directory = %directory.display(), %error, "the snapshot's directory cannot be locked");
                Ok(Some(Self { _file: None }))
            }
            Err(TryLockError::Error(error)) => Err(error),
        }
    }
}
