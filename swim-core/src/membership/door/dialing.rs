//! Looking before more is sent: a member that never answered this node is pinged, and gets a
//! connection or answers to its queries only once it has. So nobody gets more from us than a ping
//! by saying that a member lives somewhere.

use core::net::SocketAddr;

use rand_core::Rng;

use crate::detection::pings::{Ping, Purpose, Wanted};
use crate::ground::exchange::Contact;
use crate::ground::id::Slot;
use crate::ground::member::normal_address;
use crate::ground::time::Instant;
use crate::membership::Membership;
use crate::membership::application::Application;
use crate::membership::detecting::probing::Way;
use crate::membership::spreading::outbox::Intent;

impl<R: Rng, A: Application> Membership<R, A> {
    /// Compares tables with a member, at once or when it has answered.
    pub(in crate::membership) fn compare_with_member(
        &mut self,
        now: Instant,
        slot: Slot,
        of: Contact,
    ) {
        let Some(address) = self.members.address(slot) else { return };
        if self.members.has_answered(slot) {
            self.compare_with(now, address, of);
        } else {
            self.look_first(now, slot, Wanted::Tables(of));
        }
    }

    /// Pings a member that never answered, for the sake of what comes after. Returns whether it is
    /// pinged.
    pub(in crate::membership) fn look_first(
        &mut self,
        now: Instant,
        target: Slot,
        wanted: Wanted,
    ) -> bool {
        let Some(address) = self.members.address(target) else { return false };
        if self.detector.pings.any(|ping| ping.purpose == Purpose::Look { target, wanted }) {
            return true;
        }
        let Some(sequence) = self.add_ping(now, Purpose::Look { target, wanted }) else {
            return false;
        };
        self.send(Intent::Look { address, sequence });
        true
    }

    /// A member that was looked for has answered.
    pub(in crate::membership) fn go_on_after_look(
        &mut self,
        now: Instant,
        target: Slot,
        wanted: Wanted,
    ) {
        let Some(address) =
            self.members.address(target).filter(|_| self.members.has_answered(target))
        else {
            return;
        };
        match wanted {
            Wanted::Tables(of) => self.compare_with(now, address, of),
            Wanted::Answers => self.tell_looked(now, target, true),
        }
    }

    /// A member that was looked for has not answered: nothing of what was meant for it is sent.
    pub(in crate::membership) fn give_up_look(
        &mut self,
        now: Instant,
        target: Slot,
        wanted: Wanted,
    ) {
        if wanted == Wanted::Answers {
            self.tell_looked(now, target, false);
        }
    }

    fn tell_looked(&mut self, now: Instant, target: Slot, answered: bool) {
        let member = self.id_at(target);
        self.with_layer(|layer, host| layer.on_looked(host, now, &member, answered));
    }

    /// Notes that a member has answered a ping besides the probe.
    pub(in crate::membership) fn note_ping_answered(&mut self, ping: &Ping, way: Way) {
        match ping.purpose {
            Purpose::Relay { target, .. }
            | Purpose::User { target }
            | Purpose::Bearer { target }
            | Purpose::Look { target, .. } => self.note_answered(target, way),
            Purpose::Contender { .. } => {}
        }
    }

    /// Notes that a member has answered a ping that went to it, if the ack came from its host: what
    /// translates addresses changes ports, and a node that acks from elsewhere has not shown that
    /// anybody is there.
    pub(in crate::membership) fn note_answered(&mut self, target: Slot, way: Way) {
        let is_there = match way {
            Way::Packet(from) => {
                self.members.address(target).is_some_and(|at| at.ip() == normal_address(from).ip())
            }
            Way::Exchange => true,
        };
        if is_there {
            self.members.set_answered(target);
        }
    }

    /// Somebody at `address` has answered an exchange that we opened.
    pub(in crate::membership) fn note_answer_from(&mut self, address: SocketAddr) {
        if let Some(slot) = self.members.at(normal_address(address)) {
            self.members.set_answered(slot);
        }
    }
}
