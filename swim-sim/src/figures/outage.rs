//! How fast the end of a process is noticed: one [`Outage`] for each crash, power failure or stop.
//!
//! Times are measured from the fault to the event that a node's user was told. "Everyone" are the
//! nodes that were running when it happened and still are.

use core::time::Duration;

use swim_core::Instant;

use crate::ground::node_set::NodeSet;

/// A process that ended without saying so, and who has noticed.
#[derive(Clone, Debug)]
pub struct Outage {
    /// The node.
    pub node: usize,
    /// When its process ended.
    pub at: Instant,
    /// The nodes that have not noticed and are running.
    waiting: NodeSet,
    /// When each of the others noticed, after `at`, ascending.
    noticed: Vec<Duration>,
    /// When anyone first suspected it.
    suspected: Option<Duration>,
    /// Whether the node runs again.
    over: bool,
}

impl Outage {
    pub(super) const fn new(node: usize, at: Instant, observers: NodeSet) -> Self {
        Self { node, at, waiting: observers, noticed: Vec::new(), suspected: None, over: false }
    }

    /// Returns true if the node is still down.
    #[must_use]
    pub const fn lasts(&self) -> bool {
        !self.over
    }

    pub(super) const fn end(&mut self) {
        self.over = true;
    }

    /// An observer is gone, and will not notice.
    pub(super) fn excuse(&mut self, observer: usize) {
        self.waiting.remove(observer);
    }

    pub(super) fn suspected(&mut self, now: Instant) {
        self.suspected.get_or_insert(now.since(self.at));
    }

    pub(super) fn noticed(&mut self, observer: usize, now: Instant) {
        if self.waiting.remove(observer) {
            self.noticed.push(now.since(self.at));
        }
    }

    /// How long until someone suspected it.
    #[must_use]
    pub const fn first_suspicion(&self) -> Option<Duration> {
        self.suspected
    }

    /// How long until someone took it for dead.
    #[must_use]
    pub fn first_detection(&self) -> Option<Duration> {
        self.noticed.first().copied()
    }

    /// How long until `percent` of everyone had noticed; `None` if they have not.
    #[must_use]
    pub fn dissemination(&self, percent: usize) -> Option<Duration> {
        let everyone = self.noticed.len() + self.waiting.len();
        let needed = (everyone * percent).div_ceil(100);
        self.noticed.get(needed.checked_sub(1)?).copied()
    }

    /// Who has not noticed.
    pub fn unaware(&self) -> impl Iterator<Item = usize> {
        self.waiting.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dissemination_counts_those_who_are_still_there() {
        let mut outage = Outage::new(9, Instant::from_millis(1_000), (0..5).collect());
        outage.suspected(Instant::from_millis(2_000));
        outage.suspected(Instant::from_millis(2_500));
        for (observer, at) in [(0, 3_000), (1, 4_000), (0, 4_500), (2, 5_000)] {
            outage.noticed(observer, Instant::from_millis(at));
        }
        let seconds =
            |outage: &Outage, percent| outage.dissemination(percent).map(|after| after.as_secs());
        assert_eq!(outage.first_suspicion(), Some(Duration::from_secs(1)));
        assert_eq!(outage.first_detection(), Some(Duration::from_secs(2)));
        assert_eq!(
            [50, 60, 100].map(|percent| seconds(&outage, percent)),
            [Some(4), Some(4), None]
        );
        outage.excuse(3);
        outage.excuse(4);
        assert_eq!(seconds(&outage, 100), Some(4));
        assert_eq!(outage.unaware().count(), 0);
    }
}
