//! A slow process: every input takes it virtual time, and what arrives meanwhile waits.
//!
//! It does one thing after the other, a timeout or an input, and what comes of it comes when it is
//! done. A timeout that is due goes first, but never twice in a row while something waits: so does
//! a loop over a timer and a socket. What its user asks of it is done at once.

use core::time::Duration;

use swim_core::Swim;

use super::{Cluster, Occurrence};
use crate::node::{Inbound, Phase};

impl Cluster {
    /// From now on every input takes the process at a node so long.
    pub(super) fn slow_down(&mut self, index: usize, each: Duration) {
        let node = &mut self.nodes[index];
        node.set_slowness(self.now, each);
        if each.is_zero() && node.phase() == Phase::Running {
            self.catch_up(index);
        }
    }

    /// Lets an input wait for a slow process; gives it back if there is no room.
    pub(super) fn queue(&mut self, index: usize, inbound: Inbound) -> Option<Inbound> {
        let refused = self.nodes[index].wait(inbound).err();
        self.begin_work(index);
        refused
    }

    /// A slow process turns to the next thing, if it is not at one already; it is done a while
    /// later.
    pub(super) fn begin_work(&mut self, index: usize) {
        if let Some(done) = self.nodes[index].begin_work(self.now) {
            self.agenda.set_timeout(index, None);
            self.agenda.put(done, Occurrence::Done(index));
        }
    }

    /// A slow process is done with something.
    pub(super) fn done(&mut self, index: usize) {
        let node = &mut self.nodes[index];
        if !node.finish_work(self.now) {
            return;
        }
        let local = node.local(self.now);
        let is_due = node.swim().and_then(Swim::poll_timeout).is_some_and(|at| at <= local);
        match node.next_inbound(is_due) {
            Some(inbound) => {
                self.handle(index, inbound);
                // An input may have become void while it waited.
                self.settle(index);
            }
            None if is_due => self.handle_timeout(index),
            None => self.settle(index),
        }
        self.work_on(index);
    }

    /// A slow process turns to what waits, if anything does; its timers are on the agenda.
    pub(super) fn work_on(&mut self, index: usize) {
        if self.nodes[index].has_inbox() {
            self.begin_work(index);
        }
    }
}
