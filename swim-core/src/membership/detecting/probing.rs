//! Failure detection: one member is probed in each protocol period (SWIM 3.1), with Lifeguard's
//! self-awareness.

use core::net::SocketAddr;
use core::time::Duration;

use rand_core::Rng;

use crate::detection::probe::{Answer, Probe, Stage};
use crate::ground::event::Event;
use crate::ground::id::{SequenceNumber, Slot};
use crate::ground::member::{Claim, Status, normal_address};
use crate::ground::metrics::DropReason;
use crate::ground::random::{jittered, sample};
use crate::ground::time::Instant;
use crate::ground::timers::Timer;
use crate::membership::application::Application;
use crate::membership::belief::report::Report;
use crate::membership::spreading::outbox::Intent;
use crate::membership::{Membership, State};

/// How an ack came.
#[derive(Clone, Copy, Debug)]
pub(in crate::membership) enum Way {
    /// In a packet from that address.
    Packet(SocketAddr),
    /// As the reply of a reliable exchange.
    Exchange,
}

impl<R: Rng, A: Application> Membership<R, A> {
    /// The protocol period is over: judge its probe and begin the next.
    pub(in crate::membership) fn next_period(&mut self, now: Instant) {
        self.judge(now);
        let interval = self.detector.awareness.scale(self.config.probe_interval);
        let period = jittered(&mut self.rng, interval, self.config.probe_jitter_permille);
        self.timers.set(Timer::Probe, now + period);
        let Some(target) = self.peers.next(&mut self.rng) else { return };
        let sequence = self.detector.numbers.draw();
        self.detector.probe = Some(Probe::new(target, sequence, now));
        self.metrics.probes += 1;
        let timeout = self.detector.awareness.scale(self.config.probe_timeout).min(period * 7 / 8);
        self.timers.set(Timer::ProbeTimeout, now + timeout);
        self.send(Intent::Ping { target, sequence });
    }

    /// The verdict over the probe in flight.
    fn judge(&mut self, now: Instant) {
        self.timers.cancel(Timer::ProbeTimeout);
        let Some(probe) = self.detector.probe.take() else { return };
        if probe.stage() == Stage::Answered || !self.members.is_active(probe.target()) {
            return;
        }
        self.metrics.probes_failed += 1;
        // One that never answered may not be there at all, as target or as relay: its silence says
        // nothing of this node. And where most members died at once all but the one heard from last
        // may be gone: its nack shows that this node is well.
        if probe.has_fresh_nack() {
            self.improve_health();
        } else if self.members.has_answered(probe.target()) || probe.has_asked() {
            self.worsen_health(probe.blame(|relay| self.members.has_answered(relay)));
        }
        let (me, id) = (self.local.id.clone(), self.id_at(probe.target()));
        let claim = Claim::new(self.members.claim(probe.target()).incarnation, Status::Suspect);
        self.handle_report(now, &Report::of(&id, claim, &me));
    }

    /// The direct ping was not answered: ask others, and try a reliable stream where that may help.
    pub(in crate::membership) fn probe_indirectly(&mut self, now: Instant) {
        let Some(probe) =
            self.detector.probe.as_mut().filter(|probe| probe.stage() == Stage::Direct)
        else {
            return;
        };
        let (target, sequence) = (probe.target(), probe.sequence());
        let wanted = usize::from(self.config.indirect_probes);
        let mut relays = [target; crate::ground::random::MAX_SAMPLE];
        let mut asked = 0;
        // One more than wanted, since the target itself may be among them.
        for place in sample(&mut self.rng, wanted + 1, self.peers.len()) {
            let relay = self.peers.at(place);
            if relay != target && asked < wanted {
                relays[asked] = relay;
                asked += 1;
            }
        }
        let fresh =
            self.detector.heard_last.filter(|&slot| slot != target && self.members.is_active(slot));
        if let Some(fresh) = fresh.filter(|fresh| asked > 0 && !relays[..asked].contains(fresh)) {
            relays[asked - 1] = fresh;
        }
        // Only of those whose wire has nacks does silence say something.
        let sends_nacks = |&relay: &Slot| self.dialect.versions_of(relay).has_nack();
        if let Some(probe) = &mut self.detector.probe {
            probe.ask(relays[..asked].iter().copied().filter(sends_nacks), fresh);
        }
        for &relay in &relays[..asked] {
            self.send(Intent::PingReq { relay, target, sequence });
        }
        if self.config.reliable_fallback {
            self.ping_reliably(now, target, sequence);
        }
    }

    /// An ack came, from a member that says its name, or does not: memberlist's acks bear the
    /// number alone. Returns whether it answers an open ping: then its sender has been reached by
    /// that.
    pub(in crate::membership) fn handle_ack(
        &mut self,
        now: Instant,
        sequence: SequenceNumber,
        source: Option<&str>,
        way: Way,
    ) -> bool {
        let Some(probe) = self.detector.probe.as_mut().filter(|probe| probe.sequence() == sequence)
        else {
            return self.handle_other_ack(now, sequence, source, way);
        };
        let target = probe.target();
        if source.is_some_and(|source| !self.members.is_named(target, source)) {
            self.metrics.drop(DropReason::ForeignAck);
            return false;
        }
        let round_trip = now.since(probe.begun());
        match probe.answer() {
            Answer::Direct => {
                self.note_answered(target, way);
                self.metrics.probes_acked += 1;
                self.metrics.round_trips.note(round_trip);
                self.detector.round_trip = Some((target, round_trip));
                if let Some(layer) = &mut self.layer {
                    layer.on_round_trip(&self.config, now, target, round_trip);
                }
            }
            Answer::Indirect => match way {
                Way::Exchange => {
                    self.members.set_answered(target);
                    self.metrics.probes_acked_reliably += 1;
                }
                Way::Packet(from) if self.members.address(target) == Some(normal_address(from)) => {
                    self.members.set_answered(target);
                    self.metrics.probes_acked_late += 1;
                }
                Way::Packet(_) => self.metrics.probes_acked_by_relay += 1,
            },
            Answer::Duplicate => {
                self.metrics.drop(DropReason::DuplicateAck);
                return true;
            }
        }
        self.timers.cancel(Timer::ProbeTimeout);
        self.improve_health();
        true
    }

    pub(in crate::membership) fn handle_nack(
        &mut self,
        now: Instant,
        sequence: SequenceNumber,
        source: &str,
    ) {
        if *self.local.id == *source {
            return self.handle_namesakes_nack(now, sequence);
        }
        let relay = self.members.find(source);
        let probe = self.detector.probe.as_mut().filter(|probe| probe.sequence() == sequence);
        if !probe.zip(relay).is_some_and(|(probe, relay)| probe.nack(relay)) {
            self.metrics.drop(DropReason::ForeignAck);
        }
    }

    /// Something shows that this node is well: an ack, or a nack of the member heard from last.
    fn improve_health(&mut self) {
        if self.detector.awareness.improve() {
            self.emit(Event::HealthChanged { score: self.detector.awareness.score() });
        }
    }

    /// While this node may be in trouble, remembers which member a packet came from: the next
    /// failed probe asks it too.
    #[inline]
    pub(in crate::membership) fn note_sign_of_life(&mut self, from: SocketAddr) {
        if self.detector.awareness.score() > 0
            && let Some(slot) = self.members.at(from).filter(|&slot| slot != self.local.slot)
        {
            self.detector.heard_last = Some(slot);
        }
    }

    /// Gives up the probe in flight.
    pub(in crate::membership) fn drop_probe(&mut self) {
        self.detector.probe = None;
    }

    /// A member's slot is given to another one.
    pub(in crate::membership) fn forget_probed(&mut self, slot: Slot) {
        if self.is_probed(slot) {
            self.drop_probe();
        }
        if let Some(probe) = &mut self.detector.probe {
            probe.forget(slot);
        }
        self.detector.round_trip.take_if(|(answered, _)| *answered == slot);
        self.detector.heard_last.take_if(|heard| *heard == slot);
    }

    /// The latest round trip of a direct probe that was not polled.
    pub(in crate::membership) fn take_round_trip(&mut self) -> Option<(Slot, Duration)> {
        self.detector.round_trip.take()
    }

    /// Something suggests that this node itself is in trouble (Lifeguard IV-A).
    pub(in crate::membership) fn worsen_health(&mut self, weight: u8) {
        if self.detector.awareness.worsen(weight) {
            self.emit(Event::HealthChanged { score: self.detector.awareness.score() });
        }
    }

    /// The transport knows that nothing listens at `address` (a refused connection, an ICMP error).
    /// A direct ping to it has failed at once; the indirect ones still decide. A hint: what is not
    /// probed now is not concerned.
    pub fn handle_unreachable(&mut self, now: Instant, address: SocketAddr) {
        let now = self.advance(now);
        if self.local.state == State::Left {
            return;
        }
        let probed = self
            .detector
            .probe
            .as_ref()
            .filter(|probe| probe.stage() == Stage::Direct)
            .map(Probe::target);
        if probed
            .is_some_and(|target| self.members.address(target) == Some(normal_address(address)))
        {
            self.timers.cancel(Timer::ProbeTimeout);
            self.probe_indirectly(now);
        }
        self.fail_pings_to(now, address);
        self.forget_candidates_at(address);
        self.debug_check();
    }

    /// Returns true if the probe in flight is at `slot`, so that the slot must not be given to
    /// another member.
    pub(in crate::membership) fn is_probed(&self, slot: Slot) -> bool {
        self.detector.probe.as_ref().is_some_and(|probe| probe.target() == slot)
    }
}
