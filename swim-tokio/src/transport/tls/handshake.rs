//! From a connection to one whose other side is trusted, or to why it is not. It knows no frame.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{CommonState, Error};
use tokio_rustls::{TlsAcceptor, TlsConnector, client, server};

use super::files::PROTOCOL;
use super::{Names, Tls, verify};

/// How much of what a refused peer still sends is read over, so that it gets to read why it is
/// refused.
const REST: u64 = 64 << 10;

/// As who dialed.
///
/// # Errors
/// Of the kind `InvalidData` if one side does not trust the other, or the other speaks no TLS.
pub(crate) async fn connect(
    tls: &Tls,
    to: SocketAddr,
    stream: TcpStream,
) -> io::Result<(client::TlsStream<TcpStream>, Names)> {
    let connector = TlsConnector::from(tls.current().client.clone());
    match connector.connect(ServerName::from(to.ip()), stream).await {
        Ok(stream) => {
            let names = admitted(stream.get_ref().1)?;
            Ok((stream, names))
        }
        // Who knows no TLS ends a connection that begins so.
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset
            ) =>
        {
            Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "it ended the handshake: perhaps it speaks no TLS",
            ))
        }
        Err(error) => Err(error),
    }
}

/// As who was dialed. A peer that is refused is told why, and has `linger` to read it.
///
/// # Errors
/// Of the kind `InvalidData` if one side does not trust the other, or the other speaks no TLS.
pub(crate) async fn accept(
    tls: &Tls,
    stream: TcpStream,
    linger: Duration,
) -> io::Result<(server::TlsStream<TcpStream>, Names)> {
    let acceptor = TlsAcceptor::from(tls.current().server.clone());
    match acceptor.accept(stream).into_fallible().await {
        Ok(stream) => {
            let names = admitted(stream.get_ref().1)?;
            Ok((stream, names))
        }
        Err((error, mut stream)) => {
            let read_over = async {
                stream.shutdown().await?;
                tokio::io::copy(&mut stream.take(REST), &mut tokio::io::sink()).await
            };
            let _ = timeout(linger, read_over).await;
            Err(explained(error))
        }
    }
}

/// In words for people where rustls has none.
fn explained(error: io::Error) -> io::Error {
    let told = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>());
    if matches!(told, Some(Error::InvalidMessage(_))) {
        return io::Error::new(io::ErrorKind::InvalidData, "it speaks no TLS");
    }
    error
}

/// The names of a peer that speaks what we do. Who names no protocol may be a server of something
/// else, whose certificate the same authority issued.
fn admitted(session: &CommonState) -> io::Result<Names> {
    if session.alpn_protocol() == Some(PROTOCOL) {
        return Ok(peer_names(session));
    }
    let told = "it does not say that it speaks swim/1 (ALPN): it is no SWIM node";
    Err(io::Error::new(io::ErrorKind::InvalidData, told))
}

fn peer_names(session: &CommonState) -> Names {
    match session.peer_certificates() {
        Some([own, ..]) => verify::names(own),
        _ => Names::from([]),
    }
}
