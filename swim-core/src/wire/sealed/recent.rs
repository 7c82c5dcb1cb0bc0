//! [`Recent`]: a bounded table that forgets what was not used for longest. It knows nothing of what
//! it holds.
//!
//! Two generations: what is used moves into the young one; when that is full it becomes the old
//! one, and what the old one still held is forgotten. So nothing is kept for each use, and what was
//! used since half of the bound is never lost.

use alloc::collections::BTreeMap;

/// A bounded table.
#[derive(Debug)]
pub(super) struct Recent<K, V> {
    young: BTreeMap<K, V>,
    old: BTreeMap<K, V>,
    /// The bound of each generation.
    half: usize,
}

impl<K: Ord + Copy, V> Recent<K, V> {
    /// A table of at most `max` entries, at least 2.
    pub(super) const fn new(max: usize) -> Self {
        let half = if max < 2 { 1 } else { max / 2 };
        Self { young: BTreeMap::new(), old: BTreeMap::new(), half }
    }

    pub(super) fn get(&mut self, key: K) -> Option<&mut V> {
        if !self.young.contains_key(&key) {
            let value = self.old.remove(&key)?;
            self.insert(key, value);
        }
        self.young.get_mut(&key)
    }

    pub(super) fn insert(&mut self, key: K, value: V) {
        if self.young.len() >= self.half && !self.young.contains_key(&key) {
            self.old = core::mem::take(&mut self.young);
        }
        self.young.insert(key, value);
    }

    pub(super) fn clear(&mut self) {
        self.young.clear();
        self.old.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_bounded_and_forgets_what_was_not_used() {
        let mut recent = Recent::new(8);
        recent.insert(0, "kept");
        for number in 1..1_000 {
            recent.insert(number, "");
            assert!(recent.young.len() + recent.old.len() <= 8);
            assert_eq!(recent.get(0), Some(&mut "kept"));
        }
        assert!(recent.get(997).is_some());
        assert_eq!(recent.get(1), None);
        recent.clear();
        assert_eq!(recent.get(0), None);
    }
}
