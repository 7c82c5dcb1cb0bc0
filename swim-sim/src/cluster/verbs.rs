//! What is done to a cluster: the verbs of tests, each of which is a [`Step`] carried out now.
//!
//! A verb that makes no sense for a node as it is (a crash of what is down) does nothing, so that any part of a plan is
//! a plan. A node that does not exist is a bug of the caller, and panics.

use core::net::SocketAddr;
use core::time::Duration;

use swim_core::{
    BroadcastError, EventError, ForceLeaveError, JoinError, LamportTime, MetadataError, PingError, QueryError, QueryId,
    Question, RespondError, SequenceNumber,
};

use super::{Cluster, Occurrence};
use crate::events::Announcement;
use crate::network::{self, Bandwidth, Link};
use crate::node::Phase;
use crate::plan::{self, Fault, Plan, Seeds, Setting, Step, Work};
use crate::trace::What;

impl Cluster {
    /// Every node that runs joins through its seeds, which it keeps for when it starts again.
    pub fn join_all(&mut self, seeds: Seeds) {
        for node in 0..self.nodes.len() {
            let seeds = seeds.of(node, self.nodes.len(), &mut self.workload);
            self.join(node, &seeds);
        }
    }

    /// A node joins through others, and will again when it starts anew, wherever they are then.
    pub fn join(&mut self, node: usize, seeds: &[usize]) {
        self.apply(Work::Join { node, seeds: seeds.to_vec() });
    }

    /// A node joins through addresses, whoever may be there.
    ///
    /// # Panics
    /// If the core refuses an address.
    pub fn join_addresses(&mut self, node: usize, seeds: &[SocketAddr]) {
        let now = self.nodes[node].local(self.now);
        let Some(swim) = self.nodes[node].running() else { return };
        match swim.join(now, seeds) {
            Ok(()) | Err(JoinError::NotRunning) => self.settle(node),
            Err(error) => panic!("node-{node} cannot join {seeds:?}: {error}"),
        }
    }

    /// Adds a node with the next name; it runs, and has not joined.
    pub fn add_node(&mut self) -> usize {
        let name = self.nodes.iter().map(|node| node.name + 1).max().unwrap_or(0);
        self.add(name)
    }

    /// Adds a node under the name of another: a mistake that people make.
    pub fn add_namesake_of(&mut self, node: usize) -> usize {
        self.add(self.nodes[node].name)
    }

    /// See [`Fault::Crash`].
    pub fn crash(&mut self, node: usize) {
        self.apply(Fault::Crash(node));
    }

    /// See [`Fault::PowerOff`].
    pub fn power_off(&mut self, node: usize) {
        self.apply(Fault::PowerOff(node));
    }

    /// See [`Fault::Restart`].
    pub fn restart(&mut self, node: usize) {
        self.apply(Fault::Restart(node));
    }

    /// See [`Fault::RestartAtNewAddress`].
    pub fn restart_at_new_address(&mut self, node: usize) {
        self.apply(Fault::RestartAtNewAddress(node));
    }

    /// See [`Fault::Pause`].
    pub fn pause(&mut self, node: usize) {
        self.apply(Fault::Pause(node));
    }

    /// See [`Fault::Resume`].
    pub fn resume(&mut self, node: usize) {
        self.apply(Fault::Resume(node));
    }

    /// See [`Fault::Clog`].
    pub fn clog(&mut self, node: usize) {
        self.apply(Fault::Clog(node));
    }

    /// See [`Fault::Unclog`].
    pub fn unclog(&mut self, node: usize) {
        self.apply(Fault::Unclog(node));
    }

    /// See [`Fault::Partition`].
    pub fn partition(&mut self, groups: &[&[usize]]) {
        self.apply(Fault::Partition(groups.iter().map(|group| group.to_vec()).collect()));
    }

    /// See [`Fault::OneWayPartition`].
    pub fn one_way_partition(&mut self, from: &[usize], to: &[usize]) {
        self.apply(Fault::OneWayPartition { from: from.to_vec(), to: to.to_vec() });
    }

    /// A group can reach only itself, and nobody else can reach it: a [`Fault::Partition`] of one group.
    pub fn isolate(&mut self, group: &[usize]) {
        self.partition(&[group]);
    }

    /// See [`Fault::Flapping`].
    pub fn flap(&mut self, one: &[usize], other: &[usize], up: Duration, down: Duration) {
        self.apply(Fault::Flapping { one: one.to_vec(), other: other.to_vec(), up, down });
    }

    /// See [`Fault::Heal`].
    pub fn heal(&mut self) {
        self.apply(Fault::Heal);
    }

    /// See [`Fault::Loss`].
    pub fn set_loss(&mut self, permille: u16) {
        self.apply(Fault::Loss(permille));
    }

    /// See [`Fault::LossBetween`].
    pub fn set_loss_between(&mut self, from: usize, to: usize, permille: u16) {
        self.apply(Fault::LossBetween { from, to, permille });
    }

    /// See [`Fault::SlowProcessing`].
    pub fn set_slowness(&mut self, node: usize, each: Duration) {
        self.apply(Fault::SlowProcessing { node, each });
    }

    /// See [`Fault::ClockRate`].
    pub fn set_clock_rate(&mut self, node: usize, thousandths: u16) {
        self.apply(Fault::ClockRate { node, thousandths });
    }

    /// See [`Fault::Reconfigure`].
    pub fn reconfigure_node(&mut self, node: usize, setting: Setting) {
        self.apply(Fault::Reconfigure { node, setting });
    }

    /// See [`Fault::Corruption`].
    pub fn set_corruption(&mut self, permille: u16) {
        self.apply(Fault::Corruption(permille));
    }

    /// See [`Fault::Bandwidth`].
    pub fn set_bandwidth(&mut self, bandwidth: Option<Bandwidth>) {
        self.apply(Fault::Bandwidth(bandwidth));
    }

    /// See [`Work::Leave`].
    pub fn leave(&mut self, node: usize) {
        self.apply(Work::Leave(node));
    }

    /// A node broadcasts a payload.
    ///
    /// # Errors
    /// What the core says; [`BroadcastError::NotRunning`] if there is no running process.
    pub fn broadcast(&mut self, node: usize, payload: &[u8]) -> Result<(), BroadcastError> {
        let now = self.nodes[node].local(self.now);
        let outcome = match self.nodes[node].running() {
            Some(swim) => swim.broadcast(now, payload),
            None => Err(BroadcastError::NotRunning),
        };
        if outcome.is_ok() {
            let running = self.running_generations();
            self.broadcasts.accepted(self.now, (node, self.nodes[node].name), payload, running);
            self.watch.broadcast(self.nodes[node].name, payload);
        }
        self.note(&Work::Broadcast { node, payload: payload.to_vec() }.into());
        self.settle(node);
        outcome
    }

    /// A node sends a user event; its time.
    ///
    /// # Errors
    /// What the core says; [`EventError::NotRunning`] if there is no running process.
    pub fn send_user_event(&mut self, node: usize, name: &str, payload: &[u8]) -> Result<LamportTime, EventError> {
        let now = self.nodes[node].local(self.now);
        let outcome = match self.nodes[node].running() {
            Some(swim) => swim.send_user_event(now, name, payload, false),
            None => Err(EventError::NotRunning),
        };
        if let Ok(time) = outcome {
            let what = Announcement::UserEvent { time, name: name.into(), payload: payload.into() };
            let sender = (node, self.nodes[node].name);
            self.announcements.accepted(self.now, sender, what, self.running_generations());
        }
        self.note(&Work::UserEvent { node, name: name.to_owned(), payload: payload.to_vec() }.into());
        self.settle(node);
        outcome
    }

    /// A node asks everyone a question, with acks. Each node that is asked answers with its name.
    ///
    /// # Errors
    /// What the core says; [`QueryError::NotRunning`] if there is no running process.
    pub fn query(&mut self, node: usize, name: &str) -> Result<QueryId, QueryError> {
        let now = self.nodes[node].local(self.now);
        let question = Question { wants_acks: true, ..Question::new(name, b"") };
        let outcome = match self.nodes[node].running() {
            Some(swim) => swim.query(now, &question),
            None => Err(QueryError::NotRunning),
        };
        if let Ok(id) = outcome {
            let what = Announcement::Query { id, name: name.into() };
            let sender = (node, self.nodes[node].name);
            self.announcements.accepted(self.now, sender, what, self.running_generations());
        }
        self.note(&Work::Query { node, name: name.to_owned() }.into());
        self.settle(node);
        outcome
    }

    /// A node's user answers a query that it was told of: see
    /// [`Builder::answers_of_programs`](super::Builder::answers_of_programs).
    ///
    /// # Errors
    /// What the core says; [`RespondError::NotRunning`] if there is no running process.
    pub fn respond(&mut self, node: usize, id: QueryId, payload: &[u8]) -> Result<(), RespondError> {
        let now = self.nodes[node].local(self.now);
        let outcome = match self.nodes[node].running() {
            Some(swim) => swim.respond(now, id, payload),
            None => Err(RespondError::NotRunning),
        };
        self.settle(node);
        outcome
    }

    /// A node's user pings another member, and is told of the answer as [`Event::Pinged`](swim_core::Event::Pinged).
    ///
    /// # Errors
    /// What the core says; [`PingError::NotRunning`] if there is no running process.
    pub fn ping(&mut self, node: usize, target: usize) -> Result<SequenceNumber, PingError> {
        let (now, id) = (self.nodes[node].local(self.now), self.nodes[target].id());
        let outcome = match self.nodes[node].running() {
            Some(swim) => swim.ping(now, &id),
            None => Err(PingError::NotRunning),
        };
        self.settle(node);
        outcome
    }

    /// A node's user has a dead member count as one that left; with `prune`, has it forgotten.
    ///
    /// # Errors
    /// What the core says; [`ForceLeaveError::NotRunning`] if there is no running process.
    pub fn force_leave(&mut self, node: usize, target: usize, prune: bool) -> Result<(), ForceLeaveError> {
        let (now, id) = (self.nodes[node].local(self.now), self.nodes[target].id());
        let outcome = match self.nodes[node].running() {
            Some(swim) => swim.force_leave(now, &id, prune),
            None => Err(ForceLeaveError::NotRunning),
        };
        if outcome.is_ok() {
            self.watch.forced_out(self.nodes[target].name);
        }
        self.settle(node);
        outcome
    }

    /// Gives the path from one node to another a latency, loss and bandwidth of its own, in that direction.
    ///
    /// # Panics
    /// If a share is more than 1,000, or a latency from high to low.
    pub fn set_link(&mut self, from: usize, to: usize, link: Link) {
        network::bounds::link(&link).unwrap_or_else(|wrong| panic!("{wrong}"));
        self.network.change(from, to, |own| *own = link);
    }

    /// A node changes its metadata.
    ///
    /// # Errors
    /// What the core says; [`MetadataError::NotRunning`] if there is no running process.
    pub fn set_metadata(&mut self, node: usize, metadata: &[u8]) -> Result<(), MetadataError> {
        let now = self.nodes[node].local(self.now);
        let outcome = match self.nodes[node].running() {
            Some(swim) => swim.set_metadata(now, metadata),
            None => Err(MetadataError::NotRunning),
        };
        self.note(&Work::SetMetadata { node, metadata: metadata.to_vec() }.into());
        self.settle(node);
        outcome
    }

    /// Carries out one step now.
    pub fn apply(&mut self, step: impl Into<Step>) {
        self.carry_out(&step.into());
    }

    /// Puts the steps of a plan on the agenda, each at its time since the cluster's start; those that are past, now.
    pub fn schedule(&mut self, plan: &Plan) {
        for (time, step) in plan.steps() {
            if let Step::Fault(Fault::Attack(attack)) = step {
                self.attackers.expect(attack);
            }
            let at = (swim_core::Instant::ORIGIN + *time).max(self.now);
            self.agenda.put(at, Occurrence::Step(Box::new(step.clone())));
        }
    }

    pub(super) fn carry_out(&mut self, step: &Step) {
        match step {
            Step::Fault(fault) => {
                self.note(step);
                self.strike(fault);
            }
            Step::Work(Work::Join { node, seeds }) => {
                self.note(step);
                let known = &mut self.nodes[*node].seeds;
                known.extend(seeds.iter().filter(|seed| !known.contains(seed)).copied().collect::<Vec<_>>());
                let addresses = self.addresses_of(seeds);
                self.join_addresses(*node, &addresses);
            }
            Step::Work(Work::Leave(node)) => {
                self.note(step);
                let now = self.nodes[*node].local(self.now);
                if let Some(swim) = self.nodes[*node].running() {
                    swim.leave(now);
                    self.settle(*node);
                }
            }
            // A refusal by the core is an answer to a caller; a plan has none that would listen.
            Step::Work(Work::Broadcast { node, payload }) => drop(self.broadcast(*node, payload)),
            Step::Work(Work::UserEvent { node, name, payload }) => drop(self.send_user_event(*node, name, payload)),
            Step::Work(Work::Query { node, name }) => drop(self.query(*node, name)),
            Step::Work(Work::SetMetadata { node, metadata }) => drop(self.set_metadata(*node, metadata)),
        }
    }

    fn strike(&mut self, fault: &Fault) {
        // A file is refused when it is read; a program that asks for what cannot be has a bug.
        plan::bounds::fault(fault).unwrap_or_else(|wrong| panic!("{wrong}"));
        match *fault {
            Fault::Crash(node) => self.stop_process(node, Phase::Crashed),
            Fault::PowerOff(node) => self.stop_process(node, Phase::PoweredOff),
            Fault::Restart(node) if self.nodes[node].swim().is_none() => self.start_process(node),
            Fault::RestartAtNewAddress(node) => self.move_away(node),
            Fault::ClockSetBack(node, by) => self.nodes[node].set_clock_back(by),
            Fault::Pause(node) if self.nodes[node].phase == Phase::Running => {
                self.nodes[node].pause();
                self.note_phase(node);
                self.agenda.set_timeout(node, None);
            }
            Fault::Resume(node) if self.nodes[node].phase == Phase::Paused => {
                self.nodes[node].resume(self.now);
                self.note_phase(node);
                self.catch_up(node);
            }
            Fault::Clog(node) if self.nodes[node].swim().is_some() => self.nodes[node].is_clogged = true,
            Fault::Unclog(node) if self.nodes[node].is_clogged => {
                self.nodes[node].unclog(self.now);
                if self.nodes[node].phase == Phase::Running {
                    self.settle(node);
                    self.read_all(node);
                }
            }
            Fault::Clog(_) | Fault::Unclog(_) => {}
            Fault::SlowProcessing { node, each } => self.slow_down(node, each),
            Fault::ClockRate { node, thousandths } => {
                self.nodes[node].set_clock_rate(self.now, thousandths);
                self.settle(node);
            }
            Fault::Reconfigure { node, ref setting } => self.reconfigure(node, setting),
            Fault::Restart(_) | Fault::Pause(_) | Fault::Resume(_) => {}
            Fault::Partition(ref groups) => self.network.cuts_mut().split(groups),
            Fault::OneWayPartition { ref from, ref to } => self.network.cuts_mut().one_way(from, to),
            Fault::Heal => self.network.cuts_mut().heal(),
            Fault::Loss(permille) => self.network.change_all(|link| link.loss_permille = permille),
            Fault::LossBetween { from, to, permille } => {
                self.network.change(from, to, |link| link.loss_permille = permille);
            }
            Fault::PacketsBlocked(blocks) => self.network.change_all(|link| link.blocks_packets = blocks),
            Fault::Duplication(permille) => self.network.change_all(|link| link.duplicate_permille = permille),
            Fault::Reordering(permille, by) => self.network.change_all(|link| {
                link.reorder_permille = permille;
                link.reorder_by = by;
            }),
            Fault::Corruption(permille) => self.network.change_all(|link| link.corrupt_permille = permille),
            Fault::Bandwidth(bandwidth) => self.network.change_all(|link| link.bandwidth = bandwidth),
            Fault::Flapping { ref one, ref other, up, down } => {
                self.network.cuts_mut().flap([one, other], self.now, up, down);
            }
            Fault::Namesake { of, lasts } => self.misname(of, lasts),
            Fault::Attack(ref attack) => self.begin_attack(attack),
            Fault::Slowness(ref latency) => self.network.change_all(|link| link.latency = latency.clone()),
        }
    }

    /// A machine under the name of a node comes, joins, and is gone after a while.
    fn misname(&mut self, of: usize, lasts: Duration) {
        let mut seeds = self.nodes[of].seeds.clone();
        if !seeds.contains(&of) {
            seeds.push(of);
        }
        let node = self.add_namesake_of(of);
        self.join(node, &seeds);
        self.agenda.put(self.now + lasts, Occurrence::Step(Box::new(Fault::PowerOff(node).into())));
    }

    /// The node's process ends, if there is one, and another starts at a new address.
    fn move_away(&mut self, index: usize) {
        self.stop_process(index, Phase::PoweredOff);
        self.directory.release(self.nodes[index].address);
        self.nodes[index].address = self.directory.assign(index);
        self.start_process(index);
    }

    fn note(&mut self, step: &Step) {
        self.trace.note(self.now, None, &What::Step(step));
        if let Some(recording) = &mut self.recording {
            recording.step(self.now, step);
        }
    }

    /// How long after the start of the cluster it is.
    #[must_use]
    pub const fn elapsed(&self) -> Duration {
        self.now.since(swim_core::Instant::ORIGIN)
    }
}
