//! The first moments of a connection, on both sides: TLS if the node has certificates, then the preamble; then its
//! [`Connection`] runs. Whatever the other side does meanwhile, one deadline ends it.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use swim_core::ExchangeFailure;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};

use super::connection::{Connection, Report, Shared, failure_of, failure_of_preamble};
use super::pool::LinkId;
use super::preamble::{self, PREAMBLE_HEAD};
use super::queue::Queue;
#[cfg(feature = "tls")]
use super::tls;
use super::vouched::Peer;

/// Runs a connection that this node dialed.
pub(crate) async fn run_dialed(link: LinkId, to: SocketAddr, mut stream: TcpStream, queue: Queue, shared: &Shared) {
    let preamble = preamble::encode(shared.advertised);
    #[cfg(feature = "tls")]
    if let Some(tls) = &shared.tls {
        let deadline = Instant::now() + shared.config.preamble_timeout;
        match timeout_at(deadline, tls::connect(tls, to, stream)).await.unwrap_or_else(late) {
            Ok((stream, names)) => {
                let peer = shared.peer(tls, names);
                let (reading, writing) = tokio::io::split(stream);
                Connection { link, peer, queue, shared }.run_dialed(reading, writing, preamble).await;
            }
            Err(error) => shared.refuse(link, to, &error).await,
        }
        return;
    }
    let (reading, writing) = stream.split();
    let _ = to;
    Connection { link, peer: Peer::ANYONE, queue, shared }.run_dialed(reading, writing, preamble).await;
}

/// Runs a connection that this node accepted.
pub(crate) async fn run_accepted(
    link: LinkId,
    from: SocketAddr,
    mut stream: TcpStream,
    queue: Queue,
    shared: Arc<Shared>,
) {
    let deadline = Instant::now() + shared.config.preamble_timeout;
    let shared = &*shared;
    #[cfg(feature = "tls")]
    if let Some(tls) = &shared.tls {
        match timeout_at(deadline, tls::accept(tls, stream, shared.config.linger)).await.unwrap_or_else(late) {
            Ok((stream, names)) => {
                let peer = shared.peer(tls, names);
                let (reading, writing) = tokio::io::split(stream);
                welcome(Connection { link, peer, queue, shared }, reading, writing, deadline).await;
            }
            Err(error) => shared.refuse(link, from, &error).await,
        }
        return;
    }
    let (reading, writing) = stream.split();
    let _ = from;
    welcome(Connection { link, peer: Peer::ANYONE, queue, shared }, reading, writing, deadline).await;
}

#[cfg(feature = "tls")]
fn late<T>(_: tokio::time::error::Elapsed) -> io::Result<T> {
    Err(io::ErrorKind::TimedOut.into())
}

/// Lets the other side say where it is reached, then answers and runs.
async fn welcome(
    connection: Connection<'_>,
    mut reading: impl AsyncRead + Unpin,
    writing: impl AsyncWrite + Unpin,
    deadline: Instant,
) {
    let Connection { link, shared, .. } = connection;
    let failure = match timeout_at(deadline, read_preamble(&mut reading)).await {
        Ok(Ok(address)) => {
            shared.report(Report::Introduced { link, address }).await;
            return connection.run_accepted(reading, writing, preamble::GREETING.to_vec()).await;
        }
        Ok(Err(failure)) => failure,
        Err(_) => ExchangeFailure::TimedOut,
    };
    shared.counters.preambles_bad.one();
    shared.report(Report::Ended { link, failure, dialing: false }).await;
}

async fn read_preamble(reading: &mut (impl AsyncRead + Unpin)) -> Result<SocketAddr, ExchangeFailure> {
    let failed = |error: io::Error| failure_of(&error);
    let mut head = [0; PREAMBLE_HEAD];
    reading.read_exact(&mut head).await.map_err(failed)?;
    let mut tail = [0; 18];
    let tail = &mut tail[..preamble::check_head(head).map_err(failure_of_preamble)?];
    reading.read_exact(tail).await.map_err(failed)?;
    preamble::read_address(tail).map_err(failure_of_preamble)
}

#[cfg(feature = "tls")]
impl Shared {
    fn peer(&self, tls: &tls::Tls, names: tls::Names) -> Peer {
        if tls.binds_names() { Peer::named(names, self.cluster) } else { Peer::ANYONE }
    }

    /// Ends a connection whose handshake failed.
    async fn refuse(&self, link: LinkId, peer: SocketAddr, error: &io::Error) {
        self.counters.handshakes_failed.one();
        tracing::warn!(%peer, %error, "no trusted connection");
        self.report(Report::Ended { link, failure: failure_of(error), dialing: false }).await;
    }
}
