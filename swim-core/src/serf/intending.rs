//! Coming and going on memberlist's wire among serf's agents, which show who leaves without a word
//! as failed: each says when it comes and when it goes (serf's intents). On the native wire a
//! departure says all this itself.

use alloc::vec::Vec;

use super::intents::Word;
use super::{Serf, limits};
use crate::ground::id::Incarnation;
use crate::ground::lamport::LamportTime;
use crate::ground::member::{Claim, Status};
use crate::ground::metrics::DropReason;
use crate::ground::time::Instant;
use crate::membership::State;
use crate::membership::application::Host;
use crate::wire::serf::{self, Intent, StateWriter};

impl Serf {
    /// Says that this node has come.
    pub(super) fn say_hello(&mut self, host: &mut impl Host, now: Instant) {
        let (time, me) = (self.members.tick(), host.id().clone());
        self.intend(host, now, Intent { time, node: &me, leaves: false, prune: false });
    }

    /// Says that a member goes: this node, or one in whose place an operator speaks.
    pub(super) fn say_farewell_of(
        &mut self,
        host: &mut impl Host,
        now: Instant,
        node: &str,
        prune: bool,
    ) {
        let time = self.members.tick();
        self.intend(host, now, Intent { time, node, leaves: true, prune });
    }

    fn intend(&mut self, host: &mut impl Host, now: Instant, intent: Intent<'_>) {
        self.intents.note(intent.node, word(&intent), host.config().max_members);
        let mut bytes = Vec::new();
        serf::Message::Intent(intent).encode(&mut bytes);
        // Who comes and goes is worth more than what was sent many times already.
        host.make_broadcast_room();
        host.announce(now, &bytes);
    }

    /// Begins to leave: serf's agents must hear that we mean to before they hear that we are gone.
    pub(super) fn say_own_farewell(&mut self, host: &mut impl Host, now: Instant) {
        self.farewell = true;
        let id = host.id().clone();
        self.say_farewell_of(host, now, &id, false);
        host.extend_leave(now);
    }

    /// The intent has been sent as often as it should be, or it is time: now we go. Returns whether
    /// this was that moment.
    pub(super) fn follow_farewell(
        &mut self,
        host: &mut impl Host,
        now: Instant,
        is_late: bool,
    ) -> bool {
        let waits = self.farewell && (is_late || host.broadcasts_waiting() == 0);
        if waits {
            self.farewell = false;
            host.extend_leave(now);
            host.spread_departure(now);
        }
        waits
    }

    /// An intent arrived. Returns whether it is new and to be passed on.
    pub(super) fn hear_intent(
        &mut self,
        host: &mut impl Host,
        now: Instant,
        intent: &Intent<'_>,
    ) -> bool {
        if !self.members.witness(now, intent.time, host.config().events.max_time_jump) {
            host.count_drop(DropReason::BadTime);
            return false;
        }
        if **host.id() == *intent.node && intent.leaves && host.state() == State::Running {
            if self.intents.of(intent.node).is_none_or(|known| intent.time > known.time) {
                // Of a former life, or somebody declares us gone.
                sometimes!(FarewellDenied);
                self.say_hello(host, now);
            }
            return false;
        }
        if !self.intents.note(intent.node, word(intent), host.config().max_members) {
            host.count_drop(DropReason::OldEvent);
            return false;
        }
        if intent.leaves
            && let Some(slot) =
                host.members().find(intent.node).filter(|&slot| slot != host.own_slot())
        {
            let Claim { incarnation, status } = host.members().claim(slot);
            if status == Status::Dead && !host.members().is_tombstone(slot) {
                host.declare_left(now, intent.node, incarnation);
            }
            if intent.prune
                && !host.members().is_tombstone(slot)
                && host.members().claim(slot).status == Status::Left
            {
                host.reap(now, slot);
            }
        }
        true
    }

    /// The native wire: says that a member is to be forgotten at once. The word is serf's intent,
    /// and its time is the incarnation up to which it holds, so that it can be told again and again
    /// and never concerns a later life.
    pub(super) fn say_pruned(
        host: &mut impl Host,
        now: Instant,
        node: &str,
        incarnation: Incarnation,
    ) {
        let mut bytes = Vec::new();
        let time = LamportTime::new(incarnation.get());
        serf::Message::Intent(Intent { time, node, leaves: true, prune: true }).encode(&mut bytes);
        if bytes.len() <= limits::announcement(host, usize::MAX) {
            host.make_broadcast_room();
            host.announce(now, &bytes);
        }
    }

    /// The native wire: a member is to be forgotten, if it does not live on above that incarnation.
    pub(super) fn hear_pruned(host: &mut impl Host, now: Instant, intent: &Intent<'_>) {
        let Some(slot) = host.members().find(intent.node) else { return };
        let incarnation = Incarnation::new(intent.time.get());
        // Its departure is spread as an update next to this word.
        host.declare_left(now, intent.node, incarnation);
        let claim = host.members().claim(slot);
        let is_gone = claim.status == Status::Left && claim.incarnation == incarnation;
        if slot != host.own_slot() && is_gone && !host.members().is_tombstone(slot) {
            // Until then a member that lives after all hears of it from us, and refutes: that ends
            // this deadline.
            host.reap_soon(now, slot);
        }
    }

    /// What we say with our table.
    pub(super) fn agent_state(&self, host: &impl Host) -> Vec<u8> {
        let has_left = |slot| {
            host.members().claim(slot).status == Status::Left && !host.members().is_tombstone(slot)
        };
        let left: Vec<&str> = host
            .members()
            .slots()
            .filter(|&slot| has_left(slot))
            .map(|slot| host.members().name(slot))
            .collect();
        // As serf's agents, of members alone: or names that are long gone would be handed round for
        // ever.
        let is_member = |id: &str| {
            host.members().find(id).is_some_and(|slot| !host.members().is_tombstone(slot))
        };
        let words = self.intents.iter().filter(|(id, _)| is_member(id));
        let statuses: Vec<(&str, LamportTime)> =
            words.map(|(id, word)| (&**id, word.time)).collect();
        let recent = self.latest_events(host);
        let mut state = Vec::new();
        StateWriter {
            members: self.members.time(),
            events: self.events.time(),
            queries: self.queries.time(),
            left: &left,
            statuses: &statuses,
            recent: &recent,
        }
        .encode(&mut state);
        state
    }

    /// What another says with its table of who came and who went.
    pub(super) fn merge_intents(
        &mut self,
        host: &mut impl Host,
        now: Instant,
        state: &serf::State<'_>,
    ) {
        if !self.members.witness(now, state.members.previous(), host.config().events.max_time_jump)
        {
            return host.count_drop(DropReason::BadTime);
        }
        for status in state.statuses() {
            let Ok((node, time)) = status else { return host.count_drop(DropReason::WrongType) };
            let has_left = state.left.iter().any(|left| left == node);
            // When it left is not said: after it came, in any case.
            let time = if has_left { time.next() } else { time };
            if self.intents.of(node).is_none_or(|known| time > known.time) && !node.is_empty() {
                self.hear_intent(host, now, &Intent { time, node, leaves: has_left, prune: false });
            }
        }
    }
}

const fn word(intent: &Intent<'_>) -> Word {
    Word { time: intent.time, leaves: intent.leaves }
}
