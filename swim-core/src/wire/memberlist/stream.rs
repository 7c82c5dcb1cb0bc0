//! [`StreamDecoder`]: reads what one side of a stream says, in whatever pieces it comes.

use alloc::vec::Vec;

use super::envelope::{Envelope, STREAM_HEADER, Side};
use super::scan::Scan;
use super::seal::SealVersion;
use super::{kind, lzw};
use crate::wire::error::WireError;
use crate::wire::reader::Reader;

/// Reads one message off a stream: label, encryption and compression are taken off.
///
/// Memory grows with what has come, never with what is announced.
#[derive(Debug)]
pub struct StreamDecoder {
    /// Our side: the label is the dialer's to write.
    side: Side,
    max: usize,
    stage: Stage,
    /// What has come, from the layer on that is not yet off; in the end, the message.
    bytes: Vec<u8>,
}

#[derive(Debug)]
enum Stage {
    Label,
    /// The first byte tells whether the message is encrypted.
    Kind,
    Encrypted,
    Plain(Scan),
    Complete,
    /// The stream is of no more use.
    Failed(WireError),
}

impl StreamDecoder {
    /// A decoder for what the other side says to this `side`. A message, and whatever it unpacks to, may have `max`
    /// bytes.
    #[must_use]
    pub const fn new(side: Side, max: usize) -> Self {
        let stage = match side {
            Side::Acceptor => Stage::Label,
            Side::Dialer => Stage::Kind,
        };
        Self { side, max, stage, bytes: Vec::new() }
    }

    /// Takes the next bytes that came. Returns whether the message is complete; what comes after it is ignored.
    ///
    /// # Errors
    /// What is wrong with the stream; it stays wrong. [`WireError::WrongCluster`] is another label's: close it without
    /// a word. [`WireError::BadSeal`] deserves an [`Error`](super::StreamMessage::Error).
    pub fn feed(&mut self, envelope: &Envelope, bytes: &[u8]) -> Result<bool, WireError> {
        match self.stage {
            Stage::Complete => return Ok(true),
            Stage::Failed(error) => return Err(error),
            _ => self.bytes.extend_from_slice(bytes),
        }
        let progress = self.advance(envelope);
        if let Err(error) = progress {
            (self.stage, self.bytes) = (Stage::Failed(error), Vec::new());
        }
        progress
    }

    /// The message, once it is complete, for [`StreamMessage::decode`](super::StreamMessage::decode).
    #[must_use]
    pub fn message(&self) -> Option<&[u8]> {
        matches!(self.stage, Stage::Complete).then_some(&self.bytes)
    }

    /// As [`message`](Self::message), to keep.
    #[must_use]
    pub fn into_message(self) -> Option<Vec<u8>> {
        matches!(self.stage, Stage::Complete).then_some(self.bytes)
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
                    Some(_) if envelope.takes_plain_streams() => self.stage = Stage::Plain(Scan::new(self.max)),
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
                Stage::Complete => return Ok(true),
                Stage::Failed(error) => return Err(*error),
            }
        }
    }

    fn decrypt(&mut self, envelope: &Envelope) -> Result<bool, WireError> {
        let Some((header, sealed)) = self.bytes.split_first_chunk::<STREAM_HEADER>() else { return Ok(false) };
        let [_, a, b, c, d] = *header;
        let len = u32::from_be_bytes([a, b, c, d]) as usize;
        if len > self.max.saturating_add(SealVersion::Padded.overhead()) {
            return Err(WireError::TooLarge);
        }
        let Some(sealed) = sealed.get(..len) else { return Ok(false) };
        let mut message = Vec::new();
        envelope.open_stream(*header, sealed, &mut message)?;
        self.bytes = message;
        self.whole()?;
        self.complete()
    }

    /// Takes off the compression of a whole message, if there is one.
    fn complete(&mut self) -> Result<bool, WireError> {
        if let [kind::COMPRESS, body @ ..] = &self.bytes[..] {
            let mut message = Vec::new();
            lzw::decompress(&mut Reader::new(body), self.max, &mut message)?;
            self.bytes = message;
            if self.bytes.first() == Some(&kind::COMPRESS) {
                return Err(WireError::WrongPlace);
            }
            self.whole()?;
        }
        self.stage = Stage::Complete;
        Ok(true)
    }

    /// Cuts off what follows the message, of which no more will come.
    fn whole(&mut self) -> Result<(), WireError> {
        let end = Scan::new(self.max).end(&self.bytes)?.ok_or(WireError::Truncated)?;
        self.bytes.truncate(end);
        Ok(())
    }
}
