//! A description that a suspicion has overtaken is still taken when it comes: a node that suspects
//! a member at an incarnation whose metadata it has not heard, and then hears it, knows it from
//! then on (swim's own wire).
//!
//! What a table holds is put together from events and from the claims that are shown after a
//! change, so only nodes whose tables are shown at once, those in clusters of up to [`SMALL`], are
//! judged.

use core::net::SocketAddr;
use std::collections::BTreeMap;
use std::sync::Arc;

use swim_core::wire::{Message, Packet, cluster_hash};
use swim_core::{Claim, Config, Event, Incarnation, Instant, Status};

use super::watch::SMALL;
use super::{Attack, Checker, Fill, Verdict, grown};
use crate::events::member;
use crate::ground::name;

/// See the module.
#[derive(Debug, Default)]
pub struct Descriptions {
    nodes: Vec<Node>,
    /// Member's number -> the highest incarnation that anybody was told of.
    highest: BTreeMap<usize, Incarnation>,
    /// Member's number -> what that was when its process started. A life whose clock was set back
    /// may reach an incarnation of a former one, with other metadata, until it refutes.
    former: BTreeMap<usize, Incarnation>,
    /// An insider has lied: what is known of a member may be its invention.
    is_off: bool,
}

#[derive(Clone, Debug, Default)]
struct Node {
    /// The hash of its cluster's name: a packet that was damaged there is not for it.
    cluster: u32,
    /// Active member's number -> what is known of it.
    known: BTreeMap<usize, Known>,
    /// Member's number -> what must be known of it after this step.
    awaited: BTreeMap<usize, (Incarnation, Vec<u8>)>,
}

#[derive(Clone, Debug)]
struct Known {
    claim: Claim,
    address: SocketAddr,
    metadata: Arc<[u8]>,
    /// A suspicion came at an incarnation that was not heard of before.
    is_overtaken: bool,
}

/// The descriptions in a packet of this cluster that can be read to its end; nothing of any other.
fn described(packet: &[u8], cluster: u32) -> Vec<(usize, Incarnation, SocketAddr, &[u8])> {
    let Ok(packet) = Packet::open(packet, cluster) else { return Vec::new() };
    let mut found = Vec::new();
    for message in packet {
        match message {
            Ok(Message::Alive { id, incarnation, address, metadata }) => {
                found.extend(
                    name::number(id).map(|subject| (subject, incarnation, address, metadata)),
                );
            }
            Ok(_) => {}
            Err(_) => return Vec::new(),
        }
    }
    found
}

impl Checker for Descriptions {
    fn name(&self) -> &'static str {
        "a description that was overtaken is taken"
    }

    fn started(&mut self, _: Instant, node: usize, config: &Config) {
        if let Some(&highest) = self.highest.get(&node) {
            self.former.insert(node, highest);
        }
        *grown(&mut self.nodes, node) =
            Node { cluster: cluster_hash(&config.cluster), ..Node::default() };
    }

    fn attacked(&mut self, attack: &Attack) {
        self.is_off |= attack.is_lie_of_a_member();
    }

    fn received(&mut self, _: Instant, node: usize, _: SocketAddr, packet: &[u8]) -> Verdict {
        let node = grown(&mut self.nodes, node);
        node.awaited.clear();
        // Most packets need not be read.
        if self.is_off || !node.known.values().any(|known| known.is_overtaken) {
            return Ok(());
        }
        for (subject, incarnation, address, metadata) in described(packet, node.cluster) {
            if self.former.get(&subject).is_some_and(|&former| incarnation <= former) {
                continue;
            }
            let is_late = |known: &&Known| {
                known.is_overtaken
                    && known.claim.incarnation == incarnation
                    && known.address == address
            };
            if node
                .known
                .get(&subject)
                .filter(is_late)
                .is_some_and(|known| *known.metadata != *metadata)
            {
                node.awaited.insert(subject, (incarnation, Vec::from(metadata)));
            }
        }
        Ok(())
    }

    fn told(&mut self, _: Instant, node: usize, event: &Event, about: Option<usize>) -> Verdict {
        let (Some(subject), Some(member)) = (about, member(event)) else { return Ok(()) };
        let highest = self.highest.entry(subject).or_default();
        *highest = member.claim.incarnation.max(*highest);
        let known = &mut grown(&mut self.nodes, node).known;
        if !member.claim.status.is_active() {
            known.remove(&subject);
            return Ok(());
        }
        // Where other metadata came along with the suspicion, from a table, nothing was overtaken.
        let is_overtaken = matches!(event, Event::Suspected { .. })
            && known.get(&subject).is_some_and(|before| {
                let is_higher = member.claim.incarnation > before.claim.incarnation;
                before.metadata == member.metadata && (before.is_overtaken || is_higher)
            });
        let (claim, address, metadata) =
            (member.claim, member.address, Arc::clone(&member.metadata));
        known.insert(subject, Known { claim, address, metadata, is_overtaken });
        Ok(())
    }

    fn filled(&mut self, node: usize, fill: Fill) -> Verdict {
        let node = grown(&mut self.nodes, node);
        if node.awaited.is_empty() || fill.active_members > SMALL {
            return Ok(());
        }
        for (subject, (incarnation, metadata)) in core::mem::take(&mut node.awaited) {
            // A member that is gone by now, or stands higher, has been told of anew.
            let known =
                node.known.get(&subject).filter(|known| known.claim.incarnation == incarnation);
            if known.is_some_and(|known| *known.metadata != *metadata) {
                return Err(format!(
                    "the metadata of node-{subject} at incarnation {incarnation} came and is not known"
                ));
            }
        }
        Ok(())
    }

    fn believed(&mut self, _: Instant, node: usize, subject: usize, claim: Claim) -> Verdict {
        if let Some(known) = grown(&mut self.nodes, node).known.get_mut(&subject) {
            let is_suspect = claim.status == Status::Suspect;
            known.is_overtaken =
                is_suspect && (known.is_overtaken || claim.incarnation > known.claim.incarnation);
            known.claim = claim;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use swim_core::Member;
    use swim_core::wire::begin_packet;

    use super::*;
    use crate::ground::address;

    fn node_1(incarnation: u64, status: Status, metadata: &[u8]) -> Member {
        let claim = Claim::new(Incarnation::new(incarnation), status);
        Member {
            id: name::numbered(1),
            address: address::numbered(1),
            metadata: Arc::from(metadata),
            claim,
        }
    }

    fn hear_alive(checker: &mut Descriptions, told: Option<Event>) -> Verdict {
        hear_alive_in(&Config::lan().cluster, checker, told)
    }

    fn hear_alive_in(cluster: &str, checker: &mut Descriptions, told: Option<Event>) -> Verdict {
        let (mut packet, id) = (Vec::new(), name::numbered(1));
        begin_packet(cluster_hash(cluster), &mut packet);
        let (incarnation, address) = (Incarnation::new(2), address::numbered(1));
        Message::Alive { id: id.as_str(), incarnation, address, metadata: b"new" }
            .encode(&mut packet);
        checker.received(Instant::ORIGIN, 0, address::numbered(2), &packet).unwrap();
        if let Some(event) = told {
            checker.told(Instant::ORIGIN, 0, &event, Some(1)).unwrap();
        }
        checker.filled(0, Fill { active_members: 3, ..Fill::default() })
    }

    fn suspecting_at(incarnation: u64) -> Descriptions {
        let mut checker = Descriptions::default();
        checker.started(Instant::ORIGIN, 0, &Config::lan());
        let joined = Event::Joined(node_1(1, Status::Alive, b"old"));
        checker.told(Instant::ORIGIN, 0, &joined, Some(1)).unwrap();
        let suspicion = Claim::new(Incarnation::new(incarnation), Status::Suspect);
        checker.believed(Instant::ORIGIN, 0, 1, suspicion).unwrap();
        checker
    }

    #[test]
    fn a_planted_loss_of_a_description_that_was_overtaken_is_caught() {
        let lost = hear_alive(&mut suspecting_at(2), None);
        assert!(lost.is_err_and(|what| what.contains("the metadata of node-1 at incarnation 2")));
    }

    #[test]
    fn who_takes_it_or_is_not_at_that_incarnation_is_not_blamed() {
        let taken = Event::Updated(node_1(2, Status::Suspect, b"new"));
        assert_eq!(hear_alive(&mut suspecting_at(2), Some(taken)), Ok(()));
        assert_eq!(hear_alive(&mut suspecting_at(3), None), Ok(()));
        assert_eq!(
            hear_alive_in("another", &mut suspecting_at(2), None),
            Ok(()),
            "it is not for it"
        );
    }

    #[test]
    fn a_suspicion_that_came_with_the_description_of_a_former_life_overtakes_nothing() {
        let mut checker = Descriptions::default();
        checker.started(Instant::ORIGIN, 0, &Config::lan());
        checker
            .told(Instant::ORIGIN, 0, &Event::Joined(node_1(1, Status::Alive, b"old")), Some(1))
            .unwrap();
        let member = node_1(2, Status::Suspect, b"former");
        let suspected = |by: &str| Event::Suspected {
            member: member.clone(),
            by: swim_core::NodeId::new(by).unwrap(),
        };
        checker.told(Instant::ORIGIN, 0, &suspected("node-3"), Some(1)).unwrap();
        assert_eq!(hear_alive(&mut checker, None), Ok(()));
    }

    #[test]
    fn a_life_that_reaches_an_incarnation_of_a_former_one_is_not_blamed() {
        let mut checker = suspecting_at(2);
        let failed = Event::Failed(node_1(2, Status::Dead, b"former"));
        checker.told(Instant::ORIGIN, 3, &failed, Some(1)).unwrap();
        checker.started(Instant::ORIGIN, 1, &Config::lan());
        assert_eq!(hear_alive(&mut checker, None), Ok(()));
    }
}
