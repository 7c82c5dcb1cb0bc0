//! Claims and descriptions merged into a record, and the digest kept true, all at once. It knows
//! nothing of who said what.

use super::{Described, DescriptionView, Members};
use crate::ground::id::Slot;
use crate::ground::member::Claim;

impl Members {
    /// Merges a claim: takes it if it is greater than the one that stands. A buried member to which
    /// that happens is dug out.
    pub(crate) fn raise(&mut self, slot: Slot, claim: Claim) -> bool {
        self.merge(slot, claim, None).0
    }

    /// Merges a claim as [`raise`](Self::raise) does, and with it a description: takes it if it is
    /// newer than the one known. Two that bear the same incarnation are ordered by their bytes, so
    /// that all who heard both keep the same one.
    pub(crate) fn merge(
        &mut self,
        slot: Slot,
        claim: Claim,
        new: Option<DescriptionView<'_>>,
    ) -> (bool, Described) {
        let raised = claim > self.claim(slot);
        let described = new.map_or(Described::Known, |new| self.order(slot, new));
        if !raised && described == Described::Known {
            return (false, described);
        }
        self.discount(slot);
        if raised {
            let record = &mut self.records[slot.index()];
            record.incarnation = claim.incarnation;
            record.text.marks = record.text.marks.raised(claim.status);
        }
        debug_assert!(
            described == Described::Known || !self.is_tombstone(slot),
            "the buried have no description"
        );
        match (described, new) {
            (Described::Confirmed, Some(new)) if self.records[slot.index()].text.has_address() => {
                self.records[slot.index()].described = new.incarnation;
            }
            (Described::Confirmed | Described::Changed, Some(new)) => {
                self.take_description(slot, new);
            }
            _ => {}
        }
        self.count(slot);
        self.version += 1;
        self.pack_if_worth_it();
        (raised, described)
    }

    /// Returns true if a claim and a description are those that stand.
    pub(crate) fn agrees(
        &self,
        slot: Slot,
        claim: Claim,
        description: Option<DescriptionView<'_>>,
    ) -> bool {
        let record = &self.records[slot.index()];
        let is_described_so = match description {
            None => !record.text.has_address(),
            Some(said) => {
                record.described == said.incarnation
                    && self.texts.says(record.text, said.address, said.metadata)
            }
        };
        is_described_so && claim == self.claim(slot)
    }

    /// How a description compares with the one known.
    pub(crate) fn order(&self, slot: Slot, new: DescriptionView<'_>) -> Described {
        let record = &self.records[slot.index()];
        if !record.text.has_address() {
            return Described::Confirmed;
        }
        if new.incarnation < record.described {
            return Described::Known;
        }
        let is_newer = new.incarnation > record.described;
        if self.texts.says(record.text, new.address, new.metadata) {
            return if is_newer { Described::Confirmed } else { Described::Known };
        }
        let is_greater = || {
            let known = (self.texts.address(record.text), self.texts.metadata(record.text));
            (Some(new.address), new.metadata) > known
        };
        if is_newer || is_greater() { Described::Changed } else { Described::Known }
    }

    /// Replaces a description, which the digest does not count while that happens.
    pub(super) fn take_description(&mut self, slot: Slot, new: DescriptionView<'_>) {
        let moves = self.address(slot) != Some(new.address);
        if moves {
            self.leave_address(slot);
        }
        let record = &mut self.records[slot.index()];
        record.described = new.incarnation;
        record.text = self.texts.describe(record.text, new.address, new.metadata);
        if moves {
            record.text.marks = record.text.marks.unanswered();
            self.come_to_address(slot);
        }
    }
}
