//! STUB: the shape of the public contract, so that drivers can be written beside the core.
#![allow(missing_docs, unused_variables, clippy::unimplemented, clippy::needless_pass_by_value, dead_code)]

use alloc::vec::Vec;
use core::net::SocketAddr;
use rand_core::Rng;

use crate::{
    Claim, Config, ConfigError, Event, ExchangeInput, ExchangeOutput, Identity, Incarnation, Instant, Member, Metrics,
    NodeId, SequenceNumber, Status,
};

/// A packet to be sent; its bytes are in the buffer that poll_transmit was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transmit {
    pub to: SocketAddr,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Running,
    Leaving,
    Left,
}

/// Borrowed view of one member in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemberView<'a> {
    pub id: &'a str,
    pub address: SocketAddr,
    pub metadata: &'a [u8],
    pub claim: Claim,
}

impl MemberView<'_> {
    pub fn status(&self) -> Status {
        self.claim.status
    }
    pub fn to_member(&self) -> Member {
        unimplemented!()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JoinError {
    /// unspecified, multicast or port 0
    Address(SocketAddr),
    /// max_seeds reached
    TooManySeeds {
        max: usize,
    },
    NotRunning,
}
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetadataError {
    TooLong { len: usize, max: usize },
    NotRunning,
    IncarnationsExhausted,
}
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BroadcastError {
    TooLong { len: usize, max: usize },
    QueueFull { max: usize },
    NotRunning,
}
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PingError {
    UnknownMember,
    Ourselves,
    Full { max: usize },
    NotRunning,
}
macro_rules! errors { ($($t:ty),*) => { $(
    impl core::fmt::Display for $t { fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result { write!(f, "{self:?}") } }
    impl core::error::Error for $t {}
)* } }
errors!(JoinError, MetadataError, BroadcastError, PingError);

#[derive(Debug)]
pub struct Swim<R> {
    rng: R,
}

impl<R: Rng> Swim<R> {
    pub fn new(config: Config, identity: Identity, rng: R, now: Instant) -> Result<Self, ConfigError> {
        unimplemented!()
    }

    // --- inputs (now first); after each one, drain the four polls
    pub fn handle_packet(&mut self, now: Instant, from: SocketAddr, packet: &[u8]) {
        unimplemented!()
    }
    pub fn handle_exchange(&mut self, now: Instant, input: ExchangeInput<'_>) {
        unimplemented!()
    }
    pub fn handle_timeout(&mut self, now: Instant) {
        unimplemented!()
    }
    /// hint: nothing listens at `address` (connection refused)
    pub fn handle_unreachable(&mut self, now: Instant, address: SocketAddr) {
        unimplemented!()
    }

    // --- what the user wants
    /// Adds seeds and contacts them; idempotent per address; our own address is skipped.
    pub fn join(&mut self, now: Instant, seeds: &[SocketAddr]) -> Result<(), JoinError> {
        unimplemented!()
    }
    /// Event::LeaveComplete follows within Config::leave_timeout.
    pub fn leave(&mut self, now: Instant) {
        unimplemented!()
    }
    pub fn set_metadata(&mut self, now: Instant, metadata: &[u8]) -> Result<(), MetadataError> {
        unimplemented!()
    }
    pub fn broadcast(&mut self, now: Instant, payload: &[u8]) -> Result<(), BroadcastError> {
        unimplemented!()
    }
    /// Event::Pinged { sequence, .. } follows.
    pub fn ping(&mut self, now: Instant, id: &str) -> Result<SequenceNumber, PingError> {
        unimplemented!()
    }

    // --- outputs
    /// Clears `buffer`, fills it with the packet's bytes.
    pub fn poll_transmit(&mut self, now: Instant, buffer: &mut Vec<u8>) -> Option<Transmit> {
        unimplemented!()
    }
    pub fn poll_exchange(&mut self) -> Option<ExchangeOutput> {
        unimplemented!()
    }
    pub fn poll_event(&mut self) -> Option<Event> {
        unimplemented!()
    }
    /// When handle_timeout is to be called next.
    pub fn poll_timeout(&self) -> Option<Instant> {
        unimplemented!()
    }

    // --- reading
    pub fn id(&self) -> &NodeId {
        unimplemented!()
    }
    pub fn address(&self) -> SocketAddr {
        unimplemented!()
    }
    pub fn incarnation(&self) -> Incarnation {
        unimplemented!()
    }
    pub fn state(&self) -> State {
        unimplemented!()
    }
    pub fn config(&self) -> &Config {
        unimplemented!()
    }
    /// Every known member (this node included; alive, suspect, dead and left; tombstones are not members), in no order that means anything.
    pub fn members(&self) -> impl Iterator<Item = MemberView<'_>> {
        core::iter::empty()
    }
    pub fn member(&self, id: &str) -> Option<MemberView<'_>> {
        unimplemented!()
    }
    /// How many members are alive or suspect, this node included.
    pub fn active_members(&self) -> usize {
        unimplemented!()
    }
    /// Lifeguard's local health score: 0 is well.
    pub fn health(&self) -> u8 {
        unimplemented!()
    }
    /// Order-independent digest of the table; equal tables have equal digests.
    pub fn digest(&self) -> u64 {
        unimplemented!()
    }
    /// Updates and user broadcasts waiting to be sent.
    pub fn queued_updates(&self) -> usize {
        unimplemented!()
    }
    pub fn queued_broadcasts(&self) -> usize {
        unimplemented!()
    }
    pub fn metrics(&self) -> &Metrics {
        unimplemented!()
    }
    #[doc(hidden)]
    pub fn check_invariants(&self) {
        unimplemented!()
    }
}
