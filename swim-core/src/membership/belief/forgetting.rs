//! The end of a member: a suspect is declared dead when its time is over, the dead and the left are
//! reaped to a tombstone when theirs is, and a tombstone is forgotten; or earlier, to make room in
//! a full table.
//!
//! A forgotten member's slot is given to another one. `forget` takes it out of all that keeps
//! something by slot. Read first: docs/PROTOCOL.md, "Forgetting".

use rand_core::Rng;

use crate::detection::probe::Probe;
use crate::ground::event::Event;
use crate::ground::id::Slot;
use crate::ground::member::{Claim, Status};
use crate::ground::time::Instant;
use crate::ground::timers::Timer;
use crate::membership::Membership;
use crate::membership::application::Application;
use crate::membership::belief::report::Report;
use crate::membership::spreading::gossiping::subject;
use crate::table::members::Told;

impl<R: Rng, A: Application> Membership<R, A> {
    /// For how long a member of that status is kept before it is reaped.
    pub(in crate::membership) const fn kept_for(&self, status: Status) -> core::time::Duration {
        match status {
            Status::Left => self.config.reap_left_after,
            Status::Alive | Status::Suspect | Status::Dead => self.config.reap_dead_after,
        }
    }

    /// The deadline of a member's suspicion, of its being reaped or of its tombstone has come.
    pub(in crate::membership) fn member_timeout(&mut self, now: Instant, slot: Slot) {
        if self.members.is_tombstone(slot) {
            self.forget(slot);
        } else if self.members.claim(slot).status == Status::Suspect {
            self.declare_dead(now, slot);
        } else {
            self.reap(now, slot);
        }
    }

    /// The status of a member that nobody reaches any more: Dead, or Left if it has said so.
    pub(in crate::membership) fn end_of(&self, id: &str) -> Status {
        self.layer().map_or(Status::Dead, |layer| layer.verdict(id))
    }

    fn declare_dead(&mut self, now: Instant, slot: Slot) {
        self.metrics.suspicions_expired += 1;
        let me = self.local.id.clone();
        let id = self.id_at(slot);
        let claim = Claim::new(self.members.claim(slot).incarnation, self.end_of(&id));
        self.handle_report(now, &Report::of(&id, claim, &me));
    }

    /// Forgets all of a member but its tombstone.
    pub(in crate::membership) fn reap(&mut self, now: Instant, slot: Slot) {
        let status = self.members.claim(slot).status;
        if status == Status::Dead
            && self.members.has_answered(slot)
            && let Some(address) = self.members.address(slot)
        {
            self.contacts.seeds.remember(address, self.config.join_backoff, self.config.max_seeds);
        }
        if matches!(self.members.told(slot), Told::Failed | Told::Left) {
            self.emit(Event::Reaped(self.id_at(slot)));
        }
        self.dead.remove(slot);
        self.members.entomb(slot);
        self.dead.entomb(slot, |slot| self.members.is_tombstone(slot));
        self.timers.set(Timer::Member(slot), now + self.config.tombstone_for);
    }

    /// Removes a tombstone and whatever still names its slot, which another member may get.
    /// Whatever keeps something by slot is told here, and says which slots it names
    /// [below](Self::named_slots).
    fn forget(&mut self, slot: Slot) {
        self.forget_probed(slot);
        self.provenance.forget(slot);
        self.forget_pings(slot);
        self.detector.disputes.forget(slot);
        self.outputs.packets.forget(slot);
        self.drop_updates(slot);
        let id = self.members.name(slot);
        self.layer.iter_mut().for_each(|layer| layer.on_forgotten(slot, id));
        self.members.remove(slot);
    }

    /// Every slot that something names, and what: all of them are occupied.
    ///
    /// Three name slots of others, and look before they use one: the queues of those who died, left
    /// and were buried, in their order; the rounds of a node's own broadcasts; and the versions of
    /// members that are not described.
    pub(in crate::membership) fn named_slots(&self) -> impl Iterator<Item = (&'static str, Slot)> {
        fn by(
            part: &'static str,
            slots: impl Iterator<Item = Slot>,
        ) -> impl Iterator<Item = (&'static str, Slot)> {
            slots.map(move |slot| (part, slot))
        }
        let Self { detector, gossip, .. } = self;
        by("the probe", detector.probe.iter().flat_map(Probe::slots))
            .chain(by("a round trip", detector.round_trip.iter().map(|&(slot, _)| slot)))
            .chain(by("the latest word", detector.heard_last.into_iter()))
            .chain(by("a ping", detector.pings.slots()))
            .chain(by("a dispute", detector.disputes.slots()))
            .chain(by("a suspicion", detector.suspicions.slots()))
            .chain(by("an update", gossip.updates.subjects().map(subject)))
            .chain(by("the audience", gossip.recipients.peers().map(|(_, slot)| slot)))
            .chain(by("the probe order", self.peers.as_slice().iter().copied()))
            .chain(by("the dead", self.dead.slots()))
            .chain(by("a packet", self.outputs.packets.slots()))
            .chain(by("a deadline", self.timers.slots()))
            .chain(by("the layer above", self.layer.iter().flat_map(|layer| layer.slots())))
            .chain(by("provenance", self.provenance.slots()))
    }

    /// The living do not wait for the dead: the oldest tombstone, or else some dead member, makes
    /// room in a full table.
    pub(in crate::membership) fn make_room(&mut self, now: Instant) {
        let members = &self.members;
        let has_left =
            |slot| !members.is_tombstone(slot) && members.claim(slot).status == Status::Left;
        let buried = self.dead.oldest_tombstone(|slot| members.is_tombstone(slot));
        let found = buried
            .or_else(|| self.dead.oldest_left(|slot| slot != self.local.slot && has_left(slot)));
        let Some(slot) = found.or_else(|| self.dead.random(&mut self.rng)) else { return };
        sometimes!(RoomMade);
        self.make_room_of(now, slot);
    }

    /// Forgets one of the dead or of those who left, and its tombstone as well.
    pub(in crate::membership) fn make_room_of(&mut self, now: Instant, slot: Slot) {
        if !self.members.is_tombstone(slot) {
            self.reap(now, slot);
        }
        self.timers.cancel(Timer::Member(slot));
        self.forget(slot);
    }
}
