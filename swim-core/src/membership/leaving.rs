//! A graceful leave: the departure is spread as any update is, and only then the node is done. And
//! a departure that an operator declares in a failed member's place.

use rand_core::Rng;

use super::application::Application;
use super::belief::report::Report;
use super::{ForceLeaveError, Membership, State};
use crate::ground::event::Event;
use crate::ground::member::{Claim, Status};
use crate::ground::time::Instant;
use crate::ground::timers::Timer;

impl<R: Rng, A: Application> Membership<R, A> {
    /// Begins to leave: the others are told, pings are still answered meanwhile.
    /// [`Event::LeaveComplete`] follows when the departure was sent as often as any update is, and
    /// within `Config::leave_timeout` in any case. Does nothing if the node is leaving or has left
    /// already.
    pub fn leave(&mut self, now: Instant) {
        let now = self.advance(now);
        if self.local.state != State::Running {
            return;
        }
        self.local.state = State::Leaving;
        self.drop_probe();
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
            if self.with_layer(|layer, host| layer.on_leave(host, now)) {
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
        let now = self.advance(now);
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
        self.with_layer(|layer, host| layer.on_force_leave(host, now, id, incarnation, prune));
        let me = self.local.id.clone();
        let report = Report::of(id, claim, &me);
        self.handle_report(now, &report);
        if prune {
            self.reap(now, slot);
        }
        self.debug_check();
        Ok(())
    }

    /// Packets were sent, or the time for leaving is over (`is_late`): what comes next.
    pub(super) fn go_on_leaving(&mut self, now: Instant, is_late: bool) {
        if self.with_layer(|layer, host| layer.on_leaving(host, now, is_late)) {
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
        self.with_layer(Application::on_left);
        // A user who waits for it must not miss it, however many events wait.
        let lag = self.outputs.lag();
        self.outputs.events.extend(lag.into_iter().chain([Event::LeaveComplete]));
    }
}
