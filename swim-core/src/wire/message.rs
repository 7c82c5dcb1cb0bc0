//! [`Message`]: what packets carry, one MessagePack array for each message. It knows nothing of what a message does.
//! Read first: docs/WIRE.md, "Messages of packets".

use alloc::vec::Vec;
use core::net::SocketAddr;

use super::entry::Description;
use super::error::WireError;
use super::reader::Reader;
use super::{address, field, writer};
use crate::id::{Incarnation, SequenceNumber};
use crate::member::{Claim, Status};
use crate::metrics::MessageKind;

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
    /// A request to ping `target` on `source`'s behalf; the relay knows the target's address from its own table.
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
    /// A member has left.
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
        /// That member's first incarnation in this life, so that a restarted one may count from the start.
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
        /// A message of [`serf`](super::serf).
        payload: &'a [u8],
    },
    /// A message for this member alone: an answer to its query, or one to be handed on.
    Direct {
        /// Who sends it.
        source: &'a str,
        /// A message of [`serf`](super::serf).
        payload: &'a [u8],
    },
    /// Where the sender is, behind an ack: a [`Coordinate`](crate::Coordinate).
    Coordinate {
        /// Who says it.
        source: &'a str,
        /// Its bytes, which are read when they are used.
        bytes: &'a [u8],
    },
}

/// A message that was read and checked, but for one thing: whether the names in an update are text.
///
/// Most updates that arrive are no news. Seeing that takes the names' bytes alone: those of a name in the table are text,
/// and to check them would cost more than to find them there.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Unchecked<'a> {
    Alive(UncheckedAlive<'a>),
    Claim(UncheckedClaim<'a>),
    /// Any other message, which is checked.
    Message(Message<'a>),
}

impl<'a> Unchecked<'a> {
    /// The message, if the name is text.
    #[inline]
    pub(crate) fn check(self) -> Result<Message<'a>, WireError> {
        match self {
            Self::Alive(alive) => {
                let Description { incarnation, address, metadata } = alive.description;
                field::text(alive.id).map(|id| Message::Alive { id, incarnation, address, metadata })
            }
            Self::Claim(UncheckedClaim { id, claim: Claim { incarnation, status }, from }) => {
                let (id, from) = (field::text(id)?, field::text(from)?);
                Ok(match status {
                    Status::Dead => Message::Dead { id, incarnation, from },
                    _ => Message::Suspect { id, incarnation, from },
                })
            }
            Self::Message(message) => Ok(message),
        }
    }
}

/// An Alive whose name may not be text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct UncheckedAlive<'a> {
    /// 1 to 255 bytes.
    pub(crate) id: &'a [u8],
    pub(crate) description: Description<'a>,
}

impl<'a> UncheckedAlive<'a> {
    /// What it says of the member.
    pub(crate) const fn claim(&self) -> Claim {
        Claim::new(self.description.incarnation, Status::Alive)
    }
}

/// A Suspect or a Dead whose names may not be text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct UncheckedClaim<'a> {
    /// 1 to 255 bytes.
    pub(crate) id: &'a [u8],
    pub(crate) claim: Claim,
    /// 1 to 255 bytes.
    pub(crate) from: &'a [u8],
}

/// How many elements each kind's array has, the kind itself among them.
const ELEMENTS: [u32; 12] = [4, 4, 3, 3, 5, 4, 4, 3, 5, 5, 3, 3];
const ALIVE: u64 = 4;
const SUSPECT: u64 = 5;
const DEAD: u64 = 6;
/// The numbers below this are kinds of packets.
pub(super) const KINDS: u64 = ELEMENTS.len() as u64;

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
    /// Bounds are the caller's: what is out of them here (a name that is empty, an address without a port) is written
    /// and refused by whoever reads it.
    pub fn encode(&self, out: &mut Vec<u8>) {
        // The kinds of packets are numbered as MessageKind is, from 0.
        let kind = self.kind() as u8;
        writer::array(out, ELEMENTS[usize::from(kind)] as usize);
        writer::uint(out, u64::from(kind));
        match *self {
            Self::Ping { sequence, target, source } | Self::PingReq { sequence, target, source } => {
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

    /// Reads one message, without looking whether an update's names are text. After [`WireError::UnknownKind`], and after no
    /// other error, the reader stands behind it.
    #[inline]
    pub(super) fn decode(reader: &mut Reader<'a>) -> Result<Unchecked<'a>, WireError> {
        let len = reader.array()?;
        if len == 0 {
            return Err(WireError::MissingField);
        }
        let kind = reader.uint()?;
        let Some(&known) = usize::try_from(kind).ok().and_then(|kind| ELEMENTS.get(kind)) else {
            let is_of_exchanges = super::exchange::KINDS.contains(&kind);
            return Err(if is_of_exchanges { WireError::WrongPlace } else { reader.unknown(len - 1) });
        };
        if len < known {
            return Err(WireError::MissingField);
        }
        if kind == ALIVE {
            let id = field::read_name_bytes(reader)?;
            return match Self::decode_description(reader, len - known) {
                Ok(description) => Ok(Unchecked::Alive(UncheckedAlive { id, description })),
                // What is wrong with the name, which stands first, is said first.
                Err(error) => Err(field::text(id).err().unwrap_or(error)),
            };
        }
        if matches!(kind, SUSPECT | DEAD) {
            let status = if kind == SUSPECT { Status::Suspect } else { Status::Dead };
            let id = field::read_name_bytes(reader)?;
            return match Self::decode_claim(reader, len - known) {
                Ok((incarnation, from)) => {
                    Ok(Unchecked::Claim(UncheckedClaim { id, claim: Claim::new(incarnation, status), from }))
                }
                Err(error) => Err(field::text(id).err().unwrap_or(error)),
            };
        }
        let message = Self::decode_fields(reader, kind)?;
        if len > known {
            reader.skip(len - known)?;
        }
        Ok(Unchecked::Message(message))
    }

    /// What follows the name in an Alive, the last `more` elements of which are unknown.
    #[inline]
    fn decode_description(reader: &mut Reader<'a>, more: u32) -> Result<Description<'a>, WireError> {
        let incarnation = field::read_incarnation(reader)?;
        let (address, metadata) = (address::read(reader)?, reader.bin()?);
        if more > 0 {
            reader.skip(more)?;
        }
        Ok(Description { incarnation, address, metadata })
    }

    /// What follows the name in a Suspect or a Dead, the last `more` elements of which are unknown.
    #[inline]
    fn decode_claim(reader: &mut Reader<'a>, more: u32) -> Result<(Incarnation, &'a [u8]), WireError> {
        let incarnation = field::read_incarnation(reader)?;
        let from = field::read_name_bytes(reader)?;
        if more > 0 {
            reader.skip(more).map_err(|error| field::text(from).err().unwrap_or(error))?;
        }
        Ok((incarnation, from))
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
            2 => Self::Ack { sequence: field::read_sequence(reader)?, source: field::read_name(reader)? },
            3 => Self::Nack { sequence: field::read_sequence(reader)?, source: field::read_name(reader)? },
            7 => Self::Left { id: field::read_name(reader)?, incarnation: field::read_incarnation(reader)? },
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
    use crate::config::Config;
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
        let broadcast = Message::Broadcast { origin, epoch: incarnation, number: u64::MAX, payload: &bytes };

        assert_eq!(packet_len(&[ping, suspect]), Config::MIN_PACKET_SIZE);
        assert_eq!(packet_len(&[ping, alive]), Config::ALIVE_OVERHEAD + bytes.len());
        assert_eq!(packet_len(&[broadcast]), Config::BROADCAST_OVERHEAD + bytes.len());
        let announcement = Message::Announcement { origin, epoch: incarnation, number: u64::MAX, payload: &bytes };
        assert_eq!(packet_len(&[announcement]), Config::BROADCAST_OVERHEAD + bytes.len());
        let direct = Message::Direct { source, payload: &bytes };
        assert_eq!(packet_len(&[direct]), Config::DIRECT_OVERHEAD + bytes.len());
    }
}
