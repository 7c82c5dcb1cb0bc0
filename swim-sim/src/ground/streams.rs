//! The random streams of a run, all derived from its one seed.
//!
//! Workload, faults, every node's core and every node's link draw from streams of their own, so
//! that taking one fault out of a plan does not reshuffle what the rest of the run draws. The
//! derivation and the draws are written here: a seed must replay the same run whatever version of
//! whatever crate is linked.
//!
//! Read first: Steele, Lea, Flood 2014, "Fast Splittable Pseudorandom Number Generators" (the
//! mixer); Blackman and Vigna 2019 (xoshiro256++).

use core::time::Duration;

use rand_core::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

/// The generator of every stream.
pub type Stream = Xoshiro256PlusPlus;

/// What a stream is drawn for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(not(feature = "serde"), allow(dead_code, reason = "campaigns draw from some of them"))]
pub(crate) enum Purpose {
    /// What users do: which seeds to join, what to broadcast.
    Workload = 1,
    /// What breaks, and when.
    Faults = 2,
    /// The core of one process; the index is [`of_process`]'s.
    Core = 3,
    /// The fate of what one node sends; the index is the node.
    Link = 4,
    /// How what one node sends is damaged on the way; the index is the node.
    Damage = 5,
    /// What the network of a campaign's run is like.
    Network = 6,
    /// How the nodes of a campaign's run are configured.
    Settings = 7,
    /// How large and how long a campaign's run is.
    Shape = 8,
    /// The seeds of a campaign's runs.
    Campaign = 9,
    /// Who attacks, and how.
    Attacks = 10,
}

/// The stream number `index` for `purpose` in the run of `seed`.
pub(crate) fn stream(seed: u64, purpose: Purpose, index: u64) -> Stream {
    let mut state = mix(mix(mix(seed) ^ purpose as u64) ^ index);
    let mut bytes = [0; 32];
    for chunk in bytes.chunks_exact_mut(8) {
        state = state.wrapping_add(GOLDEN_GAMMA);
        chunk.copy_from_slice(&mix(state).to_le_bytes());
    }
    Stream::from_seed(bytes)
}

/// The index of the core's stream of the `generation`-th process of a node: a restarted node draws
/// anew.
pub(crate) fn of_process(node: usize, generation: u32) -> u64 {
    ((node as u64) << 32) | u64::from(generation)
}

const GOLDEN_GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;

/// SplitMix64's finalizer: every bit of the input reaches every bit of the output.
const fn mix(word: u64) -> u64 {
    let word = word.wrapping_add(GOLDEN_GAMMA);
    let word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

/// A uniform draw from `0..bound`. It costs exactly one word, so that the draws after it do not
/// move when `bound` does; the bias is below 2^-32 for every bound under 2^32.
///
/// # Panics
/// If `bound` is 0: there is nothing to draw.
pub(crate) fn below(stream: &mut Stream, bound: u64) -> u64 {
    assert!(bound > 0, "a draw needs at least one outcome");
    ((u128::from(stream.next_u64()) * u128::from(bound)) >> 64) as u64
}

/// Returns true if something that happens `permille` times in 1,000 happens now; costs one word.
pub(crate) fn happens(stream: &mut Stream, permille: u16) -> bool {
    below(stream, 1_000) < u64::from(permille)
}

/// A uniform draw from `low..=high`, to the nanosecond; costs one word.
pub(crate) fn between(stream: &mut Stream, low: Duration, high: Duration) -> Duration {
    let spread = u64::try_from(high.saturating_sub(low).as_nanos()).unwrap_or(u64::MAX - 1);
    low + Duration::from_nanos(below(stream, spread + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_streams_of_a_seed_never_change() {
        let first = |seed, purpose, index| stream(seed, purpose, index).next_u64();
        assert_eq!(first(7, Purpose::Core, 0), 0x7918_bd7c_774c_ee0d);
        assert_eq!(first(7, Purpose::Link, 3), 0x2842_d0ee_7916_6eb3);
    }

    #[test]
    fn seed_purpose_and_index_each_give_another_stream() {
        let mut firsts: Vec<u64> = Vec::new();
        for seed in [0, 1, u64::MAX] {
            for purpose in
                [Purpose::Workload, Purpose::Faults, Purpose::Core, Purpose::Link, Purpose::Damage]
            {
                firsts.extend((0..100).map(|index| stream(seed, purpose, index).next_u64()));
            }
        }
        let drawn = firsts.len();
        firsts.sort_unstable();
        firsts.dedup();
        assert_eq!(firsts.len(), drawn);
    }

    #[test]
    fn a_restarted_process_draws_from_another_stream_than_any_other_node() {
        assert_ne!(of_process(1, 0), of_process(0, 1));
        assert_ne!(of_process(1, 0), of_process(1, 1));
    }

    #[test]
    fn every_draw_costs_one_word_whatever_its_bounds() {
        let draws: [fn(&mut Stream) -> bool; 5] = [
            |s| s.next_u64() == 0,
            |s| below(s, 1) == 0,
            |s| happens(s, 0),
            |s| between(s, Duration::ZERO, Duration::MAX).is_zero(),
            |s| between(s, Duration::from_secs(1), Duration::from_secs(1)).is_zero(),
        ];
        let after = draws.map(|draw| {
            let mut stream = stream(1, Purpose::Faults, 0);
            let _ = draw(&mut stream);
            stream.next_u64()
        });
        assert_eq!(after, [after[0]; 5]);
    }

    #[test]
    fn chances_and_ranges_are_kept() {
        let mut stream = stream(3, Purpose::Workload, 0);
        let hits = (0..100_000).filter(|_| happens(&mut stream, 50)).count();
        assert!((4_700..5_300).contains(&hits), "{hits}");
        assert!((0..1_000).all(|_| !happens(&mut stream, 0) && happens(&mut stream, 1_000)));
        let (low, high) = (Duration::from_millis(2), Duration::from_millis(3));
        assert!((0..1_000).all(|_| (low..=high).contains(&between(&mut stream, low, high))));
    }
}
