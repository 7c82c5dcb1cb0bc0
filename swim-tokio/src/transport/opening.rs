//! The first moments of a connection, on both sides: TLS if the node has certificates, seals if it
//! has keys, then the preamble; then its [`Connection`] runs. Whatever the other side does
//! meanwhile, one deadline ends it.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use swim_core::wire::sealed::{RecordOpener, RecordSealer};
use swim_core::{ExchangeFailure, Protection};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use tokio::net::TcpStream;
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::time::{Instant, timeout_at};

use super::connection::{Connection, Report, Shared, failure_of, failure_of_preamble};
use super::handshake::{self, Opening, Start};
use super::pool::LinkId;
use super::preamble::{self, PREAMBLE_HEAD};
use super::queue::Queue;
use super::sealed_stream::{SealedReader, SealedWriter};
#[cfg(feature = "tls")]
use super::tls;
use super::vouched::Peer;
use crate::keys::PlainTraffic;

/// Runs a connection that this node dialed.
pub(crate) async fn run_dialed(
    link: LinkId,
    to: SocketAddr,
    mut stream: TcpStream,
    queue: Queue,
    shared: &Shared,
) {
    let preamble = preamble::encode(shared.advertised);
    let deadline = Instant::now() + shared.config.preamble_timeout;
    #[cfg(feature = "tls")]
    if let Some(tls) = &shared.tls {
        match timeout_at(deadline, tls::connect(tls, to, stream)).await.unwrap_or_else(late) {
            Ok((stream, names)) => {
                let peer = shared.peer(tls, names);
                let (reading, writing) = tokio::io::split(stream);
                Connection { link, peer, queue, shared }
                    .run_dialed(reading, writing, preamble)
                    .await;
            }
            Err(error) => shared.refuse(link, to, &error).await,
        }
        return;
    }
    let _ = to;
    let connection =
        |protection| Connection { link, peer: Peer::anyone(protection), queue, shared };
    let Some(keys) = shared.keys.as_ref().filter(|keys| keys.state().plain != PlainTraffic::Sent)
    else {
        let (reading, writing) = stream.split();
        return connection(Protection::Plain).run_dialed(reading, writing, preamble).await;
    };
    match timeout_at(deadline, handshake::dial(&mut stream, keys)).await {
        Ok(Ok((sealer, opener))) => {
            let (reading, writing) = shared.sealed(&mut stream, sealer, opener);
            connection(Protection::Sealed).run_dialed(reading, writing, preamble).await;
        }
        Ok(Err(failure)) => shared.end(link, failure).await,
        Err(_) => shared.end(link, ExchangeFailure::TimedOut).await,
    }
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
        match timeout_at(deadline, tls::accept(tls, stream, shared.config.linger))
            .await
            .unwrap_or_else(late)
        {
            Ok((stream, names)) => {
                let peer = shared.peer(tls, names);
                let (reading, writing) = tokio::io::split(stream);
                welcome(Connection { link, peer, queue, shared }, reading, writing, None, deadline)
                    .await;
            }
            Err(error) => shared.refuse(link, from, &error).await,
        }
        return;
    }
    let _ = from;
    let connection =
        |protection| Connection { link, peer: Peer::anyone(protection), queue, shared };
    let opening = handshake::accept(&mut stream, shared.keys.as_deref(), &shared.counters);
    let failure = match timeout_at(deadline, opening).await {
        Ok(Ok(Opening::Plain(start))) => {
            let (reading, writing) = stream.split();
            return welcome(connection(Protection::Plain), reading, writing, Some(start), deadline)
                .await;
        }
        Ok(Ok(Opening::Sealed(sealer, opener))) => {
            let (reading, writing) = shared.sealed(&mut stream, sealer, opener);
            return welcome(connection(Protection::Sealed), reading, writing, None, deadline).await;
        }
        Ok(Err(failure)) => failure,
        Err(_) => ExchangeFailure::TimedOut,
    };
    shared.counters.preambles_bad.one();
    shared.end(link, failure).await;
}

#[cfg(feature = "tls")]
fn late<T>(_: tokio::time::error::Elapsed) -> io::Result<T> {
    Err(io::ErrorKind::TimedOut.into())
}

/// Lets the other side say where it is reached, of which the first bytes may have been read
/// already; then answers and runs.
async fn welcome(
    connection: Connection<'_>,
    mut reading: impl AsyncRead + Unpin,
    writing: impl AsyncWrite + Unpin,
    start: Option<Start>,
    deadline: Instant,
) {
    let Connection { link, shared, .. } = connection;
    let proven = connection.peer.protection() != Protection::Plain;
    let failure = match timeout_at(deadline, read_preamble(&mut reading, start)).await {
        Ok(Ok(address)) => {
            shared.report(Report::Introduced { link, address, proven }).await;
            return connection.run_accepted(reading, writing, preamble::GREETING.to_vec()).await;
        }
        Ok(Err(failure)) => failure,
        Err(_) => ExchangeFailure::TimedOut,
    };
    shared.counters.preambles_bad.one();
    shared.end(link, failure).await;
}

async fn read_preamble(
    reading: &mut (impl AsyncRead + Unpin),
    start: Option<Start>,
) -> Result<SocketAddr, ExchangeFailure> {
    let failed = |error: io::Error| failure_of(&error);
    let mut head = [0; PREAMBLE_HEAD];
    let read = start.map_or(0, |start| start.len());
    head[..read].copy_from_slice(&start.unwrap_or_default()[..read]);
    reading.read_exact(&mut head[read..]).await.map_err(failed)?;
    let mut tail = [0; 18];
    let tail = &mut tail[..preamble::check_head(head).map_err(failure_of_preamble)?];
    reading.read_exact(tail).await.map_err(failed)?;
    preamble::read_address(tail).map_err(failure_of_preamble)
}

impl Shared {
    /// Ends a connection that did not come to be.
    async fn end(&self, link: LinkId, failure: ExchangeFailure) {
        self.report(Report::Ended { link, failure, dialing: false }).await;
    }

    /// A stream whose bytes go in records from here on.
    fn sealed<'a>(
        &self,
        stream: &'a mut TcpStream,
        sealer: RecordSealer,
        opener: RecordOpener,
    ) -> (SealedReader<ReadHalf<'a>>, SealedWriter<WriteHalf<'a>>) {
        let (reader, writer) = stream.split();
        let counters = || Arc::clone(&self.counters);
        (
            SealedReader::new(reader, opener, counters()),
            SealedWriter::new(writer, sealer, counters()),
        )
    }
}

#[cfg(feature = "tls")]
impl Shared {
    fn peer(&self, tls: &tls::Tls, names: tls::Names) -> Peer {
        if tls.binds_names() {
            Peer::named(names, self.cluster)
        } else {
            Peer::anyone(Protection::Sealed)
        }
    }

    /// Ends a connection whose handshake failed.
    async fn refuse(&self, link: LinkId, peer: SocketAddr, error: &io::Error) {
        self.counters.handshakes_failed.one();
        if self.warned.is_time(Instant::now()) {
            tracing::warn!(%peer, %error, "no trusted connection (told now and then only; each is counted)");
        } else {
            tracing::debug!(%peer, %error, "no trusted connection");
        }
        self.end(link, failure_of(error)).await;
    }
}
