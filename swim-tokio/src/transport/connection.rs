//! One connection from its first byte to its last: the task of a link.
//!
//! A task reads frames and reports them, writes what waits in its queue, and ends when either side
//! does. It decides nothing: the transport ([`Sockets`](super::Sockets)) drops the queue's sender
//! to have it closed. Closing is done by halves: what waits is written, then the writing half is
//! shut, then the other side does the same; so nothing that was being sent in the other direction
//! is lost. Whatever the other side does, one of the deadlines ends it.

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;

use bytes::BytesMut;
use swim_core::wire::sealed::{MARK, SealError};
use swim_core::{ExchangeFailure, Network, Protection};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout, timeout_at};

use super::budget::{Budget, Lease};
use super::counters::Counters;
use super::frame::{self, Decoded, Frame, FrameError, Limits};
use super::pool::LinkId;
use super::preamble::{self, PreambleError};
use super::queue::{Outgoing, Queue};
#[cfg(feature = "tls")]
use super::seldom::Seldom;
use super::settings::TcpConfig;
use super::setup::Setup;
#[cfg(feature = "tls")]
use super::tls::Tls;
use super::vouched::Peer;
use crate::keys::{Keys, PlainTraffic};

/// The least room that is made for a read; packets of the default size fit.
const READ_MIN: usize = 2 << 10;
/// The most room that is made for a read, and the most that is written at a time: a big frame takes
/// up memory as it arrives, and the write timeout is one of progress.
const STEP: usize = 64 << 10;
/// How many queued frames at most go into one write.
const BATCH: usize = 16;

/// What all connections of a node share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) config: TcpConfig,
    pub(crate) limits: Limits,
    /// Whose connections and datagrams are taken.
    pub(crate) networks: Arc<[Network]>,
    /// Where this node is reached: what its preambles say.
    pub(crate) advertised: SocketAddr,
    pub(crate) reports: mpsc::Sender<Report>,
    pub(crate) counters: Arc<Counters>,
    pub(crate) budget: Budget,
    /// What all connections are to be protected by.
    #[cfg(feature = "tls")]
    pub(crate) tls: Option<Tls>,
    /// When it was last logged that somebody is not trusted.
    #[cfg(feature = "tls")]
    pub(crate) warned: Seldom,
    /// The hash of the cluster's name.
    #[cfg(feature = "tls")]
    pub(crate) cluster: u32,
    /// Without them nothing is sealed.
    pub(crate) keys: Option<Arc<Keys>>,
}

/// What the listener and the connections tell the transport.
#[derive(Debug)]
pub(crate) enum Report {
    /// The other side of an accepted connection says where it is reached. `proven`: with a key or a
    /// certificate.
    Introduced { link: LinkId, address: SocketAddr, proven: bool },
    /// A frame arrived. An exchange's memory stays leased until it is handled.
    Arrived { link: LinkId, frame: Frame, lease: Option<Lease>, protection: Protection },
    /// A request arrives that is longer than allowed: it is to be refused by its number, and the
    /// link retired.
    TooLarge { link: LinkId, exchange: u64 },
    /// The other side sends nothing more. What waits for it is still written, if nothing more is
    /// added.
    Closing { link: LinkId },
    /// A datagram found nothing that listens at its address.
    Unreachable(SocketAddr),
    /// The system gave no file for a connection to be dialed.
    OutOfFiles,
    /// The connection ended; the last report of a link. `dialing`: it never came to be.
    Ended { link: LinkId, failure: ExchangeFailure, dialing: bool },
}

/// A connection whose other side is known as far as it will be.
#[derive(Debug)]
pub(crate) struct Connection<'a> {
    pub(crate) link: LinkId,
    pub(crate) peer: Peer,
    pub(crate) queue: Queue,
    pub(crate) shared: &'a Shared,
}

impl Connection<'_> {
    /// Runs one that this node dialed: `first` is written, and nothing else before the other side
    /// has greeted. What listens there may be no SWIM node at all, and is not to read what somebody
    /// else had this node send.
    pub(crate) async fn run_dialed(
        self,
        mut reading: impl AsyncRead + Unpin,
        mut writing: impl AsyncWrite + Unpin,
        first: Vec<u8>,
    ) {
        let Self { link, shared, .. } = self;
        let greeted = introduce(&mut reading, &mut writing, &first);
        let failure = match timeout(shared.config.preamble_timeout, greeted).await {
            Ok(Ok(())) => {
                shared.counters.bytes_sent.add(first.len());
                return self.run(reading, writing, Vec::new()).await;
            }
            Ok(Err(failure)) => failure,
            Err(_) => {
                shared.counters.timed_out.one();
                ExchangeFailure::TimedOut
            }
        };
        shared.report(Report::Ended { link, failure, dialing: false }).await;
    }

    /// Runs one that this node accepted: `first` is written at once.
    pub(crate) async fn run_accepted(
        self,
        reading: impl AsyncRead + Unpin,
        writing: impl AsyncWrite + Unpin,
        first: Vec<u8>,
    ) {
        self.run(reading, writing, first).await;
    }

    async fn run(
        self,
        reading: impl AsyncRead + Unpin,
        writing: impl AsyncWrite + Unpin,
        first: Vec<u8>,
    ) {
        let Self { link, peer, queue, shared } = self;
        let mut reading = pin!(
            Reader { link, half: reading, buffer: BytesMut::new(), peer: &peer, shared }.frames()
        );
        let mut writing = pin!(Writer { half: writing, queue, peer: &peer, shared }.run(first));
        let failure = tokio::select! {
            end = &mut reading => match end {
                Ok(()) => {
                    shared.report(Report::Closing { link }).await;
                    // A writer that fails or is late ends with the connection, like one that is
                    // done.
                    let _ = timeout(shared.config.write_timeout, writing).await;
                    ExchangeFailure::Closed
                }
                Err(failure) => failure,
            },
            end = &mut writing => match end {
                // Retired: what waited is written; the other side may still be sending.
                Ok(()) => match timeout(shared.config.linger, reading).await {
                    Ok(Err(failure)) => failure,
                    Ok(Ok(())) | Err(_) => ExchangeFailure::Closed,
                },
                Err(failure) => failure,
            },
        };
        shared.report(Report::Ended { link, failure, dialing: false }).await;
    }
}

/// Writes a dialer's first bytes and awaits the greeting.
async fn introduce(
    reading: &mut (impl AsyncRead + Unpin),
    writing: &mut (impl AsyncWrite + Unpin),
    first: &[u8],
) -> Result<(), ExchangeFailure> {
    writing.write_all(first).await.map_err(|error| failure_of(&error))?;
    writing.flush().await.map_err(|error| failure_of(&error))?;
    let mut greeting = [0; preamble::GREETING_LEN];
    reading.read_exact(&mut greeting).await.map_err(|error| failure_of(&error))?;
    preamble::check_greeting(greeting).map_err(failure_of_preamble)
}

struct Reader<'a, R> {
    link: LinkId,
    half: R,
    buffer: BytesMut,
    peer: &'a Peer,
    shared: &'a Shared,
}

impl<R: AsyncRead + Unpin> Reader<'_, R> {
    /// Reads and reports frames until the other side ends the connection between two of them (`Ok`)
    /// or elsewhere.
    async fn frames(mut self) -> Result<(), ExchangeFailure> {
        let counters = &self.shared.counters;
        let mut deadline = None;
        let mut lease = self.shared.budget.lease();
        loop {
            if self.buffer.len() > STEP && lease.grow_to(self.buffer.len()).is_err() {
                counters.exchanges_dropped.one();
                return Err(ExchangeFailure::TooLarge);
            }
            let missing = match frame::decode(&mut self.buffer, self.shared.limits) {
                Ok(Decoded::Frame(frame)) => {
                    counters.frames_received.one();
                    if !self.peer.may_say(&frame) {
                        counters.names_refused.one();
                        return Err(ExchangeFailure::Untrusted);
                    }
                    let (frame, others) = self.peer.without_others(frame);
                    counters.names_refused.add(others);
                    deadline = None;
                    self.report(frame, std::mem::replace(&mut lease, self.shared.budget.lease()))
                        .await;
                    continue;
                }
                Ok(Decoded::Needs(missing)) => missing,
                Err(error) => return Err(self.refuse(error).await),
            };
            if !self.buffer.is_empty() && deadline.is_none() {
                deadline = Some(Instant::now() + self.shared.config.frame_timeout);
            }
            self.buffer.reserve(missing.clamp(READ_MIN, STEP));
            let read = self.half.read_buf(&mut self.buffer);
            let read = match deadline {
                Some(deadline) => timeout_at(deadline, read).await.map_err(|_| self.late())?,
                None => read.await,
            };
            match read.map_err(|error| failure_of(&error))? {
                0 if self.buffer.is_empty() => return Ok(()),
                0 => return Err(ExchangeFailure::Closed),
                bytes => counters.bytes_received.add(bytes),
            }
        }
    }

    async fn report(&mut self, frame: Frame, lease: Lease) {
        let lease = match &frame {
            Frame::Packet(_) | Frame::Refuse { .. } => None,
            Frame::Request { payload, .. } | Frame::Reply { payload, .. } => {
                if payload.len() > STEP {
                    // Or the rest of the buffer would keep the big frame's memory for as long as
                    // the link lives.
                    self.buffer = BytesMut::from(&self.buffer[..]);
                }
                Some(lease)
            }
        };
        let protection = self.peer.protection();
        self.shared.report(Report::Arrived { link: self.link, frame, lease, protection }).await;
    }

    /// Counts what is no frame, or none that is taken.
    async fn refuse(&mut self, error: FrameError) -> ExchangeFailure {
        if error == FrameError::Malformed {
            self.shared.counters.malformed.one();
            return ExchangeFailure::Malformed;
        }
        self.shared.counters.oversized.one();
        if let FrameError::RequestTooLarge { exchange } = error {
            self.shared.report(Report::TooLarge { link: self.link, exchange }).await;
            // Closing on bytes that nobody read resets the connection, and the refusal would be
            // lost. The writer ends once that is written, and with it, after `linger`, this.
            self.buffer.clear();
            while let Ok(1..) = self.half.read_buf(&mut self.buffer).await {
                self.buffer.clear();
            }
        }
        ExchangeFailure::TooLarge
    }

    fn late(&self) -> ExchangeFailure {
        self.shared.counters.timed_out.one();
        ExchangeFailure::TimedOut
    }
}

struct Writer<'a, W> {
    half: W,
    queue: Queue,
    peer: &'a Peer,
    shared: &'a Shared,
}

impl<W: AsyncWrite + Unpin> Writer<'_, W> {
    /// Writes `first`, then what waits in the queue, until its sender is dropped; then shuts this
    /// half.
    async fn run(mut self, first: Vec<u8>) -> Result<(), ExchangeFailure> {
        let mut bytes = first;
        loop {
            for _ in 0..BATCH {
                let Some(outgoing) = self.queue.try_next() else { break };
                self.take(outgoing, &mut bytes).await?;
            }
            self.flush(&mut bytes).await?;
            let Some(outgoing) = self.queue.next().await else { break };
            self.take(outgoing, &mut bytes).await?;
        }
        self.half.shutdown().await.map_err(|error| failure_of(&error))
    }

    /// Gathers small frames in `bytes`; writes it and a long payload at once.
    async fn take(
        &mut self,
        outgoing: Outgoing,
        bytes: &mut Vec<u8>,
    ) -> Result<(), ExchangeFailure> {
        match outgoing {
            Outgoing::Frame(frame) if !self.peer.is_meant_by(&frame) => {
                self.shared.counters.names_refused.one();
                return Ok(());
            }
            // The common case, one frame at a time, goes out without a copy and leaves no memory
            // behind.
            Outgoing::Frame(frame) if bytes.is_empty() => *bytes = frame,
            Outgoing::Frame(frame) => bytes.extend_from_slice(&frame),
            Outgoing::Exchange { header, mut payload, lease } => {
                bytes.extend_from_slice(&header);
                self.flush(bytes).await?;
                self.flush(&mut payload).await?;
                drop(lease);
            }
            Outgoing::Mark(mark) => {
                self.flush(bytes).await?;
                drop(mark);
                return Ok(());
            }
        }
        self.shared.counters.frames_sent.one();
        Ok(())
    }

    async fn flush(&mut self, bytes: &mut Vec<u8>) -> Result<(), ExchangeFailure> {
        for chunk in bytes.chunks(STEP) {
            let write = async {
                self.half.write_all(chunk).await?;
                // A half that seals, or TLS, may have taken more than it has sent.
                self.half.flush().await
            };
            match timeout(self.shared.config.write_timeout, write).await {
                Ok(written) => written.map_err(|error| failure_of(&error))?,
                Err(_) => {
                    self.shared.counters.timed_out.one();
                    return Err(ExchangeFailure::TimedOut);
                }
            }
            self.shared.counters.bytes_sent.add(chunk.len());
        }
        *bytes = Vec::new();
        Ok(())
    }
}

impl Shared {
    /// That of plain connections, or of sealed ones if there are keys.
    pub(crate) fn new(
        setup: &Setup,
        advertised: SocketAddr,
        config: TcpConfig,
        reports: mpsc::Sender<Report>,
    ) -> Self {
        Self {
            limits: Limits { packet: setup.max_packet, exchange: setup.max_exchange },
            networks: setup.allowed_networks.clone().into(),
            advertised,
            reports,
            counters: Arc::new(Counters::default()),
            budget: Budget::new(config.max_exchange_memory),
            keys: setup.keys.clone(),
            config,
            #[cfg(feature = "tls")]
            tls: None,
            #[cfg(feature = "tls")]
            warned: Seldom::default(),
            #[cfg(feature = "tls")]
            cluster: swim_core::wire::cluster_hash(&setup.cluster),
        }
    }

    /// Returns true if all that is sent is sealed.
    pub(crate) fn seals(&self) -> bool {
        self.keys.as_ref().is_some_and(|keys| keys.state().plain != PlainTraffic::Sent)
    }

    /// Waits while the transport is busy: that slows this connection only, and its peer by TCP's
    /// own means.
    pub(crate) async fn report(&self, report: Report) {
        // An error means that the node is stopping, and this task with it.
        let _ = self.reports.send(report).await;
    }
}

/// Why an exchange on a connection with this error failed.
pub(crate) fn failure_of(error: &io::Error) -> ExchangeFailure {
    match error.kind() {
        io::ErrorKind::TimedOut => ExchangeFailure::TimedOut,
        // A seal is broken.
        io::ErrorKind::InvalidData if matches!(error.get_ref(), Some(inner) if inner.is::<SealError>()) => {
            ExchangeFailure::Malformed
        }
        // TLS says so of what is no TLS, and of certificates.
        io::ErrorKind::InvalidData => ExchangeFailure::Untrusted,
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => {
            ExchangeFailure::Unreachable
        }
        _ => ExchangeFailure::Closed,
    }
}

/// Why an exchange on a connection that begins so failed.
pub(crate) fn failure_of_preamble(error: PreambleError) -> ExchangeFailure {
    match error {
        PreambleError::Tls => ExchangeFailure::Untrusted,
        PreambleError::OtherVersion(MARK) => ExchangeFailure::OtherKeys,
        PreambleError::OtherVersion(_) => ExchangeFailure::OtherVersion,
        PreambleError::NotSwim | PreambleError::BadAddress => ExchangeFailure::Malformed,
    }
}
