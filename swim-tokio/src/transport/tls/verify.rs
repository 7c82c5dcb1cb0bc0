//! Whose certificate is accepted: everybody's that the cluster's authorities issued, is valid now
//! and allows the use. Names are no concern of this file, but for reading them.

use std::sync::Arc;

use tokio_rustls::rustls::client::danger::{
    HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier,
};
use tokio_rustls::rustls::client::verify_server_cert_signed_by_trust_anchor;
use tokio_rustls::rustls::crypto::{
    CryptoProvider, WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature,
};
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::server::danger::ClientCertVerifier;
use tokio_rustls::rustls::server::{ParsedCertificate, WebPkiClientVerifier};
use tokio_rustls::rustls::{DigitallySignedStruct, Error, RootCertStore, SignatureScheme};

use super::Names;

/// What a dialer asks of the certificate that it is shown: all but the host name, for nodes are
/// dialed by address.
#[derive(Debug)]
pub(super) struct AnyMember {
    roots: Arc<RootCertStore>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl AnyMember {
    pub(super) fn new(roots: Arc<RootCertStore>, provider: &CryptoProvider) -> Self {
        Self { roots, algorithms: provider.signature_verification_algorithms }
    }

    /// Returns true if a chain, the certificate first, is issued by one of the authorities and is
    /// valid now.
    pub(super) fn accepts(&self, chain: &[CertificateDer<'_>]) -> bool {
        chain
            .split_first()
            .is_some_and(|(own, between)| self.check(between, own, UnixTime::now()).is_ok())
    }

    fn check(
        &self,
        chain: &[CertificateDer<'_>],
        own: &CertificateDer<'_>,
        now: UnixTime,
    ) -> Result<(), Error> {
        let certificate = ParsedCertificate::try_from(own)?;
        verify_server_cert_signed_by_trust_anchor(
            &certificate,
            &self.roots,
            chain,
            now,
            self.algorithms.all,
        )
    }
}

impl ServerCertVerifier for AnyMember {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.check(intermediates, end_entity, now).map(|()| ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signature, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signature, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

/// What an acceptor asks of the certificate that it is shown.
pub(super) fn clients(
    roots: &Arc<RootCertStore>,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<dyn ClientCertVerifier>, String> {
    let verifier =
        WebPkiClientVerifier::builder_with_provider(Arc::clone(roots), Arc::clone(provider))
            .build();
    verifier.map_err(|error| error.to_string())
}

/// Whether the others would accept a node's own certificate, on both sides of a connection.
pub(super) fn check_own(
    chain: &[CertificateDer<'_>],
    members: &AnyMember,
    clients: &dyn ClientCertVerifier,
) -> Result<(), Error> {
    let (own, between) = chain.split_first().ok_or(Error::NoCertificatesPresented)?;
    let now = UnixTime::now();
    members.check(between, own, now)?;
    clients.verify_client_cert(own, between, now).map(drop)
}

/// The DNS names in a certificate. None of one that cannot be read, which is accepted by nobody.
pub(super) fn names(certificate: &CertificateDer<'_>) -> Names {
    match webpki::EndEntityCert::try_from(certificate) {
        Ok(certificate) => certificate.valid_dns_names().map(Box::from).collect(),
        Err(_) => Names::from([]),
    }
}
