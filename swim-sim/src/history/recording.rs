//! Fills a [`History`] as a run goes.
//!
//! A table is compared with what was last seen of it whenever its digest has changed, so nothing
//! between two samples is missed and silent changes (a member that is learned as dead already) are
//! seen as well. Recording reads only: a run with it has the trace hash of the run without.

use core::time::Duration;

use swim_core::{Event, Instant, State, Status, Swim};

use super::{Change, History, PhaseChange, Sample};
use crate::events::Observed;
use crate::events::about;
use crate::ground::name;
use crate::ground::streams::Stream;
use crate::node::{Node, Phase};
use crate::plan::Step;

/// So many entries are recorded at most: a few hundred megabytes, and far more than can be looked
/// at.
const MOST: usize = 4_000_000;

/// The truth about a name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Truth {
    /// No process has it.
    #[default]
    Gone,
    /// One process has it.
    Runs,
    /// It stalls, is leaving, or several have it.
    Unclear,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Recording {
    history: History,
    /// Observer -> subject -> what the table held when it was last compared.
    rows: Vec<Vec<Option<Status>>>,
    digests: Vec<Option<u64>>,
    /// Suspects and accusers of the suspicions that were told since the last comparison.
    suspected_by: Vec<(usize, Option<usize>)>,
    next_sample: Instant,
    entries: usize,
}

impl Recording {
    /// Samples are 100 ms apart for each 100 nodes begun.
    pub(crate) fn new(nodes: usize) -> Self {
        let interval = Duration::from_millis(100) * (1 + nodes as u32 / 100);
        Self {
            history: History { interval, ..History::default() },
            rows: Vec::new(),
            digests: Vec::new(),
            suspected_by: Vec::new(),
            next_sample: Instant::ORIGIN,
            entries: 0,
        }
    }

    pub(crate) const fn history(&self) -> &History {
        &self.history
    }

    /// Takes out what was recorded since this was last done.
    pub(crate) fn take(&mut self) -> History {
        let (nodes, names) = (self.history.nodes, self.history.names.clone());
        let (interval, full_at) = (self.history.interval, self.history.full_at);
        let next = History { nodes, names, interval, full_at, ..History::default() };
        core::mem::replace(&mut self.history, next)
    }

    /// Returns true if there is room for one more entry.
    fn has_room(&mut self, now: Instant) -> bool {
        if self.entries < MOST {
            self.entries += 1;
            return true;
        }
        self.history.full_at.get_or_insert(now);
        false
    }

    /// A process started at a node.
    pub(crate) fn started(&mut self, now: Instant, index: usize, node: &Node) {
        let history = &mut self.history;
        if index >= history.nodes {
            history.nodes = index + 1;
            history.names.resize(index + 1, node.name());
            self.rows.resize(index + 1, Vec::new());
            self.digests.resize(index + 1, None);
        }
        self.phase(now, index, Phase::Running);
        if let Some(swim) = node.swim() {
            self.settled(now, index, swim);
        }
    }

    /// The process at a node ended.
    pub(crate) fn stopped(&mut self, now: Instant, index: usize, phase: Phase) {
        self.digests[index] = None;
        self.suspected_by.clear();
        let table = core::mem::take(&mut self.rows[index]);
        for (subject, _) in table.iter().enumerate().filter(|(_, status)| status.is_some()) {
            self.change(Change { at: now, observer: index, subject, status: None, by: None });
        }
        self.phase(now, index, phase);
    }

    pub(crate) fn phase(&mut self, at: Instant, node: usize, phase: Phase) {
        if self.has_room(at) {
            self.history.phases.push(PhaseChange { at, node, phase });
        }
    }

    pub(crate) fn step(&mut self, at: Instant, step: &Step) {
        if self.has_room(at) {
            self.history.steps.push((at, step.clone()));
        }
    }

    /// A user was told something. What the table will show is not noted twice.
    pub(crate) fn told(&mut self, observed: &Observed) {
        match &observed.event {
            Event::Suspected { by, .. } => {
                self.suspected_by
                    .extend(about(&observed.event).map(|subject| (subject, name::number(by))));
            }
            Event::Joined(_)
            | Event::Refuted(_)
            | Event::Failed(_)
            | Event::Left(_)
            | Event::Reaped(_) => {}
            _ if self.has_room(observed.at) => self.history.told.push(observed.clone()),
            _ => {}
        }
    }

    /// A process has handled an input.
    pub(crate) fn settled(&mut self, now: Instant, index: usize, swim: &Swim<Stream>) {
        let digest = Some(swim.digest());
        if self.digests[index] != digest {
            self.digests[index] = digest;
            self.compare(now, index, swim);
        }
        self.suspected_by.clear();
    }

    fn compare(&mut self, at: Instant, observer: usize, swim: &Swim<Stream>) {
        let mut seen = vec![None; self.rows[observer].len()];
        for (subject, status) in
            swim.members().filter_map(|row| Some((name::number(row.id)?, row.status())))
        {
            if subject >= seen.len() {
                seen.resize(subject + 1, None);
            }
            seen[subject] = Some(status);
        }
        let before = core::mem::replace(&mut self.rows[observer], seen.clone());
        for (subject, status) in seen.into_iter().enumerate() {
            if before.get(subject).copied().flatten() != status {
                let raised = self.suspected_by.iter().find(|(suspect, _)| *suspect == subject);
                let by = raised.and_then(|(_, by)| *by).filter(|_| status == Some(Status::Suspect));
                self.change(Change { at, observer, subject, status, by });
            }
        }
    }

    fn change(&mut self, change: Change) {
        if self.has_room(change.at) {
            self.history.changes.push(change);
        }
    }

    /// When the next sample is due.
    pub(crate) const fn next_sample(&self) -> Instant {
        self.next_sample
    }

    /// Adds a sample of the tables to what the cluster counted; `truths` are by name.
    pub(crate) fn sample(&mut self, mut sample: Sample, nodes: &[Node], truths: &[Truth]) {
        let observers = nodes.iter().enumerate().filter(|(_, node)| node.phase() == Phase::Running);
        for (index, node) in
            observers.filter(|(_, node)| node.swim().is_some_and(|s| s.state() == State::Running))
        {
            for (subject, truth) in
                truths.iter().enumerate().filter(|(subject, _)| *subject != node.name())
            {
                let status = self.rows[index].get(subject).copied().flatten();
                match status {
                    Some(status) => sample.rows[status as usize] += 1,
                    None => sample.unknown += 1,
                }
                let is_right = match truth {
                    Truth::Runs => status == Some(Status::Alive),
                    Truth::Gone => !status.is_some_and(Status::is_active),
                    Truth::Unclear => continue,
                };
                sample.judged += 1;
                sample.correct += u64::from(is_right);
            }
        }
        self.next_sample = sample.at + self.history.interval;
        if self.has_room(sample.at) {
            self.history.samples.push(sample);
        }
    }
}
