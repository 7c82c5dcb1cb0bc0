//! What happens next: the one order of everything in a run.
//!
//! Two kinds of entry share one clock and one emission counter: occurrences (a packet arrives, a
//! fault strikes), each of which happens once, and timeouts, of which each node has at most one,
//! kept current in place. Entries of the same instant come in the order in which they were emitted.
//! The agenda knows nothing of what its entries mean.

mod occurrences;
mod timeouts;

use swim_core::Instant;

use self::occurrences::Occurrences;
use self::timeouts::Timeouts;

/// When something is due: by time, and at equal times by emission.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    at: Instant,
    emission: u64,
}

/// What the agenda yields.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Due<T> {
    /// The node's timeout; it has none until the next [`Agenda::set_timeout`].
    Timeout(usize),
    /// Something that was put on the agenda once.
    Occurrence(T),
}

/// The entries that are still to come.
#[derive(Debug)]
pub(crate) struct Agenda<T> {
    occurrences: Occurrences<T>,
    timeouts: Timeouts,
    emitted: u64,
}

impl<T> Agenda<T> {
    pub(crate) fn new() -> Self {
        Self { occurrences: Occurrences::new(), timeouts: Timeouts::new(), emitted: 0 }
    }

    /// Puts an occurrence on the agenda.
    pub(crate) fn put(&mut self, at: Instant, occurrence: T) {
        let key = self.key(at);
        self.occurrences.push(key, occurrence);
    }

    /// Sets, moves or takes away a node's timeout. Setting it to the instant that it has changes
    /// nothing, its place among equal instants included.
    pub(crate) fn set_timeout(&mut self, node: usize, at: Option<Instant>) {
        if self.timeouts.at(node) == at {
            return;
        }
        match at {
            Some(at) => {
                let key = self.key(at);
                self.timeouts.set(node, key);
            }
            None => self.timeouts.remove(node),
        }
    }

    /// When the next entry is due.
    pub(crate) fn next_at(&self) -> Option<Instant> {
        let (timeout, occurrence) = (self.timeouts.first(), self.occurrences.first());
        timeout.into_iter().chain(occurrence).min().map(|key| key.at)
    }

    /// Takes the next entry.
    pub(crate) fn take(&mut self) -> Option<(Instant, Due<T>)> {
        let (timeout, occurrence) = (self.timeouts.first(), self.occurrences.first());
        if timeout.is_some_and(|timeout| occurrence.is_none_or(|occurrence| timeout < occurrence)) {
            let (key, node) = self.timeouts.pop()?;
            Some((key.at, Due::Timeout(node)))
        } else {
            let (key, occurrence) = self.occurrences.pop()?;
            Some((key.at, Due::Occurrence(occurrence)))
        }
    }

    fn key(&mut self, at: Instant) -> Key {
        self.emitted += 1;
        Key { at, emission: self.emitted }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(milliseconds: u64) -> Instant {
        Instant::from_millis(milliseconds)
    }

    fn drain(agenda: &mut Agenda<&'static str>) -> Vec<(Instant, Due<&'static str>)> {
        core::iter::from_fn(|| agenda.take()).collect()
    }

    #[test]
    fn equal_instants_come_in_the_order_of_emission_whatever_their_kind() {
        let mut agenda = Agenda::new();
        agenda.put(ms(5), "a");
        agenda.set_timeout(1, Some(ms(5)));
        agenda.put(ms(5), "b");
        agenda.set_timeout(0, Some(ms(5)));
        agenda.put(ms(1), "first");
        assert_eq!(agenda.next_at(), Some(ms(1)));
        let order = [
            Due::Occurrence("first"),
            Due::Occurrence("a"),
            Due::Timeout(1),
            Due::Occurrence("b"),
            Due::Timeout(0),
        ];
        assert_eq!(drain(&mut agenda).into_iter().map(|(_, due)| due).collect::<Vec<_>>(), order);
        assert_eq!(agenda.next_at(), None);
    }

    #[test]
    fn a_node_has_one_timeout_and_the_last_one_set_counts() {
        let mut agenda = Agenda::<&str>::new();
        for at in [9, 3, 7] {
            agenda.set_timeout(4, Some(ms(at)));
        }
        agenda.set_timeout(2, Some(ms(1)));
        agenda.set_timeout(2, None);
        assert_eq!(drain(&mut agenda), [(ms(7), Due::Timeout(4))]);
    }

    #[test]
    fn a_timeout_set_to_the_same_instant_keeps_its_place() {
        let mut agenda = Agenda::<&str>::new();
        agenda.set_timeout(0, Some(ms(1)));
        agenda.set_timeout(1, Some(ms(1)));
        agenda.set_timeout(0, Some(ms(1)));
        assert_eq!(drain(&mut agenda), [(ms(1), Due::Timeout(0)), (ms(1), Due::Timeout(1))]);
    }
}
