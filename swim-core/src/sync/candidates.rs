//! Members that strangers have told of and that have not answered yet: each is pinged once, and
//! forgotten unless it answers.
//!
//! A candidate takes no seat in the table, is told to nobody and gets nothing but that ping; who
//! asks to be let in from its own address gets a few more, so that losses do not keep it out. There
//! are places for those heard of in packets, a few for each network address that packets come from,
//! and others for those that ask to be let in by an exchange, so that a flood of datagrams does not
//! keep joiners out. In either the oldest makes room. Read first: docs/SECURITY.md, "The rules".

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use core::net::{IpAddr, SocketAddr};

use crate::ground::id::{Incarnation, NodeId, SequenceNumber};
use crate::ground::time::Instant;
use crate::ground::versions::Versions;

/// Places for candidates heard of in packets.
const HEARD_OF: usize = 64;
/// How many of those packets from one network address may take.
const FROM_ONE: usize = 8;
/// Places for candidates that have opened an exchange.
const JOINING: usize = 1_024;
/// A network address that has so many of those makes room itself when they are all taken.
const JOINING_FROM_ONE: usize = JOINING / 8;

/// How a candidate was heard of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Door {
    /// In a packet.
    Packet,
    /// In a request.
    Request,
}

/// A member that may be.
#[derive(Clone, Debug)]
pub(crate) struct Candidate {
    pub(crate) id: NodeId,
    pub(crate) address: SocketAddr,
    /// The incarnation at which it is said to be alive.
    pub(crate) incarnation: Incarnation,
    /// The incarnation that published the description.
    pub(crate) described: Incarnation,
    pub(crate) metadata: Box<[u8]>,
    /// Where it was heard of from.
    pub(crate) teller: SocketAddr,
    /// Its table holds more than we know.
    pub(crate) knows_more: bool,
    /// What is known of it was heard in plain, by a node that seals what it sends.
    pub(crate) heard_plain: bool,
    /// The number of the ping.
    pub(crate) sequence: SequenceNumber,
    pub(crate) deadline: Instant,
    /// How many more pings it gets before it is forgotten.
    pub(crate) pings_left: u8,
    /// The first packet that came from its address: it is read again when the candidate has
    /// answered.
    pub(crate) held: Option<Box<[u8]>>,
    /// What it speaks.
    pub(crate) versions: Versions,
}

impl Candidate {
    /// Returns true if it was heard of from its own address.
    fn speaks_for_itself(&self) -> bool {
        self.address == self.teller
    }

    /// Returns true if it is said to live on another host than the one that it was heard of from.
    fn lives_elsewhere(&self) -> bool {
        self.address.ip() != self.teller.ip()
    }
}

/// All of them, those of each door in the order in which they came.
#[derive(Debug, Default)]
pub(crate) struct Candidates {
    heard_of: VecDeque<Candidate>,
    joining: VecDeque<Candidate>,
}

impl Candidates {
    /// Returns true if there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.heard_of.is_empty() && self.joining.is_empty()
    }

    /// Takes note of what was said of a candidate that has been pinged already. Returns whether
    /// there is such a one, so that no other ping is needed.
    ///
    /// An address is pinged for one candidate at a time. But who speaks from the address is asked
    /// though another one is said to live there, or anyone could keep it out by saying so.
    pub(crate) fn renew(&mut self, door: Door, new: &Candidate) -> bool {
        let known = match door {
            Door::Packet => self.all_mut().find(|known| known.address == new.address),
            Door::Request => self.joining.iter_mut().find(|known| known.address == new.address),
        };
        let Some(known) = known else { return false };
        if known.id != new.id {
            return match door {
                Door::Packet => known.speaks_for_itself() || !new.speaks_for_itself(),
                // Streams of memberlist's wire come from any port of their host.
                Door::Request => !known.lives_elsewhere() || new.lives_elsewhere(),
            };
        }
        known.knows_more |= new.knows_more;
        if new.incarnation >= known.incarnation && new.described >= known.described {
            (known.incarnation, known.described) = (new.incarnation, new.described);
            known.metadata.clone_from(&new.metadata);
            known.heard_plain |= new.heard_plain;
        }
        true
    }

    /// Adds a candidate, whose deadline is not before those of others of its door. The oldest makes
    /// room, but not for one that is said to live on another host than its teller's: of those that
    /// one network tells of so many are looked for at a time, or each would cost us a ping, which
    /// may be a connection, to an address of another's choosing. Returns whether it was added.
    pub(crate) fn add(&mut self, door: Door, new: Candidate) -> bool {
        let is_told_too = |other: &&Candidate| {
            other.lives_elsewhere() && neighbourhood(other.teller) == neighbourhood(new.teller)
        };
        if new.lives_elsewhere()
            && self.heard_of.iter().chain(&self.joining).filter(is_told_too).count() >= FROM_ONE
        {
            return false;
        }
        let (list, places) = match door {
            Door::Packet => (&mut self.heard_of, HEARD_OF),
            Door::Request => (&mut self.joining, JOINING),
        };
        let share = match door {
            Door::Packet => FROM_ONE,
            Door::Request if list.len() >= places => JOINING_FROM_ONE,
            Door::Request => usize::MAX,
        };
        let is_near = |other: &Candidate| neighbourhood(other.teller) == neighbourhood(new.teller);
        if share < usize::MAX
            && list.iter().filter(|other| is_near(other)).count() >= share
            && let Some(oldest) = list.iter().position(is_near)
        {
            list.remove(oldest);
        }
        if list.len() >= places {
            list.pop_front();
        }
        list.push_back(new);
        true
    }

    /// Holds a packet for the candidate that it came from, if there is one and it has sent none
    /// before. Returns whether it is held.
    pub(crate) fn hold(&mut self, from: SocketAddr, packet: &[u8]) -> bool {
        let sender =
            self.all_mut().find(|candidate| candidate.address == from && candidate.held.is_none());
        sender.map(|candidate| candidate.held = Some(packet.into())).is_some()
    }

    /// The candidate that was sent the ping of that number.
    pub(crate) fn find(&self, sequence: SequenceNumber) -> Option<&Candidate> {
        self.heard_of.iter().chain(&self.joining).find(|candidate| candidate.sequence == sequence)
    }

    /// Takes the candidate of that number out.
    pub(crate) fn take(&mut self, sequence: SequenceNumber) -> Option<Candidate> {
        for list in [&mut self.heard_of, &mut self.joining] {
            if let Some(place) = list.iter().position(|candidate| candidate.sequence == sequence) {
                return list.remove(place);
            }
        }
        None
    }

    /// Nobody listens at an address.
    pub(crate) fn forget(&mut self, address: SocketAddr) {
        self.heard_of.retain(|candidate| candidate.address != address);
        self.joining.retain(|candidate| candidate.address != address);
    }

    /// Forgets those that have not answered in time, but for those that get another ping: `again`
    /// gives each of them its next deadline.
    pub(crate) fn expire(&mut self, now: Instant, mut again: impl FnMut(&Candidate) -> Instant) {
        for list in [&mut self.heard_of, &mut self.joining] {
            list.retain_mut(|candidate| {
                if candidate.deadline > now {
                    return true;
                }
                let Some(left) = candidate.pings_left.checked_sub(1) else { return false };
                candidate.pings_left = left;
                candidate.deadline = again(candidate);
                true
            });
            if list.is_empty() && list.capacity() > HEARD_OF {
                *list = VecDeque::new(); // What many who joined at once needed is given back.
            }
        }
    }

    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        self.heard_of.iter().chain(&self.joining).map(|candidate| candidate.deadline).min()
    }

    /// Panics if there are more than there may be.
    pub(crate) fn check_invariants(&self) {
        assert!(
            self.heard_of.len() <= HEARD_OF && self.joining.len() <= JOINING,
            "candidates are bounded"
        );
    }

    fn all_mut(&mut self) -> impl Iterator<Item = &mut Candidate> {
        self.heard_of.iter_mut().chain(&mut self.joining)
    }
}

/// What one attacker has many addresses of: an IPv4 address, or a network of 64 bits of IPv6.
fn neighbourhood(address: SocketAddr) -> u64 {
    match address.ip() {
        IpAddr::V4(v4) => u64::from(v4.to_bits()),
        IpAddr::V6(v6) => (v6.to_bits() >> 64) as u64,
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::string::{String, ToString};
    use alloc::vec::Vec;

    use super::*;

    fn candidate(id: usize, address: &str, teller: &str) -> Candidate {
        Candidate {
            id: NodeId::new(&id.to_string()).unwrap(),
            address: address.parse().unwrap(),
            incarnation: Incarnation::new(1),
            described: Incarnation::new(1),
            metadata: Box::default(),
            teller: teller.parse().unwrap(),
            knows_more: false,
            heard_plain: false,
            sequence: SequenceNumber::new(id as u32),
            deadline: Instant::from_millis(id as u64),
            pings_left: 0,
            held: None,
            versions: Versions::PLAIN,
        }
    }

    fn numbers(list: &VecDeque<Candidate>) -> Vec<u32> {
        list.iter().map(|candidate| candidate.sequence.get()).collect()
    }

    #[test]
    fn one_address_or_network_takes_a_few_places_and_all_together_what_there_are() {
        let mut candidates = Candidates::default();
        for id in 0..100 {
            let teller = if id % 2 == 0 {
                format!("[2001:db8::{id}]:1")
            } else {
                String::from("10.0.0.1:1")
            };
            candidates.add(Door::Packet, candidate(id, &format!("10.0.1.{id}:1"), &teller));
        }
        assert_eq!(
            numbers(&candidates.heard_of),
            (0..16).collect::<Vec<u32>>(),
            "others' addresses are not tried in turn"
        );
        for id in 1_000..1_100 {
            candidates.add(Door::Packet, candidate(id, &format!("10.0.0.1:{id}"), "10.0.0.1:1"));
        }
        let latest: Vec<u32> =
            numbers(&candidates.heard_of).into_iter().filter(|&id| id >= 1_000).collect();
        assert_eq!(
            latest,
            (1_092..1_100).collect::<Vec<u32>>(),
            "on its own host the oldest makes room"
        );
        for id in 100..300 {
            candidates.add(
                Door::Packet,
                candidate(id, "10.0.0.1:9", &format!("10.1.{id}.1:1", id = id - 100)),
            );
        }
        assert_eq!(numbers(&candidates.heard_of), (236..300).collect::<Vec<u32>>());
        candidates.check_invariants();
    }

    #[test]
    fn a_flood_of_packets_does_not_push_those_out_who_join() {
        let mut candidates = Candidates::default();
        candidates.add(Door::Request, candidate(7, "10.0.0.7:1", "10.0.0.7:1"));
        for id in 100..400 {
            candidates.add(Door::Packet, candidate(id, "10.0.0.1:9", "10.0.0.1:9"));
        }
        assert!(candidates.find(SequenceNumber::new(7)).is_some());
    }

    #[test]
    fn who_asks_to_join_sends_us_to_few_other_hosts_at_a_time() {
        let mut candidates = Candidates::default();
        let elsewhere = |id: usize| candidate(id, &format!("10.0.1.{id}:1"), "10.0.0.1:1");
        assert_eq!(
            (0..100).filter(|&id| candidates.add(Door::Request, elsewhere(id))).count(),
            FROM_ONE
        );
        assert!(
            candidates.add(Door::Request, candidate(100, "10.0.0.1:100", "10.0.0.1:1")),
            "its own host"
        );
        assert!(
            candidates.add(Door::Request, candidate(101, "10.0.2.1:1", "10.0.0.2:1")),
            "another network's"
        );
        candidates.expire(Instant::from_millis(7), |_| unreachable!("none gets another ping"));
        assert!(
            candidates.add(Door::Request, elsewhere(50)),
            "when those before have not answered"
        );
    }

    #[test]
    fn a_host_that_takes_all_places_for_joiners_keeps_nobody_else_out() {
        let mut candidates = Candidates::default();
        let flood = |candidates: &mut Candidates, from: usize| {
            for id in from..from + 2 * JOINING {
                candidates.add(
                    Door::Request,
                    candidate(id, &format!("10.0.0.1:{}", id % 60_000), "10.0.0.1:1"),
                );
            }
        };
        flood(&mut candidates, 1_000);
        candidates.add(Door::Request, candidate(7, "10.0.0.7:1", "10.0.0.7:1"));
        flood(&mut candidates, 10_000);
        assert!(candidates.find(SequenceNumber::new(7)).is_some());
        candidates.check_invariants();
    }

    #[test]
    fn an_address_is_pinged_once_at_a_time_but_who_speaks_from_it_is_asked() {
        let mut candidates = Candidates::default();
        candidates.add(Door::Packet, candidate(1, "10.0.0.7:1", "10.0.0.1:1"));
        let renewed = |new, door, candidates: &mut Candidates| candidates.renew(door, &new);
        let all = &mut candidates;
        assert!(
            renewed(candidate(1, "10.0.0.7:1", "10.0.0.2:1"), Door::Packet, all),
            "the same one"
        );
        assert!(
            renewed(candidate(2, "10.0.0.7:1", "10.0.0.2:1"), Door::Packet, all),
            "another, told of by a third"
        );
        assert!(
            !renewed(candidate(2, "10.0.0.7:1", "10.0.0.7:1"), Door::Packet, all),
            "who lives there"
        );
        assert!(
            !renewed(candidate(1, "10.0.0.7:1", "10.0.0.7:1"), Door::Request, all),
            "who joins"
        );
        assert!(
            all.add(Door::Request, candidate(3, "10.0.0.7:1", "10.0.0.2:1")),
            "a ghost told of by a third"
        );
        assert!(
            !renewed(candidate(4, "10.0.0.7:1", "10.0.0.7:50000"), Door::Request, all),
            "who joins by a stream"
        );
        assert!(
            !renewed(candidate(3, "10.0.0.8:1", "10.0.0.7:1"), Door::Packet, all),
            "another address"
        );
    }

    #[test]
    fn who_gets_more_pings_is_kept_until_they_are_used_up() {
        let mut candidates = Candidates::default();
        candidates.add(
            Door::Request,
            Candidate { pings_left: 1, ..candidate(1, "10.0.0.1:1", "10.0.0.1:1") },
        );
        candidates.add(Door::Request, candidate(2, "10.0.0.2:1", "10.0.0.2:1"));
        let mut pinged = Vec::new();
        let mut expire = |candidates: &mut Candidates, now| {
            candidates.expire(Instant::from_millis(now), |candidate| {
                pinged.push(candidate.sequence.get());
                Instant::from_millis(now + 10)
            });
            numbers(&candidates.joining)
        };
        assert_eq!(expire(&mut candidates, 1), [1, 2]);
        assert_eq!(expire(&mut candidates, 2), [1]);
        assert_eq!(expire(&mut candidates, 11), [0; 0]);
        assert_eq!(pinged, [1]);
    }

    #[test]
    fn who_does_not_answer_in_time_is_forgotten() {
        let mut candidates = Candidates::default();
        candidates.add(Door::Packet, candidate(1, "10.0.0.1:1", "10.0.0.1:1"));
        candidates.add(Door::Request, candidate(2, "10.0.0.2:1", "10.0.0.2:1"));
        assert_eq!(candidates.next_deadline(), Some(Instant::from_millis(1)));
        candidates.expire(Instant::from_millis(1), |_| unreachable!("none gets another ping"));
        assert_eq!(
            (numbers(&candidates.heard_of).len(), candidates.next_deadline()),
            (0, Some(Instant::from_millis(2)))
        );
        candidates.forget("10.0.0.2:1".parse().unwrap());
        assert!(candidates.is_empty());
    }
}
