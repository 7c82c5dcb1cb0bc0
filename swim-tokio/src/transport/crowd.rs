//! Who makes room when there are as many connections as there may be. It knows no socket.
//!
//! A connection that has not shown that it belongs gives its place to a new one: the oldest from
//! the network that has the most of them, so that one who opens many pushes out his own, and a
//! newcomer has time to say who it is.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};

/// What one person has as a rule: an IPv4 address, or a /64 of IPv6 (RFC 6177), whose addresses
/// cost nothing.
pub(crate) fn network(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V4(ip) => IpAddr::V4(ip),
        IpAddr::V6(ip) => {
            let [a, b, c, d, ..] = ip.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

/// Of connections with their networks, the one that makes room. The lower of two keys is the older
/// one.
pub(crate) fn first_to_go<K: Copy + Ord>(
    connections: impl Iterator<Item = (IpAddr, K)>,
) -> Option<K> {
    let mut networks: HashMap<IpAddr, (usize, K)> = HashMap::new();
    for (network, key) in connections {
        let (count, oldest) = networks.entry(network).or_insert((0, key));
        *count += 1;
        *oldest = (*oldest).min(key);
    }
    // Of two networks with as many, the one that has the oldest.
    networks
        .into_values()
        .max_by_key(|&(count, oldest)| (count, std::cmp::Reverse(oldest)))
        .map(|(_, oldest)| oldest)
}

/// How many connections there are, in all and from each network.
#[derive(Debug)]
pub(crate) struct Census {
    total: usize,
    by_network: HashMap<IpAddr, usize>,
}

/// Which bound one more connection would exceed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Crowded {
    /// That on connections from its network.
    Network,
    /// That on all.
    All,
}

impl Census {
    pub(crate) fn new() -> Self {
        Self { total: 0, by_network: HashMap::new() }
    }

    pub(crate) const fn total(&self) -> usize {
        self.total
    }

    /// Whether one more from this network is within the bounds.
    pub(crate) fn check(&self, network: IpAddr, all: usize, each: usize) -> Result<(), Crowded> {
        if self.by_network.get(&network).is_some_and(|&count| count >= each) {
            return Err(Crowded::Network);
        }
        if self.total >= all { Err(Crowded::All) } else { Ok(()) }
    }

    pub(crate) fn add(&mut self, network: IpAddr) {
        self.total += 1;
        *self.by_network.entry(network).or_default() += 1;
    }

    pub(crate) fn remove(&mut self, network: IpAddr) {
        if let Some(count) = self.by_network.get_mut(&network) {
            self.total -= 1;
            *count -= 1;
            if *count == 0 {
                self.by_network.remove(&network);
            }
        }
    }

    #[cfg(test)]
    pub(crate) fn is_empty(&self) -> bool {
        self.total == 0 && self.by_network.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_slash_64_of_ipv6_is_one_network_and_a_mapped_address_is_its_ipv4_one() {
        assert_eq!(network(ip("2001:db8:1:2::1")), network(ip("2001:db8:1:2:ffff::9")));
        assert_ne!(network(ip("2001:db8:1:2::1")), network(ip("2001:db8:1:3::1")));
        assert_eq!(network(ip("::ffff:10.0.0.1")), ip("10.0.0.1"));
    }

    #[test]
    fn who_has_most_makes_room_with_his_oldest() {
        let (many, few) = (ip("10.0.0.1"), ip("10.0.0.2"));
        assert_eq!(first_to_go([(few, 1), (many, 2), (many, 3)].into_iter()), Some(2));
        assert_eq!(
            first_to_go([(few, 2), (many, 1)].into_iter()),
            Some(1),
            "of as many the oldest"
        );
        assert_eq!(first_to_go(std::iter::empty::<(IpAddr, u8)>()), None);
    }

    #[test]
    fn both_bounds_are_kept() {
        let mut census = Census::new();
        let one = ip("10.0.0.1");
        census.add(one);
        assert_eq!(census.check(one, 2, 1), Err(Crowded::Network));
        census.add(ip("10.0.0.2"));
        assert_eq!(census.check(ip("10.0.0.3"), 2, 1), Err(Crowded::All));
        census.remove(one);
        assert_eq!(census.check(one, 2, 1), Ok(()));
    }
}
