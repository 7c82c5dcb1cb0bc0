//! [`StartError`]: why a node did not start, in words that say what to do.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use swim_core::{ConfigError, NameError};

use super::key_file::KeyFileError;
use super::tcp::TcpConfigError;
#[cfg(feature = "tls")]
use super::tls::TlsError;
use crate::seeds::{LINK_LOCAL, SeedError};

/// Why a node did not start. Nothing of it is left behind.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The name is none.
    #[error(transparent)]
    Name(NameError),
    /// A setting of the protocol, or the identity, cannot be used.
    #[error(transparent)]
    Config(ConfigError),
    /// A setting of the transport cannot be used.
    #[error(transparent)]
    Tcp(TcpConfigError),
    /// The certificates cannot be used.
    #[error(transparent)]
    #[cfg(feature = "tls")]
    Tls(TlsError),
    /// TLS was asked for, and packets by UDP, which it does not protect.
    #[error(
        "TLS does not protect UDP: send packets by TCP, or protect them with a keyring instead"
    )]
    #[cfg(feature = "tls")]
    TlsOverUdp,
    /// TLS was asked for, and a keyring: one of them protects all there is to protect.
    #[error("traffic is protected by TLS or by a keyring, not by both: leave out one")]
    #[cfg(feature = "tls")]
    TlsWithKeys,
    /// A seed is neither an address nor a host name with a port.
    #[error(transparent)]
    Seed(SeedError),
    /// There are more seeds than [`Config::max_seeds`](crate::Config::max_seeds).
    #[error(transparent)]
    Seeds(swim_core::JoinError),
    /// The system does not let the node listen there.
    #[error("cannot listen at {address}: {}", Unbound(error))]
    Bind {
        /// Where the node was to listen.
        address: SocketAddr,
        /// What the system said.
        #[source]
        error: io::Error,
    },
    /// The node listens at an address that means "all of this machine's", and was not told which
    /// one the others are to use.
    #[error(
        "no member can reach {bound}: advertise the address at which the others reach this node (with port 0 for the \
         port that it listens at)"
    )]
    AdvertiseMissing {
        /// Where the node was to listen.
        bound: SocketAddr,
    },
    /// The others are to reach the node at an IPv6 link-local address, and could not tell on which
    /// link.
    #[error("the others cannot reach {address}: it is {LINK_LOCAL}")]
    AdvertiseLinkLocal {
        /// The address.
        address: SocketAddr,
    },
    /// The keyring's file cannot be used.
    #[error(transparent)]
    KeyFile(KeyFileError),
    /// The keyring was given for the native wire, and the node is to speak memberlist's.
    #[error(
        "the keyring is for the native wire: on memberlist's, give it to the settings of that wire"
    )]
    KeyringOfOtherWire,
    /// The settings have memberlist's wire, and the built-in sockets speak the native one.
    #[error(
        "the settings have memberlist's wire, which takes a transport of its own: give it by Builder::memberlist"
    )]
    SocketsOfOtherWire,
    /// With the room that seals take up in packets, a setting of the protocol cannot be used.
    #[error("with the room that encryption takes up in each packet: {0}")]
    Sealed(ConfigError),
    /// The snapshot cannot be read or written.
    #[error("cannot use the snapshot {}: {error}", path.display())]
    Snapshot {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        error: io::Error,
    },
    /// Another running node keeps its snapshot in this directory.
    #[error(
        "another running node keeps its snapshot in {}: stop it, or give each node a directory of its own",
        directory.display()
    )]
    SnapshotInUse {
        /// The directory.
        directory: PathBuf,
    },
    /// The snapshot is another node's.
    #[error(
        "the snapshot {} belongs to {id} of the cluster {cluster}: give each node a directory of its own",
        path.display()
    )]
    SnapshotOfAnother {
        /// The file.
        path: PathBuf,
        /// Whose it is.
        id: String,
        /// That node's cluster.
        cluster: String,
    },
    /// The system has no entropy.
    #[error("the system gives no random numbers: {0}")]
    Entropy(getrandom::Error),
    /// The system gives no thread for a blocking node.
    #[error("cannot start the node's thread: {0}")]
    Thread(#[source] io::Error),
}

impl StartError {
    /// Returns true if what was asked for cannot be had anywhere: other arguments help, and trying
    /// again does not.
    #[must_use]
    pub const fn is_of_arguments(&self) -> bool {
        match self {
            Self::Name(_) | Self::Config(_) | Self::Tcp(_) | Self::Seed(_) | Self::Seeds(_) => true,
            Self::AdvertiseMissing { .. }
            | Self::AdvertiseLinkLocal { .. }
            | Self::Sealed(_)
            | Self::KeyringOfOtherWire
            | Self::SocketsOfOtherWire => true,
            #[cfg(feature = "tls")]
            Self::Tls(_) | Self::TlsOverUdp | Self::TlsWithKeys => true,
            Self::SnapshotOfAnother { .. } => true,
            Self::Snapshot { .. } | Self::SnapshotInUse { .. } => false,
            Self::KeyFile(error) => error.is_of_content(),
            Self::Bind { .. } | Self::Entropy(_) | Self::Thread(_) => false,
        }
    }
}

/// Why the system does not let a node listen, and what to do.
struct Unbound<'a>(&'a io::Error);

impl fmt::Display for Unbound<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(error) = self;
        match error.kind() {
            io::ErrorKind::AddrInUse => {
                f.write_str("the address is in use: stop what listens there, or take another port (0 for any free one)")
            }
            io::ErrorKind::AddrNotAvailable => f.write_str(
                "this machine does not have that address: bind to one it has, and advertise another if need be",
            ),
            io::ErrorKind::PermissionDenied => {
                write!(f, "{error}: take a port above 1023, or run with the right to use this one")
            }
            _ => error.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_in_use_says_what_to_do() {
        let address = "127.0.0.1:7946".parse().unwrap();
        let error = StartError::Bind { address, error: io::ErrorKind::AddrInUse.into() };
        assert_eq!(
            error.to_string(),
            "cannot listen at 127.0.0.1:7946: the address is in use: stop what listens there, or take another port \
             (0 for any free one)"
        );
    }
}
