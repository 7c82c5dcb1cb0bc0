//! [`StreamMessage`]: what each side of a stream says, once. Read first: docs/MEMBERLIST.md,
//! "Streams".

use alloc::vec::Vec;

use super::message::{Message, Source};
use super::push_pull::PushPull;
use super::{field, kind, message, structure};
use crate::ground::id::SequenceNumber;
use crate::wire::error::WireError;
use crate::wire::reader::Reader;

const USER_HEADER: [&str; 1] = ["UserMsgLen"];
const ERROR: [&str; 1] = ["Error"];

/// One side's message on a stream, borrowing from its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamMessage<'a> {
    /// Is `target` there? Answered with an [`Ack`](Self::Ack).
    Ping {
        /// What the ack is to repeat.
        sequence: SequenceNumber,
        /// The target; empty: any node there.
        target: &'a str,
        /// Who asks.
        source: Source<'a>,
    },
    /// The answer to a ping.
    Ack {
        /// The ping's.
        sequence: SequenceNumber,
        /// The application's bytes; memberlist sends none.
        payload: &'a [u8],
    },
    /// A table, answered with another.
    PushPull(PushPull<'a>),
    /// An application's message, which is not answered.
    User {
        /// The application's bytes.
        payload: &'a [u8],
    },
    /// The answer to what could not be understood.
    Error {
        /// Why, in words.
        reason: &'a str,
    },
}

/// The length of a user's message, which follows its header.
pub(super) fn read_user_len(reader: &mut Reader<'_>) -> Result<u32, WireError> {
    let mut len = 0;
    structure::read(reader, &USER_HEADER, |_, reader| {
        len = field::read_u32(reader)?;
        Ok(())
    })?;
    Ok(len)
}

impl<'a> StreamMessage<'a> {
    /// Reads a whole message, as a [`StreamDecoder`](super::StreamDecoder) gives it: the kind and
    /// all that belongs to it. What follows is ignored.
    ///
    /// # Errors
    /// The first [`WireError`] found. Layers and messages of packets are [`WireError::WrongPlace`].
    pub fn decode(bytes: &'a [u8]) -> Result<Self, WireError> {
        let (&kind, body) = bytes.split_first().ok_or(WireError::Truncated)?;
        let reader = &mut Reader::new(body);
        match kind {
            kind::PING | kind::ACK => match Message::decode(bytes)? {
                Message::Ping { sequence, target, source } => {
                    Ok(Self::Ping { sequence, target, source })
                }
                Message::Ack { sequence, payload } => Ok(Self::Ack { sequence, payload }),
                _ => Err(WireError::WrongPlace),
            },
            kind::PUSH_PULL => PushPull::decode(reader).map(Self::PushPull),
            kind::USER => {
                let len = read_user_len(reader)? as usize;
                let (payload, _) =
                    reader.rest().split_at_checked(len).ok_or(WireError::Truncated)?;
                Ok(Self::User { payload })
            }
            kind::ERROR => {
                let mut reason = &[][..];
                structure::read(reader, &ERROR, |_, reader| {
                    reason = reader.raw()?;
                    Ok(())
                })?;
                Ok(Self::Error {
                    reason: core::str::from_utf8(reason).map_err(|_| WireError::WrongType)?,
                })
            }
            kind::INDIRECT_PING
            | kind::SUSPECT
            | kind::ALIVE
            | kind::DEAD
            | kind::COMPOUND
            | kind::COMPRESS
            | kind::ENCRYPT
            | kind::NACK
            | kind::CHECKSUM => Err(WireError::WrongPlace),
            _ => Err(WireError::UnknownKind),
        }
    }

    /// Appends the message to `out`. A table is better written with a
    /// [`PushPullWriter`](super::PushPullWriter).
    pub fn encode(&self, out: &mut Vec<u8>) {
        match *self {
            Self::Ping { sequence, target, source } => {
                Message::Ping { sequence, target, source }.encode(out);
            }
            Self::Ack { sequence, payload } => Message::Ack { sequence, payload }.encode(out),
            Self::PushPull(push_pull) => push_pull.encode(out),
            Self::User { payload } => {
                message::begin(out, kind::USER, 1);
                field::write_uint(out, "UserMsgLen", payload.len() as u64);
                out.extend_from_slice(payload);
            }
            Self::Error { reason } => {
                message::begin(out, kind::ERROR, 1);
                field::write_name(out, "Error", reason);
            }
        }
    }
}
