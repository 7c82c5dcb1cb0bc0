//! Reads a cluster as a whole.

use core::fmt::Write as _;
use core::time::Duration;

use swim_core::{Event, Instant, Status};

use super::{Builder, Cluster};
use crate::convergence::{self, Disagreement, Wrong};
use crate::events::Deliveries;
use crate::events::Observed;
use crate::figures::{CpuTime, Figures};
use crate::node::Phase;

/// How many of the last events are printed with a failure.
const LAST_EVENTS: usize = 20;

impl Cluster {
    /// The virtual time.
    #[must_use]
    pub const fn now(&self) -> Instant {
        self.now
    }

    /// How long after the start of the cluster it is.
    #[must_use]
    pub const fn elapsed(&self) -> Duration {
        self.now.since(Instant::ORIGIN)
    }

    /// How the cluster was built.
    #[must_use]
    pub const fn options(&self) -> &Builder {
        &self.options
    }

    /// The events of a node, with times, in order.
    pub fn events(&self, node: usize) -> impl DoubleEndedIterator<Item = (Instant, &Event)> {
        self.observers
            .log()
            .iter()
            .filter(move |observed| observed.node == node)
            .map(|observed| (observed.at, &observed.event))
    }

    /// The events of all nodes, in order.
    pub fn all_events(&self) -> impl DoubleEndedIterator<Item = &Observed> {
        self.observers.log().iter()
    }

    /// Whether every node that runs, but the subject itself, believes it to have a status; if not,
    /// who does not.
    ///
    /// # Errors
    /// Names the nodes that believe something else, and what.
    pub fn everyone_sees(&self, subject: usize, status: Status) -> Result<(), String> {
        let name = self.nodes[subject].name();
        let others =
            self.nodes().enumerate().filter(|(index, node)| *index != subject && node.is_running());
        let mut wrong = others.filter(|(_, node)| node.status_of(name) != Some(status)).peekable();
        if wrong.peek().is_none() {
            return Ok(());
        }
        let mut text = format!("not everyone sees node-{subject} as {status}:");
        for (index, node) in wrong {
            let seen =
                node.status_of(name).map_or(String::from("unknown"), |status| status.to_string());
            write!(text, " node-{index}: {seen};").expect("writing to a string does not fail");
        }
        Ok(text.pop()).and(Err(text))
    }

    /// Whether all nodes that run know each other as they are, and take nobody for alive who is
    /// not.
    ///
    /// # Errors
    /// Returns the rows that are wrong.
    pub fn converged(&self) -> Result<(), Disagreement> {
        convergence::check(&self.nodes)
    }

    /// Whether every process that ended without a word is known to be gone, by every node that
    /// runs.
    ///
    /// # Errors
    /// Returns the rows that are wrong.
    pub fn the_dead_are_known(&self) -> Result<(), Disagreement> {
        convergence::check(&self.nodes)
            .or_else(|wrong| wrong.only(&[Wrong::Ghost, Wrong::Stranger]))
    }

    /// Whether every process that runs is alive, and known as it is, to every node that runs.
    ///
    /// # Errors
    /// Returns the rows that are wrong.
    pub fn the_living_are_known(&self) -> Result<(), Disagreement> {
        convergence::check(&self.nodes)
            .or_else(|wrong| wrong.only(&[Wrong::NotAlive, Wrong::Outdated]))
    }

    /// How many of the broadcasts that were sent since a time after the cluster's start were heard
    /// by those who were there: of the last 4,096.
    #[must_use]
    pub fn deliveries(&self, since: Duration) -> Deliveries {
        self.observers.broadcasts().account(Instant::ORIGIN + since, &self.running_generations())
    }

    /// Whether every node that runs, but the sender, told its user of each broadcast with this
    /// payload that the sender sent while it ran, or else of any.
    ///
    /// # Errors
    /// Names the nodes that were not told, or says that the sender sent no such broadcast among the
    /// last 4,096 of all.
    pub fn everyone_heard(&self, sender: usize, payload: &[u8]) -> Result<(), String> {
        match self.observers.broadcasts().deaf(
            self.nodes[sender].name(),
            payload,
            &self.running_generations(),
        ) {
            None => Err(format!("node-{sender} sent no such broadcast")),
            Some(mut deaf) => {
                deaf.retain(|&node| node != sender);
                if deaf.is_empty() {
                    Ok(())
                } else {
                    Err(format!("these nodes did not hear it: {deaf:?}"))
                }
            }
        }
    }

    /// The same of user events and queries, and of answers to queries that were heard.
    #[must_use]
    pub fn announcements(&self, since: Duration) -> Deliveries {
        self.observers.announcements().account(Instant::ORIGIN + since, &self.running_generations())
    }

    /// The generation of the process at each node, if one runs.
    pub(super) fn running_generations(&self) -> Vec<Option<u32>> {
        self.nodes
            .iter()
            .map(|node| (node.phase() == Phase::Running).then_some(node.generation()))
            .collect()
    }

    /// Returns true if the tables of all nodes that run are equal, dead members included.
    #[must_use]
    pub fn tables_are_equal(&self) -> bool {
        let running = self.nodes().filter(|node| node.phase() == Phase::Running);
        let mut digests = running.filter_map(|node| Some(node.swim()?.digest()));
        let first = digests.next();
        digests.all(|digest| Some(digest) == first)
    }

    /// The lines of the trace that were recorded and not yet taken; empty unless
    /// [`Builder::record_trace`] was asked.
    #[must_use]
    pub fn trace(&self) -> &str {
        self.observers.trace().lines()
    }

    /// Takes the recorded lines of the trace out, so that a long run can write them away.
    #[must_use]
    pub fn take_trace(&mut self) -> String {
        self.observers.take_trace()
    }

    /// The hash of everything that happened: equal for equal runs, on every machine.
    #[must_use]
    pub const fn trace_hash(&self) -> u64 {
        self.observers.trace().hash()
    }

    /// How many things happened.
    #[must_use]
    pub const fn trace_entries(&self) -> u64 {
        self.observers.trace().entries()
    }

    /// The cost of the run so far, and how well it went.
    #[must_use]
    pub fn figures(&self) -> Figures {
        let nodes = self.nodes.iter().enumerate();
        let running = nodes.filter_map(|(index, node)| {
            Some((index, node.swim()?.metrics(), node.ran_for(self.now)))
        });
        self.observers.account(self.now, running)
    }

    /// How long this machine's processor took so far, if [`Builder::measure_cpu`] was asked.
    /// Another run has another one.
    #[must_use]
    pub fn cpu_time(&self) -> Option<&CpuTime> {
        self.observers.cpu_time()
    }

    /// How many connections are open.
    #[must_use]
    pub fn open_exchanges(&self) -> usize {
        self.network.connections.len()
    }

    /// How the cluster stands, for the message of a failure: its options, who disagrees, the last
    /// events.
    #[must_use]
    pub fn standing(&self) -> String {
        let mut text = format!("at {}\n{}", self.now, self.options);
        if let Err(disagreement) = self.converged() {
            text += &disagreement.explain(self);
        }
        text += "last events:\n";
        let skipped = self.observers.log().iter().count().saturating_sub(LAST_EVENTS);
        for observed in self.observers.log().iter().skip(skipped) {
            writeln!(text, "  {} node-{} {}", observed.at, observed.node, observed.event)
                .expect("writing to a string does not fail");
        }
        text
    }
}
