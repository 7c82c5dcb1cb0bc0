//! The settings, their presets and the one check of them all.
//!
//! Every field's documentation says what it is, the trade-off, the LAN default with its unit, the
//! bound that [`Config::validate`] checks and where the idea comes from; "own" is ours. No duration
//! may be above 100 years. "SWIM" is Das, Gupta, Motivala 2002; "Lifeguard" is Dadgar, Phillips,
//! Currey 2018; "memberlist" is HashiCorp's implementation.

mod bounds;
mod error;
mod events;
#[cfg(test)]
mod tests;
mod wire;

use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

pub use error::ConfigError;
pub use events::EventConfig;
pub use wire::{MemberlistWire, Wire};

use crate::ground::network::Network;

/// All settings of a node. Start from a preset, change fields, and hand it to
/// [`Swim::new`](crate::Swim::new), which validates it.
///
/// ```
/// use std::time::Duration;
/// use swim_core::Config;
///
/// let config = Config { probe_interval: Duration::from_millis(500), ..Config::lan() };
/// assert!(config.validate().is_err(), "the probe timeout of 500 ms no longer fits");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// The cluster's name. Every packet and exchange carries a 32-bit hash of it, and a node drops
    /// what carries another, so that two clusters that learn of each other's addresses do not mix.
    /// Default: `"default"`; 1 to 255 bytes. (own)
    pub cluster: String,
    /// The wire that is spoken, and what only that one needs to be told. Default: the native one.
    /// (own)
    pub wire: Wire,

    /// The protocol period: one member is probed in each. Shorter finds failures sooner and costs
    /// more packets. Default 1 s; above zero. (SWIM 3.1, T')
    pub probe_interval: Duration,
    /// How long a direct ping may take before others are asked to try: about the 99th percentile of
    /// a round trip. Shorter leaves the indirect probes more of the period. Default 500 ms; above
    /// zero and less than `probe_interval`. (SWIM 3.1)
    pub probe_timeout: Duration,
    /// How far each protocol period is spread around `probe_interval`, so that nodes started
    /// together do not probe in step. Wider spreads load better and makes detection less regular.
    /// Default 100 thousandths (± 10 %); at most 500. (own)
    pub probe_jitter_permille: u16,
    /// How many members are asked to probe on our behalf when a direct ping times out. More find a
    /// way around bad paths and cost packets at each failure. Default 3; at most 32. (SWIM 3.1, k)
    pub indirect_probes: u8,
    /// Whether a reliable exchange is tried beside the indirect probes. Of use where packets are
    /// datagrams and may be lost or filtered while streams work. The driver of a stream transport
    /// turns it off. Default on. (memberlist)
    pub reliable_fallback: bool,

    /// How often queued updates are sent on their own, not on the back of a probe. Shorter spreads
    /// faster in more packets; nothing is sent while nothing is queued. Default 200 ms; above zero.
    /// (memberlist)
    pub gossip_interval: Duration,
    /// To how many random members each gossip goes. Default 3; 1 to 32. (memberlist)
    pub gossip_fanout: u8,
    /// For how long after its death a member may still be picked for gossip, so that one declared
    /// dead in error hears of it and refutes. Longer saves more of them and costs a packet each
    /// time. Default 30 s; at most `reap_dead_after` and `reap_left_after`. (memberlist)
    pub gossip_to_dead_for: Duration,
    /// Each update is sent at most `retransmit_mult * ceil(log10(n + 1))` times by each node. More
    /// resists loss and costs bytes. Default 4; 1 to 32. (SWIM 4.1, λ)
    pub retransmit_mult: u8,

    /// The shortest suspicion lasts `suspicion_mult * max(1, log10(n)) * probe_interval`. Longer
    /// gives slow members more time to refute and finds failures later. 0 turns suspicions off: who
    /// is suspected is dead at once, as in SWIM without section 4.2, which is of use in experiments
    /// only. Default 4; at most 64. (Lifeguard IV-B, α)
    pub suspicion_mult: u8,
    /// The longest suspicion, of which only one member knows, lasts this many times the shortest. 1
    /// turns Lifeguard's local suspicion timeouts off: all last as long, and nobody waits for
    /// further accusers. Default 6; 1 to 64. (Lifeguard IV-B, β)
    pub suspicion_max_mult: u8,
    /// Whether a ping, an ack and gossip tell the member that they go to what is said of it, if it
    /// is suspected or dead. Off, it hears of that as of everything else, by gossip, and by what is
    /// sent to the dead for their own sake; for experiments. Default on. (Lifeguard IV-C, the buddy
    /// system)
    pub buddy_system: bool,
    /// Whether a few of those who hear of a suspicion make the suspect the next member they probe.
    /// Off, accusers come as they may and verdicts wait for them; for experiments. Default on.
    /// (own)
    pub suspects_probed_next: bool,
    /// Whether a node whose timers are called late by `probe_timeout` or more puts the verdicts
    /// that are due off once, to read first what waits for it. Off, a process that was stopped
    /// accuses others of its own silence; for experiments. Default on. (own)
    pub stall_grace: bool,
    /// The local health score runs from 0 (well) to this bound; probe interval and timeout are
    /// stretched by `score + 1`. 0 turns Lifeguard's self-awareness off. Default 8; at most 64.
    /// (Lifeguard IV-A, S)
    pub awareness_max: u8,

    /// The longest pause between two rounds of anti-entropy. A round between equal tables costs two
    /// small messages; after a round that found a difference the next one comes after
    /// `sync_interval_min`. Default 30 s; at least `sync_interval_min`. (memberlist's push/pull)
    pub sync_interval: Duration,
    /// The pause after a round that found a difference, and after a join; it doubles with each
    /// round that finds equal tables. While more is new than gossip carries, `gossip_interval`
    /// takes its place if that is shorter. Shorter ends a storm sooner. Default 1 s; above zero, at
    /// most `sync_interval`. (own)
    pub sync_interval_min: Duration,
    /// How long an exchange may take before it counts as failed. Default 10 s; above zero.
    /// (memberlist's TCP timeout)
    pub exchange_timeout: Duration,

    /// How many seeds are contacted at the same time at the beginning of a join. More get past dead
    /// seeds sooner and swap more tables. While none answers a node that is alone contacts twice as
    /// many every 500 ms, up to `max_exchanges` less 1. Default 3; 1 to 64. (own)
    pub join_parallelism: u8,
    /// The pause before a seed that failed is tried again; it doubles with each failure. Default
    /// 500 ms; above zero, at most `join_backoff_max`. (own)
    pub join_backoff: Duration,
    /// The longest such pause. A node without any member tries for ever. Default 30 s; at least
    /// `join_backoff`. (own)
    pub join_backoff_max: Duration,
    /// How often one dead member or absent seed, picked at random, is contacted, so that a
    /// partition of any length heals. Default 30 s; above zero. (serf's reconnect)
    pub reconnect_interval: Duration,
    /// How long a leaving node tries to spread its departure before it is done anyway. Longer tells
    /// more in a large cluster. Default 5 s. (memberlist's leave)
    pub leave_timeout: Duration,

    /// How long a dead member is kept (and contacted again now and then) before it is forgotten.
    /// Default 24 h; at least `gossip_to_dead_for`. (serf's reconnect timeout)
    pub reap_dead_after: Duration,
    /// How long a member that left is kept before it is forgotten. Default 5 min; at least
    /// `gossip_to_dead_for`. (serf's tombstone timeout, shorter)
    pub reap_left_after: Duration,
    /// How long the name and incarnation of a forgotten member are kept, so that nobody's old table
    /// brings it back as if it had just joined. Longer is safer after long partitions and costs a
    /// name each. Default 24 h. (own)
    pub tombstone_for: Duration,

    /// The largest packet sent, in bytes; of others, any up to [`Config::LARGEST_PACKET`] is
    /// accepted. Default 1,400 (fits an Ethernet frame with IPv6 and UDP headers); 1,051 (the
    /// longest ping with the longest suspicion of its target beside it, names having 255 bytes) to
    /// 65,507. (memberlist)
    pub max_packet_size: usize,
    /// The largest request or reply of an exchange, in bytes, sent or accepted. Of a larger table
    /// another part is sent each time. Default 32 MiB; 64 KiB to 4 GiB - 1. (memberlist)
    pub max_exchange_size: usize,
    /// How many members (this node, suspects, dead, left and tombstones included) are known at
    /// most. Claims about further ones are dropped and counted. Default 65,536; 2 to 4,194,303, and
    /// all their names and metadata together within 3 GiB. (own)
    pub max_members: usize,
    /// The longest metadata of a member, in bytes; longer ones of others are dropped and counted.
    /// Default 512; at most 65,535 and `max_packet_size` - 817, so that it fits a packet beside the
    /// longest ping and the longest names. (memberlist)
    pub max_metadata_size: usize,
    /// The longest user broadcast, in bytes. Default 380, which sealed packets of the default size
    /// hold too; at most `max_packet_size` / 2 - 285, so that half a packet holds it with the
    /// longest name and membership updates can have the other half. (own)
    pub max_broadcast_size: usize,
    /// How many user broadcasts wait to be sent at most. A further one of this node is refused with
    /// an error; a further one of others is delivered here and not passed on. Default 1,024; 1 to
    /// 65,536. (own)
    pub max_broadcasts: usize,
    /// Of how many origins the received broadcasts are remembered, and of each the latest twelve
    /// lives. A broadcast is delivered at most once as long as no more origins than this are
    /// broadcasting and none has broadcast in more lives than that; past it, the origin longest
    /// silent, or its life with the fewest broadcasts, is forgotten, and the broadcast that takes
    /// its place is not passed on. Default 16,384; at least 1. (own)
    pub max_broadcast_origins: usize,
    /// How many exchanges this node keeps open at once. A further one is not begun until one ends.
    /// Default 64; at least 1 more than `join_parallelism`, at most 1,024. (own)
    pub max_exchanges: usize,
    /// How many pings on behalf of others, and of the user, are outstanding at most; further
    /// requests are dropped and counted. Default 256; 1 to 4,096. (own)
    pub max_pings: usize,
    /// How many packets wait to be polled at most; further ones are dropped and counted. Default
    /// 1,024; at least 64. (own)
    pub max_transmits: usize,
    /// How many events wait to be polled at most; further ones are dropped and counted. Default
    /// 262,144; at least 64. (own)
    pub max_events: usize,
    /// How many seeds, and addresses of forgotten members, are remembered at most. Default 256; 1
    /// to 4,096. (own)
    pub max_seeds: usize,
    /// How far above this node's first incarnation, and the milliseconds since its start, the
    /// incarnation of any claim may be. A higher one is dropped and counted, however it was
    /// reached, so that no number of messages uses up a member's incarnations. All nodes' first
    /// incarnations must be closer together than this. On memberlist's wire 2^31 at most, and
    /// seconds instead of milliseconds. Default 2^42 (139 years of milliseconds); at least 1. (own)
    pub max_incarnation_ahead: u64,
    /// What comes from addresses outside of these networks, and members and seeds that are said to
    /// live there, are dropped and counted. Default: none, which allows all. (memberlist's
    /// CIDRsAllowed)
    pub allowed_networks: Vec<Network>,
    /// Of how many members the network coordinates are kept, those heard of latest; this node then
    /// says its own in its acks. Each takes about 170 bytes, and each ack 50 to 300 more. 0: none,
    /// and no round trip is estimated. Default 0, beside serf's agents 1,024; at most 65,536.
    /// (serf)
    pub max_coordinates: usize,
    /// Whether broadcasts, user events, queries and answers are taken from their origin alone:
    /// nobody passes them on, each node sends its own to every member itself, 2 n packets for each,
    /// up to 256 in a gossip interval; and events told beside tables are not believed. For a
    /// transport that knows who speaks (TLS with bound names): there what is passed on could be
    /// anyone's. Of no effect on memberlist's wire. Default off. (own)
    pub origin_only: bool,
    /// User events and queries.
    pub events: EventConfig,
}

impl Config {
    /// For a local network: memberlist's LAN figures.
    #[must_use]
    pub fn lan() -> Self {
        Self {
            cluster: String::from("default"),
            wire: Wire::Native,
            probe_interval: Duration::from_secs(1),
            probe_timeout: Duration::from_millis(500),
            probe_jitter_permille: 100,
            indirect_probes: 3,
            reliable_fallback: true,
            gossip_interval: Duration::from_millis(200),
            gossip_fanout: 3,
            gossip_to_dead_for: Duration::from_secs(30),
            retransmit_mult: 4,
            suspicion_mult: 4,
            suspicion_max_mult: 6,
            buddy_system: true,
            suspects_probed_next: true,
            stall_grace: true,
            awareness_max: 8,
            sync_interval: Duration::from_secs(30),
            sync_interval_min: Duration::from_secs(1),
            exchange_timeout: Duration::from_secs(10),
            join_parallelism: 3,
            join_backoff: Duration::from_millis(500),
            join_backoff_max: Duration::from_secs(30),
            reconnect_interval: Duration::from_secs(30),
            leave_timeout: Duration::from_secs(5),
            reap_dead_after: Duration::from_secs(24 * 3_600),
            reap_left_after: Duration::from_secs(300),
            tombstone_for: Duration::from_secs(24 * 3_600),
            max_packet_size: 1_400,
            max_exchange_size: 32 << 20,
            max_members: 65_536,
            max_metadata_size: 512,
            max_broadcast_size: 380,
            max_broadcasts: 1_024,
            max_broadcast_origins: 16_384,
            max_exchanges: 64,
            max_pings: 256,
            max_transmits: 1_024,
            max_events: 262_144,
            max_seeds: 256,
            max_incarnation_ahead: 1 << 42,
            allowed_networks: Vec::new(),
            max_coordinates: 0,
            origin_only: false,
            events: EventConfig::default(),
        }
    }

    /// For links between sites: slower probes, longer suspicions (memberlist's WAN figures).
    #[must_use]
    pub fn wan() -> Self {
        Self {
            probe_interval: Duration::from_secs(5),
            probe_timeout: Duration::from_secs(3),
            gossip_interval: Duration::from_millis(500),
            gossip_fanout: 4,
            gossip_to_dead_for: Duration::from_secs(60),
            suspicion_mult: 6,
            sync_interval: Duration::from_secs(60),
            sync_interval_min: Duration::from_secs(5),
            exchange_timeout: Duration::from_secs(30),
            join_backoff: Duration::from_secs(2),
            leave_timeout: Duration::from_secs(15),
            ..Self::lan()
        }
    }

    /// For one machine and for tests: a dead process is found within about two seconds.
    #[must_use]
    pub fn local() -> Self {
        Self {
            probe_interval: Duration::from_millis(250),
            probe_timeout: Duration::from_millis(100),
            indirect_probes: 2,
            gossip_interval: Duration::from_millis(50),
            gossip_to_dead_for: Duration::from_secs(5),
            suspicion_mult: 3,
            suspicion_max_mult: 4,
            sync_interval: Duration::from_secs(15),
            sync_interval_min: Duration::from_millis(200),
            exchange_timeout: Duration::from_secs(1),
            join_backoff: Duration::from_millis(100),
            join_backoff_max: Duration::from_secs(5),
            reconnect_interval: Duration::from_secs(5),
            leave_timeout: Duration::from_secs(2),
            ..Self::lan()
        }
    }

    /// Checks every bound, and the bounds that relate fields to each other.
    ///
    /// # Errors
    /// The first [`ConfigError`] found, in the order of the fields.
    pub fn validate(&self) -> Result<(), ConfigError> {
        self.validate_wire((cfg!(feature = "memberlist"), cfg!(feature = "serf")))?;
        self.validate_periods()?;
        self.validate_sizes()?;
        self.validate_events()
    }

    fn validate_periods(&self) -> Result<(), ConfigError> {
        let longest = LONGEST;
        for (field, duration) in [
            ("probe_interval", self.probe_interval),
            ("probe_timeout", self.probe_timeout),
            ("gossip_interval", self.gossip_interval),
            ("sync_interval_min", self.sync_interval_min),
            ("exchange_timeout", self.exchange_timeout),
            ("join_backoff", self.join_backoff),
            ("reconnect_interval", self.reconnect_interval),
        ] {
            if duration.is_zero() {
                return Err(ConfigError::Zero { field });
            }
            at_most(field, duration, "100 years", longest)?;
        }
        if self.probe_timeout >= self.probe_interval {
            return Err(ConfigError::NotLess {
                field: "probe_timeout",
                value: self.probe_timeout,
                bound: "probe_interval",
                limit: self.probe_interval,
            });
        }
        for (field, value, bound, limit) in [
            ("sync_interval_min", self.sync_interval_min, "sync_interval", self.sync_interval),
            ("join_backoff", self.join_backoff, "join_backoff_max", self.join_backoff_max),
            (
                "gossip_to_dead_for",
                self.gossip_to_dead_for,
                "reap_dead_after",
                self.reap_dead_after,
            ),
            (
                "gossip_to_dead_for",
                self.gossip_to_dead_for,
                "reap_left_after",
                self.reap_left_after,
            ),
            ("sync_interval", self.sync_interval, "100 years", longest),
            ("join_backoff_max", self.join_backoff_max, "100 years", longest),
            ("leave_timeout", self.leave_timeout, "100 years", longest),
            ("reap_dead_after", self.reap_dead_after, "100 years", longest),
            ("reap_left_after", self.reap_left_after, "100 years", longest),
            ("tombstone_for", self.tombstone_for, "100 years", longest),
        ] {
            at_most(field, value, bound, limit)?;
        }
        Ok(())
    }

    fn validate_sizes(&self) -> Result<(), ConfigError> {
        for (field, value, low, high) in [
            ("cluster", self.cluster.len(), 1, 255),
            ("probe_jitter_permille", usize::from(self.probe_jitter_permille), 0, 500),
            ("indirect_probes", usize::from(self.indirect_probes), 0, 32),
            ("gossip_fanout", usize::from(self.gossip_fanout), 1, 32),
            ("retransmit_mult", usize::from(self.retransmit_mult), 1, 32),
            ("suspicion_mult", usize::from(self.suspicion_mult), 0, 64),
            ("suspicion_max_mult", usize::from(self.suspicion_max_mult), 1, 64),
            ("awareness_max", usize::from(self.awareness_max), 0, 64),
            ("join_parallelism", usize::from(self.join_parallelism), 1, 64),
            ("max_packet_size", self.max_packet_size, Self::MIN_PACKET_SIZE, Self::LARGEST_PACKET),
            ("max_exchange_size", self.max_exchange_size, 65_536, u32::MAX as usize),
            ("max_members", self.max_members, 2, Self::MAX_MEMBERS),
            ("max_metadata_size", self.max_metadata_size, 0, 65_535),
            ("max_broadcasts", self.max_broadcasts, 1, 65_536),
            ("max_broadcast_origins", self.max_broadcast_origins, 1, usize::MAX),
            ("max_exchanges", self.max_exchanges, usize::from(self.join_parallelism) + 1, 1_024),
            ("max_pings", self.max_pings, 1, 4_096),
            ("max_transmits", self.max_transmits, 64, usize::MAX),
            ("max_events", self.max_events, 64, usize::MAX),
            ("max_seeds", self.max_seeds, 1, 4_096),
            ("max_coordinates", self.max_coordinates, 0, 65_536),
        ] {
            if !(low..=high).contains(&value) {
                return Err(ConfigError::OutOfRange { field, value, low, high });
            }
        }
        if self.max_incarnation_ahead == 0 {
            return Err(ConfigError::Zero { field: "max_incarnation_ahead" });
        }
        let texts = self
            .max_members
            .saturating_mul(self.max_metadata_size + Self::LONGEST_NAME_AND_ADDRESS);
        if texts > Self::MAX_TEXTS {
            let high = Self::MAX_TEXTS / (self.max_metadata_size + Self::LONGEST_NAME_AND_ADDRESS);
            return Err(ConfigError::OutOfRange {
                field: "max_members",
                value: self.max_members,
                low: 2,
                high,
            });
        }
        if let Wire::Memberlist(wire) = &self.wire {
            return self.validate_memberlist(wire);
        }
        let room = self.max_packet_size.saturating_sub(Self::ALIVE_OVERHEAD);
        if self.max_metadata_size > room {
            return Err(ConfigError::DoesNotFit {
                field: "max_metadata_size",
                value: self.max_metadata_size,
                room,
            });
        }
        let room = (self.max_packet_size / 2).saturating_sub(Self::BROADCAST_OVERHEAD);
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

/// No duration may be longer.
const LONGEST: Duration = Duration::from_secs(100 * 365 * 86_400);

fn at_most(
    field: &'static str,
    value: Duration,
    bound: &'static str,
    limit: Duration,
) -> Result<(), ConfigError> {
    if value > limit { Err(ConfigError::MoreThan { field, value, bound, limit }) } else { Ok(()) }
}
