//! Coordinates on the wires: 11 numbers of 32 bits on the native one, serf's map in the payload of
//! an ack on memberlist's.

use alloc::vec::Vec;

use super::space::Coordinate;
use crate::wire::error::WireError;
use crate::wire::reader::Reader;
use crate::wire::{COORDINATE_LEN, structure, writer};

/// The first byte of an ack's payload. (serf's `PingVersion`)
const VERSION: u8 = 1;
const FIELDS: [&str; 4] = ["Vec", "Error", "Adjustment", "Height"];

impl Coordinate {
    /// The bytes on the native wire: the position, the error, the adjustment and the height, as
    /// IEEE 754 numbers of 32 bits, big-endian.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; COORDINATE_LEN] {
        let mut bytes = [0; COORDINATE_LEN];
        let parts = self.position.into_iter().chain([self.error, self.adjustment, self.height]);
        for (chunk, part) in bytes.chunks_exact_mut(4).zip(parts) {
            chunk.copy_from_slice(&(part as f32).to_be_bytes());
        }
        bytes
    }

    /// Reads the bytes on the native wire.
    ///
    /// # Errors
    /// [`WireError::OutOfRange`] if they are too few or too many, no numbers or beyond all measure.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, WireError> {
        let (chunks, rest) = bytes.as_chunks::<4>();
        let parts = <[[u8; 4]; 11]>::try_from(chunks).ok().filter(|_| rest.is_empty());
        let parts =
            parts.ok_or(WireError::OutOfRange)?.map(|part| f64::from(f32::from_be_bytes(part)));
        let [a, b, c, d, e, f, g, h, error, adjustment, height] = parts;
        Self::new([a, b, c, d, e, f, g, h], error, adjustment, height).ok_or(WireError::OutOfRange)
    }

    /// The payload of an ack as serf's agents write it.
    #[must_use]
    pub fn to_serf(&self) -> Vec<u8> {
        let mut out = alloc::vec![VERSION];
        writer::map(&mut out, FIELDS.len());
        for (key, value) in
            [("Adjustment", self.adjustment), ("Error", self.error), ("Height", self.height)]
        {
            structure::write_key(&mut out, key);
            write_float(&mut out, value);
        }
        structure::write_key(&mut out, "Vec");
        writer::array(&mut out, self.position.len());
        self.position.iter().for_each(|&part| write_float(&mut out, part));
        out
    }

    /// Reads the payload of an ack.
    ///
    /// # Errors
    /// [`WireError`]; [`WireError::OutOfRange`] if it has another number of dimensions, or parts
    /// that are no numbers or beyond all measure.
    pub fn from_serf(payload: &[u8]) -> Result<Self, WireError> {
        let reader = &mut match payload.split_first() {
            None => return Err(WireError::Truncated),
            Some((&VERSION, map)) => Reader::new(map),
            Some(_) => return Err(WireError::UnknownKind),
        };
        let (mut position, mut parts) = ([0.0; 8], [0.0; 3]);
        structure::read(reader, &FIELDS, |index, reader| {
            if index > 0 {
                parts[index - 1] = read_float(reader)?;
                return Ok(());
            }
            if reader.array()? as usize != position.len() {
                return Err(WireError::OutOfRange);
            }
            for part in &mut position {
                *part = read_float(reader)?;
            }
            Ok(())
        })?;
        let [error, adjustment, height] = parts;
        Self::new(position, error, adjustment, height).ok_or(WireError::OutOfRange)
    }
}

/// A number with a fraction, of 64 or 32 bits; integers are numbers too.
fn read_float(reader: &mut Reader<'_>) -> Result<f64, WireError> {
    match reader.rest().first() {
        Some(0xcb) => reader.byte().and_then(|_| reader.bytes().map(f64::from_be_bytes)),
        Some(0xca) => {
            reader.byte().and_then(|_| reader.bytes().map(f32::from_be_bytes).map(f64::from))
        }
        _ => reader.uint().map(|number| number as f64),
    }
}

/// A number with a fraction.
fn write_float(out: &mut Vec<u8>, value: f64) {
    out.push(0xcb);
    out.extend_from_slice(&value.to_be_bytes());
}
