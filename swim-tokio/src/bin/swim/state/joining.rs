//! What becomes of the seeds, and of the node's name: said once in the log, and held against the
//! question whether the node takes part.
//!
//! A node that was given seeds takes part once one has answered, or somebody else is known: until
//! then it may be one that cannot find its cluster, and nobody should be sent to it. One that knows
//! others by its snapshot alone waits for the first of them too; but when each of them was tried
//! and failed it is known to be alone, and takes part: it may be the only one that is left. What
//! has once taken part goes on to, although all others may fail: whether to be of use alone is for
//! the program to know, by `isolated` and the members.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use swim_tokio::{Event, ExchangeFailure, Notice, Runtime, Subscription};

/// About so many seeds the log says something.
const COMPLAINTS: usize = 64;

/// Whether the node has found its cluster.
#[derive(Clone, Debug)]
pub(crate) struct Joining(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    has_seeds: bool,
    has_joined: bool,
    /// Addresses of the snapshot that have not been tried to the end.
    untried: BTreeSet<String>,
    /// Where the node is to which this one has left its name.
    name_lost_to: Option<SocketAddr>,
    /// Seeds of which the log says that they do not answer, and nodes of which it says that they
    /// have this one's name.
    complained: BTreeSet<String>,
}

/// What the log is to say of a seed.
#[derive(Debug, PartialEq, Eq)]
enum Word {
    Silent,
    Answers,
}

impl Joining {
    /// Before the node has had time to do anything.
    pub(crate) fn new(node: &Runtime, has_seeds: bool) -> Self {
        Self::from(has_seeds, node.restored_addresses().iter().map(ToString::to_string).collect())
    }

    fn from(has_seeds: bool, untried: BTreeSet<String>) -> Self {
        Self(Arc::new(Mutex::new(State {
            has_seeds,
            has_joined: false,
            untried,
            name_lost_to: None,
            complained: BTreeSet::new(),
        })))
    }

    /// Follows what happens until the node stops.
    pub(crate) async fn watch(self, mut notices: Subscription) {
        while let Some(notice) = notices.next().await {
            match (self.note(&notice), &notice) {
                (Some(Word::Silent), Notice::Event(Event::SeedFailed { seed, failure, .. })) => {
                    let is_other = *failure == ExchangeFailure::OtherVersion;
                    let hint = if is_other {
                        " (on memberlist's wire: it is not what --versions says)"
                    } else {
                        ""
                    };
                    tracing::warn!(%seed, "a seed does not answer: {failure}{hint}; it is tried again until it does");
                }
                (Some(Word::Silent), Notice::SeedUnresolved { seed, error, .. }) => {
                    tracing::warn!(%seed, "a seed has no address: {error}; it is looked up again until it has one");
                }
                (Some(Word::Silent), Notice::Event(Event::Conflict { address })) => {
                    tracing::warn!(%address, "another node has this node's name: give one of them another (--id)");
                }
                (Some(_), Notice::Event(Event::SeedJoined { seed, .. })) => {
                    tracing::info!(%seed, "the seed answers now");
                }
                _ => {}
            }
        }
    }

    fn note(&self, notice: &Notice) -> Option<Word> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let silent = match notice {
            Notice::Event(
                Event::NameLost { address, .. }
                | Event::ConflictDecided { address, kept: false, .. },
            ) => {
                state.name_lost_to = Some(*address);
                return None;
            }
            Notice::Event(Event::NameRegained | Event::ConflictDecided { kept: true, .. }) => {
                state.name_lost_to = None;
                return None;
            }
            Notice::Event(Event::SeedFailed { seed, retry_in, .. }) => {
                let seed = seed.to_string();
                state.untried.remove(&seed);
                retry_in.is_some().then_some(seed)?
            }
            Notice::SeedUnresolved { seed, .. } => seed.to_string(),
            Notice::Event(Event::Conflict { address }) => format!("name at {address}"),
            Notice::Event(Event::SeedJoined { seed, .. }) => {
                state.has_joined = true;
                return state.complained.remove(&seed.to_string()).then_some(Word::Answers);
            }
            Notice::Event(Event::Joined(_)) => {
                state.has_joined = true;
                return None;
            }
            _ => return None,
        };
        (state.complained.len() < COMPLAINTS && state.complained.insert(silent))
            .then_some(Word::Silent)
    }

    /// Where the node is to which this one has left its name.
    pub(crate) fn name_lost_to(&self) -> Option<SocketAddr> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).name_lost_to
    }

    /// Why the node takes no part in its cluster yet, if it does not.
    pub(crate) fn obstacle(&self) -> Option<&'static str> {
        let state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if state.name_lost_to.is_some() {
            Some("the node's name is another node's")
        } else if state.has_joined {
            None
        } else if state.has_seeds {
            Some("no seed has answered yet, and no other member is known")
        } else if state.untried.is_empty() {
            None
        } else {
            Some("the members that the snapshot knows are being looked for")
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn failed(seed: &str) -> Notice {
        let retry_in = Some(Duration::from_secs(1));
        Notice::Event(Event::SeedFailed {
            seed: seed.parse().unwrap(),
            failure: ExchangeFailure::Refused,
            retry_in,
        })
    }

    #[test]
    fn a_silent_seed_is_complained_of_once_until_it_answers() {
        let joining = Joining::from(true, BTreeSet::new());
        let said: Vec<_> = (0..3).map(|_| joining.note(&failed("127.0.0.1:1"))).collect();
        assert_eq!(said, [Some(Word::Silent), None, None]);
        assert_eq!(joining.note(&failed("127.0.0.1:2")), Some(Word::Silent), "that is another one");
        let conflict = Notice::Event(Event::Conflict { address: "127.0.0.1:1".parse().unwrap() });
        assert_eq!((joining.note(&conflict), joining.note(&conflict)), (Some(Word::Silent), None));
        assert!(joining.obstacle().is_some_and(|why| why.contains("no seed has answered")));
        let answered =
            Notice::Event(Event::SeedJoined { seed: "127.0.0.1:1".parse().unwrap(), members: 2 });
        assert_eq!((joining.note(&answered), joining.note(&answered)), (Some(Word::Answers), None));
        assert_eq!(joining.obstacle(), None);
        assert_eq!(joining.note(&failed("127.0.0.1:1")), Some(Word::Silent));
        assert_eq!(joining.obstacle(), None, "it has taken part");
    }

    #[test]
    fn a_node_that_has_lost_its_name_takes_no_part_until_it_has_it_again() {
        let joining = Joining::from(false, BTreeSet::new());
        let address = "127.0.0.1:1".parse().unwrap();
        joining.note(&Notice::Event(Event::NameLost { address, at_start: false }));
        assert!(joining.obstacle().is_some_and(|why| why.contains("name")));
        assert_eq!(joining.name_lost_to(), Some(address));
        joining.note(&Notice::Event(Event::NameRegained));
        assert_eq!((joining.obstacle(), joining.name_lost_to()), (None, None));
    }

    #[test]
    fn who_knows_others_by_a_snapshot_waits_until_each_was_tried() {
        let joining = Joining::from(
            false,
            BTreeSet::from(["127.0.0.1:1".to_owned(), "127.0.0.1:2".to_owned()]),
        );
        joining.note(&failed("127.0.0.1:1"));
        assert!(joining.obstacle().is_some_and(|why| why.contains("snapshot")));
        joining.note(&failed("127.0.0.1:2"));
        assert_eq!(joining.obstacle(), None, "it is known to be alone");
        assert_eq!(Joining::from(false, BTreeSet::new()).obstacle(), None, "it begins a cluster");
    }
}
