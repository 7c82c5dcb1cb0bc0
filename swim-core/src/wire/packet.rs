//! Packets: the header that every packet and exchange begins with, and the iteration over a
//! packet's messages. Read first: docs/WIRE.md, "Header" and "Packets".

use alloc::vec::Vec;

use super::error::WireError;
use super::message::{Head, Message};
use super::reader::Reader;
use super::update::{UncheckedAlive, UncheckedClaim, UncheckedPing};

/// The version of the protocol that this crate speaks: the first byte of all that is sent.
pub const VERSION: u8 = 1;

/// The header's length: the version and the hash of the cluster's name.
pub const HEADER_LEN: usize = 5;

/// The hash of a cluster's name that headers carry: FNV-1a with 32 bits over the name's bytes.
#[must_use]
pub const fn cluster_hash(name: &str) -> u32 {
    let bytes = name.as_bytes();
    let mut hash = 0x811c_9dc5_u32;
    let mut i = 0;
    while i < bytes.len() {
        hash = (hash ^ bytes[i] as u32).wrapping_mul(0x0100_0193);
        i += 1;
    }
    hash
}

/// Clears `out` and writes the header; messages are appended with [`Message::encode`].
pub fn begin_packet(cluster: u32, out: &mut Vec<u8>) {
    out.clear();
    out.push(VERSION);
    out.extend_from_slice(&cluster.to_be_bytes());
}

/// Checks the header and returns what follows it.
pub(super) fn open(bytes: &[u8], cluster: u32) -> Result<&[u8], WireError> {
    match bytes.first() {
        None => return Err(WireError::Truncated),
        Some(&VERSION) => {}
        // Only the first byte is sure to mean the same in every version.
        Some(_) => return Err(WireError::WrongVersion),
    }
    let (header, body) = bytes.split_first_chunk::<HEADER_LEN>().ok_or(WireError::Truncated)?;
    let [_, hash @ ..] = *header;
    if u32::from_be_bytes(hash) == cluster { Ok(body) } else { Err(WireError::WrongCluster) }
}

/// A packet that arrived: an iterator over its messages.
///
/// [`WireError::UnknownKind`] is one message that was skipped; any other error is the last item,
/// since what follows cannot be told from noise.
#[derive(Clone, Debug)]
pub struct Packet<'a> {
    reader: Reader<'a>,
}

impl<'a> Packet<'a> {
    /// Checks the header.
    ///
    /// # Errors
    /// [`WireError::WrongVersion`], [`WireError::WrongCluster`], or [`WireError::Truncated`] within
    /// the header.
    pub fn open(bytes: &'a [u8], cluster: u32) -> Result<Self, WireError> {
        open(bytes, cluster).map(|body| Self { reader: Reader::new(body) })
    }

    /// The head of the next message, whose rest is read next, by [`alive`](Self::alive),
    /// [`claim`](Self::claim), [`ping`](Self::ping) or [`other`](Self::other). The caller stops
    /// where the iterator does: after any error but [`WireError::UnknownKind`].
    #[inline]
    pub(crate) fn next_head(&mut self) -> Option<Result<Head, WireError>> {
        if self.reader.rest().is_empty() { None } else { Some(Head::read(&mut self.reader)) }
    }

    /// How many bytes are not read yet.
    pub(super) fn remaining(&self) -> usize {
        self.reader.rest().len()
    }

    /// The Alive with this head.
    #[inline]
    pub(crate) fn alive(&mut self, head: Head) -> Result<UncheckedAlive<'a>, WireError> {
        UncheckedAlive::read(&mut self.reader, head.more)
    }

    /// The Suspect or Dead with this head.
    #[inline]
    pub(crate) fn claim(&mut self, head: Head) -> Result<UncheckedClaim<'a>, WireError> {
        UncheckedClaim::read(&mut self.reader, head.more)
    }

    /// The ping with this head.
    #[inline]
    pub(crate) fn ping(&mut self, head: Head) -> Result<UncheckedPing<'a>, WireError> {
        UncheckedPing::read(&mut self.reader, head.more)
    }

    /// The message of any other kind with this head.
    #[inline]
    pub(crate) fn other(&mut self, head: Head) -> Result<Message<'a>, WireError> {
        Message::decode_other(&mut self.reader, head)
    }
}

impl<'a> Iterator for Packet<'a> {
    type Item = Result<Message<'a>, WireError>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        if self.reader.rest().is_empty() {
            return None;
        }
        let item = Message::decode(&mut self.reader);
        if !matches!(item, Ok(_) | Err(WireError::UnknownKind)) {
            self.reader = Reader::new(&[]);
        }
        Some(item)
    }
}

impl core::iter::FusedIterator for Packet<'_> {}
