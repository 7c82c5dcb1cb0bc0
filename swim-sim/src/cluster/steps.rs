//! Carries out the steps of plans: what each [`Fault`] and each [`Work`] does to the nodes and to
//! the network.

use core::time::Duration;

use super::{Cluster, Occurrence};
use crate::node::Phase;
use crate::plan::{self, Fault, Step, Work};

impl Cluster {
    /// Does it now.
    pub(super) fn carry_out(&mut self, step: &Step) {
        match step {
            Step::Fault(fault) => {
                self.observers.step(self.now, step);
                self.strike(fault);
            }
            Step::Work(Work::Join { node, seeds }) => {
                self.observers.step(self.now, step);
                self.nodes[*node].learn_seeds(seeds);
                let addresses = self.addresses_of(seeds);
                self.join_addresses(*node, &addresses);
            }
            Step::Work(Work::Leave(node)) => {
                self.observers.step(self.now, step);
                let now = self.nodes[*node].local(self.now);
                if let Some(swim) = self.nodes[*node].running() {
                    swim.leave(now);
                    self.settle(*node);
                }
            }
            // A refusal by the core is an answer to a caller; a plan has none that would listen.
            Step::Work(Work::Broadcast { node, payload }) => drop(self.broadcast(*node, payload)),
            Step::Work(Work::UserEvent { node, name, payload }) => {
                let _ = self.send_user_event(*node, name, payload);
            }
            Step::Work(Work::Query { node, name }) => drop(self.query(*node, name)),
            Step::Work(Work::SetMetadata { node, metadata }) => {
                let _ = self.set_metadata(*node, metadata);
            }
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
            Fault::Pause(node) if self.nodes[node].phase() == Phase::Running => {
                self.stall_process(node);
            }
            Fault::Resume(node) if self.nodes[node].phase() == Phase::Paused => {
                self.wake_process(node);
            }
            Fault::Clog(node) if self.nodes[node].swim().is_some() => self.nodes[node].clog(),
            Fault::Unclog(node) if self.nodes[node].is_clogged() => self.unblock_process(node),
            Fault::Clog(_) | Fault::Unclog(_) => {}
            Fault::SlowProcessing { node, each } => self.slow_down(node, each),
            Fault::ClockRate { node, thousandths } => {
                self.nodes[node].set_clock_rate(self.now, thousandths);
                self.settle(node);
            }
            Fault::Reconfigure { node, ref setting } => {
                self.nodes[node].upgrade(self.options.config_of(node), setting);
            }
            Fault::Restart(_) | Fault::Pause(_) | Fault::Resume(_) => {}
            Fault::Partition(ref groups) => self.network.cuts_mut().split(groups),
            Fault::OneWayPartition { ref from, ref to } => {
                self.network.cuts_mut().one_way(from, to);
            }
            Fault::Heal => self.network.cuts_mut().heal(),
            Fault::Loss(permille) => self.network.change_all(|link| link.loss_permille = permille),
            Fault::LossBetween { from, to, permille } => {
                self.network.change(from, to, |link| link.loss_permille = permille);
            }
            Fault::PacketsBlocked(blocks) => {
                self.network.change_all(|link| link.blocks_packets = blocks);
            }
            Fault::Duplication(permille) => {
                self.network.change_all(|link| link.duplicate_permille = permille);
            }
            Fault::Reordering(permille, by) => self.network.change_all(|link| {
                link.reorder_permille = permille;
                link.reorder_by = by;
            }),
            Fault::Corruption(permille) => {
                self.network.change_all(|link| link.corrupt_permille = permille);
            }
            Fault::Bandwidth(bandwidth) => {
                self.network.change_all(|link| link.bandwidth = bandwidth);
            }
            Fault::Flapping { ref one, ref other, up, down } => {
                self.network.cuts_mut().flap([one, other], self.now, up, down);
            }
            Fault::Namesake { of, lasts } => self.misname(of, lasts),
            Fault::Attack(ref attack) => self.begin_attack(attack),
            Fault::Slowness(ref latency) => {
                self.network.change_all(|link| link.latency = latency.clone());
            }
        }
    }

    /// A process stalls.
    fn stall_process(&mut self, index: usize) {
        self.nodes[index].pause();
        self.note_phase(index);
        self.agenda.set_timeout(index, None);
    }

    /// A process that stalled goes on.
    fn wake_process(&mut self, index: usize) {
        self.nodes[index].resume(self.now);
        self.note_phase(index);
        self.catch_up(index);
    }

    /// A clogged process sends and receives again.
    fn unblock_process(&mut self, index: usize) {
        self.nodes[index].unclog(self.now);
        if self.nodes[index].phase() == Phase::Running {
            self.settle(index);
            self.read_all(index);
        }
    }

    /// A machine under the name of a node comes, joins, and is gone after a while.
    fn misname(&mut self, of: usize, lasts: Duration) {
        let mut seeds = self.nodes[of].seeds().to_vec();
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
        self.directory.release(self.nodes[index].address());
        self.nodes[index].move_to(self.directory.assign(index));
        self.start_process(index);
    }
}
