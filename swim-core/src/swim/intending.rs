//! Coming and going on memberlist's wire beside serf's agents, which show who leaves without a word
//! as failed: each says when it comes and when it goes (serf's intents). On the native wire a
//! departure says all this itself.

use alloc::vec::Vec;

use rand_core::Rng;

use super::report::{Report, Spread};
use super::{State, Swim};
use crate::intents::Word;
use crate::lamport::LamportTime;
use crate::member::{Claim, Status};
use crate::metrics::DropReason;
use crate::time::Instant;
use crate::timers::Timer;
use crate::wire::serf::{self, Intent, StateWriter};

impl<R: Rng> Swim<R> {
    /// Says that this node has come.
    pub(super) fn say_hello(&mut self, now: Instant) {
        let (time, me) = (self.serf.members.tick(), self.local.id.clone());
        self.intend(now, Intent { time, node: &me, leaves: false, prune: false });
    }

    /// Says that a member goes: this node, or one in whose place an operator speaks.
    pub(super) fn say_farewell_of(&mut self, now: Instant, node: &str, prune: bool) {
        let time = self.serf.members.tick();
        self.intend(now, Intent { time, node, leaves: true, prune });
    }

    fn intend(&mut self, now: Instant, intent: Intent<'_>) {
        self.serf.intents.note(intent.node, word(&intent), self.config.max_members);
        let mut bytes = Vec::new();
        serf::Message::Intent(intent).encode(&mut bytes);
        // Who comes and goes is worth more than what was sent many times already.
        while self.gossip.broadcasts.len() >= self.config.max_broadcasts.max(1) {
            self.gossip.broadcasts.drop_most_sent();
            self.metrics.drop(DropReason::BroadcastsFull);
        }
        self.announce(now, &bytes);
    }

    /// Begins to leave: serf's agents must hear that we mean to before they hear that we are gone.
    pub(super) fn say_own_farewell(&mut self, now: Instant) {
        self.serf.farewell = true;
        self.say_farewell_of(now, &self.local.id.clone(), false);
        self.timers.set(Timer::Leave, now + self.config.leave_timeout / 2);
    }

    /// The intent has been sent as often as it should be, or it is time: now we go. Returns whether
    /// this was that moment.
    pub(super) fn follow_farewell(&mut self, now: Instant, is_late: bool) -> bool {
        let waits = self.serf.farewell && (is_late || self.gossip.broadcasts.len() == 0);
        if waits {
            self.serf.farewell = false;
            self.timers.set(Timer::Leave, now + self.config.leave_timeout / 2);
            self.pass_on_claim(now, self.local.slot, &self.local.id.clone());
        }
        waits
    }

    /// An intent arrived. Returns whether it is new and to be passed on.
    pub(super) fn hear_intent(&mut self, now: Instant, intent: &Intent<'_>) -> bool {
        if !self.serf.members.witness(now, intent.time, self.config.events.max_time_jump) {
            self.metrics.drop(DropReason::BadTime);
            return false;
        }
        if *self.local.id == *intent.node && intent.leaves && self.local.state == State::Running {
            if self.serf.intents.of(intent.node).is_none_or(|known| intent.time > known.time) {
                // Of a former life, or somebody declares us gone.
                sometimes!(FarewellDenied);
                self.say_hello(now);
            }
            return false;
        }
        if !self.serf.intents.note(intent.node, word(intent), self.config.max_members) {
            self.metrics.drop(DropReason::OldEvent);
            return false;
        }
        if intent.leaves
            && let Some(slot) =
                self.members.find(intent.node).filter(|&slot| slot != self.local.slot)
        {
            let Claim { incarnation, status } = self.members.claim(slot);
            if status == Status::Dead && !self.members.is_tombstone(slot) {
                let claim = Claim::new(incarnation, Status::Left);
                self.handle_report(
                    now,
                    &Report {
                        spread: Spread::Silent,
                        ..Report::of(intent.node, claim, intent.node)
                    },
                );
            }
            if intent.prune
                && !self.members.is_tombstone(slot)
                && self.members.claim(slot).status == Status::Left
            {
                self.reap(now, slot);
            }
        }
        true
    }

    /// What a member is whom nobody reaches any more: among citizens it has left if it has said
    /// that it leaves, and has not come back since.
    pub(super) fn end_of(&self, id: &str) -> Status {
        let leaves =
            self.is_serf_agent() && self.serf.intents.of(id).is_some_and(|word| word.leaves);
        if leaves { Status::Left } else { Status::Dead }
    }

    /// What we say beside our table.
    pub(super) fn serf_state(&self) -> Vec<u8> {
        let serf_agent = &self.serf;
        let has_left = |slot| {
            self.members.claim(slot).status == Status::Left && !self.members.is_tombstone(slot)
        };
        let left: Vec<&str> = self
            .members
            .slots()
            .filter(|&slot| has_left(slot))
            .map(|slot| self.members.name(slot))
            .collect();
        // As serf's agents, of members alone: or names that are long gone would be handed round for
        // ever.
        let is_member =
            |id: &str| self.members.find(id).is_some_and(|slot| !self.members.is_tombstone(slot));
        let words = serf_agent.intents.iter().filter(|(id, _)| is_member(id));
        let statuses: Vec<(&str, LamportTime)> =
            words.map(|(id, word)| (&**id, word.time)).collect();
        let recent = self.latest_events();
        let mut state = Vec::new();
        StateWriter {
            members: serf_agent.members.time(),
            events: serf_agent.events.time(),
            queries: serf_agent.queries.time(),
            left: &left,
            statuses: &statuses,
            recent: &recent,
        }
        .encode(&mut state);
        state
    }

    /// What another says beside its table of who came and who went.
    pub(super) fn merge_intents(&mut self, now: Instant, state: &serf::State<'_>) {
        if !self.serf.members.witness(
            now,
            state.members.previous(),
            self.config.events.max_time_jump,
        ) {
            return self.metrics.drop(DropReason::BadTime);
        }
        for status in state.statuses() {
            let Ok((node, time)) = status else { return self.metrics.drop(DropReason::WrongType) };
            let has_left = state.left.iter().any(|left| left == node);
            // When it left is not said: after it came, in any case.
            let time = if has_left { time.next() } else { time };
            if self.serf.intents.of(node).is_none_or(|known| time > known.time) && !node.is_empty()
            {
                self.hear_intent(now, &Intent { time, node, leaves: has_left, prune: false });
            }
        }
    }
}

const fn word(intent: &Intent<'_>) -> Word {
    Word { time: intent.time, leaves: intent.leaves }
}
