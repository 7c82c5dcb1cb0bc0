//! How packets are written: messages, a compound if there are several, compression, a checksum.

use alloc::vec::Vec;

use super::message::Message;
use super::{kind, lzw};

const MAX_PARTS: usize = u8::MAX as usize;

/// Writes one packet.
#[derive(Debug)]
pub struct PacketWriter<'a> {
    out: &'a mut Vec<u8>,
    lengths: [u16; MAX_PARTS],
    parts: usize,
}

/// Which layers a packet gets around its messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Packing {
    /// Compress it, if that makes it shorter.
    pub compress: bool,
    /// Put a checksum before it. Only nodes whose [`Versions`](super::Versions) have it understand that.
    pub checksum: bool,
}

impl<'a> PacketWriter<'a> {
    /// The most messages that a packet holds: a compound counts them with one byte.
    pub const MAX_PARTS: usize = MAX_PARTS;
    /// The bytes of a checksum's layer.
    pub const CHECKSUM_LEN: usize = 5;

    /// Clears `out` and begins a packet there.
    pub fn begin(out: &'a mut Vec<u8>) -> Self {
        out.clear();
        Self { out, lengths: [0; MAX_PARTS], parts: 0 }
    }

    /// Adds a message. Returns false, and leaves the packet as it was, if it holds 255 already or the message has more
    /// than 65,535 bytes.
    pub fn push(&mut self, message: &Message<'_>) -> bool {
        let start = self.out.len();
        message.encode(self.out);
        self.note(start)
    }

    /// As [`push`](Self::push), for a message that was encoded before.
    pub fn push_encoded(&mut self, message: &[u8]) -> bool {
        let start = self.out.len();
        self.out.extend_from_slice(message);
        self.note(start)
    }

    fn note(&mut self, start: usize) -> bool {
        let len = u16::try_from(self.out.len() - start);
        let (Some(place), Ok(len)) = (self.lengths.get_mut(self.parts), len) else {
            self.out.truncate(start);
            return false;
        };
        *place = len;
        self.parts += 1;
        true
    }

    /// How many bytes the packet would have with another message of `next` bytes, neither compressed nor with a
    /// checksum.
    #[must_use]
    pub const fn len_with(&self, next: usize) -> usize {
        let header = if self.parts == 0 { 0 } else { 2 + 2 * (self.parts + 1) };
        header + self.out.len() + next
    }

    /// Puts the layers around the messages.
    pub fn finish(self, packing: Packing) {
        let Self { out, lengths, parts } = self;
        if parts > 1 {
            let lengths = lengths[..parts].iter().flat_map(|len| len.to_be_bytes());
            out.splice(0..0, [kind::COMPOUND, parts as u8].into_iter().chain(lengths));
        }
        if packing.compress {
            let mut compressed = Vec::new();
            lzw::compress(out, &mut compressed);
            if compressed.len() < out.len() {
                out.clear();
                out.extend_from_slice(&compressed);
            }
        }
        if packing.checksum {
            let [a, b, c, d] = crc32fast::hash(out).to_be_bytes();
            out.splice(0..0, [kind::CHECKSUM, a, b, c, d]);
        }
    }
}
