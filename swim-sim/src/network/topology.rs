//! Where the nodes stand: sites with racks, and a link for each class of path: [`Topology`].
//!
//! It says which [`Link`] a pair of nodes has for where they stand. What single pairs have of their
//! own, and what is cut, is the network's to know.

use std::collections::BTreeMap;

use super::{Latency, Link};

/// How far two nodes stand from each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LinkClass {
    /// In one rack.
    SameRack,
    /// In two racks of one site.
    SameSite,
    /// In two sites.
    BetweenSites,
}

/// A site, and a rack in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The number of the site.
    pub site: usize,
    /// The number of the rack in its site.
    pub rack: usize,
}

/// Sites with racks, who stands where, and the link of each class. Nodes are dealt to the sites in
/// turn, and at each site to its racks in turn, unless they are [placed](Self::place).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Topology {
    sites: usize,
    racks: usize,
    placed: BTreeMap<usize, Place>,
    /// (From, to) -> the path between these two sites, in that direction.
    distances: BTreeMap<(usize, usize), Link>,
    /// The path between two nodes of a rack.
    pub same_rack: Link,
    /// The path between two racks of a site.
    pub same_site: Link,
    /// The path between two sites.
    pub between_sites: Link,
}

impl Topology {
    /// So many sites with so many racks each, at least one of either: 20 to 60 µs in a rack,
    /// [`Link::lan`] in a site, [`Link::wan`] between sites.
    #[must_use]
    pub fn new(sites: usize, racks: usize) -> Self {
        let us = core::time::Duration::from_micros;
        Self {
            sites: sites.max(1),
            racks: racks.max(1),
            placed: BTreeMap::new(),
            distances: BTreeMap::new(),
            same_rack: Link {
                latency: Latency::Uniform { low: us(20), high: us(60) },
                ..Link::local()
            },
            same_site: Link::lan(),
            between_sites: Link::wan(),
        }
    }

    /// Three sites of four racks.
    #[must_use]
    pub fn three_sites() -> Self {
        Self::new(3, 4)
    }

    /// Puts a node in a place, which need not be among those that nodes are dealt to.
    #[must_use]
    pub fn place(mut self, node: usize, place: Place) -> Self {
        self.placed.insert(node, place);
        self
    }

    /// Gives the paths from one site to another a link of their own, in that direction: sites need
    /// not be equally far apart, nor the way back as long.
    #[must_use]
    pub fn distance(mut self, from: usize, to: usize, link: Link) -> Self {
        self.distances.insert((from, to), link);
        self
    }

    /// Where a node stands.
    #[must_use]
    pub fn place_of(&self, node: usize) -> Place {
        let dealt = Place { site: node % self.sites, rack: node / self.sites % self.racks };
        self.placed.get(&node).copied().unwrap_or(dealt)
    }

    /// Which of so many nodes stand at a site: those to cut off when the site is.
    #[must_use]
    pub fn nodes_at(&self, site: usize, nodes: usize) -> Vec<usize> {
        (0..nodes).filter(|&node| self.place_of(node).site == site).collect()
    }

    /// How far two nodes stand from each other.
    #[must_use]
    pub fn class(&self, one: usize, other: usize) -> LinkClass {
        let (one, other) = (self.place_of(one), self.place_of(other));
        if one == other {
            LinkClass::SameRack
        } else if one.site == other.site {
            LinkClass::SameSite
        } else {
            LinkClass::BetweenSites
        }
    }

    /// The path from one node to another.
    pub(crate) fn link(&self, from: usize, to: usize) -> &Link {
        match self.class(from, to) {
            LinkClass::SameRack => &self.same_rack,
            LinkClass::SameSite => &self.same_site,
            LinkClass::BetweenSites => {
                let sites = (self.place_of(from).site, self.place_of(to).site);
                let own = if self.distances.is_empty() { None } else { self.distances.get(&sites) };
                own.unwrap_or(&self.between_sites)
            }
        }
    }

    /// The links of all classes, and of pairs of sites.
    pub(crate) fn links(&self) -> impl Iterator<Item = &Link> {
        [&self.same_rack, &self.same_site, &self.between_sites]
            .into_iter()
            .chain(self.distances.values())
    }

    /// The links of all classes, and of pairs of sites.
    pub(crate) fn links_mut(&mut self) -> impl Iterator<Item = &mut Link> {
        let classes = [&mut self.same_rack, &mut self.same_site, &mut self.between_sites];
        classes.into_iter().chain(self.distances.values_mut())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_are_dealt_to_sites_and_racks_in_turn() {
        let topology = Topology::new(3, 2);
        let places = [0, 1, 2, 3, 6]
            .map(|node| topology.place_of(node))
            .map(|place| (place.site, place.rack));
        assert_eq!(places, [(0, 0), (1, 0), (2, 0), (0, 1), (0, 0)]);
        let class = |other| topology.class(0, other);
        assert_eq!(
            [6, 3, 1].map(class),
            [LinkClass::SameRack, LinkClass::SameSite, LinkClass::BetweenSites]
        );
        assert_eq!(topology.nodes_at(1, 8), [1, 4, 7]);
    }

    #[test]
    fn sites_can_be_at_three_distances_and_one_way_longer_than_the_other() {
        let topology = Topology::new(3, 1).distance(0, 1, Link::satellite()).distance(
            1,
            0,
            Link::lossy_wifi(),
        );
        let links =
            [(0, 1), (1, 0), (0, 2), (2, 0)].map(|(from, to)| topology.link(from, to).clone());
        assert_eq!(links, [Link::satellite(), Link::lossy_wifi(), Link::wan(), Link::wan()]);
    }

    #[test]
    fn a_node_can_be_placed_elsewhere() {
        let topology = Topology::new(2, 1).place(1, Place { site: 0, rack: 0 });
        assert_eq!(topology.class(0, 1), LinkClass::SameRack);
        assert_eq!(topology.class(1, 3), LinkClass::BetweenSites);
        assert_eq!(topology.link(0, 3), &Link::wan());
    }
}
