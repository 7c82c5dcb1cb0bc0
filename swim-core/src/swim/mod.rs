//! [`Swim`]: the state machine that connects the concepts of the floors below.
//!
//! Each family of rules has its own file: `admission` (who belongs), `packets` and `unnamed` (what
//! arrives), `claims`, `returns` and `refutation` (what is believed), `forgetting` (the end of a
//! member), `probing` and `relaying` (failure detection), `gossiping` and `transmit`
//! (dissemination), `exchanging` and `streams` (requests and replies), `joining`, `syncing` and
//! `tables` (what members swap), `leaving`, `commands` (what the user asks for) and `timeouts`
//! (what runs when). Read first: docs/PROTOCOL.md, and SWIM (Das, Gupta, Motivala 2002), sections 3
//! and 4.

mod admission;
mod bearers;
mod catching_up;
mod claims;
mod commands;
mod coordinates;
mod dialing;
mod error;
mod event_error;
mod exchanging;
mod forgetting;
mod gossiping;
mod incarnations;
mod intending;
mod internal;
mod invariants;
mod joining;
mod leaving;
mod local;
mod merging;
mod namesakes;
mod naming;
mod output;
mod packets;
mod peering;
mod probing;
mod provenance;
mod querying;
mod refutation;
mod rekeying;
mod relaying;
mod report;
mod returns;
mod serf;
mod state;
mod streams;
mod syncing;
mod tables;
mod timeouts;
mod transmit;
mod unnamed;
mod user_events;
mod user_messages;
mod view;

use alloc::collections::VecDeque;
use core::net::SocketAddr;

use rand_core::Rng;

use crate::config::{Config, ConfigError};
use crate::dead_members::DeadMembers;
use crate::dialect::Dialect;
use crate::event::Event;
use crate::id::{Incarnation, NodeId, SequenceNumber};
use crate::member::{Claim, Identity, Status, is_reachable, normal_address};
use crate::members::{DescriptionView, Members};
use crate::metrics::{DropReason, Metrics};
use crate::network::is_allowed;
use crate::probe_order::ProbeOrder;
use crate::provenance::Provenance;
use crate::random::up_to;
use crate::time::Instant;
use crate::timers::{Timer, Timers};
use crate::vivaldi::Vivaldi;

pub use error::{BroadcastError, ForceLeaveError, JoinError, MetadataError, PingError};
pub use event_error::{EventError, QueryError, RespondError};
pub use internal::{KeyAnswer, KeyOperation, KeyQuery};
use local::Local;
pub use local::State;
pub use output::{Output, RoundTrip};
pub use querying::Question;
pub use rekeying::{AskKeysError, KeyMessage};
use serf::Serf;
use state::{Contacts, Detector, Gossip, Outputs};
pub use transmit::Transmit;
pub use view::MemberView;

/// One node's side of the protocol.
///
/// # How to drive it
/// Methods come in four kinds. *Inputs* (`handle_*`) say what happened; *commands* (`join`,
/// `leave`, …) say what the user wants; *outputs* (`poll_*`) say what is to be done; the rest
/// reads. `now` is always the first argument of what takes one. It should not go backwards: an
/// earlier `now` counts as the latest one that the node was given.
///
/// **After every input and every command, drain the outputs:**
/// 1. [`poll_transmit`](Self::poll_transmit) until `None`: send each packet;
/// 2. [`poll_output`](Self::poll_output) until `None`: carry out each exchange, tell the user each
///    event;
/// 3. [`poll_timeout`](Self::poll_timeout) once: call [`handle_timeout`](Self::handle_timeout) at
///    that time.
///
/// Call `handle_timeout` as soon as its time has come, also while messages keep arriving.
///
/// ```
/// use rand_core::SeedableRng;
/// use rand_xoshiro::Xoshiro256PlusPlus;
/// use swim_core::{Config, Identity, Incarnation, Instant, NodeId, Output, Swim};
///
/// let identity = Identity::new(NodeId::new("a")?, "127.0.0.1:7946".parse()?, Incarnation::new(1));
/// let rng = Xoshiro256PlusPlus::seed_from_u64(7);
/// let now = Instant::ORIGIN; // your clock
/// let mut swim = Swim::new(Config::lan(), identity, rng, now)?;
/// swim.join(now, &["127.0.0.1:7947".parse()?])?;
///
/// let mut buffer = Vec::new();
/// while let Some(transmit) = swim.poll_transmit(now, &mut buffer) { // 1.
///     println!("send {} bytes to {}", buffer.len(), transmit.to);
/// }
/// while let Some(output) = swim.poll_output() { // 2.
///     match output {
///         Output::Exchange(exchange) => println!("open, answer or abandon: {exchange:?}"),
///         Output::Event(event) => println!("{event:?}"),
///         _ => {} // keys and round trips: for drivers that want them
///     }
/// }
/// let wake_me_at = swim.poll_timeout(); // 3.
/// # assert!(wake_me_at.is_some());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Determinism
/// The same configuration, generator and inputs give the same outputs, bit for bit, on every
/// platform.
///
/// # The generator
/// Others see some of what is drawn, such as the sequence numbers of pings, and must not be able to
/// tell what will be. On a real network give it a cryptographic generator with a seed from the
/// system's entropy. Simulations may do with less.
// What every input touches lies together, here and in the parts: where many nodes live in one
// process, each line of the cache is fetched from memory.
#[derive(Debug)]
#[repr(C, align(64))]
pub struct Swim<R> {
    timers: Timers,
    outputs: Outputs,
    local: Local,
    dialect: Dialect,
    metrics: Metrics,
    members: Members,
    gossip: Gossip,
    /// The active peers: whom to probe and gossip to.
    peers: ProbeOrder,
    detector: Detector,
    dead: DeadMembers,
    rng: R,
    config: Config,
    contacts: Contacts,
    serf: Serf,
    vivaldi: Vivaldi,
    provenance: Provenance,
}

impl<R: Rng> Swim<R> {
    /// A node that knows only itself. `now` starts its timers; `rng` decides all that is left to
    /// chance.
    ///
    /// # Errors
    /// [`ConfigError`] says which setting, or which part of the identity, cannot be used.
    pub fn new(
        config: Config,
        identity: Identity,
        mut rng: R,
        now: Instant,
    ) -> Result<Self, ConfigError> {
        config.validate()?;
        let mut dialect = Dialect::new(&config.wire);
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
            serf: Serf::default(),
            vivaldi: Vivaldi::default(),
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

    /// Whom this protocol period's probe is for, and its number; `None` if there is none. O(1).
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

    /// Tells the user, or counts that there is no room to.
    fn emit(&mut self, event: Event) {
        if self.outputs.events.len() < self.config.max_events {
            let lag = self.outputs.lag();
            self.outputs.events.extend(lag.into_iter().chain([event]));
        } else {
            self.outputs.missed += 1;
            self.metrics.drop(DropReason::EventsFull);
        }
    }
}
