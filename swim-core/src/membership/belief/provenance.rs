//! What a node that seals what it sends makes of what it hears in plain, while a cluster is moved
//! to encryption.
//!
//! It uses it and passes none of it on: what is queued, put into tables, counted in digests,
//! relayed or announced under our seal was heard under a seal, or is our own word. An accusation in
//! plain changes nothing but the member that we probe next; and nothing in plain is taken for the
//! word of a member that has spoken under a seal. Read first: docs/SECURITY.md, "Moving to
//! encryption".

use rand_core::Rng;

use crate::ground::id::Slot;
use crate::ground::member::{Status, normal_address};
use crate::ground::metrics::DropReason;
use crate::ground::source::{Protection, Source};
use crate::ground::time::Instant;
use crate::membership::Membership;
use crate::membership::application::Application;
use crate::membership::belief::report::Report;
use crate::table::members::Digest;

impl<R: Rng, A: Application> Membership<R, A> {
    /// Says whether this node seals what it sends and takes plain traffic too, from now on: a
    /// driver whose traffic is being moved to encryption says so, before the next packet. Then
    /// nothing that was heard in plain is passed on. Default no.
    pub fn set_mixed_traffic(&mut self, mixed: bool) {
        self.provenance.set_mixed(mixed);
    }

    /// What is handled from now on comes from there. [`end_hearing`](Self::end_hearing) follows.
    #[inline]
    pub(in crate::membership) fn begin_hearing(&mut self, from: Source) {
        self.contacts.protection = from.protection;
        if !self.provenance.is_mixed() {
            return;
        }
        let is_plain = from.protection == Protection::Plain;
        self.provenance.handle_report(is_plain);
        if let Some(slot) = self.members.at(normal_address(from.address)).filter(|_| !is_plain) {
            self.provenance.note_sealed(slot);
        }
    }

    /// What comes next is this node's own doing.
    #[inline]
    pub(in crate::membership) fn end_hearing(&mut self) {
        self.provenance.handle_report(false);
    }

    /// Returns true if plain traffic from a member's address may be that member's: not once it has
    /// spoken under a seal.
    #[inline]
    pub(in crate::membership) fn may_speak_plain(&self, slot: Slot) -> bool {
        !self.provenance.is_mixed() || !self.provenance.speaks_sealed(slot)
    }

    /// Returns true if news may be believed, as it was heard; counted if not. Of an accusation in
    /// plain the member is probed next.
    pub(in crate::membership) fn is_believable(
        &mut self,
        found: Option<Slot>,
        report: &Report<'_>,
    ) -> bool {
        if !self.provenance.hears_plain() || found == Some(self.local.slot) {
            return true;
        }
        let accuses = matches!(report.claim.status, Status::Suspect | Status::Dead);
        if accuses && let Some(slot) = found.filter(|&slot| self.members.is_active(slot)) {
            self.peers.hasten(slot);
        }
        let is_sealed = found.is_some_and(|slot| self.provenance.speaks_sealed(slot));
        if accuses || is_sealed {
            self.metrics.drop(DropReason::Unproven);
        }
        !accuses && !is_sealed
    }

    /// What the table says of a member was heard once more. Under a seal, for the first time, it is
    /// news to others.
    pub(in crate::membership) fn heard_again(&mut self, now: Instant, slot: Slot) {
        if !self.provenance.hears_plain() && self.provenance.vouch(slot) {
            self.pass_on_alive(now, slot);
        }
    }

    /// A report has changed a record. Returns whether it may be passed on.
    pub(in crate::membership) fn note_provenance(
        &mut self,
        slot: Slot,
        report: &Report<'_>,
    ) -> bool {
        if !self.provenance.hears_plain() {
            if report.description.is_some() {
                self.provenance.vouch(slot);
            }
            return true;
        }
        self.provenance.mark(slot);
        // What waits to be said of the member came from the record as it was before, which may be
        // another now.
        self.drop_updates(slot);
        false
    }

    /// Returns true if others may be told of a member under our seal.
    pub(in crate::membership) fn is_vouched(&self, slot: Slot) -> bool {
        !self.provenance.is_plain(slot)
    }

    /// The digest of what others may be told.
    pub(in crate::membership) fn vouched_digest(&self) -> Digest {
        self.members.digest_without(self.provenance.plain())
    }
}
