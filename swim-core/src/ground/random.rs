//! Draws from the injected generator, written here so that a seed replays the same run whatever
//! version of whatever crate is linked: the core takes only [`rand_core::Rng`]'s raw words.

use core::time::Duration;

use rand_core::Rng;

use crate::ground::time::nanoseconds;

/// A uniform draw from `0..bound` (Lemire 2019, "Fast Random Integer Generation in an Interval").
///
/// # Panics
/// If `bound` is 0: there is nothing to draw.
pub(crate) fn below(rng: &mut impl Rng, bound: u32) -> u32 {
    assert!(bound > 0, "a draw needs at least one outcome");
    let mut product = u64::from(rng.next_u32()) * u64::from(bound);
    let mut low = product as u32;
    if low < bound {
        let threshold = bound.wrapping_neg() % bound;
        while low < threshold {
            product = u64::from(rng.next_u32()) * u64::from(bound);
            low = product as u32;
        }
    }
    (product >> 32) as u32
}

/// A uniform draw from `0..=limit`, to the nanosecond.
///
/// The bias of the multiplication is below 2^-20 for every duration under 200 days, which no
/// deadline notices.
pub(crate) fn up_to(rng: &mut impl Rng, limit: Duration) -> Duration {
    let product = u128::from(rng.next_u64()) * (u128::from(nanoseconds(limit)) + 1);
    Duration::from_nanos((product >> 64) as u64)
}

/// `duration` spread uniformly over ± `permille` thousandths of itself.
pub(crate) fn jittered(rng: &mut impl Rng, duration: Duration, permille: u16) -> Duration {
    let spread = Duration::from_nanos(nanoseconds(duration) / 1_000 * u64::from(permille));
    duration.saturating_sub(spread) + up_to(rng, spread * 2)
}

/// The most places that [`sample`] draws.
pub(crate) const MAX_SAMPLE: usize = 34;

/// Up to `count` distinct places out of `0..pool`, uniformly (Floyd's algorithm), in O(count) draws
/// whatever the pool.
pub(crate) fn sample<R: Rng>(
    rng: &mut R,
    count: usize,
    pool: usize,
) -> impl Iterator<Item = u32> + use<R> {
    let mut drawn = [0_u32; MAX_SAMPLE];
    let count = count.min(pool).min(MAX_SAMPLE);
    for len in 0..count {
        let last = (pool - count + len) as u32;
        let place = below(rng, last + 1);
        drawn[len] = if drawn[..len].contains(&place) { last } else { place };
    }
    drawn.into_iter().take(count)
}

#[cfg(test)]
mod tests {
    use rand_core::SeedableRng;
    use rand_xoshiro::Xoshiro256PlusPlus;

    use super::*;

    #[test]
    fn every_outcome_below_the_bound_is_drawn_about_equally_often() {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
        let mut seen = [0_u32; 7];
        for _ in 0..70_000 {
            seen[below(&mut rng, 7) as usize] += 1;
        }
        assert!(seen.iter().all(|&count| (9_500..10_500).contains(&count)), "{seen:?}");
    }

    #[test]
    fn a_sample_is_distinct_and_every_place_is_as_likely() {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(3);
        let mut seen = [0_u32; 10];
        for _ in 0..10_000 {
            let places: alloc::collections::BTreeSet<u32> = sample(&mut rng, 3, 10).collect();
            assert_eq!(places.len(), 3);
            places.iter().for_each(|&place| seen[place as usize] += 1);
        }
        assert!(seen.iter().all(|&count| (2_800..3_200).contains(&count)), "{seen:?}");
        assert_eq!(sample(&mut rng, 5, 2).count(), 2);
        assert_eq!(sample(&mut rng, 5, 0).count(), 0);
    }

    #[test]
    fn jitter_stays_within_its_share_on_both_sides() {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(2);
        let second = Duration::from_secs(1);
        let draws: alloc::vec::Vec<_> =
            (0..10_000).map(|_| jittered(&mut rng, second, 100)).collect();
        assert!(draws.iter().all(|d| (900..=1_100).contains(&d.as_millis())));
        assert!(
            draws.iter().any(|d| d.as_millis() < 910)
                && draws.iter().any(|d| d.as_millis() > 1_090)
        );
        assert_eq!(jittered(&mut rng, second, 0), second);
    }
}
