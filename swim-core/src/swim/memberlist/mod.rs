//! The state machine on memberlist's wire: what of the rules is otherwise there, one file for each.
//!
//! What arrives is read into the handlers that serve both wires, and what is meant to be sent is written as memberlist
//! writes it. `claims` has its rules about names, forgetting and versions, `packets` and `streams` read, `tables` has the
//! push/pull, `transmit` writes, `user` hands the application's bytes in and out. Nothing outside of this module knows
//! a message of memberlist. Read first: docs/MEMBERLIST.md, and docs/DEVIATIONS.md, "On memberlist's wire".

mod claims;
mod packets;
mod streams;
mod tables;
mod transmit;
mod user;

use alloc::vec::Vec;

use super::Swim;
use crate::config::{MemberlistWire, Wire};
use crate::id::Slot;
use crate::source::Protection;
use crate::wire::memberlist::{Unpacker, Versions};

/// What only a node on this wire has. Empty on the other one.
#[derive(Debug, Default)]
pub(super) struct Memberlist {
    unpacker: Unpacker,
    /// What is proven of the sender of the packet or request at hand.
    protection: Protection,
    /// What members speak, by slot; means nothing for those who are not described.
    versions: Vec<Versions>,
    /// What the application says beside each table.
    user_state: Vec<u8>,
}

impl<R> Swim<R> {
    /// The settings of this wire, if it is the one that is spoken.
    pub(super) const fn memberlist_wire(&self) -> Option<&MemberlistWire> {
        match &self.config.wire {
            Wire::Native => None,
            Wire::Memberlist(wire) => Some(wire),
        }
    }

    /// Whether this wire is spoken.
    pub(super) const fn is_memberlist(&self) -> bool {
        self.me.speaks_memberlist
    }

    /// Whether this node is a citizen among serf's agents.
    pub(super) const fn is_citizen(&self) -> bool {
        match self.memberlist_wire() {
            Some(wire) => wire.citizen,
            None => false,
        }
    }

    /// Notes what is proven of the sender of the packet or request at hand.
    pub(super) const fn note_protection(&mut self, protection: Protection) {
        self.memberlist.protection = protection;
    }

    /// Returns true if anybody could have sent what is at hand.
    pub(super) const fn is_unproven(&self) -> bool {
        matches!(self.memberlist.protection, Protection::Plain)
    }

    /// What this node speaks.
    fn own_versions(&self) -> Versions {
        self.memberlist_wire().map_or(Versions::PLAIN, |wire| wire.versions)
    }

    /// What a described member speaks.
    pub(super) fn versions_at(&self, slot: Slot) -> Versions {
        if slot == self.me.slot {
            return self.own_versions();
        }
        self.memberlist.versions.get(slot.index()).copied().unwrap_or(Versions::PLAIN)
    }

    /// Notes what a member that was just described speaks.
    pub(super) fn note_versions(&mut self, slot: Slot, versions: Versions) {
        let all = &mut self.memberlist.versions;
        if slot.index() >= all.len() {
            all.resize(slot.index() + 1, Versions::PLAIN);
        }
        all[slot.index()] = versions;
    }
}
