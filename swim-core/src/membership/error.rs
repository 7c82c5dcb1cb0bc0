//! What callers may do wrong: one enum for each command. In each case the state is untouched.

use core::fmt;
use core::net::SocketAddr;

/// Why seeds were not taken. None of them was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum JoinError {
    /// No node can be reached at this address: it is unspecified, multicast, broadcast or has
    /// port 0.
    Address(SocketAddr),
    /// This address is outside of `Config::allowed_networks`.
    NotAllowed(SocketAddr),
    /// `Config::max_seeds` is reached.
    TooManySeeds {
        /// The bound.
        max: usize,
    },
    /// The node is leaving or has left.
    NotRunning,
}

/// Why the metadata was not changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MetadataError {
    /// It is longer than `Config::max_metadata_size`.
    TooLong {
        /// Its length in bytes.
        len: usize,
        /// The bound.
        max: usize,
    },
    /// The incarnation is at its maximum and cannot be raised.
    IncarnationsExhausted,
    /// The node is leaving or has left.
    NotRunning,
}

/// Why a broadcast was not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BroadcastError {
    /// It is longer than `Config::max_broadcast_size`.
    TooLong {
        /// Its length in bytes.
        len: usize,
        /// The bound.
        max: usize,
    },
    /// `Config::max_broadcasts` wait to be sent: try again later.
    QueueFull {
        /// The bound.
        max: usize,
    },
    /// The node is leaving or has left.
    NotRunning,
}

/// Why a member was not pinged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PingError {
    /// No active member has this name.
    UnknownMember,
    /// The name is this node's own.
    Ourselves,
    /// `Config::max_pings` are out: try again later.
    TooMany {
        /// The bound.
        max: usize,
    },
    /// The node is leaving or has left.
    NotRunning,
}

/// Why a member was not declared to have left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ForceLeaveError {
    /// No member has this name.
    UnknownMember,
    /// The name is this node's own: leave, instead.
    Ourselves,
    /// The member is alive, and would refute.
    Alive,
    /// The node is leaving or has left.
    NotRunning,
}

const NOT_RUNNING: &str = "the node is leaving or has left";

impl fmt::Display for JoinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => write!(f, "no node can be reached at {address}"),
            Self::NotAllowed(address) => write!(f, "{address} is outside of allowed_networks"),
            Self::TooManySeeds { max } => write!(f, "max_seeds allows {max} seeds"),
            Self::NotRunning => f.write_str(NOT_RUNNING),
        }
    }
}

impl fmt::Display for MetadataError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong { len, max } => {
                write!(f, "the metadata has {len} bytes, max_metadata_size allows {max}")
            }
            Self::IncarnationsExhausted => f.write_str("the incarnation cannot be raised further"),
            Self::NotRunning => f.write_str(NOT_RUNNING),
        }
    }
}

impl fmt::Display for BroadcastError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong { len, max } => {
                write!(f, "the broadcast has {len} bytes, max_broadcast_size allows {max}")
            }
            Self::QueueFull { max } => {
                write!(f, "{max} broadcasts wait to be sent already: try again later")
            }
            Self::NotRunning => f.write_str(NOT_RUNNING),
        }
    }
}

impl fmt::Display for PingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownMember => f.write_str("no active member has this name"),
            Self::Ourselves => f.write_str("the name is this node's own"),
            Self::TooMany { max } => write!(f, "{max} pings are out already: try again later"),
            Self::NotRunning => f.write_str(NOT_RUNNING),
        }
    }
}

impl fmt::Display for ForceLeaveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownMember => f.write_str("no member has this name"),
            Self::Ourselves => f.write_str("the name is this node's own: it can leave by itself"),
            Self::Alive => f.write_str(
                "the member is alive and would refute: only one that failed or is suspected can be declared left",
            ),
            Self::NotRunning => f.write_str(NOT_RUNNING),
        }
    }
}

impl core::error::Error for JoinError {}
impl core::error::Error for MetadataError {}
impl core::error::Error for BroadcastError {}
impl core::error::Error for PingError {}
impl core::error::Error for ForceLeaveError {}
