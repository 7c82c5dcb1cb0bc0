//! Which wire a node speaks, and what only memberlist's needs to be told. Read first: docs/MEMBERLIST.md.

use core::time::Duration;

use super::Config;
#[cfg(feature = "memberlist")]
use super::ConfigError;
use crate::horizon::Horizon;
use crate::id::Incarnation;
use crate::time::Instant;
#[cfg(feature = "memberlist")]
use crate::wire::memberlist::{PacketWriter, StreamDecoder, Versions};

/// The wire that a node speaks. All nodes of a cluster speak the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Wire {
    /// This project's own: docs/WIRE.md.
    #[default]
    Native,
    /// HashiCorp's memberlist's: docs/MEMBERLIST.md.
    #[cfg(feature = "memberlist")]
    Memberlist(MemberlistWire),
}

/// Who keeps a name that is claimed at another address than its bearer's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NamePolicy {
    /// The bearer, if it answers when it is asked.
    AskBearer,
    /// The bearer, unasked, until it has been dead for a while or has left.
    #[cfg(feature = "memberlist")]
    UntilDead,
}

/// The settings that only memberlist's wire has. The cluster's name is of no meaning there: clusters are kept apart by
/// the label and the keys of the [`Envelope`](crate::wire::memberlist::Envelope), which is the driver's.
#[cfg(feature = "memberlist")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemberlistWire {
    /// What the node says that it speaks. It must be within what the living members of its cluster understand, and the
    /// other way round, or they refuse each other's tables: [`Versions::SERF`] beside serf agents,
    /// [`Versions::PLAIN`] beside alertmanager and whatever else versions nothing of its own.
    pub versions: Versions,
    /// Whether packets and tables are compressed where that makes them shorter. Fewer bytes, more work; everyone reads
    /// both. Default on. (memberlist's `EnableCompression`)
    pub compress: bool,
    /// How many bytes of each packet the driver takes for label and encryption:
    /// [`Envelope::packet_overhead`](crate::wire::memberlist::Envelope::packet_overhead). Default 0; at most 302.
    pub envelope: usize,
    /// Whether the node is a citizen among serf's agents: user messages, the state beside tables and the payloads of acks
    /// are serf's, and users have events and queries. Default on beside serf, else off.
    pub citizen: bool,
}

/// The most peers of a small cluster.
#[cfg(feature = "memberlist")]
const SMALL: u8 = 9;

impl Wire {
    /// The highest incarnation that the wire can say. Of others only lower ones are believed, so that there is room
    /// for a refutation.
    pub(crate) const fn highest_incarnation(&self) -> Incarnation {
        match self {
            Self::Native => Incarnation::MAX,
            #[cfg(feature = "memberlist")]
            Self::Memberlist(_) => Incarnation::new(u32::MAX as u64),
        }
    }

    /// How far the incarnation of any claim may be, for a node that starts `now` at `first`. Counters of 32 bits last
    /// for as long by seconds as those of 64 do by milliseconds.
    pub(crate) fn horizon(&self, now: Instant, first: Incarnation, ahead: u64) -> Horizon {
        let (ahead, tick) = match self {
            Self::Native => (ahead, Duration::from_millis(1)),
            #[cfg(feature = "memberlist")]
            Self::Memberlist(_) => (ahead.min(1 << 31), Duration::from_secs(1)),
        };
        Horizon::new(now, first, ahead, tick, self.highest_incarnation())
    }

    /// Who keeps a name that is claimed at another address.
    pub(crate) const fn name_policy(&self) -> NamePolicy {
        match self {
            Self::Native => NamePolicy::AskBearer,
            #[cfg(feature = "memberlist")]
            Self::Memberlist(_) => NamePolicy::UntilDead,
        }
    }

    /// How often each node sends an update at least, to that many peers. On memberlist's wire, where tables are swapped
    /// rarely, each node of a small cluster tells each other one twice: by chance alone somebody was left out for half a
    /// minute in 6 of 400 starts of eight nodes, so in none.
    #[cfg_attr(not(feature = "memberlist"), expect(unused_variables))]
    pub(crate) fn least_transmissions(&self, peers: usize) -> u8 {
        match self {
            Self::Native => 0,
            #[cfg(feature = "memberlist")]
            Self::Memberlist(_) => u8::try_from(peers).map_or(0, |peers| if peers <= SMALL { 2 * peers } else { 0 }),
        }
    }

    /// The incarnation after this one, unless there is none.
    pub(crate) fn next_incarnation(&self, incarnation: Incarnation) -> Option<Incarnation> {
        incarnation.next().filter(|next| *next <= self.highest_incarnation())
    }
}

#[cfg(feature = "memberlist")]
impl MemberlistWire {
    /// Beside alertmanager, and whatever else embeds memberlist and versions nothing of its own.
    pub const PLAIN: Self = Self { versions: Versions::PLAIN, compress: true, envelope: 0, citizen: false };
    /// Beside serf agents.
    pub const SERF: Self = Self { versions: Versions::SERF, citizen: true, ..Self::PLAIN };
    /// Beside alertmanager.
    pub const ALERTMANAGER: Self = Self::PLAIN;

    /// The most that label and encryption take: a label of 255 bytes, and encryption with padding.
    const MAX_ENVELOPE: usize = 257 + 45;
    /// Bytes of an alive message beside its metadata, with the longest name and an IPv6 address. A test measures it.
    const ALIVE_OVERHEAD: usize = 331;
    /// What a compound of one message takes beside it.
    const COMPOUND_OVERHEAD: usize = 4;
}

impl Config {
    /// The largest request or reply that is read: on memberlist's wire one may unpack to more than it was on the way.
    pub(crate) const fn largest_exchange_heard(&self) -> usize {
        match self.wire {
            Wire::Native => self.max_exchange_size,
            #[cfg(feature = "memberlist")]
            Wire::Memberlist(_) => self.max_exchange_size.saturating_mul(StreamDecoder::UNPACKED),
        }
    }
}

#[cfg(feature = "memberlist")]
impl Config {
    /// Tables above this are refused by memberlist.
    const MEMBERLIST_TABLE: usize = 20 << 20;

    /// As a memberlist with its LAN settings, which serf and alertmanager use.
    #[must_use]
    pub fn memberlist_lan(wire: MemberlistWire) -> Self {
        Self::lan().on_memberlist(wire)
    }

    /// As a memberlist with its WAN settings.
    #[must_use]
    pub fn memberlist_wan(wire: MemberlistWire) -> Self {
        Self::wan().on_memberlist(wire)
    }

    /// As a memberlist with its local settings, for one machine.
    #[must_use]
    pub fn memberlist_local(wire: MemberlistWire) -> Self {
        Self {
            probe_timeout: Duration::from_millis(200),
            indirect_probes: 1,
            gossip_interval: Duration::from_millis(100),
            gossip_to_dead_for: Duration::from_secs(15),
            retransmit_mult: 2,
            suspicion_mult: 3,
            sync_interval: Duration::from_secs(15),
            exchange_timeout: Duration::from_secs(1),
            ..Self::memberlist_lan(wire)
        }
    }

    /// The same settings on memberlist's wire, with what memberlist fixes: its bounds on tables and on the health score,
    /// and user messages as long as packets can bear beside the longest label and encryption.
    #[must_use]
    pub fn on_memberlist(self, wire: MemberlistWire) -> Self {
        Self {
            wire: Wire::Memberlist(wire),
            awareness_max: self.awareness_max.min(7),
            max_exchange_size: self.max_exchange_size.min(Self::MEMBERLIST_TABLE),
            max_broadcast_size: self.max_broadcast_size.max(1_024),
            reliable_fallback: true,
            max_coordinates: if wire.citizen { 1_024 } else { self.max_coordinates },
            ..self
        }
    }

    /// How long a packet may be before the checksum and the envelope are put around it.
    pub(crate) const fn memberlist_budget(&self, wire: &MemberlistWire) -> usize {
        self.max_packet_size.saturating_sub(wire.envelope + PacketWriter::CHECKSUM_LEN)
    }

    /// The longest user message that fits a packet. The kind takes a byte; membership updates have all of every other packet.
    const fn user_message_room(&self, wire: &MemberlistWire) -> usize {
        self.memberlist_budget(wire).saturating_sub(MemberlistWire::COMPOUND_OVERHEAD + 1)
    }

    /// Whether a user message of so many bytes can be passed on in a packet.
    pub(crate) const fn fits_user_message(&self, len: usize) -> bool {
        match &self.wire {
            Wire::Memberlist(wire) => len <= self.user_message_room(wire),
            Wire::Native => true,
        }
    }

    /// Checks what memberlist's wire bounds otherwise than the native one.
    pub(super) fn validate_memberlist(&self, wire: &MemberlistWire) -> Result<(), ConfigError> {
        let (value, high) = (wire.envelope, MemberlistWire::MAX_ENVELOPE);
        if value > high {
            return Err(ConfigError::OutOfRange { field: "envelope", value, low: 0, high });
        }
        let (value, high) = (self.max_exchange_size, Self::MEMBERLIST_TABLE);
        if value > high {
            return Err(ConfigError::OutOfRange { field: "max_exchange_size", value, low: 65_536, high });
        }
        let packet = self.memberlist_budget(wire).saturating_sub(MemberlistWire::COMPOUND_OVERHEAD);
        let room = packet.saturating_sub(MemberlistWire::ALIVE_OVERHEAD);
        if self.max_metadata_size > room {
            return Err(ConfigError::DoesNotFit { field: "max_metadata_size", value: self.max_metadata_size, room });
        }
        let room = self.user_message_room(wire);
        if self.max_broadcast_size > room {
            return Err(ConfigError::DoesNotFit { field: "max_broadcast_size", value: self.max_broadcast_size, room });
        }
        Ok(())
    }
}

#[cfg(all(test, feature = "memberlist"))]
mod tests {
    use alloc::vec;

    use super::*;
    use crate::wire::memberlist::Message;

    #[test]
    fn the_bound_of_metadata_is_the_length_of_the_longest_alive() {
        let (id, metadata) = ("x".repeat(255), vec![7; 65_535]);
        let address = "[2001:db8::1]:65535".parse().unwrap();
        let (incarnation, versions) = (u32::MAX, Versions::SERF);
        let mut longest = vec![];
        Message::Alive { id: &id, incarnation, address, metadata: &metadata, versions }.encode(&mut longest);
        assert_eq!(longest.len() - metadata.len(), MemberlistWire::ALIVE_OVERHEAD);
    }

    #[test]
    fn the_presets_are_valid_with_the_longest_envelope_too() {
        for wire in [MemberlistWire::PLAIN, MemberlistWire { envelope: 302, ..MemberlistWire::SERF }] {
            for preset in [Config::memberlist_lan(wire), Config::memberlist_wan(wire), Config::memberlist_local(wire)] {
                assert_eq!(preset.validate(), Ok(()));
                assert_eq!(preset.clone().on_memberlist(wire), preset, "it is on that wire already");
            }
        }
    }

    #[test]
    fn what_does_not_fit_this_wire_is_refused() {
        type Change = fn(&mut Config);
        let changes: [(&str, Change); 4] = [
            ("envelope", |c| c.wire = Wire::Memberlist(MemberlistWire { envelope: 303, ..MemberlistWire::PLAIN })),
            ("max_exchange_size", |c| c.max_exchange_size = (20 << 20) + 1),
            ("max_metadata_size", |c| c.max_metadata_size = 1_400 - 9 - 330),
            ("max_broadcast_size", |c| c.max_broadcast_size = 1_400 - 9),
        ];
        for (field, change) in changes {
            let mut config = Config::memberlist_lan(MemberlistWire::PLAIN);
            change(&mut config);
            let error = config.validate().expect_err(field);
            assert!(alloc::format!("{error}").contains(field), "{field}: {error}");
        }
    }
}
