//! The names of things: [`NodeId`], [`Incarnation`], [`SequenceNumber`], [`QueryId`] and
//! [`ExchangeId`].

use alloc::sync::Arc;
use core::borrow::Borrow;
use core::fmt;
use core::ops::Deref;

/// A member's name: 1 to 255 bytes of UTF-8, unique in its cluster, cheap to clone.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(Arc<str>);

impl NodeId {
    /// The longest name, in bytes.
    pub const MAX_LEN: usize = 255;

    /// Checks and keeps a name.
    ///
    /// # Errors
    /// [`NameError`] if the name is empty or longer than [`NodeId::MAX_LEN`] bytes.
    pub fn new(name: &str) -> Result<Self, NameError> {
        match name.len() {
            0 => Err(NameError::Empty),
            1..=Self::MAX_LEN => Ok(Self(Arc::from(name))),
            len => Err(NameError::TooLong { len }),
        }
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Deref for NodeId {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for NodeId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.0, f)
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl TryFrom<&str> for NodeId {
    type Error = NameError;

    fn try_from(name: &str) -> Result<Self, NameError> {
        Self::new(name)
    }
}

/// Why a text is not a member's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NameError {
    /// The name has no bytes.
    Empty,
    /// The name has `len` bytes, more than [`NodeId::MAX_LEN`].
    TooLong {
        /// The name's length in bytes.
        len: usize,
    },
}

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str(
                "the name is empty: give every node a name that is unique in its cluster",
            ),
            Self::TooLong { len } => {
                write!(f, "the name has {len} bytes, the longest allowed is {}", NodeId::MAX_LEN)
            }
        }
    }
}

impl core::error::Error for NameError {}

#[cfg(feature = "serde")]
impl serde::Serialize for NodeId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self)
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for NodeId {
    /// Only what [`NodeId::new`] takes.
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = alloc::string::String::deserialize(deserializer)?;
        Self::new(&name).map_err(serde::de::Error::custom)
    }
}

/// How many times a member has asserted itself: a member that raises it supersedes all that was
/// said of it before (SWIM 4.2).
///
/// The first one is given by the caller; wall-clock milliseconds make a restarted node supersede
/// its old self.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct Incarnation(u64);

impl Incarnation {
    /// The highest incarnation of all. Of others only lower ones are believed, so that there is
    /// room for a refutation.
    pub const MAX: Self = Self(1 << 62);

    /// The incarnation `number`.
    #[must_use]
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The next incarnation, or `None` at [`Incarnation::MAX`].
    #[must_use]
    pub const fn next(self) -> Option<Self> {
        if self.0 < Self::MAX.0 { Some(Self(self.0 + 1)) } else { None }
    }
}

impl fmt::Display for Incarnation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// Matches an ack or a nack with its ping. From the numbers that a node has given nobody can tell
/// others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SequenceNumber(u32);

impl SequenceNumber {
    /// The sequence number `number`.
    #[must_use]
    pub const fn new(number: u32) -> Self {
        Self(number)
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }
}

/// Where a member stands in the table: dense, reused after the member is removed, and of no meaning
/// outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot(pub(crate) u32);

impl Slot {
    /// The slot as an index into tables by slot.
    pub(crate) const fn index(self) -> usize {
        self.0 as usize
    }
}

/// Names one query at this node: one that it asked, or one that it was asked. Never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct QueryId(pub u64);

/// Names one exchange (a request and its reply).
///
/// The core numbers the exchanges that it opens; a driver numbers the requests that arrive. The two
/// never mix: which side gave a number is told by the variant it stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExchangeId(pub u64);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_between_1_and_255_bytes() {
        assert_eq!(NodeId::new(""), Err(NameError::Empty));
        assert_eq!(NodeId::new(&"x".repeat(256)), Err(NameError::TooLong { len: 256 }));
        assert!(NodeId::new(&"x".repeat(255)).is_ok());
    }

    #[test]
    fn the_highest_incarnation_has_no_next() {
        assert_eq!(Incarnation::MAX.next(), None);
        assert_eq!(Incarnation::new(7).next(), Some(Incarnation::new(8)));
    }
}
