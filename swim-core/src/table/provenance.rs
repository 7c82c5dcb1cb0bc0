//! What is known from plain traffic alone, at a node that seals what it sends: [`Provenance`].
//!
//! While a cluster is moved to encryption such a node takes plain traffic too. It may use what it
//! hears so, and must not pass it on under its seal. Two sets of slots: members known as they are
//! from plain traffic alone, and members that have spoken under a seal, after which nothing plain
//! is taken for theirs. Both are empty, and cost nothing, outside of that time. It knows no
//! message. Read first: docs/SECURITY.md, "Moving to encryption".

use alloc::vec::Vec;

use crate::ground::id::Slot;

/// A set of slots.
#[derive(Debug, Default)]
struct Slots {
    words: Vec<u64>,
    len: usize,
}

impl Slots {
    const fn place(slot: Slot) -> (usize, u64) {
        (slot.index() / 64, 1 << (slot.index() % 64))
    }

    fn contains(&self, slot: Slot) -> bool {
        let (word, bit) = Self::place(slot);
        self.len > 0 && self.words.get(word).is_some_and(|bits| bits & bit != 0)
    }

    fn insert(&mut self, slot: Slot) {
        let (word, bit) = Self::place(slot);
        if word >= self.words.len() {
            self.words.resize(word + 1, 0);
        }
        self.len += usize::from(self.words[word] & bit == 0);
        self.words[word] |= bit;
    }

    fn remove(&mut self, slot: Slot) -> bool {
        if !self.contains(slot) {
            return false;
        }
        let (word, bit) = Self::place(slot);
        self.words[word] &= !bit;
        self.len -= 1;
        if self.len == 0 {
            self.words = Vec::new();
        }
        true
    }

    fn iter(&self) -> impl Iterator<Item = Slot> {
        let bits = self.words.iter().zip(0_u32..).flat_map(|(&bits, word)| {
            (0..64).filter(move |bit| bits >> bit & 1 == 1).map(move |bit| Slot(word * 64 + bit))
        });
        bits.take(self.len)
    }
}

/// Where what is known comes from.
#[derive(Debug, Default)]
pub(crate) struct Provenance {
    /// This node seals what it sends, and takes plain traffic too.
    mixed: bool,
    /// What is being handled came in plain, and this node is mixed.
    hears_plain: bool,
    plain: Slots,
    sealed: Slots,
}

impl Provenance {
    /// Whether this node seals what it sends and takes plain traffic too, from now on.
    pub(crate) fn set_mixed(&mut self, mixed: bool) {
        self.mixed = mixed;
        if !mixed {
            self.sealed = Slots::default();
        }
    }

    pub(crate) const fn is_mixed(&self) -> bool {
        self.mixed
    }

    /// What is handled from now on came in plain, or did not.
    pub(crate) const fn handle_report(&mut self, plain: bool) {
        self.hears_plain = plain && self.mixed;
    }

    /// Returns true if what is being handled must not be passed on.
    pub(crate) const fn hears_plain(&self) -> bool {
        self.hears_plain
    }

    /// A member has spoken under a seal.
    pub(crate) fn note_sealed(&mut self, slot: Slot) {
        self.sealed.insert(slot);
    }

    /// Returns true if a member has spoken under a seal.
    pub(crate) fn speaks_sealed(&self, slot: Slot) -> bool {
        self.sealed.contains(slot)
    }

    /// A member is known as it is from plain traffic alone.
    pub(crate) fn mark(&mut self, slot: Slot) {
        self.plain.insert(slot);
    }

    /// What is known of a member is heard under a seal, or is this node's own word. Returns whether
    /// it was not before.
    pub(crate) fn vouch(&mut self, slot: Slot) -> bool {
        self.plain.remove(slot)
    }

    /// Returns true if a member is known as it is from plain traffic alone.
    pub(crate) fn is_plain(&self, slot: Slot) -> bool {
        self.plain.contains(slot)
    }

    /// Those members.
    pub(crate) fn plain(&self) -> impl Iterator<Item = Slot> {
        self.plain.iter()
    }

    /// A member is gone: how it spoke says nothing about its next life.
    pub(crate) fn end(&mut self, slot: Slot) {
        self.sealed.remove(slot);
    }

    /// The members that are marked in one way or the other.
    pub(crate) fn slots(&self) -> impl Iterator<Item = Slot> {
        self.plain.iter().chain(self.sealed.iter())
    }

    /// A slot will be another member's.
    pub(crate) fn forget(&mut self, slot: Slot) {
        self.sealed.remove(slot);
        self.plain.remove(slot);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_there_until_they_are_vouched_for_and_cost_nothing_then() {
        let mut provenance = Provenance::default();
        for slot in [200, 3, 64, 3] {
            provenance.mark(Slot(slot));
        }
        assert!(provenance.plain().eq([3, 64, 200].map(Slot)));
        assert!(provenance.is_plain(Slot(64)) && !provenance.is_plain(Slot(65)));
        assert!(provenance.vouch(Slot(64)) && !provenance.vouch(Slot(64)));
        provenance.forget(Slot(3));
        assert!(provenance.vouch(Slot(200)));
        assert!(provenance.plain.words.is_empty() && provenance.plain().next().is_none());
    }

    #[test]
    fn only_a_mixed_node_tells_plain_from_sealed() {
        let mut provenance = Provenance::default();
        provenance.handle_report(true);
        assert!(!provenance.hears_plain());
        provenance.set_mixed(true);
        provenance.handle_report(true);
        provenance.note_sealed(Slot(1));
        assert!(provenance.hears_plain() && provenance.speaks_sealed(Slot(1)));
        provenance.set_mixed(false);
        assert!(!provenance.speaks_sealed(Slot(1)));
    }
}
