//! Deliveries of broadcasts, owed and made: [`Broadcasts`] keeps what was sent, [`Deliveries`] is
//! the account.
//!
//! A broadcast is owed to every node whose process ran when it was sent and still does. The
//! protocol promises no delivery: each node passes a broadcast on λ * log10(n + 1) times, so one
//! misses it with about e to the minus that, times the share of packets that arrive, and nobody
//! makes up for it. What may be expected is therefore a share: see
//! [`expect::broadcasts_delivered`](crate::expect::broadcasts_delivered).

use core::fmt;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use swim_core::{Event, Instant};

use super::log::Observed;
use crate::ground::name;
use crate::ground::node_set::NodeSet;

/// So many broadcasts are remembered; the oldest make room.
const MOST: usize = 4_096;

/// So many misses are printed.
const PRINTED: usize = 16;

/// A broadcast that a core accepted, and the processes to which it is owed.
#[derive(Clone, Debug)]
struct Accepted {
    at: Instant,
    sender: usize,
    /// Node -> the generation of the process that ran there, if one did.
    owed: Vec<Option<u32>>,
    /// The nodes where the process to which it is owed told its user.
    heard: NodeSet,
    /// The nodes where any process told its user.
    told: NodeSet,
}

/// The number of the sender's name, and the payload.
type Content = (usize, Arc<[u8]>);

/// The broadcasts that were sent, in their order, and who was told. A payload that one sender
/// repeats is told once for each time, so a telling counts for the oldest of them that is still
/// owed to the process.
#[derive(Clone, Debug, Default)]
pub(crate) struct Broadcasts {
    sent: VecDeque<(Content, Accepted)>,
    /// How many were forgotten: the running number of the first that is there.
    forgotten: u64,
    /// Content -> running numbers.
    numbers: BTreeMap<Content, VecDeque<u64>>,
}

impl Broadcasts {
    /// A core accepted a broadcast of the node `sender`, whose name has the number `origin`;
    /// `running` are the generations of the processes that run now.
    pub(crate) fn accepted(
        &mut self,
        at: Instant,
        (sender, origin): (usize, usize),
        payload: &[u8],
        running: Vec<Option<u32>>,
    ) {
        if self.sent.len() == MOST {
            self.forget_the_oldest();
        }
        let content: Content = (origin, Arc::from(payload));
        let number = self.forgotten + self.sent.len() as u64;
        self.numbers.entry(content.clone()).or_default().push_back(number);
        let (heard, told) = (NodeSet::default(), NodeSet::default());
        self.sent.push_back((content, Accepted { at, sender, owed: running, heard, told }));
    }

    fn forget_the_oldest(&mut self) {
        let Some((content, _)) = self.sent.pop_front() else { return };
        self.forgotten += 1;
        if let Some(numbers) = self.numbers.get_mut(&content) {
            numbers.pop_front();
            if numbers.is_empty() {
                self.numbers.remove(&content);
            }
        }
    }

    /// A user was told something.
    pub(crate) fn told(&mut self, observed: &Observed) {
        let Event::Broadcast { from, payload } = &observed.event else { return };
        let Some(origin) = name::number(from) else { return };
        let Some(numbers) = self.numbers.get(&(origin, Arc::clone(payload))) else { return };
        let mut places = numbers.iter().map(|number| (number - self.forgotten) as usize);
        let node = observed.node;
        let is_owed = |accepted: &Accepted| {
            accepted.owed.get(node).copied().flatten() == Some(observed.generation)
        };
        let oldest = places.clone().find(|&place| {
            is_owed(&self.sent[place].1) && !self.sent[place].1.heard.contains(node)
        });
        if let Some(place) = oldest {
            self.sent[place].1.heard.insert(node);
        }
        if let Some(place) = oldest.or_else(|| places.next_back()) {
            self.sent[place].1.told.insert(node);
        }
    }

    /// The account of what was sent from an instant on; `running` are the generations of the
    /// processes that run now.
    pub(crate) fn account(&self, since: Instant, running: &[Option<u32>]) -> Deliveries {
        let mut deliveries = Deliveries::default();
        for (_, accepted) in self.sent.iter().filter(|(_, accepted)| accepted.at >= since) {
            let (at, sender) = (accepted.at, accepted.sender);
            for node in accepted.owed_to(running) {
                deliveries.note(
                    accepted.heard.contains(node),
                    Missed { at, sender, node, news: News::Broadcast },
                );
            }
        }
        deliveries
    }

    /// Which nodes that run, but the sender, lack one of the broadcasts of a payload that are owed
    /// to them, or were told of none; `None` if no such broadcast is known.
    pub(crate) fn deaf(
        &self,
        origin: usize,
        payload: &[u8],
        running: &[Option<u32>],
    ) -> Option<Vec<usize>> {
        let numbers = self.numbers.get(&(origin, Arc::from(payload)))?;
        let all = || numbers.iter().map(|number| &self.sent[(number - self.forgotten) as usize].1);
        let has_heard = |node: usize| {
            let mut owed = all()
                .filter(|accepted| accepted.owed_to(running).any(|other| other == node))
                .peekable();
            match owed.peek() {
                Some(_) => owed.all(|accepted| accepted.heard.contains(node)),
                None => {
                    all().any(|accepted| accepted.told.contains(node) || accepted.sender == node)
                }
            }
        };
        let runs = running
            .iter()
            .enumerate()
            .filter(|(_, generation)| generation.is_some())
            .map(|(node, _)| node);
        Some(runs.filter(|&node| !has_heard(node)).collect())
    }
}

impl Accepted {
    /// The nodes whose processes ran when it was sent and still do, but its sender.
    fn owed_to<'a>(&'a self, running: &'a [Option<u32>]) -> impl Iterator<Item = usize> + 'a {
        let owed = self.owed.iter().enumerate();
        let is_owed = |(node, owed): &(usize, &Option<u32>)| {
            owed.is_some() && *node != self.sender && running.get(*node) == Some(owed)
        };
        owed.filter(is_owed).map(|(node, _)| node)
    }
}

/// A kind of message that one node sends and others are to be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum News {
    /// A broadcast.
    Broadcast,
    /// A user event.
    UserEvent,
    /// A query.
    Query,
    /// The answer to a query; its sender is who was asked, and the time that of the query.
    Answer,
}

/// Something that a node should have heard and did not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Missed {
    /// When it was sent.
    pub at: Instant,
    /// The sender.
    pub sender: usize,
    /// The node that was not told.
    pub node: usize,
    /// The kind of message.
    pub news: News,
}

/// How many broadcasts, or user events and queries, should have been heard, by how many nodes each,
/// and which were not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Deliveries {
    /// Every one of them times every node that should have heard it.
    pub owed: usize,
    /// Those that were missed.
    pub missed: Vec<Missed>,
}

impl Deliveries {
    /// One more was owed.
    pub(crate) fn note(&mut self, is_heard: bool, otherwise: Missed) {
        self.owed += 1;
        if !is_heard {
            self.missed.push(otherwise);
        }
    }

    /// Returns true if at least so many of 1,000 were heard.
    #[must_use]
    pub fn are_at_least(&self, permille: u16) -> bool {
        (self.owed - self.missed.len()) * 1_000 >= self.owed * usize::from(permille)
    }
}

impl fmt::Display for Deliveries {
    /// How many were missed, and which.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} deliveries are missing", self.missed.len(), self.owed)?;
        for missed in self.missed.iter().take(PRINTED) {
            let Missed { at, sender, node, news } = missed;
            match news {
                News::Broadcast => {
                    write!(f, "; node-{node} did not hear what node-{sender} sent at {at}")?;
                }
                News::UserEvent => write!(
                    f,
                    "; node-{node} did not hear the event that node-{sender} sent at {at}"
                )?,
                News::Query => {
                    write!(f, "; node-{node} did not hear what node-{sender} asked at {at}")?;
                }
                News::Answer => write!(
                    f,
                    "; node-{node} did not get node-{sender}'s answer to what it asked at {at}"
                )?,
            }
        }
        if self.missed.len() > PRINTED { f.write_str("; and others") } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(
        broadcasts: &mut Broadcasts,
        node: usize,
        generation: u32,
        from: usize,
        payload: &[u8],
    ) {
        let event = Event::Broadcast { from: name::numbered(from), payload: Arc::from(payload) };
        broadcasts.told(&Observed { at: Instant::from_millis(5), node, generation, event });
    }

    #[test]
    fn a_broadcast_is_owed_to_processes_that_were_there_and_still_are() {
        let mut broadcasts = Broadcasts::default();
        let at = Instant::from_millis(5);
        // Node 0 sends; 1 hears it; 2 has restarted; 3 was not there; 4 misses it.
        broadcasts.accepted(at, (0, 0), b"news", vec![Some(1), Some(1), Some(1), None, Some(3)]);
        told(&mut broadcasts, 1, 1, 0, b"news");
        let running = [Some(1), Some(1), Some(2), Some(1), Some(3)];
        let deliveries = broadcasts.account(Instant::ORIGIN, &running);
        assert_eq!(
            deliveries,
            Deliveries {
                owed: 2,
                missed: vec![Missed { at, sender: 0, node: 4, news: News::Broadcast }]
            }
        );
        assert!(deliveries.are_at_least(500) && !deliveries.are_at_least(501));
        let text = "1 of 2 deliveries are missing; node-4 did not hear what node-0 sent at 0.005s";
        assert_eq!(deliveries.to_string(), text);
        assert_eq!(broadcasts.account(Instant::from_millis(6), &running).owed, 0);
        assert_eq!(broadcasts.deaf(0, b"news", &running), Some(vec![2, 3, 4]));
        told(&mut broadcasts, 3, 1, 0, b"news");
        assert_eq!(
            broadcasts.deaf(0, b"news", &running),
            Some(vec![2, 4]),
            "told of what is not owed to it"
        );
        assert_eq!(broadcasts.deaf(1, b"news", &running), None, "nobody sent that");
    }

    #[test]
    fn neither_a_repeated_payload_nor_another_sender_of_it_hides_a_loss() {
        let mut broadcasts = Broadcasts::default();
        let running = [Some(1); 3];
        for sender in [0, 0, 1] {
            broadcasts.accepted(
                Instant::from_millis(5),
                (sender, sender),
                b"news",
                running.to_vec(),
            );
        }
        told(&mut broadcasts, 1, 1, 0, b"news");
        told(&mut broadcasts, 1, 1, 0, b"news");
        told(&mut broadcasts, 2, 1, 0, b"news");
        told(&mut broadcasts, 2, 1, 1, b"news");
        let missed = broadcasts.account(Instant::ORIGIN, &running).missed;
        let missed: Vec<_> = missed.iter().map(|missed| (missed.sender, missed.node)).collect();
        assert_eq!(missed, [(0, 2), (1, 0)]);
        assert_eq!(broadcasts.deaf(0, b"news", &running), Some(vec![2]));
    }

    #[test]
    fn the_oldest_broadcasts_are_forgotten() {
        let mut broadcasts = Broadcasts::default();
        for number in 0..MOST + 5 {
            broadcasts.accepted(
                Instant::ORIGIN,
                (0, 0),
                &[u8::from(number < 5)],
                vec![Some(1), Some(1)],
            );
        }
        assert_eq!(broadcasts.sent.len(), MOST);
        assert_eq!(broadcasts.numbers.len(), 1);
        told(&mut broadcasts, 1, 1, 0, &[0]);
        assert!(broadcasts.sent[0].1.heard.contains(1));
    }
}
