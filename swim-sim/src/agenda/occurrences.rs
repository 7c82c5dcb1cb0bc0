//! Things that happen once: a binary heap of small keys over a slab, so that sifting moves 24 bytes
//! whatever an occurrence weighs, and a place that is free again is used again.

use core::cmp::Reverse;
use std::collections::BinaryHeap;

use super::Key;

#[derive(Debug)]
pub(super) struct Occurrences<T> {
    heap: BinaryHeap<Reverse<(Key, u32)>>,
    slots: Vec<Option<T>>,
    free: Vec<u32>,
}

impl<T> Occurrences<T> {
    pub(super) const fn new() -> Self {
        Self { heap: BinaryHeap::new(), slots: Vec::new(), free: Vec::new() }
    }

    pub(super) fn push(&mut self, key: Key, occurrence: T) {
        let slot = if let Some(slot) = self.free.pop() {
            self.slots[slot as usize] = Some(occurrence);
            slot
        } else {
            self.slots.push(Some(occurrence));
            u32::try_from(self.slots.len() - 1).expect("fewer than 2^32 occurrences wait at once")
        };
        self.heap.push(Reverse((key, slot)));
    }

    pub(super) fn first(&self) -> Option<Key> {
        self.heap.peek().map(|Reverse((key, _))| *key)
    }

    pub(super) fn pop(&mut self) -> Option<(Key, T)> {
        let Reverse((key, slot)) = self.heap.pop()?;
        self.free.push(slot);
        let occurrence = self.slots[slot as usize].take().expect("a slot in the heap is filled");
        Some((key, occurrence))
    }
}

#[cfg(test)]
mod tests {
    use swim_core::Instant;

    use super::*;

    #[test]
    fn in_steady_state_no_place_is_added() {
        let mut occurrences = Occurrences::new();
        let key = |emission| Key { at: Instant::from_nanos(emission * 7 % 5), emission };
        for emission in 0..10 {
            occurrences.push(key(emission), emission);
        }
        for emission in 10..1_000 {
            let (popped, occurrence) = occurrences.pop().unwrap();
            assert_eq!(popped.emission, occurrence);
            occurrences.push(key(emission), emission);
        }
        assert_eq!(occurrences.slots.len(), 10);
    }
}
