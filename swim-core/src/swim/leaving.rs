//! A graceful leave: the departure is spread as any update is, and only then the node is done.

use rand_core::Rng;

use super::{State, Swim};
use crate::event::Event;
use crate::member::{Claim, Status};
use crate::time::Instant;
use crate::timers::Timer;

impl<R: Rng> Swim<R> {
    /// Begins to leave: the others are told, pings are still answered meanwhile. [`Event::LeaveComplete`] follows when
    /// the departure was sent as often as any update is, and within `Config::leave_timeout` in any case. Does nothing
    /// if the node is leaving or has left already.
    pub fn leave(&mut self, now: Instant) {
        if self.me.state != State::Running {
            return;
        }
        self.me.state = State::Leaving;
        self.detector.probe = None;
        for timer in [Timer::Probe, Timer::ProbeTimeout, Timer::Sync, Timer::Join, Timer::Reconnect] {
            self.timers.cancel(timer);
        }
        self.abandon_exchanges();
        self.members.raise(self.me.slot, Claim::new(self.incarnation(), Status::Left));
        if self.peers.len() == 0 {
            self.complete_leave();
        } else {
            self.timers.set(Timer::Leave, now + self.config.leave_timeout);
            self.drop_outdated_updates(self.me.slot);
            self.pass_on_claim(now, self.me.slot, &self.me.id.clone());
        }
        self.debug_check();
    }

    /// The departure is spread, or there is nobody to tell.
    pub(super) fn complete_leave(&mut self) {
        self.me.state = State::Left;
        self.end_pings(|_| true);
        self.timers.clear();
        self.outputs.packets.clear();
        // Whoever waits for it must not miss it, however many events wait.
        let lag = self.outputs.lag();
        self.outputs.events.extend(lag.into_iter().chain([Event::LeaveComplete]));
    }
}
