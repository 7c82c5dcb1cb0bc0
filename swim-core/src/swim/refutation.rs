//! What is heard of this node itself: refutation (SWIM 4.2), and other nodes under the same name.
//!
//! What others say of us that is not so, we answer by raising our incarnation. But a claim about our name may also be
//! about another node that bears it. Then raising would start a race that nobody wins, so we look first: `namesakes`. If
//! nobody answers under our name at the other address, that was our own former life.

use alloc::vec::Vec;

use rand_core::Rng;

use super::namesakes::Word;
use super::news::News;
use super::{State, Swim};
use crate::event::Event;
use crate::id::Incarnation;
use crate::member::{Claim, Status};
use crate::members::DescriptionView;
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
        let is_believed = elsewhere.is_none() && is_active && news.description.is_some();
        if is_believed && news.claim.incarnation == own.incarnation && !news.by_stranger {
            self.me.is_established = true;
        }
        let word = if news.accuses { Word::Gossip } else { Word::Table };
        if let Some(described) = elsewhere.filter(|_| is_active && self.is_newcomer()) {
            self.contest(now, described.address, news.claim.incarnation, word);
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
            self.contest(now, described.address, news.claim.incarnation, word);
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
                self.look_again(now, news.claim.incarnation);
                return false;
            }
            sometimes!(Inherited);
            self.me.contender = None;
            self.tell(Event::NameRegained);
        }
        let refuted = self.refute(now, news.claim.incarnation);
        if refuted && !news.by_stranger {
            self.worsen_health(1);
            if self.me.is_established && !is_active {
                self.tell(Event::Returned);
            }
        }
        refuted
    }

    /// Shows that we are alive, above the incarnation that says otherwise.
    pub(super) fn refute(&mut self, now: Instant, claimed: Incarnation) -> bool {
        let own = self.incarnation();
        if self.me.state != State::Running || !self.is_within_reach(now, claimed) {
            return false;
        }
        let Some(incarnation) = self.dialect.policy().next_incarnation(own.max(claimed)) else { return false };
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
}
