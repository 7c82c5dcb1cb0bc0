//! `[tls]`: the certificates that protect the node's traffic.

use std::path::PathBuf;

use clap::Args;
use merge::Merge;
use serde::{Deserialize, Serialize};

use super::Group;

/// `[tls]`.
#[derive(Args, Clone, Debug, Default, Deserialize, Merge, PartialEq, Serialize)]
#[serde(deny_unknown_fields, default)]
#[merge(strategy = merge::option::overwrite_none)]
#[command(next_help_heading = "TLS")]
pub(crate) struct Tls {
    /// Protects all traffic by TLS, with the node's certificate in this file (PEM); all nodes of a
    /// cluster do it, or none
    #[arg(long = "tls-cert", value_name = "FILE", env = "SWIM_TLS_CERT")]
    pub(crate) cert: Option<PathBuf>,
    /// The certificate's private key (PEM)
    #[arg(long = "tls-key", value_name = "FILE", env = "SWIM_TLS_KEY")]
    pub(crate) key: Option<PathBuf>,
    /// The certificates of the authorities whose certificates are accepted (PEM)
    #[arg(long = "tls-ca", value_name = "FILE", env = "SWIM_TLS_CA")]
    pub(crate) ca: Option<PathBuf>,
    /// Lets a member use only a name that its certificate has, as a DNS name
    #[arg(long = "tls-bind-names", num_args = 0..=1, default_missing_value = "true", env = "SWIM_TLS_BIND_NAMES")]
    pub(crate) bind_names: Option<bool>,
}

impl Group for Tls {
    fn defaults() -> Self {
        Self::default()
    }
}

impl Tls {
    /// The certificates, read, if any are named.
    ///
    /// # Errors
    /// A sentence for people.
    pub(crate) fn load(&self) -> Result<Option<swim_tokio::Tls>, String> {
        let bind_names = self.bind_names.unwrap_or_default();
        match (&self.cert, &self.key, &self.ca) {
            (None, None, None) if !bind_names => Ok(None),
            (Some(cert), Some(key), Some(ca)) => {
                let tls = swim_tokio::Tls::from_files(cert, key, ca).map_err(|error| error.to_string())?;
                Ok(Some(if bind_names { tls.with_bound_names() } else { tls }))
            }
            _ => Err("TLS needs the node's certificate, its key and the authorities: give tls-cert, tls-key and \
                      tls-ca"
                .to_owned()),
        }
    }
}
