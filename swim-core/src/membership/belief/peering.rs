//! The active peers: who they are, for probes, gossip and broadcasts, and whether there is one.
//!
//! What a record says is settled in `claims`; here its member comes among the peers or goes.

use rand_core::Rng;

use crate::ground::event::Event;
use crate::ground::id::Slot;
use crate::ground::time::Instant;
use crate::membership::application::Application;
use crate::membership::{Membership, State};

impl<R: Rng, A: Application> Membership<R, A> {
    /// The active are probed and told everything, the others are not.
    pub(in crate::membership) fn follow_peer(&mut self, slot: Slot) {
        let is_active = self.members.is_active(slot);
        if is_active == self.peers.contains(slot) {
            return;
        }
        if is_active {
            self.peers.insert(&mut self.rng, slot);
        } else {
            self.peers.remove(slot);
        }
        let strangers = self.gossip.recipients.follow(self.peers.as_slice());
        self.gossip.broadcasts.forget_readers(strangers);
    }

    /// Notices when the last peer is gone and when there is one again.
    pub(in crate::membership) fn note_peers(&mut self, now: Instant) {
        let has_peers = self.peers.len() > 0;
        if has_peers == self.local.had_peers || self.local.state != State::Running {
            return;
        }
        self.local.had_peers = has_peers;
        if !has_peers {
            self.local.isolated = true;
            self.emit(Event::Isolated);
            self.contacts.seeds.wake(now);
            self.contact_seeds(now);
        } else {
            if core::mem::take(&mut self.local.isolated) {
                self.emit(Event::Reconnected);
            }
            self.arm_gossip(now);
        }
    }
}
