//! [`KeyFileError`]: why a file is not taken for a keyring.

use std::fmt;
use std::path::PathBuf;

use swim_core::wire::sealed::KeyringError;

use crate::ground::key_text::KeyTextError;
use crate::ground::secret_file::SecretFileError;

/// Why a file is not taken for a keyring. Nothing of its content is shown.
#[derive(Debug)]
pub struct KeyFileError {
    pub(crate) path: PathBuf,
    pub(crate) problem: Problem,
}

/// What is wrong with it.
#[derive(Debug)]
pub(crate) enum Problem {
    File(SecretFileError),
    NotText,
    Empty,
    Line(usize, KeyTextError),
    Key(usize, KeyringError),
    #[cfg(feature = "memberlist")]
    Element(usize, KeyTextError),
    #[cfg(feature = "memberlist")]
    NotJson {
        line: usize,
        column: usize,
    },
}

impl KeyFileError {
    /// Returns true if the file's content is at fault, and not the system's reading of it.
    #[must_use]
    pub const fn is_of_content(&self) -> bool {
        match &self.problem {
            Problem::File(error) => error.is_of_content(),
            _ => true,
        }
    }
}

impl fmt::Display for KeyFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.display();
        match &self.problem {
            Problem::File(error) => error.fmt(f),
            Problem::NotText => {
                write!(f, "the keyring {path} is not text: it holds a key in base64 on each line")
            }
            Problem::Empty => {
                write!(
                    f,
                    "the keyring {path} holds no key: write one into it, as `swim keygen` prints it"
                )
            }
            Problem::Line(line, error) => {
                write!(f, "line {line} of the keyring {path} is no key: {error}")
            }
            Problem::Key(line, error) => write!(f, "line {line} of the keyring {path}: {error}"),
            #[cfg(feature = "memberlist")]
            Problem::Element(number, error) => {
                write!(f, "key {number} of the keyring {path}: {error}")
            }
            #[cfg(feature = "memberlist")]
            Problem::NotJson { line, column } => write!(
                f,
                "the keyring {path} is no JSON array of keys in base64, as serf keeps them: line {line}, column {column}"
            ),
        }
    }
}

impl std::error::Error for KeyFileError {}
