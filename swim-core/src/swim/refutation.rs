//! What is heard of this node itself: refutation (SWIM 4.2), and other nodes under the same name.
//!
//! What others say of us that is not so, we answer by raising our incarnation. But a claim about our name may also be
//! about another node that bears it. Then raising would start a race that nobody wins, so we look first. If nobody answers
//! under our name at the other address, that was our own former life. If someone does, the user is told, and one of the two
//! concedes: the one whom nobody had believed in yet, for a living bearer keeps its name; of two that are both established
//! (a partition has healed) the one with the lower claim. Who concedes stays quiet, and answers no pings under the name, so
//! that all others come to see the other one; until that one is declared dead.

use alloc::vec::Vec;
use core::net::SocketAddr;

use rand_core::Rng;

use super::admission::Sender;
use super::me::Contender;
use super::news::News;
use super::{State, Swim};
use crate::event::Event;
use crate::id::Incarnation;
use crate::member::{Claim, Status, is_believable, normal_address};
use crate::members::DescriptionView;
use crate::metrics::DropReason;
use crate::outbox::Intent;
use crate::pings::Purpose;
use crate::time::Instant;

impl<R: Rng> Swim<R> {
    /// Judges a claim about our own name. Returns whether it made us raise our incarnation.
    pub(super) fn hear_of_me(&mut self, now: Instant, news: &News<'_>) -> bool {
        let own = self.members.claim(self.me.slot);
        if self.me.state != State::Running || !self.is_within_own_reach(now, news.claim.incarnation) {
            return false;
        }
        let is_active = news.claim.status.is_active();
        let elsewhere = news.description.filter(|described| described.address != self.me.address);
        if elsewhere.is_none() && is_active && news.description.is_some() && news.claim.incarnation == own.incarnation {
            self.me.is_established = true;
        }
        if let Some(described) = elsewhere.filter(|_| is_active && self.is_newcomer()) {
            self.contest(now, described.address, news.claim.incarnation);
            return false;
        }
        let namesake_is_gone = self.has_conceded() && !is_active && self.is_of_contender(news.claim.incarnation);
        if news.claim.incarnation < own.incarnation && !namesake_is_gone {
            if news.claim.status != Status::Alive && !self.has_conceded() {
                // Someone has not heard our refutation, and it may have been sent as often as it may.
                sometimes!(Insisted);
                self.insist(now);
            }
            return false;
        }
        if let Some(described) = elsewhere.filter(|_| !namesake_is_gone) {
            self.contest(now, described.address, news.claim.incarnation);
            return false;
        }
        if news.claim.status == Status::Alive {
            let same = self.members.description(self.me.slot).zip(news.description);
            if news.claim.incarnation == own.incarnation && same.is_none_or(|(a, b)| a.metadata == b.metadata) {
                return false;
            }
            // Our former life at this address had a higher incarnation than this one started with.
            return self.refute(now, news.claim.incarnation);
        }
        if self.has_conceded() {
            if news.claim.status == Status::Suspect {
                return false;
            }
            sometimes!(Inherited);
            self.me.contender = None;
            self.tell(Event::NameRegained);
        }
        let refuted = self.refute(now, news.claim.incarnation);
        if refuted {
            self.worsen_health(1);
            if self.me.is_established && !is_active {
                self.tell(Event::Returned);
            }
        }
        refuted
    }

    /// Shows that we are alive, above the incarnation that says otherwise.
    fn refute(&mut self, now: Instant, claimed: Incarnation) -> bool {
        let own = self.incarnation();
        if self.me.state != State::Running || !self.is_within_reach(now, claimed) {
            return false;
        }
        let Some(incarnation) = self.config.wire.next_incarnation(own.max(claimed)) else { return false };
        if claimed > own || self.gossip.broadcasts_sent == 0 {
            // What is said may be about a former life of ours, which may have begun at the same incarnation: its broadcasts
            // are not those of this one.
            self.me.epoch = incarnation;
            self.gossip.broadcasts_sent = 0;
        }
        self.metrics.refutations += 1;
        let metadata = self.members.description(self.me.slot).map(|own| Vec::from(own.metadata));
        self.assert_self(now, incarnation, &metadata.unwrap_or_default());
        true
    }

    /// Publishes our description at a higher incarnation.
    pub(super) fn assert_self(&mut self, now: Instant, incarnation: Incarnation, metadata: &[u8]) {
        let description = DescriptionView { incarnation, address: self.me.address, metadata };
        self.members.merge(self.me.slot, Claim::new(incarnation, Status::Alive), Some(description));
        self.pass_on_alive(now, self.me.slot);
    }

    /// Somebody speaks under our name, and lives at `address` by its own word, which of a stranger is looked into first.
    pub(super) fn meet_namesake(&mut self, now: Instant, sender: &Sender, address: SocketAddr) {
        if sender.is_stranger() {
            self.contest(now, normal_address(address), Incarnation::default());
        } else {
            self.witness(now, address);
        }
    }

    /// Our name is said to belong to a node at another address: look whether one is there.
    fn contest(&mut self, now: Instant, address: SocketAddr, incarnation: Incarnation) {
        if !is_believable(address, self.me.address) {
            return self.metrics.drop(DropReason::BadAddress);
        }
        let has_conceded = self.has_conceded();
        if let Some(contender) = &mut self.me.contender
            && (contender.address == address || has_conceded)
        {
            contender.incarnation = contender.incarnation.max(incarnation);
            self.note_concession(has_conceded);
            #[cfg(feature = "memberlist")]
            self.call_owed_vote(now, address);
            return;
        }
        if let Some(sequence) = self.add_ping(now, Purpose::Contender { address, incarnation }) {
            sometimes!(Contested);
            self.me.contender =
                Some(Contender { address, incarnation, confirmed: false, beaten: false, came_first: false });
            self.send(Intent::Contend { address, sequence });
        }
    }

    /// A node at `address` has spoken under our name.
    pub(super) fn witness(&mut self, now: Instant, address: SocketAddr) {
        let address = normal_address(address);
        let known = self.me.contender.filter(|contender| contender.address == address);
        if known.is_some_and(|contender| contender.confirmed) || self.has_conceded() {
            return;
        }
        let incarnation = known.map_or(Incarnation::default(), |contender| contender.incarnation);
        let came_first = known.is_some() && self.is_newcomer();
        self.me.contender = Some(Contender { address, incarnation, confirmed: true, beaten: false, came_first });
        self.note_concession(false);
        // A namesake that is seen under several addresses is told of once in a while.
        if self.me.conflict_told.is_none_or(|told| told + self.config.exchange_timeout <= now) {
            self.me.conflict_told = Some(now);
            self.tell(Event::Conflict { address });
            #[cfg(feature = "memberlist")]
            self.call_vote(now, address);
        }
    }

    /// Nobody answered under our name at `address`: what is said of it is about a former life of ours.
    pub(super) fn outlive(&mut self, now: Instant, address: SocketAddr) {
        let unconfirmed = self.me.contender.filter(|contender| contender.address == address && !contender.confirmed);
        if let Some(contender) = unconfirmed {
            sometimes!(Outlived);
            self.me.contender = None;
            if contender.incarnation >= self.incarnation() {
                self.refute(now, contender.incarnation);
            } else {
                self.insist(now);
            }
            #[cfg(feature = "memberlist")]
            if self.is_memberlist() {
                let me = self.me.id.clone();
                self.tell_refusal(now, &me, address, self.me.address);
            }
        }
    }

    /// A node has answered our join under our own name, from `address`: it bore the name before us.
    pub(super) fn meet_bearer(&mut self, now: Instant, address: SocketAddr) {
        if self.is_newcomer() && self.me.contender.is_none() {
            let incarnation = Incarnation::default();
            let contender = Contender { address, incarnation, confirmed: false, beaten: false, came_first: false };
            self.me.contender = Some(contender);
        }
        self.witness(now, address);
    }

    /// Whether nobody has believed yet that we bear our name, so that who bears it keeps it.
    fn is_newcomer(&self) -> bool {
        !self.me.is_established && self.asks_bearers()
    }

    /// Whether the claim may be about the one to whom we have left the name.
    fn is_of_contender(&self, incarnation: Incarnation) -> bool {
        incarnation >= self.incarnation() || self.me.contender.is_some_and(|other| incarnation >= other.incarnation)
    }

    /// Tells the user if the name is left to another node by now, and was not `before`.
    fn note_concession(&mut self, before: bool) {
        if let Some(Contender { address, came_first, .. }) = self.me.contender
            && !before
            && self.has_conceded()
            && self.asks_bearers()
        {
            self.tell(Event::NameLost { address, at_start: came_first });
        }
    }

    /// Whether the name is left to another node, which came first or whose claim is the greater, unless the others believe
    /// ours.
    pub(super) fn has_conceded(&self) -> bool {
        let own = (self.incarnation(), self.me.address);
        let is_theirs = |other: &Contender| other.came_first || (other.incarnation, other.address) > own;
        self.me.contender.is_some_and(|other| other.confirmed && !other.beaten && is_theirs(&other))
    }

    /// Whether we answer no pings under our name, which we have left to another node. Counted if so.
    pub(super) fn keeps_quiet(&mut self) -> bool {
        let is_quiet = self.asks_bearers() && self.has_conceded();
        if is_quiet {
            self.metrics.drop(DropReason::NameTaken);
        }
        is_quiet
    }

    /// Where the node is to which this one has left its name; `None` while the name is its own.
    #[must_use]
    pub fn name_lost_to(&self) -> Option<SocketAddr> {
        self.me.contender.filter(|_| self.has_conceded()).map(|other| other.address)
    }
}
