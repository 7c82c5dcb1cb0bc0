//! Pings besides the probe: on behalf of other members (SWIM 3.1, ping-req), for the user, and to
//! one who is said to bear our name.

use core::net::SocketAddr;
use core::time::Duration;

use rand_core::Rng;

use crate::detection::pings::{Ping, Purpose};
use crate::ground::event::Event;
use crate::ground::id::{SequenceNumber, Slot};
use crate::ground::member::normal_address;
use crate::ground::metrics::DropReason;
use crate::ground::time::Instant;
use crate::ground::timers::Timer;
use crate::membership::Membership;
use crate::membership::application::Application;
use crate::membership::detecting::probing::Way;
use crate::membership::spreading::outbox::Intent;

impl<R: Rng, A: Application> Membership<R, A> {
    /// A member asks us to ping another one. Both must be members that we know, and the one who
    /// asks must speak from its own address, so that nobody can aim us at strangers or use up our
    /// room for such pings.
    pub(in crate::membership) fn handle_ping_req(
        &mut self,
        now: Instant,
        from: SocketAddr,
        sequence: SequenceNumber,
        target: &str,
        source: &str,
    ) {
        let source = self.member_behind(from, source);
        if source.is_none() {
            self.metrics.drop(DropReason::Stranger);
            return;
        }
        self.relay_ping(now, (from, source), sequence, target, true);
    }

    /// Pings `target` for `requester`, whose slot is known if it is a member at its own address.
    pub(in crate::membership) fn relay_ping(
        &mut self,
        now: Instant,
        (requester, source): (SocketAddr, Option<Slot>),
        sequence: SequenceNumber,
        target: &str,
        wants_nack: bool,
    ) {
        if *self.local.id == *target {
            if self.keeps_quiet() {
                return;
            }
            self.send(Intent::Ack { to: requester, sequence, source });
            return;
        }
        let Some(target) = self.members.find(target).filter(|&slot| self.members.is_active(slot))
        else {
            self.metrics.drop(DropReason::UnknownTarget);
            return;
        };
        let purpose = Purpose::Relay { target, requester, sequence, nacked: !wants_nack };
        if let Some(sequence) = self.add_ping(now, purpose) {
            self.send(Intent::Ping { target, sequence });
        }
    }

    /// Notes a ping that is about to be sent, if there is room for it.
    pub(in crate::membership) fn add_ping(
        &mut self,
        now: Instant,
        purpose: Purpose,
    ) -> Option<SequenceNumber> {
        if self.detector.pings.len() >= self.config.max_pings {
            self.metrics.drop(DropReason::PingsFull);
            return None;
        }
        let sequence = match purpose {
            // A node there need not be a member: its number comes from elsewhere than those of
            // our probes.
            Purpose::Contender { .. } => SequenceNumber::new(self.rng.next_u32()),
            _ => self.detector.numbers.draw(),
        };
        let is_relay = matches!(purpose, Purpose::Relay { .. });
        let timeout = if is_relay { self.relay_timeout() } else { self.config.probe_timeout };
        self.keep_ping(Ping { sequence, sent: now, deadline: now + timeout, purpose });
        Some(sequence)
    }

    /// When a relay sends its nack: it must reach the one who asked before its shortest period
    /// ends, of which the direct ping has used up a probe timeout already (Lifeguard IV-A: at 80 %
    /// of the timeout).
    fn relay_timeout(&self) -> Duration {
        let jitter = u32::from(self.config.probe_jitter_permille);
        let shortest = self.config.probe_interval * (1_000 - jitter) / 1_000;
        let rest = shortest.saturating_sub(self.config.probe_timeout);
        self.config.probe_timeout.min(rest) * 4 / 5
    }

    fn keep_ping(&mut self, ping: Ping) {
        self.detector.pings.add(ping);
        self.arm_pings();
    }

    fn arm_pings(&mut self) {
        match self.detector.pings.next_deadline() {
            Some(at) => self.timers.set(Timer::Pings, at),
            None => self.timers.cancel(Timer::Pings),
        }
    }

    /// An ack that is not for the probe in flight. Returns whether it answers another open ping.
    pub(in crate::membership) fn handle_other_ack(
        &mut self,
        now: Instant,
        sequence: SequenceNumber,
        source: Option<&str>,
        way: Way,
    ) -> bool {
        let Some(ping) = self.detector.pings.find(sequence) else {
            return match way {
                Way::Packet(from) => self.admit(now, from, sequence, source),
                Way::Exchange => {
                    self.metrics.drop(DropReason::LateAck);
                    false
                }
            };
        };
        let is_expected = |source: &str| match ping.purpose {
            Purpose::Relay { target, .. }
            | Purpose::User { target }
            | Purpose::Bearer { target }
            | Purpose::Look { target, .. } => self.members.is_named(target, source),
            Purpose::Contender { .. } => *self.local.id == *source,
        };
        if source.is_some_and(|source| !is_expected(source)) {
            self.metrics.drop(DropReason::ForeignAck);
            return false;
        }
        self.detector.pings.remove(sequence);
        self.arm_pings();
        self.note_ping_answered(&ping, way);
        match ping.purpose {
            Purpose::Relay { target, requester, sequence, nacked } => {
                if nacked {
                    sometimes!(LateRelay);
                }
                self.send(Intent::RelayedAck { to: requester, sequence, target });
            }
            Purpose::User { target } => {
                let round_trip = Some(now.since(ping.sent));
                self.emit(Event::Pinged { sequence, id: self.id_at(target), round_trip });
            }
            Purpose::Bearer { target } => self.bearer_answered(now, target),
            Purpose::Contender { address, .. } => self.witness(now, address),
            Purpose::Look { target, wanted } => self.go_on_after_look(now, target, wanted),
        }
        true
    }

    /// A namesake has answered our look at it, and leaves the name to us.
    pub(in crate::membership) fn handle_namesakes_nack(
        &mut self,
        now: Instant,
        sequence: SequenceNumber,
    ) {
        let Some(Purpose::Contender { address, .. }) =
            self.detector.pings.find(sequence).map(|ping| ping.purpose)
        else {
            return self.metrics.drop(DropReason::ForeignAck);
        };
        self.detector.pings.remove(sequence);
        self.arm_pings();
        self.namesake_conceded(now, address);
    }

    pub(in crate::membership) fn pings_timeout(&mut self, now: Instant) {
        while let Some(ping) = self.detector.pings.pop_due(now) {
            self.fail_ping(now, ping);
        }
        self.arm_pings();
    }

    fn fail_ping(&mut self, now: Instant, ping: Ping) {
        match ping.purpose {
            Purpose::Relay { nacked: true, .. } => {}
            Purpose::Relay { target, requester, sequence, nacked: false } => {
                self.send(Intent::Nack { to: requester, sequence });
                let purpose = Purpose::Relay { target, requester, sequence, nacked: true };
                self.keep_ping(Ping {
                    deadline: now + self.config.probe_interval,
                    purpose,
                    ..ping
                });
            }
            Purpose::User { target } => {
                self.emit(Event::Pinged {
                    sequence: ping.sequence,
                    id: self.id_at(target),
                    round_trip: None,
                });
            }
            Purpose::Bearer { target } => self.bearer_silent(now, target),
            Purpose::Contender { address, .. } => self.outlive(now, address),
            Purpose::Look { target, wanted } => self.give_up_look(now, target, wanted),
        }
    }

    /// Nothing listens at `address`: what we pinged there will not answer.
    pub(in crate::membership) fn fail_pings_to(&mut self, now: Instant, address: SocketAddr) {
        let address = normal_address(address);
        let members = &self.members;
        let is_hopeless = |ping: &Ping| match ping.purpose {
            Purpose::Relay { nacked: true, .. } => false,
            Purpose::Relay { target, .. }
            | Purpose::User { target }
            | Purpose::Bearer { target }
            | Purpose::Look { target, .. } => members.address(target) == Some(address),
            Purpose::Contender { address: contender, .. } => contender == address,
        };
        let mut failed = alloc::vec::Vec::new();
        while let Some(ping) = self.detector.pings.take(is_hopeless) {
            failed.push(ping);
        }
        for ping in failed {
            if let Purpose::Bearer { target } = ping.purpose {
                self.detector.disputes.give_up(target);
            }
            self.fail_ping(now, ping);
        }
        self.arm_pings();
    }

    /// Ends what was asked about a member that is being forgotten.
    pub(in crate::membership) fn forget_pings(&mut self, slot: Slot) {
        self.end_pings(|ping| ping.purpose.target() == Some(slot));
    }

    /// Ends pings before their time; the user is told of its own.
    pub(in crate::membership) fn end_pings(&mut self, is_about: impl Fn(&Ping) -> bool) {
        while let Some(ping) = self.detector.pings.take(&is_about) {
            if let Purpose::User { target } = ping.purpose {
                self.emit(Event::Pinged {
                    sequence: ping.sequence,
                    id: self.id_at(target),
                    round_trip: None,
                });
            }
        }
        self.arm_pings();
    }
}
