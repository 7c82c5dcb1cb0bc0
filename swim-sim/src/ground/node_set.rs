//! A set of nodes: bits by index, so that iterating it is in order and asking it costs one load.

/// Some of a cluster's nodes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct NodeSet {
    words: Vec<u64>,
}

impl NodeSet {
    pub(crate) fn contains(&self, node: usize) -> bool {
        self.words.get(node / 64).is_some_and(|word| word >> (node % 64) & 1 == 1)
    }

    /// Adds a node; says whether it was new.
    pub(crate) fn insert(&mut self, node: usize) -> bool {
        if node / 64 >= self.words.len() {
            self.words.resize(node / 64 + 1, 0);
        }
        let new = !self.contains(node);
        self.words[node / 64] |= 1 << (node % 64);
        new
    }

    /// Takes a node out; says whether it was there.
    pub(crate) fn remove(&mut self, node: usize) -> bool {
        let there = self.contains(node);
        if there {
            self.words[node / 64] &= !(1 << (node % 64));
        }
        there
    }

    pub(crate) fn len(&self) -> usize {
        self.words.iter().map(|word| word.count_ones() as usize).sum()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = usize> {
        (0..self.words.len() * 64).filter(|&node| self.contains(node))
    }
}

impl FromIterator<usize> for NodeSet {
    fn from_iter<I: IntoIterator<Item = usize>>(nodes: I) -> Self {
        let mut set = Self::default();
        for node in nodes {
            set.insert(node);
        }
        set
    }
}

impl<'a> FromIterator<&'a usize> for NodeSet {
    fn from_iter<I: IntoIterator<Item = &'a usize>>(nodes: I) -> Self {
        nodes.into_iter().copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_holds_what_was_put_in_and_not_taken_out() {
        let mut set: NodeSet = [130, 0, 64].iter().collect();
        assert!(set.remove(64) && !set.remove(64) && !set.remove(9_999));
        assert!(!set.insert(130) && set.insert(5));
        assert_eq!(set.iter().collect::<Vec<_>>(), [0, 5, 130]);
        assert_eq!((set.len(), (0..65).collect::<NodeSet>().len()), (3, 65));
    }
}
