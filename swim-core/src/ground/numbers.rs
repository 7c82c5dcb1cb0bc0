//! The sequence numbers of pings to members, which nobody can tell in advance.
//!
//! A counter under a keyed hash (SipHash-1-3, Aumasson and Bernstein 2012): a member that is pinged
//! sees its own numbers, and learns from them neither the next one nor those that others are sent.
//! One draw serves a life, so what else is drawn does not depend on how many pings there are, and
//! no output of the generator shows.

use rand_core::Rng;

use crate::ground::id::SequenceNumber;

/// Numbers that look drawn at random.
#[derive(Debug)]
pub(crate) struct Numbers {
    key: u64,
    hashed: u64,
    /// The other half of the latest hash.
    spare: Option<u32>,
}

impl Numbers {
    /// The numbers of one life of a node, under a key that it draws.
    pub(crate) fn new(rng: &mut impl Rng) -> Self {
        Self { key: rng.next_u64(), hashed: 0, spare: None }
    }

    /// The next number. That a ping in flight has the same is as likely as a guess.
    pub(crate) fn draw(&mut self) -> SequenceNumber {
        let number = self.spare.take().unwrap_or_else(|| {
            self.hashed += 1;
            let hash = siphash(self.key, self.hashed);
            self.spare = Some((hash >> 32) as u32);
            hash as u32
        });
        SequenceNumber::new(number)
    }
}

/// SipHash-1-3 of the eight bytes of `word`, under a key whose second half is 0.
fn siphash(key: u64, word: u64) -> u64 {
    let mut state = [
        key ^ 0x736f_6d65_7073_6575,
        0x646f_7261_6e64_6f6d,
        key ^ 0x6c79_6765_6e65_7261,
        0x7465_6462_7974_6573,
    ];
    // The last block says that eight bytes came before it.
    for block in [word, 8 << 56] {
        state[3] ^= block;
        rounds(&mut state, 1);
        state[0] ^= block;
    }
    state[2] ^= 0xff;
    rounds(&mut state, 3);
    state.iter().fold(0, |hash, part| hash ^ part)
}

fn rounds(state: &mut [u64; 4], count: u32) {
    let [mut a, mut b, mut c, mut d] = *state;
    for _ in 0..count {
        a = a.wrapping_add(b);
        b = b.rotate_left(13) ^ a;
        a = a.rotate_left(32);
        c = c.wrapping_add(d);
        d = d.rotate_left(16) ^ c;
        a = a.wrapping_add(d);
        d = d.rotate_left(21) ^ a;
        c = c.wrapping_add(b);
        b = b.rotate_left(17) ^ c;
        c = c.rotate_left(32);
    }
    *state = [a, b, c, d];
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeSet;
    use alloc::vec::Vec;

    use rand_core::SeedableRng;
    use rand_xoshiro::Xoshiro256PlusPlus;

    use super::*;

    #[test]
    fn the_hash_is_that_of_the_standard_library() {
        let hashes = [0, 1, 0x0706_0504_0302_0100].map(|word| siphash(0, word));
        assert_eq!(hashes, [0xbd60_acb6_58c7_9e45, 0x1e9f_7341_61d6_2dd9, 0xead4_11e6_7ebe_2eea]);
    }

    #[test]
    fn no_number_follows_from_those_before_it() {
        let mut numbers = Numbers::new(&mut Xoshiro256PlusPlus::seed_from_u64(1));
        let drawn: Vec<u32> = (0..1_000).map(|_| numbers.draw().get()).collect();
        let steps: BTreeSet<u32> =
            drawn.windows(2).map(|pair| pair[1].wrapping_sub(pair[0])).collect();
        assert_eq!(steps.len(), 999, "each step is another");
        let high = drawn.iter().filter(|&&number| number > u32::MAX / 2).count();
        assert!((400..600).contains(&high), "{high}");
    }
}
