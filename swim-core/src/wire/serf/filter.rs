//! Filters: which members a query is for. All of them must let a member through.

use alloc::vec::Vec;

use super::field;
use crate::wire::error::WireError;
use crate::wire::reader::Reader;
use crate::wire::{structure, writer};

/// One condition on the members that answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filter<'a> {
    /// The member's name is one of these.
    Nodes(Names<'a>),
    /// A tag's text matches a regular expression; a tag that is not there has the empty text.
    Tag {
        /// The tag's name.
        name: &'a str,
        /// The expression, which need not match the whole text.
        expression: &'a str,
    },
}

const NODES: u8 = 0;
const TAG: u8 = 1;
const TAG_FIELDS: [&str; 2] = ["Tag", "Expr"];

impl<'a> Filter<'a> {
    /// Reads one filter.
    ///
    /// # Errors
    /// [`WireError`]; a filter that is not understood lets nobody through.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, WireError> {
        let (&kind, rest) = bytes.split_first().ok_or(WireError::Truncated)?;
        let reader = &mut Reader::new(rest);
        match kind {
            NODES => Names::read(reader).map(Self::Nodes),
            TAG => {
                let (mut name, mut expression) = ("", "");
                structure::read(reader, &TAG_FIELDS, |index, reader| {
                    *(if index == 0 { &mut name } else { &mut expression }) =
                        field::read_text(reader)?;
                    Ok(())
                })?;
                Ok(Self::Tag { name, expression })
            }
            _ => Err(WireError::UnknownKind),
        }
    }
}

/// Several names, as they stand in the bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Names<'a> {
    len: u32,
    bytes: &'a [u8],
}

impl<'a> Names<'a> {
    /// Reads an array of names and checks each of them.
    pub(super) fn read(reader: &mut Reader<'a>) -> Result<Self, WireError> {
        if reader.nil() {
            return Ok(Self::default());
        }
        let len = reader.array()?;
        if len as usize > reader.rest().len() {
            return Err(WireError::AbsurdCount);
        }
        let bytes = reader.rest();
        for _ in 0..len {
            field::read_text(reader)?;
        }
        Ok(Self { len, bytes: &bytes[..bytes.len() - reader.rest().len()] })
    }

    /// The names, in their order.
    pub fn iter(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let mut reader = Reader::new(self.bytes);
        (0..self.len).map_while(move |_| field::read_text(&mut reader).ok())
    }
}

/// The filters of a query, as they stand in the bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Filters<'a> {
    len: u32,
    bytes: &'a [u8],
}

impl<'a> Filters<'a> {
    pub(super) fn read(reader: &mut Reader<'a>) -> Result<Self, WireError> {
        let len = reader.array()?;
        if len as usize > reader.rest().len() {
            return Err(WireError::AbsurdCount);
        }
        let bytes = reader.rest();
        for _ in 0..len {
            if !reader.nil() {
                reader.raw()?;
            }
        }
        Ok(Self { len, bytes: &bytes[..bytes.len() - reader.rest().len()] })
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        if self.len == 0 {
            return writer::nil(out);
        }
        writer::array(out, self.len as usize);
        out.extend_from_slice(self.bytes);
    }

    /// Returns true if there is none: everyone is let through.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// How many there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len as usize
    }

    /// The filters, in their order, each of them read when it is asked for.
    pub fn iter(&self) -> impl Iterator<Item = Result<Filter<'a>, WireError>> + use<'a> {
        let mut reader = Reader::new(self.bytes);
        (0..self.len).map(move |_| {
            let bytes = if reader.nil() { &[] } else { reader.raw()? };
            Filter::decode(bytes)
        })
    }
}

/// Filters that are being put together.
#[derive(Clone, Debug, Default)]
pub struct FiltersBuffer {
    len: u32,
    bytes: Vec<u8>,
}

impl FiltersBuffer {
    /// Lets only members of these names through.
    pub fn nodes<'n>(&mut self, names: impl ExactSizeIterator<Item = &'n str>) {
        let mut filter = alloc::vec![NODES];
        writer::array(&mut filter, names.len());
        names.for_each(|name| writer::raw(&mut filter, name.as_bytes()));
        self.push(&filter);
    }

    /// Lets only members through whose tag matches.
    pub fn tag(&mut self, name: &str, expression: &str) {
        let mut filter = alloc::vec![TAG];
        writer::map(&mut filter, 2);
        structure::write_name(&mut filter, "Expr", expression);
        structure::write_name(&mut filter, "Tag", name);
        self.push(&filter);
    }

    fn push(&mut self, filter: &[u8]) {
        writer::raw(&mut self.bytes, filter);
        self.len += 1;
    }

    /// What is to be sent.
    #[must_use]
    pub fn filters(&self) -> Filters<'_> {
        Filters { len: self.len, bytes: &self.bytes }
    }
}
