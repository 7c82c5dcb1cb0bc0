//! [`Message`]: what packets carry, one MessagePack array for each message. It knows nothing of
//! what a message does. Read first: docs/WIRE.md, "Messages of packets".

use alloc::vec::Vec;
use core::net::SocketAddr;

use super::entry::Description;
use super::error::WireError;
use super::reader::Reader;
use super::update::{UncheckedAlive, UncheckedClaim};
use super::{address, field, kind, writer};
use crate::ground::id::{Incarnation, SequenceNumber};
use crate::ground::metrics::MessageKind;

/// How many bytes a coordinate has.
pub const COORDINATE_LEN: usize = 44;

/// One message of a packet, borrowing from the packet's bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Message<'a> {
    /// Is `target` there? (SWIM 3.1)
    Ping {
        /// What the ack is to repeat.
        sequence: SequenceNumber,
        /// Who is meant: another member at the address does not answer.
        target: &'a str,
        /// Who asks.
        source: &'a str,
    },
    /// A request to ping `target` on `source`'s behalf; the relay knows the target's address from
    /// its own table.
    PingReq {
        /// What the ack or the nack is to repeat.
        sequence: SequenceNumber,
        /// Who is to be pinged.
        target: &'a str,
        /// Who asks.
        source: &'a str,
    },
    /// The answer to a ping; a relay passes it on unchanged but for the sequence number.
    Ack {
        /// The ping's.
        sequence: SequenceNumber,
        /// The member that was pinged.
        source: &'a str,
    },
    /// A relay's word that its own ping went unanswered. (Lifeguard IV-A)
    Nack {
        /// The request's.
        sequence: SequenceNumber,
        /// The relay.
        source: &'a str,
    },
    /// A member is alive, described so.
    Alive {
        /// The member.
        id: &'a str,
        /// The incarnation at which it published this description.
        incarnation: Incarnation,
        /// Where it listens.
        address: SocketAddr,
        /// The users' bytes.
        metadata: &'a [u8],
    },
    /// A member is suspected.
    Suspect {
        /// The member.
        id: &'a str,
        /// The incarnation that is suspected.
        incarnation: Incarnation,
        /// The accuser. (Lifeguard IV-B)
        from: &'a str,
    },
    /// A member is dead.
    Dead {
        /// The member.
        id: &'a str,
        /// The incarnation that is dead.
        incarnation: Incarnation,
        /// Who declared it.
        from: &'a str,
    },
    /// A member has left, or was declared to have left.
    Left {
        /// The member, who alone can say it.
        id: &'a str,
        /// The incarnation that left.
        incarnation: Incarnation,
    },
    /// A user's broadcast, known by its first three fields together.
    Broadcast {
        /// The member that began it.
        origin: &'a str,
        /// That member's first incarnation in this life, so that a restarted one may count from the
        /// start.
        epoch: Incarnation,
        /// Counted up by the origin.
        number: u64,
        /// The user's bytes.
        payload: &'a [u8],
    },
    /// A user event or a query on its way to everyone, known as a broadcast is.
    Announcement {
        /// The member that began it.
        origin: &'a str,
        /// That member's first incarnation in this life.
        epoch: Incarnation,
        /// Counted up by the origin, together with its broadcasts.
        number: u64,
        /// A message of the layer above membership.
        payload: &'a [u8],
    },
    /// A message for this member alone: an answer to its query, or one to be handed on.
    Direct {
        /// Who sends it.
        source: &'a str,
        /// A message of the layer above membership.
        payload: &'a [u8],
    },
    /// Where the sender is among the network coordinates, behind an ack.
    Coordinate {
        /// Who says it.
        source: &'a str,
        /// Its bytes, which are read when they are used.
        bytes: &'a [u8],
    },
}

/// With what a message begins.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Head {
    /// Known, and one of packets.
    kind: u64,
    /// How many elements at the end are unknown.
    pub(super) more: u32,
}

impl Head {
    #[inline]
    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        let len = reader.array()?;
        if len == 0 {
            return Err(WireError::MissingField);
        }
        let kind = reader.uint()?;
        let Some(&known) = usize::try_from(kind).ok().and_then(|kind| ELEMENTS.get(kind)) else {
            let is_of_exchanges = kind::EXCHANGES.contains(&kind);
            return Err(if is_of_exchanges {
                WireError::WrongPlace
            } else {
                reader.unknown(len - 1)
            });
        };
        if len < known {
            Err(WireError::MissingField)
        } else {
            Ok(Self { kind, more: len - known })
        }
    }

    /// The kind of message that it begins.
    #[inline]
    pub(crate) const fn kind(self) -> MessageKind {
        MessageKind::ALL[self.kind as usize]
    }
}

/// How many elements each kind's array has, the kind itself among them.
const ELEMENTS: [u32; kind::PACKETS as usize] = [4, 4, 3, 3, 5, 4, 4, 3, 5, 5, 3, 3];

impl<'a> Message<'a> {
    /// The message's kind, for counting.
    #[must_use]
    pub const fn kind(&self) -> MessageKind {
        match self {
            Self::Ping { .. } => MessageKind::Ping,
            Self::PingReq { .. } => MessageKind::PingReq,
            Self::Ack { .. } => MessageKind::Ack,
            Self::Nack { .. } => MessageKind::Nack,
            Self::Alive { .. } => MessageKind::Alive,
            Self::Suspect { .. } => MessageKind::Suspect,
            Self::Dead { .. } => MessageKind::Dead,
            Self::Left { .. } => MessageKind::Left,
            Self::Broadcast { .. } => MessageKind::Broadcast,
            Self::Announcement { .. } => MessageKind::Announcement,
            Self::Direct { .. } => MessageKind::Direct,
            Self::Coordinate { .. } => MessageKind::Coordinate,
        }
    }

    /// Appends the message to `out`.
    ///
    /// Bounds are the caller's: what is out of them here (a name that is empty, an address without
    /// a port) is written and refused by its reader.
    pub fn encode(&self, out: &mut Vec<u8>) {
        // The kinds of packets are numbered as MessageKind is, from 0.
        let kind = self.kind() as u8;
        writer::array(out, ELEMENTS[usize::from(kind)] as usize);
        writer::uint(out, u64::from(kind));
        match *self {
            Self::Ping { sequence, target, source }
            | Self::PingReq { sequence, target, source } => {
                field::write_sequence(out, sequence);
                writer::str(out, target);
                writer::str(out, source);
            }
            Self::Ack { sequence, source } | Self::Nack { sequence, source } => {
                field::write_sequence(out, sequence);
                writer::str(out, source);
            }
            Self::Alive { id, incarnation, address, metadata } => {
                writer::str(out, id);
                field::write_incarnation(out, incarnation);
                address::write(out, address);
                writer::bin(out, metadata);
            }
            Self::Suspect { id, incarnation, from } | Self::Dead { id, incarnation, from } => {
                writer::str(out, id);
                field::write_incarnation(out, incarnation);
                writer::str(out, from);
            }
            Self::Left { id, incarnation } => {
                writer::str(out, id);
                field::write_incarnation(out, incarnation);
            }
            Self::Broadcast { origin, epoch, number, payload }
            | Self::Announcement { origin, epoch, number, payload } => {
                writer::str(out, origin);
                field::write_incarnation(out, epoch);
                writer::uint(out, number);
                writer::bin(out, payload);
            }
            Self::Direct { source, payload } | Self::Coordinate { source, bytes: payload } => {
                writer::str(out, source);
                writer::bin(out, payload);
            }
        }
    }

    /// Reads one message. After [`WireError::UnknownKind`], and after no other error, the reader
    /// stands behind it.
    #[inline]
    pub(super) fn decode(reader: &mut Reader<'a>) -> Result<Self, WireError> {
        let head = Head::read(reader)?;
        match head.kind() {
            MessageKind::Alive => {
                let alive = UncheckedAlive::read(reader, head.more)?;
                let Description { incarnation, address, metadata } = alive.description;
                Ok(Self::Alive { id: alive.check()?, incarnation, address, metadata })
            }
            kind @ (MessageKind::Suspect | MessageKind::Dead) => {
                let claim = UncheckedClaim::read(reader, head.more)?;
                let ((id, from), incarnation) = (claim.check()?, claim.incarnation);
                let is_dead = kind == MessageKind::Dead;
                Ok(if is_dead {
                    Self::Dead { id, incarnation, from }
                } else {
                    Self::Suspect { id, incarnation, from }
                })
            }
            _ => Self::decode_other(reader, head),
        }
    }

    /// Reads what follows the head of a message that is no Alive, Suspect or Dead.
    #[inline]
    pub(super) fn decode_other(reader: &mut Reader<'a>, head: Head) -> Result<Self, WireError> {
        debug_assert!(!(4..=6).contains(&head.kind), "these have readers of their own");
        let message = Self::decode_fields(reader, head.kind)?;
        if head.more > 0 {
            reader.skip(head.more)?;
        }
        Ok(message)
    }

    #[inline]
    fn decode_fields(reader: &mut Reader<'a>, kind: u64) -> Result<Self, WireError> {
        Ok(match kind {
            0 | 1 => {
                let sequence = field::read_sequence(reader)?;
                let target = field::read_name(reader)?;
                let source = field::read_name(reader)?;
                if kind == 0 {
                    Self::Ping { sequence, target, source }
                } else {
                    Self::PingReq { sequence, target, source }
                }
            }
            2 => Self::Ack {
                sequence: field::read_sequence(reader)?,
                source: field::read_name(reader)?,
            },
            3 => Self::Nack {
                sequence: field::read_sequence(reader)?,
                source: field::read_name(reader)?,
            },
            7 => Self::Left {
                id: field::read_name(reader)?,
                incarnation: field::read_incarnation(reader)?,
            },
            8 | 9 => {
                let (origin, epoch) = (field::read_name(reader)?, field::read_incarnation(reader)?);
                let (number, payload) = (reader.uint()?, reader.bin()?);
                if kind == 8 {
                    Self::Broadcast { origin, epoch, number, payload }
                } else {
                    Self::Announcement { origin, epoch, number, payload }
                }
            }
            10 => Self::Direct { source: field::read_name(reader)?, payload: reader.bin()? },
            11 => Self::Coordinate { source: field::read_name(reader)?, bytes: reader.bin()? },
            _ => return Err(WireError::UnknownKind),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ground::config::Config;
    use crate::wire::begin_packet;

    /// The length of a packet with these messages.
    fn packet_len(messages: &[Message<'_>]) -> usize {
        let mut packet = Vec::new();
        begin_packet(u32::MAX, &mut packet);
        messages.iter().for_each(|message| message.encode(&mut packet));
        packet.len()
    }

    #[test]
    fn the_bounds_of_config_are_the_lengths_of_the_longest_messages() {
        let name = "x".repeat(crate::NodeId::MAX_LEN);
        let (id, from, target, source, origin) = (&*name, &*name, &*name, &*name, &*name);
        let bytes = alloc::vec![0; 65_507];
        let incarnation = Incarnation::MAX;
        let address = "[2001:db8::1]:65535".parse().unwrap();
        let ping = Message::Ping { sequence: SequenceNumber::new(u32::MAX), target, source };
        let suspect = Message::Suspect { id, incarnation, from };
        let alive = Message::Alive { id, incarnation, address, metadata: &bytes };
        let broadcast =
            Message::Broadcast { origin, epoch: incarnation, number: u64::MAX, payload: &bytes };

        assert_eq!(packet_len(&[ping, suspect]), Config::MIN_PACKET_SIZE);
        assert_eq!(packet_len(&[ping, alive]), Config::ALIVE_OVERHEAD + bytes.len());
        assert_eq!(packet_len(&[broadcast]), Config::BROADCAST_OVERHEAD + bytes.len());
        let announcement =
            Message::Announcement { origin, epoch: incarnation, number: u64::MAX, payload: &bytes };
        assert_eq!(packet_len(&[announcement]), Config::BROADCAST_OVERHEAD + bytes.len());
    }
}
