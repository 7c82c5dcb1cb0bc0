//! What the handles read without asking the loop: the members, the metrics, the health score.
//!
//! The loop writes, handles copy; no lock is held while anything else runs. A snapshot of the
//! members costs time in proportion to their number, so after a costly one the next waits until
//! they make up a small share of a processor's time: small clusters see each change at once, a big
//! one during a storm some milliseconds late. The nodes of one process share that time, or
//! thousands of them would do nothing else.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use rand_core::Rng;
use swim_core::{Member, Metrics as ProtocolMetrics, NodeId, Swim};
use tokio::time::Instant;

use crate::node::coordinates::Coordinates;
use crate::node::round_trips::RoundTrips;
use crate::node::snapshot::SnapshotWrites;
use crate::node::subscription::Subscribers;
use crate::transport::TransportMetrics;

/// Snapshots may take up one part in so many of a processor's time.
const SHARE: u32 = 20;
/// Snapshots that are so cheap are not counted: the share would be lost in the timer's grain.
const CHEAP: Duration = Duration::from_micros(100);
/// A member costs no more than this; a snapshot that seems to was interrupted by other programs,
/// and no node is to wait for that.
const MOST_FOR_A_MEMBER: Duration = Duration::from_micros(2);

/// Until when the snapshots that this process has taken fill their share of the time.
static TAKEN_UNTIL: Mutex<Option<Instant>> = Mutex::new(None);

/// When a node whose snapshot took so long may take its next one: nodes wait in turn.
fn turn_after(begun: Instant, cost: Duration) -> Instant {
    let mut taken_until = TAKEN_UNTIL.lock().unwrap_or_else(PoisonError::into_inner);
    let until = taken_until.map_or(begun, |until| until.max(begun)) + cost * SHARE;
    *taken_until = Some(until);
    until
}

/// Counters and gauges of one node at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Metrics {
    /// The protocol's counters.
    pub protocol: ProtocolMetrics,
    /// The transport's counters.
    pub transport: TransportMetrics,
    /// How many members are alive or suspect, this node included.
    pub active_members: usize,
    /// Lifeguard's local health score: 0 is well.
    pub health: u8,
    /// Membership updates that wait to be sent.
    pub queued_updates: usize,
    /// User broadcasts that wait to be sent.
    pub queued_broadcasts: usize,
    /// How often the node's snapshot was written since its start.
    pub snapshots_written: u64,
    /// How often it could not be written:
    /// [`Runtime::snapshot_error`](crate::Runtime::snapshot_error) says why.
    pub snapshots_failed: u64,
}

/// What all handles of one node share.
#[derive(Debug)]
pub(crate) struct View {
    pub(crate) id: NodeId,
    pub(crate) local: SocketAddr,
    pub(crate) advertised: SocketAddr,
    pub(crate) subscribers: Subscribers,
    pub(crate) coordinates: Coordinates,
    pub(crate) round_trips: RoundTrips,
    /// Where the snapshot said that the others were, once it is read.
    pub(crate) restored: OnceLock<Vec<SocketAddr>>,
    /// How the snapshot's writes ended.
    pub(crate) snapshot_writes: SnapshotWrites,
    members: Mutex<Arc<[Member]>>,
    metrics: Mutex<Metrics>,
}

impl View {
    pub(crate) fn new(
        id: NodeId,
        local: SocketAddr,
        advertised: SocketAddr,
        subscribers: Subscribers,
    ) -> Self {
        let members = Mutex::new(Arc::from([]));
        Self {
            id,
            local,
            advertised,
            subscribers,
            coordinates: Coordinates::default(),
            snapshot_writes: SnapshotWrites::default(),
            round_trips: RoundTrips::default(),
            restored: OnceLock::new(),
            members,
            metrics: Mutex::default(),
        }
    }

    /// Sorted by name.
    pub(crate) fn members(&self) -> Arc<[Member]> {
        Arc::clone(&self.members.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn member(&self, id: &str) -> Option<Member> {
        let members = self.members();
        let at = members.binary_search_by(|member| member.id.as_str().cmp(id)).ok()?;
        Some(members[at].clone())
    }

    pub(crate) fn metrics(&self) -> Metrics {
        let metrics = self.metrics.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let outcomes = self.snapshot_writes.outcomes();
        Metrics {
            snapshots_written: outcomes.written,
            snapshots_failed: outcomes.failed,
            ..metrics
        }
    }

    pub(crate) fn health(&self) -> u8 {
        self.metrics.lock().unwrap_or_else(PoisonError::into_inner).health
    }

    pub(crate) fn show_metrics<R: Rng>(&self, swim: &Swim<R>, transport: TransportMetrics) {
        let mut metrics = self.metrics.lock().unwrap_or_else(PoisonError::into_inner);
        metrics.protocol.clone_from(swim.metrics());
        metrics.transport = transport;
        metrics.active_members = swim.active_members();
        metrics.health = swim.health();
        metrics.queued_updates = swim.queued_updates();
        metrics.queued_broadcasts = swim.queued_broadcasts();
    }

    fn show_members(&self, members: Arc<[Member]>) {
        // The old snapshot is dropped after the lock, for it may be a big one.
        let _old = std::mem::replace(
            &mut *self.members.lock().unwrap_or_else(PoisonError::into_inner),
            members,
        );
    }
}

/// The loop's side: when the members are to be shown again.
#[derive(Debug)]
pub(crate) struct Snapshots {
    /// The version of the table that is shown.
    shown: Option<u64>,
    /// No snapshot is taken before.
    not_before: Instant,
}

impl Snapshots {
    pub(crate) fn new() -> Self {
        Self { shown: None, not_before: Instant::now() }
    }

    /// Shows the table if it changed and if it is time; otherwise says when it will be.
    pub(crate) fn refresh<R: Rng>(&mut self, swim: &Swim<R>, view: &View) -> Option<Instant> {
        let version = swim.table_version();
        if self.shown == Some(version) {
            return None;
        }
        let begun = Instant::now();
        if begun < self.not_before {
            return Some(self.not_before);
        }
        let mut members: Vec<_> = swim.members().map(|member| member.to_member()).collect();
        let most = MOST_FOR_A_MEMBER * u32::try_from(members.len()).unwrap_or(u32::MAX);
        members.sort_unstable_by(|one, other| one.id.cmp(&other.id));
        view.show_members(members.into());
        self.shown = Some(version);
        let cost = begun.elapsed().min(most);
        if cost > CHEAP {
            self.not_before = turn_after(begun, cost);
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_of_one_process_take_their_snapshots_in_turn() {
        let (begun, cost) = (Instant::now(), Duration::from_millis(1));
        let turns: Vec<_> = (0..3).map(|_| turn_after(begun, cost)).collect();
        // Nodes of other tests may have their turns between these.
        assert!(turns[0] >= begun + cost * SHARE);
        assert!(turns.windows(2).all(|turns| turns[1] >= turns[0] + cost * SHARE), "{turns:?}");
    }
}
