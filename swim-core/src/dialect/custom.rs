//! A wire of the program's own: messages as a [`Codec`] has them, in packets and in streams.
//!
//! A stream's first byte says what it is, and messages follow: a ping, an ack, a table with the
//! application's state before it, or bytes of the application. What a codec reads is checked here,
//! as the other wires check it when they read.

use alloc::sync::Arc;
use alloc::vec::Vec;

use super::{Codec, Message, Queued, Row, StreamMessage};
use crate::gossip::dissemination::Room;
use crate::ground::config::Config;
use crate::ground::id::{Incarnation, NodeId};
use crate::ground::member::{Claim, Status, is_reachable, normal_address};
use crate::ground::metrics::MessageKind;
use crate::wire::{Versions, WireError};

const PING: u8 = 0;
const ACK: u8 = 1;
const ERROR: u8 = 2;
const TABLE: u8 = 3;
const TABLE_OF_JOIN: u8 = 4;
const USER: u8 = 5;

/// What only a node on such a wire has.
#[derive(Clone, Debug)]
pub(crate) struct Custom(pub(super) Arc<dyn Codec>);

/// How a message is counted.
const fn kind(message: &Message<'_>) -> MessageKind {
    match message {
        Message::Ping { .. } => MessageKind::Ping,
        Message::PingReq { .. } => MessageKind::PingReq,
        Message::Ack { .. } => MessageKind::Ack,
        Message::Nack { .. } => MessageKind::Nack,
        Message::Alive(_) => MessageKind::Alive,
        Message::Suspect { .. } => MessageKind::Suspect,
        Message::Dead { .. } | Message::Left { .. } => MessageKind::Dead,
        Message::Direct { .. } => MessageKind::Broadcast,
    }
}

fn check_name(name: &str) -> Result<(), WireError> {
    if name.is_empty() || name.len() > NodeId::MAX_LEN { Err(WireError::BadName) } else { Ok(()) }
}

fn check_claim(name: &str, incarnation: Incarnation) -> Result<(), WireError> {
    check_name(name)?;
    if incarnation > Incarnation::MAX { Err(WireError::BadIncarnation) } else { Ok(()) }
}

/// What every message must hold that is believed. Names that may be left out may be empty.
fn check(message: &mut Message<'_>) -> Result<(), WireError> {
    let is_name = |name: &str| if name.is_empty() { Ok(()) } else { check_name(name) };
    match message {
        Message::Ping { target, source, .. } => is_name(target).and(is_name(source.id)),
        Message::PingReq { target, address, source, .. } => {
            *address = normal_address(*address);
            if !is_reachable(address) {
                return Err(WireError::BadAddress);
            }
            check_name(target).and(is_name(source.id))
        }
        Message::Ack { source, .. }
        | Message::Nack { source, .. }
        | Message::Direct { source, .. } => is_name(source),
        Message::Alive(row) => {
            row.address = normal_address(row.address);
            if !is_reachable(&row.address) {
                return Err(WireError::BadAddress);
            }
            if row.claim.status != Status::Alive {
                return Err(WireError::OutOfRange);
            }
            check_claim(row.id, row.claim.incarnation)
        }
        Message::Suspect { id, incarnation, from } | Message::Dead { id, incarnation, from } => {
            check_claim(id, *incarnation).and(check_name(from))
        }
        Message::Left { id, incarnation } => check_claim(id, *incarnation),
    }
}

impl Custom {
    /// Takes one message off some bytes, checked.
    fn read<'a>(&self, rest: &mut &'a [u8]) -> Result<Message<'a>, WireError> {
        let before = rest.len();
        let mut message = self.0.decode(rest)?;
        if rest.len() >= before {
            return Err(WireError::Truncated); // A codec that takes nothing off never ends.
        }
        check(&mut message)?;
        Ok(message)
    }

    /// Shows `visit` each message of a packet, with how it is counted; an error is the last.
    pub(super) fn unpack(
        &self,
        mut packet: &[u8],
        mut visit: impl FnMut(Result<(MessageKind, Message<'_>), WireError>),
    ) {
        while !packet.is_empty() {
            let message = self.read(&mut packet);
            let is_over = message.is_err();
            visit(message.map(|message| (kind(&message), message)));
            if is_over {
                return;
            }
        }
    }

    pub(super) fn decode_stream<'p>(
        &self,
        payload: &'p [u8],
    ) -> Result<StreamMessage<'p>, WireError> {
        let (&tag, mut rest) = payload.split_first().ok_or(WireError::Truncated)?;
        match tag {
            PING => match self.read(&mut rest)? {
                Message::Ping { sequence, target, source } => {
                    Ok(StreamMessage::Ping { sequence, target, source })
                }
                _ => Err(WireError::WrongPlace),
            },
            ACK => match self.read(&mut rest)? {
                Message::Ack { sequence, .. } => Ok(StreamMessage::Ack { sequence }),
                _ => Err(WireError::WrongPlace),
            },
            ERROR => {
                let reason = core::str::from_utf8(rest).map_err(|_| WireError::WrongType)?;
                Ok(StreamMessage::Error { reason })
            }
            TABLE | TABLE_OF_JOIN => {
                let (len, rest) = rest.split_first_chunk().ok_or(WireError::Truncated)?;
                let len = u32::from_be_bytes(*len) as usize;
                let (state, rows) = rest.split_at_checked(len).ok_or(WireError::Truncated)?;
                let is_join = tag == TABLE_OF_JOIN;
                let table = Table { codec: self.clone(), is_join, state, rows };
                Ok(StreamMessage::Table(super::Table::Custom(table)))
            }
            USER => Ok(StreamMessage::User { payload: rest }),
            _ => Err(WireError::UnknownKind),
        }
    }

    pub(super) fn encode_stream(&self, message: &StreamMessage<'_>) -> Vec<u8> {
        let mut out = Vec::new();
        match *message {
            StreamMessage::Ping { sequence, target, source } => {
                out.push(PING);
                self.0.encode(&Message::Ping { sequence, target, source }, &mut out);
            }
            StreamMessage::Ack { sequence } => {
                out.push(ACK);
                self.0.encode(&Message::Ack { sequence, source: "", payload: &[] }, &mut out);
            }
            StreamMessage::Error { reason } => {
                out.push(ERROR);
                out.extend_from_slice(reason.as_bytes());
            }
            StreamMessage::Table(_) => unreachable!("tables are written row by row"),
            StreamMessage::User { payload } => {
                out.push(USER);
                out.extend_from_slice(payload);
            }
        }
        out
    }

    /// Writes a table, in `max` bytes at most. Returns the bytes and how many rows they hold.
    pub(super) fn write_table<'r>(
        &self,
        is_join: bool,
        state: &[u8],
        max: usize,
        rows: impl Iterator<Item = Row<'r>>,
    ) -> (Vec<u8>, u64) {
        let mut out = alloc::vec![if is_join { TABLE_OF_JOIN } else { TABLE }];
        let len = u32::try_from(state.len()).unwrap_or(0);
        out.extend_from_slice(&len.to_be_bytes());
        out.extend_from_slice(&state[..len as usize]);
        let mut written = 0;
        for row in rows {
            let before = out.len();
            self.0.encode(&said(&row), &mut out);
            if out.len() > max {
                out.truncate(before);
                break;
            }
            written += 1;
        }
        (out, written)
    }
}

/// A row of a table as a message. Of those who are gone only that is said.
const fn said<'a>(row: &Row<'a>) -> Message<'a> {
    let (id, Claim { incarnation, status }) = (row.id, row.claim);
    match status {
        Status::Alive => Message::Alive(*row),
        Status::Suspect => Message::Suspect { id, incarnation, from: id },
        Status::Dead => Message::Dead { id, incarnation, from: id },
        Status::Left => Message::Left { id, incarnation },
    }
}

/// Another node's table.
#[derive(Clone, Debug)]
pub(crate) struct Table<'a> {
    codec: Custom,
    pub(super) is_join: bool,
    pub(super) state: &'a [u8],
    rows: &'a [u8],
}

impl<'a> Table<'a> {
    pub(super) fn rows(&self) -> impl Iterator<Item = Result<Row<'a>, WireError>> + use<'a> {
        let (codec, mut rest) = (self.codec.clone(), self.rows);
        core::iter::from_fn(move || {
            if rest.is_empty() {
                return None;
            }
            let row = codec.read(&mut rest).and_then(row);
            if row.is_err() {
                rest = &[];
            }
            Some(row)
        })
    }
}

/// What a table's message says as a row. Who is gone has no address there.
fn row<'a>(message: Message<'a>) -> Result<Row<'a>, WireError> {
    let gone = |id: &'a str, incarnation, status| Row {
        id,
        claim: Claim::new(incarnation, status),
        address: core::net::SocketAddr::from(([0, 0, 0, 0], 0)),
        metadata: &[],
        versions: Versions::PLAIN,
    };
    match message {
        Message::Alive(row) => Ok(row),
        Message::Suspect { id, incarnation, .. } => Ok(gone(id, incarnation, Status::Suspect)),
        Message::Dead { id, incarnation, .. } => Ok(gone(id, incarnation, Status::Dead)),
        Message::Left { id, incarnation } => Ok(gone(id, incarnation, Status::Left)),
        _ => Err(WireError::WrongPlace),
    }
}

/// How packets are written.
pub(crate) struct Packets {
    codec: Custom,
    max: usize,
}

impl Custom {
    pub(super) fn packets(&self, config: &Config) -> Packets {
        Packets { codec: self.clone(), max: config.max_packet_size }
    }
}

impl Packets {
    /// Begins a packet in `out`, which is cleared.
    pub(crate) fn begin(self, out: &mut Vec<u8>) -> PacketWriter<'_> {
        out.clear();
        PacketWriter { out, packets: self }
    }
}

/// Writes one packet.
pub(crate) struct PacketWriter<'b> {
    out: &'b mut Vec<u8>,
    packets: Packets,
}

impl PacketWriter<'_> {
    /// Appends what `write` writes, if it fits. Returns whether it did.
    fn append(&mut self, write: impl FnOnce(&mut Vec<u8>)) -> bool {
        let before = self.out.len();
        write(self.out);
        let fits = self.out.len() <= self.packets.max;
        if !fits {
            self.out.truncate(before);
        }
        fits
    }

    fn kind_of(codec: &Custom, mut body: &[u8]) -> MessageKind {
        codec.0.decode(&mut body).map_or(MessageKind::Broadcast, |message| kind(&message))
    }
}

impl super::PacketWriter for PacketWriter<'_> {
    /// What does not fit a packet is not said.
    fn say(&mut self, message: &Message<'_>) {
        let codec = self.packets.codec.clone();
        self.append(|out| codec.0.encode(message, out));
    }

    fn say_claim(&mut self, claim: &Message<'_>) -> Option<MessageKind> {
        let codec = self.packets.codec.clone();
        self.append(|out| codec.0.encode(claim, out)).then(|| kind(claim))
    }

    fn say_coordinate(&mut self, _: &str, _: &[u8]) -> bool {
        false
    }

    fn say_encoded(&mut self, body: &[u8]) -> Option<MessageKind> {
        self.append(|out| out.extend_from_slice(body))
            .then(|| Self::kind_of(&self.packets.codec, body))
    }

    fn fill(&mut self, queued: Queued<'_>, mut count: impl FnMut(MessageKind)) {
        let Queued { updates, broadcasts, updates_first, readers, limit } = queued;
        let room = self.packets.max.saturating_sub(self.out.len());
        let kept = if updates_first { 0 } else { broadcasts.bytes().min(room / 2) };
        let codec = &self.packets.codec;
        let mut count = |body: &[u8]| count(Self::kind_of(codec, body));
        let room_of = |bytes| Room { bytes, each: 0, updates: usize::MAX };
        let used = updates.fill(self.out, room_of(room - kept), limit, &mut count);
        broadcasts.fill_for(readers, self.out, room_of(room - used), limit, count);
    }

    fn is_empty(&self) -> bool {
        self.out.is_empty()
    }

    fn finish(self, _: bool) {}
}
