//! Tables as they travel: this node's entries written into an exchange, another's entries merged
//! into the table.

use alloc::vec::Vec;

use rand_core::Rng;

use crate::ground::id::Slot;
use crate::ground::member::{Claim, Status};
use crate::ground::metrics::DropReason;
use crate::ground::random::below;
use crate::ground::time::Instant;
use crate::ground::timers::Timer;
use crate::membership::Membership;
use crate::membership::application::Application;
use crate::membership::belief::report::{Report, Spread};
use crate::table::members::DescriptionView;
use crate::wire::{Description, Entries, EntriesWriter, Entry};

/// Members whose entry in a request already equals ours. The reply omits them.
#[derive(Debug, Default)]
pub(in crate::membership) struct Agreed {
    slots: Vec<bool>,
}

impl Agreed {
    fn note(&mut self, slot: Slot) {
        if slot.index() >= self.slots.len() {
            self.slots.resize(slot.index() + 1, false);
        }
        self.slots[slot.index()] = true;
    }

    pub(in crate::membership) fn contains(&self, slot: Slot) -> bool {
        self.slots.get(slot.index()).is_some_and(|&agreed| agreed)
    }
}

impl<R: Rng, A: Application> Membership<R, A> {
    /// Appends the entries of `slots`, as far as they fit.
    pub(in crate::membership) fn write_entries(
        &self,
        now: Instant,
        slots: &[Slot],
        writer: &mut EntriesWriter<'_>,
    ) -> u64 {
        for &slot in slots {
            if !writer.push(&self.entry(now, slot)) {
                break;
            }
        }
        count_work!(EntriesWritten, writer.len());
        writer.len() as u64
    }

    /// All that is known, tombstones included, ourselves first; but for others that `agreed`
    /// says that the receiver knows it.
    pub(in crate::membership) fn whole_table(&mut self, agreed: &Agreed) -> Vec<Slot> {
        let is_news = |&slot: &Slot| {
            slot != self.local.slot && !agreed.contains(slot) && self.is_vouched(slot)
        };
        let others = self.members.slots().filter(is_news).collect();
        let mut slots = self.turned(others);
        slots.insert(0, self.local.slot);
        slots
    }

    /// All that is known of the buckets of `mask`, but for what the receiver knows as `agreed`
    /// says.
    pub(in crate::membership) fn table_of(&mut self, mask: u64, agreed: &Agreed) -> Vec<Slot> {
        let is_told = |slot| !agreed.contains(slot) && self.is_vouched(slot);
        let is_wanted = |&slot: &Slot| is_told(slot) && mask >> self.members.bucket(slot) & 1 == 1;
        let slots = self.members.slots().filter(is_wanted).collect();
        self.turned(slots)
    }

    /// The slots from a random one on, so that of a table that does not fit into an exchange
    /// another part is sent each time.
    fn turned(&mut self, mut slots: Vec<Slot>) -> Vec<Slot> {
        if !slots.is_empty() {
            let first = below(&mut self.rng, slots.len() as u32) as usize;
            slots.rotate_left(first);
        }
        slots
    }

    fn entry(&self, now: Instant, slot: Slot) -> Entry<'_> {
        let claim = self.members.claim(slot);
        let description = self.members.description(slot).map(|known| Description {
            incarnation: known.incarnation,
            address: known.address,
            metadata: known.metadata,
        });
        Entry { id: self.members.name(slot), claim, description, age: self.age(now, slot) }
    }

    /// For how many seconds a member is dead or has left. A tombstone's age is at least what makes
    /// others forget it.
    pub(in crate::membership) fn age(&self, now: Instant, slot: Slot) -> u32 {
        let status = self.members.claim(slot).status;
        let Some(deadline) = self.timers.get(Timer::Member(slot)).filter(|_| !status.is_active())
        else {
            return 0;
        };
        let kept_for = self.kept_for(status);
        let age = if self.members.is_tombstone(slot) {
            kept_for + self.config.tombstone_for.saturating_sub(deadline.since(now))
        } else {
            kept_for.saturating_sub(deadline.since(now))
        };
        u32::try_from(age.as_secs()).unwrap_or(u32::MAX)
    }

    /// Merges another's entries. Returns how many of them taught us something.
    pub(in crate::membership) fn merge(
        &mut self,
        now: Instant,
        source: &str,
        entries: Entries<'_>,
        spread: Spread,
    ) -> usize {
        self.merge_and_note(now, source, entries, spread, |_| {})
    }

    /// Merges a request's entries. Returns how many of them taught us something, and what need not
    /// be said in the reply.
    pub(in crate::membership) fn merge_request(
        &mut self,
        now: Instant,
        source: &str,
        entries: Entries<'_>,
        spread: Spread,
    ) -> (usize, Agreed) {
        let mut agreed = Agreed::default();
        let me = self.local.slot;
        let note = |slot| {
            if slot != me {
                agreed.note(slot);
            }
        };
        let learnt = self.merge_and_note(now, source, entries, spread, note);
        (learnt, agreed)
    }

    /// The members whose entries say what the table says.
    pub(in crate::membership) fn agreed(&self, entries: Entries<'_>) -> Agreed {
        let mut agreed = Agreed::default();
        for entry in entries.iter() {
            if let Some(slot) = self.members.find(entry.id).filter(|&slot| slot != self.local.slot)
                && self.agrees(slot, &entry)
            {
                agreed.note(slot);
            }
        }
        agreed
    }

    /// Merges entries, and tells of each slot about which the table then says what the entry says.
    fn merge_and_note(
        &mut self,
        now: Instant,
        source: &str,
        entries: Entries<'_>,
        spread: Spread,
        mut is_agreed: impl FnMut(Slot),
    ) -> usize {
        self.metrics.entries_received += entries.len() as u64;
        let me = self.local.id.clone();
        let mut learnt = 0;
        for entry in entries.iter() {
            let Entry { id, mut claim, description, age } = entry;
            if *id == *me && *source == *me {
                continue; // A namesake's word on itself; what others believe of the name is for them to say.
            }
            let too_new = |described: Description<'_>| described.incarnation > claim.incarnation;
            if description.is_some_and(too_new) {
                self.metrics.drop(DropReason::BadIncarnation);
                continue;
            }
            if claim.status == Status::Alive && description.is_none() {
                self.metrics.drop(DropReason::BadAddress);
                continue;
            }
            if let Some(slot) = self.members.find(id)
                && self.agrees(slot, &entry)
            {
                self.heard_again(now, slot);
                is_agreed(slot);
                continue;
            }
            // A death that we learn in this way may be long refuted, or be the view from the other
            // side of a healed partition: it is a suspicion here, so that the member can refute it
            // (memberlist's merge).
            if claim.status == Status::Dead && *id != *me && self.is_believed_active(id) {
                sometimes!(DeathDoubted);
                claim = Claim::new(claim.incarnation, Status::Suspect);
            }
            let spread = if claim.status == Status::Suspect { Spread::Gossip } else { spread };
            // A table does not say who accused: a suspicion that we have already is no further
            // accusation.
            let accuses = false;
            let taught = self.handle_report(
                now,
                &Report { description, accuses, age, spread, ..Report::of(id, claim, &me) },
            );
            learnt += usize::from(taught);
            if let Some(slot) =
                self.members.find(id).filter(|&slot| taught && self.agrees(slot, &entry))
            {
                is_agreed(slot);
            }
        }
        learnt
    }

    /// Returns true if an entry says what the table says, but for the age of a death.
    fn agrees(&self, slot: Slot, entry: &Entry<'_>) -> bool {
        let described = entry.description.map(|Description { incarnation, address, metadata }| {
            DescriptionView { incarnation, address, metadata }
        });
        self.members.agrees(slot, entry.claim, described)
    }

    fn is_believed_active(&self, id: &str) -> bool {
        self.claim_of(id).is_some_and(|claim| claim.status.is_active())
    }

    fn claim_of(&self, id: &str) -> Option<Claim> {
        self.members.find(id).map(|slot| self.members.claim(slot))
    }
}
