//! The layer of compression: LZW as Go's `compress/lzw` has it, least significant bit first,
//! literals of 8 bits.
//!
//! The format: codes of 9 to 12 bits, 256 clears the table, 257 ends. Writers begin with a clear,
//! and readers insist.

use alloc::vec::Vec;
use core::fmt;
use core::ops::Range;

use weezl::{BitOrder, LzwStatus};

use super::{field, kind, message, structure};
use crate::wire::error::WireError;
use crate::wire::reader::Reader;
use crate::wire::writer;

/// How much room is made at a time, so that few bytes do not cause a large allocation.
const STEP: usize = 4_096;
const FIELDS: [&str; 2] = ["Algo", "Buf"];
/// The only algorithm there is.
const LZW: u32 = 0;

/// Appends a message that holds `bytes` compressed, whether or not that is shorter.
pub(super) fn compress(bytes: &[u8], out: &mut Vec<u8>) {
    let mut compressed = Vec::with_capacity(bytes.len() / 2);
    let mut encoder = weezl::encode::Encoder::new(BitOrder::Lsb, 8);
    let result = encoder.into_vec(&mut compressed).encode_all(bytes);
    debug_assert!(result.status.is_ok(), "every byte is a literal, so none can be refused");
    message::begin(out, kind::COMPRESS, 2);
    field::write_uint(out, "Algo", u64::from(LZW));
    field::write_key(out, "Buf");
    writer::raw(out, &compressed);
}

/// Where the compressed bytes are in a message, of which `body` is what follows the kind.
pub(super) fn compressed_range(body: &[u8]) -> Result<Range<usize>, WireError> {
    let (mut algorithm, mut range) = (LZW, 0..0);
    structure::read(&mut Reader::new(body), &FIELDS, |index, reader| {
        match index {
            0 => algorithm = field::read_u32(reader)?,
            _ => {
                let len = reader.raw()?.len();
                let end = body.len() - reader.rest().len();
                range = end - len..end;
            }
        }
        Ok(())
    })?;
    if algorithm == LZW { Ok(range) } else { Err(WireError::BadCompression) }
}

/// Decompresses a message, of which `body` is what follows the kind, to the end of `out`, by
/// `limit` bytes at most. What came out before an error stays there, so that it can be counted.
pub(super) fn decompress(body: &[u8], limit: usize, out: &mut Vec<u8>) -> Result<(), WireError> {
    decode(&body[compressed_range(body)?], limit, out)
}

fn decode(bytes: &[u8], limit: usize, out: &mut Vec<u8>) -> Result<(), WireError> {
    Unpacking::begin(bytes)?.advance(bytes, limit, usize::MAX, out).map(drop)
}

/// A decompression under way, which can be done in steps.
pub(super) struct Unpacking {
    decoder: weezl::decode::Decoder,
    /// How many of the compressed bytes were read.
    read: usize,
    /// How many bytes came out.
    written: usize,
}

impl fmt::Debug for Unpacking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { read, written, .. } = self;
        f.debug_struct("Unpacking")
            .field("read", read)
            .field("written", written)
            .finish_non_exhaustive()
    }
}

impl Unpacking {
    /// Begins with these compressed bytes.
    pub(super) fn begin(bytes: &[u8]) -> Result<Self, WireError> {
        // The first code has 9 bits and clears the table: 256.
        if !matches!(bytes, [0, second, ..] if second & 1 == 1) {
            return Err(WireError::BadCompression);
        }
        count_work!(PartsUnpacked, 1);
        Ok(Self { decoder: weezl::decode::Decoder::new(BitOrder::Lsb, 8), read: 0, written: 0 })
    }

    /// Appends at least `step` bytes more to `out`, or the rest; `limit` bytes in all. Returns true
    /// if that was the rest. `bytes` are those that it began with.
    ///
    /// # Errors
    /// [`WireError::TooLarge`] and [`WireError::BadCompression`].
    pub(super) fn advance(
        &mut self,
        bytes: &[u8],
        limit: usize,
        step: usize,
        out: &mut Vec<u8>,
    ) -> Result<bool, WireError> {
        let until = self.written.saturating_add(step);
        while self.written < until {
            // One byte more than allowed, so that too much is told from just enough.
            let room = STEP.min(limit.saturating_add(1) - self.written);
            let len = out.len();
            if out.capacity() - len < room {
                // A quarter more rather than as much again: it may be megabytes.
                out.reserve_exact(room.max(len / 4));
            }
            out.resize(len + room, 0);
            let result = self.decoder.decode_bytes(&bytes[self.read..], &mut out[len..]);
            out.truncate(len + result.consumed_out);
            count_work!(BytesUnpacked, result.consumed_out);
            self.read += result.consumed_in;
            self.written += result.consumed_out;
            if self.written > limit {
                return Err(WireError::TooLarge);
            }
            match result.status {
                Ok(LzwStatus::Done) => return Ok(true),
                Ok(LzwStatus::Ok) if result.consumed_in + result.consumed_out > 0 => {}
                // No progress: the end is missing.
                Ok(LzwStatus::Ok | LzwStatus::NoProgress) | Err(_) => {
                    return Err(WireError::BadCompression);
                }
            }
        }
        Ok(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compressed(bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        compress(bytes, &mut out);
        out
    }

    fn decompressed(message: &[u8], limit: usize) -> Result<Vec<u8>, WireError> {
        let mut out = Vec::new();
        decompress(&message[1..], limit, &mut out).map(|()| out)
    }

    /// The same bytes as the program had that made the vectors: a linear congruential generator's
    /// upper bits.
    fn noise(len: usize, mask: u8) -> Vec<u8> {
        let mut state = 1_u32;
        let next = |_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8 & mask
        };
        (0..len).map(next).collect()
    }

    /// Mask and length of the noise; length and CRC-32 of what Go 1.19's `compress/lzw` makes of
    /// it.
    #[rustfmt::skip]
    const GO: [(u8, usize, usize, u32); 31] = [
        (0, 0, 3, 0x3a62ebfd),
        (0, 1, 4, 0x4387b436),
        (0, 2, 5, 0xb89c9242),
        (0, 256, 29, 0x97c227e7),
        (0, 1000, 53, 0xf69d77dd),
        (0, 3839, 102, 0x3d702820),
        (0, 3840, 102, 0x383f3ea5),
        (0, 5000, 115, 0x8bef14c0),
        (1, 0, 3, 0x3a62ebfd),
        (1, 1, 4, 0x4387b436),
        (1, 2, 5, 0xb89c9242),
        (1, 256, 81, 0xcede4fb7),
        (1, 1000, 228, 0x238827c1),
        (1, 3839, 708, 0xd0a3a291),
        (1, 3840, 708, 0x816f58f0),
        (1, 5000, 887, 0xf8ebff43),
        (7, 0, 3, 0x3a62ebfd),
        (7, 1, 4, 0x4d94e58e),
        (7, 2, 5, 0x6f1d4865),
        (7, 256, 176, 0x745dfb73),
        (7, 1000, 555, 0x6fab4eeb),
        (7, 3839, 1862, 0x42af2451),
        (7, 3840, 1862, 0xc85d3d09),
        (7, 5000, 2363, 0xa8b1f362),
        (255, 0, 3, 0x3a62ebfd),
        (255, 1, 4, 0x19658dde),
        (255, 2, 5, 0x55ee1298),
        (255, 256, 290, 0x55f4a429),
        (255, 1000, 1238, 0xdea44bf7),
        (255, 3839, 5243, 0x29c1506e),
        (255, 3840, 5245, 0x327cfb73),
    ];

    #[test]
    fn up_to_a_full_table_go_writes_the_same_bytes() {
        for (mask, len, expected, checksum) in GO {
            let mut message = compressed(&noise(len, mask));
            let mut found = Vec::new();
            structure::read(&mut Reader::new(&message.split_off(1)), &FIELDS, |index, reader| {
                if index == 1 {
                    found.extend(reader.raw()?);
                } else {
                    reader.skip(1)?;
                }
                Ok(())
            })
            .unwrap();
            assert_eq!(
                (found.len(), crc32fast::hash(&found)),
                (expected, checksum),
                "{len} bytes of noise & {mask}"
            );
        }
    }

    #[test]
    fn what_go_writes_past_a_full_table_is_read() {
        // There the two writers clear the table at different moments, and readers follow either.
        for (bytes, mask, len) in [
            (
                &include_bytes!("../../../tests/wire/memberlist/captures/go-lzw-7-20000.bin")[..],
                7,
                20_000,
            ),
            (
                &include_bytes!("../../../tests/wire/memberlist/captures/go-lzw-255-5000.bin")[..],
                255,
                5_000,
            ),
        ] {
            let mut out = Vec::new();
            assert_eq!(decode(bytes, len, &mut out), Ok(()));
            assert_eq!(out, noise(len, mask));
        }
    }

    #[test]
    fn what_unpacks_to_the_limit_passes_and_one_byte_more_does_not() {
        for len in [0, 1, 4_095, 4_096, 4_097, 100_000] {
            let message = compressed(&alloc::vec![0; len]);
            assert_eq!(decompressed(&message, len), Ok(alloc::vec![0; len]));
            if len > 0 {
                assert_eq!(decompressed(&message, len - 1), Err(WireError::TooLarge), "{len}");
            }
        }
    }

    #[test]
    fn a_missing_end_is_an_error() {
        let message = compressed(b"hello, hello, hello");
        let mut out = Vec::new();
        let inner = &message[message.len() - 17..];
        for end in 0..inner.len() {
            assert_eq!(
                decode(&inner[..end], 100, &mut out),
                Err(WireError::BadCompression),
                "{end}"
            );
        }
    }

    #[test]
    fn another_algorithm_is_refused() {
        let mut message = compressed(b"x");
        assert_eq!(message[7], 0);
        message[7] = 1;
        assert_eq!(decompressed(&message, 100), Err(WireError::BadCompression));
    }
}
