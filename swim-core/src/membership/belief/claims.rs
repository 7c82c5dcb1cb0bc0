//! What is heard of others, and what follows from it.
//!
//! A claim is merged by `max` (see `member.rs`), a description apart from it. What changed is
//! settled once, here: who is probed, which suspicion runs, what the user is told and what is
//! passed on follow from the record, whatever changed it.

use core::net::SocketAddr;

use rand_core::Rng;

use crate::detection::suspicion::Suspicion;
use crate::ground::event::Event;
use crate::ground::hash::hash;
use crate::ground::id::{Incarnation, Slot};
use crate::ground::member::{Claim, Status, is_believable};
use crate::ground::metrics::DropReason;
use crate::ground::network::is_allowed;
use crate::ground::random::below;
use crate::ground::time::Instant;
use crate::ground::timers::Timer;
use crate::membership::Membership;
use crate::membership::application::Application;
use crate::membership::belief::report::{Report, Spread};
use crate::table::members::{Described, DescriptionView, Told};
use crate::wire::Description;

/// A member publishes its description at incarnations that grow by one, or by what is said of it; a
/// new life begins at the milliseconds of its clock, further above.
const LIFE_GAP: u64 = 64;

/// What a piece of news changed.
#[derive(Clone, Copy, Debug)]
struct Change {
    /// The claim that stood before; `None` if the member was unknown.
    before: Option<Claim>,
    /// The incarnation of the description that stood before, if there was one.
    published: Option<Incarnation>,
    raised: bool,
    described: Described,
}

impl<R: Rng, A: Application> Membership<R, A> {
    /// Merges what was heard. Returns whether it changed anything.
    pub(in crate::membership) fn handle_report(
        &mut self,
        now: Instant,
        report: &Report<'_>,
    ) -> bool {
        let found = self.members.find(report.id);
        if let (Some(slot), Some(description)) = (found, report.description)
            && report.claim.status == Status::Alive
            && self.is_known(slot, report.claim, description)
        {
            self.heard_again(now, slot);
            return false;
        }
        self.merge_report(now, found, report)
    }

    /// Merges news, not [known](Self::is_known), of the member that was `found` in the table, or of
    /// one that is not there.
    pub(in crate::membership) fn merge_report(
        &mut self,
        now: Instant,
        found: Option<Slot>,
        report: &Report<'_>,
    ) -> bool {
        if !self.is_believable(found, report) {
            return false;
        }
        let Some(slot) = found else { return self.insert_reported(now, report) };
        if slot == self.local.slot {
            return self.handle_report_of_local(now, report);
        }
        let before = self.members.claim(slot);
        if report.claim.incarnation > before.incarnation
            && !self.is_within_reach(now, report.claim.incarnation)
        {
            return false;
        }
        if self.members.is_tombstone(slot) {
            if report.claim <= before {
                self.suspect_tombstoned(now, slot, report);
                return false;
            }
            sometimes!(Resurrected);
        }
        let without;
        let report = match self.moving(slot, report) {
            // What is said against the claimant counts, for it may be against the bearer: that one
            // can refute it.
            Some(said) => {
                self.dispute(now, slot, report, said);
                if report.claim.status == Status::Alive {
                    return false;
                }
                without = Report { description: None, ..*report };
                &without
            }
            None => report,
        };
        let description = self.usable_description(report);
        let published = self.members.description(slot).map(|known| known.incarnation);
        let (raised, described) = self.members.merge(slot, report.claim, description);
        if described != Described::Known {
            self.dialect.note_versions(slot, report.versions);
        }
        if !raised && described == Described::Known {
            if report.claim == before && before.status == Status::Suspect && report.accuses {
                self.confirm(now, slot, report);
            }
            return false;
        }
        if described == Described::Changed && !raised {
            sometimes!(ClaimAhead);
        }
        self.settle(
            now,
            slot,
            report,
            Change { before: Some(before), published, raised, described },
        );
        true
    }

    /// Returns true if `Config::allowed_networks` let us have to do with an address.
    pub(in crate::membership) fn allows(&self, address: SocketAddr) -> bool {
        self.local.allows_all || is_allowed(&self.config.allowed_networks, address.ip())
    }

    /// Merges news of a member that is not in the table.
    fn insert_reported(&mut self, now: Instant, report: &Report<'_>) -> bool {
        let is_active = report.claim.status.is_active();
        if !is_active && u64::from(report.age) >= self.kept_for(report.claim.status).as_secs() {
            return false;
        }
        let description = self.usable_description(report);
        if report.description.is_some() && description.is_none() {
            return false;
        }
        if !self.is_within_reach(now, report.claim.incarnation) {
            return false;
        }
        if self.members.is_full() && is_active {
            self.make_room(now);
        }
        let Some(slot) = self.members.insert(report.id, report.claim, description) else {
            self.metrics.drop(DropReason::MembersFull);
            return false;
        };
        let described = if description.is_some() { Described::Confirmed } else { Described::Known };
        if description.is_some() {
            self.dialect.note_versions(slot, report.versions);
        }
        if report.description.is_none() {
            sometimes!(Undescribed);
        }
        self.settle(
            now,
            slot,
            report,
            Change { before: None, published: None, raised: true, described },
        );
        true
    }

    /// The description that came with the news, if its metadata is not too long and its address
    /// allowed. The claim still counts, for it may be a refutation: the member is looked for where
    /// it was.
    pub(in crate::membership) fn usable_description<'a>(
        &mut self,
        report: &Report<'a>,
    ) -> Option<DescriptionView<'a>> {
        let Description { incarnation, address, metadata } = report.description?;
        if metadata.len() > self.config.max_metadata_size {
            self.metrics.drop(DropReason::MetadataTooLong);
            return None;
        }
        if !self.allows(address) {
            self.metrics.drop(DropReason::NotAllowed);
            return None;
        }
        if !is_believable(address, self.local.address) {
            self.metrics.drop(DropReason::BadAddress);
            return None;
        }
        Some(DescriptionView { incarnation, address, metadata })
    }

    /// Someone still takes a member for alive that died so long ago that it was forgotten. If it
    /// does live, it must hear of that to refute it; if not, the others must find out. So it is
    /// suspected, not declared dead once more.
    fn suspect_tombstoned(&mut self, now: Instant, slot: Slot, report: &Report<'_>) {
        if report.claim.status == Status::Alive
            && report.claim < self.members.claim(slot)
            && !self.provenance.hears_plain()
        {
            sometimes!(Reminded);
            self.pass_on_doubt(now, slot);
        }
    }

    /// A further accuser of a running suspicion: the dogpile (Lifeguard IV-B).
    fn confirm(&mut self, now: Instant, slot: Slot, report: &Report<'_>) {
        let Some(suspicion) = self.detector.suspicions.get_mut(slot) else { return };
        if suspicion.incarnation() == report.claim.incarnation
            && suspicion.confirm(hash(0, report.from.as_bytes()))
        {
            sometimes!(Confirmed);
            self.timers.set(Timer::Member(slot), suspicion.deadline().max(now));
            self.pass_on_claim(now, slot, report.from);
        }
    }

    /// Brings everything that follows from a record in line with it.
    fn settle(&mut self, now: Instant, slot: Slot, report: &Report<'_>, change: Change) {
        let claim = self.members.claim(slot);
        if change.raised {
            self.drop_outdated_updates(slot);
            self.detector.suspicions.end(slot);
            match claim.status {
                Status::Alive => self.timers.cancel(Timer::Member(slot)),
                Status::Suspect => self.begin_suspicion(now, slot, report.from),
                Status::Dead | Status::Left => {
                    let age = core::time::Duration::from_secs(u64::from(report.age));
                    let left = self.kept_for(claim.status).saturating_sub(age);
                    self.timers.set(Timer::Member(slot), now + left);
                }
            }
        }
        self.follow_peer(slot);
        if !claim.status.is_active() {
            self.provenance.end(slot);
        }
        if claim.status == Status::Dead {
            self.dead.insert(slot, now);
        } else {
            self.dead.remove(slot);
        }
        if claim.status == Status::Left && change.raised {
            self.dead.leave(slot, |slot| self.members.claim(slot).status == Status::Left);
        }
        if change.before.is_some_and(|before| before.status == Status::Dead)
            && self.members.is_active(slot)
        {
            // After a partition others come back as well, more perhaps than gossip carries.
            self.hurry_sync(now, 1);
        }
        if change.before.is_some_and(|before| !before.status.is_active())
            && self.members.is_active(slot)
        {
            let id = self.members.name(slot);
            self.layer.iter_mut().for_each(|layer| layer.on_back(id));
        }
        self.emit_change(slot, report.from, change);
        self.pass_on(now, slot, report, change);
        self.note_peers(now);
    }

    fn begin_suspicion(&mut self, now: Instant, slot: Slot, from: &str) {
        let incarnation = self.members.claim(slot).incarnation;
        let n = self.active_members();
        let suspicion = Suspicion::new(&self.config, n, incarnation, now, hash(0, from.as_bytes()));
        self.timers.set(Timer::Member(slot), suspicion.deadline());
        let wanted = 2 * (suspicion.wanted() + 1);
        self.detector.suspicions.begin(slot, suspicion);
        self.metrics.suspicions += 1;
        // A few of those who hear of it look next whether it is so, which confirms or refutes it
        // within a period or two: enough of them, although in half of them the member's turn has
        // passed.
        let hears_of_it = *self.local.id != *from && self.members.is_active(slot);
        if self.config.suspects_probed_next
            && hears_of_it
            && below(&mut self.rng, n.max(1) as u32) < u32::from(wanted)
        {
            sometimes!(Hastened);
            self.follow_peer(slot);
            self.peers.hasten(slot);
        }
    }

    /// Tells the user what changed, so that the events agree with the table.
    fn emit_change(&mut self, slot: Slot, from: &str, change: Change) {
        let status = self.members.claim(slot).status;
        let told = self.members.told(slot);
        let was = change.before.map(|claim| claim.status);
        if self.members.is_active(slot) {
            if told != Told::Up {
                self.members.set_told(slot, Told::Up);
                self.emit(Event::Joined(self.member_at(slot)));
            } else if change.described == Described::Changed {
                self.emit(Event::Updated(self.member_at(slot)));
            }
            if told == Told::Up && self.has_restarted(slot, change) {
                self.emit(Event::Restarted(self.member_at(slot)));
            }
            let is_news = change.raised || told != Told::Up;
            if status == Status::Suspect
                && is_news
                && (was != Some(Status::Suspect) || told != Told::Up)
            {
                let by =
                    crate::ground::id::NodeId::new(from).unwrap_or_else(|_| self.local.id.clone());
                self.emit(Event::Suspected { member: self.member_at(slot), by });
            } else if status == Status::Alive && was == Some(Status::Suspect) && told == Told::Up {
                self.emit(Event::Refuted(self.member_at(slot)));
            }
        } else if status == Status::Dead && told == Told::Up {
            self.members.set_told(slot, Told::Failed);
            self.emit(Event::Failed(self.member_at(slot)));
        } else if status == Status::Left && matches!(told, Told::Up | Told::Failed) {
            self.members.set_told(slot, Told::Left);
            self.emit(Event::Left(self.member_at(slot)));
        }
    }

    /// Returns true if a description that came is that of a new life.
    fn has_restarted(&self, slot: Slot, change: Change) -> bool {
        let publishes_clocks =
            self.dialect.policy().starts_by_clock && change.described != Described::Known;
        let now = self
            .members
            .description(slot)
            .filter(|_| publishes_clocks)
            .map(|known| known.incarnation.get());
        now.zip(change.published)
            .is_some_and(|(now, before)| now > before.get().saturating_add(LIFE_GAP))
    }

    fn pass_on(&mut self, now: Instant, slot: Slot, report: &Report<'_>, change: Change) {
        if !self.note_provenance(slot, report) || report.spread == Spread::Silent {
            return;
        }
        let is_alive_news = change.described != Described::Known
            || change.raised && report.claim.status == Status::Alive;
        if is_alive_news && self.members.is_active(slot) {
            self.pass_on_alive(now, slot);
        }
        if change.raised && report.claim.status != Status::Alive {
            self.pass_on_claim(now, slot, report.from);
        }
    }
}
