//! A rolling 64-bit hash, the same on every machine. Not for keeping secrets: for telling two runs
//! apart.

use core::fmt;

/// The hash of the words absorbed so far, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RollingHash(u64);

impl RollingHash {
    pub(crate) const fn new() -> Self {
        Self(0x6a09_e667_f3bc_c908)
    }

    /// Absorbs a word. For each word this is a bijection of the state, so that no state swallows
    /// what came before.
    pub(crate) const fn word(&mut self, word: u64) {
        let product = (self.0 ^ word).wrapping_mul(0x9fb2_1c65_1e98_df25);
        self.0 = product ^ (product >> 32);
    }

    /// Absorbs bytes and their number.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.word(bytes.len() as u64);
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.word(u64::from_le_bytes(word));
        }
    }

    pub(crate) const fn value(self) -> u64 {
        self.0
    }
}

impl fmt::Write for RollingHash {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.bytes(text.as_bytes());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(parts: &[&str]) -> u64 {
        let mut hash = RollingHash::new();
        for part in parts {
            hash.bytes(part.as_bytes());
        }
        hash.value()
    }

    #[test]
    fn order_length_and_every_bit_count() {
        let base = hash(&["abcdefgh", "ij"]);
        let others: [&[&str]; 4] =
            [&["abcdefghij"], &["ij", "abcdefgh"], &["abcdefgh", "ij\0"], &["abcdefgi", "ij"]];
        assert!(others.iter().all(|other| hash(other) != base));
    }

    #[test]
    fn the_hash_never_changes() {
        assert_eq!(hash(&["swim"]), 0xef3d_79d7_9ef7_803e);
    }
}
