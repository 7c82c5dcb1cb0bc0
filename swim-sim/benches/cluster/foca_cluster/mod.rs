//! foca's cluster: its state machines on the least event loop that works, with the simulator's
//! draws of delay and loss.
//!
//! An identity is an address and a number that is raised to come back after a false death, as
//! foca's documentation advises: the smallest identity that heals. Ours carries a name next to the
//! address.

mod identity;
mod world;

use std::time::Duration;

use foca::{Foca, Member, NoCustomBroadcast, PostcardCodec};
use rand_core::SeedableRng;
use swim_sim::Stream;

use self::identity::Id;
use self::world::{Due, Port, World};
use crate::scene::{Scene, Simulation, Traffic};
use crate::tally;

type Process = Foca<Id, PostcardCodec, Stream, NoCustomBroadcast>;

/// A cluster of foca nodes.
pub(crate) struct FocaCluster {
    processes: Vec<Option<Process>>,
    world: World,
    /// Calls that foca answered with an error.
    errors: u64,
}

impl FocaCluster {
    /// Lets a process do something, if it runs.
    fn call(
        &mut self,
        node: u32,
        act: impl FnOnce(&mut Process, Port<'_>) -> Result<(), foca::Error>,
    ) {
        let Some(process) = &mut self.processes[node as usize] else { return };
        let outcome = act(process, Port { node, world: &mut self.world });
        self.errors += u64::from(outcome.is_err());
    }

    fn step(&mut self, due: Due) {
        match due {
            Due::Timer { node, timer } => {
                self.call(node, |process, port| process.handle_timer(timer, port));
            }
            Due::Packet { to, bytes } => {
                self.call(to, |process, port| process.handle_data(&bytes, port));
                self.world.reuse(bytes);
            }
        }
    }
}

impl Simulation for FocaCluster {
    fn start(scene: &Scene) -> Self {
        let stream =
            |salt: u64, node: usize| Stream::seed_from_u64((scene.seed << 32 | node as u64) ^ salt);
        let process = |node: usize| {
            let core = stream(0x9e37_79b9_7f4a_7c15, node);
            Some(Foca::new(Id::of(node as u32), scene.foca(), core, PostcardCodec))
        };
        Self {
            processes: (0..scene.nodes).map(process).collect(),
            world: World::new(
                scene.link.clone(),
                (0..scene.nodes).map(|node| stream(0, node)).collect(),
            ),
            errors: 0,
        }
    }

    fn join(&mut self) {
        for node in 1..self.processes.len() as u32 {
            self.call(node, |process, port| process.announce(Id::of(0), port));
        }
    }

    fn introduce(&mut self) -> bool {
        let known: Vec<Option<Id>> = self
            .processes
            .iter()
            .map(|process| process.as_ref().map(|process| *process.identity()))
            .collect();
        for node in 0..known.len() {
            let is_new = |subject: &usize| {
                *subject != node && tally::with(|tally| !tally.believes(node, *subject))
            };
            let others: Vec<_> =
                (0..known.len()).filter(is_new).filter_map(|subject| known[subject]).collect();
            self.call(node as u32, |process, port| {
                process.apply_many(others.into_iter().map(Member::alive), false, port)
            });
        }
        true
    }

    fn advance(&mut self, by: Duration) {
        let until = self.world.now + by;
        while let Some(due) = self.world.next(until) {
            self.step(due);
        }
        self.world.now = until;
    }

    fn crash(&mut self, node: usize) {
        self.processes[node] = None;
    }

    fn set_loss(&mut self, permille: u16) {
        self.world.link.loss_permille = permille;
    }

    fn split(&mut self, first: usize) {
        self.world.cut = Some(first as u32);
    }

    fn heal(&mut self) {
        self.world.cut = None;
    }

    fn traffic(&self) -> Traffic {
        self.world.sent
    }

    /// foca tells nobody of suspicions.
    fn first_suspicions(&self) -> Vec<Duration> {
        Vec::new()
    }
}

impl Drop for FocaCluster {
    fn drop(&mut self) {
        if self.errors > 0 {
            eprintln!("foca: {} calls were answered with an error", self.errors);
        }
    }
}
