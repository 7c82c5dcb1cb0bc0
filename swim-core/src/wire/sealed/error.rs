//! [`SealError`]: why sealed bytes do not open.

use core::fmt;

/// Why sealed bytes do not open. Nothing was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SealError {
    /// They are not sealed: their mark is another.
    Plain,
    /// They are sealed with a key that is not in the keyring.
    UnknownKey,
    /// They are too short, were changed or forged, or are meant for another address or cluster.
    Broken,
    /// They came before, or are too old to tell.
    Replayed,
}

impl fmt::Display for SealError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Plain => "the bytes are not encrypted",
            Self::UnknownKey => "the bytes are encrypted with a key that is not in the keyring",
            Self::Broken => {
                "the bytes were changed, forged or cut, or are meant for another address or cluster"
            }
            Self::Replayed => "the bytes came before",
        })
    }
}

impl core::error::Error for SealError {}
