//! Key operations: the payloads of the internal queries that manage the keys of all members.

use alloc::string::String;
use alloc::vec::Vec;

use super::field;
use super::filter::Names;
use super::{KEY_REQUEST, KEY_RESPONSE};
use crate::wire::error::WireError;
use crate::wire::reader::Reader;
use crate::wire::{structure, writer};

/// What is to be done with which key. The operation is the query's name.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct KeyRequest<'a> {
    /// The key's bytes; none if the keys are to be listed.
    pub key: &'a [u8],
}

/// Keys do not show.
impl core::fmt::Debug for KeyRequest<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("KeyRequest").finish_non_exhaustive()
    }
}

impl<'a> KeyRequest<'a> {
    /// Reads the payload of a query.
    ///
    /// # Errors
    /// The first [`WireError`] found.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, WireError> {
        let reader = &mut begin(bytes, KEY_REQUEST)?;
        let mut key: &[u8] = &[];
        structure::read(reader, &["Key"], |_, reader| {
            key = reader.raw()?;
            Ok(())
        })?;
        Ok(Self { key })
    }

    /// So many bytes hold the payload of a query: a buffer that grew would leave a key behind.
    #[must_use]
    pub const fn encoded_len(&self) -> usize {
        16 + self.key.len()
    }

    /// Appends the payload of a query to `out`.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.push(KEY_REQUEST);
        writer::map(out, 1);
        structure::write_key(out, "Key");
        // Not nil: a request that lists the keys has an empty one.
        writer::raw(out, self.key);
    }
}

/// What a member has done.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct KeyResponse<'a> {
    /// Whether it was done.
    pub is_done: bool,
    /// Why not, or what else there is to say.
    pub message: &'a str,
    /// The keys of the member in base64, if they were asked for.
    pub keys: Names<'a>,
    /// The one of them that encrypts.
    pub primary: &'a str,
}

/// Keys do not show.
impl core::fmt::Debug for KeyResponse<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let Self { is_done, message, .. } = self;
        f.debug_struct("KeyResponse")
            .field("is_done", is_done)
            .field("message", message)
            .finish_non_exhaustive()
    }
}

const RESPONSE: [&str; 4] = ["Result", "Message", "Keys", "PrimaryKey"];

impl<'a> KeyResponse<'a> {
    /// Reads the payload of a response.
    ///
    /// # Errors
    /// The first [`WireError`] found.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, WireError> {
        let reader = &mut begin(bytes, KEY_RESPONSE)?;
        let mut response =
            Self { is_done: false, message: "", keys: Names::default(), primary: "" };
        structure::read(reader, &RESPONSE, |index, reader| {
            match index {
                0 => response.is_done = structure::read_bool(reader)?,
                1 => response.message = field::read_text(reader)?,
                2 => response.keys = Names::read(reader)?,
                _ => response.primary = field::read_text(reader)?,
            }
            Ok(())
        })?;
        Ok(response)
    }

    /// So many bytes hold the payload of a response: a buffer that grew would leave keys behind.
    #[must_use]
    pub fn longest(message: &str, keys: &[String], primary: &str) -> usize {
        64 + message.len() + primary.len() + keys.iter().map(|key| key.len() + 5).sum::<usize>()
    }

    /// Appends the payload of a response to `out`: `keys` in base64.
    pub fn encode(is_done: bool, message: &str, keys: &[String], primary: &str, out: &mut Vec<u8>) {
        out.push(KEY_RESPONSE);
        writer::map(out, RESPONSE.len());
        structure::write_key(out, "Keys");
        if keys.is_empty() {
            writer::nil(out);
        } else {
            writer::array(out, keys.len());
            keys.iter().for_each(|key| writer::raw(out, key.as_bytes()));
        }
        structure::write_name(out, "Message", message);
        structure::write_name(out, "PrimaryKey", primary);
        field::write_bool(out, "Result", is_done);
    }
}

/// A reader behind the kind.
fn begin(bytes: &[u8], kind: u8) -> Result<Reader<'_>, WireError> {
    match bytes.split_first() {
        None => Err(WireError::Truncated),
        Some((&first, rest)) if first == kind => Ok(Reader::new(rest)),
        Some(_) => Err(WireError::WrongPlace),
    }
}
