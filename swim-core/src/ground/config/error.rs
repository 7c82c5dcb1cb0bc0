//! What can be wrong with the settings or the identity of a node.

use core::fmt;
use core::time::Duration;

use crate::ground::id::NameError;

/// Which setting cannot be used, and why. Nothing was started.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConfigError {
    /// The wire is one that this build of the crate does not speak.
    NotBuilt {
        /// The feature of the crate that it takes.
        feature: &'static str,
    },
    /// `field` is zero and must not be.
    Zero {
        /// The setting.
        field: &'static str,
    },
    /// `field` must be less than `bound`.
    NotLess {
        /// The setting.
        field: &'static str,
        /// Its value.
        value: Duration,
        /// The setting that bounds it.
        bound: &'static str,
        /// That setting's value.
        limit: Duration,
    },
    /// `field` must not be more than `bound`.
    MoreThan {
        /// The setting.
        field: &'static str,
        /// Its value.
        value: Duration,
        /// What bounds it.
        bound: &'static str,
        /// The bound's value.
        limit: Duration,
    },
    /// `field` is outside `low..=high`.
    OutOfRange {
        /// The setting.
        field: &'static str,
        /// Its value (a text's length in bytes).
        value: usize,
        /// The lowest allowed.
        low: usize,
        /// The highest allowed.
        high: usize,
    },
    /// What `field` allows does not fit into a packet of `max_packet_size` next to the headers.
    DoesNotFit {
        /// The setting.
        field: &'static str,
        /// Its value in bytes.
        value: usize,
        /// The bytes that are there.
        room: usize,
    },
    /// The identity's name is not one.
    Name(NameError),
    /// The identity's address is unspecified, multicast, broadcast or has port 0, so that no other
    /// member could reach it.
    Address(core::net::SocketAddr),
    /// The identity's address is outside of `allowed_networks`: no other member with the same ones
    /// would accept it.
    NotAllowed(core::net::SocketAddr),
    /// The identity's metadata is longer than `max_metadata_size`.
    Metadata {
        /// Its length in bytes.
        len: usize,
        /// The bound.
        max: usize,
    },
    /// The identity's first incarnation is above [`Incarnation::MAX`](crate::Incarnation::MAX).
    Incarnation,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotBuilt { feature } => {
                write!(
                    f,
                    "this build does not speak the wire: build swim-core with its feature {feature}"
                )
            }
            Self::Zero { field } => write!(f, "{field} is zero"),
            Self::NotLess { field, value, bound, limit } => {
                write!(f, "{field} is {value:?} and must be less than {bound}, which is {limit:?}")
            }
            Self::MoreThan { field, value, bound, limit } => {
                write!(
                    f,
                    "{field} is {value:?} and must not be more than {bound}, which is {limit:?}"
                )
            }
            Self::OutOfRange { field: "cluster", value, low, high } => {
                write!(
                    f,
                    "the cluster's name has {value} bytes and must have between {low} and {high}"
                )
            }
            Self::OutOfRange { field, value, low, high } => {
                write!(f, "{field} is {value} and must be between {low} and {high}")
            }
            Self::DoesNotFit { field, value, room } => {
                write!(f, "{field} is {value} bytes, and max_packet_size leaves room for {room}")
            }
            Self::Name(error) => error.fmt(f),
            Self::Address(address) => {
                write!(
                    f,
                    "no member can reach {address}: give an advertised address that is specified and has a port"
                )
            }
            Self::NotAllowed(address) => {
                write!(f, "this node's own address, {address}, is outside of allowed_networks")
            }
            Self::Metadata { len, max } => {
                write!(f, "the metadata has {len} bytes, max_metadata_size allows {max}")
            }
            Self::Incarnation => f.write_str("the first incarnation is above the highest allowed"),
        }
    }
}

impl core::error::Error for ConfigError {}
