//! How packets are read: the layers are taken off and each message inside is shown.

use alloc::vec::Vec;

use super::message::Message;
use super::{kind, lzw};
use crate::wire::error::WireError;

/// Takes packets apart. It keeps the room for decompressed bytes from one packet to the next.
///
/// A packet is what stands within encryption and label: a checksum or none, then any nesting of
/// compounds and compression around messages. The messages of a packet stand for themselves: one
/// that is malformed does no harm to the others. Their order means nothing; memberlist itself
/// handles those of a packet last in, first out.
#[derive(Debug, Default)]
pub struct Unpacker {
    buffers: Vec<Vec<u8>>,
}

impl Unpacker {
    /// How deeply compounds and compression may nest. memberlist itself writes two layers at most.
    pub const MAX_DEPTH: usize = 8;
    /// How many bytes the compressed parts of one packet may unpack to, together, those that cannot
    /// be used included.
    pub const MAX_UNPACKED: usize = 65_536;
    /// How many compressed parts one packet may have: each costs a table of codes, however short it
    /// is. memberlist itself writes one.
    pub const MAX_COMPRESSED: usize = 8;

    /// Shows `visit` every message of the packet, and whatever is wrong with it.
    ///
    /// [`WireError::BadChecksum`] is the only thing shown of a packet; other errors stand for one
    /// message, or for what was to be unpacked.
    pub fn unpack(&mut self, packet: &[u8], mut visit: impl FnMut(Result<Message<'_>, WireError>)) {
        let body = match packet {
            // Shorter ones are no checksums to memberlist either, and are refused as a message.
            [kind::CHECKSUM, a, b, c, d, body @ ..] => {
                if crc32fast::hash(body) != u32::from_be_bytes([*a, *b, *c, *d]) {
                    visit(Err(WireError::BadChecksum));
                    return;
                }
                body
            }
            packet => packet,
        };
        let mut left = Left { bytes: Self::MAX_UNPACKED, parts: Self::MAX_COMPRESSED };
        self.walk(body, 0, &mut left, &mut visit);
    }

    /// Shows what is within `bytes`, `depth` layers deep.
    fn walk(
        &mut self,
        bytes: &[u8],
        depth: usize,
        left: &mut Left,
        visit: &mut impl FnMut(Result<Message<'_>, WireError>),
    ) {
        match bytes {
            [kind::COMPOUND | kind::COMPRESS, ..] if depth == Self::MAX_DEPTH => {
                visit(Err(WireError::TooDeep));
            }
            [kind::COMPOUND, body @ ..] => {
                let mut parts = Parts::new(body);
                for part in parts.by_ref() {
                    self.walk(part, depth + 1, left, visit);
                }
                if parts.is_truncated {
                    visit(Err(WireError::Truncated));
                }
            }
            [kind::COMPRESS, ..] if left.bytes == 0 || left.parts == 0 => {
                visit(Err(WireError::TooLarge));
            }
            [kind::COMPRESS, body @ ..] => {
                let mut buffer = self.buffers.pop().unwrap_or_default();
                buffer.clear();
                let result = lzw::decompress(body, left.bytes, &mut buffer);
                // What cannot be used has cost as much.
                left.bytes = left.bytes.saturating_sub(buffer.len());
                left.parts -= 1;
                match result {
                    Ok(()) => self.walk(&buffer, depth + 1, left, visit),
                    Err(error) => visit(Err(error)),
                }
                self.buffers.push(buffer);
            }
            message => visit(Message::decode(message)),
        }
    }
}

/// What may still be unpacked of a packet.
#[derive(Clone, Copy, Debug)]
struct Left {
    bytes: usize,
    parts: usize,
}

/// The parts of a compound: how many, the length of each, and then one after the other.
struct Parts<'a> {
    lengths: &'a [[u8; 2]],
    rest: &'a [u8],
    /// The last parts are missing.
    is_truncated: bool,
}

impl<'a> Parts<'a> {
    fn new(body: &'a [u8]) -> Self {
        let split = body
            .split_first()
            .and_then(|(&count, rest)| rest.split_at_checked(2 * usize::from(count)));
        let Some((lengths, rest)) = split else {
            return Self { lengths: &[], rest: &[], is_truncated: true };
        };
        Self { lengths: lengths.as_chunks().0, rest, is_truncated: false }
    }
}

impl<'a> Iterator for Parts<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let (len, lengths) = self.lengths.split_first()?;
        let Some((part, rest)) = self.rest.split_at_checked(usize::from(u16::from_be_bytes(*len)))
        else {
            *self = Self { lengths: &[], rest: &[], is_truncated: true };
            return None;
        };
        (self.lengths, self.rest) = (lengths, rest);
        Some(part)
    }
}
