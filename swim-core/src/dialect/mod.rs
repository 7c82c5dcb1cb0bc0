//! How what is meant becomes bytes and bytes what is meant, on the wire that a node speaks; and the
//! [`Policy`] of that wire: the values by which its rules differ, which membership reads where the
//! rule stands.
//!
//! It knows the formats in `wire`, what only one of them makes a node keep (what members speak,
//! room to unpack in), and no member. The native wire is read in place, message by message
//! ([`wire::Packet`](crate::wire::Packet)), since most of what arrives is known and need not be
//! decoded; every other wire shows its messages as [`Message`]s.
//!
//! `cfg(feature = "memberlist")` stands here, where the wire is declared and in the settings,
//! nowhere else: in a build without it [`Memberlist`] has no value (`absent`), so the compiler
//! drops what only such a node would do.

#[cfg_attr(not(feature = "memberlist"), path = "absent.rs")]
mod memberlist;
mod message;
mod native;
pub(crate) mod policy;
#[cfg(test)]
mod tests;
mod writer;

use alloc::vec::Vec;

pub(crate) use memberlist::{Table, Unpacker};
pub(crate) use message::{Message, Row, Speaker, StreamMessage};
pub(crate) use policy::{
    BroadcastPolicy, KeyPolicy, NamePolicy, Policy, ReturnPolicy, TablePolicy,
};
pub(crate) use writer::{PacketWriter, Packets, Queued};

use crate::ground::config::{Config, Wire};
use crate::ground::id::{SequenceNumber, Slot};
use crate::wire::{Agreement, Versions, WireError};
use memberlist::Memberlist;

/// The wire that a node speaks.
#[derive(Debug)]
pub(crate) enum Dialect {
    /// This project's own.
    Native,
    /// HashiCorp's memberlist's.
    Memberlist(Memberlist),
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

    /// The rules of this wire.
    #[inline]
    pub(crate) const fn policy(&self) -> &'static Policy {
        match self {
            Self::Native => &Policy::NATIVE,
            Self::Memberlist(memberlist) if memberlist.is_serf_agent() => &Policy::SERF,
            Self::Memberlist(_) => &Policy::MEMBERLIST,
        }
    }

    /// The versions that this node publishes.
    pub(crate) const fn own_versions(&self) -> Versions {
        match self {
            Self::Native => Versions::PLAIN,
            Self::Memberlist(memberlist) => memberlist.own_versions(),
        }
    }

    /// The versions that a described member speaks.
    #[inline]
    pub(crate) fn versions_of(&self, slot: Slot) -> Versions {
        match self {
            Self::Native => Versions::PLAIN,
            Self::Memberlist(memberlist) => memberlist.versions_of(slot),
        }
    }

    /// The versions of a member as serf's messages carry them: zeros where the wire has none.
    pub(crate) fn version_bytes(&self, slot: Slot) -> [u8; 6] {
        match self {
            Self::Native => [0; 6],
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

    /// Whether this node and one that speaks `versions` may merge tables.
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
            Self::Memberlist(memberlist) => memberlist.take_unpacker(),
        }
    }

    /// Keeps the room in which a packet was unpacked for the next one.
    pub(crate) fn put_back(&mut self, unpacker: Unpacker) {
        if let Self::Memberlist(memberlist) = self {
            memberlist.put_back(unpacker);
        }
    }

    /// How packets are written, as the settings have it.
    #[inline]
    pub(crate) const fn packets(&self, config: &Config, cluster: u32) -> Packets {
        match self {
            Self::Native => {
                Packets::Native(native::Packets { cluster, max: config.max_packet_size })
            }
            Self::Memberlist(memberlist) => Packets::Memberlist(memberlist.packets(config)),
        }
    }

    /// Makes the bytes of a message in `out`, which is cleared: for a queue.
    #[inline]
    pub(crate) fn encode(&self, message: &Message<'_>, out: &mut Vec<u8>) {
        out.clear();
        match self {
            Self::Native => native::message(message).encode(out),
            Self::Memberlist(memberlist) => memberlist.encode(message, out),
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
        }
    }
}
