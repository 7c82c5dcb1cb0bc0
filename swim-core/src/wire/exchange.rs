//! [`ExchangeMessage`]: the requests and replies of exchanges, one for each. It knows nothing of
//! what they do. Read first: docs/WIRE.md, "Messages of exchanges".

use alloc::vec::Vec;
use core::fmt;

use super::entry::{Entries, EntriesWriter};
use super::error::WireError;
use super::kind::{
    self, BUCKETS, BUCKETS_REPLY, DIGEST, DIGEST_REPLY, JOIN, JOIN_REPLY, KEY_REPLY, KEY_REQUEST,
    REFUSAL, RELIABLE_ACK, RELIABLE_PING,
};
use super::packet::{self, HEADER_LEN, begin_packet};
use super::reader::Reader;
use super::{field, writer};
use crate::ground::id::SequenceNumber;
use crate::ground::metrics::MessageKind;

/// The request or the reply of an exchange, borrowing from its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExchangeMessage<'a> {
    /// A newcomer's whole table. To be streamed with [`begin_join`].
    Join {
        /// Who asks.
        source: &'a str,
        /// Its table.
        entries: Entries<'a>,
    },
    /// The answer: the whole table of the member that was asked. To be streamed with
    /// [`begin_join_reply`].
    JoinReply {
        /// Who answers.
        source: &'a str,
        /// Its table.
        entries: Entries<'a>,
    },
    /// The digest of the sender's table.
    Digest {
        /// Who asks.
        source: &'a str,
        /// The digest.
        digest: u64,
    },
    /// The answer: nothing if the tables are equal, else the digest of each bucket.
    DigestReply {
        /// Who answers.
        source: &'a str,
        /// Its buckets' digests; `None` if the tables are equal.
        buckets: Option<Buckets<'a>>,
    },
    /// The sender's entries of the buckets that differ. To be streamed with [`begin_buckets`].
    Buckets {
        /// Who asks.
        source: &'a str,
        /// Which buckets: bit `i`, counted from the lowest, is bucket `i`.
        mask: u64,
        /// The sender's entries in them.
        entries: Entries<'a>,
    },
    /// The answer: the other side's entries of the same buckets. To be streamed with
    /// [`begin_buckets_reply`].
    BucketsReply {
        /// Who answers.
        source: &'a str,
        /// Its entries in the buckets asked for.
        entries: Entries<'a>,
    },
    /// A ping over a reliable stream, tried besides the indirect ones.
    ReliablePing {
        /// What the ack is to repeat.
        sequence: SequenceNumber,
        /// Who is meant.
        target: &'a str,
        /// Who asks.
        source: &'a str,
    },
    /// Its answer.
    ReliableAck {
        /// The ping's.
        sequence: SequenceNumber,
        /// Who answers.
        source: &'a str,
    },
    /// Something about one member's keys, of member to member: never through others, never in
    /// plain.
    KeyRequest {
        /// Who asks.
        source: &'a str,
        /// Who is meant.
        target: &'a str,
        /// What is asked: `sealed::change` reads it, this module does not.
        body: &'a [u8],
    },
    /// Its answer.
    KeyReply {
        /// Who answers.
        source: &'a str,
        /// What is answered.
        body: &'a [u8],
    },
    /// The request was understood well enough to be refused.
    Refusal {
        /// Why.
        reason: Refusal,
    },
}

/// Why a request is refused.
///
/// A reply carries its sender's header, so [`OtherCluster`](Refusal::OtherCluster) and
/// [`OtherVersion`](Refusal::OtherVersion) reach the one who asked as [`WireError::WrongCluster`]
/// and [`WireError::WrongVersion`] of the reply as a whole; the header's word comes first. The
/// reasons are there for readers of the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Refusal {
    /// The request's header has another cluster's hash.
    OtherCluster = 0,
    /// The request's header has another version.
    OtherVersion = 1,
    /// The member is leaving or has left.
    Left = 2,
    /// The request makes no sense, or is of a kind that the member does not know. Unknown reasons
    /// are read as this.
    Malformed = 3,
    /// The request is for another name than the member's.
    WrongTarget = 4,
}

impl Refusal {
    const fn from_number(number: u64) -> Self {
        match number {
            0 => Self::OtherCluster,
            1 => Self::OtherVersion,
            2 => Self::Left,
            4 => Self::WrongTarget,
            _ => Self::Malformed,
        }
    }
}

/// The digests of the 64 buckets of a table, as they stand in a reply: 8 bytes each, big-endian.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Buckets<'a>(&'a [u8; BUCKETS_LEN]);

const BUCKETS_LEN: usize = 8 * Buckets::COUNT;

impl<'a> Buckets<'a> {
    /// How many buckets a table has.
    pub const COUNT: usize = 64;

    /// The digests in `bytes`, which [`Buckets::to_bytes`] made.
    #[must_use]
    pub const fn new(bytes: &'a [u8; BUCKETS_LEN]) -> Self {
        Self(bytes)
    }

    /// `digests` as they are sent.
    #[must_use]
    pub fn to_bytes(digests: &[u64; Buckets::COUNT]) -> [u8; BUCKETS_LEN] {
        let mut bytes = [0; BUCKETS_LEN];
        for (chunk, digest) in bytes.chunks_exact_mut(8).zip(digests) {
            chunk.copy_from_slice(&digest.to_be_bytes());
        }
        bytes
    }

    /// The digests, bucket 0 first.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = u64> + use<'a> {
        let (digests, _) = self.0.as_chunks::<8>();
        digests.iter().map(|digest| u64::from_be_bytes(*digest))
    }
}

impl fmt::Debug for Buckets<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

/// How many elements the array of a kind has, the kind itself among them.
const fn elements(kind: u64) -> u32 {
    match kind {
        BUCKETS | RELIABLE_PING | KEY_REQUEST => 4,
        REFUSAL => 2,
        _ => 3,
    }
}

impl<'a> ExchangeMessage<'a> {
    /// The message's kind, for counting.
    #[must_use]
    pub const fn kind(&self) -> MessageKind {
        match self {
            Self::Join { .. } => MessageKind::Join,
            Self::JoinReply { .. } => MessageKind::JoinReply,
            Self::Digest { .. } => MessageKind::Digest,
            Self::DigestReply { .. } => MessageKind::DigestReply,
            Self::Buckets { .. } => MessageKind::Buckets,
            Self::BucketsReply { .. } => MessageKind::BucketsReply,
            Self::ReliablePing { .. } => MessageKind::ReliablePing,
            Self::ReliableAck { .. } => MessageKind::ReliableAck,
            Self::Refusal { .. } => MessageKind::Refusal,
            Self::KeyRequest { .. } => MessageKind::KeyRequest,
            Self::KeyReply { .. } => MessageKind::KeyReply,
        }
    }

    /// Clears `out` and writes the header and the message. Bounds are the caller's, as with
    /// [`Message::encode`](super::Message::encode).
    pub fn encode(&self, cluster: u32, out: &mut Vec<u8>) {
        match *self {
            Self::Join { source, entries } => {
                begin(cluster, JOIN, Some(source), out);
                entries.encode(out);
            }
            Self::JoinReply { source, entries } => {
                begin(cluster, JOIN_REPLY, Some(source), out);
                entries.encode(out);
            }
            Self::Digest { source, digest } => {
                begin(cluster, DIGEST, Some(source), out);
                writer::uint(out, digest);
            }
            Self::DigestReply { source, buckets } => {
                begin(cluster, DIGEST_REPLY, Some(source), out);
                match buckets {
                    None => writer::nil(out),
                    Some(Buckets(bytes)) => writer::bin(out, bytes),
                }
            }
            Self::Buckets { source, mask, entries } => {
                begin(cluster, BUCKETS, Some(source), out);
                writer::uint(out, mask);
                entries.encode(out);
            }
            Self::BucketsReply { source, entries } => {
                begin(cluster, BUCKETS_REPLY, Some(source), out);
                entries.encode(out);
            }
            Self::ReliablePing { sequence, target, source } => {
                begin(cluster, RELIABLE_PING, None, out);
                field::write_sequence(out, sequence);
                writer::str(out, target);
                writer::str(out, source);
            }
            Self::ReliableAck { sequence, source } => {
                begin(cluster, RELIABLE_ACK, None, out);
                field::write_sequence(out, sequence);
                writer::str(out, source);
            }
            Self::Refusal { reason } => {
                begin(cluster, REFUSAL, None, out);
                writer::uint(out, reason as u64);
            }
            Self::KeyRequest { source, target, body } => {
                begin(cluster, KEY_REQUEST, Some(source), out);
                writer::str(out, target);
                writer::bin(out, body);
            }
            Self::KeyReply { source, body } => {
                begin(cluster, KEY_REPLY, Some(source), out);
                writer::bin(out, body);
            }
        }
    }

    /// Reads and checks a whole request or reply; nothing is allocated.
    ///
    /// # Errors
    /// The first [`WireError`] found, from the header on. The header of a [`Refusal`] is its
    /// sender's own, so a refusal by another cluster is [`WireError::WrongCluster`].
    pub fn decode(bytes: &'a [u8], cluster: u32) -> Result<Self, WireError> {
        let reader = &mut Reader::new(packet::open(bytes, cluster)?);
        let len = reader.array()?;
        if len == 0 {
            return Err(WireError::MissingField);
        }
        let kind = reader.uint()?;
        if !kind::EXCHANGES.contains(&kind) {
            let is_of_packets = kind < kind::PACKETS;
            return Err(if is_of_packets {
                WireError::WrongPlace
            } else {
                reader.unknown(len - 1)
            });
        }
        let known = elements(kind);
        if len < known {
            return Err(WireError::MissingField);
        }
        let message = Self::decode_fields(reader, kind)?;
        reader.skip(len - known)?;
        Ok(message)
    }

    fn decode_fields(reader: &mut Reader<'a>, kind: u64) -> Result<Self, WireError> {
        Ok(match kind {
            JOIN => {
                Self::Join { source: field::read_name(reader)?, entries: Entries::decode(reader)? }
            }
            JOIN_REPLY => Self::JoinReply {
                source: field::read_name(reader)?,
                entries: Entries::decode(reader)?,
            },
            DIGEST => Self::Digest { source: field::read_name(reader)?, digest: reader.uint()? },
            DIGEST_REPLY => {
                let source = field::read_name(reader)?;
                let buckets = if reader.nil() { None } else { Some(decode_buckets(reader)?) };
                Self::DigestReply { source, buckets }
            }
            BUCKETS => Self::Buckets {
                source: field::read_name(reader)?,
                mask: reader.uint()?,
                entries: Entries::decode(reader)?,
            },
            BUCKETS_REPLY => Self::BucketsReply {
                source: field::read_name(reader)?,
                entries: Entries::decode(reader)?,
            },
            RELIABLE_PING => Self::ReliablePing {
                sequence: field::read_sequence(reader)?,
                target: field::read_name(reader)?,
                source: field::read_name(reader)?,
            },
            RELIABLE_ACK => Self::ReliableAck {
                sequence: field::read_sequence(reader)?,
                source: field::read_name(reader)?,
            },
            REFUSAL => Self::Refusal { reason: Refusal::from_number(reader.uint()?) },
            KEY_REQUEST => Self::KeyRequest {
                source: field::read_name(reader)?,
                target: field::read_name(reader)?,
                body: reader.bin()?,
            },
            KEY_REPLY => Self::KeyReply { source: field::read_name(reader)?, body: reader.bin()? },
            _ => return Err(WireError::UnknownKind),
        })
    }
}

fn decode_buckets<'a>(reader: &mut Reader<'a>) -> Result<Buckets<'a>, WireError> {
    reader.bin()?.try_into().map(Buckets).map_err(|_| WireError::OutOfRange)
}

/// Clears `out` and begins a [`ExchangeMessage::Join`]; the table's entries are pushed next, up to
/// `max_size` bytes in all.
pub fn begin_join<'a>(
    cluster: u32,
    source: &str,
    max_size: usize,
    out: &'a mut Vec<u8>,
) -> EntriesWriter<'a> {
    begin(cluster, JOIN, Some(source), out);
    EntriesWriter::begin(out, max_size)
}

/// As [`begin_join`], for a [`ExchangeMessage::JoinReply`].
pub fn begin_join_reply<'a>(
    cluster: u32,
    source: &str,
    max_size: usize,
    out: &'a mut Vec<u8>,
) -> EntriesWriter<'a> {
    begin(cluster, JOIN_REPLY, Some(source), out);
    EntriesWriter::begin(out, max_size)
}

/// As [`begin_join`], for an [`ExchangeMessage::Buckets`].
pub fn begin_buckets<'a>(
    cluster: u32,
    source: &str,
    mask: u64,
    max_size: usize,
    out: &'a mut Vec<u8>,
) -> EntriesWriter<'a> {
    begin(cluster, BUCKETS, Some(source), out);
    writer::uint(out, mask);
    EntriesWriter::begin(out, max_size)
}

/// As [`begin_join`], for an [`ExchangeMessage::BucketsReply`].
pub fn begin_buckets_reply<'a>(
    cluster: u32,
    source: &str,
    max_size: usize,
    out: &'a mut Vec<u8>,
) -> EntriesWriter<'a> {
    begin(cluster, BUCKETS_REPLY, Some(source), out);
    EntriesWriter::begin(out, max_size)
}

/// Appends the layer's state, opaque here, to a join or its reply, unless
/// it is empty. The array gets one element more, which those who do not know it skip.
pub fn add_state(exchange: &mut Vec<u8>, state: &[u8]) {
    if !state.is_empty() {
        debug_assert_eq!(exchange[HEADER_LEN], 0x93, "a join, or its reply, without a state");
        exchange[HEADER_LEN] = 0x94;
        writer::bin(exchange, state);
    }
}

/// How many bytes [`add_state`] appends at most, besides the state's.
pub const STATE_OVERHEAD: usize = 5;

/// The layer's state in the bytes of a join or its reply, which [`ExchangeMessage::decode`] has
/// read.
///
/// # Errors
/// [`WireError`] if it is damaged.
pub fn state_in(bytes: &[u8]) -> Result<Option<&[u8]>, WireError> {
    let reader = &mut Reader::new(bytes.get(HEADER_LEN..).ok_or(WireError::Truncated)?);
    let len = reader.array()?;
    if len < 4 || !matches!(reader.uint()?, JOIN | JOIN_REPLY) {
        return Ok(None);
    }
    reader.skip(2)?;
    if reader.nil() { Ok(None) } else { reader.bin().map(Some) }
}

/// Clears `out`; writes the header, the array's header, the kind and, where it comes first, the
/// source.
fn begin(cluster: u32, kind: u64, source: Option<&str>, out: &mut Vec<u8>) {
    begin_packet(cluster, out);
    writer::array(out, elements(kind) as usize);
    writer::uint(out, kind);
    if let Some(source) = source {
        writer::str(out, source);
    }
}
