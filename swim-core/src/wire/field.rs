//! The fields that several messages have: names, incarnations, sequence numbers. It knows no
//! message; addresses are in address.rs.

use alloc::vec::Vec;

use super::error::WireError;
use super::reader::Reader;
use super::writer;
use crate::ground::id::{Incarnation, NodeId, SequenceNumber};

/// A name: text of 1 to 255 bytes.
#[inline]
pub(super) fn read_name<'a>(reader: &mut Reader<'a>) -> Result<&'a str, WireError> {
    text(read_name_bytes(reader)?)
}

/// 1 to 255 bytes that are to be a name: whether they are [`text`] is for the caller to see.
#[inline]
pub(super) fn read_name_bytes<'a>(reader: &mut Reader<'a>) -> Result<&'a [u8], WireError> {
    let bytes = reader.str()?;
    if (1..=NodeId::MAX_LEN).contains(&bytes.len()) { Ok(bytes) } else { Err(WireError::BadName) }
}

/// A name's bytes as text: some 130 instructions for 12 bytes.
#[inline]
pub(super) fn text(name: &[u8]) -> Result<&str, WireError> {
    core::str::from_utf8(name).map_err(|_| WireError::BadName)
}

/// An incarnation, at most [`Incarnation::MAX`].
#[inline]
pub(super) fn read_incarnation(reader: &mut Reader<'_>) -> Result<Incarnation, WireError> {
    let incarnation = Incarnation::new(reader.uint()?);
    if incarnation <= Incarnation::MAX { Ok(incarnation) } else { Err(WireError::BadIncarnation) }
}

#[inline]
pub(super) fn write_incarnation(out: &mut Vec<u8>, incarnation: Incarnation) {
    writer::uint(out, incarnation.get());
}

/// A sequence number: 32 bits.
#[inline]
pub(super) fn read_sequence(reader: &mut Reader<'_>) -> Result<SequenceNumber, WireError> {
    u32::try_from(reader.uint()?).map(SequenceNumber::new).map_err(|_| WireError::OutOfRange)
}

#[inline]
pub(super) fn write_sequence(out: &mut Vec<u8>, sequence: SequenceNumber) {
    writer::uint(out, u64::from(sequence.get()));
}
