//! Which paths are cut: [`Cuts`], by direction, any number of them at once.
//!
//! A path is cut if any cut covers it, so overlapping partitions add up, and one is lifted without
//! the others. A cut acts when something is sent; what is under way when it falls still arrives. A
//! flapping cut comes and goes by the clock.

use core::time::Duration;
use std::collections::BTreeMap;

use swim_core::Instant;

use crate::ground::node_set::NodeSet;

/// One cut through the network.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Cut {
    /// Nothing passes between different groups. Nodes beyond the list are of group 0.
    Groups(Vec<u32>),
    /// Nothing passes from the first to the second.
    OneWay(NodeSet, NodeSet),
    /// Nothing passes between the two sets while it is down: first up, then down, from an instant
    /// on.
    Flapping { between: [NodeSet; 2], since: Instant, up: Duration, down: Duration },
}

impl Cut {
    fn covers(&self, from: usize, to: usize, now: Instant) -> bool {
        match self {
            Self::Groups(group_of) => {
                let group = |node: usize| group_of.get(node).copied().unwrap_or(0);
                group(from) != group(to)
            }
            Self::OneWay(senders, receivers) => senders.contains(from) && receivers.contains(to),
            Self::Flapping { between: [one, other], since, up, down } => {
                let crosses = one.contains(from) && other.contains(to)
                    || one.contains(to) && other.contains(from);
                let period = (*up + *down).as_nanos().max(1);
                crosses && now.since(*since).as_nanos() % period >= up.as_nanos()
            }
        }
    }
}

/// All cuts that stand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cuts {
    standing: Vec<Cut>,
}

impl Cuts {
    /// Each group, and all nodes in none of them together, can reach only themselves. A node listed
    /// twice belongs to the last group that lists it.
    pub(crate) fn split(&mut self, groups: &[Vec<usize>]) {
        let mut group_of = Vec::new();
        for (number, group) in (1..).zip(groups) {
            for &node in group {
                if node >= group_of.len() {
                    group_of.resize(node + 1, 0);
                }
                group_of[node] = number;
            }
        }
        let former = self.standing.iter_mut().find_map(|cut| match cut {
            Cut::Groups(former) => Some(former),
            _ => None,
        });
        match former {
            Some(former) => refine(former, &group_of),
            None => self.standing.push(Cut::Groups(group_of)),
        }
    }

    /// Nothing passes from `senders` to `receivers`; the way back stays as it is.
    pub(crate) fn one_way(&mut self, senders: &[usize], receivers: &[usize]) {
        let cut = Cut::OneWay(senders.iter().collect(), receivers.iter().collect());
        // One more of the same cuts nothing more, and would cost each packet a look.
        if !self.standing.contains(&cut) {
            self.standing.push(cut);
        }
    }

    /// From now on nothing passes between the two sets for `down`, after it could for `up`, again
    /// and again.
    pub(crate) fn flap(
        &mut self,
        between: [&[usize]; 2],
        since: Instant,
        up: Duration,
        down: Duration,
    ) {
        let between = between.map(|nodes| nodes.iter().collect());
        self.standing.push(Cut::Flapping { between, since, up, down });
    }

    /// Lifts all cuts.
    pub(crate) fn heal(&mut self) {
        self.standing.clear();
    }

    /// Returns true if nothing passes from one node to another now. A node always reaches itself.
    pub(crate) fn covers(&self, from: usize, to: usize, now: Instant) -> bool {
        from != to && self.standing.iter().any(|cut| cut.covers(from, to, now))
    }
}

/// Splits groups further: those stay together that are together in both. Group 0 of both is
/// group 0.
fn refine(groups: &mut Vec<u32>, further: &[u32]) {
    groups.resize(groups.len().max(further.len()), 0);
    let mut numbers = BTreeMap::from([((0, 0), 0)]);
    for (node, group) in groups.iter_mut().enumerate() {
        let next = numbers.len() as u32;
        *group = *numbers.entry((*group, further.get(node).copied().unwrap_or(0))).or_insert(next);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// For each of 4 nodes, the nodes it reaches.
    fn reach(cuts: &Cuts) -> [String; 4] {
        [0, 1, 2, 3].map(|from| {
            (0..4)
                .filter(|&to| !cuts.covers(from, to, Instant::ORIGIN))
                .map(|to| char::from(b'0' + to as u8))
                .collect()
        })
    }

    #[test]
    fn groups_and_the_rest_reach_only_themselves() {
        let mut cuts = Cuts::default();
        cuts.split(&[vec![1, 2]]);
        assert_eq!(reach(&cuts), ["03", "12", "12", "03"]);
        cuts.heal();
        cuts.split(&[vec![0], vec![1]]);
        assert_eq!(reach(&cuts), ["0", "1", "23", "23"]);
    }

    #[test]
    fn splits_add_up_in_one_cut_however_many_there_are() {
        let mut cuts = Cuts::default();
        for number in 0..1_000 {
            cuts.split(&[vec![number % 2], vec![3]]);
            cuts.one_way(&[2], &[3]);
        }
        assert_eq!(cuts.standing.len(), 2);
        assert_eq!(reach(&cuts), ["0", "1", "2", "3"]);
        let mut cuts = Cuts::default();
        cuts.split(&[vec![0, 1]]);
        cuts.split(&[vec![1, 2]]);
        assert_eq!(reach(&cuts), ["0", "1", "2", "3"], "each pair is cut by one of them");
    }

    #[test]
    fn a_one_way_cut_leaves_the_way_back() {
        let mut cuts = Cuts::default();
        cuts.one_way(&[0, 1], &[3]);
        assert_eq!(reach(&cuts), ["012", "012", "0123", "0123"]);
    }

    #[test]
    fn cuts_add_up_and_healing_lifts_them_all() {
        let mut cuts = Cuts::default();
        cuts.split(&[vec![0]]);
        cuts.one_way(&[1], &[2]);
        assert_eq!(reach(&cuts), ["0", "13", "123", "123"]);
        cuts.heal();
        assert_eq!(reach(&cuts), ["0123"; 4].map(String::from));
    }

    #[test]
    fn a_flapping_path_is_up_and_down_in_turn_both_ways() {
        let mut cuts = Cuts::default();
        let (up, down) = (Duration::from_secs(3), Duration::from_secs(2));
        cuts.flap([&[0, 1], &[2]], Instant::from_millis(500), up, down);
        let down_at = |seconds: u64| {
            let now = Instant::from_millis(500 + 1_000 * seconds);
            assert_eq!(cuts.covers(0, 2, now), cuts.covers(2, 1, now));
            assert!(!cuts.covers(0, 1, now) && !cuts.covers(2, 3, now));
            cuts.covers(0, 2, now)
        };
        assert_eq!(
            [0, 2, 3, 4, 5, 7, 8].map(down_at),
            [false, false, true, true, false, false, true]
        );
    }
}
