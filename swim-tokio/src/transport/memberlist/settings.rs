//! How a node speaks memberlist: [`Memberlist`].

use std::path::PathBuf;
use std::time::Duration;

use swim_core::wire::memberlist::{Envelope, Keyring, Label, Versions};
use swim_core::{Config, MemberlistWire};

use crate::errors::KeyFileError;
use crate::keys::read_serf_keyring;

/// What a node needs to be told to be a member of a memberlist cluster: for
/// [`Builder::memberlist`](crate::Builder::memberlist).
///
/// ```
/// use swim_tokio::Memberlist;
/// use swim_tokio::swim_core::wire::memberlist::Label;
///
/// let beside_serf = Memberlist::serf().label(Label::new("production")?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Memberlist {
    /// What the node says that it speaks.
    pub versions: Versions,
    /// Whether packets and streams are compressed. Default on, as memberlist has it.
    pub compress: bool,
    /// Whether the node is one of serf's agents: it has their events and queries, and leaves as
    /// they do.
    pub serf_agent: bool,
    /// The cluster's label, its keys and how they are used. Default: neither.
    pub envelope: Envelope,
    /// The file that the keys are from, as serf keeps it. When the cluster's keys change, it is
    /// replaced first.
    pub keyring_file: Option<PathBuf>,
    /// How long a stream may take from its beginning to its end. Default 10 s. (memberlist's TCP
    /// timeout)
    pub stream_timeout: Duration,
}

impl Memberlist {
    /// Beside what versions nothing of its own on top of memberlist.
    #[must_use]
    pub fn plain() -> Self {
        Self::speaking(Versions::PLAIN)
    }

    /// Beside serf agents.
    #[must_use]
    pub fn serf() -> Self {
        Self { serf_agent: true, ..Self::speaking(Versions::SERF) }
    }

    /// Beside alertmanager.
    #[must_use]
    pub fn alertmanager() -> Self {
        Self::plain()
    }

    /// Beside nodes that speak what agrees with `versions`.
    #[must_use]
    pub fn speaking(versions: Versions) -> Self {
        Self {
            versions,
            compress: true,
            serf_agent: false,
            envelope: Envelope::default(),
            keyring_file: None,
            stream_timeout: Duration::from_secs(10),
        }
    }

    /// The cluster's label: nodes with another one, or none, are not heard.
    #[must_use]
    pub fn label(mut self, label: Label) -> Self {
        self.envelope.label = label;
        self
    }

    /// The cluster's keys: all that is sent is encrypted, and what is not encrypted is not heard.
    #[must_use]
    pub fn keyring(mut self, keyring: Keyring) -> Self {
        self.envelope.keyring = Some(keyring);
        self
    }

    /// The cluster's keys, from a file as serf keeps it (a JSON array of keys in base64, the
    /// primary one first), which is replaced when they change.
    ///
    /// # Errors
    /// [`KeyFileError`]: also if others can read or change the file.
    pub fn keyring_file(mut self, path: impl Into<PathBuf>) -> Result<Self, KeyFileError> {
        let path = path.into();
        self.envelope.keyring = Some(read_serf_keyring(&path)?);
        self.keyring_file = Some(path);
        Ok(self)
    }

    /// Whether what is sent is compressed where that makes it shorter.
    #[must_use]
    pub fn compress(mut self, compress: bool) -> Self {
        self.compress = compress;
        self
    }

    /// The protocol's settings for this wire.
    pub(crate) fn apply(&self, config: Config) -> Config {
        let envelope = self.envelope.packet_overhead();
        let Self { versions, compress, serf_agent, .. } = *self;
        config.on_memberlist(MemberlistWire { versions, compress, envelope, serf_agent })
    }
}
