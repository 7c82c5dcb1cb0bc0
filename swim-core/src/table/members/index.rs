//! Finds a member's slot by its name, or by its address: open addressing over 32-bit cells, no name
//! stored twice.
//!
//! A cell holds 22 bits of slot and 10 bits of hash, so that about one lookup in a thousand
//! compares a wrong one. Linear probing with backward shift: no graves, so lookups never degrade.

use alloc::vec;
use alloc::vec::Vec;

use crate::ground::id::Slot;

const SLOT_BITS: u32 = 22;
const SLOT_MASK: u32 = (1 << SLOT_BITS) - 1;
const EMPTY: u32 = 0;

/// The cells. Names and their hashes belong to the caller, who is asked for them where needed.
#[derive(Debug, Default)]
pub(super) struct SlotIndex {
    cells: Vec<u32>,
    used: usize,
}

const fn cell(hash: u64, slot: Slot) -> u32 {
    ((hash >> 54) as u32) << SLOT_BITS | (slot.0 + 1)
}

const fn slot_of(cell: u32) -> Slot {
    Slot((cell & SLOT_MASK) - 1)
}

impl SlotIndex {
    /// The slot with this hash that `is_it` accepts.
    #[inline]
    pub(super) fn find(&self, hash: u64, mut is_it: impl FnMut(Slot) -> bool) -> Option<Slot> {
        if self.cells.is_empty() {
            return None;
        }
        let mask = self.cells.len() - 1;
        let tag = (hash >> 54) as u32;
        let mut at = hash as usize & mask;
        loop {
            let cell = self.cells[at];
            if cell == EMPTY {
                return None;
            }
            if cell >> SLOT_BITS == tag && is_it(slot_of(cell)) {
                return Some(slot_of(cell));
            }
            at = (at + 1) & mask;
        }
    }

    /// Adds a slot that is not there.
    pub(super) fn insert(&mut self, hash: u64, slot: Slot, hash_of: impl Fn(Slot) -> u64) {
        debug_assert!(slot.0 < SLOT_MASK, "the table is bounded below 2^22");
        if (self.used + 1) * 4 > self.cells.len() * 3 {
            self.rebuild((self.cells.len() * 2).max(8), hash_of);
        }
        self.place(hash, slot);
        self.used += 1;
    }

    /// Removes a slot that is there, then moves back those that had to step aside for it.
    pub(super) fn remove(&mut self, hash: u64, slot: Slot, hash_of: impl Fn(Slot) -> u64) {
        let mask = self.cells.len() - 1;
        let mut hole = hash as usize & mask;
        while self.cells[hole] & SLOT_MASK != slot.0 + 1 {
            debug_assert!(self.cells[hole] != EMPTY, "a removed slot is in the index");
            hole = (hole + 1) & mask;
        }
        let mut at = hole;
        loop {
            at = (at + 1) & mask;
            if self.cells[at] == EMPTY {
                break;
            }
            let home = hash_of(slot_of(self.cells[at])) as usize & mask;
            if (at.wrapping_sub(home) & mask) >= (at.wrapping_sub(hole) & mask) {
                self.cells[hole] = self.cells[at];
                hole = at;
            }
        }
        self.cells[hole] = EMPTY;
        self.used -= 1;
        if self.cells.len() > 64 && self.used * 8 < self.cells.len() {
            self.rebuild(self.cells.len() / 2, hash_of);
        }
    }

    fn rebuild(&mut self, len: usize, hash_of: impl Fn(Slot) -> u64) {
        let old = core::mem::replace(&mut self.cells, vec![EMPTY; len]);
        for cell in old.into_iter().filter(|&cell| cell != EMPTY) {
            let slot = slot_of(cell);
            self.place(hash_of(slot), slot);
        }
    }

    fn place(&mut self, hash: u64, slot: Slot) {
        let mask = self.cells.len() - 1;
        let mut at = hash as usize & mask;
        while self.cells[at] != EMPTY {
            at = (at + 1) & mask;
        }
        self.cells[at] = cell(hash, slot);
    }
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Hashes of 6 bits only, so that long runs, wrap-around and moves back all happen.
        #[test]
        fn the_index_finds_what_a_map_finds(operations in prop::collection::vec((any::<bool>(), 0_u32..200), 0..400)) {
            let hash_of = |slot: Slot| u64::from(slot.0 * 7 % 64) * 0x0404_0404_0404_0404;
            let mut index = SlotIndex::default();
            let mut oracle = BTreeMap::new();
            for (insert, number) in operations {
                let slot = Slot(number);
                if insert && oracle.insert(number, ()).is_none() {
                    index.insert(hash_of(slot), slot, hash_of);
                } else if !insert && oracle.remove(&number).is_some() {
                    index.remove(hash_of(slot), slot, hash_of);
                }
            }
            for number in 0..200 {
                let found = index.find(hash_of(Slot(number)), |slot| slot == Slot(number));
                prop_assert_eq!(found.is_some(), oracle.contains_key(&number));
            }
            prop_assert_eq!(index.used, oracle.len());
        }
    }
}
