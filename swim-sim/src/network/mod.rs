//! The network between the nodes: delays, losses, cuts, and the connections that are open.
//!
//! It says what becomes of what is sent; it does not carry it (the agenda does) and does not know whether anybody is
//! there to receive it (the cluster does).

pub(crate) mod connection;
mod latency;
mod link;
mod partition;

use std::collections::BTreeMap;

pub(crate) use self::connection::Connections;
pub use self::latency::Latency;
pub(crate) use self::link::Fate;
pub use self::link::Link;
use self::partition::Cuts;
use crate::streams::Stream;

/// The paths between all nodes.
#[derive(Debug)]
pub(crate) struct Network {
    /// The path of every pair that has none of its own.
    link: Link,
    /// Paths of single pairs (from, to).
    own: BTreeMap<(usize, usize), Link>,
    cuts: Cuts,
    pub(crate) connections: Connections,
}

impl Network {
    pub(crate) fn new(link: Link) -> Self {
        Self { link, own: BTreeMap::new(), cuts: Cuts::default(), connections: Connections::default() }
    }

    /// The path from one node to another.
    pub(crate) fn link(&self, from: usize, to: usize) -> &Link {
        if self.own.is_empty() { &self.link } else { self.own.get(&(from, to)).unwrap_or(&self.link) }
    }

    /// Changes every path.
    pub(crate) fn change_all(&mut self, change: impl Fn(&mut Link)) {
        change(&mut self.link);
        self.own.values_mut().for_each(change);
    }

    /// Changes the path from one node to another.
    pub(crate) fn change(&mut self, from: usize, to: usize, change: impl FnOnce(&mut Link)) {
        change(self.own.entry((from, to)).or_insert_with(|| self.link.clone()));
    }

    pub(crate) fn cuts_mut(&mut self) -> &mut Cuts {
        &mut self.cuts
    }

    pub(crate) fn is_cut(&self, from: usize, to: usize) -> bool {
        self.cuts.covers(from, to)
    }

    /// What becomes of one packet; `None` if the path is cut, or closed to packets.
    pub(crate) fn packet(&self, from: usize, to: usize, stream: &mut Stream) -> Option<Fate> {
        self.segment(from, to, stream).filter(|_| !self.link(from, to).blocks_packets)
    }

    /// What becomes of a part of an exchange; `None` if the path is cut. A cut path draws as an open one does.
    pub(crate) fn segment(&self, from: usize, to: usize, stream: &mut Stream) -> Option<Fate> {
        let fate = self.link(from, to).fate(stream);
        (!self.is_cut(from, to)).then_some(fate)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::streams::{Purpose, stream};

    #[test]
    fn a_path_of_its_own_differs_in_one_direction_only_and_follows_changes_of_all() {
        let mut network = Network::new(Link::lan());
        network.change(1, 2, |link| link.loss_permille = 1_000);
        let losses = |network: &Network| [(1, 2), (2, 1), (0, 1)].map(|(a, b)| network.link(a, b).loss_permille);
        assert_eq!(losses(&network), [1_000, 0, 0]);
        network.change_all(|link| link.loss_permille = 7);
        assert_eq!(losses(&network), [7, 7, 7]);
    }

    #[test]
    fn a_cut_takes_packets_away_and_leaves_the_draws_of_the_rest() {
        let (mut whole, mut cut) = (Network::new(Link::lossy_wifi()), Network::new(Link::lossy_wifi()));
        cut.cuts_mut().split(&[vec![1]]);
        let fates = |network: &mut Network| {
            let mut stream = stream(1, Purpose::Link, 0);
            [1, 2, 1, 2, 2].map(|to| network.packet(0, to, &mut stream))
        };
        let (whole, cut) = (fates(&mut whole), fates(&mut cut));
        assert_eq!([cut[0], cut[2]], [None, None]);
        assert_eq!([cut[1], cut[3], cut[4]], [whole[1], whole[3], whole[4]]);
    }
}
