//! A graceful leave: the departure is spread as any update is, and only then the node is done. And
//! a departure that an operator declares in a failed member's place.

use alloc::vec::Vec;

use rand_core::Rng;

use super::report::{Report, Spread};
use super::{ForceLeaveError, State, Swim};
use crate::dialect::SerfPolicy;
use crate::event::Event;
use crate::id::Incarnation;
use crate::lamport::LamportTime;
use crate::member::{Claim, Status};
use crate::metrics::DropReason;
use crate::time::Instant;
use crate::timers::Timer;
use crate::wire::serf::{self, Intent};

impl<R: Rng> Swim<R> {
    /// Begins to leave: the others are told, pings are still answered meanwhile.
    /// [`Event::LeaveComplete`] follows when the departure was sent as often as any update is, and
    /// within `Config::leave_timeout` in any case. Does nothing if the node is leaving or has left
    /// already.
    pub fn leave(&mut self, now: Instant) {
        let now = self.timers.advance(now);
        if self.local.state != State::Running {
            return;
        }
        self.local.state = State::Leaving;
        self.detector.probe = None;
        for timer in [Timer::Probe, Timer::ProbeTimeout, Timer::Sync, Timer::Join, Timer::Reconnect]
        {
            self.timers.cancel(timer);
        }
        self.abandon_exchanges();
        self.members.raise(self.local.slot, Claim::new(self.incarnation(), Status::Left));
        if self.peers.len() == 0 {
            self.complete_leave();
        } else {
            self.drop_outdated_updates(self.local.slot);
            if self.is_serf_agent() {
                self.say_own_farewell(now);
                self.debug_check();
                return;
            }
            self.timers.set(Timer::Leave, now + self.config.leave_timeout);
            self.pass_on_claim(now, self.local.slot, &self.local.id.clone());
        }
        self.debug_check();
    }

    /// Declares a suspected or dead member to have left, for an operator who knows that it does not
    /// come back: the others are told, so that nobody contacts it any more, and all forget it after
    /// `Config::reap_left_after`. With `prune` this node forgets it at once, and the others
    /// `Config::leave_timeout` after they heard of it, also one that had left already; on
    /// memberlist's wire without serf's agents this node alone, since there is no way to say it. A
    /// member that is alive after all refutes as it would any claim. (serf's force-leave)
    ///
    /// # Errors
    /// [`ForceLeaveError`]; nothing was changed.
    pub fn force_leave(
        &mut self,
        now: Instant,
        id: &str,
        prune: bool,
    ) -> Result<(), ForceLeaveError> {
        let now = self.timers.advance(now);
        if self.local.state != State::Running {
            return Err(ForceLeaveError::NotRunning);
        }
        let slot = self.members.find(id).filter(|&slot| !self.members.is_tombstone(slot));
        let slot = slot.ok_or(ForceLeaveError::UnknownMember)?;
        if slot == self.local.slot {
            return Err(ForceLeaveError::Ourselves);
        }
        let Claim { incarnation, status } = self.members.claim(slot);
        if status == Status::Alive {
            return Err(ForceLeaveError::Alive);
        }
        let claim = Claim::new(incarnation, Status::Left);
        if self.is_serf_agent() {
            self.say_farewell_of(now, id, prune);
        }
        let me = self.local.id.clone();
        let report = Report::of(id, claim, &me);
        self.handle_report(now, &report);
        if prune {
            self.reap(now, slot);
            self.say_pruned(now, id, incarnation);
        }
        self.debug_check();
        Ok(())
    }

    /// The native wire: says that a member is to be forgotten at once. The word is serf's intent,
    /// and its time is the incarnation up to which it holds, so that it can be told again and again
    /// and never concerns a later life.
    fn say_pruned(&mut self, now: Instant, node: &str, incarnation: Incarnation) {
        if self.dialect.policy().serf != SerfPolicy::Announcements {
            return;
        }
        let mut bytes = Vec::new();
        let time = LamportTime::new(incarnation.get());
        serf::Message::Intent(Intent { time, node, leaves: true, prune: true }).encode(&mut bytes);
        if bytes.len() > self.announcement_limit(usize::MAX) {
            return;
        }
        if self.gossip.broadcasts.len() >= self.config.max_broadcasts {
            self.gossip.broadcasts.drop_most_sent();
            self.metrics.drop(DropReason::BroadcastsFull);
        }
        self.announce(now, &bytes);
    }

    /// The native wire: a member is to be forgotten, if it does not live on above that incarnation.
    pub(super) fn hear_pruned(&mut self, now: Instant, intent: &Intent<'_>) {
        let Some(slot) = self.members.find(intent.node) else { return };
        let incarnation = Incarnation::new(intent.time.get());
        let report = Report::of(intent.node, Claim::new(incarnation, Status::Left), intent.node);
        // Its departure is spread as an update beside this word.
        self.handle_report(now, &Report { spread: Spread::Silent, ..report });
        let claim = self.members.claim(slot);
        let is_gone = claim.status == Status::Left && claim.incarnation == incarnation;
        if slot != self.local.slot && is_gone && !self.members.is_tombstone(slot) {
            // Until then whoever lives after all hears of it from us, and refutes: that ends this
            // timer.
            self.timers.set(Timer::Member(slot), now + self.config.leave_timeout);
        }
    }

    /// Packets were sent, or the time for leaving is over (`is_late`): what comes next.
    pub(super) fn go_on_leaving(&mut self, now: Instant, is_late: bool) {
        if self.follow_farewell(now, is_late) || self.serf.farewell {
            return;
        }
        if is_late {
            sometimes!(LeftLate);
        }
        if is_late || self.departure_is_spread() {
            self.complete_leave();
        }
    }

    /// The departure is spread, or there is nobody to tell.
    pub(super) fn complete_leave(&mut self) {
        self.local.state = State::Left;
        self.end_pings(|_| true);
        self.timers.clear();
        self.outputs.packets.clear();
        self.outputs.unicasts.clear();
        self.gossip.rounds.clear();
        self.end_queries();
        // Whoever waits for it must not miss it, however many events wait.
        let lag = self.outputs.lag();
        self.outputs.events.extend(lag.into_iter().chain([Event::LeaveComplete]));
    }
}
