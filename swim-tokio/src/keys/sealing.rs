//! What a node's settings say of its keys, until it starts.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use swim_core::Config;
use swim_core::wire::sealed::Keyring;
use tokio::runtime::Handle;

use super::{Keys, PlainTraffic, State, read_keyring};
use crate::errors::StartError;

/// Where a node's keys come from.
#[derive(Clone, Debug)]
pub(crate) enum Source {
    Keyring(Keyring),
    File(PathBuf),
}

/// Whether, and with what, a node seals.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sealing {
    /// Without one nothing is sealed.
    pub(crate) source: Option<Source>,
    pub(crate) plain: PlainTraffic,
}

impl Sealing {
    /// The keys of a node that starts on this tokio runtime.
    pub(crate) fn keys(&self, config: &Config) -> Result<Option<Arc<Keys>>, StartError> {
        let (keyring, file) = match &self.source {
            None => return Ok(None),
            Some(Source::Keyring(keyring)) => (keyring.clone(), None),
            Some(Source::File(path)) => {
                (read_keyring(path).map_err(StartError::KeyFile)?, Some(&**path))
            }
        };
        let state = State { keyring, plain: self.plain };
        Ok(Some(Arc::new(Keys::new(config, state, file, Handle::current()))))
    }

    /// Whether the keys can be used.
    pub(crate) fn check(&self) -> Result<(), StartError> {
        match &self.source {
            Some(Source::File(path)) => read_keyring(path).map(drop).map_err(StartError::KeyFile),
            Some(Source::Keyring(_)) | None => Ok(()),
        }
    }

    /// Says in the log what an operator should know: traffic that others can read, or write.
    pub(crate) fn warn(&self, own_transport: bool, advertised: SocketAddr) {
        if self.source.is_none() && !own_transport && !advertised.ip().is_loopback() {
            tracing::warn!(
                "traffic is neither encrypted nor authenticated: anyone who reaches this port can read it, join the \
                 cluster and declare members dead; use a keyring, or a network that nobody else is on"
            );
        }
        match self.plain {
            _ if self.source.is_none() => {}
            PlainTraffic::Refused => {}
            PlainTraffic::Accepted => tracing::warn!(
                "plain traffic is taken in spite of the keyring: refuse it when every node has the keys and sends sealed"
            ),
            PlainTraffic::Sent => tracing::warn!(
                "all that is sent is plain in spite of the keyring: go on to `accepted` when every node has the keys"
            ),
        }
    }
}
