//! SWIM cluster membership and failure detection as a pure, deterministic state machine.
//!
//! [`Swim`] takes events and timestamps and gives packets, exchanges and events for the user. It
//! knows no socket, clock, thread, async runtime or entropy source: drivers bring them. Start at
//! [`Swim`]; settings are in [`Config`]; what the user hears is [`Event`]; the bytes are in
//! [`wire`].
//!
//! # Features
//! - `std` (default): the `typed` payloads, which stand on rmp-serde. Without it the crate is
//!   `no_std` + `alloc`.
//! - `serf` (default): the layer above membership with user events, queries and network
//!   coordinates, `Swim::serf` and `Swim::serf_mut`. Without it the crate depends on `rand_core`
//!   alone.
//! - `regex` (default): regular expressions in filters of queries; needs std. Without it filters
//!   are literal texts.
//! - `encryption`: keyrings, and sealed packets and streams of the native wire, `wire::sealed`.
//! - `memberlist`: the wire of HashiCorp's memberlist, `wire::memberlist`. Without it
//!   [`Swim::new`](Membership::new) refuses [`Wire::Memberlist`].
//! - `coverage`: the marks of [`coverage`], for campaigns of simulated runs. It needs std.
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

#[macro_use]
pub mod coverage;
#[macro_use]
pub mod work;

mod detection;
pub mod dialect;
mod gossip;
mod ground;
mod membership;
#[cfg(feature = "serf")]
mod serf;
mod swim;
mod sync;
mod table;
#[cfg(feature = "std")]
pub mod typed;
pub mod wire;

pub use ground::config::{Config, ConfigError, EventConfig, MemberlistWire, Wire};
pub use ground::event::Event;
pub use ground::exchange::{ExchangeFailure, ExchangeInput, ExchangeOutput};
pub use ground::id::{ExchangeId, Incarnation, NameError, NodeId, QueryId, SequenceNumber};
pub use ground::key_query::{KeyOperation, KeyQuery};
pub use ground::lamport::LamportTime;
pub use ground::member::{Claim, Identity, Member, Status, is_reachable, normal_address};
pub use ground::metrics::{DropReason, MessageKind, Metrics, RoundTrips};
pub use ground::network::{Network, NetworkError, is_allowed};
pub use ground::source::{Protection, Source};
pub use ground::time::Instant;
pub use membership::{
    AskKeysError, BroadcastError, ForceLeaveError, JoinError, KeyMessage, MemberView, Membership,
    MetadataError, Output, PingError, RoundTrip, State, Transmit,
};
#[cfg(feature = "serf")]
pub use serf::{EventError, KeyAnswer, QueryError, Question, RespondError, SerfMut, SerfRef};
pub use swim::Swim;
#[cfg(feature = "serf")]
pub use wire::serf::Coordinate;
pub use wire::{Tags, TagsError};
