//! From PEM files to what connections use. Each thing that can be wrong is said before a node
//! starts, not by its peers.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;
use std::sync::Arc;

use swim_core::NodeId;
use tokio_rustls::rustls::client::Resumption;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::version::TLS13;
use tokio_rustls::rustls::{ClientConfig, Error, InconsistentKeys, RootCertStore, ServerConfig};

use super::expiry::{first_to_expire, last_to_expire};
use super::verify::{self, AnyMember};
use super::{Current, Files};
use crate::errors::TlsError;
use crate::ground::secret_file::read_secret_file;

/// The longest private key's file, in bytes.
const LONGEST: usize = 1 << 20;

/// What is spoken inside (ALPN): who says another protocol, or none, is refused, even of the same
/// authority.
pub(super) const PROTOCOL: &[u8] = b"swim/1";

impl Files {
    /// Reads and checks all of them.
    pub(super) fn load(&self) -> Result<Current, TlsError> {
        let chain = certificates(&self.certificate, "certificate")?;
        let secret = read_secret_file("private key", &self.key, LONGEST).map_err(TlsError::Key)?;
        let key = PrivateKeyDer::from_pem_slice(&secret)
            .map_err(|error| content(&self.key, "private key", &error.to_string()))?;
        let authorities = certificates(&self.authority, "authority's certificate")?;
        let mut content = DefaultHasher::new();
        (&chain, &secret[..], &authorities).hash(&mut content);
        let content = content.finish();
        let roots = Arc::new(self.roots(authorities.iter().cloned())?);
        let provider = Arc::new(ring::default_provider());
        let clients =
            verify::clients(&roots, &provider).map_err(|reason| self.not_accepted(reason))?;
        let members = AnyMember::new(roots, &provider);
        verify::check_own(&chain, &members, &*clients)
            .map_err(|error| self.not_accepted(error.to_string()))?;
        let names = verify::names(&chain[0]);
        let validity = first_to_expire(&chain);
        let issuers = authorities.iter().filter(|&authority| {
            let alone = self.roots([authority.clone()]);
            alone.is_ok_and(|roots| AnyMember::new(Arc::new(roots), &provider).accepts(&chain))
        });
        let authority_validity = last_to_expire(issuers);

        let mut server = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(&[&TLS13])
            .map_err(|error| self.not_accepted(error.to_string()))?
            .with_client_cert_verifier(clients)
            .with_single_cert(chain.clone(), key.clone_key())
            .map_err(|error| self.unusable(&error))?;
        server.send_tls13_tickets = 0;
        server.alpn_protocols = vec![PROTOCOL.to_vec()];
        let mut client = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&TLS13])
            .map_err(|error| self.not_accepted(error.to_string()))?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(members))
            .with_client_auth_cert(chain, key)
            .map_err(|error| self.unusable(&error))?;
        client.resumption = Resumption::disabled();
        client.alpn_protocols = vec![PROTOCOL.to_vec()];
        let (client, server) = (Arc::new(client), Arc::new(server));
        Ok(Current { client, server, names, validity, authority_validity, content })
    }

    /// Whether a certificate with these names is one for the node.
    pub(super) fn check_name(&self, id: &NodeId, names: &[Box<str>]) -> Result<(), TlsError> {
        if names.iter().any(|name| **name == **id) {
            return Ok(());
        }
        let names = names.iter().map(ToString::to_string).collect();
        Err(TlsError::NotNamed { certificate: self.certificate.clone(), id: id.to_string(), names })
    }

    fn roots(
        &self,
        authorities: impl IntoIterator<Item = CertificateDer<'static>>,
    ) -> Result<RootCertStore, TlsError> {
        let mut roots = RootCertStore::empty();
        for authority in authorities {
            roots.add(authority).map_err(|error| {
                content(&self.authority, "authority's certificate", &error.to_string())
            })?;
        }
        Ok(roots)
    }

    fn not_accepted(&self, reason: String) -> TlsError {
        TlsError::NotAccepted {
            certificate: self.certificate.clone(),
            authority: self.authority.clone(),
            reason,
        }
    }

    fn unusable(&self, error: &Error) -> TlsError {
        match error {
            Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => TlsError::KeyMismatch {
                certificate: self.certificate.clone(),
                key: self.key.clone(),
            },
            error => content(&self.key, "private key that can be used", &error.to_string()),
        }
    }
}

fn read(path: &Path) -> Result<Vec<u8>, TlsError> {
    std::fs::read(path).map_err(|error| TlsError::Read { path: path.to_owned(), error })
}

/// At least one.
fn certificates(
    path: &Path,
    wanted: &'static str,
) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let pem = read(path)?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    match found {
        Ok(found) if found.is_empty() => Err(content(path, wanted, "there is none in it")),
        Ok(found) => Ok(found),
        Err(error) => Err(content(path, wanted, &error.to_string())),
    }
}

fn content(path: &Path, wanted: &'static str, reason: &str) -> TlsError {
    TlsError::Content { path: path.to_owned(), wanted, reason: reason.to_owned() }
}
