//! Which states the runs of a campaign came into, and how often: [`Coverage`].
//!
//! A campaign that claims to test a state and never comes into it tests nothing, so a state at zero
//! is a failure of the campaign. Most states are told by events and by what nodes count of
//! themselves; the rest by marks in the core, which are there only with the feature `coverage`.

use core::fmt;

use swim_core::coverage::{Mark, Passed};
use swim_core::{DropReason, Event, MessageKind};

use crate::attack::Lie;
use crate::cluster::Cluster;

/// So many runs reach every state. Fewer may miss a rare one by chance, and are not held to it.
pub const RUNS_FOR_ALL: u64 = 2_000;

/// What nodes can drop and no simulated run makes them drop.
const UNREACHABLE: [DropReason; 17] = [
    // No simulated node encrypts, and all nodes of a run speak the same version.
    DropReason::BadSeal,
    DropReason::BadVersions,
    DropReason::VersionMismatch,
    // The driver polls events after every input, and the network carries no packet longer than a
    // node may send.
    DropReason::EventsFull,
    DropReason::Oversized,
    // All nodes of a run have the same bounds.
    DropReason::MetadataTooLong,
    DropReason::BroadcastTooLong,
    DropReason::EventTooLong,
    // Clocks go on by one, and nobody asks with a filter.
    DropReason::BadTime,
    DropReason::BadFilter,
    // No run keeps to some networks.
    DropReason::NotAllowed,
    // Nobody says it: those who are damaged on the way are dropped as something else.
    DropReason::SecondRequest,
    // No address is used twice, so nobody is pinged under another's name.
    DropReason::WrongTarget,
    // The driver polls packets after every input, and no input gives rise to as many as may wait.
    DropReason::TransmitsFull,
    // The driver ends what the core abandons.
    DropReason::UnknownExchange,
    // No simulated node has keys.
    DropReason::Unproven,
    // Nobody binds names there.
    DropReason::Secondhand,
];

/// How often each state was reached.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    states: Vec<(String, u64)>,
}

impl Coverage {
    /// The states that a run came into. `passed` are the core's marks.
    pub(super) fn of(cluster: &Cluster, passed: &Passed) -> Self {
        let mut states = Self::default();
        states.told(cluster);
        states.counted(cluster);
        #[cfg(feature = "coverage")]
        for (mark, count) in Mark::ALL.iter().zip(passed) {
            states.add(mark.label(), *count);
        }
        #[cfg(not(feature = "coverage"))]
        let _ = (passed, Mark::ALL);
        states
    }

    /// What users were told.
    fn told(&mut self, cluster: &Cluster) {
        const TOLD: [&str; 20] = [
            "told: joined",
            "told: updated",
            "told: suspected",
            "told: refuted",
            "told: failed",
            "told: left",
            "told: reaped",
            "told: two nodes with one name",
            "told: a broadcast",
            "told: health changed",
            "told: isolated",
            "told: reconnected",
            "told: a seed joined",
            "told: a seed failed",
            "told: a user event",
            "told: a query",
            "told: a query has arrived",
            "told: a query is answered",
            "told: a query has ended",
            "told: a user message",
        ];
        let mut counts = [0; TOLD.len()];
        for observed in cluster.all_events() {
            let index = match observed.event {
                Event::Joined(_) => 0,
                Event::Updated(_) => 1,
                Event::Suspected { .. } => 2,
                Event::Refuted(_) => 3,
                Event::Failed(_) => 4,
                Event::Left(_) => 5,
                Event::Reaped(_) => 6,
                Event::Conflict { .. } => 7,
                Event::Broadcast { .. } => 8,
                Event::HealthChanged { .. } => 9,
                Event::Isolated => 10,
                Event::Reconnected => 11,
                Event::SeedJoined { .. } => 12,
                Event::SeedFailed { .. } => 13,
                Event::UserEvent { .. } => 14,
                Event::Query { .. } => 15,
                Event::QueryAck { .. } => 16,
                Event::QueryResponse { .. } => 17,
                Event::QueryFinished { .. } => 18,
                Event::UserMessage { .. } => 19,
                // No run has an application with its tables.
                Event::UserState { .. } => continue,
                // What a conflict of names comes to.
                Event::ConflictDecided { .. } | Event::NameRefused { .. } => continue,
                Event::NameLost { .. } | Event::NameRegained => continue,
                // That follows from others.
                Event::Restarted(_) | Event::Returned => continue,
                // Nobody pings in a run, leaving is seen by the others, and events never wait.
                Event::Pinged { .. } | Event::LeaveComplete | Event::Lagged { .. } => continue,
                _ => continue,
            };
            counts[index] += 1;
        }
        TOLD.iter().zip(counts).for_each(|(state, count)| self.add(state, count));
    }

    /// What nodes and the network counted.
    fn counted(&mut self, cluster: &Cluster) {
        let figures = cluster.figures();
        let metrics = &figures.total.metrics;
        for (state, count) in [
            ("a healthy process is suspected", figures.false_suspicions),
            ("a healthy process is declared dead", figures.false_deaths),
            ("a stalled process is declared dead", figures.stalled_deaths),
            ("a probe is answered late", metrics.probes_acked_late),
            ("a probe is answered through a relay", metrics.probes_acked_by_relay),
            ("a probe is answered through a stream", metrics.probes_acked_reliably),
            ("a probe fails", metrics.probes_failed),
            ("a suspicion runs out", metrics.suspicions_expired),
            ("a node refutes", metrics.refutations),
            ("a sync finds equal tables", metrics.syncs_equal),
            ("a sync finds a difference", metrics.syncs_different),
            ("an exchange fails", metrics.exchanges_failed),
            ("a packet is lost", figures.packets_lost),
            ("a packet is sent into a cut", figures.packets_cut),
            ("a packet finds no room at its sender", figures.packets_overflowed),
            ("a packet is damaged", figures.packets_damaged),
        ] {
            self.add(state, count);
        }
        for (attackers, counts) in ["an outsider", "an insider"].into_iter().zip(cluster.attacks())
        {
            for (what, count) in Lie::LABELS.into_iter().zip(counts) {
                self.add(&format!("{attackers} sends: {what}"), *count);
            }
        }
        let of_keys = |kind| matches!(kind, MessageKind::KeyRequest | MessageKind::KeyReply);
        for kind in MessageKind::ALL.into_iter().filter(|&kind| !of_keys(kind)) {
            self.add(&format!("sent: {kind}"), metrics.sent(kind));
        }
        for reason in DropReason::ALL.iter().filter(|reason| !UNREACHABLE.contains(reason)) {
            self.add(&format!("dropped: {reason}"), metrics.dropped(*reason));
        }
    }

    fn add(&mut self, state: &str, count: u64) {
        self.states.push((String::from(state), count));
    }

    /// Adds what other runs reached.
    pub(super) fn merge(&mut self, other: &Self) {
        if self.states.is_empty() {
            self.states.clone_from(&other.states);
            return;
        }
        for ((state, count), (other, more)) in self.states.iter_mut().zip(&other.states) {
            debug_assert_eq!(state, other, "all runs look for the same states");
            *count += more;
        }
    }

    /// The states and how often each was reached.
    pub fn states(&self) -> impl ExactSizeIterator<Item = (&str, u64)> {
        self.states.iter().map(|(state, count)| (state.as_str(), *count))
    }

    /// The states that were not reached.
    pub fn missed(&self) -> impl Iterator<Item = &str> {
        self.states().filter(|(_, count)| *count == 0).map(|(state, _)| state)
    }
}

impl fmt::Display for Coverage {
    /// A line for each state.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.states().map(|(state, _)| state.len()).max().unwrap_or(0);
        for (state, count) in self.states() {
            let gap = if count == 0 { "  never reached" } else { "" };
            writeln!(f, "{state:<width$} {count:>14}{gap}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_that_no_run_reached_is_named() {
        let run = |a, b| Coverage { states: vec![(String::from("a"), a), (String::from("b"), b)] };
        let mut coverage = Coverage::default();
        coverage.merge(&run(1, 0));
        coverage.merge(&run(2, 0));
        assert_eq!(coverage.states().collect::<Vec<_>>(), [("a", 3), ("b", 0)]);
        assert_eq!(coverage.missed().collect::<Vec<_>>(), ["b"]);
        assert!(coverage.to_string().contains("never reached"));
    }
}
