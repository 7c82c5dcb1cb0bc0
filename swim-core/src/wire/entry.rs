//! [`Entry`]: one row of the member table in a join or a sync; [`Entries`], a checked sequence of
//! them; and [`EntriesWriter`], which streams a table into an exchange. Read first: docs/WIRE.md,
//! "Entries".

use alloc::vec::Vec;
use core::fmt;
use core::net::SocketAddr;

use super::error::WireError;
use super::reader::Reader;
use super::{address, field, writer};
use crate::ground::id::Incarnation;
use crate::ground::member::{Claim, Status};

/// A member's description as published at `incarnation`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Description<'a> {
    /// The incarnation that published it.
    pub incarnation: Incarnation,
    /// Where the member listens.
    pub address: SocketAddr,
    /// The users' bytes.
    pub metadata: &'a [u8],
}

/// One row of the table in a join or a sync.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    /// The member.
    pub id: &'a str,
    /// What is believed of it.
    pub claim: Claim,
    /// Its description; a tombstone has none.
    pub description: Option<Description<'a>>,
    /// Whole seconds since Dead or Left was learnt; 0 for Alive and Suspect.
    pub age: u32,
}

/// Elements of an entry without a description, with one published at the claim's incarnation, and
/// with another's.
const BARE: u32 = 4;
const DESCRIBED: u32 = 6;
const DESCRIBED_APART: u32 = 7;
/// The shortest entry: an array's header, a name of one byte with its header, and three small
/// numbers.
const MIN_LEN: usize = 6;

impl<'a> Entry<'a> {
    /// Appends the entry to `out`. [`EntriesWriter`] counts them as well.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let elements = match self.description {
            None => BARE,
            Some(description) if description.incarnation == self.claim.incarnation => DESCRIBED,
            Some(_) => DESCRIBED_APART,
        };
        writer::array(out, elements as usize);
        writer::str(out, self.id);
        field::write_incarnation(out, self.claim.incarnation);
        writer::uint(out, self.claim.status as u64);
        writer::uint(out, u64::from(self.age));
        if let Some(description) = self.description {
            address::write(out, description.address);
            writer::bin(out, description.metadata);
            if elements == DESCRIBED_APART {
                field::write_incarnation(out, description.incarnation);
            }
        }
    }

    fn decode(reader: &mut Reader<'a>) -> Result<Self, WireError> {
        let len = reader.array()?;
        if len < BARE {
            return Err(WireError::MissingField);
        }
        let id = field::read_name(reader)?;
        let incarnation = field::read_incarnation(reader)?;
        let status = u8::try_from(reader.uint()?)
            .ok()
            .and_then(Status::from_u8)
            .ok_or(WireError::OutOfRange)?;
        let age = u32::try_from(reader.uint()?).map_err(|_| WireError::OutOfRange)?;
        let description = Self::decode_description(reader, len - BARE, incarnation)?;
        Ok(Self { id, claim: Claim::new(incarnation, status), description, age })
    }

    /// Reads the `len` elements behind the age.
    fn decode_description(
        reader: &mut Reader<'a>,
        len: u32,
        claimed: Incarnation,
    ) -> Result<Option<Description<'a>>, WireError> {
        if len == 0 {
            return Ok(None);
        }
        if reader.nil() {
            return reader.skip(len - 1).map(|()| None);
        }
        if len < DESCRIBED - BARE {
            return Err(WireError::MissingField);
        }
        let address = address::read(reader)?;
        let metadata = reader.bin()?;
        let mut incarnation = claimed;
        if len >= DESCRIBED_APART - BARE {
            if !reader.nil() {
                incarnation = field::read_incarnation(reader)?;
            }
            reader.skip(len - (DESCRIBED_APART - BARE))?;
        }
        Ok(Some(Description { incarnation, address, metadata }))
    }
}

/// The entries of an exchange: checked as a whole when the exchange was decoded, read again one by
/// one.
#[derive(Clone, Copy, Default)]
pub struct Entries<'a> {
    bytes: &'a [u8],
    len: usize,
}

impl<'a> Entries<'a> {
    /// How many there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Returns true if there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The entries in the order in which they were sent.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Entry<'a>> + use<'a> {
        let mut reader = Reader::new(self.bytes);
        (0..self.len).map(move |_| {
            Entry::decode(&mut reader).expect("every entry was checked by Entries::decode")
        })
    }

    /// Reads a whole array of entries and checks each.
    pub(super) fn decode(reader: &mut Reader<'a>) -> Result<Self, WireError> {
        let len = reader.array()? as usize;
        let start = reader.rest();
        if len > start.len() / MIN_LEN {
            return Err(WireError::AbsurdCount);
        }
        for _ in 0..len {
            Entry::decode(reader)?;
        }
        Ok(Self { bytes: &start[..start.len() - reader.rest().len()], len })
    }

    /// Appends them as an array, each in its shortest form.
    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        writer::array(out, self.len);
        self.iter().for_each(|entry| entry.encode(out));
    }
}

impl PartialEq for Entries<'_> {
    /// By what the entries say, not by how their sender chose to write it.
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for Entries<'_> {}

impl fmt::Debug for Entries<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

/// Streams entries to the end of an exchange, within the exchange's bound.
///
/// The count in front of the entries is brought up to date by each [`push`](EntriesWriter::push),
/// so the bytes are a whole exchange at any time, and a table need not be counted before it is
/// sent.
#[derive(Debug)]
pub struct EntriesWriter<'a> {
    out: &'a mut Vec<u8>,
    /// Where the array's header stands.
    header: usize,
    len: usize,
    max_size: usize,
}

impl<'a> EntriesWriter<'a> {
    /// Begins an array of entries at the end of `out`, which is to grow to `max_size` bytes at
    /// most.
    pub(super) fn begin(out: &'a mut Vec<u8>, max_size: usize) -> Self {
        let header = out.len();
        writer::array(out, 0);
        Self { out, header, len: 0, max_size }
    }

    /// Appends an entry, or leaves it out and says `false` if the exchange would grow past its
    /// bound.
    #[must_use = "an entry that does not fit is left out"]
    pub fn push(&mut self, entry: &Entry<'_>) -> bool {
        let end = self.out.len();
        entry.encode(self.out);
        let (before, after) = (header_len(self.len), header_len(self.len + 1));
        if self.out.len() + after - before > self.max_size {
            self.out.truncate(end);
            return false;
        }
        self.len += 1;
        if after > before {
            // Twice in the life of a table: at the 16th entry, and at the 65,536th.
            self.out.splice(self.header..self.header, core::iter::repeat_n(0, after - before));
        }
        let len = self.len as u32;
        match after {
            1 => self.out[self.header] = 0x90 | len as u8,
            3 => self.out[self.header..][..3].copy_from_slice(&[0xdc, (len >> 8) as u8, len as u8]),
            _ => {
                self.out[self.header] = 0xdd;
                self.out[self.header + 1..][..4].copy_from_slice(&len.to_be_bytes());
            }
        }
        true
    }

    /// How many entries were appended.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Returns true if none was.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }
}

/// The length of the header of an array of `len` elements.
const fn header_len(len: usize) -> usize {
    match len {
        0..=15 => 1,
        16..=0xffff => 3,
        _ => 5,
    }
}
