//! What is said between nodes, without the bytes, and a wire of one's own: [`Codec`].
//!
//! A node speaks one wire. Two things hang on it. *Bytes*: what is meant is a [`Message`] on every
//! wire, and nothing above this module knows how it is written. The native wire alone is read in
//! place, message by message ([`wire::Packet`](crate::wire::Packet)), since most of what arrives is
//! known and need not be decoded. *Rules*: where wires differ in one, `Policy` has a value, and
//! membership reads it where the rule stands. No rule asks for a wire's name.
// `cfg(feature = "memberlist")` stands here, where the wire is declared and in the settings,
// nowhere else: in a build without it `Memberlist` has no value (`absent`), so the compiler drops
// what only such a node would do.

mod codec;
mod custom;
#[cfg_attr(not(feature = "memberlist"), path = "absent.rs")]
mod memberlist;
mod message;
mod native;
pub(crate) mod policy;
#[cfg(test)]
mod tests;
mod writer;

use alloc::sync::Arc;
use alloc::vec::Vec;

pub use codec::Codec;
pub(crate) use message::StreamMessage;
pub use message::{Message, Row, Speaker};
pub(crate) use policy::{
    BroadcastPolicy, KeyPolicy, NamePolicy, Policy, ReturnPolicy, TablePolicy,
};
pub(crate) use writer::{PacketWriter, Packets, Queued};

use crate::ground::config::{Config, Wire};
use crate::ground::id::{SequenceNumber, Slot};
use crate::ground::metrics::MessageKind;
use crate::wire::{Agreement, Versions, WireError};
use custom::Custom;
use memberlist::Memberlist;

/// The wire that a node speaks.
#[derive(Debug)]
pub(crate) enum Dialect {
    /// This project's own.
    Native,
    /// HashiCorp's memberlist's.
    Memberlist(Memberlist),
    /// The program's own.
    Custom(Custom),
}

/// Takes packets apart that are not read in place.
pub(crate) enum Unpacker {
    Memberlist(memberlist::Unpacker),
    Custom(Custom),
}

impl Unpacker {
    /// Shows `visit` each message of a packet, its envelope taken off, with how it is counted; and
    /// whatever is wrong with the packet.
    pub(crate) fn unpack(
        &mut self,
        packet: &[u8],
        visit: impl FnMut(Result<(MessageKind, Message<'_>), WireError>),
    ) {
        match self {
            Self::Memberlist(unpacker) => unpacker.unpack(packet, visit),
            Self::Custom(custom) => custom.unpack(packet, visit),
        }
    }
}

/// Another node's table, borrowing from the message's bytes.
#[derive(Clone, Debug)]
pub(crate) enum Table<'a> {
    #[cfg_attr(not(feature = "memberlist"), expect(dead_code, reason = "never read"))]
    Memberlist(memberlist::Table<'a>),
    Custom(custom::Table<'a>),
}

impl<'a> Table<'a> {
    /// Returns true if the sender joins, or answers someone who does.
    pub(crate) const fn is_join(&self) -> bool {
        match self {
            Self::Memberlist(table) => table.is_join(),
            Self::Custom(table) => table.is_join,
        }
    }

    /// The application's bytes.
    pub(crate) const fn state(&self) -> &'a [u8] {
        match self {
            Self::Memberlist(table) => table.state(),
            Self::Custom(table) => table.state,
        }
    }

    /// The rows. Where they stand for themselves, one that cannot be used does no harm to others.
    pub(crate) fn rows(&self) -> impl Iterator<Item = Result<Row<'a>, WireError>> + use<'a> {
        let (memberlist, custom) = match self {
            Self::Memberlist(table) => (Some(table.rows()), None),
            Self::Custom(table) => (None, Some(table.rows())),
        };
        memberlist.into_iter().flatten().chain(custom.into_iter().flatten())
    }
}

impl Dialect {
    /// The dialect of a wire that [`Config::validate`] found to be built.
    pub(crate) fn new(wire: &Wire) -> Self {
        match wire {
            Wire::Native => Self::Native,
            // Without the feature there is none, and the settings were refused.
            Wire::Memberlist(settings) => {
                Memberlist::new(settings).map_or(Self::Native, Self::Memberlist)
            }
        }
    }

    /// The dialect of a program that brings a codec.
    pub(crate) const fn of(codec: Arc<dyn Codec>) -> Self {
        Self::Custom(Custom(codec))
    }

    /// The rules of this wire.
    #[inline]
    pub(crate) const fn policy(&self) -> &'static Policy {
        match self {
            Self::Native => &Policy::NATIVE,
            Self::Memberlist(memberlist) if memberlist.is_serf_agent() => &Policy::SERF,
            Self::Memberlist(_) => &Policy::MEMBERLIST,
            Self::Custom(_) => &Policy::CUSTOM,
        }
    }

    /// The versions that this node publishes.
    pub(crate) const fn own_versions(&self) -> Versions {
        match self {
            Self::Native | Self::Custom(_) => Versions::PLAIN,
            Self::Memberlist(memberlist) => memberlist.own_versions(),
        }
    }

    /// The versions that a described member speaks.
    #[inline]
    pub(crate) fn versions_of(&self, slot: Slot) -> Versions {
        match self {
            Self::Native | Self::Custom(_) => Versions::PLAIN,
            Self::Memberlist(memberlist) => memberlist.versions_of(slot),
        }
    }

    /// The versions of a member as serf's messages carry them: zeros where the wire has none.
    pub(crate) fn version_bytes(&self, slot: Slot) -> [u8; 6] {
        match self {
            Self::Native | Self::Custom(_) => [0; 6],
            Self::Memberlist(memberlist) => memberlist.versions_of(slot).to_bytes(),
        }
    }

    /// Notes the versions that a member speaks that was just described.
    #[inline]
    pub(crate) fn note_versions(&mut self, slot: Slot, versions: Versions) {
        if let Self::Memberlist(memberlist) = self {
            memberlist.note_versions(slot, versions);
        }
    }

    /// Returns true if this node and one that speaks `versions` may merge tables.
    pub(crate) fn speaks_with(&self, versions: Versions) -> bool {
        let own = self.own_versions();
        let mut agreement = Agreement::default();
        agreement.include(own);
        agreement.include(versions);
        agreement.admits(own) && agreement.admits(versions)
    }

    /// What takes packets apart that are not read in place: to be [put back](Self::put_back).
    /// `None` on the native wire.
    #[inline]
    pub(crate) fn take_unpacker(&mut self) -> Option<Unpacker> {
        match self {
            Self::Native => None,
            Self::Memberlist(memberlist) => memberlist.take_unpacker().map(Unpacker::Memberlist),
            Self::Custom(custom) => Some(Unpacker::Custom(custom.clone())),
        }
    }

    /// Keeps the room in which a packet was unpacked for the next one.
    pub(crate) fn put_back(&mut self, unpacker: Unpacker) {
        if let (Self::Memberlist(memberlist), Unpacker::Memberlist(unpacker)) = (self, unpacker) {
            memberlist.put_back(unpacker);
        }
    }

    /// How packets are written, as the settings have it.
    #[inline]
    pub(crate) fn packets(&self, config: &Config, cluster: u32) -> Packets {
        match self {
            Self::Native => {
                Packets::Native(native::Packets { cluster, max: config.max_packet_size })
            }
            Self::Memberlist(memberlist) => Packets::Memberlist(memberlist.packets(config)),
            Self::Custom(custom) => Packets::Custom(custom.packets(config)),
        }
    }

    /// Makes the bytes of a message in `out`, which is cleared: for a queue.
    #[inline]
    pub(crate) fn encode(&self, message: &Message<'_>, out: &mut Vec<u8>) {
        out.clear();
        match self {
            Self::Native => native::message(message).encode(out),
            Self::Memberlist(memberlist) => memberlist.encode(message, out),
            Self::Custom(custom) => custom.0.encode(message, out),
        }
    }

    /// The request of a probe over a stream: [`MessageKind::ReliablePing`].
    pub(crate) fn reliable_ping(
        &self,
        cluster: u32,
        sequence: SequenceNumber,
        target: &str,
        source: Speaker<'_>,
    ) -> Vec<u8> {
        match self {
            Self::Native => native::reliable_ping(cluster, sequence, target, source),
            Self::Memberlist(memberlist) => {
                memberlist.encode_stream(&StreamMessage::Ping { sequence, target, source })
            }
            Self::Custom(custom) => {
                custom.encode_stream(&StreamMessage::Ping { sequence, target, source })
            }
        }
    }

    /// Reads what the other side of a stream says. `None` on the native wire, whose streams carry
    /// exchanges.
    #[inline]
    pub(crate) fn decode_stream<'p>(
        &self,
        payload: &'p [u8],
    ) -> Option<Result<StreamMessage<'p>, WireError>> {
        match self {
            Self::Native => None,
            Self::Memberlist(memberlist) => Some(memberlist.decode_stream(payload)),
            Self::Custom(custom) => Some(custom.decode_stream(payload)),
        }
    }

    /// The bytes of what this side of a stream says. A table is written by
    /// [`write_table`](Self::write_table).
    ///
    /// # Panics
    /// On the native wire.
    pub(crate) fn encode_stream(&self, message: &StreamMessage<'_>) -> Vec<u8> {
        match self {
            Self::Native => unreachable!("the native wire has exchanges"),
            Self::Memberlist(memberlist) => memberlist.encode_stream(message),
            Self::Custom(custom) => custom.encode_stream(message),
        }
    }

    /// Writes a table and the application's `state`, in `max` bytes at most. Returns the bytes and
    /// how many of the rows they hold.
    ///
    /// # Panics
    /// On the native wire.
    pub(crate) fn write_table<'r>(
        &self,
        is_join: bool,
        state: &[u8],
        max: usize,
        rows: impl Iterator<Item = Row<'r>>,
    ) -> (Vec<u8>, u64) {
        match self {
            Self::Native => unreachable!("the native wire has exchanges"),
            Self::Memberlist(memberlist) => memberlist.write_table(is_join, state, max, rows),
            Self::Custom(custom) => custom.write_table(is_join, state, max, rows),
        }
    }
}
