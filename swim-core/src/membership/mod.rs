//! [`Membership`]: the rules of SWIM that join the concepts of the floors below.
//!
//! Each family of rules has its folder, and its `mod.rs` says what is where: `door` (what arrives,
//! and who belongs), `belief` (what is believed, what follows, the end of a member), `names` (whose
//! a name is), `detecting` (probes), `spreading` (gossip and packets), `swapping` (joins, tables,
//! exchanges). Beside them `leaving` and `commands` are what the user asks for, `timeouts` what
//! runs when, `output` what the driver is asked for, `application` and `host` the doors to the
//! layer above. Read first: docs/PROTOCOL.md, and SWIM (Das, Gupta, Motivala 2002), sections 3
//! and 4.

pub(crate) mod application;
mod belief;
mod commands;
mod detecting;
mod door;
mod error;
mod host;
mod invariants;
mod leaving;
mod local;
mod names;
mod output;
mod spreading;
mod state;
mod swapping;
mod timeouts;
mod view;

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::sync::Arc;
use core::net::SocketAddr;

use rand_core::Rng;

use crate::detection::probe_order::ProbeOrder;
use crate::dialect::{Codec, Dialect};
use crate::ground::config::{Config, ConfigError, Wire};
use crate::ground::event::Event;
use crate::ground::id::{Incarnation, NodeId, SequenceNumber};
use crate::ground::member::{Claim, Identity, Status, is_reachable, normal_address};
use crate::ground::metrics::{DropReason, Metrics};
use crate::ground::network::is_allowed;
use crate::ground::random::up_to;
use crate::ground::time::Instant;
use crate::ground::timers::{Timer, Timers};
use crate::table::dead_members::DeadMembers;
use crate::table::members::{DescriptionView, Members};
use crate::table::provenance::Provenance;

pub(crate) use application::Application;
pub use error::{BroadcastError, ForceLeaveError, JoinError, MetadataError, PingError};
use local::Local;
pub use local::State;
pub use output::{Output, RoundTrip};
pub use spreading::transmit::Transmit;
use state::{Contacts, Detector, Gossip, Outputs};
pub use swapping::rekeying::{AskKeysError, KeyMessage};
pub use view::MemberView;

/// One node's side of the protocol, with the layer `A` above it. [`Swim`](crate::Swim) says how to
/// drive it.
// What every input touches lies together, here and in the parts: where many nodes live in one
// process, each line of the cache is fetched from memory.
#[derive(Debug)]
#[repr(C, align(64))]
pub struct Membership<R, A> {
    timers: Timers,
    outputs: Outputs,
    local: Local,
    dialect: Dialect,
    metrics: Metrics,
    members: Members,
    gossip: Gossip,
    /// The active peers, to probe and gossip to.
    peers: ProbeOrder,
    detector: Detector,
    dead: DeadMembers,
    rng: R,
    config: Config,
    contacts: Contacts,
    /// The layer above; `None` while it acts.
    layer: Option<Box<A>>,
    provenance: Provenance,
}

impl<R: Rng, A: Application> Membership<R, A> {
    /// A node that knows only itself. `now` starts its timers; `rng` decides all that is left to
    /// chance.
    ///
    /// # Errors
    /// [`ConfigError`] says which setting, or which part of the identity, cannot be used.
    pub fn new(
        config: Config,
        identity: Identity,
        rng: R,
        now: Instant,
    ) -> Result<Self, ConfigError> {
        config.validate()?;
        let dialect = Dialect::new(&config.wire);
        Self::speaking(dialect, config, identity, rng, now)
    }

    /// A node that speaks a wire of the program's own instead of that of `Config::wire`, which must
    /// be the native one.
    ///
    /// # Errors
    /// As of [`new`](Self::new).
    ///
    /// # Panics
    /// If `config.wire` is not [`Wire::Native`](crate::Wire::Native).
    pub fn with_codec(
        config: Config,
        identity: Identity,
        rng: R,
        now: Instant,
        codec: Arc<dyn Codec>,
    ) -> Result<Self, ConfigError> {
        assert!(config.wire == Wire::Native, "a node speaks one wire: memberlist's, or its own");
        config.validate()?;
        Self::speaking(Dialect::of(codec), config, identity, rng, now)
    }

    fn speaking(
        mut dialect: Dialect,
        config: Config,
        identity: Identity,
        mut rng: R,
        now: Instant,
    ) -> Result<Self, ConfigError> {
        let Identity { id, address, metadata, incarnation } = identity;
        let address = normal_address(address);
        if !is_reachable(&address) {
            return Err(ConfigError::Address(address));
        }
        if !is_allowed(&config.allowed_networks, address.ip()) {
            return Err(ConfigError::NotAllowed(address));
        }
        if metadata.len() > config.max_metadata_size {
            return Err(ConfigError::Metadata {
                len: metadata.len(),
                max: config.max_metadata_size,
            });
        }
        if incarnation > dialect.policy().highest_incarnation {
            return Err(ConfigError::Incarnation);
        }
        let mut members = Members::new(config.max_members, rng.next_u64());
        let description = DescriptionView { incarnation, address, metadata: &metadata };
        let slot = members
            .insert(&id, Claim::new(incarnation, Status::Alive), Some(description))
            .unwrap_or_else(|| unreachable!("an empty table has room: max_members is at least 2"));
        dialect.note_versions(slot, dialect.own_versions());
        let mut swim = Self {
            timers: Timers::default(),
            outputs: Outputs::new(config.max_transmits),
            local: Local::new(&config, dialect.policy(), (id, slot), address, incarnation, now),
            dialect,
            metrics: Metrics::default(),
            members,
            gossip: Gossip::default(),
            peers: ProbeOrder::default(),
            detector: Detector::new(&config, &mut rng),
            dead: DeadMembers::default(),
            rng,
            contacts: Contacts::new(&config),
            layer: Some(Box::default()),
            provenance: Provenance::default(),
            config,
        };
        swim.stagger(now);
        Ok(swim)
    }

    /// Sets the first deadlines at random within their intervals, so that nodes started together do
    /// not act in step.
    fn stagger(&mut self, now: Instant) {
        let Self { config, rng, timers, .. } = self;
        timers.advance(now);
        timers.set(Timer::Probe, now + up_to(rng, config.probe_interval));
        timers.set(Timer::Sync, now + up_to(rng, config.sync_interval_min));
        timers.set(Timer::Reconnect, now + up_to(rng, config.reconnect_interval));
    }

    /// When [`handle_timeout`](Self::handle_timeout) is to be called next; `None` if never (the
    /// node has left). O(1).
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.timers.next()
    }

    /// This node's name.
    #[must_use]
    pub const fn id(&self) -> &NodeId {
        &self.local.id
    }

    /// This node's address as the others know it.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.local.address
    }

    /// This node's incarnation.
    #[must_use]
    pub fn incarnation(&self) -> Incarnation {
        self.members.claim(self.local.slot).incarnation
    }

    /// Whether the node runs, leaves or has left.
    #[must_use]
    pub const fn state(&self) -> State {
        self.local.state
    }

    /// The settings.
    #[must_use]
    pub const fn config(&self) -> &Config {
        &self.config
    }

    /// Every known member, this node among them: alive, suspect, dead and left, in no order that
    /// means anything.
    pub fn members(&self) -> impl Iterator<Item = MemberView<'_>> {
        self.members.slots().filter_map(|slot| self.view(slot))
    }

    /// The member of that name.
    #[must_use]
    pub fn member(&self, id: &str) -> Option<MemberView<'_>> {
        self.view(self.members.find(id)?)
    }

    /// How many members are alive or suspected, this node included while it runs.
    #[must_use]
    pub fn active_members(&self) -> usize {
        self.peers.len() + usize::from(self.local.state == State::Running)
    }

    /// How many names the table holds, those that are gone or forgotten but for a tombstone
    /// included: at most `Config::max_members`. O(1).
    #[must_use]
    pub fn known_members(&self) -> usize {
        self.members.len()
    }

    /// The target of this protocol period's probe, and its number; `None` if there is none. O(1).
    /// (SWIM 3.1)
    #[must_use]
    pub fn probing(&self) -> Option<(&str, SequenceNumber)> {
        self.detector
            .probe
            .as_ref()
            .map(|probe| (self.members.name(probe.target()), probe.sequence()))
    }

    /// Lifeguard's local health score: 0 is well, up to `Config::awareness_max`.
    #[must_use]
    pub const fn health(&self) -> u8 {
        self.detector.awareness.score()
    }

    /// A digest of the table that does not depend on its order: equal tables have equal digests.
    #[must_use]
    pub fn digest(&self) -> u64 {
        self.members.digest().total()
    }

    /// A number that grows whenever [`members`](Self::members) would show something else, the dead
    /// and the left included, which the digest leaves out.
    #[must_use]
    pub const fn table_version(&self) -> u64 {
        self.members.version()
    }

    /// How many updates about members wait to be sent.
    #[must_use]
    pub const fn queued_updates(&self) -> usize {
        self.gossip.updates.len()
    }

    /// How many user broadcasts wait to be sent.
    #[must_use]
    pub fn queued_broadcasts(&self) -> usize {
        self.gossip.broadcasts.len() + self.gossip.rounds.len()
    }

    /// How many suspicions are running.
    #[must_use]
    pub fn suspicions(&self) -> usize {
        self.detector.suspicions.len()
    }

    /// The counters since the start.
    #[must_use]
    pub const fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// The layer above.
    pub(crate) fn layer(&self) -> Option<&A> {
        self.layer.as_deref()
    }

    /// The time of an input: an earlier one counts as the latest that the node was given.
    #[inline]
    pub(crate) fn advance(&mut self, now: Instant) -> Instant {
        self.timers.advance(now)
    }

    /// Tells the user, or counts that there is no room to.
    fn emit(&mut self, event: Event) {
        if !self.outputs.tell(event, self.config.max_events) {
            self.metrics.drop(DropReason::EventsFull);
        }
    }
}
