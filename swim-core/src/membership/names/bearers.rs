//! A living bearer keeps its name: who claims it at another address is believed once the bearer has
//! not answered.
//!
//! Each node asks for itself, with a ping under the name to the address that it knows, before it
//! takes the claim over or passes it on. So neither a cloned machine nor a forged Alive takes a
//! name from a member that answers, and a restart at another address has it as soon as nobody
//! answers at the old one. On memberlist's wire a bearer keeps its name without being asked, until
//! it is dead: `returns`. Read first: `disputes`; what the bearer and the claimant do is in
//! `refutation`.

use core::net::SocketAddr;

use rand_core::Rng;

use crate::detection::disputes::{Dispute, Held, Silence};
use crate::detection::pings::Purpose;
use crate::dialect::NamePolicy;
use crate::ground::event::Event;
use crate::ground::id::{NodeId, Slot};
use crate::ground::member::{Claim, Status};
use crate::ground::metrics::DropReason;
use crate::ground::time::Instant;
use crate::membership::Membership;
use crate::membership::application::Application;
use crate::membership::belief::report::{Report, Spread};
use crate::membership::spreading::outbox::Intent;
use crate::table::members::{Described, DescriptionView};
use crate::wire::Description;

impl<R: Rng, A: Application> Membership<R, A> {
    /// Returns true if living bearers are asked before their names move.
    pub(in crate::membership) fn asks_bearers(&self) -> bool {
        self.dialect.policy().names == NamePolicy::AskBearer
    }

    /// The description in the news, if it would move an active member to another address and its
    /// bearer was not asked.
    pub(in crate::membership) fn moving<'a>(
        &self,
        slot: Slot,
        report: &Report<'a>,
    ) -> Option<Description<'a>> {
        let said = report.description.filter(|_| !report.is_vetted && self.asks_bearers())?;
        if said.metadata.len() > self.config.max_metadata_size || !self.allows(said.address) {
            return None; // It is not usable in any case.
        }
        let known = self.members.address(slot).filter(|_| self.members.is_active(slot))?;
        let Description { incarnation, address, metadata } = said;
        let view = DescriptionView { incarnation, address, metadata };
        (address != known && self.members.order(slot, view) == Described::Changed).then_some(said)
    }

    /// A member's name is claimed at another address: holds the claim, and asks the bearer.
    pub(in crate::membership) fn dispute(
        &mut self,
        now: Instant,
        slot: Slot,
        report: &Report<'_>,
        said: Description<'_>,
    ) {
        let claim = (said.incarnation, said.address, said.metadata);
        match self.detector.disputes.claim(now, slot, claim, report.spread == Spread::Gossip) {
            Dispute::Ask => self.ask_bearer(now, slot),
            Dispute::Asked => {}
            Dispute::Refused => self.metrics.drop(DropReason::NameTaken),
        }
    }

    fn ask_bearer(&mut self, now: Instant, slot: Slot) {
        match self.add_ping(now, Purpose::Bearer { target: slot }) {
            Some(sequence) => {
                self.send(Intent::Ping { target: slot, sequence });
            }
            None => self.detector.disputes.forget(slot),
        }
    }

    /// The bearer of a disputed name has answered: it keeps it.
    pub(in crate::membership) fn bearer_answered(&mut self, now: Instant, slot: Slot) {
        let until = now + self.config.exchange_timeout;
        let Some(claimed_at) = self.detector.disputes.answered(slot, until) else { return };
        let Some(held_at) = self.members.address(slot) else { return };
        let id = self.id_at(slot);
        self.tell_refusal(now, &id, held_at, claimed_at);
    }

    /// The bearer of a disputed name has not answered: the name moves, if it was asked often
    /// enough.
    pub(in crate::membership) fn bearer_silent(&mut self, now: Instant, slot: Slot) {
        match self.detector.disputes.silent(slot) {
            Some(Silence::AskAgain) => self.ask_bearer(now, slot),
            Some(Silence::Believe(held)) => self.believe(now, &held),
            None => {}
        }
    }

    fn believe(&mut self, now: Instant, held: &Held) {
        let id = self.id_at(held.slot);
        let (incarnation, address) = (held.incarnation, held.address);
        let description = Some(Description { incarnation, address, metadata: &held.metadata });
        let spread = if held.is_gossip { Spread::Gossip } else { Spread::Silent };
        let claim = Claim::new(incarnation, Status::Alive);
        self.handle_report(
            now,
            &Report { description, spread, is_vetted: true, ..Report::of(&id, claim, &id) },
        );
    }

    /// A member's name is claimed at another address, and refused there; or ours is, by others. The
    /// user is told of each name once in a while: a refused node says its Alive again and
    /// again.
    pub(in crate::membership) fn tell_refusal(
        &mut self,
        now: Instant,
        id: &NodeId,
        held_at: SocketAddr,
        claimed_at: SocketAddr,
    ) {
        self.metrics.drop(DropReason::NameTaken);
        if self.local.refusals_told.note(now, self.config.exchange_timeout, id) {
            self.emit(Event::NameRefused { id: id.clone(), held_at, claimed_at });
        }
    }
}
