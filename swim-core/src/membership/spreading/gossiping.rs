//! Dissemination: what waits to be spread, and which peers it is sent to for its own sake (SWIM
//! 4.1; memberlist's gossip).
//!
//! About each member at most two updates wait: its Alive, which carries the description, and the
//! claim that stands if that is another. A claim does not push the description aside, nor the other
//! way round.

use alloc::boxed::Box;
use alloc::vec::Vec;

use rand_core::Rng;

use crate::dialect::{Message, Row};
use crate::gossip::dissemination::retransmit_limit;
use crate::ground::id::Slot;
use crate::ground::member::{Claim, Status};
use crate::ground::metrics::MessageKind;
use crate::ground::time::Instant;
use crate::ground::timers::Timer;
use crate::membership::application::Application;
use crate::membership::spreading::outbox::Intent;
use crate::membership::{Membership, State};
use crate::table::members::DescriptionView;
use crate::wire::{self, HEADER_LEN};

/// Packets of a node's own broadcasts in one gossip interval at most, where nobody else passes them
/// on.
const MOST_IN_A_ROUND: usize = 256;

/// The key of a member's Alive in the queue of updates.
const fn alive_key(slot: Slot) -> Slot {
    Slot(slot.0 * 2)
}

/// The key of a member's claim.
const fn claim_key(slot: Slot) -> Slot {
    Slot(slot.0 * 2 + 1)
}

/// The member that an update of that key is about.
pub(in crate::membership) const fn subject(key: Slot) -> Slot {
    Slot(key.0 / 2)
}

impl<R: Rng, A: Application> Membership<R, A> {
    /// Queues a member's Alive, which has its description.
    pub(in crate::membership) fn pass_on_alive(&mut self, now: Instant, slot: Slot) {
        let Some(description) = self.members.description(slot) else { return };
        let claim = self.members.claim(slot);
        if claim.status == Status::Alive && description.incarnation < claim.incarnation {
            return; // The description that belongs to the claim was of no use here, and the old one says nothing new.
        }
        let mut scratch = core::mem::take(&mut self.gossip.scratch);
        if self.encode_alive(slot, &mut scratch).is_some() {
            self.gossip.updates.push(Some(alive_key(slot)), &scratch);
            self.arm_gossip(now);
        }
        self.gossip.scratch = scratch;
    }

    /// Makes the bytes of a member's Alive in `scratch`, if the member is described.
    fn encode_alive(&self, slot: Slot, scratch: &mut Vec<u8>) -> Option<()> {
        let DescriptionView { incarnation, address, metadata } = self.members.description(slot)?;
        let (id, claim) = (self.members.name(slot), Claim::new(incarnation, Status::Alive));
        let row = Row { id, claim, address, metadata, versions: self.dialect.versions_of(slot) };
        self.dialect.encode(&Message::Alive(row), scratch);
        Some(())
    }

    /// Queues the claim that stands about a member, as `from`'s word. There is nothing to queue for
    /// an Alive.
    pub(in crate::membership) fn pass_on_claim(&mut self, now: Instant, slot: Slot, from: &str) {
        let mut scratch = core::mem::take(&mut self.gossip.scratch);
        if self.encode_claim(slot, from, &mut scratch).is_some() {
            self.gossip.updates.push(Some(claim_key(slot)), &scratch);
            self.arm_gossip(now);
        }
        self.gossip.scratch = scratch;
    }

    /// Makes the bytes of a member's claim in `scratch`, unless it is alive.
    fn encode_claim(&self, slot: Slot, from: &str, scratch: &mut Vec<u8>) -> Option<()> {
        self.dialect.encode(&self.claim_message(slot, from)?, scratch);
        Some(())
    }

    /// Queues a suspicion by this node of a member that we know as gone and that someone takes for
    /// alive, unless what is to be said of it waits. Returns the message's bytes if it did not.
    pub(in crate::membership) fn push_doubt(
        &mut self,
        now: Instant,
        slot: Slot,
    ) -> Option<Box<[u8]>> {
        if self.gossip.updates.contains(claim_key(slot)) {
            return None;
        }
        let mut body = Vec::new();
        self.dialect.encode(&self.doubt_message(slot), &mut body);
        self.gossip.updates.push(Some(claim_key(slot)), &body);
        self.arm_gossip(now);
        Some(body.into_boxed_slice())
    }

    /// A suspicion by this node, at the incarnation that we know.
    fn doubt_message(&self, slot: Slot) -> Message<'_> {
        let (id, claim) = (self.members.name(slot), self.members.claim(slot));
        Message::Suspect { id, incarnation: claim.incarnation, from: &self.local.id }
    }

    /// Queues a suspicion of a member that is only a tombstone, unless one waits; its
    /// departure, if it left.
    pub(in crate::membership) fn pass_on_doubt(&mut self, now: Instant, slot: Slot) {
        if self.gossip.updates.contains(claim_key(slot)) {
            return;
        }
        let claim = self.members.claim(slot);
        if claim.status == Status::Left {
            let me = self.local.id.clone();
            return self.pass_on_claim(now, slot, &me);
        }
        let mut scratch = core::mem::take(&mut self.gossip.scratch);
        self.dialect.encode(&self.doubt_message(slot), &mut scratch);
        self.gossip.scratch = scratch;
        self.gossip.updates.push(Some(claim_key(slot)), &self.gossip.scratch);
        self.arm_gossip(now);
    }

    /// Says again that we are alive, if that does not wait to be said.
    pub(in crate::membership) fn insist(&mut self, now: Instant) {
        if !self.gossip.updates.contains(alive_key(self.local.slot)) {
            self.pass_on_alive(now, self.local.slot);
        }
    }

    /// Drops what waits to be said of a member and what its record, just raised, has made outdated.
    pub(in crate::membership) fn drop_outdated_updates(&mut self, slot: Slot) {
        self.gossip.updates.cancel(claim_key(slot));
        // A suspicion says nothing against the description that an Alive spreads.
        if self.members.claim(slot).status != Status::Suspect {
            self.gossip.updates.cancel(alive_key(slot));
        }
    }

    /// The message that makes the claim that stands about a member, unless that is Alive.
    pub(in crate::membership) fn claim_message<'a>(
        &'a self,
        slot: Slot,
        from: &'a str,
    ) -> Option<Message<'a>> {
        let (id, claim) = (self.members.name(slot), self.members.claim(slot));
        let incarnation = claim.incarnation;
        Some(match claim.status {
            Status::Alive => return None,
            Status::Suspect => Message::Suspect { id, incarnation, from },
            Status::Dead => Message::Dead { id, incarnation, from },
            Status::Left => Message::Left { id, incarnation },
        })
    }

    /// A new life begins: its broadcasts are numbered from 0.
    pub(in crate::membership) fn number_broadcasts_anew(&mut self) {
        self.gossip.broadcasts_sent = 0;
    }

    /// The number of this node's next broadcast.
    pub(in crate::membership) fn next_broadcast(&mut self) -> u64 {
        let number = self.gossip.broadcasts_sent;
        self.gossip.broadcasts_sent += 1;
        number
    }

    /// Queues a user broadcast.
    pub(in crate::membership) fn pass_on_broadcast(
        &mut self,
        now: Instant,
        broadcast: &wire::Message<'_>,
    ) {
        self.gossip.scratch.clear();
        broadcast.encode(&mut self.gossip.scratch);
        if self.config.origin_only {
            self.gossip.rounds.push(&self.gossip.scratch, self.peers.as_slice());
        } else {
            self.gossip.broadcasts.push(None, &self.gossip.scratch);
        }
        self.arm_gossip(now);
    }

    /// Sends this node's own broadcasts to the next peers of their rounds, where nobody else passes
    /// them on.
    fn go_on_with_rounds(&mut self) {
        if self.gossip.rounds.len() == 0 {
            return;
        }
        let room = self.config.max_packet_size - HEADER_LEN;
        let left = self.outputs.packets.max().saturating_sub(self.outputs.packets.len()) / 2;
        for _ in 0..self.peers.len().min(MOST_IN_A_ROUND).min(left) {
            let mut body = Vec::new();
            let metrics = &mut self.metrics;
            let count = |body: &[u8]| metrics.count_sent(MessageKind::ALL[usize::from(body[1])]);
            let Some(peer) = self.gossip.rounds.next(room, &mut body, count) else { return };
            let is_there = self.peers.contains(peer) && !body.is_empty();
            if let Some(to) = self.members.address(peer).filter(|_| is_there) {
                self.send_unicast(to, body.into_boxed_slice());
            }
        }
    }

    /// Drops what waits to be said of a member.
    pub(in crate::membership) fn drop_updates(&mut self, slot: Slot) {
        self.gossip.updates.cancel(alive_key(slot));
        self.gossip.updates.cancel(claim_key(slot));
    }

    /// Returns true if our departure has been sent as often as it should be.
    pub(in crate::membership) fn departure_is_spread(&self) -> bool {
        !self.gossip.updates.contains(claim_key(self.local.slot))
    }

    /// How many times an update is sent in a cluster of this size.
    pub(in crate::membership) fn retransmit_limit(&self) -> u8 {
        let least = self.dialect.policy().least_transmissions(self.peers.len());
        retransmit_limit(self.config.retransmit_mult, self.active_members()).max(least)
    }

    /// Something waits to be sent: gossip now, or as soon as an interval has passed since the last
    /// time.
    pub(in crate::membership) fn arm_gossip(&mut self, now: Instant) {
        let waits = self.gossip.updates.len() + self.queued_broadcasts() > 0;
        if waits && self.timers.get(Timer::Gossip).is_none() {
            let rested =
                self.gossip.last_tick.map_or(now, |tick| tick + self.config.gossip_interval);
            self.timers.set(Timer::Gossip, rested.max(now));
        }
    }

    /// Sends what waits to a few members, the next on a walk through the peers, so that in a small
    /// cluster everyone is met; and its own death to one of the recently dead.
    pub(in crate::membership) fn gossip_tick(&mut self, now: Instant) {
        self.gossip.last_tick = Some(now);
        self.relieve_gossip(now);
        if self.gossip.updates.len() + self.queued_broadcasts() == 0 {
            return;
        }
        self.go_on_with_rounds();
        for _ in 0..usize::from(self.config.gossip_fanout).min(self.peers.len()) {
            // That peers are active is so anyway; asked here, their records are fetched from memory
            // all at once, not one after the other when the packets are made.
            if let Some(target) = self.peers.walk().filter(|&target| self.members.is_active(target))
            {
                self.send(Intent::Gossip { target });
            }
        }
        let window = self.config.gossip_to_dead_for;
        if let Some(target) = self.dead.random_recent(&mut self.rng, now, window) {
            sometimes!(ToldTheDead);
            self.send(Intent::Gossip { target });
        }
        if self.peers.len() > 0 {
            self.timers.set(Timer::Gossip, now + self.config.gossip_interval);
        } else if self.local.state == State::Leaving {
            self.complete_leave();
        }
    }
}
