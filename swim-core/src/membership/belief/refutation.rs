//! What is heard of this node itself: refutation (SWIM 4.2), and other nodes under the same name.
//!
//! What others say of us that is not so, we answer by raising our incarnation. But a claim about
//! our name may also be about another node that bears it. Then raising would start a race that
//! nobody wins, so we look first: `namesakes`. If nobody answers under our name at the other
//! address, that was our own former life.

use alloc::vec::Vec;

use rand_core::Rng;

use crate::ground::event::Event;
use crate::ground::id::Incarnation;
use crate::ground::member::{Claim, Status};
use crate::ground::time::Instant;
use crate::membership::application::Application;
use crate::membership::belief::report::Report;
use crate::membership::names::namesakes::Word;
use crate::membership::{Membership, State};
use crate::table::members::DescriptionView;

impl<R: Rng, A: Application> Membership<R, A> {
    /// Judges a claim about our own name. Returns whether it made us raise our incarnation.
    pub(in crate::membership) fn handle_report_of_local(
        &mut self,
        now: Instant,
        report: &Report<'_>,
    ) -> bool {
        let own = self.members.claim(self.local.slot);
        if self.local.state != State::Running
            || !self.is_within_own_reach(now, report.claim.incarnation)
        {
            return false;
        }
        let is_active = report.claim.status.is_active();
        let elsewhere =
            report.description.filter(|described| described.address != self.local.address);
        let is_believed = elsewhere.is_none() && is_active && report.description.is_some();
        if is_believed && report.claim.incarnation == own.incarnation && !report.by_stranger {
            self.local.is_established = true;
        }
        let word = if report.accuses { Word::Gossip } else { Word::Table };
        if let Some(described) = elsewhere.filter(|_| is_active && self.is_newcomer()) {
            self.contest(now, described.address, report.claim.incarnation, word);
            return false;
        }
        let namesake_is_gone =
            self.has_conceded() && !is_active && self.is_of_contender(report.claim.incarnation);
        if report.claim.incarnation < own.incarnation && !namesake_is_gone {
            if report.claim.status != Status::Alive && !self.has_conceded() {
                // Someone has not heard our refutation, and it may have been sent as often as it
                // may.
                sometimes!(Insisted);
                self.insist(now);
            }
            return false;
        }
        if let Some(described) = elsewhere.filter(|_| !namesake_is_gone) {
            self.contest(now, described.address, report.claim.incarnation, word);
            return false;
        }
        if report.claim.status == Status::Alive {
            let same = self.members.description(self.local.slot).zip(report.description);
            if report.claim.incarnation == own.incarnation
                && same.is_none_or(|(a, b)| a.metadata == b.metadata)
            {
                return false;
            }
            // Our former life at this address had a higher incarnation than this one started with.
            return self.refute(now, report.claim.incarnation);
        }
        if self.has_conceded() {
            if report.claim.status == Status::Suspect {
                self.look_again(now, report.claim.incarnation);
                return false;
            }
            sometimes!(Inherited);
            self.forget_contender();
            self.emit(Event::NameRegained);
        }
        let refuted = self.refute(now, report.claim.incarnation);
        if refuted && !report.by_stranger {
            self.worsen_health(1);
            if self.local.is_established && !is_active {
                self.emit(Event::Returned);
            }
        }
        refuted
    }

    /// Shows that we are alive, above the incarnation that says otherwise.
    pub(in crate::membership) fn refute(&mut self, now: Instant, claimed: Incarnation) -> bool {
        let own = self.incarnation();
        if self.local.state != State::Running || !self.is_within_reach(now, claimed) {
            return false;
        }
        let Some(incarnation) = self.dialect.policy().next_incarnation(own.max(claimed)) else {
            return false;
        };
        if claimed > own || self.gossip.broadcasts_sent == 0 {
            // What is said may be about a former life of ours, which may have begun at the same
            // incarnation: its broadcasts are not those of this one.
            self.local.epoch = incarnation;
            self.number_broadcasts_anew();
        }
        self.metrics.refutations += 1;
        let metadata = self.members.description(self.local.slot).map(|own| Vec::from(own.metadata));
        self.assert_self(now, incarnation, &metadata.unwrap_or_default());
        true
    }

    /// Publishes our description at a higher incarnation.
    pub(in crate::membership) fn assert_self(
        &mut self,
        now: Instant,
        incarnation: Incarnation,
        metadata: &[u8],
    ) {
        let description = DescriptionView { incarnation, address: self.local.address, metadata };
        self.members.merge(
            self.local.slot,
            Claim::new(incarnation, Status::Alive),
            Some(description),
        );
        self.pass_on_alive(now, self.local.slot);
    }
}
