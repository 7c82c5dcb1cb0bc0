//! What must hold between any two inputs: checked after each of them in debug builds, as far as
//! that is cheap, and in whole by tests, the fuzzer and the simulator.

use rand_core::Rng;

use super::application::Application;
use super::{Membership, State};
use crate::ground::member::Status;
use crate::ground::timers::Timer;

impl<R: Rng, A: Application> Membership<R, A> {
    /// The whole check costs O(n): after every input that is too much for a large table, even in
    /// debug builds.
    pub(crate) fn debug_check(&self) {
        if cfg!(debug_assertions) && self.members.len() <= 32 {
            self.check_invariants();
        }
    }

    /// Panics if the state contradicts itself. O(n).
    #[doc(hidden)]
    pub fn check_invariants(&self) {
        self.members.check_invariants();
        self.peers.check_invariants();
        self.timers.check_invariants();
        self.gossip.updates.check_invariants();
        self.gossip.broadcasts.check_invariants();
        self.check_records();
        self.check_slots();
        self.check_bounds();
    }

    fn check_records(&self) {
        let mut active = 0;
        let mut dead = 0;
        for slot in self.members.slots().filter(|&slot| slot != self.local.slot) {
            let status = self.members.claim(slot).status;
            let is_active = self.members.is_active(slot);
            active += usize::from(is_active);
            assert_eq!(self.peers.contains(slot), is_active, "the active and no others are peers");
            let is_dead = status == Status::Dead && !self.members.is_tombstone(slot);
            dead += usize::from(is_dead);
            assert_eq!(self.dead.contains(slot), is_dead, "the dead are dead");
            let suspected = self.detector.suspicions.contains(slot);
            assert_eq!(suspected, status == Status::Suspect, "every suspect has its suspicion");
            if self.local.state != State::Left {
                let waits = self.timers.get(Timer::Member(slot)).is_some();
                assert_eq!(waits, status != Status::Alive, "who is not alive has a deadline");
            }
        }
        assert_eq!(self.peers.len(), active, "every peer has a record");
        assert_eq!(self.dead.len(), dead, "every dead has a record");
        let own = self.members.claim(self.local.slot);
        let status = if self.local.state == State::Running { Status::Alive } else { Status::Left };
        assert_eq!(own.status, status, "this node knows what it is");
        assert!(!self.peers.contains(self.local.slot), "this node is not its own peer");
    }

    /// A vacant slot may be given to another member, of which nothing is known then.
    fn check_slots(&self) {
        for (part, slot) in self.named_slots() {
            assert!(self.members.is_occupied(slot), "{part} names the vacant {slot:?}");
        }
    }

    fn check_bounds(&self) {
        let Self { config, contacts, detector, gossip, outputs, .. } = self;
        let settings = (config.allowed_networks.is_empty(), config.max_transmits);
        let kept = (self.local.allows_all, outputs.packets.max());
        assert_eq!(kept, settings, "what is kept at hand of the settings is theirs");
        assert!(contacts.seeds.len() <= config.max_seeds, "seeds are bounded");
        contacts.candidates.check_invariants();
        assert!(contacts.exchanges.len() <= config.max_exchanges, "exchanges are bounded");
        assert!(detector.pings.len() <= config.max_pings, "pings are bounded");
        assert!(detector.awareness.score() <= config.awareness_max, "the health score is bounded");
        assert!(
            gossip.updates.len() <= 2 * self.members.len(),
            "each member has at most two updates"
        );
        assert!(gossip.broadcasts.len() <= config.max_broadcasts, "broadcasts are bounded");
        assert!(gossip.deliveries.len() <= config.max_broadcast_origins, "origins are bounded");
        self.layer.iter().for_each(|layer| layer.check_bounds(config));
        assert!(outputs.unicasts.len() <= outputs.packets.len(), "every letter has its intent");
        assert!(outputs.packets.len() <= config.max_transmits, "packets are bounded");
        assert!(outputs.events.len() <= config.max_events + 2, "events are bounded");
    }
}
