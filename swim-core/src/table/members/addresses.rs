//! Who lives at an address: what tells a packet of a member from one of a stranger, asked of every
//! packet in plain.
//!
//! Two processes cannot listen at one address, so of members that are said to live at the same one
//! only one is found: which, does not matter to those who ask. When it goes another one takes its
//! place, which costs a look at the whole table, and only while addresses are shared at all.

use core::net::SocketAddr;

use super::Members;
use super::descriptions::hash_address;
use crate::ground::id::Slot;

impl Members {
    /// The member at an address, or one of those that are said to live there; in whatever status it
    /// is.
    #[inline]
    pub(crate) fn at(&self, address: SocketAddr) -> Option<Slot> {
        let is_it = |slot: Slot| self.texts.is_at(self.records[slot.index()].text, address);
        self.addresses.find(hash_address(self.index_key, address), is_it)
    }

    /// A member has come to its address.
    pub(super) fn come_to_address(&mut self, slot: Slot) {
        let Some(address) = self.address(slot) else { return };
        if self.at(address).is_some() {
            self.sharing += 1;
            return;
        }
        let Self { addresses, records, texts, index_key, .. } = self;
        let hash_of = |slot: Slot| texts.hash_address(*index_key, records[slot.index()].text);
        addresses.insert(hash_address(*index_key, address), slot, hash_of);
    }

    /// A member is about to lose its address, if it has one.
    pub(super) fn leave_address(&mut self, slot: Slot) {
        let Some(address) = self.address(slot) else { return };
        if self.at(address) != Some(slot) {
            self.sharing -= 1;
            return;
        }
        let heir = if self.sharing > 0 { self.neighbour(slot, address) } else { None };
        let Self { addresses, records, texts, index_key, .. } = self;
        let hash_of = |slot: Slot| texts.hash_address(*index_key, records[slot.index()].text);
        let hash = hash_address(*index_key, address);
        addresses.remove(hash, slot, hash_of);
        if let Some(heir) = heir {
            addresses.insert(hash, heir, hash_of);
            self.sharing -= 1;
        }
    }

    /// Another member at the address of `slot`.
    fn neighbour(&self, slot: Slot, address: SocketAddr) -> Option<Slot> {
        let lives_there = |other: Slot| self.texts.is_at(self.records[other.index()].text, address);
        self.slots().find(|&other| other != slot && lives_there(other))
    }

    /// Checks that somebody is found at each address.
    pub(super) fn check_addresses(&self) {
        let mut sharing = 0;
        for slot in self.slots() {
            let Some(address) = self.address(slot) else { continue };
            let found = self.at(address);
            assert_eq!(
                found.and_then(|found| self.address(found)),
                Some(address),
                "every address is found"
            );
            sharing += usize::from(found != Some(slot));
        }
        assert_eq!(sharing, self.sharing, "those who share an address are counted");
    }
}

#[cfg(test)]
mod tests {
    use super::super::DescriptionView;
    use super::*;
    use crate::ground::id::Incarnation;
    use crate::ground::member::{Claim, Status};

    fn describe(members: &mut Members, slot: Slot, incarnation: u64, address: &str) {
        let incarnation = Incarnation::new(incarnation);
        let new = DescriptionView { incarnation, address: address.parse().unwrap(), metadata: b"" };
        members.merge(slot, Claim::new(incarnation, Status::Alive), Some(new));
        members.check_invariants();
    }

    #[test]
    fn a_member_is_found_at_its_address_and_who_shares_it_when_it_has_gone() {
        let mut members = Members::new(10, 7);
        let claim = Claim::new(Incarnation::new(1), Status::Alive);
        let [a, b] = ["a", "b"].map(|name| members.insert(name, claim, None).unwrap());
        for there in ["127.0.0.1:1", "[2001:db8::1]:1"] {
            let address = there.parse().unwrap();
            describe(&mut members, a, if there.starts_with('1') { 2 } else { 5 }, there);
            describe(&mut members, b, if there.starts_with('1') { 2 } else { 5 }, there);
            assert_eq!((members.at(address), members.sharing), (Some(a), 1));
            describe(&mut members, a, if there.starts_with('1') { 3 } else { 6 }, "10.0.0.1:9");
            assert_eq!((members.at(address), members.sharing), (Some(b), 0));
            assert_eq!(members.at("10.0.0.1:9".parse().unwrap()), Some(a));
        }
        members.raise(b, Claim::new(Incarnation::new(9), Status::Dead));
        members.entomb(b);
        assert_eq!(members.at("[2001:db8::1]:1".parse().unwrap()), None);
        members.remove(a);
        members.check_invariants();
        assert_eq!(members.at("10.0.0.1:9".parse().unwrap()), None);
    }

    #[test]
    fn a_member_that_moves_has_not_answered_at_its_new_address() {
        let mut members = Members::new(10, 7);
        let a = members.insert("a", Claim::new(Incarnation::new(1), Status::Alive), None).unwrap();
        describe(&mut members, a, 1, "127.0.0.1:1");
        members.set_answered(a);
        let same = DescriptionView {
            incarnation: Incarnation::new(2),
            address: "127.0.0.1:1".parse().unwrap(),
            metadata: b"x",
        };
        members.merge(a, Claim::new(Incarnation::new(2), Status::Alive), Some(same));
        assert!(members.has_answered(a), "new metadata at the same address");
        describe(&mut members, a, 3, "127.0.0.1:2");
        assert!(!members.has_answered(a));
    }
}
