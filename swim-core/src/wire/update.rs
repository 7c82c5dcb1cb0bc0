//! Pings, and updates about members, as they are read from a packet: checked but for one thing,
//! whether the names in them are text.
//!
//! Most updates that arrive are no news. Seeing that takes the names' bytes alone: those of a name
//! in the table are text, and to check them would cost more than to find them there.

use super::entry::Description;
use super::error::WireError;
use super::reader::Reader;
use super::{address, field};
use crate::ground::id::{Incarnation, SequenceNumber};
use crate::ground::member::{Claim, Status};

/// An Alive whose name may not be text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct UncheckedAlive<'a> {
    /// 1 to 255 bytes.
    pub(crate) id: &'a [u8],
    pub(crate) description: Description<'a>,
}

impl<'a> UncheckedAlive<'a> {
    /// Reads what follows the kind; `more` elements at the end are unknown.
    #[inline]
    pub(super) fn read(reader: &mut Reader<'a>, more: u32) -> Result<Self, WireError> {
        let id = field::read_name_bytes(reader)?;
        match read_description(reader, more) {
            Ok(description) => Ok(Self { id, description }),
            Err(error) => Err(first_error(id, error)),
        }
    }

    /// What it says of the member.
    pub(crate) const fn claim(&self) -> Claim {
        Claim::new(self.description.incarnation, Status::Alive)
    }

    /// The name, if it is text.
    #[inline]
    pub(crate) fn check(&self) -> Result<&'a str, WireError> {
        field::text(self.id)
    }
}

/// A Suspect or a Dead whose names may not be text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct UncheckedClaim<'a> {
    /// 1 to 255 bytes.
    pub(crate) id: &'a [u8],
    pub(crate) incarnation: Incarnation,
    /// 1 to 255 bytes.
    pub(crate) from: &'a [u8],
}

impl<'a> UncheckedClaim<'a> {
    /// Reads what follows the kind; `more` elements at the end are unknown.
    #[inline]
    pub(super) fn read(reader: &mut Reader<'a>, more: u32) -> Result<Self, WireError> {
        let id = field::read_name_bytes(reader)?;
        match read_incarnation_and_accuser(reader, more) {
            Ok((incarnation, from)) => Ok(Self { id, incarnation, from }),
            Err(error) => Err(first_error(id, error)),
        }
    }

    /// The two names, if they are text.
    #[inline]
    pub(crate) fn check(&self) -> Result<(&'a str, &'a str), WireError> {
        Ok((field::text(self.id)?, field::text(self.from)?))
    }
}

/// A ping whose names may not be text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct UncheckedPing<'a> {
    pub(crate) sequence: SequenceNumber,
    /// 1 to 255 bytes.
    pub(crate) target: &'a [u8],
    /// 1 to 255 bytes.
    pub(crate) source: &'a [u8],
}

impl<'a> UncheckedPing<'a> {
    /// Reads what follows the kind; `more` elements at the end are unknown.
    #[inline]
    pub(super) fn read(reader: &mut Reader<'a>, more: u32) -> Result<Self, WireError> {
        let sequence = field::read_sequence(reader)?;
        let target = field::read_name_bytes(reader)?;
        let source = field::read_name_bytes(reader).map_err(|error| first_error(target, error))?;
        if more > 0 {
            reader.skip(more).map_err(|error| first_error(target, first_error(source, error)))?;
        }
        Ok(Self { sequence, target, source })
    }

    /// The names of the target and of the source, if they are text.
    #[inline]
    pub(crate) fn check(&self) -> Result<(&'a str, &'a str), WireError> {
        Ok((field::text(self.target)?, field::text(self.source)?))
    }
}

#[inline]
fn read_description<'a>(reader: &mut Reader<'a>, more: u32) -> Result<Description<'a>, WireError> {
    let incarnation = field::read_incarnation(reader)?;
    let (address, metadata) = (address::read(reader)?, reader.bin()?);
    if more > 0 {
        reader.skip(more)?;
    }
    Ok(Description { incarnation, address, metadata })
}

#[inline]
fn read_incarnation_and_accuser<'a>(
    reader: &mut Reader<'a>,
    more: u32,
) -> Result<(Incarnation, &'a [u8]), WireError> {
    let incarnation = field::read_incarnation(reader)?;
    let from = field::read_name_bytes(reader)?;
    if more > 0 {
        reader.skip(more).map_err(|error| first_error(from, error))?;
    }
    Ok((incarnation, from))
}

/// What is wrong with a name is said before what is wrong behind it.
#[cold]
fn first_error(name: &[u8], behind: WireError) -> WireError {
    field::text(name).err().unwrap_or(behind)
}
