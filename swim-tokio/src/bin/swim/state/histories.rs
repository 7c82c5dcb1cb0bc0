//! What changed about a member: an update says how it is now, and people want to know what is
//! different.
//!
//! Several listeners hear of the same update, one after another (the agent's lines, the log,
//! handlers, streams of events): they share one history, in which the first of them turns the page.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use swim_tokio::{Escaped, Event, Member, NodeId, Notice, Runtime};

use crate::shapes::tags_or_text;

/// A member's description: where it is, and its metadata, which its entry in the table shares.
type Description = (SocketAddr, Arc<[u8]>);

/// How a member is described, and how it was before.
#[derive(Debug)]
struct History {
    now: Description,
    before: Option<Description>,
}

/// The members' descriptions before their last change; clones are one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Histories(Arc<Mutex<HashMap<NodeId, History>>>);

impl Histories {
    /// Begins with what a node knows.
    pub(crate) fn of(node: &Runtime) -> Self {
        let histories = Self::default();
        node.members().iter().for_each(|member| histories.note(member));
        histories
    }

    /// A notice's line for people, [escaped](Escaped): of an update, with what changed.
    pub(crate) fn text(&self, notice: &Notice) -> String {
        match notice {
            Notice::Event(
                Event::Joined(member) | Event::Refuted(member) | Event::Restarted(member),
            ) => {
                self.note(member);
            }
            Notice::Event(Event::Updated(member)) => {
                self.note(member);
                if let Some(changes) = self.changes(member) {
                    return Escaped(format_args!("{} {changes}", member.id)).to_string();
                }
            }
            Notice::Event(Event::Reaped(id)) => {
                self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
            }
            _ => {}
        }
        notice.to_string()
    }

    fn note(&self, member: &Member) {
        let now = (member.address, Arc::clone(&member.metadata));
        let mut histories = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let history = histories
            .entry(member.id.clone())
            .or_insert_with(|| History { now: now.clone(), before: None });
        if history.now != now {
            history.before = Some(std::mem::replace(&mut history.now, now));
        }
    }

    /// What the last update changed, if it is known how the member was.
    fn changes(&self, member: &Member) -> Option<String> {
        let histories = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (address, metadata) = histories.get(&member.id)?.before.as_ref()?;
        let mut changes = Vec::new();
        if *address != member.address {
            changes.push(format!("is at {} now, and was at {address}", member.address));
        }
        let (before, text_before) = tags_or_text(metadata);
        let (now, text_now) = tags_or_text(&member.metadata);
        changes.extend(of_tags(&before, &now));
        if text_before != text_now {
            changes.push(format!(
                "has {} bytes of metadata now, and had {}",
                member.metadata.len(),
                metadata.len()
            ));
        }
        (!changes.is_empty()).then(|| changes.join("; "))
    }
}

/// What is different between two sets of tags.
fn of_tags(before: &BTreeMap<String, String>, now: &BTreeMap<String, String>) -> Vec<String> {
    let set = now.iter().filter_map(|(name, text)| match before.get(name) {
        None => Some(format!("has a new tag {name}: {text}")),
        Some(former) if former != text => Some(format!("changed tag {name}: {former} -> {text}")),
        Some(_) => None,
    });
    let dropped = before.iter().filter(|(name, _)| !now.contains_key(*name));
    set.chain(dropped.map(|(name, text)| format!("dropped tag {name}: {text}"))).collect()
}

#[cfg(test)]
mod tests {
    use swim_tokio::{Claim, Incarnation, Status};

    use super::*;
    use crate::shapes::metadata_of;

    fn web_3(address: &str, tags: &[(&str, &str)]) -> Member {
        let tags: BTreeMap<_, _> =
            tags.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        let claim = Claim::new(Incarnation::new(1), Status::Alive);
        Member {
            id: NodeId::new("web-3").unwrap(),
            address: address.parse().unwrap(),
            metadata: metadata_of(&tags).into(),
            claim,
        }
    }

    #[test]
    fn an_update_says_which_tag_changed_to_each_who_hears_of_it() {
        let histories = Histories::default();
        let joined =
            Notice::Event(Event::Joined(web_3("10.0.0.3:7946", &[("role", "web"), ("old", "1")])));
        assert_eq!(histories.text(&joined), "web-3 joined at 10.0.0.3:7946");
        let update =
            Notice::Event(Event::Updated(web_3("10.0.0.3:7946", &[("role", "db"), ("zone", "a")])));
        let text = "web-3 changed tag role: web -> db; has a new tag zone: a; dropped tag old: 1";
        assert_eq!([histories.text(&update), histories.text(&update)], [text, text]);
        let moved =
            Notice::Event(Event::Updated(web_3("10.0.0.4:7946", &[("role", "db"), ("zone", "a")])));
        assert_eq!(
            histories.text(&moved),
            "web-3 is at 10.0.0.4:7946 now, and was at 10.0.0.3:7946"
        );
        histories.text(&Notice::Event(Event::Reaped(NodeId::new("web-3").unwrap())));
        assert!(histories.text(&update).contains("bytes of metadata"), "nobody knows how it was");
    }
}
