//! SWIM cluster membership and failure detection as a pure, deterministic state machine.
//!
//! [`Swim`] takes events and timestamps and gives packets, exchanges and events for the user. It
//! knows no socket, clock, thread, async runtime or entropy source: drivers bring them. Start at
//! [`Swim`]; settings are in [`Config`]; what the user hears is [`Event`]; the bytes are in
//! [`wire`].
//!
//! # Features
//! - `coverage` (off by default): the marks of [`coverage`], for campaigns of simulated runs. It
//!   needs std.
//! - `std` (default): the `typed` payloads, which stand on rmp-serde. Without it the crate is
//!   `no_std` + `alloc`.
//! - `encryption`: keyrings, and sealed packets and streams of the native wire, `wire::sealed`.
//! - `memberlist`: the wire of HashiCorp's memberlist, `wire::memberlist`. Without it [`Swim::new`]
//!   refuses [`Wire::Memberlist`].
//!
//! # Random numbers
//! [`Swim::new`] takes a generator of `rand_core` 0.10, which is re-exported as [`rand_core`]:
//! `rand` 0.10 and `rand_xoshiro` 0.8 have such ones. One of `rand` 0.9 (`rand_core` 0.9) is not,
//! and the compiler's complaint about it names `DerefMut`, since the traits are blanket ones over
//! references.
//!
//! # Targets without std
//! The crate needs `alloc` and atomic compare-and-swap for pointers, which `Arc` stands on:
//! `thumbv7m` and `thumbv7em` build, `thumbv6m` (Cortex-M0) does not.

#![no_std]
#![forbid(unsafe_code)]

#[cfg(not(target_has_atomic = "ptr"))]
compile_error!(
    "swim-core needs atomic compare-and-swap for pointers (alloc::sync::Arc), which this target does not have"
);

extern crate alloc;
#[cfg(any(test, feature = "std", feature = "coverage"))]
extern crate std;

// Floor 0: numbers, names and chance.
#[macro_use]
pub mod coverage;
#[macro_use]
pub mod work;
mod allowance;
mod coordinate;
mod hash;
mod horizon;
mod id;
mod lamport;
mod network;
mod numbers;
mod random;
mod slot_index;
mod source;
mod time;
mod wipe;

// Floor 1: what is said, configured, told and counted.
mod config;
mod event;
mod exchange;
mod member;
mod metrics;
pub mod wire;

// Floor 2: one concept each; none imports another.
mod awareness;
mod candidates;
mod dead_members;
mod deliveries;
mod disputes;
mod dissemination;
mod exchanges;
mod filtering;
mod intents;
mod members;
mod outbox;
mod pings;
mod probe;
mod probe_order;
mod provenance;
mod queries;
mod query_pace;
mod recent;
mod recipients;
mod rounds;
mod seeds;
mod suspicion;
mod sync;
mod timers;
mod vivaldi;

// Floor 3: what is meant and its bytes, on each wire.
mod dialect;

// Floor 4: the state machine that connects them.
mod swim;

// For users: stands beside the floors and is imported by none of them.
#[cfg(feature = "std")]
pub mod typed;

pub use config::{Config, ConfigError, EventConfig, MemberlistWire, Wire};
pub use coordinate::Coordinate;
pub use event::Event;
pub use exchange::{ExchangeFailure, ExchangeInput, ExchangeOutput};
pub use id::{ExchangeId, Incarnation, NameError, NodeId, QueryId, SequenceNumber};
pub use lamport::LamportTime;
pub use member::{Claim, Identity, Member, Status, is_reachable, normal_address};
pub use metrics::{DropReason, MessageKind, Metrics, RoundTrips};
pub use network::{Network, NetworkError, is_allowed};
pub use source::{Protection, Source};
pub use swim::{
    AskKeysError, BroadcastError, EventError, ForceLeaveError, JoinError, KeyAnswer, KeyMessage,
    KeyOperation, KeyQuery, MemberView, MetadataError, Output, PingError, QueryError, Question,
    RespondError, RoundTrip, State, Swim, Transmit,
};
pub use time::Instant;
pub use wire::{Tags, TagsError};
