//! TLS of the HTTP interface itself: its certificate, which is read again on SIGHUP.
//!
//! It is apart from the TLS between nodes: browsers and Prometheus show no certificate, and look
//! for the host's name in this one.

use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use swim_tokio::{certificate_validity, read_secret_file};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::version::TLS13;
use tokio_rustls::rustls::{Error, InconsistentKeys, ServerConfig};
use tokio_rustls::server::TlsStream;

/// The longest file of a private key.
const LONGEST_KEY: usize = 64 << 10;

/// The first byte of a handshake (RFC 8446, 5.1).
const HANDSHAKE: u8 = 22;

/// What a client is told that speaks plain HTTP.
const PLAIN: &[u8] = b"HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\ncontent-length: 74\r\n\
connection: close\r\n\r\n{\"error\":\"this address speaks TLS: use https:// (`--agent https://...`)\"}\n";

/// The certificate of the HTTP interface. Clones are handles of the same one.
#[derive(Clone)]
pub(crate) struct HttpTls {
    certificate: PathBuf,
    key: PathBuf,
    current: Arc<Mutex<Loaded>>,
}

/// What the files hold.
#[derive(Clone)]
pub(crate) struct Loaded {
    server: Arc<ServerConfig>,
    validity: Option<Range<SystemTime>>,
    /// Another number for other files.
    content: u64,
}

impl HttpTls {
    /// Reads a certificate, with those between it and its authority if there are any, and its
    /// private key (PEM).
    ///
    /// # Errors
    /// A sentence for people, which names the file.
    pub(crate) fn from_files(certificate: &Path, key: &Path) -> Result<Self, String> {
        let current = Arc::new(Mutex::new(load(certificate, key)?));
        Ok(Self { certificate: certificate.to_owned(), key: key.to_owned(), current })
    }

    /// Reads the files again; nothing changes before [`replace`](Self::replace).
    ///
    /// # Errors
    /// A sentence for people, which names the file.
    pub(crate) fn read_again(&self) -> Result<Loaded, String> {
        load(&self.certificate, &self.key)
    }

    /// Uses what was read for new connections, and says whether it is something else.
    pub(crate) fn replace(&self, new: Loaded) -> bool {
        let content = new.content;
        std::mem::replace(&mut *self.lock(), new).content != content
    }

    /// From when and until when the certificate in use is valid, or the one between it and its
    /// authority that expires first.
    pub(crate) fn validity(&self) -> Option<Range<SystemTime>> {
        self.lock().validity.clone()
    }

    /// Takes TLS up with a client. One that speaks plain HTTP is told to use https.
    pub(crate) async fn accept(&self, mut stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        let mut first = [0];
        if stream.peek(&mut first).await? == 1 && first[0] != HANDSHAKE {
            stream.write_all(PLAIN).await?;
            // What it sent is read first: else the system resets the connection, and the answer
            // with it.
            let _ = stream.try_read(&mut [0; 4_096]);
            stream.shutdown().await?;
            return Err(io::Error::new(io::ErrorKind::InvalidData, "the client speaks plain HTTP"));
        }
        let server = Arc::clone(&self.lock().server);
        TlsAcceptor::from(server).accept(stream).await
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Loaded> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for HttpTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpTls")
            .field("certificate", &self.certificate)
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}

fn load(certificate: &Path, key: &Path) -> Result<Loaded, String> {
    let read = |path: &Path| {
        std::fs::read(path).map_err(|error| format!("cannot read {}: {error}", path.display()))
    };
    let wrong = |path: &Path, what: &str, error: &dyn fmt::Display| {
        format!("{} holds no {what} in PEM form: {error}", path.display())
    };
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&read(certificate)?).collect();
    let chain = chain.map_err(|error| wrong(certificate, "certificate", &error))?;
    if chain.is_empty() {
        return Err(wrong(certificate, "certificate", &"there is none in it"));
    }
    let times = chain.iter().filter_map(|certificate| certificate_validity(certificate));
    let validity = times.min_by_key(|validity| validity.end);
    let secret =
        read_secret_file("private key", key, LONGEST_KEY).map_err(|error| error.to_string())?;
    let private = PrivateKeyDer::from_pem_slice(&secret)
        .map_err(|error| wrong(key, "private key", &error))?;
    let mut content = DefaultHasher::new();
    (&chain, &secret[..]).hash(&mut content);
    let server = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[&TLS13])
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, private));
    let mut server = server.map_err(|error| match error {
        Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => {
            format!(
                "the key in {} is not that of the certificate in {}",
                key.display(),
                certificate.display()
            )
        }
        error => wrong(key, "private key that can be used", &error),
    })?;
    server.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Loaded { server: Arc::new(server), validity, content: content.finish() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_plain_client_is_told_has_the_length_that_it_says() {
        let text = std::str::from_utf8(PLAIN).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(&format!("content-length: {}\r\n", body.len())), "{}", body.len());
        assert!(serde_json::from_str::<crate::shapes::Failure>(body).is_ok());
    }
}
