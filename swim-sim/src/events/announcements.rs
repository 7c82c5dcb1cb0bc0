//! Deliveries of user events, queries and answers, owed and made: [`Announcements`] keeps what was
//! sent; the account is a [`Deliveries`].
//!
//! Both are owed to every process that ran when they were sent and still does, and of who heard a
//! query an answer is owed to who asked. They travel by gossip, as broadcasts do, so what may be
//! expected is a share (docs/OPERATIONS.md): see
//! [`expect::announcements_heard`](crate::expect::announcements_heard). An answer is one packet, so
//! losses lose answers.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use swim_core::{Event, Instant, LamportTime, QueryId};

use super::deliveries::{Deliveries, Missed, News};
use super::log::Observed;
use crate::ground::name;
use crate::ground::node_set::NodeSet;

/// So many are remembered; the oldest make room.
const MOST: usize = 4_096;

/// A user event or a query that a core accepted.
#[derive(Clone, Debug)]
pub(crate) enum Announcement {
    /// A user event.
    UserEvent { time: LamportTime, name: Arc<str>, payload: Arc<[u8]> },
    /// A query of everyone. What others are asked bears a number of their own, so of queries of one
    /// node with equal names a telling counts for the oldest that is still owed.
    Query { id: QueryId, name: Arc<str> },
}

/// By what a telling is matched with what was sent.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Content {
    Event(LamportTime, Arc<str>, Arc<[u8]>),
    /// The number of the asker's name, and the query's.
    Question(usize, Arc<str>),
}

#[derive(Clone, Debug)]
struct Accepted {
    at: Instant,
    sender: usize,
    /// The number of the sender's name.
    origin: usize,
    what: Announcement,
    /// Node -> the generation of the process that ran there, if one did.
    owed: Vec<Option<u32>>,
    /// The nodes where the process to which it is owed told its user.
    heard: NodeSet,
    /// The numbers in the names of those who answered, as who asked was told. Not of those who said
    /// that the query arrived: when all have answered, the query is over, and an ack that was
    /// overtaken by its answer is too late.
    answered: NodeSet,
}

/// The user events and queries that were sent, and who was told.
#[derive(Clone, Debug, Default)]
pub(crate) struct Announcements {
    sent: VecDeque<Accepted>,
    /// How many were forgotten: the running number of the first that is there.
    forgotten: u64,
    /// Content -> running numbers.
    numbers: BTreeMap<Content, VecDeque<u64>>,
    /// Node and query -> running number.
    asked: BTreeMap<(usize, QueryId), u64>,
}

impl Announcements {
    /// A core accepted something of the node `sender`, whose name has the number `origin`;
    /// `running` are the generations of the processes that run now.
    pub(crate) fn accepted(
        &mut self,
        at: Instant,
        (sender, origin): (usize, usize),
        what: Announcement,
        running: Vec<Option<u32>>,
    ) {
        if self.sent.len() == MOST {
            self.forget_the_oldest();
        }
        let number = self.forgotten + self.sent.len() as u64;
        if let Announcement::Query { id, .. } = what {
            self.asked.insert((sender, id), number);
        }
        let (heard, answered) = (NodeSet::default(), NodeSet::default());
        let accepted = Accepted { at, sender, origin, what, owed: running, heard, answered };
        self.numbers.entry(accepted.content()).or_default().push_back(number);
        self.sent.push_back(accepted);
    }

    fn forget_the_oldest(&mut self) {
        let Some(oldest) = self.sent.pop_front() else { return };
        let content = oldest.content();
        if let Some(numbers) = self.numbers.get_mut(&content) {
            numbers.pop_front();
            if numbers.is_empty() {
                self.numbers.remove(&content);
            }
        }
        if let Announcement::Query { id, .. } = oldest.what
            && self.asked.get(&(oldest.sender, id)) == Some(&self.forgotten)
        {
            self.asked.remove(&(oldest.sender, id));
        }
        self.forgotten += 1;
    }

    /// A user was told something.
    pub(crate) fn told(&mut self, observed: &Observed) {
        let (content, origin) = match &observed.event {
            Event::UserEvent { time, from, name, payload, .. } => {
                let origin = from.as_ref().and_then(|from| name::number(from));
                (Content::Event(*time, Arc::clone(name), Arc::clone(payload)), origin)
            }
            Event::Query { from, name, .. } => {
                let Some(asker) = name::number(from) else { return };
                (Content::Question(asker, Arc::clone(name)), Some(asker))
            }
            Event::QueryResponse { id, from, .. } => {
                let number = self.asked.get(&(observed.node, *id)).copied();
                let (Some(number), Some(from)) = (number, name::number(from)) else { return };
                self.sent[(number - self.forgotten) as usize].answered.insert(from);
                return;
            }
            _ => return,
        };
        let node = observed.node;
        for number in self.numbers.get(&content).into_iter().flatten() {
            let accepted = &mut self.sent[(number - self.forgotten) as usize];
            let is_owed = accepted.owed.get(node).copied().flatten() == Some(observed.generation);
            let is_of_origin = origin.is_none_or(|origin| origin == accepted.origin);
            // On serf's wire an event does not say who sent it: equal ones are one.
            if is_owed && is_of_origin && accepted.heard.insert(node) && origin.is_some() {
                return;
            }
        }
    }

    /// The account of what was sent from an instant on; `running` are the generations of the
    /// processes that run now.
    pub(crate) fn account(&self, since: Instant, running: &[Option<u32>]) -> Deliveries {
        let mut deliveries = Deliveries::default();
        for accepted in self.sent.iter().filter(|accepted| accepted.at >= since) {
            let (at, sender) = (accepted.at, accepted.sender);
            // The asker must still be there for an answer to be owed.
            let asks = running.get(sender).copied().flatten();
            let asks = asks.is_some() && accepted.owed.get(sender).copied().flatten() == asks;
            for (node, owed) in accepted.owed.iter().enumerate() {
                if owed.is_none() || node == sender || running.get(node) != Some(owed) {
                    continue;
                }
                let has_heard = accepted.heard.contains(node);
                deliveries.note(has_heard, Missed { at, sender, node, news: accepted.news() });
                if has_heard && asks && matches!(accepted.what, Announcement::Query { .. }) {
                    let is_answered = accepted.answered.contains(node);
                    deliveries.note(
                        is_answered,
                        Missed { at, sender: node, node: sender, news: News::Answer },
                    );
                }
            }
        }
        deliveries
    }
}

impl Accepted {
    const fn news(&self) -> News {
        match self.what {
            Announcement::UserEvent { .. } => News::UserEvent,
            Announcement::Query { .. } => News::Query,
        }
    }

    fn content(&self) -> Content {
        match &self.what {
            Announcement::UserEvent { time, name, payload } => {
                Content::Event(*time, Arc::clone(name), Arc::clone(payload))
            }
            Announcement::Query { name, .. } => Content::Question(self.origin, Arc::clone(name)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: Instant = Instant::from_millis(5);

    fn told(node: usize, event: Event) -> Observed {
        Observed { at: AT, node, generation: 1, event }
    }

    fn event_at(time: u64, node: usize) -> Observed {
        let (name, payload) = (Arc::from("deploy"), Arc::from(&b"v1"[..]));
        told(
            node,
            Event::UserEvent {
                time: LamportTime::new(time),
                from: None,
                name,
                payload,
                coalesce: false,
            },
        )
    }

    fn asked(node: usize) -> Observed {
        let (name, payload) = (Arc::from("who?"), Arc::from(&b""[..]));
        told(
            node,
            Event::Query { id: QueryId(70), from: name::numbered(0), name, payload, deadline: AT },
        )
    }

    fn answer(from: usize) -> Observed {
        told(
            0,
            Event::QueryResponse {
                id: QueryId(3),
                from: name::numbered(from),
                payload: Arc::from(&b"x"[..]),
            },
        )
    }

    fn account(what: Announcement, log: &[Observed]) -> Deliveries {
        let mut announcements = Announcements::default();
        // Node 3 was not there, and node 4 has restarted.
        announcements.accepted(AT, (0, 0), what, vec![Some(1), Some(1), Some(1), None, Some(1)]);
        let running = [Some(1), Some(1), Some(1), Some(1), Some(2)];
        log.iter().for_each(|observed| announcements.told(observed));
        assert_eq!(announcements.account(Instant::from_millis(6), &running).owed, 0);
        announcements.account(Instant::ORIGIN, &running)
    }

    #[test]
    fn a_planted_loss_of_a_user_event_is_caught() {
        let what = Announcement::UserEvent {
            time: LamportTime::new(9),
            name: Arc::from("deploy"),
            payload: Arc::from(&b"v1"[..]),
        };
        let all = account(what.clone(), &[event_at(9, 1), event_at(9, 2)]);
        assert_eq!((all.owed, all.missed.len()), (2, 0));
        let lost = account(what, &[event_at(9, 1), event_at(8, 2)]);
        assert_eq!(lost.missed, [Missed { at: AT, sender: 0, node: 2, news: News::UserEvent }]);
        assert!(
            lost.to_string().contains("node-2 did not hear the event that node-0 sent at 0.005s"),
            "{lost}"
        );
    }

    #[test]
    fn a_planted_loss_of_a_query_or_of_its_answer_is_caught() {
        let what = || Announcement::Query { id: QueryId(3), name: Arc::from("who?") };
        let all = [asked(1), asked(2), answer(1), answer(2)];
        assert_eq!((account(what(), &all).owed, account(what(), &all).missed.len()), (4, 0));
        let unheard = account(what(), &[asked(1), answer(1)]);
        assert_eq!(unheard.missed, [Missed { at: AT, sender: 0, node: 2, news: News::Query }]);
        assert_eq!(unheard.owed, 3, "no answer is owed by who was not asked");
        let unanswered = account(what(), &all[..3]);
        assert_eq!(unanswered.missed, [Missed { at: AT, sender: 2, node: 0, news: News::Answer }]);
    }
}
