//! How long a suspicion lasts: Lifeguard's local suspicion timeouts, the "dogpile" (Lifeguard
//! IV-B).
//!
//! ```text
//! min     = α * max(1, log10(n)) * probe interval         α = suspicion_mult
//! max     = β * min                                       β = suspicion_max_mult
//! timeout = max(min, max - (max - min) * log(C + 1) / log(K + 1))
//! ```
//!
//! C is the number of independent accusers heard besides the first, K how many are wanted: α - 2,
//! or 0 in a cluster too small to have them or with β = 1. Logarithms are of base 2 in 16.16 fixed
//! point, since floats differ between platforms.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::time::Duration;

use crate::ground::config::Config;
use crate::ground::id::{Incarnation, Slot};
use crate::ground::time::{Instant, nanoseconds};

/// One member's suspicion.
#[derive(Debug)]
pub(crate) struct Suspicion {
    incarnation: Incarnation,
    began: Instant,
    /// In nanoseconds: suspicions are kept small, since each accuser's word touches one.
    min: u64,
    /// β.
    max_mult: u8,
    /// K: how many confirmations bring the timeout down to `min`.
    wanted: u8,
    /// The verdict was put off once because this node itself had stalled.
    deferred: bool,
    /// Hashes of the accusers' names, the first accuser among them. At most K + 1.
    accusers: Vec<u64>,
}

impl Suspicion {
    /// Begins now, on the word of `accuser`, in a cluster of `n` active members.
    pub(crate) fn new(
        config: &Config,
        n: usize,
        incarnation: Incarnation,
        now: Instant,
        accuser: u64,
    ) -> Self {
        let min = min_timeout(config, n);
        let wanted = config.suspicion_mult.saturating_sub(2);
        // Where all suspicions last as long, further accusers would change nothing.
        let is_fixed = config.suspicion_max_mult == 1;
        let wanted = if is_fixed || n < usize::from(wanted) + 2 { 0 } else { wanted };
        let max_mult = config.suspicion_max_mult;
        Self {
            incarnation,
            began: now,
            min,
            max_mult,
            wanted,
            deferred: false,
            accusers: Vec::from([accuser]),
        }
    }

    pub(crate) const fn incarnation(&self) -> Incarnation {
        self.incarnation
    }

    /// K: how many confirmations bring the timeout down to its least.
    pub(crate) const fn wanted(&self) -> u8 {
        self.wanted
    }

    /// Counts a further accuser. Returns whether it is a new one and was still wanted, and so is
    /// worth passing on.
    pub(crate) fn confirm(&mut self, accuser: u64) -> bool {
        let is_wanted = self.wants(accuser);
        if is_wanted {
            self.accusers.push(accuser);
        }
        is_wanted
    }

    /// Returns true if an accuser is a new one and still wanted.
    pub(crate) fn wants(&self, accuser: u64) -> bool {
        self.accusers.len() <= usize::from(self.wanted) && !self.accusers.contains(&accuser)
    }

    /// Asks to put the verdict off because this node stalled. Granted once.
    pub(crate) fn defer(&mut self) -> bool {
        !core::mem::replace(&mut self.deferred, true)
    }

    /// When the suspicion expires, as far as is known now. May lie in the past.
    pub(crate) fn deadline(&self) -> Instant {
        self.began + self.timeout()
    }

    fn timeout(&self) -> Duration {
        if self.wanted == 0 {
            return Duration::from_nanos(self.min);
        }
        let confirmations = self.accusers.len() as u32 - 1;
        let share = u128::from(log2(confirmations + 1));
        let whole = u128::from(log2(u32::from(self.wanted) + 1));
        let max = self.min.saturating_mul(u64::from(self.max_mult));
        let cut = u128::from(max - self.min) * share / whole;
        Duration::from_nanos(u64::try_from(u128::from(max) - cut).unwrap_or(u64::MAX).max(self.min))
    }
}

/// The shortest a suspicion lasts in a cluster of `n`, in nanoseconds.
fn min_timeout(config: &Config, n: usize) -> u64 {
    const LOG2_OF_10: u64 = 217_706;
    let log10 = (u64::from(log2(u32::try_from(n.max(1)).unwrap_or(u32::MAX))) << 16) / LOG2_OF_10;
    let scale = u128::from(log10.max(1 << 16));
    let base = u128::from(nanoseconds(config.probe_interval)) * u128::from(config.suspicion_mult);
    u64::try_from((base * scale) >> 16).unwrap_or(u64::MAX)
}

/// log2(x) in 16.16 fixed point, for x >= 1: the integer part from the leading bit, then one bit of
/// the fraction for each squaring.
fn log2(x: u32) -> u32 {
    debug_assert!(x >= 1, "zero has no logarithm");
    let whole = x.ilog2();
    let mut mantissa = u64::from(x) << (31 - whole);
    let mut fraction = 0;
    for _ in 0..16 {
        mantissa = (mantissa * mantissa) >> 31;
        fraction <<= 1;
        if mantissa >> 32 != 0 {
            mantissa >>= 1;
            fraction |= 1;
        }
    }
    whole << 16 | fraction
}

/// The suspicions that are running.
#[derive(Debug, Default)]
pub(crate) struct Suspicions {
    running: BTreeMap<Slot, Suspicion>,
}

impl Suspicions {
    pub(crate) fn len(&self) -> usize {
        self.running.len()
    }

    pub(crate) fn get(&self, slot: Slot) -> Option<&Suspicion> {
        self.running.get(&slot)
    }

    pub(crate) fn get_mut(&mut self, slot: Slot) -> Option<&mut Suspicion> {
        self.running.get_mut(&slot)
    }

    pub(crate) fn begin(&mut self, slot: Slot, suspicion: Suspicion) {
        self.running.insert(slot, suspicion);
    }

    pub(crate) fn end(&mut self, slot: Slot) {
        self.running.remove(&slot);
    }

    pub(crate) fn slots(&self) -> impl Iterator<Item = Slot> {
        self.running.keys().copied()
    }

    pub(crate) fn contains(&self, slot: Slot) -> bool {
        self.running.contains_key(&slot)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_logarithm_is_right_to_four_digits() {
        for x in [1_u32, 2, 3, 5, 7, 10, 100, 1_000, 65_535, 1 << 20, u32::MAX] {
            let (ours, exact) = (f64::from(log2(x)) / 65_536.0, f64::from(x).log2());
            assert!((ours - exact).abs() < 0.000_1, "{x}: {ours} {exact}");
        }
    }

    /// Golden grid: seconds until the verdict by cluster size and confirmations, with the LAN
    /// settings.
    #[test]
    fn the_timeout_shrinks_from_max_to_min_as_accusers_are_heard() {
        let grid = [1, 2, 4, 10, 100, 1_000, 10_000].map(|n| {
            let mut suspicion =
                Suspicion::new(&Config::lan(), n, Incarnation::new(1), Instant::ORIGIN, 0);
            [0, 1, 2, 3].map(|accuser| {
                suspicion.confirm(accuser);
                (suspicion.timeout().as_millis() + 50) / 100
            })
        });
        assert_eq!(
            grid,
            [
                [40, 40, 40, 40],
                [40, 40, 40, 40],
                [240, 114, 40, 40],
                [240, 114, 40, 40],
                [480, 228, 80, 80],
                [720, 341, 120, 120],
                [960, 455, 160, 160],
            ]
        );
    }

    #[test]
    fn an_accuser_counts_once_and_no_more_than_are_wanted() {
        let mut suspicion =
            Suspicion::new(&Config::lan(), 100, Incarnation::new(1), Instant::ORIGIN, 7);
        assert!(!suspicion.confirm(7), "the first accuser does not confirm itself");
        assert!(suspicion.confirm(8));
        assert!(!suspicion.confirm(8));
        assert!(suspicion.confirm(9));
        assert!(!suspicion.confirm(10), "two confirmations are all that the LAN settings want");
    }
}
