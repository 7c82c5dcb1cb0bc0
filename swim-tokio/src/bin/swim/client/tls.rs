//! TLS to an agent: whose certificate is trusted, and the handshake.

use std::io;
use std::path::Path;
use std::sync::Arc;

use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::version::TLS13;
use tokio_rustls::rustls::{ClientConfig, Error, RootCertStore};

/// Authorities whose certificates are accepted.
#[derive(Clone, Debug)]
pub(super) struct Trust(Arc<ClientConfig>);

impl Trust {
    /// Those in a file, or those that the system trusts.
    ///
    /// # Errors
    /// A sentence for people.
    pub(super) fn new(file: Option<&Path>) -> Result<Self, String> {
        let mut roots = RootCertStore::empty();
        match file {
            Some(path) => {
                let wrong = |error: &dyn std::fmt::Display| {
                    format!(
                        "{} holds no authority's certificate in PEM form: {error}",
                        path.display()
                    )
                };
                let pem = std::fs::read(path)
                    .map_err(|error| format!("cannot read {}: {error}", path.display()))?;
                for certificate in CertificateDer::pem_slice_iter(&pem) {
                    roots
                        .add(certificate.map_err(|error| wrong(&error))?)
                        .map_err(|error| wrong(&error))?;
                }
                if roots.is_empty() {
                    return Err(wrong(&"there is none in it"));
                }
            }
            // What cannot be read of them is as if it were not there: the handshake says what is
            // missing.
            None => {
                roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            }
        }
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(&[&TLS13])
            .map_err(|error| error.to_string())?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self(Arc::new(config)))
    }

    /// Takes TLS up with a host.
    ///
    /// # Errors
    /// The host's name is none, or the handshake failed: see [`is_of_trust`].
    pub(super) async fn connect(
        &self,
        host: &str,
        stream: TcpStream,
    ) -> io::Result<TlsStream<TcpStream>> {
        let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
        TlsConnector::from(Arc::clone(&self.0)).connect(name, stream).await
    }
}

/// Returns true if it is the other side's certificate that is at fault.
pub(super) fn is_of_trust(error: &io::Error) -> bool {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>());
    matches!(inner, Some(Error::InvalidCertificate(_) | Error::NoCertificatesPresented))
}
