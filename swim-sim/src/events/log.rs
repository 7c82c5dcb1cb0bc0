//! A bounded log of the events that nodes told their users, in order, with their time and node.

use std::collections::{BTreeMap, VecDeque};

use swim_core::{Event, Instant};

/// An event, when and where it was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observed {
    /// When.
    pub at: Instant,
    /// The node whose user was told.
    pub node: usize,
    /// The number of the process at that node, from 1: each restart begins the next one, with
    /// nothing remembered.
    pub generation: u32,
    /// The event.
    pub event: Event,
}

/// The newest events of all nodes, and how far they were read.
#[derive(Clone, Debug)]
pub(crate) struct EventLog {
    kept: VecDeque<Observed>,
    most: usize,
    /// How many older ones are gone.
    forgotten: u64,
    /// The running number of the next that is read.
    unread: u64,
    /// Node -> when and in which process one of its events was last forgotten unread, and how many
    /// were.
    lost: BTreeMap<usize, (Instant, u32, u64)>,
}

impl EventLog {
    pub(crate) const fn new(most: usize) -> Self {
        Self { kept: VecDeque::new(), most, forgotten: 0, unread: 0, lost: BTreeMap::new() }
    }

    pub(crate) fn push(&mut self, observed: Observed) {
        if self.most == 0 {
            return self.forget(&observed);
        }
        if self.kept.len() >= self.most
            && let Some(oldest) = self.kept.pop_front()
        {
            self.forget(&oldest);
        }
        self.kept.push_back(observed);
    }

    fn forget(&mut self, observed: &Observed) {
        if self.unread <= self.forgotten {
            self.unread = self.forgotten + 1;
            let lost = self.lost.entry(observed.node).or_default();
            *lost = (observed.at, observed.generation, lost.2 + 1);
        }
        self.forgotten += 1;
    }

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &Observed> + Clone {
        self.kept.iter()
    }

    /// The next event that was not read yet. Before those that are there, a [`Event::Lagged`] for
    /// each node of which some were forgotten unread.
    pub(crate) fn read(&mut self) -> Option<Observed> {
        if let Some((node, (at, generation, missed))) = self.lost.pop_first() {
            return Some(Observed { at, node, generation, event: Event::Lagged { missed } });
        }
        let place = usize::try_from(self.unread - self.forgotten).ok()?;
        let observed = self.kept.get(place)?.clone();
        self.unread += 1;
        Some(observed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log_of(most: usize, nodes: impl IntoIterator<Item = usize>) -> EventLog {
        let mut log = EventLog::new(most);
        for node in nodes {
            log.push(Observed { at: Instant::ORIGIN, node, generation: 1, event: Event::Isolated });
        }
        log
    }

    /// What is left to read: each event's node, and how many it says are lost.
    fn rest(log: &mut EventLog) -> Vec<(usize, u64)> {
        core::iter::from_fn(|| log.read())
            .map(|observed| match observed.event {
                Event::Lagged { missed } => (observed.node, missed),
                _ => (observed.node, 0),
            })
            .collect()
    }

    #[test]
    fn who_reads_late_is_told_how_many_events_of_each_node_are_lost_and_then_the_rest() {
        let mut log = log_of(3, [0, 1, 0, 2, 3, 4]);
        assert_eq!(log.iter().map(|observed| observed.node).collect::<Vec<_>>(), [2, 3, 4]);
        assert_eq!(rest(&mut log), [(0, 2), (1, 1), (2, 0), (3, 0), (4, 0)]);
        log.push(Observed { at: Instant::ORIGIN, node: 5, generation: 1, event: Event::Isolated });
        assert_eq!(rest(&mut log), [(5, 0)], "what was read is not lost");
    }

    #[test]
    fn a_log_that_keeps_nothing_says_so() {
        assert_eq!(rest(&mut log_of(0, [0, 0, 1])), [(0, 2), (1, 1)]);
    }
}
