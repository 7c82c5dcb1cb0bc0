//! Where a packet or request comes from, and what the transport can prove of its sender.
//!
//! It knows no member: what follows from a source is decided by the state machine. Read first:
//! docs/SECURITY.md.

use core::net::SocketAddr;

/// What the transport has proven about the sender of a packet or a request. A later variant proves
/// more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Protection {
    /// Nothing: anyone who can send to the port may have sent it.
    #[default]
    Plain,
    /// The sender holds a key of the cluster, or a certificate that its authority issued: it is a
    /// member, or was let in by one. Its name is unproven.
    Sealed,
    /// As `Sealed`, and the transport has held the names in whose name the bytes speak against the
    /// sender's certificate.
    Named,
}

/// The sender of a packet or a request.
///
/// An address alone becomes a source of [`Protection::Plain`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Source {
    /// The sender's address, as the transport knows it.
    pub address: SocketAddr,
    /// What is proven about the sender.
    pub protection: Protection,
}

impl Source {
    /// A source that is proven as far as `protection` says.
    #[must_use]
    pub const fn new(address: SocketAddr, protection: Protection) -> Self {
        Self { address, protection }
    }
}

impl From<SocketAddr> for Source {
    fn from(address: SocketAddr) -> Self {
        Self::new(address, Protection::Plain)
    }
}
