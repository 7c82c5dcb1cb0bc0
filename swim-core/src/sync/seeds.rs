//! The addresses at which a cluster may be found: those the user gave, and those of members long
//! dead.
//!
//! They are kept for as long as the node runs, so that it finds back after a partition of any
//! length.

use alloc::vec::Vec;
use core::net::SocketAddr;
use core::time::Duration;

use crate::ground::id::NodeId;
use crate::ground::time::Instant;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// To be contacted at this time.
    Due(Instant),
    /// Being contacted.
    Contacted,
    /// Not to be contacted unless the node is isolated, or by a reconnect.
    Resting,
}

#[derive(Debug)]
struct Seed {
    address: SocketAddr,
    state: State,
    backoff: Duration,
    /// Whether the last attempt failed.
    failed: bool,
    /// Who answered there last.
    occupant: Option<NodeId>,
    /// Whether the user gave it; others are forgotten first.
    given: bool,
}

/// All of them, in the order in which they became known.
#[derive(Debug, Default)]
pub(crate) struct Seeds {
    seeds: Vec<Seed>,
}

impl Seeds {
    pub(crate) fn len(&self) -> usize {
        self.seeds.len()
    }

    /// Adds a seed of the user's, due now, or makes a known one due now. Returns `false` if `max`
    /// are given already.
    pub(crate) fn give(
        &mut self,
        address: SocketAddr,
        now: Instant,
        backoff: Duration,
        max: usize,
    ) -> bool {
        if let Some(seed) = self.find(address) {
            seed.given = true;
            if seed.state != State::Contacted {
                seed.state = State::Due(now);
                seed.backoff = backoff;
                seed.failed = false;
            }
            return true;
        }
        if !self.make_room(max) {
            return false;
        }
        self.seeds.push(Seed {
            address,
            state: State::Due(now),
            backoff,
            failed: false,
            occupant: None,
            given: true,
        });
        true
    }

    /// Returns true if the user gave `address` as a seed.
    pub(crate) fn is_given(&self, address: SocketAddr) -> bool {
        self.seeds.iter().any(|seed| seed.given && seed.address == address)
    }

    /// The addresses that the user gave.
    pub(crate) fn given(&self) -> impl Iterator<Item = SocketAddr> {
        self.seeds.iter().filter(|seed| seed.given).map(|seed| seed.address)
    }

    /// Returns true if all of `addresses` can be given.
    pub(crate) fn has_room_for(&self, addresses: &[SocketAddr], max: usize) -> bool {
        let replaceable = |seed: &&Seed| !seed.given && seed.state == State::Resting;
        let kept = self.seeds.len() - self.seeds.iter().filter(replaceable).count();
        let is_new = |address: &&SocketAddr| {
            !self.seeds.iter().any(|seed| seed.address == **address && seed.given)
        };
        kept + addresses.iter().filter(is_new).count() <= max
    }

    /// Remembers where a member lived that is being forgotten. The oldest such address makes room
    /// for a new one.
    pub(crate) fn remember(&mut self, address: SocketAddr, backoff: Duration, max: usize) {
        if self.find(address).is_none() && self.make_room(max) {
            self.seeds.push(Seed {
                address,
                state: State::Resting,
                backoff,
                failed: false,
                occupant: None,
                given: false,
            });
        }
    }

    fn make_room(&mut self, max: usize) -> bool {
        if self.seeds.len() >= max
            && let Some(oldest) =
                self.seeds.iter().position(|seed| !seed.given && seed.state == State::Resting)
        {
            self.seeds.remove(oldest);
        }
        self.seeds.len() < max
    }

    /// Takes the seed that is due longest, and counts it as being contacted. Those never tried come
    /// before those that failed, so that dead seeds do not hold up living ones.
    pub(crate) fn pop_due(&mut self, now: Instant) -> Option<SocketAddr> {
        let due = self.seeds.iter_mut().filter_map(|seed| match seed.state {
            State::Due(at) if at <= now => Some((at, seed)),
            _ => None,
        });
        let (_, seed) = due.min_by_key(|&(at, _)| at)?;
        seed.state = State::Contacted;
        Some(seed.address)
    }

    pub(crate) fn next_due(&self) -> Option<Instant> {
        let due = self.seeds.iter().filter_map(|seed| match seed.state {
            State::Due(at) => Some(at),
            State::Contacted | State::Resting => None,
        });
        due.min()
    }

    /// `occupant` answered at `address`.
    pub(crate) fn answered(&mut self, address: SocketAddr, occupant: &NodeId, backoff: Duration) {
        if let Some(seed) = self.find(address) {
            seed.state = State::Resting;
            seed.backoff = backoff;
            seed.failed = false;
            seed.occupant = Some(occupant.clone());
        }
    }

    /// Nobody answered at `address`. Returns after how long it is tried again.
    pub(crate) fn failed(
        &mut self,
        address: SocketAddr,
        now: Instant,
        max: Duration,
    ) -> Option<Duration> {
        let seed = self.find(address)?;
        let pause = seed.backoff;
        seed.state = State::Due(now + pause);
        seed.failed = true;
        seed.backoff = (pause * 2).min(max);
        Some(pause)
    }

    /// Some seed has answered: those that failed before are no longer tried. Those not tried yet
    /// still are.
    pub(crate) fn rest_failed(&mut self, first: Duration) {
        for seed in &mut self.seeds {
            if matches!(seed.state, State::Due(_)) && seed.failed {
                seed.state = State::Resting;
                seed.backoff = first;
                seed.failed = false;
            }
        }
    }

    /// The node is alone: all are due, at `at`.
    pub(crate) fn wake(&mut self, at: Instant) {
        for seed in self.seeds.iter_mut().filter(|seed| seed.state == State::Resting) {
            seed.state = State::Due(at);
        }
    }

    /// Forgets an address: it turned out to be our own.
    pub(crate) fn forget(&mut self, address: SocketAddr) {
        self.seeds.retain(|seed| seed.address != address);
    }

    /// The resting seeds where nobody was found, or that `is_active` does not know as active any
    /// more.
    pub(crate) fn absent(
        &self,
        is_active: impl Fn(&str) -> bool,
    ) -> impl Iterator<Item = SocketAddr> {
        let absent = self.seeds.iter().filter(move |seed| {
            seed.state == State::Resting && !seed.occupant.as_deref().is_some_and(&is_active)
        });
        absent.map(|seed| seed.address)
    }

    fn find(&mut self, address: SocketAddr) -> Option<&mut Seed> {
        self.seeds.iter_mut().find(|seed| seed.address == address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: Duration = Duration::from_millis(100);
    const MAX: Duration = Duration::from_millis(350);

    fn address(port: u16) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], port))
    }

    #[test]
    fn a_seed_is_retried_after_pauses_that_double_up_to_a_bound() {
        let mut seeds = Seeds::default();
        assert!(seeds.give(address(1), Instant::ORIGIN, FIRST, 9));
        let mut now = Instant::ORIGIN;
        let pauses = [100, 200, 350, 350].map(Duration::from_millis);
        for pause in pauses {
            assert_eq!(seeds.pop_due(now), Some(address(1)));
            assert_eq!(seeds.pop_due(now), None, "a contacted seed is not contacted twice");
            assert_eq!(seeds.failed(address(1), now, MAX), Some(pause));
            now = seeds.next_due().unwrap();
        }
    }

    #[test]
    fn a_seed_that_was_never_tried_comes_before_one_that_failed() {
        let mut seeds = Seeds::default();
        seeds.give(address(1), Instant::ORIGIN, FIRST, 9);
        seeds.give(address(2), Instant::ORIGIN, FIRST, 9);
        seeds.pop_due(Instant::ORIGIN);
        seeds.failed(address(1), Instant::ORIGIN, MAX);
        assert_eq!(seeds.pop_due(Instant::from_millis(1_000)), Some(address(2)));
    }

    #[test]
    fn once_a_seed_answered_failed_ones_rest_and_untried_ones_are_tried() {
        let mut seeds = Seeds::default();
        for port in 1..=3 {
            seeds.give(address(port), Instant::ORIGIN, FIRST, 9);
        }
        seeds.pop_due(Instant::ORIGIN);
        seeds.failed(address(1), Instant::ORIGIN, MAX);
        seeds.pop_due(Instant::ORIGIN);
        seeds.answered(address(2), &NodeId::new("two").unwrap(), FIRST);
        seeds.rest_failed(FIRST);
        let later = Instant::from_millis(1_000);
        assert_eq!((seeds.pop_due(later), seeds.pop_due(later)), (Some(address(3)), None));
        assert!(seeds.absent(|id| id == "two").eq([address(1)]));
        seeds.wake(later);
        assert_eq!(seeds.pop_due(later), Some(address(1)));
    }

    #[test]
    fn remembered_addresses_make_room_and_given_ones_do_not() {
        let mut seeds = Seeds::default();
        seeds.remember(address(1), FIRST, 2);
        seeds.remember(address(2), FIRST, 2);
        assert!(seeds.give(address(3), Instant::ORIGIN, FIRST, 2));
        assert!(seeds.give(address(4), Instant::ORIGIN, FIRST, 2));
        assert!(!seeds.give(address(5), Instant::ORIGIN, FIRST, 2));
        assert!(seeds.give(address(3), Instant::ORIGIN, FIRST, 2), "a known one needs no room");
    }
}
