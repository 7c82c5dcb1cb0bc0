//! What each was told of each: the pairs of nodes, as their users' events have it.

use std::time::Duration;

use swim_core::{Event, Instant};
use swim_sim::{Cluster, Observed};

/// The number of the member that a node's user was told of as up, or as down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    Up(usize),
    Suspected(usize),
    Updated(usize),
    Down(usize),
}

/// What an event says of a member.
pub(crate) fn change(event: &Event) -> Option<Change> {
    let number = |id: &str| id.strip_prefix("node-")?.parse().ok();
    Some(match event {
        Event::Joined(member) => Change::Up(number(&member.id)?),
        Event::Suspected { member, .. } => Change::Suspected(number(&member.id)?),
        Event::Updated(member) => Change::Updated(number(&member.id)?),
        Event::Failed(member) | Event::Left(member) => Change::Down(number(&member.id)?),
        _ => return None,
    })
}

/// A cluster's events until a time, each once.
pub(crate) fn until(cluster: &mut Cluster, end: Instant, mut see: impl FnMut(&Observed) -> bool) {
    while let Some(observed) = cluster.next_event(end.since(cluster.now())) {
        if !see(&observed) {
            return;
        }
    }
}

/// Which pairs (observer, subject) have met a goal, and when shares of them had.
#[derive(Debug)]
pub(crate) struct Pairs {
    nodes: usize,
    met: Vec<u64>,
    wanted: u64,
    left: u64,
    /// When 50, 99 and 100 % had, since the beginning.
    pub(crate) reached: [Option<Duration>; 3],
}

/// The shares of [`Pairs::reached`], in percent.
const SHARES: [u64; 3] = [50, 99, 100];

impl Pairs {
    /// `is_wanted` says of which pairs the goal is, `is_met` for which of them it is met already.
    pub(crate) fn new(
        nodes: usize,
        wanted: impl Fn(usize, usize) -> bool,
        is_met: impl Fn(usize, usize) -> bool,
    ) -> Self {
        let mut pairs = Self {
            nodes,
            met: vec![u64::MAX; (nodes * nodes).div_ceil(64)],
            wanted: 0,
            left: 0,
            reached: [None; 3],
        };
        for observer in 0..nodes {
            for subject in
                (0..nodes).filter(|&subject| subject != observer && wanted(observer, subject))
            {
                pairs.wanted += 1;
                if !is_met(observer, subject) {
                    pairs.left += 1;
                    let place = observer * nodes + subject;
                    pairs.met[place / 64] &= !(1 << (place % 64));
                }
            }
        }
        pairs
    }

    /// A pair meets the goal, or does so no more. Pairs that are not wanted must not be given.
    pub(crate) fn set(&mut self, after: Duration, observer: usize, subject: usize, is_met: bool) {
        let place = observer * self.nodes + subject;
        let (word, bit) = (&mut self.met[place / 64], 1 << (place % 64));
        match (*word & bit != 0, is_met) {
            (false, true) => self.left -= 1,
            (true, false) => self.left += 1,
            _ => return,
        }
        *word ^= bit;
        for (share, reached) in SHARES.into_iter().zip(&mut self.reached) {
            let may_be_left = self.wanted * (100 - share) / 100;
            // A share that is lost again was not reached for good.
            *reached = if self.left <= may_be_left { Some(reached.unwrap_or(after)) } else { None };
        }
    }

    pub(crate) const fn left(&self) -> u64 {
        self.left
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_reached_when_so_many_pairs_have_met_the_goal_for_good() {
        let second = Duration::from_secs;
        let mut pairs =
            Pairs::new(5, |observer, subject| observer < 4 && subject == 4, |_, _| false);
        assert_eq!(pairs.left(), 4);
        pairs.set(second(1), 0, 4, true);
        pairs.set(second(2), 1, 4, true);
        pairs.set(second(3), 1, 4, false);
        assert_eq!(pairs.reached[0], None);
        (0..4).for_each(|observer| pairs.set(second(4 + observer as u64), observer, 4, true));
        assert_eq!(
            (pairs.left(), pairs.reached),
            (0, [Some(second(5)), Some(second(7)), Some(second(7))])
        );
    }
}
