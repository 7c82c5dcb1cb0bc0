//! SWIM cluster membership and failure detection as a pure, deterministic state machine.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

// Floor 0: numbers, names and chance.
mod hash;
mod id;
mod places;
mod random;
mod time;

// Floor 1: what is said, configured, told and counted.
mod config;
mod event;
mod exchange;
mod member;
mod metrics;
pub mod wire;

// Floor 2: one concept each; none imports another.
mod awareness;
mod deliveries;
mod departed;
mod dissemination;
mod exchanges;
mod members;
mod outbox;
mod pings;
mod probe;
mod probe_order;
mod seeds;
mod suspicion;
mod sync;
mod timers;

// Floor 3: the state machine that connects them.
mod swim;

pub use config::{Config, ConfigError};
pub use event::Event;
pub use exchange::{ExchangeFailure, ExchangeInput, ExchangeOutput};
pub use id::{ExchangeId, Incarnation, NameError, NodeId, SequenceNumber};
pub use member::{Claim, Identity, Member, Status};
pub use metrics::{DropReason, MessageKind, Metrics};
pub use swim::{BroadcastError, JoinError, MemberView, MetadataError, PingError, State, Swim, Transmit};
pub use time::Instant;
