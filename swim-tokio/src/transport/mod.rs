//! The transport: everything the node's loop knows of the network, in the core's own words.
//!
//! [`Transport`] is what the loop asks for: packets and exchanges go in, [`Arrival`]s come out, and
//! nothing waits for a peer. [`Sockets`] is the one that a node has unless told otherwise:
//! exchanges over TCP, packets over TCP or UDP. No file of the crate outside this folder names a
//! socket, but for `resolver`, which asks for addresses.
//!
//! | file | what |
//! | --- | --- |
//! | `setup` | what a transport is opened with, and how |
//! | `sockets` | the first implementation: what connects the files below |
//! | `preamble`, `frame` | the bytes |
//! | `pool`, `queue`, `exchanges`, `budget` | which link, how many, how much memory |
//! | `crowd`, `file_limit` | who makes room, and how much room there is |
//! | `binding`, `listener`, `dial`, `opening`, `connection`, `datagrams`, `unreachable` | the sockets |
//! | `memberlist` | the implementation for memberlist's wire |
//! | `handshake`, `sealed_packets`, `sealed_stream` | all of it under the cluster's keys |
//! | `mismatch` | nodes that cannot live in one cluster, told at their first exchange |
//! | `tls`, `vouched` | the name that a connection is trusted to bear |
//! | `renewal` | which connections outlived their keys or certificates |
//! | `settings`, `counters` | what the user sets and reads |

mod binding;
mod budget;
mod connection;
mod counters;
mod crowd;
mod datagrams;
mod dial;
mod exchanges;
mod file_limit;
mod frame;
mod handshake;
mod listener;
#[cfg(feature = "memberlist")]
mod memberlist;
mod members;
mod mismatch;
mod opening;
mod pool;
mod preamble;
mod queue;
mod renewal;
mod sealed_packets;
mod sealed_stream;
mod seldom;
mod settings;
mod setup;
mod sockets;
#[cfg(test)]
mod tests;
#[cfg(feature = "tls")]
mod tls;
mod unreachable;
#[cfg(test)]
mod vectors;
mod vouched;

use std::collections::HashSet;
use std::fmt;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use swim_core::{
    ExchangeFailure, ExchangeId, ExchangeOutput, KeyAnswer, KeyOperation, KeyQuery, Source,
};

pub use self::counters::TransportMetrics;
pub use self::file_limit::raise_file_limit;
#[cfg(feature = "memberlist")]
pub(crate) use self::memberlist::Current;
#[cfg(feature = "memberlist")]
pub use self::memberlist::{Memberlist, MemberlistSockets};
pub use self::settings::{Packets, TcpConfig};
pub(crate) use self::setup::Opener;
pub use self::setup::Setup;
pub use self::sockets::Sockets;
#[cfg(feature = "tls")]
pub use self::tls::{Tls, certificate_validity};

/// How many reports, and how many datagrams, are taken at a time.
const BATCH: usize = 64;

/// A future that a transport hands out, at most once for each leave or shutdown.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What came from the network, as the core wants to hear it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// A packet.
    Packet {
        /// Where its sender is reached, and what the transport has proven about the sender.
        from: Source,
        /// Its bytes; at most [`Setup::max_packet`].
        payload: Bytes,
    },
    /// Somebody opened an exchange. The core answers it at once: the loop hands the answer to
    /// [`Transport::exchange`].
    Request {
        /// The transport's own number for it, which its answer carries. None is used twice.
        id: ExchangeId,
        /// Where its sender is reached, and what the transport has proven about the sender.
        from: Source,
        /// Its bytes; at most [`Setup::max_exchange`].
        payload: Bytes,
    },
    /// The reply to an exchange that the core opened. It must come from where the request went.
    Reply {
        /// The number that the core gave.
        id: ExchangeId,
        /// Its bytes; at most [`Setup::max_exchange`].
        payload: Bytes,
    },
    /// An exchange that the core opened will get no reply.
    Failed {
        /// The number that the core gave.
        id: ExchangeId,
        /// Why.
        failure: ExchangeFailure,
    },
    /// Nothing listens at an address: a hint that ends a direct probe early, and decides nothing
    /// alone.
    Unreachable(SocketAddr),
}

/// How one node's packets and exchanges travel: what a node's loop drives, and what a user may
/// implement ([`Builder::transport`](crate::Builder::transport)).
///
/// The loop is the only caller, from one task of the tokio runtime that the node was started on.
/// **No method may wait or block**: what cannot be sent at once is queued within a bound, or
/// dropped, as a network drops it. A transport that wraps another, to change or count what passes,
/// is one too.
///
/// What the protocol expects of it:
/// - A packet may be lost, doubled or late. It arrives whole, and with an address at which its
///   sender is reached.
/// - An exchange that was opened ends with one [`Arrival::Reply`] or [`Arrival::Failed`], unless it
///   was abandoned before. The core keeps the deadline: no transport needs one for it.
/// - A reply that is late, or to nothing that is open, does no harm.
///
/// `swim-tokio/tests/custom_transport.rs` is a whole one over channels, in some hundred lines.
pub trait Transport: fmt::Debug + Send + 'static {
    /// Where it listens, with the port that it got. It is fixed once the transport is open.
    fn local_address(&self) -> SocketAddr;

    /// Sends a packet, or drops and counts it.
    fn send_packet(&mut self, to: SocketAddr, packet: &[u8]);

    /// Does what the core says about an exchange. What fails at once is told by the next
    /// [`poll_receive`](Self::poll_receive), like what fails later.
    fn exchange(&mut self, output: ExchangeOutput);

    /// Appends what has arrived, several at a time, and is ready if anything happened; else it has
    /// the task woken when something does. A bounded number at a time, some dozens, so that a flood
    /// delays no timer; the loop comes back at once. Ready without an arrival is allowed. The loop
    /// drops what it was given before it asks again, so memory that the payloads share may be used
    /// again.
    fn poll_receive(&mut self, context: &mut Context<'_>, arrivals: &mut Vec<Arrival>) -> Poll<()>;

    /// Ends when all that was sent until now is written, or never will be. The loop goes on
    /// meanwhile and bounds the time. At once, unless implemented.
    fn flushed(&mut self) -> BoxFuture<'static, ()> {
        Box::pin(std::future::ready(()))
    }

    /// Closes everything, in bounded time: nothing is accepted any more, and when this ends the
    /// address is free. The last call; a transport that is dropped without it is to free the
    /// address too.
    fn close(&mut self) -> BoxFuture<'_, ()>;

    /// Returns true if [`members_at`](Self::members_at) is to be told where the members are: asked
    /// after every turn of the loop. A transport with many connections may then keep those of
    /// members. Never, unless implemented.
    fn asks_for_members(&self) -> bool {
        false
    }

    /// Where the active members are, this node's own address excepted, as it was asked for.
    fn members_at(&mut self, addresses: HashSet<SocketAddr>) {
        drop(addresses);
    }

    /// Does with the keys of the cluster what a member asks of all, if the transport has keys that
    /// members may change: on memberlist's wire. Not, unless implemented.
    fn change_keys(&mut self, query: &KeyQuery) -> KeyAnswer {
        let list = query.operation == KeyOperation::List;
        let what = if list { "Keyring is empty" } else { "No keyring to modify" };
        KeyAnswer::refused(format!("{what} (encryption not enabled)"))
    }

    /// The counters. All zero, unless implemented.
    fn metrics(&self) -> TransportMetrics {
        TransportMetrics::default()
    }
}

impl Transport for Box<dyn Transport> {
    fn local_address(&self) -> SocketAddr {
        (**self).local_address()
    }

    fn send_packet(&mut self, to: SocketAddr, packet: &[u8]) {
        (**self).send_packet(to, packet);
    }

    fn exchange(&mut self, output: ExchangeOutput) {
        (**self).exchange(output);
    }

    fn poll_receive(&mut self, context: &mut Context<'_>, arrivals: &mut Vec<Arrival>) -> Poll<()> {
        (**self).poll_receive(context, arrivals)
    }

    fn flushed(&mut self) -> BoxFuture<'static, ()> {
        (**self).flushed()
    }

    fn close(&mut self) -> BoxFuture<'_, ()> {
        (**self).close()
    }

    fn asks_for_members(&self) -> bool {
        (**self).asks_for_members()
    }

    fn members_at(&mut self, addresses: HashSet<SocketAddr>) {
        (**self).members_at(addresses);
    }

    fn change_keys(&mut self, query: &KeyQuery) -> KeyAnswer {
        (**self).change_keys(query)
    }

    fn metrics(&self) -> TransportMetrics {
        (**self).metrics()
    }
}
