//! SWIM cluster membership and failure detection as a pure, deterministic state machine.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod config;
mod event;
mod exchange;
mod id;
mod member;
mod metrics;
#[allow(dead_code)]
mod random;
mod swim;
mod time;
pub mod wire;

pub use config::{Config, ConfigError};
pub use event::Event;
pub use exchange::{ExchangeFailure, ExchangeInput, ExchangeOutput};
pub use id::{ExchangeId, Incarnation, NameError, NodeId, SequenceNumber};
pub use member::{Claim, Identity, Member, Status};
pub use metrics::{DropReason, MessageKind, Metrics};
pub use swim::{BroadcastError, JoinError, MemberView, MetadataError, PingError, State, Swim, Transmit};
pub use time::Instant;
