//! Exchanges as the driver sees them: one request, at most one reply, over a reliable stream.
//!
//! The core says what to open, to reply and to abandon; the driver says what arrived and what
//! failed. The core keeps the deadlines itself, so a driver needs no timers of its own.

use alloc::vec::Vec;
use core::fmt;
use core::net::SocketAddr;

use crate::ground::id::ExchangeId;
use crate::ground::source::Source;

/// What happened to an exchange: given to [`Swim::handle_exchange`](crate::Swim::handle_exchange).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExchangeInput<'a> {
    /// A request arrived. The core answers it with [`ExchangeOutput::Reply`] or
    /// [`ExchangeOutput::Refuse`] of the same `id`: at once, but for what is asked about keys,
    /// which waits for [`Swim::answer_key_request`](crate::Swim::answer_key_request).
    Request {
        /// The driver's own number for the request.
        id: ExchangeId,
        /// Its sender, as far as the transport knows.
        from: Source,
        /// The request's bytes.
        payload: &'a [u8],
    },
    /// The reply to an exchange that the core opened arrived.
    Reply {
        /// The number that the core gave.
        id: ExchangeId,
        /// The reply's bytes.
        payload: &'a [u8],
    },
    /// An exchange that the core opened will get no reply.
    Failed {
        /// The number that the core gave.
        id: ExchangeId,
        /// Why.
        failure: ExchangeFailure,
    },
}

/// What a driver is to do about exchanges: from [`Swim::poll_output`](crate::Swim::poll_output).
///
/// The variants are exhaustive: a driver must carry out each of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExchangeOutput {
    /// Send a request and bring back its reply, or say that it failed.
    Open {
        /// The core's number for it.
        id: ExchangeId,
        /// Where to send it.
        to: SocketAddr,
        /// The request's bytes.
        request: Vec<u8>,
    },
    /// Answer a request that arrived.
    Reply {
        /// The driver's number of the request.
        id: ExchangeId,
        /// The reply's bytes.
        payload: Vec<u8>,
    },
    /// The request that arrived gets no reply: close its stream.
    Refuse {
        /// The driver's number of the request.
        id: ExchangeId,
    },
    /// The core no longer waits for this exchange, which it opened: give it up. A late answer to it
    /// does no harm.
    Abandon {
        /// The core's number for it.
        id: ExchangeId,
    },
}

/// Why an exchange got no usable reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ExchangeFailure {
    /// Nothing listens at the address.
    Refused,
    /// The network has no way to the address.
    Unreachable,
    /// No reply came within `Config::exchange_timeout`.
    TimedOut,
    /// The stream ended before the reply was whole.
    Closed,
    /// The request or the reply is larger than a side allows.
    TooLarge,
    /// The other side belongs to a cluster of another name.
    OtherCluster,
    /// The other side speaks another version of the protocol.
    OtherVersion,
    /// One side encrypts and the other does not, or they have no key in common.
    OtherKeys,
    /// The reply makes no sense.
    Malformed,
    /// The answer came from this very node: the address is its own.
    Ourselves,
    /// The other side is leaving, or has left.
    Left,
    /// The sides do not trust each other: a certificate is not accepted, speaks for another name,
    /// or is missing on one side.
    Untrusted,
    /// The other side's packets go by TCP, and this side's by UDP.
    PacketsByTcp,
    /// The other side's packets go by UDP, and this side's by TCP.
    PacketsByUdp,
    /// This side says that it is reached at a loopback address, and the other side at another kind.
    LoopbackHere,
    /// The other side says that it is reached at a loopback address, and this side at another kind.
    LoopbackThere,
    /// This side is at a bound of its own (connections, queues, memory) and did not even try.
    Overloaded,
}

/// The other side of an exchange that is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Contact {
    /// A seed that is to let us in.
    Seed,
    /// An active member.
    Member,
    /// A node that lives where a dead member or an absent seed once was.
    Lost,
}

impl fmt::Display for ExchangeFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Refused => "connection refused: nothing listens there",
            Self::Unreachable => "the network has no way there",
            Self::TimedOut => "no answer in time",
            Self::Closed => "the connection ended early",
            Self::TooLarge => "the message is too large",
            Self::OtherCluster => "it belongs to a cluster of another name",
            Self::OtherVersion => "it speaks another version of the protocol",
            Self::OtherKeys => "it has other keys: one side encrypts and the other does not, or the keys differ",
            Self::Malformed => "its answer makes no sense",
            Self::Ourselves => "that address is our own",
            Self::Left => "it is leaving the cluster",
            Self::Untrusted => "not trusted: a certificate is not accepted, is of another name, or one side has none",
            Self::PacketsByTcp => "this cluster's packets go by TCP, and this node's by UDP: let it send packets by TCP too",
            Self::PacketsByUdp => "this cluster's packets go by UDP, and this node's by TCP: let it send packets by UDP too",
            Self::LoopbackHere => {
                "this node says that it is reached at a loopback address, where no other machine finds it: let it bind to \
                 or advertise an address that the others can reach"
            }
            Self::LoopbackThere => {
                "the node there says that it is reached at a loopback address, where no other machine finds it: let it \
                 bind to or advertise an address that the others can reach"
            }
            Self::Overloaded => "too much is under way here already",
        })
    }
}

impl core::error::Error for ExchangeFailure {}
