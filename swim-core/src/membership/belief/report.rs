//! What is heard of a member, and whether it is news: most of it is not, which is seen at little
//! cost.

use rand_core::Rng;

use crate::ground::hash::hash;
use crate::ground::id::Slot;
use crate::ground::member::{Claim, Status};
use crate::ground::time::Instant;
use crate::membership::Membership;
use crate::membership::application::Application;
use crate::wire::{Description, Versions};

/// Something heard of a member.
#[derive(Clone, Copy, Debug)]
pub(in crate::membership) struct Report<'a> {
    pub(in crate::membership) id: &'a str,
    pub(in crate::membership) claim: Claim,
    /// Comes with every Alive.
    pub(in crate::membership) description: Option<Description<'a>>,
    /// Who makes the claim.
    pub(in crate::membership) from: &'a str,
    /// Whether a suspicion is `from`'s own, and so counts as a further accusation.
    pub(in crate::membership) accuses: bool,
    /// Since how many seconds the member is dead or has left.
    pub(in crate::membership) age: u32,
    pub(in crate::membership) spread: Spread,
    /// Whether a stranger says it of this node: then it is refuted, and nothing else comes of it.
    pub(in crate::membership) by_stranger: bool,
    /// Whether the member was asked at the address that we know, and is not there any more.
    pub(in crate::membership) is_vetted: bool,
    /// What the member speaks; comes with a description.
    pub(in crate::membership) versions: Versions,
}

impl<'a> Report<'a> {
    /// A claim that `from` makes and that is passed on.
    pub(in crate::membership) const fn of(id: &'a str, claim: Claim, from: &'a str) -> Self {
        Self {
            id,
            claim,
            description: None,
            from,
            accuses: true,
            age: 0,
            spread: Spread::Gossip,
            by_stranger: false,
            is_vetted: false,
            versions: Versions::PLAIN,
        }
    }
}

/// Whether news is passed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::membership) enum Spread {
    /// To everyone.
    Gossip,
    /// To nobody: the one who told us knows, and others learn it as we did.
    Silent,
}

impl<R: Rng, A: Application> Membership<R, A> {
    /// Returns true if an Alive says of another member what the table says: then hearing it would
    /// change nothing.
    #[inline]
    pub(in crate::membership) fn is_known(
        &self,
        slot: Slot,
        claim: Claim,
        description: Description<'_>,
    ) -> bool {
        let Description { incarnation, address, metadata } = description;
        slot != self.local.slot && self.members.knows(slot, claim, incarnation, (address, metadata))
    }

    /// Returns true if a suspicion or a death of another member, told by `from`, would change
    /// nothing. Says no where `from` may not be text, since then the packet that says so is
    /// damaged.
    #[inline]
    pub(in crate::membership) fn is_old(&self, slot: Slot, claim: Claim, from: &[u8]) -> bool {
        let known = self.members.claim(slot);
        if slot == self.local.slot || claim > known || !from.is_ascii() {
            return false;
        }
        let confirms = || match self.detector.suspicions.get(slot) {
            Some(suspicion) => {
                suspicion.incarnation() == claim.incarnation && suspicion.wants(hash(0, from))
            }
            None => false,
        };
        claim < known || claim.status != Status::Suspect || !confirms()
    }

    /// Debug builds hear all the same what is taken to be no news, and see that nothing comes of
    /// it.
    pub(in crate::membership) fn check_nothing_new(
        &mut self,
        now: Instant,
        slot: Slot,
        report: &Report<'_>,
    ) {
        let outcome =
            |swim: &Self| (swim.members.version(), swim.gossip.updates.len(), swim.timers.next());
        let before = outcome(self);
        assert!(
            !self.merge_report(now, Some(slot), report),
            "what is no report changes nothing: {report:?}"
        );
        assert_eq!(outcome(self), before, "what is no report has no consequences: {report:?}");
    }
}
