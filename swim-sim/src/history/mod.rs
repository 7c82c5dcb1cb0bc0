//! The course of a run from its start to its end: [`History`], recorded on request and enough to
//! draw it.
//!
//! It holds changes, not states: what each believed of each from when on, what each process did,
//! which steps were carried out, further events of users, and samples at fixed virtual intervals.
//! Times and counts are integers, so equal runs have equal histories. How it is filled is in
//! `recording`; how it is shown is the reports' business.

mod recording;

use core::time::Duration;

use swim_core::{Instant, Status};

pub(crate) use self::recording::{Recording, Truth};
use crate::events::Observed;
use crate::node::Phase;
use crate::plan::Step;

/// From a moment on, a node's table holds this of a member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// When.
    pub at: Instant,
    /// The node whose table it is.
    pub observer: usize,
    /// The number in the member's name.
    pub subject: usize,
    /// The status it holds; `None` if the member is not in it, or there is no process.
    pub status: Option<Status>,
    /// Of a suspicion: the number in the name of who raised it.
    pub by: Option<usize>,
}

/// From a moment on, this is the matter with a node's process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PhaseChange {
    /// When.
    pub at: Instant,
    /// Which node.
    pub node: usize,
    /// The state of its process.
    pub phase: Phase,
}

/// How the whole cluster stood at one moment. Rows are counted at the nodes that run, their own
/// rows aside.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sample {
    /// When.
    pub at: Instant,
    /// Nodes whose process runs and does not stall.
    pub running: u64,
    /// Rows of which it is clear what would be right: the member runs, or no process has its name.
    pub judged: u64,
    /// Those that are right: alive if the member runs; dead, left or unknown if it does not.
    pub correct: u64,
    /// Rows by status, in the order of [`Status::ALL`].
    pub rows: [u64; 4],
    /// Rows that are missing.
    pub unknown: u64,
    /// Suspicions whose timeout runs.
    pub suspicions: u64,
    /// The health scores, added up.
    pub health: u64,
    /// The highest health score.
    pub worst_health: u64,
    /// Packets sent since the start.
    pub packets: u64,
    /// Bytes of packets sent since the start.
    pub packet_bytes: u64,
    /// Bytes of exchanges sent since the start.
    pub exchange_bytes: u64,
}

/// See the module. From [`Cluster::history`](crate::Cluster::history) of a cluster that was built
/// with [`Builder::record_history`](crate::Builder::record_history).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    /// How many nodes there were, those added later included.
    pub nodes: usize,
    /// The numbers in the nodes' names, by node.
    pub names: Vec<usize>,
    /// Changes of tables, in order of time.
    pub changes: Vec<Change>,
    /// Changes of processes, in order of time. A process that runs again begins with an empty
    /// table.
    pub phases: Vec<PhaseChange>,
    /// Steps that were carried out, in order of time.
    pub steps: Vec<(Instant, Step)>,
    /// Events of users that no change says: health scores, seeds, broadcasts, …
    pub told: Vec<Observed>,
    /// Samples, [`History::interval`] apart.
    pub samples: Vec<Sample>,
    /// The time between two samples.
    pub interval: Duration,
    /// When the recording was full; nothing was recorded from then on.
    pub full_at: Option<Instant>,
}

impl History {
    /// The status of a member in a node's table at a moment, after everything that happened in it.
    #[must_use]
    pub fn status_at(&self, observer: usize, subject: usize, at: Instant) -> Option<Status> {
        let until = self.changes.partition_point(|change| change.at <= at);
        let is_it = |change: &&Change| change.observer == observer && change.subject == subject;
        self.changes[..until].iter().rev().find(is_it)?.status
    }

    /// Adds what was recorded next: what [`Cluster::take_history`](crate::Cluster::take_history)
    /// gave after this.
    pub fn append(&mut self, next: Self) {
        (self.nodes, self.names, self.interval) = (next.nodes, next.names, next.interval);
        self.changes.extend(next.changes);
        self.phases.extend(next.phases);
        self.steps.extend(next.steps);
        self.told.extend(next.told);
        self.samples.extend(next.samples);
        self.full_at = self.full_at.or(next.full_at);
    }

    /// The last moment of which something is known.
    #[must_use]
    pub fn end(&self) -> Instant {
        let times = [
            self.changes.last().map(|change| change.at),
            self.phases.last().map(|change| change.at),
            self.steps.last().map(|(at, _)| *at),
            self.told.last().map(|observed| observed.at),
            self.samples.last().map(|sample| sample.at),
        ];
        times.into_iter().flatten().max().unwrap_or_default()
    }
}
