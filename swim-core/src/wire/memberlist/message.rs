//! [`Message`]: what memberlist's packets carry, and how it is written. Read first:
//! docs/MEMBERLIST.md, "Messages".

use alloc::vec::Vec;
use core::net::SocketAddr;

use super::{field, kind};
use crate::ground::id::SequenceNumber;
use crate::wire::{Versions, structure, writer};

/// One message of a packet, borrowing from the packet's bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Message<'a> {
    /// Is `target` there?
    Ping {
        /// What the ack is to repeat.
        sequence: SequenceNumber,
        /// The target; empty: any node there.
        target: &'a str,
        /// Who asks, and where it wants the answer.
        source: Source<'a>,
    },
    /// A request to ping `target` on the sender's behalf.
    IndirectPing {
        /// What the ack or the nack is to repeat.
        sequence: SequenceNumber,
        /// The target; empty: any node at the address.
        target: &'a str,
        /// Where.
        address: SocketAddr,
        /// Whether a nack is wanted if no ack comes.
        wants_nack: bool,
        /// Who asks, and where it wants the answer.
        source: Source<'a>,
    },
    /// The answer to a ping. It does not say whose it is.
    Ack {
        /// The ping's.
        sequence: SequenceNumber,
        /// The application's bytes, such as serf's coordinates; nil and none are the same.
        payload: &'a [u8],
    },
    /// A relay's word that its own ping went unanswered. It does not say whose it is.
    Nack {
        /// The request's.
        sequence: SequenceNumber,
    },
    /// A member is suspected.
    Suspect {
        /// The member.
        id: &'a str,
        /// The incarnation that is suspected.
        incarnation: u32,
        /// The accuser.
        from: &'a str,
    },
    /// A member is alive, described so.
    Alive {
        /// The member.
        id: &'a str,
        /// The incarnation at which it published this description.
        incarnation: u32,
        /// Where it listens.
        address: SocketAddr,
        /// The application's bytes, such as serf's tags; nil and none are the same.
        metadata: &'a [u8],
        /// What it speaks.
        versions: Versions,
    },
    /// A member is dead, or has left: then it says so itself, and `from` is the member.
    Dead {
        /// The member.
        id: &'a str,
        /// The incarnation that is dead.
        incarnation: u32,
        /// Who declared it.
        from: &'a str,
    },
    /// An application's message. It does not say whose it is.
    User {
        /// The application's bytes.
        payload: &'a [u8],
    },
}

/// Who pings, and where it wants the answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Source<'a> {
    /// Where it listens; without one, the answer goes where the packet came from.
    pub address: Option<SocketAddr>,
    /// Its name; empty if it does not say.
    pub id: &'a str,
}

impl Source<'_> {
    /// How many of its three keys are written.
    fn keys(&self) -> usize {
        2 * usize::from(self.address.is_some()) + usize::from(!self.id.is_empty())
    }

    fn encode(&self, out: &mut Vec<u8>) {
        if let Some(address) = self.address {
            field::write_key(out, "SourceAddr");
            field::write_ip(out, address);
        }
        if !self.id.is_empty() {
            field::write_name(out, "SourceNode", self.id);
        }
        if let Some(address) = self.address {
            field::write_uint(out, "SourcePort", u64::from(address.port()));
        }
    }
}

impl Message<'_> {
    /// Appends the message to `out`: its kind, then a map with sorted keys, as Go writes it.
    ///
    /// Bounds are the caller's: what is out of them here (a name that is empty, an address without
    /// a port) is written and refused by its reader.
    pub fn encode(&self, out: &mut Vec<u8>) {
        match *self {
            Self::Ping { sequence, target, source } => {
                begin(out, kind::PING, 2 + source.keys());
                field::write_name(out, "Node", target);
                write_sequence(out, sequence);
                source.encode(out);
            }
            Self::IndirectPing { sequence, target, address, wants_nack, source } => {
                begin(out, kind::INDIRECT_PING, 5 + source.keys());
                field::write_key(out, "Nack");
                structure::write_bool(out, wants_nack);
                field::write_name(out, "Node", target);
                field::write_uint(out, "Port", u64::from(address.port()));
                write_sequence(out, sequence);
                source.encode(out);
                field::write_key(out, "Target");
                field::write_ip(out, address);
            }
            Self::Ack { sequence, payload } => {
                begin(out, kind::ACK, 2);
                field::write_key(out, "Payload");
                field::write_bytes(out, payload);
                write_sequence(out, sequence);
            }
            Self::Nack { sequence } => {
                begin(out, kind::NACK, 1);
                write_sequence(out, sequence);
            }
            Self::Suspect { id, incarnation, from } => {
                encode_accusation(out, kind::SUSPECT, id, incarnation, from);
            }
            Self::Dead { id, incarnation, from } => {
                encode_accusation(out, kind::DEAD, id, incarnation, from);
            }
            Self::Alive { id, incarnation, address, metadata, versions } => {
                begin(out, kind::ALIVE, 6);
                field::write_key(out, "Addr");
                field::write_ip(out, address);
                field::write_uint(out, "Incarnation", u64::from(incarnation));
                field::write_key(out, "Meta");
                field::write_bytes(out, metadata);
                field::write_name(out, "Node", id);
                field::write_uint(out, "Port", u64::from(address.port()));
                field::write_key(out, "Vsn");
                writer::raw(out, &versions.to_bytes());
            }
            Self::User { payload } => {
                out.push(kind::USER);
                out.extend_from_slice(payload);
            }
        }
    }
}

fn encode_accusation(out: &mut Vec<u8>, kind: u8, id: &str, incarnation: u32, from: &str) {
    begin(out, kind, 3);
    field::write_name(out, "From", from);
    field::write_uint(out, "Incarnation", u64::from(incarnation));
    field::write_name(out, "Node", id);
}

/// The kind and the header of the map.
pub(super) fn begin(out: &mut Vec<u8>, kind: u8, keys: usize) {
    out.push(kind);
    writer::map(out, keys);
}

fn write_sequence(out: &mut Vec<u8>, sequence: SequenceNumber) {
    field::write_uint(out, "SeqNo", u64::from(sequence.get()));
}
