//! [`StreamDecoder`]: reads what one side of a stream says, in whatever pieces it comes.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::ops::Range;

use super::envelope::{Envelope, STREAM_HEADER, Side};
use super::kind;
use super::lzw::{self, Unpacking};
use super::scan::Scan;
use super::seal::SealVersion;
use crate::wire::error::WireError;

/// Reads one message off a stream: label, encryption and compression are taken off.
///
/// Memory grows with what has come and what that unpacks to, never with what is announced. A few
/// bytes may unpack to very many, so that can be done in steps: [`feed_step`](Self::feed_step),
/// which lets the caller count what is [held](Self::held) and do something else in between.
#[derive(Debug)]
pub struct StreamDecoder {
    /// Our side: the label is the dialer's to write.
    side: Side,
    max: usize,
    stage: Stage,
    /// What has come, from the layer on that is not yet off; in the end, the message.
    bytes: Vec<u8>,
    /// One of the keys opened it.
    sealed: bool,
}

#[derive(Debug)]
enum Stage {
    Label,
    /// The first byte tells whether the message is encrypted.
    Kind,
    Encrypted,
    Plain(Scan),
    /// What is compressed, in these of the bytes, is unpacked.
    Unpacking(Box<Unpacking>, Range<usize>, Vec<u8>),
    Complete,
    /// The stream is of no more use.
    Failed(WireError),
}

impl StreamDecoder {
    /// How many times its bound a message may have once it is unpacked. (memberlist: 40 MiB, and 20
    /// MiB on the way)
    pub const UNPACKED: usize = 2;
    /// How many bytes one step unpacks at most, give or take a few KiB.
    const STEP: usize = 256 << 10;

    /// A decoder for what the other side says to this `side`. A message may have `max` bytes,
    /// [`Self::UNPACKED`] times as many once it is unpacked, and `max` of them may be the
    /// application's.
    #[must_use]
    pub const fn new(side: Side, max: usize) -> Self {
        let stage = match side {
            Side::Acceptor => Stage::Label,
            Side::Dialer => Stage::Kind,
        };
        Self { side, max, stage, bytes: Vec::new(), sealed: false }
    }

    /// Takes the next bytes that came. Returns whether the message is complete; what comes after it
    /// is ignored.
    ///
    /// # Errors
    /// What is wrong with the stream; it stays wrong. [`WireError::WrongCluster`] is another
    /// label's: close it without a word. [`WireError::BadSeal`] deserves an
    /// [`Error`](super::StreamMessage::Error).
    pub fn feed(&mut self, envelope: &Envelope, bytes: &[u8]) -> Result<bool, WireError> {
        let mut progress = self.feed_step(envelope, bytes)?;
        while self.is_unpacking() {
            progress = self.feed_step(envelope, &[])?;
        }
        Ok(progress)
    }

    /// As [`feed`](Self::feed), but unpacks a step only. While [`is_unpacking`](Self::is_unpacking)
    /// says so, call it again, without bytes.
    ///
    /// # Errors
    /// As [`feed`](Self::feed).
    pub fn feed_step(&mut self, envelope: &Envelope, bytes: &[u8]) -> Result<bool, WireError> {
        match self.stage {
            Stage::Complete => return Ok(true),
            Stage::Failed(error) => return Err(error),
            // The message has come; what follows it is ignored.
            Stage::Unpacking(..) => {}
            _ => self.bytes.extend_from_slice(bytes),
        }
        let progress = self.advance(envelope);
        if let Err(error) = progress {
            (self.stage, self.bytes) = (Stage::Failed(error), Vec::new());
        }
        progress
    }

    /// Returns true if the message has come and is not unpacked yet.
    #[must_use]
    pub const fn is_unpacking(&self) -> bool {
        matches!(self.stage, Stage::Unpacking(..))
    }

    /// How many bytes the message was unpacked to so far.
    #[must_use]
    pub const fn unpacked(&self) -> usize {
        match &self.stage {
            Stage::Unpacking(_, _, unpacked) => unpacked.len(),
            _ => 0,
        }
    }

    /// How many bytes of memory the decoder takes, or is about to take to decrypt what has come.
    #[must_use]
    pub const fn held(&self) -> usize {
        match &self.stage {
            Stage::Encrypted => 2 * self.bytes.capacity(),
            Stage::Unpacking(_, _, unpacked) => self.bytes.capacity() + unpacked.capacity(),
            _ => self.bytes.capacity(),
        }
    }

    /// The message, once it is complete, for
    /// [`StreamMessage::decode`](super::StreamMessage::decode).
    #[must_use]
    pub fn message(&self) -> Option<&[u8]> {
        matches!(self.stage, Stage::Complete).then_some(&self.bytes)
    }

    /// As [`message`](Self::message), to keep.
    #[must_use]
    pub fn into_message(self) -> Option<Vec<u8>> {
        matches!(self.stage, Stage::Complete).then_some(self.bytes)
    }

    /// Returns true if one of the keys opened the message: one that came as it is proves nothing of
    /// its sender.
    #[must_use]
    pub const fn was_sealed(&self) -> bool {
        self.sealed
    }

    /// Our side of the stream.
    #[must_use]
    pub const fn side(&self) -> Side {
        self.side
    }

    fn advance(&mut self, envelope: &Envelope) -> Result<bool, WireError> {
        loop {
            match &mut self.stage {
                Stage::Label => match envelope.label.strip(&self.bytes) {
                    Ok(rest) => {
                        let label = self.bytes.len() - rest.len();
                        self.bytes.drain(..label);
                        self.stage = Stage::Kind;
                    }
                    Err(WireError::Truncated) => return Ok(false),
                    Err(error) => return Err(error),
                },
                Stage::Kind => match self.bytes.first() {
                    None => return Ok(false),
                    Some(&kind::ENCRYPT) => self.stage = Stage::Encrypted,
                    Some(_) if envelope.takes_plain_streams() => {
                        self.stage = Stage::Plain(Scan::new(self.max, self.max));
                    }
                    Some(_) => return Err(WireError::BadSeal),
                },
                Stage::Encrypted => return self.decrypt(envelope),
                Stage::Plain(scan) => match scan.end(&self.bytes)? {
                    Some(end) => {
                        self.bytes.truncate(end);
                        return self.complete();
                    }
                    None if self.bytes.len() > self.max => return Err(WireError::TooLarge),
                    None => return Ok(false),
                },
                Stage::Unpacking(..) => return self.unpack_step(),
                Stage::Complete => return Ok(true),
                Stage::Failed(error) => return Err(*error),
            }
        }
    }

    fn decrypt(&mut self, envelope: &Envelope) -> Result<bool, WireError> {
        let Some((header, sealed)) = self.bytes.split_first_chunk::<STREAM_HEADER>() else {
            return Ok(false);
        };
        let [_, a, b, c, d] = *header;
        let len = u32::from_be_bytes([a, b, c, d]) as usize;
        if len > self.max.saturating_add(SealVersion::Padded.overhead()) {
            return Err(WireError::TooLarge);
        }
        let Some(sealed) = sealed.get(..len) else { return Ok(false) };
        let mut message = Vec::new();
        envelope.open_stream(*header, sealed, &mut message)?;
        self.sealed = true;
        self.bytes = message;
        self.cut_off(self.max)?;
        self.complete()
    }

    /// Begins to take off the compression of a whole message, if there is one.
    fn complete(&mut self) -> Result<bool, WireError> {
        if let [kind::COMPRESS, body @ ..] = &self.bytes[..] {
            let Range { start, end } = lzw::compressed_range(body)?;
            let range = 1 + start..1 + end;
            let unpacking = Box::new(Unpacking::begin(&self.bytes[range.clone()])?);
            self.stage = Stage::Unpacking(unpacking, range, Vec::new());
            return Ok(false);
        }
        self.stage = Stage::Complete;
        Ok(true)
    }

    fn unpack_step(&mut self) -> Result<bool, WireError> {
        let limit = self.max.saturating_mul(Self::UNPACKED);
        let Stage::Unpacking(unpacking, range, unpacked) = &mut self.stage else {
            return Ok(false);
        };
        if !unpacking.advance(&self.bytes[range.clone()], limit, Self::STEP, unpacked)? {
            return Ok(false);
        }
        self.bytes = core::mem::take(unpacked);
        if self.bytes.first() == Some(&kind::COMPRESS) {
            return Err(WireError::WrongPlace);
        }
        self.cut_off(limit)?;
        self.stage = Stage::Complete;
        Ok(true)
    }

    /// Cuts off what follows the message, of which no more will come.
    fn cut_off(&mut self, max: usize) -> Result<(), WireError> {
        let end = Scan::new(max, self.max).end(&self.bytes)?.ok_or(WireError::Truncated)?;
        self.bytes.truncate(end);
        Ok(())
    }
}
