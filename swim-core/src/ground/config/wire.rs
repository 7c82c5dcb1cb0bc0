//! The wire a node speaks, and the settings that only memberlist's wire has. Read first:
//! docs/MEMBERLIST.md.

use core::time::Duration;

use super::{Config, ConfigError};
use crate::ground::id::Incarnation;
use crate::ground::versions::Versions;

/// The wire that a node speaks. All nodes of a cluster speak the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Wire {
    /// This project's own: docs/WIRE.md.
    #[default]
    Native,
    /// HashiCorp's memberlist's: docs/MEMBERLIST.md. A build without the feature `memberlist`
    /// refuses it ([`ConfigError::NotBuilt`]).
    Memberlist(MemberlistWire),
}

/// The settings that only memberlist's wire has. The cluster's name is of no meaning there:
/// clusters are kept apart by the label and the keys of the `wire::memberlist::Envelope`, which is
/// the driver's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemberlistWire {
    /// What the node says that it speaks. It must be within what the living members of its cluster
    /// understand, and the other way round, or they refuse each other's tables: [`Versions::SERF`]
    /// among serf agents, [`Versions::PLAIN`] with alertmanager and whatever else versions
    /// nothing of its own.
    pub versions: Versions,
    /// Whether packets and tables are compressed where that makes them shorter. Fewer bytes, more
    /// work; everyone reads both. Default on. (memberlist's `EnableCompression`)
    pub compress: bool,
    /// How many bytes of each packet the driver takes for label and encryption:
    /// `wire::memberlist::Envelope::packet_overhead`. Default 0; at most 302.
    pub envelope: usize,
    /// Whether the node is one of serf's agents: user messages, the state with tables and the
    /// payloads of acks are serf's, and users have events and queries. Default on with serf, else
    /// off.
    pub serf_agent: bool,
}

impl Wire {
    /// The first incarnation of a node that remembers none, whose wall clock shows so many
    /// milliseconds since 1970: that number, so that a restarted node supersedes its old self at
    /// once. On memberlist's wire, whose incarnations have 32 bits, it is 1: the node refutes what
    /// is said of its former life.
    #[must_use]
    pub const fn first_incarnation(&self, clock_millis: u64) -> Incarnation {
        match self {
            Self::Native if clock_millis > Incarnation::MAX.get() => Incarnation::MAX,
            Self::Native => Incarnation::new(clock_millis),
            Self::Memberlist(_) => Incarnation::new(1),
        }
    }
}

impl MemberlistWire {
    /// Beside alertmanager, and whatever else embeds memberlist and versions nothing of its own.
    pub const PLAIN: Self =
        Self { versions: Versions::PLAIN, compress: true, envelope: 0, serf_agent: false };
    /// Beside serf agents.
    pub const SERF: Self = Self { versions: Versions::SERF, serf_agent: true, ..Self::PLAIN };
    /// Beside alertmanager.
    pub const ALERTMANAGER: Self = Self::PLAIN;

    /// The most that label and encryption take: a label of 255 bytes, and encryption with padding.
    const MAX_ENVELOPE: usize = 257 + 45;
    // Tests measure these four, which are the wire's.
    /// Bytes of an alive message besides its metadata, with the longest name and an IPv6 address.
    const ALIVE_OVERHEAD: usize = 331;
    /// Bytes of a compound of one message besides the message.
    const COMPOUND_OVERHEAD: usize = 4;
    /// Bytes of a packet's checksum.
    const CHECKSUM_LEN: usize = 5;
    /// How many times longer than `max_exchange_size` a compressed table may unpack to.
    const UNPACKED: usize = 2;
}

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

    /// The same settings on memberlist's wire, with what memberlist fixes: its bounds on tables and
    /// on the health score, and user messages as long as packets can bear besides the longest label
    /// and encryption.
    #[must_use]
    pub fn on_memberlist(self, wire: MemberlistWire) -> Self {
        Self {
            wire: Wire::Memberlist(wire),
            awareness_max: self.awareness_max.min(7),
            max_exchange_size: self.max_exchange_size.min(Self::MEMBERLIST_TABLE),
            max_broadcast_size: self.max_broadcast_size.max(1_024),
            reliable_fallback: true,
            max_coordinates: if wire.serf_agent { 1_024 } else { self.max_coordinates },
            ..self
        }
    }

    /// The largest request or reply that is read: on memberlist's wire one may unpack to more than
    /// it was on the way.
    pub(crate) const fn largest_exchange_heard(&self) -> usize {
        match self.wire {
            Wire::Native => self.max_exchange_size,
            Wire::Memberlist(_) => self.max_exchange_size.saturating_mul(MemberlistWire::UNPACKED),
        }
    }

    /// The longest packet of memberlist's wire before checksum and envelope are put around it.
    pub(crate) const fn memberlist_budget(&self, wire: &MemberlistWire) -> usize {
        self.max_packet_size.saturating_sub(wire.envelope + MemberlistWire::CHECKSUM_LEN)
    }

    /// The longest user message that fits a packet. The kind takes a byte; membership updates have
    /// all of every other packet.
    pub(crate) const fn user_message_room(&self, wire: &MemberlistWire) -> usize {
        self.memberlist_budget(wire).saturating_sub(MemberlistWire::COMPOUND_OVERHEAD + 1)
    }

    /// Checks that this build speaks the wire, of which it `has` memberlist's and serf's layer.
    pub(super) const fn validate_wire(&self, has: (bool, bool)) -> Result<(), ConfigError> {
        match (&self.wire, has) {
            (Wire::Memberlist(_), (false, _)) => {
                Err(ConfigError::NotBuilt { feature: "memberlist" })
            }
            (Wire::Memberlist(MemberlistWire { serf_agent: true, .. }), (_, false)) => {
                Err(ConfigError::NotBuilt { feature: "serf" })
            }
            (Wire::Native | Wire::Memberlist(_), _) => Ok(()),
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
            return Err(ConfigError::OutOfRange {
                field: "max_exchange_size",
                value,
                low: 65_536,
                high,
            });
        }
        let packet = self.memberlist_budget(wire).saturating_sub(MemberlistWire::COMPOUND_OVERHEAD);
        let room = packet.saturating_sub(MemberlistWire::ALIVE_OVERHEAD);
        if self.max_metadata_size > room {
            return Err(ConfigError::DoesNotFit {
                field: "max_metadata_size",
                value: self.max_metadata_size,
                room,
            });
        }
        let room = self.user_message_room(wire);
        if self.max_broadcast_size > room {
            return Err(ConfigError::DoesNotFit {
                field: "max_broadcast_size",
                value: self.max_broadcast_size,
                room,
            });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;
    use alloc::vec::Vec;

    use super::*;
    use crate::wire::memberlist::{Message, PacketWriter, StreamDecoder};

    #[test]
    fn what_the_wire_takes_beside_what_is_said_is_as_long_as_the_settings_assume() {
        let (id, metadata) = ("x".repeat(255), vec![7; 65_535]);
        let address = "[2001:db8::1]:65535".parse().unwrap();
        let (incarnation, versions) = (u32::MAX, Versions::SERF);
        let mut longest = vec![];
        Message::Alive { id: &id, incarnation, address, metadata: &metadata, versions }
            .encode(&mut longest);
        assert_eq!(longest.len() - metadata.len(), MemberlistWire::ALIVE_OVERHEAD);
        assert_eq!(PacketWriter::CHECKSUM_LEN, MemberlistWire::CHECKSUM_LEN);
        assert_eq!(StreamDecoder::UNPACKED, MemberlistWire::UNPACKED);
        let mut bytes = Vec::new();
        let mut writer = PacketWriter::begin(&mut bytes);
        writer.push(&Message::User { payload: &[7; 9] });
        assert_eq!(writer.len_with(10), 10 + 10 + 2 + MemberlistWire::COMPOUND_OVERHEAD);
    }

    #[test]
    fn a_first_incarnation_is_within_what_the_wire_can_say() {
        let memberlist = Wire::Memberlist(MemberlistWire::PLAIN);
        for (clock, native) in
            [(0, 0), (1_700_000_000_000, 1_700_000_000_000), (u64::MAX, Incarnation::MAX.get())]
        {
            let firsts = [Wire::Native, memberlist].map(|wire| wire.first_incarnation(clock).get());
            assert_eq!(firsts, [native, 1]);
        }
    }

    #[test]
    fn a_wire_that_was_not_built_is_refused() {
        let (native, memberlist) = (Config::lan(), Config::memberlist_lan(MemberlistWire::PLAIN));
        let serf =
            Config::memberlist_lan(MemberlistWire { serf_agent: true, ..MemberlistWire::PLAIN });
        assert_eq!(native.validate_wire((false, false)), Ok(()));
        assert_eq!(memberlist.validate_wire((true, false)), Ok(()));
        assert_eq!(serf.validate_wire((true, true)), Ok(()));
        let not_built = |feature| Err(ConfigError::NotBuilt { feature });
        assert_eq!(memberlist.validate_wire((false, true)), not_built("memberlist"));
        assert_eq!(serf.validate_wire((true, false)), not_built("serf"));
    }

    #[test]
    fn the_presets_are_valid_with_the_longest_envelope_too() {
        for wire in
            [MemberlistWire::PLAIN, MemberlistWire { envelope: 302, ..MemberlistWire::SERF }]
        {
            for preset in [
                Config::memberlist_lan(wire),
                Config::memberlist_wan(wire),
                Config::memberlist_local(wire),
            ] {
                assert_eq!(preset.validate(), Ok(()));
                assert_eq!(
                    preset.clone().on_memberlist(wire),
                    preset,
                    "it is on that wire already"
                );
            }
        }
    }

    #[test]
    fn what_does_not_fit_this_wire_is_refused() {
        type Change = fn(&mut Config);
        let changes: [(&str, Change); 4] = [
            ("envelope", |c| {
                c.wire =
                    Wire::Memberlist(MemberlistWire { envelope: 303, ..MemberlistWire::PLAIN });
            }),
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
