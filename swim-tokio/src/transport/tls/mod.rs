//! TLS for all that a node sends: [`Tls`], its certificates as they are now.
//!
//! Both sides show a certificate, and each checks that the other's is issued by the cluster's
//! authority, is valid today and may be used for it. A peer without such a certificate gets no
//! further than the handshake. Host names in certificates mean nothing here, since nodes are dialed
//! by address; with [`Tls::with_bound_names`] a certificate is one for the *member* whose name it
//! has, and `vouched` holds what comes over the connection against it.
//!
//! TLS 1.3 only, without resumption, so that each connection is checked anew. It knows no frame.
//!
//! | file | what |
//! | --- | --- |
//! | `files` | from PEM files to certificates, and what is wrong with them |
//! | `expiry` | until when a certificate is valid |
//! | `verify` | whose certificate is accepted |
//! | `handshake` | from a connection to a trusted one, or to why it is none |

mod expiry;
mod files;
mod handshake;
mod verify;

use std::fmt;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use swim_core::NodeId;
use tokio_rustls::rustls::{ClientConfig, ServerConfig};

pub use self::expiry::certificate_validity;
pub(crate) use self::handshake::{accept, connect};
use crate::errors::TlsError;

/// The names in a certificate.
pub(crate) type Names = Arc<[Box<str>]>;

/// A node's certificates. Clones are handles of the same ones: keep one to [`reload`](Self::reload)
/// them.
///
/// ```no_run
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use swim_tokio::{Runtime, Tls};
///
/// let tls = Tls::from_files("one.pem", "one.key", "ca.pem")?.with_bound_names();
/// let node = Runtime::builder().id("one").tls(tls.clone()).start().await?;
/// // When the files have changed:
/// tls.reload()?;
/// # drop(node);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Tls {
    shared: Arc<Shared>,
    bind_names: bool,
}

struct Shared {
    files: Files,
    current: Mutex<Arc<Current>>,
    /// How many times they were reloaded.
    generation: AtomicU64,
    /// The nodes whose names the certificate must have.
    bound: Mutex<Vec<NodeId>>,
}

/// Where the certificates are.
#[derive(Clone, Debug)]
struct Files {
    certificate: PathBuf,
    key: PathBuf,
    authority: PathBuf,
}

/// What new connections use.
struct Current {
    client: Arc<ClientConfig>,
    server: Arc<ServerConfig>,
    names: Names,
    validity: Option<Range<SystemTime>>,
    authority_validity: Option<Range<SystemTime>>,
    /// Another number for other files, to tell that they changed.
    content: u64,
}

impl Tls {
    /// Reads a node's certificate (with those between it and the authority, if any), its private
    /// key, and the certificates of the authorities that issue the cluster's: files in PEM form.
    /// The certificate has to allow both sides of a connection (`serverAuth` and `clientAuth`, if
    /// it restricts its use at all).
    ///
    /// # Errors
    /// [`TlsError`], which names the file and says what is wrong with it: it is checked that the
    /// key belongs to the certificate, and that the authorities accept the certificate today.
    pub fn from_files(
        certificate: impl Into<PathBuf>,
        key: impl Into<PathBuf>,
        authority: impl Into<PathBuf>,
    ) -> Result<Self, TlsError> {
        let files =
            Files { certificate: certificate.into(), key: key.into(), authority: authority.into() };
        let current = Mutex::new(Arc::new(files.load()?));
        let (generation, bound) = (AtomicU64::new(0), Mutex::default());
        Ok(Self {
            shared: Arc::new(Shared { files, current, generation, bound }),
            bind_names: false,
        })
    }

    /// Binds names: a member speaks only in a name that its certificate has (as a DNS name, letter
    /// for letter, without wildcards), and is taken for the member of that name only if its
    /// certificate has it. All nodes of a cluster do it, or none.
    #[must_use]
    pub fn with_bound_names(mut self) -> Self {
        self.bind_names = true;
        self
    }

    /// Reads the files again, and says whether they hold something else than before. New
    /// connections use what they hold now; older ones are closed within some seconds, once what
    /// waits on them is written, and dialed again when needed.
    ///
    /// # Errors
    /// [`TlsError`]; what was in use stays in use.
    pub fn reload(&self) -> Result<bool, TlsError> {
        let current = self.shared.files.load()?;
        for id in lock(&self.shared.bound).iter() {
            self.shared.files.check_name(id, &current.names)?;
        }
        let new = Arc::new(current);
        let old = std::mem::replace(&mut *lock(&self.shared.current), Arc::clone(&new));
        self.shared.generation.fetch_add(1, Ordering::Release);
        Ok(old.content != new.content)
    }

    /// The names in the certificate in use.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        self.current().names.iter().map(ToString::to_string).collect()
    }

    /// From when and until when the certificate in use is valid, or the one between it and the
    /// authority that expires first; `None` if that is beyond what the system's clock can say.
    #[must_use]
    pub fn validity(&self) -> Option<Range<SystemTime>> {
        self.current().validity.clone()
    }

    /// From when and until when the certificate of the authority that issued the one in use is
    /// valid; of several that did, the one that expires last. `None` if that is beyond what the
    /// system's clock can say.
    ///
    /// Nodes go on accepting what an expired authority issued, for an authority counts by its key
    /// alone. Yet most tools that issue certificates refuse to do so in its name, so it is to be
    /// replaced before.
    #[must_use]
    pub fn authority_validity(&self) -> Option<Range<SystemTime>> {
        self.current().authority_validity.clone()
    }

    /// Returns true if names are bound.
    pub(crate) fn binds_names(&self) -> bool {
        self.bind_names
    }

    /// Makes sure that a node may use its name, now and after each reload.
    pub(crate) fn bind(&self, id: &NodeId) -> Result<(), TlsError> {
        if self.bind_names {
            self.shared.files.check_name(id, &self.current().names)?;
            lock(&self.shared.bound).push(id.clone());
        }
        Ok(())
    }

    /// Changes with each reload.
    pub(crate) fn generation(&self) -> u64 {
        self.shared.generation.load(Ordering::Acquire)
    }

    fn current(&self) -> Arc<Current> {
        Arc::clone(&lock(&self.shared.current))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (files, bind_names) = (&self.shared.files, self.bind_names);
        f.debug_struct("Tls")
            .field("files", files)
            .field("bind_names", &bind_names)
            .finish_non_exhaustive()
    }
}
