//! Writes MessagePack values at the end of a vector, each in its shortest form.
//!
//! It knows MessagePack's types and no message. Read first: the MessagePack specification,
//! "Formats".

use alloc::vec::Vec;

/// A non-negative integer.
#[inline]
pub(super) fn uint(out: &mut Vec<u8>, value: u64) {
    match value {
        0..=0x7f => out.push(value as u8),
        0x80..=0xff => out.extend_from_slice(&[0xcc, value as u8]),
        0x100..=0xffff => marked(out, 0xcd, (value as u16).to_be_bytes()),
        0x1_0000..=0xffff_ffff => marked(out, 0xce, (value as u32).to_be_bytes()),
        _ => marked(out, 0xcf, value.to_be_bytes()),
    }
}

/// The header of an array of `len` elements, which the caller writes next.
#[inline]
pub(super) fn array(out: &mut Vec<u8>, len: usize) {
    match len {
        0..=15 => out.push(0x90 | len as u8),
        16..=0xffff => marked(out, 0xdc, (len as u16).to_be_bytes()),
        _ => marked(out, 0xdd, fits(len).to_be_bytes()),
    }
}

/// A text.
#[inline]
pub(super) fn str(out: &mut Vec<u8>, text: &str) {
    match text.len() {
        len @ 0..=31 => out.push(0xa0 | len as u8),
        len @ 32..=0xff => out.extend_from_slice(&[0xd9, len as u8]),
        len @ 0x100..=0xffff => marked(out, 0xda, (len as u16).to_be_bytes()),
        len => marked(out, 0xdb, fits(len).to_be_bytes()),
    }
    out.extend_from_slice(text.as_bytes());
}

/// A binary value.
#[inline]
pub(super) fn bin(out: &mut Vec<u8>, bytes: &[u8]) {
    match bytes.len() {
        len @ 0..=0xff => out.extend_from_slice(&[0xc4, len as u8]),
        len @ 0x100..=0xffff => marked(out, 0xc5, (len as u16).to_be_bytes()),
        len => marked(out, 0xc6, fits(len).to_be_bytes()),
    }
    out.extend_from_slice(bytes);
}

/// The header of a map of `len` pairs, which the caller writes next.
pub(super) fn map(out: &mut Vec<u8>, len: usize) {
    match len {
        0..=15 => out.push(0x80 | len as u8),
        16..=0xffff => marked(out, 0xde, (len as u16).to_be_bytes()),
        _ => marked(out, 0xdf, fits(len).to_be_bytes()),
    }
}

/// Bytes in the family that MessagePack had before it told text from binary: no form with an 8-bit
/// length.
pub(super) fn raw(out: &mut Vec<u8>, bytes: &[u8]) {
    match bytes.len() {
        len @ 0..=31 => out.push(0xa0 | len as u8),
        len @ 32..=0xffff => marked(out, 0xda, (len as u16).to_be_bytes()),
        len => marked(out, 0xdb, fits(len).to_be_bytes()),
    }
    out.extend_from_slice(bytes);
}

/// The absence of a value.
#[inline]
pub(super) fn nil(out: &mut Vec<u8>) {
    out.push(0xc0);
}

#[inline]
fn marked<const N: usize>(out: &mut Vec<u8>, marker: u8, bytes: [u8; N]) {
    out.push(marker);
    out.extend_from_slice(&bytes);
}

fn fits(len: usize) -> u32 {
    u32::try_from(len)
        .expect("MessagePack's longest value has 2^32 - 1 elements; Config's bounds are far below")
}
