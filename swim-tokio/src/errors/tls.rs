//! What can be wrong with a node's certificates: [`TlsError`].

use std::fmt;
use std::io;
use std::path::PathBuf;

use crate::ground::secret_file::SecretFileError;

/// Why certificates cannot be used. It names the file, and never shows a key.
#[derive(Debug)]
#[non_exhaustive]
pub enum TlsError {
    /// A file cannot be read.
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// The private key's file cannot be read, or others can read or change it.
    Key(SecretFileError),
    /// A file does not hold what it should.
    Content {
        /// The file.
        path: PathBuf,
        /// What it should hold.
        wanted: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// The private key is not that of the certificate.
    KeyMismatch {
        /// The certificate's file.
        certificate: PathBuf,
        /// The key's file.
        key: PathBuf,
    },
    /// The authorities do not accept the node's own certificate, so nobody would.
    NotAccepted {
        /// The certificate's file.
        certificate: PathBuf,
        /// The authorities' file.
        authority: PathBuf,
        /// Why.
        reason: String,
    },
    /// Names are bound, and the certificate does not have the node's.
    NotNamed {
        /// The certificate's file.
        certificate: PathBuf,
        /// The node's name.
        id: String,
        /// Those that the certificate has.
        names: Vec<String>,
    },
}

impl fmt::Display for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read { path, error } => write!(f, "cannot read {}: {error}", path.display()),
            Self::Key(error) => error.fmt(f),
            Self::Content { path, wanted, reason } => {
                write!(f, "{} holds no {wanted} in PEM form: {reason}", path.display())
            }
            Self::KeyMismatch { certificate, key } => {
                write!(f, "the key in {} is not that of the certificate in {}", key.display(), certificate.display())
            }
            Self::NotAccepted { certificate, authority, reason } => write!(
                f,
                "the certificate in {} is not accepted by the authorities in {}: {reason}",
                certificate.display(),
                authority.display()
            ),
            Self::NotNamed { certificate, id, names } => {
                write!(f, "the certificate in {} is not for the name {id:?}: ", certificate.display())?;
                match &names[..] {
                    [] => f.write_str("it has no DNS name at all"),
                    names => write!(f, "its DNS names are {}", names.join(", ")),
                }
            }
        }
    }
}

impl std::error::Error for TlsError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Read { error, .. } => Some(error),
            Self::Key(error) => std::error::Error::source(error),
            Self::Content { .. } | Self::KeyMismatch { .. } | Self::NotAccepted { .. } | Self::NotNamed { .. } => None,
        }
    }
}
