//! Seeded clusters of real [`swim_core`] nodes on a simulated network, in virtual time.
//!
//! Hundreds of nodes exchange the bytes that they would exchange in production; the network loses,
//! delays, doubles and cuts, processes crash, stall, move and leave; checkers watch the protocol's
//! promises at every step. Everything random comes from one seed, which is fixed unless you choose
//! another, so a failure is seen again by running it again.
//!
//! - [`Cluster`] has verbs (`crash`, `partition`, `run_until`) and readers (`everyone_sees`,
//!   `converged`, `events`).
//! - [`Scenario`] is a table of what happens when and what is expected by when.
//! - [`Cluster::next_event`] is how a program of your own lives on top: it reacts to membership in
//!   virtual time.
//!
//! Read first: docs/PROTOCOL.md, and here [`Cluster`], [`Fault`] (what can break) and [`checkers`]
//! (what is checked). The protocol itself is not here: no rule of it lives in a driver, and this is
//! one.
#![forbid(unsafe_code)]
#![deny(clippy::float_arithmetic)]

mod agenda;
mod attack;
#[cfg(feature = "serde")]
pub mod campaign;
#[cfg(feature = "serde")]
pub mod case;
pub mod checkers;
mod cluster;
mod convergence;
pub mod determinism;
mod events;
mod figures;
mod ground;
mod history;

mod network;
mod node;
mod plan;
#[cfg(feature = "report")]
mod report;
mod scenario;
#[cfg(feature = "serde")]
pub mod shrink;
mod trace;

pub use self::attack::{Attack, Attacker, Lie};
#[cfg(feature = "serde")]
pub use self::campaign::{FailureKind, Finding};
#[cfg(feature = "serde")]
pub use self::case::Case;
pub use self::checkers::{Checker, Violation};
pub use self::cluster::{Builder, Cluster, Late, Met, NodeView};
pub use self::convergence::{Disagreement, Mismatch, Wrong};
pub use self::events::{Deliveries, Missed, News, Observed};
pub use self::figures::{CpuTime, Figures, NodeTotal, Outage, Total};
pub use self::ground::streams::Stream;
pub use self::history::{Change, History, PhaseChange, Sample};

pub use self::network::{Bandwidth, Fate, Latency, Link, LinkClass, Place, Tail, Topology};
pub use self::node::Phase;
pub use self::plan::{Fault, Plan, Seeds, Setting, Step, Work};
#[cfg(feature = "report")]
pub use self::report::Report;
pub use self::scenario::{Became, Deadlines, Failure, Looked, Outcome, Scenario, builtin, expect};
pub use self::trace::FlightRecorder;

/// The examples of the document are doc tests.
#[cfg(doctest)]
#[doc = include_str!("../../docs/SIMULATION.md")]
struct Document;
