//! Who should have heard which user event and which query, and did, and whose answers arrived: [`Announcements`] keeps
//! what was sent; the account is a [`Deliveries`].
//!
//! Both are owed to every process that ran when they were sent and still does, and of who heard a query an answer is owed to
//! who asked. They travel by gossip, as broadcasts do, so what may be expected is a share (docs/OPERATIONS.md): see
//! [`expect::announcements_heard`](crate::expect::announcements_heard). An answer is one packet, so losses lose answers.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use swim_core::{Event, Instant, LamportTime, QueryId};

use crate::deliveries::{Deliveries, Missed, News};
use crate::log::Observed;
use crate::name;

/// So many are remembered; the oldest make room.
const MOST: usize = 4_096;

/// What a core accepted.
#[derive(Clone, Debug)]
pub(crate) enum Announcement {
    /// A user event. Those with equal names, payloads and times are one.
    UserEvent { time: LamportTime, name: Arc<str>, payload: Arc<[u8]> },
    /// A query of everyone. What others are asked bears a number of their own, so queries of one node with equal names are
    /// not told apart.
    Query { id: QueryId, asker: usize, name: Arc<str> },
}

impl Announcement {
    /// Whether a user's being told this is hearing of it.
    fn is_heard_by(&self, event: &Event) -> bool {
        match (self, event) {
            (
                Self::UserEvent { time, name, payload },
                Event::UserEvent { time: at, name: called, payload: said, .. },
            ) => (time, name, payload) == (at, called, said),
            (Self::Query { asker, name, .. }, Event::Query { from, name: called, .. }) => {
                name == called && name::number(from) == Some(*asker)
            }
            _ => false,
        }
    }
}

#[derive(Clone, Debug)]
struct Accepted {
    at: Instant,
    sender: usize,
    what: Announcement,
    /// Node -> the generation of the process that ran there, if one did.
    owed: Vec<Option<u32>>,
}

/// The user events and queries that were sent.
#[derive(Clone, Debug, Default)]
pub(crate) struct Announcements {
    sent: VecDeque<Accepted>,
}

impl Announcements {
    /// A core accepted something; `running` are the generations of the processes that run now.
    pub(crate) fn accepted(&mut self, at: Instant, sender: usize, what: Announcement, running: Vec<Option<u32>>) {
        if self.sent.len() == MOST {
            self.sent.pop_front();
        }
        self.sent.push_back(Accepted { at, sender, what, owed: running });
    }

    /// The account of what was sent from an instant on; `running` are the generations of the processes that run now.
    pub(crate) fn account<'a>(
        &self,
        since: Instant,
        running: &[Option<u32>],
        log: &(impl Iterator<Item = &'a Observed> + Clone),
    ) -> Deliveries {
        let mut deliveries = Deliveries::default();
        for accepted in self.sent.iter().filter(|accepted| accepted.at >= since) {
            let told = log.clone().filter(|observed| observed.at >= accepted.at);
            let is_heard = |observed: &&Observed| accepted.what.is_heard_by(&observed.event);
            let heard: BTreeSet<_> = told.clone().filter(is_heard).map(|it| (it.node, it.generation)).collect();
            // Who asked must still be there for an answer to be owed.
            let asks = running.get(accepted.sender).copied().flatten();
            let asks = asks.is_some() && accepted.owed.get(accepted.sender).copied().flatten() == asks;
            let answered = accepted.answered(told);
            for (node, owed) in accepted.owed.iter().enumerate() {
                let Some(generation) = owed.filter(|_| node != accepted.sender && running.get(node) == Some(owed))
                else {
                    continue;
                };
                let has_heard = heard.contains(&(node, generation));
                let (at, sender) = (accepted.at, accepted.sender);
                deliveries.note(has_heard, Missed { at, sender, node, news: accepted.news() });
                if has_heard && asks && matches!(accepted.what, Announcement::Query { .. }) {
                    let is_answered = answered.contains(&node);
                    deliveries.note(is_answered, Missed { at, sender: node, node: sender, news: News::Answer });
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

    /// Who has answered, as who asked was told. Not who has said that the query arrived: when all have answered, the query is
    /// over, and an ack that was overtaken by its answer is too late.
    fn answered<'a>(&self, told: impl Iterator<Item = &'a Observed>) -> BTreeSet<usize> {
        let Announcement::Query { id: asked, .. } = self.what else { return BTreeSet::new() };
        let told = told.filter(|observed| observed.node == self.sender);
        told.filter_map(|observed| match &observed.event {
            Event::QueryResponse { id, from, .. } if *id == asked => name::number(from),
            _ => None,
        })
        .collect()
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
        told(node, Event::UserEvent { time: LamportTime::new(time), from: None, name, payload, coalesce: false })
    }

    fn asked(node: usize) -> Observed {
        let (name, payload) = (Arc::from("who?"), Arc::from(&b""[..]));
        told(node, Event::Query { id: QueryId(70), from: name::numbered(0), name, payload, deadline: AT })
    }

    fn answer(from: usize) -> Observed {
        told(0, Event::QueryResponse { id: QueryId(3), from: name::numbered(from), payload: Arc::from(&b"x"[..]) })
    }

    fn account(what: Announcement, log: &[Observed]) -> Deliveries {
        let mut announcements = Announcements::default();
        // Node 3 was not there, and node 4 has restarted.
        announcements.accepted(AT, 0, what, vec![Some(1), Some(1), Some(1), None, Some(1)]);
        let running = [Some(1), Some(1), Some(1), Some(1), Some(2)];
        assert_eq!(announcements.account(Instant::from_millis(6), &running, &log.iter()).owed, 0);
        announcements.account(Instant::ORIGIN, &running, &log.iter())
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
        assert!(lost.to_string().contains("node-2 did not hear the event that node-0 sent at 0.005s"), "{lost}");
    }

    #[test]
    fn a_planted_loss_of_a_query_or_of_its_answer_is_caught() {
        let what = || Announcement::Query { id: QueryId(3), asker: 0, name: Arc::from("who?") };
        let all = [asked(1), asked(2), answer(1), answer(2)];
        assert_eq!((account(what(), &all).owed, account(what(), &all).missed.len()), (4, 0));
        let unheard = account(what(), &[asked(1), answer(1)]);
        assert_eq!(unheard.missed, [Missed { at: AT, sender: 0, node: 2, news: News::Query }]);
        assert_eq!(unheard.owed, 3, "no answer is owed by who was not asked");
        let unanswered = account(what(), &all[..3]);
        assert_eq!(unanswered.missed, [Missed { at: AT, sender: 2, node: 0, news: News::Answer }]);
    }
}
