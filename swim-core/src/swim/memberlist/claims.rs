//! What is heard of members on this wire, where memberlist's rules are not the native ones.
//!
//! - A living member keeps its name: another address is believed only of one that left, or has been dead for so long
//!   that memberlist has forgotten it (`gossip_to_dead_for`).
//! - Incarnations start low, and memberlist forgets the dead within a minute. So an Alive at or below the incarnation
//!   at which we know a member as dead may be old news, or a new life that nobody told what we remember. It is doubted:
//!   a suspicion at our incarnation goes to the others and to the address that is said to be its. If it lives, it
//!   refutes.
//! - Who does not speak what we speak is no member.

use core::net::SocketAddr;
use core::time::Duration;

use rand_core::Rng;

use super::super::Swim;
use super::super::admission::Sender;
use super::super::news::{News, Spread};
use crate::id::{Incarnation, Slot};
use crate::member::{Claim, Status};
use crate::metrics::DropReason;
use crate::time::Instant;
use crate::wire::Description;
use crate::wire::memberlist::{Agreement, NodeState, Versions};

/// What a row or a message says of a living member.
pub(super) fn alive_news<'a>(node: &NodeState<'a>, spread: Spread) -> News<'a> {
    let incarnation = Incarnation::new(u64::from(node.incarnation));
    let description = Some(Description { incarnation, address: node.address, metadata: node.metadata });
    let claim = Claim::new(incarnation, Status::Alive);
    News { description, spread, versions: node.versions, ..News::of(node.id, claim, node.id) }
}

impl<R: Rng> Swim<R> {
    /// A member is said to be alive, described so. Returns whether that was news.
    pub(super) fn hear_alive(&mut self, now: Instant, node: &NodeState<'_>, spread: Spread) -> bool {
        self.hear_alive_news(now, &alive_news(node, spread))
    }

    /// A stranger says that a member is alive: looks whether it is.
    pub(super) fn hear_stranger(&mut self, now: Instant, sender: &mut Sender, node: &NodeState<'_>) {
        if *self.me.id == *node.id {
            self.hear_alive(now, node, Spread::Gossip);
        } else if self.speaks_with(node.versions) {
            let found = self.members.find(node.id);
            self.look_for_told(now, sender, found, &alive_news(node, Spread::Gossip));
        } else {
            self.metrics.drop(DropReason::VersionMismatch);
        }
    }

    /// A member is said to be alive, with its description. Returns whether that was news.
    pub(in crate::swim) fn hear_alive_news(&mut self, now: Instant, news: &News<'_>) -> bool {
        if !self.speaks_with(news.versions) {
            self.metrics.drop(DropReason::VersionMismatch);
            return false;
        }
        let Some(Description { address, .. }) = news.description else { return false };
        if let Some(slot) = self.members.find(news.id).filter(|&slot| slot != self.me.slot) {
            if let Some(held_at) = self.members.address(slot).filter(|&known| known != address) {
                if self.keeps_name(now, slot) {
                    let id = self.id_at(slot);
                    self.tell_refusal(now, &id, held_at, address);
                    return false;
                }
                sometimes!(NameMoved);
            }
            let known = self.members.claim(slot);
            if !known.status.is_active() && news.claim.incarnation <= known.incarnation {
                self.doubt(now, slot, address);
                return false;
            }
        }
        self.hear(now, news)
    }

    /// Whether we and a node that speaks `versions` may merge tables.
    fn speaks_with(&self, versions: Versions) -> bool {
        let own = self.own_versions();
        let mut agreement = Agreement::default();
        agreement.include(own);
        agreement.include(versions);
        agreement.admits(own) && agreement.admits(versions)
    }

    /// Whether the member keeps its name against whoever claims it at another address.
    fn keeps_name(&self, now: Instant, slot: Slot) -> bool {
        match self.members.claim(slot).status {
            Status::Alive | Status::Suspect => true,
            Status::Dead => Duration::from_secs(u64::from(self.age(now, slot))) < self.config.gossip_to_dead_for,
            Status::Left => false,
        }
    }

    /// Someone takes a member for alive that we know as gone at this incarnation or a higher one.
    fn doubt(&mut self, now: Instant, slot: Slot, at: SocketAddr) {
        sometimes!(ReturnDoubted);
        let body = self.encoded_doubt(slot);
        if self.push_doubt(now, slot, &body) {
            self.send_letter(at, body);
        }
    }
}
