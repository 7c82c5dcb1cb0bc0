//! Which peer to probe next, and peers at random: the active ones in one dense vector (SWIM 4.3).
//!
//! The vector is a permutation with a cursor: those before it were probed in this round, those
//! behind it were not. Each step swaps a random one of the rest to the cursor (Fisher-Yates, one
//! step at a time), so a round is a uniform shuffle without ever costing O(n) at once, and a member
//! waits at most 2n - 1 periods between two probes.

use alloc::vec::Vec;

use rand_core::Rng;

use crate::ground::id::Slot;
use crate::ground::random::below;
use crate::ground::slot_index::{self, SlotIndex};

/// The active peers, this node not among them.
#[derive(Debug, Default)]
pub(crate) struct ProbeOrder {
    order: Vec<Slot>,
    places: SlotIndex,
    cursor: usize,
    /// The one at the cursor was put there to be next.
    hastened: bool,
    /// Where the walk that gossip takes through the order has come to.
    walked: usize,
}

impl ProbeOrder {
    pub(crate) fn len(&self) -> usize {
        self.order.len()
    }

    /// All of them, in the order.
    pub(crate) fn as_slice(&self) -> &[Slot] {
        &self.order
    }

    pub(crate) fn contains(&self, slot: Slot) -> bool {
        self.places.get(slot).is_some()
    }

    /// Adds a newcomer at a random place of the round (SWIM 4.3), so that those who join together
    /// are not probed together. Members who were told of in the same order are thus in another one
    /// at each node. Does nothing if it is there.
    pub(crate) fn insert(&mut self, rng: &mut impl Rng, slot: Slot) {
        if self.contains(slot) {
            return;
        }
        let last = self.order.len();
        slot_index::push(&mut self.order, slot);
        self.places.set(slot, last);
        let place = below(rng, last as u32 + 1) as usize;
        if place < self.cursor {
            self.swap(last, self.cursor);
            self.swap(self.cursor, place);
            self.cursor += 1;
            self.hastened = false;
        } else if !(self.hastened && place == self.cursor) {
            self.swap(last, place);
        }
    }

    /// Takes a member out. Does nothing if it is not there.
    pub(crate) fn remove(&mut self, slot: Slot) {
        let Some(mut hole) = self.places.get(slot) else { return };
        self.hastened &= hole != self.cursor;
        if hole < self.cursor {
            self.cursor -= 1;
            self.swap(hole, self.cursor);
            hole = self.cursor;
        }
        self.swap(hole, self.order.len() - 1);
        self.order.pop();
        self.places.clear(slot);
    }

    /// The next member to probe, or `None` if there is no peer.
    pub(crate) fn next(&mut self, rng: &mut impl Rng) -> Option<Slot> {
        if self.order.is_empty() {
            return None;
        }
        if self.cursor >= self.order.len() {
            self.cursor = 0;
        }
        if !core::mem::take(&mut self.hastened) {
            let rest = (self.order.len() - self.cursor) as u32;
            self.swap(self.cursor, self.cursor + below(rng, rest) as usize);
        }
        self.cursor += 1;
        Some(self.order[self.cursor - 1])
    }

    /// Makes a member the next to be probed, if its turn in this round is still to come.
    pub(crate) fn hasten(&mut self, slot: Slot) {
        if let Some(place) = self.places.get(slot).filter(|&place| place >= self.cursor) {
            self.swap(place, self.cursor);
            self.hastened = true;
        }
    }

    /// One peer at random.
    pub(crate) fn random(&self, rng: &mut impl Rng) -> Option<Slot> {
        match self.order.len() {
            0 => None,
            len => Some(self.order[below(rng, len as u32) as usize]),
        }
    }

    /// The next peer on a walk through the whole order, which begins anew at its end. The order is
    /// random, so each step is; and nobody is met twice before everyone was met once, but for those
    /// that probes move meanwhile.
    pub(crate) fn walk(&mut self) -> Option<Slot> {
        self.walked = if self.walked + 1 < self.order.len() { self.walked + 1 } else { 0 };
        self.order.get(self.walked).copied()
    }

    /// The peer at `place`, below [`ProbeOrder::len`]: for drawing several at random.
    pub(crate) fn at(&self, place: u32) -> Slot {
        self.order[place as usize]
    }

    fn swap(&mut self, a: usize, b: usize) {
        self.order.swap(a, b);
        self.places.set(self.order[a], a);
        self.places.set(self.order[b], b);
    }

    pub(crate) fn check_invariants(&self) {
        assert!(self.cursor <= self.order.len(), "the cursor is within the order");
        for (place, &slot) in self.order.iter().enumerate() {
            assert_eq!(self.places.get(slot), Some(place), "every peer knows its place");
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeSet;

    use proptest::prelude::*;
    use rand_core::SeedableRng;
    use rand_xoshiro::Xoshiro256PlusPlus;

    use super::*;

    #[test]
    fn every_round_probes_each_member_once() {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
        let mut order = ProbeOrder::default();
        for i in 0..50 {
            order.insert(&mut rng, Slot(i));
        }
        for _ in 0..order.len() - order.cursor {
            order.next(&mut rng);
        }
        for _ in 0..10 {
            let round: BTreeSet<_> = (0..50).filter_map(|_| order.next(&mut rng)).collect();
            assert_eq!(round.len(), 50);
        }
    }

    #[test]
    fn a_newcomer_is_as_likely_to_be_in_either_part_of_the_round() {
        let mut early = 0;
        for seed in 0..2_000 {
            let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
            let mut order = ProbeOrder::default();
            for i in 0..10 {
                order.insert(&mut rng, Slot(i));
            }
            order.cursor = 5;
            order.insert(&mut rng, Slot(10));
            early += u32::from(order.places.get(Slot(10)).unwrap() < order.cursor);
        }
        assert!((800..1_020).contains(&early), "5 of 11 places, 2,000 times: {early}");
    }

    #[test]
    fn a_hastened_member_is_next_and_still_probed_once_a_round() {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
        let mut order = ProbeOrder::default();
        for i in 0..20 {
            order.insert(&mut rng, Slot(i));
        }
        order.cursor = 0;
        let mut round = BTreeSet::new();
        for i in 0..20 {
            let waits = order.places.get(Slot(i)).unwrap() >= order.cursor;
            order.hasten(Slot(i));
            let next = order.next(&mut rng).unwrap();
            assert!(!waits || next == Slot(i));
            assert!(round.insert(next));
        }
    }

    #[test]
    fn a_walk_meets_everyone_before_it_meets_anyone_again() {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
        let mut order = ProbeOrder::default();
        assert_eq!(order.walk(), None);
        for i in 0..7 {
            order.insert(&mut rng, Slot(i));
        }
        for _ in 0..3 {
            let met: BTreeSet<_> = (0..7).filter_map(|_| order.walk()).collect();
            assert_eq!(met.len(), 7);
        }
    }

    proptest! {
        #[test]
        fn no_member_waits_longer_than_2n_minus_1_periods(
            seed: u64,
            changes in prop::collection::vec((any::<bool>(), 0..40_u32), 0..200),
        ) {
            let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
            let mut order = ProbeOrder::default();
            for (insert, number) in changes {
                if insert { order.insert(&mut rng, Slot(number)) } else { order.remove(Slot(number)) }
                order.hasten(Slot(number * 7 % 40));
                order.next(&mut rng);
                order.check_invariants();
            }
            let n = order.len();
            let probed: BTreeSet<_> = (0..(2 * n).saturating_sub(1)).filter_map(|_| order.next(&mut rng)).collect();
            prop_assert_eq!(probed.len(), n);
        }
    }
}
