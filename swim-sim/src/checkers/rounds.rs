//! Every member is probed in its turn (SWIM 4.3): between two probes of a member that stays active
//! a node probes at most 2n - 1 times, and once more for each that joins meanwhile, since newcomers
//! are placed at random in the round.
//!
//! The node itself says which member a probe is for, so that one that cannot send, as when it is
//! clogged, is held to its rounds too. The rows are looked at when a probe begins, in clusters of
//! up to [`SMALL`] nodes: that costs a look at each of them.

use std::collections::BTreeMap;

use swim_core::{Config, Event, Instant};

use super::watch::SMALL;
use super::{Checker, Fill, Verdict, grown};

/// See the module.
#[derive(Debug, Default)]
pub struct Rounds {
    nodes: Vec<Node>,
}

#[derive(Clone, Debug, Default)]
struct Node {
    /// Active member's number -> how long it waits.
    waits: BTreeMap<usize, Wait>,
    /// The probes that were counted before this step.
    probes: u64,
}

/// What has happened since a member was probed, or joined.
#[derive(Clone, Copy, Debug, Default)]
struct Wait {
    probes: u64,
    joined: u64,
    most_peers: u64,
}

impl Wait {
    const fn is_too_long(&self) -> bool {
        self.probes > 2 * self.most_peers + self.joined
    }
}

impl Checker for Rounds {
    fn name(&self) -> &'static str {
        "every member is probed in its turn"
    }

    fn started(&mut self, _: Instant, node: usize, _: &Config) {
        *grown(&mut self.nodes, node) = Node::default();
    }

    fn told(&mut self, _: Instant, node: usize, event: &Event, about: Option<usize>) -> Verdict {
        let node = grown(&mut self.nodes, node);
        if matches!(event, Event::Joined(_)) {
            node.waits.values_mut().for_each(|wait| wait.joined += 1);
        }
        // Members that attackers invent have no number, and are not looked at themselves.
        let Some(subject) = about else { return Ok(()) };
        match event {
            Event::Joined(_) => {
                node.waits.insert(subject, Wait::default());
            }
            Event::Failed(_) | Event::Left(_) => drop(node.waits.remove(&subject)),
            _ => {}
        }
        Ok(())
    }

    fn filled(&mut self, node: usize, fill: Fill) -> Verdict {
        let node = grown(&mut self.nodes, node);
        let begun = fill.probes - core::mem::replace(&mut node.probes, fill.probes);
        if begun == 0 || fill.active_members > SMALL {
            return Ok(());
        }
        // Of several begun in one step, as of one that is over already, nobody knows which members
        // they were for.
        if begun > 1 || fill.probing.is_none() {
            node.waits.values_mut().for_each(|wait| *wait = Wait::default());
            return Ok(());
        }
        let peers = fill.active_members.saturating_sub(1) as u64;
        for (subject, wait) in &mut node.waits {
            if fill.probing.is_some_and(|(target, _)| target == *subject) {
                *wait = Wait { most_peers: peers, ..Wait::default() };
                continue;
            }
            (wait.probes, wait.most_peers) = (wait.probes + 1, wait.most_peers.max(peers));
            if wait.is_too_long() {
                return Err(format!(
                    "{} probes passed node-{subject} by, with at most {} peers",
                    wait.probes, wait.most_peers
                ));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use swim_core::{Claim, Incarnation, Member, Status};

    use super::*;
    use crate::ground::{address, name};

    fn joined(number: usize) -> Event {
        let claim = Claim::new(Incarnation::new(1), Status::Alive);
        let (id, address) = (name::numbered(number), address::numbered(number as u32));
        Event::Joined(Member { id, address, metadata: Arc::from([]), claim })
    }

    fn probe(checker: &mut Rounds, target: usize, number: u64) -> Verdict {
        checker.filled(
            0,
            Fill {
                active_members: 3,
                probes: number,
                probing: Some((target, 7)),
                ..Fill::default()
            },
        )
    }

    fn two_peers() -> Rounds {
        let mut checker = Rounds::default();
        checker.started(Instant::ORIGIN, 0, &Config::lan());
        for number in [1, 2] {
            checker.told(Instant::ORIGIN, 0, &joined(number), Some(number)).unwrap();
        }
        checker
    }

    #[test]
    fn a_planted_order_that_skips_a_member_is_caught() {
        let mut checker = two_peers();
        for (number, target) in [1, 2, 2, 1, 1, 2].into_iter().enumerate() {
            assert_eq!(probe(&mut checker, target, number as u64 + 1), Ok(()));
        }
        let skipping = (7..20).map(|number| probe(&mut checker, 2, number));
        assert!(
            skipping
                .collect::<Result<Vec<_>, _>>()
                .is_err_and(|what| what.contains("passed node-1 by"))
        );
    }

    #[test]
    fn of_several_probes_in_one_step_nothing_is_concluded() {
        let mut checker = two_peers();
        for number in (10..100).step_by(2) {
            assert_eq!(probe(&mut checker, 2, number), Ok(()));
        }
    }
}
