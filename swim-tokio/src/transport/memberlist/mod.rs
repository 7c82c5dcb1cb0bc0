//! The transport of memberlist's wire: packets by UDP and streams by TCP, at one port.
//! [`MemberlistSockets`]
//!
//! Here the envelope is put around what the core makes, and taken off what comes: label and
//! encryption, with the system's randomness. A stream carries one message each way and nothing
//! else, so there is no pool of connections: each exchange is a task with a deadline. It knows no
//! message. Read first: docs/MEMBERLIST.md, "Who does what".

mod current;
mod inflation;
mod reading;
mod settings;
mod shared;
mod streams;

use std::net::SocketAddr;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use getrandom::SysRng;
use rand_core::UnwrapErr;
use swim_core::wire::memberlist::Envelope;
use swim_core::{ExchangeOutput, KeyAnswer, KeyQuery, Network, Protection, normal_address};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

pub(crate) use self::current::Current;
use self::inflation::Inflation;
pub use self::settings::Memberlist;
use self::shared::Shared;
use self::streams::Streams;
use super::binding::bind;
use super::connection::Report;
use super::counters::Counters;
use super::datagrams::Datagrams;
use super::seldom::Seldom;
use super::{Arrival, BoxFuture, Packets, Setup, Transport, TransportMetrics, unreachable};
use crate::errors::StartError;

/// How many hints that nothing listens somewhere may wait.
const REFUSED: usize = 64;

/// What nonces are drawn from. Where the system has no randomness no node starts: its generator is
/// seeded from it.
const fn randomness() -> UnwrapErr<SysRng> {
    UnwrapErr(SysRng)
}

/// Packets by UDP and streams by TCP, as memberlist has them: what a node with
/// [`Builder::memberlist`](crate::Builder::memberlist) uses.
#[derive(Debug)]
pub struct MemberlistSockets {
    local: SocketAddr,
    envelope: Current,
    /// Gone once it is closed.
    datagrams: Option<Datagrams>,
    streams: Streams,
    /// Where nothing listens, and the task that asks the system for it.
    refused: mpsc::Receiver<Report>,
    watch: JoinSet<()>,
    counters: Arc<Counters>,
    /// The packet that is being sealed.
    sealed: Vec<u8>,
    /// What a packet was decrypted into.
    opened: Vec<u8>,
}

impl MemberlistSockets {
    /// Listens at [`Setup::bind`], for both kinds of traffic.
    ///
    /// # Errors
    /// [`StartError`]: the address cannot be taken.
    pub fn open(setup: &Setup, settings: &Memberlist) -> Result<Self, StartError> {
        let bound = bind(setup.bind, Packets::Udp).map_err(|error| setup.cannot_bind(error))?;
        let networks: Arc<[Network]> = setup.allowed_networks.clone().into();
        let envelope = setup.envelope.clone().unwrap_or_else(|| Current::new(settings));
        let counters = Arc::new(Counters::default());
        let shared = Shared {
            envelope: envelope.clone(),
            compress: settings.compress,
            max: setup.max_exchange,
            timeout: settings.stream_timeout,
            counters: Arc::clone(&counters),
            networks: Arc::clone(&networks),
            inflation: Inflation::default(),
            warned: Seldom::default(),
        };
        let datagrams = bound.datagrams.map(|socket| Datagrams::new(socket, networks));
        let (sender, refused) = mpsc::channel(REFUSED);
        let mut watch = JoinSet::new();
        if let Some(Datagrams { socket, .. }) = &datagrams {
            watch.spawn(unreachable::run(Arc::clone(socket), sender, Arc::clone(&counters)));
        }
        Ok(Self {
            local: bound.address,
            envelope,
            datagrams,
            refused,
            watch,
            streams: Streams::start(bound.listener, shared),
            counters,
            sealed: Vec::new(),
            opened: Vec::new(),
        })
    }

    /// Takes the envelopes off the packets that came since the `first` arrival.
    fn unseal(&mut self, first: usize, arrivals: &mut Vec<Arrival>) {
        let mut kept = first;
        let envelope = self.envelope.get();
        for at in first..arrivals.len() {
            if let Arrival::Packet { from, payload } = &mut arrivals[at] {
                match envelope.unseal_packet(payload, &mut self.opened) {
                    Ok((opened, was_sealed)) => {
                        from.protection = protection_of(&envelope, was_sealed);
                        *payload = if was_sealed {
                            Bytes::copy_from_slice(opened)
                        } else {
                            payload.slice_ref(opened)
                        };
                    }
                    Err(error) => {
                        tracing::debug!(%error, "a packet is not opened");
                        self.counters.unopened.one();
                        continue;
                    }
                }
            }
            arrivals.swap(kept, at);
            kept += 1;
        }
        arrivals.truncate(kept);
    }
}

impl Transport for MemberlistSockets {
    fn local_address(&self) -> SocketAddr {
        self.local
    }

    fn send_packet(&mut self, to: SocketAddr, packet: &[u8]) {
        let Some(datagrams) = &self.datagrams else { return };
        self.envelope.get().seal_packet(&mut randomness(), packet, &mut self.sealed);
        datagrams.send(to, &self.sealed, &self.counters);
    }

    fn change_keys(&mut self, query: &KeyQuery) -> KeyAnswer {
        self.envelope.change_keys(query)
    }

    fn exchange(&mut self, output: ExchangeOutput) {
        self.streams.exchange(output);
    }

    fn poll_receive(&mut self, context: &mut Context<'_>, arrivals: &mut Vec<Arrival>) -> Poll<()> {
        let first = arrivals.len();
        let readable =
            self.datagrams.as_ref().is_some_and(|datagrams| datagrams.poll_readable(context));
        if let Some(datagrams) = self.datagrams.as_mut().filter(|_| readable) {
            datagrams.receive(None, &self.counters, arrivals);
            self.unseal(first, arrivals);
        }
        let mut came = self.streams.poll_receive(context, arrivals);
        while let Poll::Ready(Some(report)) = self.refused.poll_recv(context) {
            if let Report::Unreachable(address) = report {
                arrivals.push(Arrival::Unreachable(address));
                came = true;
            }
        }
        if readable || came { Poll::Ready(()) } else { Poll::Pending }
    }

    fn close(&mut self) -> BoxFuture<'_, ()> {
        self.datagrams = None;
        Box::pin(async {
            self.watch.shutdown().await;
            self.streams.close().await;
        })
    }

    fn metrics(&self) -> TransportMetrics {
        self.counters.read()
    }
}

/// What is proven of who sent something: that it has a key, if one of ours opened it. While plain
/// traffic is sent an answer would be readable, so then nothing counts as proven.
fn protection_of(envelope: &Envelope, was_sealed: bool) -> Protection {
    if was_sealed && !envelope.sends_plain { Protection::Sealed } else { Protection::Plain }
}

/// Where a stream came from, as the core wants to hear it.
fn peer(address: SocketAddr) -> SocketAddr {
    normal_address(address)
}
