//! The table of members: what this node believes of everyone, itself included.
//!
//! A record has two parts that are merged apart: the claim (incarnation and status) and the
//! description (address and metadata), versioned by the incarnation that published it. So a
//! suspicion of incarnation i + 1 that overtakes its alive raises the claim without hiding the
//! description that is still to come. Both merge by `max`.
//!
//! Hot parts (32 bytes a member) and texts lie apart; names and addresses are found through 4-byte
//! cells. The table knows nothing of probing, timers or messages.

mod addresses;
mod descriptions;
mod digest;
mod index;
mod marks;
mod merging;

use alloc::vec::Vec;
use core::net::SocketAddr;

use crate::ground::hash::hash;
use crate::ground::id::{Incarnation, Slot};
use crate::ground::member::Claim;
use crate::ground::slot_index;

use descriptions::{Descriptions, Text};
pub(crate) use digest::Digest;
use index::SlotIndex;
use marks::Marks;

/// What the user was last told of a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Told {
    /// Nothing.
    Nothing = 0,
    /// That it is there.
    Up = 1,
    /// That it failed.
    Failed = 2,
    /// That it left.
    Left = 3,
}

/// How a description compares with the one known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Described {
    /// It is older, or the same.
    Known,
    /// It is the first one, or newer but says the same address and metadata.
    Confirmed,
    /// The address or the metadata changed.
    Changed,
}

/// The hot part of a member: 32 bytes, which never lie in two lines of the cache.
#[derive(Clone, Copy, Debug)]
#[repr(align(32))]
struct Record {
    incarnation: Incarnation,
    /// The incarnation that published the description; meaningless without an address.
    described: Incarnation,
    text: Text,
}

/// A member's description as the table keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DescriptionView<'a> {
    pub(crate) incarnation: Incarnation,
    pub(crate) address: SocketAddr,
    pub(crate) metadata: &'a [u8],
}

/// The table. What a lookup needs comes first, so that it lies together.
#[derive(Debug)]
#[repr(C)]
pub struct Members {
    index_key: u64,
    index: SlotIndex,
    /// One member at each address.
    addresses: SlotIndex,
    records: Vec<Record>,
    texts: Descriptions,
    vacant: Vec<Slot>,
    /// How many described members live at an address that another one is found by.
    sharing: usize,
    /// Changes whenever what users see of the table does.
    version: u64,
    max: usize,
    digest: Digest,
}

impl Members {
    /// An empty table for at most `max` members, whose index is keyed with `index_key`.
    pub(crate) fn new(max: usize, index_key: u64) -> Self {
        Self {
            records: Vec::new(),
            vacant: Vec::new(),
            texts: Descriptions::default(),
            index: SlotIndex::default(),
            addresses: SlotIndex::default(),
            sharing: 0,
            index_key,
            digest: Digest::default(),
            version: 0,
            max,
        }
    }

    /// How many members are known, tombstones included.
    pub(crate) fn len(&self) -> usize {
        self.records.len() - self.vacant.len()
    }

    /// Returns true if nobody can be added.
    pub(crate) fn is_full(&self) -> bool {
        self.len() >= self.max
    }

    /// The slot of the member of that name, a tombstone's too.
    #[inline]
    pub(crate) fn find(&self, name: &str) -> Option<Slot> {
        self.find_bytes(name.as_bytes())
    }

    /// The same by the name's bytes, which are text if there is such a member.
    #[inline]
    pub(crate) fn find_bytes(&self, name: &[u8]) -> Option<Slot> {
        let is_it = |slot: Slot| self.texts.name(self.records[slot.index()].text) == name;
        self.index.find(hash(self.index_key, name), is_it)
    }

    /// Adds a member that is not there; `None` if the table is full.
    pub(crate) fn insert(
        &mut self,
        name: &str,
        claim: Claim,
        description: Option<DescriptionView<'_>>,
    ) -> Option<Slot> {
        let slot = self.place(name, claim)?;
        if let Some(new) = description {
            self.take_description(slot, new);
        }
        self.count(slot);
        self.version += 1;
        Some(slot)
    }

    /// Finds a place for a member that is not there, without description.
    fn place(&mut self, name: &str, claim: Claim) -> Option<Slot> {
        debug_assert!(self.find(name).is_none(), "a member is inserted once");
        if self.is_full() {
            return None;
        }
        let text = self.texts.insert(name, Marks::new(claim.status));
        let record =
            Record { incarnation: claim.incarnation, described: Incarnation::default(), text };
        let slot = if let Some(slot) = self.vacant.pop() {
            self.records[slot.index()] = record;
            slot
        } else {
            slot_index::push(&mut self.records, record);
            Slot(self.records.len() as u32 - 1)
        };
        let Self { records, texts, index_key, .. } = self;
        let hash_of = |slot: Slot| hash(*index_key, texts.name(records[slot.index()].text));
        self.index.insert(hash(*index_key, name.as_bytes()), slot, hash_of);
        Some(slot)
    }

    /// Forgets a member wholly; its slot may be used again.
    pub(crate) fn remove(&mut self, slot: Slot) {
        self.leave_address(slot);
        self.discount(slot);
        self.version += 1;
        let Self { records, texts, index_key, .. } = self;
        let hash_of = |slot: Slot| hash(*index_key, texts.name(records[slot.index()].text));
        self.index.remove(hash_of(slot), slot, hash_of);
        let record = &mut self.records[slot.index()];
        self.texts.remove(record.text);
        record.text = Text::default();
        self.vacant.push(slot);
        self.pack_if_worth_it();
    }

    /// The member's name.
    #[inline]
    pub(crate) fn name(&self, slot: Slot) -> &str {
        let bytes = self.texts.name(self.records[slot.index()].text);
        core::str::from_utf8(bytes).unwrap_or_else(|_| unreachable!("names are stored from text"))
    }

    /// Returns true if the member has this name.
    pub(crate) fn is_named(&self, slot: Slot, name: &str) -> bool {
        self.texts.name(self.records[slot.index()].text) == name.as_bytes()
    }

    /// The claim that stands.
    #[inline]
    pub(crate) fn claim(&self, slot: Slot) -> Claim {
        let record = &self.records[slot.index()];
        Claim::new(record.incarnation, record.text.marks.status())
    }

    /// The address, if the member is described.
    #[inline]
    pub(crate) fn address(&self, slot: Slot) -> Option<SocketAddr> {
        self.texts.address(self.records[slot.index()].text)
    }

    /// The description, if there is one.
    pub(crate) fn description(&self, slot: Slot) -> Option<DescriptionView<'_>> {
        let record = &self.records[slot.index()];
        let address = self.texts.address(record.text)?;
        Some(DescriptionView {
            incarnation: record.described,
            address,
            metadata: self.texts.metadata(record.text),
        })
    }

    /// Returns true if the member is alive or suspected and described: probed, gossiped to, shown
    /// as there.
    #[inline]
    pub(crate) fn is_active(&self, slot: Slot) -> bool {
        let marks = self.records[slot.index()].text.marks;
        marks.has_address() && marks.status().is_active()
    }

    /// Returns true if only a tombstone is left of the member.
    #[inline]
    pub(crate) fn is_tombstone(&self, slot: Slot) -> bool {
        self.records[slot.index()].text.marks.is_tombstone()
    }

    /// Returns true if the member has answered this node at the address that it has now.
    #[inline]
    pub(crate) fn has_answered(&self, slot: Slot) -> bool {
        self.records[slot.index()].text.marks.has_answered()
    }

    /// Notes that the member has answered this node at its address.
    #[inline]
    pub(crate) fn set_answered(&mut self, slot: Slot) {
        let marks = &mut self.records[slot.index()].text.marks;
        *marks = marks.answered();
    }

    /// What the user was last told of the member.
    pub(crate) fn told(&self, slot: Slot) -> Told {
        self.records[slot.index()].text.marks.told()
    }

    /// Notes what the user was told.
    pub(crate) fn set_told(&mut self, slot: Slot, told: Told) {
        let marks = &mut self.records[slot.index()].text.marks;
        *marks = marks.with_told(told);
    }

    /// Returns true if a claim and a description say nothing new: what most updates turn out to do.
    #[inline]
    pub(crate) fn knows(
        &self,
        slot: Slot,
        claim: Claim,
        incarnation: Incarnation,
        said: (SocketAddr, &[u8]),
    ) -> bool {
        let record = &self.records[slot.index()];
        claim <= self.claim(slot)
            && record.described == incarnation
            && self.texts.says(record.text, said.0, said.1)
    }

    /// Turns a member into a tombstone: its name and claim stay, its description goes.
    pub(crate) fn entomb(&mut self, slot: Slot) {
        debug_assert!(!self.claim(slot).status.is_active(), "the active are not buried");
        self.leave_address(slot);
        let record = &mut self.records[slot.index()];
        record.text = self.texts.entomb(record.text);
        self.version += 1;
        self.pack_if_worth_it();
    }

    /// Every slot that holds a member or a tombstone.
    pub(crate) fn slots(&self) -> impl Iterator<Item = Slot> {
        let occupied =
            self.records.iter().enumerate().filter(|(_, record)| !record.text.is_vacant());
        occupied.map(|(index, _)| Slot(index as u32))
    }

    /// Returns true if a slot holds a member or a tombstone.
    pub(crate) fn is_occupied(&self, slot: Slot) -> bool {
        self.records.get(slot.index()).is_some_and(|record| !record.text.is_vacant())
    }

    /// A number that grows with every change of what users see of the table.
    pub(crate) const fn version(&self) -> u64 {
        self.version
    }

    /// The digests of the table and of its buckets.
    pub(crate) fn digest(&self) -> &Digest {
        &self.digest
    }

    /// The digests without some members.
    pub(crate) fn digest_without(&self, slots: impl Iterator<Item = Slot>) -> Digest {
        let mut digest = self.digest.clone();
        for slot in slots.filter(|&slot| self.claim(slot).status.is_active()) {
            digest.remove(self.fingerprint(slot));
        }
        digest
    }

    /// The bucket in which the digest counts the member.
    pub(crate) fn bucket(&self, slot: Slot) -> usize {
        digest::bucket(self.digest_key(slot))
    }

    /// Checks the incremental digest, the index and the counts against the records.
    pub(crate) fn check_invariants(&self) {
        let mut digest = Digest::default();
        let mut len = 0;
        for slot in self.slots() {
            len += 1;
            assert_eq!(self.find(self.name(slot)), Some(slot), "the index finds every member");
            assert!(self.is_tombstone(slot) <= !self.is_active(slot), "the buried are not active");
            if self.claim(slot).status.is_active() {
                digest.add(self.fingerprint(slot));
            }
            if let Some(description) = self.description(slot) {
                assert!(
                    description.incarnation <= self.claim(slot).incarnation,
                    "a description raises the claim"
                );
            }
        }
        assert_eq!(len, self.len(), "vacant slots are counted");
        self.check_addresses();
        assert!(len <= self.max, "the table is bounded");
        assert_eq!(digest, self.digest, "the digest is that of the records");
    }

    /// Adds a member to the digest, which counts the alive and the suspected: about the dead, whose
    /// time ends at each node by its own clock, tables need not agree.
    fn count(&mut self, slot: Slot) {
        if self.claim(slot).status.is_active() {
            self.digest.add(self.fingerprint(slot));
        }
    }

    /// Takes a member out of the digest, before it changes.
    fn discount(&mut self, slot: Slot) {
        if self.claim(slot).status.is_active() {
            self.digest.remove(self.fingerprint(slot));
        }
    }

    fn digest_key(&self, slot: Slot) -> u64 {
        hash(0, self.texts.name(self.records[slot.index()].text))
    }

    fn fingerprint(&self, slot: Slot) -> digest::Fingerprint {
        let record = &self.records[slot.index()];
        let described = if record.text.has_address() {
            self.texts.hash_described(record.described.get(), record.text)
        } else {
            0
        };
        digest::Fingerprint::new(self.digest_key(slot), self.claim(slot), described)
    }

    fn pack_if_worth_it(&mut self) {
        if self.texts.wants_packing() {
            let Self { records, texts, .. } = self;
            texts.pack(
                records.iter_mut().map(|record| &mut record.text).filter(|text| !text.is_vacant()),
            );
        }
    }
}

#[cfg(test)]
mod tests;
