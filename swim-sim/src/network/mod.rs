//! The network between the nodes: delays, losses, cuts, and the connections that are open.
//!
//! It says what becomes of what is sent; it does not carry it (the agenda does) and does not know
//! whether anybody is there to receive it (the cluster does).

pub(crate) mod bounds;
pub(crate) mod connection;
pub(crate) mod damage;
mod latency;
#[cfg(feature = "serde")]
pub(crate) mod limit;
mod link;
mod partition;
mod topology;
mod uplink;

use core::time::Duration;
use std::collections::BTreeMap;

use swim_core::Instant;

pub(crate) use self::connection::Connections;
pub use self::latency::{Latency, Tail};
pub use self::link::{Fate, Link};
use self::partition::Cuts;
pub use self::topology::{LinkClass, Place, Topology};
pub use self::uplink::Bandwidth;
use self::uplink::Uplinks;
use crate::ground::streams::Stream;

/// The paths between all nodes.
#[derive(Debug)]
pub(crate) struct Network {
    /// The path of every pair that has none of its own, if there is no topology.
    link: Link,
    /// Who stands where, and the path of every pair that has none of its own.
    topology: Option<Topology>,
    /// Paths of single pairs (from, to).
    own: BTreeMap<(usize, usize), Link>,
    cuts: Cuts,
    uplinks: Uplinks,
    pub(crate) connections: Connections,
}

impl Network {
    pub(crate) fn new(
        link: Link,
        topology: Option<Topology>,
        own: BTreeMap<(usize, usize), Link>,
    ) -> Self {
        Self {
            link,
            topology,
            own,
            cuts: Cuts::default(),
            uplinks: Uplinks::default(),
            connections: Connections::default(),
        }
    }

    /// The path from one node to another.
    pub(crate) fn link(&self, from: usize, to: usize) -> &Link {
        let own = if self.own.is_empty() { None } else { self.own.get(&(from, to)) };
        own.unwrap_or_else(|| {
            self.topology.as_ref().map_or(&self.link, |topology| topology.link(from, to))
        })
    }

    /// Changes every path.
    pub(crate) fn change_all(&mut self, change: impl Fn(&mut Link)) {
        change(&mut self.link);
        self.topology.iter_mut().flat_map(Topology::links_mut).for_each(&change);
        self.own.values_mut().for_each(change);
    }

    /// Changes the path from one node to another.
    pub(crate) fn change(&mut self, from: usize, to: usize, change: impl FnOnce(&mut Link)) {
        let shared = self.link(from, to).clone();
        change(self.own.entry((from, to)).or_insert(shared));
    }

    pub(crate) fn cuts_mut(&mut self) -> &mut Cuts {
        &mut self.cuts
    }

    pub(crate) fn is_cut(&self, from: usize, to: usize, now: Instant) -> bool {
        self.cuts.covers(from, to, now)
    }

    /// How long until a packet of so many bytes has left its sender; `None` if the sender's queue
    /// has no room for it.
    pub(crate) fn leave(
        &mut self,
        from: usize,
        to: usize,
        bytes: usize,
        now: Instant,
    ) -> Option<Duration> {
        let Some(limit) = self.link(from, to).bandwidth else { return Some(Duration::ZERO) };
        self.uplinks.packet(from, now, bytes, limit)
    }

    /// How long until a part of an exchange has left its sender.
    pub(crate) fn leave_in_turn(
        &mut self,
        from: usize,
        to: usize,
        bytes: usize,
        now: Instant,
    ) -> Duration {
        let Some(limit) = self.link(from, to).bandwidth else { return Duration::ZERO };
        self.uplinks.segment(from, now, bytes, limit)
    }

    /// What becomes of one packet; `None` if the path is cut, or closed to packets.
    pub(crate) fn packet(
        &self,
        from: usize,
        to: usize,
        now: Instant,
        stream: &mut Stream,
    ) -> Option<Fate> {
        self.segment(from, to, now, stream).filter(|_| !self.link(from, to).blocks_packets)
    }

    /// What becomes of a part of an exchange; `None` if the path is cut. A cut path draws as an
    /// open one does.
    pub(crate) fn segment(
        &self,
        from: usize,
        to: usize,
        now: Instant,
        stream: &mut Stream,
    ) -> Option<Fate> {
        let fate = self.link(from, to).fate(stream);
        (!self.is_cut(from, to, now)).then_some(fate)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ground::streams::{Purpose, stream};

    #[test]
    fn a_path_of_its_own_differs_in_one_direction_only_and_follows_changes_of_all() {
        let mut network = Network::new(Link::lan(), None, BTreeMap::new());
        network.change(1, 2, |link| link.loss_permille = 1_000);
        let losses = |network: &Network| {
            [(1, 2), (2, 1), (0, 1)].map(|(a, b)| network.link(a, b).loss_permille)
        };
        assert_eq!(losses(&network), [1_000, 0, 0]);
        network.change_all(|link| link.loss_permille = 7);
        assert_eq!(losses(&network), [7, 7, 7]);
    }

    #[test]
    fn a_change_of_all_paths_reaches_every_class_and_one_of_a_pair_keeps_its_class() {
        let mut network =
            Network::new(Link::satellite(), Some(Topology::three_sites()), BTreeMap::new());
        network.change_all(|link| link.loss_permille = 7);
        network.change(0, 1, |link| link.duplicate_permille = 9);
        let wan = Link { loss_permille: 7, ..Link::wan() };
        assert_eq!(network.link(0, 2), &wan);
        assert_eq!(network.link(0, 1), &Link { duplicate_permille: 9, ..wan });
        assert_eq!(network.link(0, 3).latency, Link::lan().latency);
    }

    #[test]
    fn a_cut_takes_packets_away_and_leaves_the_draws_of_the_rest() {
        let (mut whole, mut cut) = (
            Network::new(Link::lossy_wifi(), None, BTreeMap::new()),
            Network::new(Link::lossy_wifi(), None, BTreeMap::new()),
        );
        cut.cuts_mut().split(&[vec![1]]);
        let fates = |network: &mut Network| {
            let mut stream = stream(1, Purpose::Link, 0);
            [1, 2, 1, 2, 2].map(|to| network.packet(0, to, Instant::ORIGIN, &mut stream))
        };
        let (whole, cut) = (fates(&mut whole), fates(&mut cut));
        assert_eq!([cut[0], cut[2]], [None, None]);
        assert_eq!([cut[1], cut[3], cut[4]], [whole[1], whole[3], whole[4]]);
    }
}
