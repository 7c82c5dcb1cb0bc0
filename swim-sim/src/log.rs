//! What the nodes told their users, in order: a bounded log of events with their time and node.

use std::collections::VecDeque;

use swim_core::{Event, Instant};

/// An event, when and where it was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observed {
    /// When.
    pub at: Instant,
    /// The node whose user was told.
    pub node: usize,
    /// The how-manieth process at that node told it, from 1: after a restart another one does, with nothing remembered.
    pub generation: u32,
    /// What.
    pub event: Event,
}

/// The newest events of all nodes.
#[derive(Clone, Debug)]
pub(crate) struct EventLog {
    kept: VecDeque<Observed>,
    most: usize,
    /// How many older ones are gone.
    forgotten: u64,
}

impl EventLog {
    pub(crate) const fn new(most: usize) -> Self {
        Self { kept: VecDeque::new(), most, forgotten: 0 }
    }

    pub(crate) fn push(&mut self, observed: Observed) {
        if self.kept.len() >= self.most {
            self.kept.pop_front();
            self.forgotten += 1;
        }
        if self.most > 0 {
            self.kept.push_back(observed);
        }
    }

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &Observed> + Clone {
        self.kept.iter()
    }

    /// The event with a running number (from 0), if it is here already and still.
    pub(crate) fn numbered(&self, number: u64) -> Option<&Observed> {
        self.kept.get(usize::try_from(number.checked_sub(self.forgotten)?).ok()?)
    }

    /// The running number that the next event will have.
    pub(crate) fn next_number(&self) -> u64 {
        self.forgotten + self.kept.len() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_events_make_room_and_numbers_stay() {
        let mut log = EventLog::new(3);
        for node in 0..5 {
            log.push(Observed { at: Instant::ORIGIN, node, generation: 1, event: Event::Isolated });
        }
        assert_eq!(log.iter().map(|observed| observed.node).collect::<Vec<_>>(), [2, 3, 4]);
        assert_eq!(log.numbered(1), None);
        assert_eq!(log.numbered(3).map(|observed| observed.node), Some(3));
        assert_eq!((log.numbered(5), log.next_number()), (None, 5));
    }
}
