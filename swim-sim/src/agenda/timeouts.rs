//! One timeout for each node: a binary heap of nodes that knows where each one stands, so that a
//! timeout is moved in place and no stale entry is ever popped.

use swim_core::Instant;

use super::Key;

/// The place of a node that has no timeout.
const NOWHERE: u32 = u32::MAX;

#[derive(Debug)]
pub(super) struct Timeouts {
    heap: Vec<(Key, u32)>,
    /// Node -> its index in the heap.
    places: Vec<u32>,
}

impl Timeouts {
    pub(super) const fn new() -> Self {
        Self { heap: Vec::new(), places: Vec::new() }
    }

    pub(super) fn at(&self, node: usize) -> Option<Instant> {
        let place = *self.places.get(node)?;
        self.heap.get(place as usize).map(|(key, _)| key.at)
    }

    pub(super) fn first(&self) -> Option<Key> {
        self.heap.first().map(|(key, _)| *key)
    }

    pub(super) fn set(&mut self, node: usize, key: Key) {
        if node >= self.places.len() {
            self.places.resize(node + 1, NOWHERE);
        }
        let place = if self.places[node] == NOWHERE {
            self.places[node] = self.heap.len() as u32;
            self.heap.push((key, node as u32));
            self.heap.len() - 1
        } else {
            let place = self.places[node] as usize;
            self.heap[place].0 = key;
            place
        };
        self.settle(place);
    }

    pub(super) fn remove(&mut self, node: usize) {
        match self.places.get(node) {
            Some(&place) if place != NOWHERE => self.remove_place(place as usize),
            _ => {}
        }
    }

    pub(super) fn pop(&mut self) -> Option<(Key, usize)> {
        let (key, node) = *self.heap.first()?;
        self.remove_place(0);
        Some((key, node as usize))
    }

    fn remove_place(&mut self, place: usize) {
        let (_, node) = self.heap.swap_remove(place);
        self.places[node as usize] = NOWHERE;
        if place < self.heap.len() {
            self.places[self.heap[place].1 as usize] = place as u32;
            self.settle(place);
        }
    }

    /// Moves the entry at `place` up or down to where its key belongs.
    fn settle(&mut self, mut place: usize) {
        while place > 0 && self.heap[place].0 < self.heap[(place - 1) / 2].0 {
            self.swap(place, (place - 1) / 2);
            place = (place - 1) / 2;
        }
        loop {
            let children = 2 * place + 1..(2 * place + 3).min(self.heap.len());
            let Some(least) = children.min_by_key(|&child| self.heap[child].0) else { return };
            if self.heap[place].0 <= self.heap[least].0 {
                return;
            }
            self.swap(place, least);
            place = least;
        }
    }

    fn swap(&mut self, a: usize, b: usize) {
        self.heap.swap(a, b);
        for place in [a, b] {
            self.places[self.heap[place].1 as usize] = place as u32;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ground::streams::{Purpose, below, stream};

    #[test]
    fn it_agrees_with_a_sorted_list_under_random_changes() {
        let mut stream = stream(5, Purpose::Workload, 0);
        let mut timeouts = Timeouts::new();
        let mut oracle: Vec<Option<Key>> = vec![None; 40];
        for emission in 0..20_000 {
            let node = below(&mut stream, 40) as usize;
            match below(&mut stream, 4) {
                0 => {
                    timeouts.remove(node);
                    oracle[node] = None;
                }
                1 => {
                    let least = (0..40).filter_map(|node| Some((oracle[node]?, node))).min();
                    assert_eq!(timeouts.pop(), least);
                    if let Some((_, node)) = least {
                        oracle[node] = None;
                    }
                }
                _ => {
                    let key = Key { at: Instant::from_nanos(below(&mut stream, 100)), emission };
                    timeouts.set(node, key);
                    oracle[node] = Some(key);
                }
            }
            assert_eq!(timeouts.first(), oracle.iter().flatten().min().copied());
            assert_eq!(timeouts.at(node), oracle[node].map(|key| key.at));
        }
    }
}
