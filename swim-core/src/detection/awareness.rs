//! How well this node itself is doing: Lifeguard's local health multiplier (Lifeguard IV-A).
//!
//! A node that misses acks and nacks is likely slow itself. It then probes more slowly and waits
//! longer, by the factor `score + 1`, and so accuses fewer healthy members.

use core::time::Duration;

/// The score: 0 is well, up to a bound.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Awareness {
    score: u8,
    max: u8,
}

impl Awareness {
    pub(crate) const fn new(max: u8) -> Self {
        Self { score: 0, max }
    }

    pub(crate) const fn score(self) -> u8 {
        self.score
    }

    /// Something went well: -1. Returns whether the score changed.
    pub(crate) const fn improve(&mut self) -> bool {
        let before = self.score;
        self.score = before.saturating_sub(1);
        self.score != before
    }

    /// `weight` things went badly. Returns whether the score changed.
    pub(crate) fn worsen(&mut self, weight: u8) -> bool {
        let before = self.score;
        self.score = before.saturating_add(weight).min(self.max);
        self.score != before
    }

    /// `duration * (score + 1)`.
    pub(crate) fn scale(self, duration: Duration) -> Duration {
        duration.saturating_mul(u32::from(self.score) + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_score_stays_between_0_and_its_bound() {
        let mut awareness = Awareness::new(3);
        assert!(!awareness.improve());
        assert!(awareness.worsen(200));
        assert_eq!(awareness.score(), 3);
        assert!(!awareness.worsen(1));
        assert_eq!(awareness.scale(Duration::from_secs(1)), Duration::from_secs(4));
        assert!(awareness.improve());
        assert_eq!(awareness.score(), 2);
    }
}
