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
    /// Put a checksum before it. Only nodes whose [`Versions`](super::Versions) have it understand
    /// that.
    pub checksum: bool,
}

impl<'a> PacketWriter<'a> {
    /// The most messages that a packet holds: a compound counts them with one byte.
    pub const MAX_PARTS: usize = MAX_PARTS;
    /// The bytes of a checksum's layer.
    pub const CHECKSUM_LEN: usize = 5;
    /// What each message of several costs besides its own bytes: its length in the compound's
    /// header.
    pub(crate) const PART_LEN: usize = 2;

    /// Clears `out` and begins a packet there.
    pub fn begin(out: &'a mut Vec<u8>) -> Self {
        out.clear();
        Self { out, lengths: [0; MAX_PARTS], parts: 0 }
    }

    /// Adds a message. Returns false, and leaves the packet as it was, if it holds 255 already or
    /// the message has more than 65,535 bytes.
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

    /// Returns true if no message was added.
    pub(crate) const fn is_empty(&self) -> bool {
        self.parts == 0
    }

    /// For how many bytes of further messages there is room in a packet of `budget` bytes, counting
    /// [`PART_LEN`](Self::PART_LEN) for each; and for how many messages.
    pub(crate) const fn room(&self, budget: usize) -> (usize, usize) {
        let used = 2 + Self::PART_LEN * self.parts + self.out.len();
        (budget.saturating_sub(used), MAX_PARTS - self.parts)
    }

    /// Lets `append` add encoded messages to the packet itself, within the [`room`](Self::room): it
    /// notes the length of each.
    pub(crate) fn extend(&mut self, append: impl FnOnce(&mut Vec<u8>, &mut dyn FnMut(usize))) {
        let Self { out, lengths, parts } = self;
        append(out, &mut |len| {
            lengths[*parts] = len as u16;
            *parts += 1;
        });
    }

    /// How many bytes the packet would have with another message of `next` bytes, neither
    /// compressed nor with a checksum.
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
