//! How a [`Message`] is read: as tolerantly as memberlist reads it, but for what is known to harm a
//! peer.

use super::field::{self, Ip};
use super::message::{Message, Source};
use super::{kind, structure};
use crate::ground::id::SequenceNumber;
use crate::wire::error::WireError;
use crate::wire::reader::Reader;

const PING: [&str; 5] = ["SeqNo", "Node", "SourceAddr", "SourcePort", "SourceNode"];
const INDIRECT_PING: [&str; 8] =
    ["SeqNo", "Target", "Port", "Node", "Nack", "SourceAddr", "SourcePort", "SourceNode"];
const ACK: [&str; 2] = ["SeqNo", "Payload"];
const NACK: [&str; 1] = ["SeqNo"];
const ACCUSATION: [&str; 3] = ["Incarnation", "Node", "From"];
const ALIVE: [&str; 6] = ["Incarnation", "Node", "Addr", "Port", "Meta", "Vsn"];

impl<'a> Message<'a> {
    /// Reads one message: the kind, and all that belongs to it. What follows is ignored, but for a
    /// user's message, which reaches to the end.
    ///
    /// # Errors
    /// The first [`WireError`] found. Layers and messages of streams are [`WireError::WrongPlace`].
    pub fn decode(bytes: &'a [u8]) -> Result<Self, WireError> {
        let (&kind, body) = bytes.split_first().ok_or(WireError::Truncated)?;
        let reader = &mut Reader::new(body);
        match kind {
            kind::PING => ping(reader),
            kind::INDIRECT_PING => indirect_ping(reader),
            kind::ACK => ack(reader),
            kind::NACK => nack(reader),
            kind::SUSPECT => accusation(reader).map(|(id, incarnation, from)| Self::Suspect {
                id,
                incarnation,
                from,
            }),
            kind::DEAD => accusation(reader).map(|(id, incarnation, from)| Self::Dead {
                id,
                incarnation,
                from,
            }),
            kind::ALIVE => alive(reader),
            kind::USER => Ok(Self::User { payload: body }),
            kind::PUSH_PULL
            | kind::COMPOUND
            | kind::COMPRESS
            | kind::ENCRYPT
            | kind::CHECKSUM
            | kind::ERROR => Err(WireError::WrongPlace),
            _ => Err(WireError::UnknownKind),
        }
    }
}

/// The three fields of a source, as they are read.
#[derive(Clone, Copy, Default)]
struct SourceFields<'a> {
    ip: Ip,
    port: u16,
    id: &'a str,
}

impl<'a> SourceFields<'a> {
    /// Reads the field with this index among SourceAddr, SourcePort, SourceNode.
    fn read(&mut self, index: usize, reader: &mut Reader<'a>) -> Result<(), WireError> {
        match index {
            0 => self.ip = Ip::read(reader)?,
            1 => self.port = field::read_u16(reader)?,
            _ => self.id = field::read_name(reader)?,
        }
        Ok(())
    }

    fn source(&self) -> Result<Source<'a>, WireError> {
        Ok(Source { address: self.ip.with_port_if_any(self.port)?, id: self.id })
    }
}

fn ping<'a>(reader: &mut Reader<'a>) -> Result<Message<'a>, WireError> {
    let (mut sequence, mut target, mut source) = (0, "", SourceFields::default());
    structure::read(reader, &PING, |index, reader| {
        match index {
            0 => sequence = field::read_u32(reader)?,
            1 => target = field::read_name(reader)?,
            index => source.read(index - 2, reader)?,
        }
        Ok(())
    })?;
    Ok(Message::Ping { sequence: SequenceNumber::new(sequence), target, source: source.source()? })
}

fn indirect_ping<'a>(reader: &mut Reader<'a>) -> Result<Message<'a>, WireError> {
    let (mut sequence, mut target, mut source) = (0, "", SourceFields::default());
    let (mut ip, mut port, mut wants_nack) = (Ip::default(), 0, false);
    structure::read(reader, &INDIRECT_PING, |index, reader| {
        match index {
            0 => sequence = field::read_u32(reader)?,
            1 => ip = Ip::read(reader)?,
            2 => port = field::read_u16(reader)?,
            3 => target = field::read_name(reader)?,
            4 => wants_nack = structure::read_bool(reader)?,
            index => source.read(index - 5, reader)?,
        }
        Ok(())
    })?;
    let (sequence, address) = (SequenceNumber::new(sequence), ip.with_port(port)?);
    Ok(Message::IndirectPing { sequence, target, address, wants_nack, source: source.source()? })
}

fn ack<'a>(reader: &mut Reader<'a>) -> Result<Message<'a>, WireError> {
    let (mut sequence, mut payload) = (0, &[][..]);
    structure::read(reader, &ACK, |index, reader| {
        match index {
            0 => sequence = field::read_u32(reader)?,
            _ => payload = reader.raw()?,
        }
        Ok(())
    })?;
    Ok(Message::Ack { sequence: SequenceNumber::new(sequence), payload })
}

fn nack<'a>(reader: &mut Reader<'a>) -> Result<Message<'a>, WireError> {
    let mut sequence = 0;
    structure::read(reader, &NACK, |_, reader| {
        sequence = field::read_u32(reader)?;
        Ok(())
    })?;
    Ok(Message::Nack { sequence: SequenceNumber::new(sequence) })
}

/// The fields of a suspect or a dead: the member, its incarnation and the accuser.
fn accusation<'a>(reader: &mut Reader<'a>) -> Result<(&'a str, u32, &'a str), WireError> {
    let (mut incarnation, mut id, mut from) = (0, "", "");
    structure::read(reader, &ACCUSATION, |index, reader| {
        match index {
            0 => incarnation = field::read_u32(reader)?,
            1 => id = field::read_name(reader)?,
            _ => from = field::read_name(reader)?,
        }
        Ok(())
    })?;
    Ok((field::required(id)?, incarnation, field::required(from)?))
}

fn alive<'a>(reader: &mut Reader<'a>) -> Result<Message<'a>, WireError> {
    let (mut incarnation, mut id, mut ip, mut port) = (0, "", Ip::default(), 0);
    let (mut metadata, mut versions) = (&[][..], None);
    structure::read(reader, &ALIVE, |index, reader| {
        match index {
            0 => incarnation = field::read_u32(reader)?,
            1 => id = field::read_name(reader)?,
            2 => ip = Ip::read(reader)?,
            3 => port = field::read_u16(reader)?,
            4 => metadata = reader.raw()?,
            _ => versions = Some(field::read_versions(reader)?),
        }
        Ok(())
    })?;
    Ok(Message::Alive {
        id: field::required(id)?,
        incarnation,
        address: ip.with_port(port)?,
        metadata,
        versions: versions.ok_or(WireError::BadVersions)?,
    })
}
