//! Where a stream's message ends: nothing before it says how long it is, and the sender does not
//! close the stream.
//!
//! The scan goes over each byte once, however few come at a time: it counts the values that are
//! still open and knows where it stopped.

use super::push_pull::Header;
use super::{kind, stream_message};
use crate::wire::error::WireError;
use crate::wire::reader::Reader;

#[derive(Clone, Copy, Debug)]
enum Stage {
    /// The first byte.
    Kind,
    /// The one value of a message without more, or of the layer of compression.
    Only,
    /// The first value of a push/pull or of a user's message, which counts what follows.
    Header,
    /// The rows of a push/pull.
    Rows,
    /// Plain bytes, to the end.
    Bytes,
}

/// How far a message was looked at.
#[derive(Clone, Debug)]
pub(super) struct Scan {
    stage: Stage,
    at: usize,
    /// How many values are still open.
    pending: u64,
    /// How many plain bytes follow the values.
    bytes: usize,
    /// How long a message may be.
    max: usize,
    /// How many of its bytes may be the application's.
    max_bytes: usize,
}

impl Scan {
    pub(super) const fn new(max: usize, max_bytes: usize) -> Self {
        Self { stage: Stage::Kind, at: 0, pending: 0, bytes: 0, max, max_bytes }
    }

    /// Where the message ends of which `message` is the beginning; `None` if it goes on. `message`
    /// must begin with what it began with when this was asked before.
    pub(super) fn end(&mut self, message: &[u8]) -> Result<Option<usize>, WireError> {
        loop {
            if !self.values(message)? {
                return Ok(None);
            }
            self.stage = match self.stage {
                Stage::Kind => {
                    let Some(&kind) = message.first() else { return Ok(None) };
                    (self.at, self.pending) = (1, 1);
                    match kind {
                        kind::PING | kind::ACK | kind::ERROR | kind::COMPRESS => Stage::Only,
                        kind::PUSH_PULL | kind::USER => Stage::Header,
                        kind::ENCRYPT..=kind::CHECKSUM | kind::INDIRECT_PING..=kind::COMPOUND => {
                            return Err(WireError::WrongPlace);
                        }
                        _ => return Err(WireError::UnknownKind),
                    }
                }
                Stage::Header => {
                    let reader = &mut Reader::new(&message[1..self.at]);
                    let (rows, bytes) = if message[0] == kind::PUSH_PULL {
                        let header = Header::read(reader)?;
                        (header.nodes, header.user_state_len)
                    } else {
                        (0, stream_message::read_user_len(reader)?)
                    };
                    (self.pending, self.bytes) = (u64::from(rows), bytes as usize);
                    self.check()?;
                    Stage::Rows
                }
                Stage::Only | Stage::Rows => Stage::Bytes,
                Stage::Bytes => {
                    let end = self.at + self.bytes;
                    return Ok((message.len() >= end).then_some(end));
                }
            };
        }
    }

    /// Goes over the values that are open. Returns whether all of them are there.
    fn values(&mut self, message: &[u8]) -> Result<bool, WireError> {
        while self.pending > 0 {
            let rest = &message[self.at..];
            let mut reader = Reader::new(rest);
            match reader.skip_one() {
                Ok(announced) => {
                    self.at += rest.len() - reader.rest().len();
                    self.pending = self.pending - 1 + announced;
                    self.check()?;
                }
                Err(WireError::Truncated) => return Ok(false),
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }

    /// Each value that is open has a byte at least, so some messages are known to be too long
    /// before they are there.
    fn check(&self) -> Result<(), WireError> {
        let room = self.max.checked_sub(self.at).ok_or(WireError::TooLarge)?;
        if self.bytes > room.min(self.max_bytes) {
            return Err(WireError::TooLarge);
        }
        if self.pending > room as u64 { Err(WireError::AbsurdCount) } else { Ok(()) }
    }
}
