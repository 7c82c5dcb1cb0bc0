//! A MessagePack reader over borrowed bytes: no allocation, no recursion, each value checked once
//! against the end.
//!
//! It knows MessagePack's types and no message. Every width of a type is accepted, and every
//! integer form as long as the value is not negative: other writers choose other widths. Read
//! first: the MessagePack specification, "Formats".

use super::error::WireError;

/// Reads values off the front of `rest`. After an error the position means nothing.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    #[inline]
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// The bytes not read yet.
    #[inline]
    pub(super) const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// A non-negative integer of any form.
    #[inline(always)]
    pub(super) fn uint(&mut self) -> Result<u64, WireError> {
        match self.byte()? {
            marker @ 0..=0x7f => Ok(u64::from(marker)),
            0xcf => self.bytes().map(u64::from_be_bytes),
            0xce => self.bytes().map(u32::from_be_bytes).map(u64::from),
            0xcc => self.byte().map(u64::from),
            0xcd => self.bytes().map(u16::from_be_bytes).map(u64::from),
            marker => self.signed(marker),
        }
    }

    /// The signed forms, which other writers may use for numbers that are not negative.
    #[cold]
    fn signed(&mut self, marker: u8) -> Result<u64, WireError> {
        let value = match marker {
            0xe0..=0xff => return Err(WireError::OutOfRange),
            0xd0 => i64::from(i8::from_be_bytes(self.bytes()?)),
            0xd1 => i64::from(i16::from_be_bytes(self.bytes()?)),
            0xd2 => i64::from(i32::from_be_bytes(self.bytes()?)),
            0xd3 => i64::from_be_bytes(self.bytes()?),
            _ => return Err(WireError::WrongType),
        };
        u64::try_from(value).map_err(|_| WireError::OutOfRange)
    }

    /// The header of an array: how many elements follow. The caller compares it with what is left.
    #[inline(always)]
    pub(super) fn array(&mut self) -> Result<u32, WireError> {
        match self.byte()? {
            marker @ 0x90..=0x9f => Ok(u32::from(marker & 0x0f)),
            0xdc => self.bytes().map(u16::from_be_bytes).map(u32::from),
            0xdd => self.bytes().map(u32::from_be_bytes),
            _ => Err(WireError::WrongType),
        }
    }

    /// The bytes of a text; whether they are UTF-8 is for the caller to see.
    #[inline(always)]
    pub(super) fn str(&mut self) -> Result<&'a [u8], WireError> {
        let len = match self.byte()? {
            marker @ 0xa0..=0xbf => usize::from(marker & 0x1f),
            0xd9 => usize::from(self.byte()?),
            0xda => usize::from(u16::from_be_bytes(self.bytes()?)),
            0xdb => wide(u32::from_be_bytes(self.bytes()?)),
            _ => return Err(WireError::WrongType),
        };
        self.take(len)
    }

    /// The bytes of a binary value.
    #[inline(always)]
    pub(super) fn bin(&mut self) -> Result<&'a [u8], WireError> {
        let len = match self.byte()? {
            0xc4 => usize::from(self.byte()?),
            0xc5 => usize::from(u16::from_be_bytes(self.bytes()?)),
            0xc6 => wide(u32::from_be_bytes(self.bytes()?)),
            _ => return Err(WireError::WrongType),
        };
        self.take(len)
    }

    /// The bytes of a text or of a binary value: older writers know one family for both.
    pub(super) fn raw(&mut self) -> Result<&'a [u8], WireError> {
        match self.rest.first() {
            Some(0xc4..=0xc6) => self.bin(),
            _ => self.str(),
        }
    }

    /// The header of a map: how many pairs follow. The caller compares it with what is left.
    pub(super) fn map(&mut self) -> Result<u32, WireError> {
        match self.byte()? {
            marker @ 0x80..=0x8f => Ok(u32::from(marker & 0x0f)),
            0xde => self.bytes().map(u16::from_be_bytes).map(u32::from),
            0xdf => self.bytes().map(u32::from_be_bytes),
            _ => Err(WireError::WrongType),
        }
    }

    /// Reads a nil if one stands here, and says whether it did.
    #[inline]
    pub(super) fn nil(&mut self) -> bool {
        let is_nil = self.rest.first() == Some(&0xc0);
        if is_nil {
            self.rest = &self.rest[1..];
        }
        is_nil
    }

    /// Skips `count` whole values of any type. Nested ones are counted, not descended into, so
    /// depth costs nothing; every step reads at least one byte, so the work is bounded by the
    /// bytes.
    pub(super) fn skip(&mut self, count: u32) -> Result<(), WireError> {
        let mut pending = u64::from(count);
        while pending > 0 {
            if pending > self.rest.len() as u64 {
                return Err(WireError::AbsurdCount);
            }
            pending = pending - 1 + self.skip_one()?;
        }
        Ok(())
    }

    /// Skips the `count` fields of a message whose kind is unknown, and says what is to be said of
    /// it.
    #[cold]
    pub(super) fn unknown(&mut self, count: u32) -> WireError {
        self.skip(count).err().unwrap_or(WireError::UnknownKind)
    }

    /// Skips a scalar whole, or the header of an array or a map; returns how many values that
    /// header announces.
    pub(super) fn skip_one(&mut self) -> Result<u64, WireError> {
        let scalar = match self.byte()? {
            0x00..=0x7f | 0xc0 | 0xc2 | 0xc3 | 0xe0..=0xff => 0,
            marker @ 0x80..=0x8f => return Ok(2 * u64::from(marker & 0x0f)),
            marker @ 0x90..=0x9f => return Ok(u64::from(marker & 0x0f)),
            marker @ 0xa0..=0xbf => usize::from(marker & 0x1f),
            0xc1 => return Err(WireError::WrongType),
            0xc4 | 0xd9 => usize::from(self.byte()?),
            0xc5 | 0xda => usize::from(u16::from_be_bytes(self.bytes()?)),
            0xc6 | 0xdb => wide(u32::from_be_bytes(self.bytes()?)),
            // An extension's type byte stands between its length and its data.
            0xc7 => usize::from(self.byte()?) + 1,
            0xc8 => usize::from(u16::from_be_bytes(self.bytes()?)) + 1,
            0xc9 => wide(u32::from_be_bytes(self.bytes()?)).saturating_add(1),
            0xcc | 0xd0 => 1,
            0xcd | 0xd1 => 2,
            0xca | 0xce | 0xd2 => 4,
            0xcb | 0xcf | 0xd3 => 8,
            marker @ 0xd4..=0xd8 => 1 + (1 << (marker - 0xd4)),
            0xdc => return self.bytes().map(u16::from_be_bytes).map(u64::from),
            0xdd => return self.bytes().map(u32::from_be_bytes).map(u64::from),
            0xde => return self.bytes().map(|len| 2 * u64::from(u16::from_be_bytes(len))),
            0xdf => return self.bytes().map(|len| 2 * u64::from(u32::from_be_bytes(len))),
        };
        self.take(scalar).map(|_| 0)
    }

    #[inline(always)]
    pub(super) fn byte(&mut self) -> Result<u8, WireError> {
        let (&byte, rest) = self.rest.split_first().ok_or(WireError::Truncated)?;
        self.rest = rest;
        Ok(byte)
    }

    #[inline(always)]
    pub(super) fn bytes<const N: usize>(&mut self) -> Result<[u8; N], WireError> {
        let (bytes, rest) = self.rest.split_first_chunk().ok_or(WireError::Truncated)?;
        self.rest = rest;
        Ok(*bytes)
    }

    #[inline(always)]
    fn take(&mut self, len: usize) -> Result<&'a [u8], WireError> {
        let (taken, rest) = self.rest.split_at_checked(len).ok_or(WireError::Truncated)?;
        self.rest = rest;
        Ok(taken)
    }
}

/// A length as an index. Where addresses have fewer bits than lengths, too long is too long all the
/// same.
fn wide(len: u32) -> usize {
    usize::try_from(len).unwrap_or(usize::MAX)
}
