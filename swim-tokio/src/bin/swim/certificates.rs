//! The arguments of `swim agent` for TLS.

use std::path::PathBuf;

use clap::Args;
use swim_tokio::{Tls, TlsError};

/// Which certificates protect the node's traffic.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct Certificates {
    /// Protects all traffic by TLS with the certificate in this file (PEM)
    ///
    /// All nodes of a cluster do it, or none. It needs --tls-key and --tls-ca, and packets by TCP.
    #[arg(long = "tls-cert", value_name = "FILE", requires_all = ["key", "authority"])]
    certificate: Option<PathBuf>,
    /// The certificate's private key (PEM)
    #[arg(long = "tls-key", value_name = "FILE", requires = "certificate")]
    key: Option<PathBuf>,
    /// The certificates of the authorities whose certificates are accepted (PEM)
    #[arg(long = "tls-ca", value_name = "FILE", requires = "certificate")]
    authority: Option<PathBuf>,
    /// Lets a member use only a name that its certificate has as a DNS name
    #[arg(long = "tls-bind-names", requires = "certificate")]
    bind_names: bool,
}

impl Certificates {
    /// Reads them, if any are named.
    pub(crate) fn load(&self) -> Result<Option<Tls>, TlsError> {
        let (Some(certificate), Some(key), Some(authority)) = (&self.certificate, &self.key, &self.authority) else {
            return Ok(None);
        };
        let tls = Tls::from_files(certificate, key, authority)?;
        Ok(Some(if self.bind_names { tls.with_bound_names() } else { tls }))
    }
}
