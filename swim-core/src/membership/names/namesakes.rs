//! Other nodes under this node's name. We look whether one is there before we believe it, and one
//! of the two concedes: the one that nobody had believed in yet, for a living bearer keeps its
//! name; of two that are both established (a partition has healed) the one with the lower claim.
//!
//! Who concedes says nothing of itself and answers no pings under the name, so that all others come
//! to see the other node; until that one is declared dead. To the other one's own ping it answers
//! that it has conceded. On memberlist's wire the others are asked: `naming`. Read first:
//! `bearers`, what the others do.

use core::net::SocketAddr;

use rand_core::Rng;

use crate::detection::pings::Purpose;
use crate::dialect::NamePolicy;
use crate::ground::event::Event;
use crate::ground::id::Incarnation;
use crate::ground::member::{is_believable, normal_address};
use crate::ground::metrics::DropReason;
use crate::ground::time::Instant;
use crate::membership::Membership;
use crate::membership::application::Application;
use crate::membership::door::admission::Sender;
use crate::membership::local::Contender;
use crate::membership::spreading::outbox::Intent;

/// How we know of a namesake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::membership) enum Word {
    /// By a table: others believe it to be the bearer.
    Table,
    /// By its own word, or by gossip, which anybody may have begun: that takes the name from
    /// nobody.
    Gossip,
}

impl<R: Rng, A: Application> Membership<R, A> {
    /// Somebody speaks under our name, and lives at `address` by its own word, which of a stranger
    /// is looked into first.
    pub(in crate::membership) fn meet_namesake(
        &mut self,
        now: Instant,
        sender: &Sender,
        address: SocketAddr,
    ) {
        if self.is_stranger(sender) {
            self.contest(now, normal_address(address), Incarnation::default(), Word::Gossip);
        } else {
            self.witness(now, address);
        }
    }

    /// Our name is said to belong to a node at another address: look whether one is there.
    pub(in crate::membership) fn contest(
        &mut self,
        now: Instant,
        address: SocketAddr,
        incarnation: Incarnation,
        word: Word,
    ) {
        if !is_believable(address, self.local.address) {
            return self.metrics.drop(DropReason::BadAddress);
        }
        let has_conceded = self.has_conceded();
        let is_believed = word == Word::Table || !self.asks_bearers();
        let is_newcomer = self.is_newcomer();
        if let Some(contender) = &mut self.local.contender
            && (contender.address == address || has_conceded)
        {
            contender.incarnation = contender.incarnation.max(incarnation);
            contender.is_believed |= is_believed;
            contender.came_first |= is_newcomer && contender.confirmed && contender.is_believed;
            let is_outdated =
                contender.beaten && word == Word::Table && incarnation >= self.incarnation();
            self.note_concession(has_conceded);
            if is_outdated && self.asks_bearers() {
                // It has left the name to us, and some believe in it still, though it may be gone.
                self.refute(now, incarnation);
            }
            self.with_layer(|layer, host| layer.on_contender(host, now, address, true));
            return;
        }
        // Anybody may say where namesakes are: one is looked at at a time, so that it costs us no
        // more than that.
        let is_looking =
            self.detector.pings.any(|ping| matches!(ping.purpose, Purpose::Contender { .. }));
        if word == Word::Gossip && is_looking {
            return self.metrics.drop(DropReason::Stranger);
        }
        if let Some(sequence) = self.add_ping(now, Purpose::Contender { address, incarnation }) {
            sometimes!(Contested);
            self.local.contender = Some(Contender {
                address,
                incarnation,
                confirmed: false,
                beaten: false,
                is_believed,
                came_first: false,
            });
            self.send(Intent::Contend { address, sequence });
        }
    }

    /// A node at `address` has spoken under our name.
    pub(in crate::membership) fn witness(&mut self, now: Instant, address: SocketAddr) {
        let address = normal_address(address);
        let known = self.local.contender.filter(|contender| contender.address == address);
        if known.is_some_and(|contender| contender.confirmed) || self.has_conceded() {
            return;
        }
        let incarnation = known.map_or(Incarnation::default(), |contender| contender.incarnation);
        let is_believed = known.map_or(!self.asks_bearers(), |contender| contender.is_believed);
        let came_first = is_believed && self.is_newcomer();
        let contender = Contender {
            address,
            incarnation,
            confirmed: true,
            beaten: false,
            is_believed,
            came_first,
        };
        self.local.contender = Some(contender);
        self.note_concession(false);
        if self.tell_conflict(now, address) {
            self.with_layer(|layer, host| layer.on_contender(host, now, address, false));
        }
    }

    /// The namesake at `address` has answered that it leaves the name to us.
    pub(in crate::membership) fn namesake_conceded(&mut self, now: Instant, address: SocketAddr) {
        let known = self
            .local
            .contender
            .filter(|contender| contender.address == address && !contender.confirmed);
        let Some(Contender { incarnation, .. }) = known else { return };
        self.local.contender =
            known.map(|contender| Contender { confirmed: true, beaten: true, ..contender });
        self.tell_conflict(now, address);
        if incarnation >= self.incarnation() {
            self.refute(now, incarnation); // Somebody has believed it.
        }
    }

    /// Tells the user of a namesake. Returns false if it was told of one lately: one that is seen
    /// under several addresses is told of once in a while.
    fn tell_conflict(&mut self, now: Instant, address: SocketAddr) -> bool {
        let is_due =
            self.local.conflict_told.is_none_or(|told| told + self.config.exchange_timeout <= now);
        if is_due {
            self.local.conflict_told = Some(now);
            self.emit(Event::Conflict { address });
        }
        is_due
    }

    /// The others have decided whether this node keeps its name.
    pub(in crate::membership) fn judge_contender(&mut self, kept: bool) {
        if let Some(contender) = &mut self.local.contender {
            contender.beaten = kept;
        }
    }

    /// No other node bears our name any more.
    pub(in crate::membership) fn forget_contender(&mut self) {
        self.local.contender = None;
    }

    /// Nobody answered under our name at `address`: what is said of it is about a former life of
    /// ours.
    pub(in crate::membership) fn outlive(&mut self, now: Instant, address: SocketAddr) {
        let unconfirmed = self
            .local
            .contender
            .filter(|contender| contender.address == address && !contender.confirmed);
        if let Some(contender) = unconfirmed {
            sometimes!(Outlived);
            self.forget_contender();
            if contender.incarnation >= self.incarnation() {
                self.refute(now, contender.incarnation);
            } else if self.asks_bearers() {
                self.insist(now);
            }
            if self.dialect.policy().names == NamePolicy::UntilDead {
                let me = self.local.id.clone();
                self.tell_refusal(now, &me, address, self.local.address);
            }
        }
    }

    /// The node to which we have left the name is suspected. Where the dead are told as suspects
    /// ([`NamePolicy::UntilDead`]) no other word of its end may come, so look whether it is still
    /// there: if not, the name is ours again.
    pub(in crate::membership) fn look_again(&mut self, now: Instant, incarnation: Incarnation) {
        let is_looking =
            self.detector.pings.any(|ping| matches!(ping.purpose, Purpose::Contender { .. }));
        let Some(contender) = self.local.contender.filter(|_| !is_looking && !self.asks_bearers())
        else {
            return;
        };
        let address = contender.address;
        let incarnation = contender.incarnation.max(incarnation);
        if let Some(sequence) = self.add_ping(now, Purpose::Contender { address, incarnation }) {
            self.local.contender = Some(Contender { incarnation, confirmed: false, ..contender });
            self.send(Intent::Contend { address, sequence });
        }
    }

    /// A node has answered our join under our own name, from `address`: it bore the name before us.
    pub(in crate::membership) fn meet_bearer(&mut self, now: Instant, address: SocketAddr) {
        let (address, has_conceded) = (normal_address(address), self.has_conceded());
        let is_newcomer = self.is_newcomer();
        match &mut self.local.contender {
            _ if !is_newcomer => {}
            // Our join made it look for us, and its ping was here before its answer.
            Some(contender) if contender.address == address => {
                (contender.is_believed, contender.came_first) = (true, true);
                self.note_concession(has_conceded);
            }
            Some(_) => {}
            None => {
                self.local.contender = Some(Contender {
                    address,
                    incarnation: Incarnation::default(),
                    confirmed: false,
                    beaten: false,
                    is_believed: true,
                    came_first: true,
                });
            }
        }
        self.witness(now, address);
    }

    /// Returns true if nobody has believed yet that we bear our name, so that who bears it keeps
    /// it.
    pub(in crate::membership) fn is_newcomer(&self) -> bool {
        !self.local.is_established && self.asks_bearers()
    }

    /// Returns true if the claim may be about the one that we have left the name to.
    pub(in crate::membership) fn is_of_contender(&self, incarnation: Incarnation) -> bool {
        incarnation >= self.incarnation()
            || self.local.contender.is_some_and(|other| incarnation >= other.incarnation)
    }

    /// Tells the user if the name is left to another node by now, and was not `before`.
    fn note_concession(&mut self, before: bool) {
        if let Some(Contender { address, came_first, .. }) = self.local.contender
            && !before
            && self.has_conceded()
            && self.asks_bearers()
        {
            self.emit(Event::NameLost { address, at_start: came_first });
        }
    }

    /// Returns true if the name is left to another node, which came first or whose claim is the
    /// greater, unless the others believe ours.
    pub(in crate::membership) fn has_conceded(&self) -> bool {
        let own = (self.incarnation(), self.local.address);
        let is_theirs =
            |other: &Contender| other.came_first || (other.incarnation, other.address) > own;
        let is_there = |other: &Contender| other.confirmed && other.is_believed && !other.beaten;
        self.local.contender.is_some_and(|other| is_there(&other) && is_theirs(&other))
    }

    /// Returns true if we answer no pings under our name, which we have left to another node.
    /// Counted if so.
    pub(in crate::membership) fn keeps_quiet(&mut self) -> bool {
        let is_quiet = self.local.contender.is_some() && self.asks_bearers() && self.has_conceded();
        if is_quiet {
            self.metrics.drop(DropReason::NameTaken);
        }
        is_quiet
    }

    /// Where the node is to which this one has left its name; `None` while the name is its own.
    #[must_use]
    pub fn name_lost_to(&self) -> Option<SocketAddr> {
        self.local.contender.filter(|_| self.has_conceded()).map(|other| other.address)
    }
}
