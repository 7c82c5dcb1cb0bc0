//! What runs when its time has come, and what is spared when this node itself was late.
//!
//! A process that was stopped for a while (a debugger, a suspended machine, a starved container)
//! wakes up with all its deadlines behind it and the answers it waited for unread. Lifeguard
//! notices that only through missed acks; a state machine that is told the time sees it at once, by
//! how late it is called. Then a verdict is put off by one probe timeout, once, so that what has
//! arrived meanwhile can be read first.

use rand_core::Rng;

use super::Membership;
use super::application::Application;
use crate::detection::probe::Probe;
use crate::detection::suspicion::Suspicion;
use crate::ground::member::Status;
use crate::ground::time::Instant;
use crate::ground::timers::Timer;

impl<R: Rng, A: Application> Membership<R, A> {
    /// The time that [`poll_timeout`](Self::poll_timeout) gave has come. Late, early and repeated
    /// calls are fine.
    pub fn handle_timeout(&mut self, now: Instant) {
        let now = self.advance(now);
        let late = self.timers.next().map_or(core::time::Duration::ZERO, |at| now.since(at));
        let stalled =
            !late.is_zero() && self.config.stall_grace && late >= self.config.probe_timeout;
        while let Some(timer) = self.timers.pop_due(now) {
            if !(stalled && self.defer(now, timer)) {
                self.run(now, timer);
            }
        }
        self.debug_check();
    }

    fn run(&mut self, now: Instant, timer: Timer) {
        match timer {
            Timer::Probe => self.next_period(now),
            Timer::ProbeTimeout => self.probe_indirectly(now),
            Timer::Pings => self.pings_timeout(now),
            Timer::Gossip => self.gossip_tick(now),
            Timer::Sync => self.sync(now),
            Timer::Join => self.contact_seeds(now),
            Timer::Reconnect => self.reconnect(now),
            Timer::Exchanges => self.exchanges_timeout(now),
            Timer::Leave => self.go_on_leaving(now, true),
            Timer::Layer => self.with_layer(|layer, host| layer.on_timeout(host, now)),
            Timer::Candidates => self.candidates_timeout(now),
            Timer::Member(slot) => self.member_timeout(now, slot),
        }
    }

    /// Puts a verdict off, if it was not put off before.
    fn defer(&mut self, now: Instant, timer: Timer) -> bool {
        let deferred = match timer {
            Timer::Probe => {
                let deferred = self.detector.probe.as_mut().is_some_and(Probe::defer);
                if deferred {
                    sometimes!(ProbeDeferred);
                }
                deferred
            }
            Timer::Member(slot) if self.members.claim(slot).status == Status::Suspect => {
                let deferred = self.detector.suspicions.get_mut(slot).is_some_and(Suspicion::defer);
                if deferred {
                    sometimes!(SuspicionDeferred);
                }
                deferred
            }
            _ => false,
        };
        if deferred {
            self.timers.set(timer, now + self.config.probe_timeout);
        }
        deferred
    }
}
