//! What can be wrong with a node's certificates: [`TlsError`].

use std::fmt;
use std::io;
use std::path::PathBuf;

use crate::ground::secret_file::SecretFileError;

/// Why certificates cannot be used. It names the file, and never shows a key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// A file cannot be read.
    #[error("cannot read {}: {error}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        error: io::Error,
    },
    /// The private key's file cannot be read, or others can read or change it.
    #[error(transparent)]
    Key(SecretFileError),
    /// A file does not hold what it should.
    #[error("{} holds no {wanted} in PEM form: {reason}", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What it should hold.
        wanted: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// The private key is not that of the certificate.
    #[error("the key in {} is not that of the certificate in {}", key.display(), certificate.display())]
    KeyMismatch {
        /// The certificate's file.
        certificate: PathBuf,
        /// The key's file.
        key: PathBuf,
    },
    /// The authorities do not accept the node's own certificate, so nobody would.
    #[error(
        "the certificate in {} is not accepted by the authorities in {}: {reason}",
        certificate.display(),
        authority.display()
    )]
    NotAccepted {
        /// The certificate's file.
        certificate: PathBuf,
        /// The authorities' file.
        authority: PathBuf,
        /// Why.
        reason: String,
    },
    /// Names are bound, and the certificate does not have the node's.
    #[error("the certificate in {} is not for the name {id:?}: {}", certificate.display(), Names(names))]
    NotNamed {
        /// The certificate's file.
        certificate: PathBuf,
        /// The node's name.
        id: String,
        /// Those that the certificate has.
        names: Vec<String>,
    },
}

/// The DNS names of a certificate.
struct Names<'a>(&'a [String]);

impl fmt::Display for Names<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            [] => f.write_str("it has no DNS name at all"),
            names => write!(f, "its DNS names are {}", names.join(", ")),
        }
    }
}
