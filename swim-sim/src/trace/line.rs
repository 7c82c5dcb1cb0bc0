//! One entry of the trace: [`What`] happened.
//!
//! How it reads is `text.rs`' to say, as JSON `json.rs`', and what of it goes into the hash
//! `absorbed.rs`'.

use core::net::SocketAddr;
use core::time::Duration;

use swim_core::{Event, ExchangeFailure, Incarnation};

use super::standing::Standing;
use crate::network::connection::Stage;
use crate::plan::Step;

/// What became of a packet when it was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Passage {
    /// It is under way, perhaps twice.
    UnderWay { delay: Option<Duration>, again: Option<Duration> },
    /// The path is cut.
    Cut,
    /// The sender's queue has no room for it.
    QueueFull,
    /// Nobody has that address.
    NoHost,
}

/// Something that happened.
#[derive(Clone, Copy, Debug)]
pub(crate) enum What<'a> {
    /// A process started.
    Started(SocketAddr, Incarnation),
    /// A process ended.
    Stopped,
    /// The node's timeout came.
    Timeout,
    /// A packet was sent.
    Sent { to: SocketAddr, bytes: &'a [u8], passage: Passage },
    /// A packet that was sent is damaged on the way, and then arrives or is dropped by its
    /// checksum.
    Damaged { to: SocketAddr, bytes: &'a [u8], passes: bool },
    /// A packet was handed to the node.
    Arrived { from: SocketAddr, bytes: &'a [u8] },
    /// A packet found no process, or no room in front of a paused one.
    Missed { from: SocketAddr, bytes: &'a [u8] },
    /// The node is told that no process listens at an address.
    Unreachable { address: SocketAddr },
    /// An exchange was opened.
    Opened { serial: u64, to: SocketAddr, request: &'a [u8] },
    /// A stage of an exchange crossed the path to this node.
    Crossed { serial: u64, stage: Stage, body: &'a [u8] },
    /// A stage of an exchange was lost, or its path is cut; it is tried again.
    Stalled { serial: u64, stage: Stage },
    /// The node answered a request.
    Replied { serial: u64, reply: &'a [u8] },
    /// An exchange that this node opened failed.
    Failed { serial: u64, failure: ExchangeFailure },
    /// The node gave up an exchange.
    Abandoned { serial: u64 },
    /// The user was told something.
    Told(&'a Event),
    /// What a node counts differs from what it counted before. It follows from the rest, so it is
    /// in no hash.
    Changed { from: Standing, to: Standing },
    /// Something was done to the cluster.
    Step(&'a Step),
}

/// What sort of entry it is, for the column of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sort {
    /// A node was handed something.
    Input,
    /// A node put something out.
    Output,
    /// A user was told something.
    Event,
    /// A process began, ended, or stands differently.
    State,
    /// Something happened on the way.
    Network,
    /// The world did something.
    Fault,
    /// A user did something.
    Work,
}

impl Sort {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Input => "input",
            Self::Output => "output",
            Self::Event => "event",
            Self::State => "state",
            Self::Network => "network",
            Self::Fault => "fault",
            Self::Work => "work",
        }
    }
}

impl What<'_> {
    pub(crate) const fn sort(&self) -> Sort {
        match self {
            Self::Timeout
            | Self::Arrived { .. }
            | Self::Unreachable { .. }
            | Self::Failed { .. } => Sort::Input,
            Self::Crossed { stage: Stage::Request | Stage::Reply, .. } => Sort::Input,
            Self::Sent { .. }
            | Self::Opened { .. }
            | Self::Replied { .. }
            | Self::Abandoned { .. } => Sort::Output,
            Self::Told(_) => Sort::Event,
            Self::Started(..) | Self::Stopped | Self::Changed { .. } => Sort::State,
            Self::Damaged { .. }
            | Self::Missed { .. }
            | Self::Crossed { .. }
            | Self::Stalled { .. } => Sort::Network,
            Self::Step(Step::Fault(_)) => Sort::Fault,
            Self::Step(Step::Work(_)) => Sort::Work,
        }
    }

    /// Returns true if it is more than the daily round of packets and what follows from them.
    pub(super) const fn is_news(&self) -> bool {
        matches!(self, Self::Told(_) | Self::Started(..) | Self::Stopped | Self::Step(_))
    }
}
