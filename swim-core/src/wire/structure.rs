//! How Go's structs lie on the wire: maps by field name, read as tolerantly as memberlist itself
//! reads them.
//!
//! Unknown keys are skipped, missing ones and nils leave the field as it was, a key that is there
//! twice counts the last time, and an array of the fields in the order of the struct's declaration
//! is as good as a map.

use alloc::vec::Vec;

use super::error::WireError;
use super::reader::Reader;
use super::writer;

/// Reads one struct whose fields are `names`, in the order of their declaration. `field` reads the
/// value of the field with the index that it is given.
pub(super) fn read<'a>(
    reader: &mut Reader<'a>,
    names: &[&str],
    mut field: impl FnMut(usize, &mut Reader<'a>) -> Result<(), WireError>,
) -> Result<(), WireError> {
    let is_map = match reader.rest().first() {
        None => return Err(WireError::Truncated),
        // A struct of zeros.
        Some(0xc0) => {
            reader.nil();
            return Ok(());
        }
        Some(0x90..=0x9f | 0xdc | 0xdd) => false,
        Some(_) => true,
    };
    let len = if is_map { reader.map()? } else { reader.array()? };
    // Each turn reads a byte at least, so whatever the length says, the bytes bound the work.
    for at in 0..len as usize {
        let known = if is_map {
            let key = reader.raw()?;
            names.iter().position(|name| name.as_bytes() == key)
        } else {
            Some(at).filter(|&at| at < names.len())
        };
        match known {
            _ if reader.nil() => {}
            Some(index) => field(index, reader)?,
            None => reader.skip(1)?,
        }
    }
    Ok(())
}

/// A key of a struct.
pub(super) fn write_key(out: &mut Vec<u8>, key: &str) {
    writer::raw(out, key.as_bytes());
}

/// A key with a number.
pub(super) fn write_uint(out: &mut Vec<u8>, key: &str, value: u64) {
    write_key(out, key);
    writer::uint(out, value);
}

/// A key with a text.
pub(super) fn write_name(out: &mut Vec<u8>, key: &str, name: &str) {
    write_key(out, key);
    writer::raw(out, name.as_bytes());
}

/// Bytes of which there may be none: nil, as Go writes a slice that was never made.
pub(super) fn write_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    if bytes.is_empty() { writer::nil(out) } else { writer::raw(out, bytes) }
}

/// Reads true or false.
pub(super) fn read_bool(reader: &mut Reader<'_>) -> Result<bool, WireError> {
    match reader.byte()? {
        0xc2 => Ok(false),
        0xc3 => Ok(true),
        _ => Err(WireError::WrongType),
    }
}

/// True or false.
pub(super) fn write_bool(out: &mut Vec<u8>, value: bool) {
    out.push(if value { 0xc3 } else { 0xc2 });
}
