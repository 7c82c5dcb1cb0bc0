//! [`WireError`]: what is wrong with bytes that arrived. It knows no message; docs/WIRE.md,
//! "Tolerance", says which of these end a packet.

use core::fmt;

use crate::ground::metrics::DropReason;

/// What is wrong with bytes that arrived. Nothing was changed or allocated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum WireError {
    /// The bytes end inside a value.
    Truncated,
    /// A value has another type than its field.
    WrongType,
    /// A number or a length is outside what its field allows.
    OutOfRange,
    /// An array ends before its last known field.
    MissingField,
    /// The first byte is not [`VERSION`](super::VERSION).
    WrongVersion,
    /// The header carries the hash of another cluster's name.
    WrongCluster,
    /// A message of a kind that this version does not know. In a packet it is skipped, and the
    /// iteration goes on.
    UnknownKind,
    /// A message of exchanges in a packet, or a message of packets in an exchange.
    WrongPlace,
    /// More elements are announced than the bytes left could hold.
    AbsurdCount,
    /// An address of a strange length, unspecified, multicast, broadcast or with port 0.
    BadAddress,
    /// A name that is empty, longer than 255 bytes or not UTF-8.
    BadName,
    /// An incarnation above [`Incarnation::MAX`](crate::Incarnation::MAX).
    BadIncarnation,
    /// memberlist: a checksum is not that of the bytes.
    BadChecksum,
    /// memberlist: compressed bytes are damaged, or compressed in an unknown way.
    BadCompression,
    /// memberlist: a message is larger than is allowed, or unpacks to more.
    TooLarge,
    /// memberlist: messages are nested more deeply than anybody writes them.
    TooDeep,
    /// memberlist: no key opens the bytes, or they are not encrypted and should be.
    BadSeal,
    /// memberlist: a version vector is too short or cannot be true.
    BadVersions,
}

impl WireError {
    /// Under which counter the error is counted.
    #[must_use]
    pub const fn reason(self) -> DropReason {
        match self {
            Self::Truncated => DropReason::Truncated,
            Self::WrongType | Self::OutOfRange | Self::MissingField => DropReason::WrongType,
            Self::WrongVersion => DropReason::WrongVersion,
            Self::WrongCluster => DropReason::WrongCluster,
            Self::UnknownKind => DropReason::UnknownKind,
            Self::WrongPlace => DropReason::WrongPlace,
            Self::AbsurdCount => DropReason::AbsurdCount,
            Self::BadAddress => DropReason::BadAddress,
            Self::BadName => DropReason::BadName,
            Self::BadIncarnation => DropReason::BadIncarnation,
            Self::BadChecksum => DropReason::BadChecksum,
            Self::BadCompression => DropReason::BadCompression,
            Self::TooLarge | Self::TooDeep => DropReason::Oversized,
            Self::BadSeal => DropReason::BadSeal,
            Self::BadVersions => DropReason::BadVersions,
        }
    }
}

impl fmt::Display for WireError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Truncated => "the bytes end inside a value",
            Self::WrongType => "a value has another type than its field",
            Self::OutOfRange => "a number or a length is outside what its field allows",
            Self::MissingField => "a message ends before its last field",
            Self::WrongVersion => "the sender speaks another version of the protocol",
            Self::WrongCluster => "the sender belongs to a cluster of another name",
            Self::UnknownKind => "a message is of an unknown kind",
            Self::WrongPlace => "a message of packets stands in an exchange, or the other way round",
            Self::AbsurdCount => "more elements are announced than bytes are left",
            Self::BadAddress => {
                "an address is unspecified, multicast, broadcast, without a port or of a strange length"
            }
            Self::BadName => "a name is empty, too long or not UTF-8",
            Self::BadIncarnation => "an incarnation is above the highest allowed",
            Self::BadChecksum => "a checksum is wrong",
            Self::BadCompression => "compressed bytes are damaged or compressed in an unknown way",
            Self::TooLarge => "the message is larger than is allowed, or unpacks to more",
            Self::TooDeep => "messages are nested too deeply",
            Self::BadSeal => "no key opens the bytes, or they are not encrypted",
            Self::BadVersions => "a version vector is too short or cannot be true",
        })
    }
}

impl core::error::Error for WireError {}
