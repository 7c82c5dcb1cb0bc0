//! Keeps the history, if one was asked for. It reads the cluster and changes nothing in it.

use swim_core::{Instant, State};

use super::Cluster;
use crate::history::{History, Sample, Truth};
use crate::node::Phase;

impl Cluster {
    /// The history recorded so far and not yet taken; `None` unless
    /// [`Builder::record_history`](crate::Builder::record_history) was asked.
    #[must_use]
    pub fn history(&self) -> Option<&History> {
        self.observers.history()
    }

    /// Takes the recorded history out, so that it outlives a run that fails; [`History::append`]
    /// puts the pieces together.
    #[must_use]
    pub fn take_history(&mut self) -> Option<History> {
        self.observers.take_history()
    }

    /// The process at a node stalls, or goes on.
    pub(super) fn note_phase(&mut self, index: usize) {
        self.observers.phase(self.now, index, self.nodes[index].phase());
    }

    /// Takes the samples that are due before a moment at which something happens.
    pub(super) fn sample_before(&mut self, at: Instant) {
        while let Some(due) = self.observers.sample_due().filter(|due| *due < at) {
            self.sample(due);
        }
    }

    /// Takes the samples that are due up to a moment, at which all has happened.
    pub(super) fn sample_through(&mut self, at: Instant) {
        while let Some(due) = self.observers.sample_due().filter(|due| *due <= at) {
            self.sample(due);
        }
    }

    fn sample(&mut self, at: Instant) {
        let total = self.figures().total;
        let mut sample = Sample {
            at,
            packets: total.packets,
            packet_bytes: total.packet_bytes,
            exchange_bytes: total.exchange_bytes,
            ..Sample::default()
        };
        for node in self.nodes.iter().filter(|node| node.phase() == Phase::Running) {
            let Some(swim) = node.swim() else { continue };
            sample.running += 1;
            sample.suspicions += swim.suspicions() as u64;
            sample.health += u64::from(swim.health());
            sample.worst_health = sample.worst_health.max(u64::from(swim.health()));
        }
        let truths = self.truths_by_name();
        self.observers.sample(sample, &self.nodes, &truths);
    }

    /// The truth about each name.
    fn truths_by_name(&self) -> Vec<Truth> {
        let names = self.nodes.iter().map(|node| node.name() + 1).max().unwrap_or(0);
        let mut truths = vec![Truth::Gone; names];
        for node in &self.nodes {
            let truth = match node.swim() {
                None => continue,
                Some(swim) if node.phase() == Phase::Running && swim.state() == State::Running => {
                    Truth::Runs
                }
                Some(_) => Truth::Unclear,
            };
            let known = &mut truths[node.name()];
            *known = if *known == Truth::Gone { truth } else { Truth::Unclear };
        }
        truths
    }
}
