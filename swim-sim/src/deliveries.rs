//! Who should have heard which broadcast, and did: [`Broadcasts`] keeps what was sent, [`Deliveries`] is the account.
//!
//! A broadcast is owed to every node whose process ran when it was sent and still does. The protocol promises no
//! delivery: each node passes a broadcast on λ * log10(n + 1) times, so one misses it with about e to the minus that,
//! times the share of packets that arrive, and nobody makes up for it. What may be expected is therefore a share:
//! see [`expect::broadcasts_delivered`](crate::expect::broadcasts_delivered).

use core::fmt;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use swim_core::{Event, Instant};

use crate::log::Observed;

/// So many broadcasts are remembered; the oldest make room.
const MOST: usize = 4_096;

/// So many misses are printed.
const PRINTED: usize = 16;

/// A broadcast that a core accepted, and the processes to which it is owed.
#[derive(Clone, Debug)]
struct Accepted {
    at: Instant,
    sender: usize,
    payload: Arc<[u8]>,
    /// Node -> the generation of the process that ran there, if one did.
    owed: Vec<Option<u32>>,
}

/// The broadcasts that were sent.
#[derive(Clone, Debug, Default)]
pub(crate) struct Broadcasts {
    sent: VecDeque<Accepted>,
}

impl Broadcasts {
    /// A core accepted a broadcast; `running` are the generations of the processes that run now.
    pub(crate) fn accepted(&mut self, at: Instant, sender: usize, payload: &[u8], running: Vec<Option<u32>>) {
        if self.sent.len() == MOST {
            self.sent.pop_front();
        }
        self.sent.push_back(Accepted { at, sender, payload: Arc::from(payload), owed: running });
    }

    /// The account of what was sent from an instant on; `running` are the generations of the processes that run now.
    pub(crate) fn account<'a>(
        &self,
        since: Instant,
        running: &[Option<u32>],
        log: impl Iterator<Item = &'a Observed>,
    ) -> Deliveries {
        let mut heard: BTreeMap<&[u8], Vec<(usize, u32)>> = BTreeMap::new();
        for observed in log {
            if let Event::Broadcast { payload, .. } = &observed.event {
                heard.entry(payload).or_default().push((observed.node, observed.generation));
            }
        }
        let mut deliveries = Deliveries::default();
        for accepted in self.sent.iter().filter(|accepted| accepted.at >= since) {
            let hearers = heard.get(&*accepted.payload);
            for (node, owed) in accepted.owed.iter().enumerate() {
                let Some(generation) = owed.filter(|_| node != accepted.sender && running.get(node) == Some(owed))
                else {
                    continue;
                };
                let is_heard = hearers.is_some_and(|hearers| hearers.contains(&(node, generation)));
                let (at, sender) = (accepted.at, accepted.sender);
                deliveries.note(is_heard, Missed { at, sender, node, news: News::Broadcast });
            }
        }
        deliveries
    }
}

/// What is said by one and to be heard by another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
    /// Who sent it.
    pub sender: usize,
    /// Who did not hear it.
    pub node: usize,
    /// What.
    pub news: News,
}

/// How many broadcasts, or user events and queries, should have been heard, by how many nodes each, and which were not. Broadcasts with equal payloads
/// are not told apart.
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

    /// Whether at least so many of 1,000 were heard.
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
                News::Broadcast => write!(f, "; node-{node} did not hear what node-{sender} sent at {at}")?,
                News::UserEvent => write!(f, "; node-{node} did not hear the event that node-{sender} sent at {at}")?,
                News::Query => write!(f, "; node-{node} did not hear what node-{sender} asked at {at}")?,
                News::Answer => write!(f, "; node-{node} did not get node-{sender}'s answer to what it asked at {at}")?,
            }
        }
        if self.missed.len() > PRINTED { f.write_str("; and others") } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broadcast_is_owed_to_processes_that_were_there_and_still_are() {
        let mut broadcasts = Broadcasts::default();
        let at = Instant::from_millis(5);
        // Node 0 sends; 1 hears it; 2 has restarted; 3 was not there; 4 misses it.
        broadcasts.accepted(at, 0, b"news", vec![Some(1), Some(1), Some(1), None, Some(3)]);
        let event = Event::Broadcast { from: crate::name::numbered(0), payload: Arc::from(&b"news"[..]) };
        let log = [Observed { at, node: 1, generation: 1, event }];
        let running = [Some(1), Some(1), Some(2), Some(1), Some(3)];
        let deliveries = broadcasts.account(Instant::ORIGIN, &running, log.iter());
        assert_eq!(
            deliveries,
            Deliveries { owed: 2, missed: vec![Missed { at, sender: 0, node: 4, news: News::Broadcast }] }
        );
        assert!(deliveries.are_at_least(500) && !deliveries.are_at_least(501));
        let text = "1 of 2 deliveries are missing; node-4 did not hear what node-0 sent at 0.005s";
        assert_eq!(deliveries.to_string(), text);
        assert_eq!(broadcasts.account(Instant::from_millis(6), &running, log.iter()).owed, 0);
    }

    #[test]
    fn the_oldest_broadcasts_are_forgotten() {
        let mut broadcasts = Broadcasts::default();
        for _ in 0..MOST + 5 {
            broadcasts.accepted(Instant::ORIGIN, 0, b"news", vec![Some(1)]);
        }
        assert_eq!(broadcasts.sent.len(), MOST);
    }
}
