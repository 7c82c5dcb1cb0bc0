//! Back pointers: for each slot of the member table at most one position in a dense structure,
//! found in O(1).
//!
//! The probe order, the dead, the queue of updates and the deadlines all keep their entries dense
//! and find a member's entry through one of these. One that was never used holds no memory, so what
//! concerns few members now and then costs nothing until then.

use alloc::vec::Vec;

use crate::ground::id::Slot;

const NOWHERE: u32 = u32::MAX;

/// For each key (a slot, or what a structure makes of it) its position, if it has one.
#[derive(Debug, Default)]
pub(crate) struct SlotIndex {
    positions: Vec<u32>,
}

impl SlotIndex {
    #[inline]
    pub(crate) fn get(&self, slot: Slot) -> Option<usize> {
        match self.positions.get(slot.index()) {
            Some(&position) if position != NOWHERE => Some(position as usize),
            _ => None,
        }
    }

    pub(crate) fn set(&mut self, slot: Slot, position: usize) {
        if slot.index() >= self.positions.len() {
            let missing = slot.index() + 1 - self.positions.len();
            reserve(&mut self.positions, missing);
            self.positions.resize(slot.index() + 1, NOWHERE);
        }
        self.positions[slot.index()] = position as u32;
    }

    pub(crate) fn clear(&mut self, slot: Slot) {
        if let Some(position) = self.positions.get_mut(slot.index()) {
            *position = NOWHERE;
        }
    }

    /// Gives the memory back: no slot has a position any more.
    pub(crate) fn release(&mut self) {
        self.positions = Vec::new();
    }
}

/// Makes room for `additional` elements, growing by an eighth: tables of members live long and grow
/// slowly, so the slack that doubling leaves would be the largest cost of a member.
pub(crate) fn reserve<T>(vector: &mut Vec<T>, additional: usize) {
    if vector.capacity() - vector.len() < additional {
        vector.reserve_exact(additional.max(vector.len() / 8).max(4));
    }
}

/// Appends with [`reserve`]'s growth.
pub(crate) fn push<T>(vector: &mut Vec<T>, value: T) {
    reserve(vector, 1);
    vector.push(value);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_has_the_position_last_set_until_it_is_cleared() {
        let mut places = SlotIndex::default();
        assert_eq!(places.get(Slot(9)), None);
        places.set(Slot(9), 4);
        places.set(Slot(2), 0);
        assert_eq!(
            (places.get(Slot(9)), places.get(Slot(2)), places.get(Slot(3))),
            (Some(4), Some(0), None)
        );
        places.clear(Slot(9));
        places.clear(Slot(1_000));
        assert_eq!(places.get(Slot(9)), None);
    }

    #[test]
    fn a_grown_vector_has_little_slack() {
        let mut vector = Vec::new();
        for i in 0..10_000 {
            push(&mut vector, i);
        }
        assert!(vector.capacity() <= 10_000 * 9 / 8 + 4, "{}", vector.capacity());
    }
}
