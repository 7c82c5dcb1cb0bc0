//! What is believed of a member: [`Status`], the [`Claim`] and its order, and [`Member`], the copy
//! that users get.
//!
//! A claim is `(incarnation, status)`. Claims are totally ordered and merging is `max`, so members
//! who heard the same claims agree whatever order they heard them in. SWIM 4.2 has the order for
//! alive, suspect and confirm; Left is memberlist's, and stands above Dead: the member itself says
//! it, or an operator for it (`Swim::force_leave`).

use alloc::sync::Arc;
use core::fmt;
use core::net::{IpAddr, SocketAddr};

use crate::ground::id::{Incarnation, NodeId};

/// What a claim says of a member. The order is the order of merging at equal incarnation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Deserialize, serde::Serialize),
    serde(rename_all = "snake_case")
)]
#[repr(u8)]
pub enum Status {
    /// The member answers, or has said itself that it is alive.
    Alive = 0,
    /// A probe of the member failed; it has until the suspicion's timeout to refute.
    Suspect = 1,
    /// The suspicion was not refuted in time.
    Dead = 2,
    /// The member has said itself that it leaves, or an operator has declared that it left.
    Left = 3,
}

impl Status {
    /// All of them, in order.
    pub const ALL: [Self; 4] = [Self::Alive, Self::Suspect, Self::Dead, Self::Left];

    /// Alive or Suspect: the member is probed, gossiped to and counted as there.
    #[must_use]
    pub const fn is_active(self) -> bool {
        matches!(self, Self::Alive | Self::Suspect)
    }

    pub(crate) const fn from_u8(byte: u8) -> Option<Self> {
        match byte {
            0 => Some(Self::Alive),
            1 => Some(Self::Suspect),
            2 => Some(Self::Dead),
            3 => Some(Self::Left),
            _ => None,
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Alive => "alive",
            Self::Suspect => "suspect",
            Self::Dead => "dead",
            Self::Left => "left",
        })
    }
}

/// What one says of a member: at this incarnation, it has this status. Merging two claims is taking
/// the greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct Claim {
    /// Compared first: a member that raises its incarnation overrides all that was said before.
    pub incarnation: Incarnation,
    /// Compared at equal incarnation.
    pub status: Status,
}

impl Claim {
    /// The claim `status` at `incarnation`.
    #[must_use]
    pub const fn new(incarnation: Incarnation, status: Status) -> Self {
        Self { incarnation, status }
    }
}

impl fmt::Display for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.status, self.incarnation)
    }
}

/// Metadata as a sequence of bytes.
#[cfg(feature = "serde")]
mod metadata {
    use alloc::sync::Arc;
    use alloc::vec::Vec;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(
        metadata: &Arc<[u8]>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        metadata[..].serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Arc<[u8]>, D::Error> {
        Vec::<u8>::deserialize(deserializer).map(Arc::from)
    }
}

/// A copy of what a node believes of one member at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct Member {
    /// The member's name.
    pub id: NodeId,
    /// Where the member listens.
    pub address: SocketAddr,
    /// The member's metadata, at most `Config::max_metadata_size` bytes; their meaning is the
    /// users'.
    #[cfg_attr(feature = "serde", serde(with = "metadata"))]
    pub metadata: Arc<[u8]>,
    /// The claim that stands.
    pub claim: Claim,
}

impl Member {
    /// The status of the claim that stands.
    #[must_use]
    pub const fn status(&self) -> Status {
        self.claim.status
    }
}

/// Who a node is when it starts: what [`Swim::new`](crate::Swim::new) is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The node's name, unique in its cluster.
    pub id: NodeId,
    /// Where other members reach this node: not unspecified (0.0.0.0), not port 0.
    pub address: SocketAddr,
    /// The metadata that the others see.
    pub metadata: Arc<[u8]>,
    /// The first incarnation. A restarted node that starts above its old self supersedes it at
    /// once; wall-clock milliseconds do that without any stored state.
    pub incarnation: Incarnation,
}

impl Identity {
    /// A node without metadata.
    #[must_use]
    pub fn new(id: NodeId, address: SocketAddr, incarnation: Incarnation) -> Self {
        Self { id, address, metadata: Arc::from([]), incarnation }
    }

    /// The same with `metadata`.
    #[must_use]
    pub fn with_metadata(mut self, metadata: &[u8]) -> Self {
        self.metadata = Arc::from(metadata);
        self
    }
}

/// Returns true if an address can be a member's: specified, not multicast or broadcast, and not
/// port 0.
#[must_use]
#[inline(always)]
pub fn is_reachable(address: &SocketAddr) -> bool {
    let ip = address.ip();
    let is_broadcast = matches!(ip, IpAddr::V4(v4) if v4.is_broadcast());
    address.port() != 0 && !ip.is_unspecified() && !ip.is_multicast() && !is_broadcast
}

/// How far an address means the same thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reach {
    /// On one host alone: loopback.
    Host,
    /// On one link alone: link-local.
    Link,
    /// Wherever there is a route.
    Routed,
}

fn reach(ip: IpAddr) -> Reach {
    let is_link_local = match ip {
        IpAddr::V4(v4) => v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_unicast_link_local(),
    };
    match (ip.is_loopback(), is_link_local) {
        (true, _) => Reach::Host,
        (_, true) => Reach::Link,
        _ => Reach::Routed,
    }
}

/// Returns true if a node at `own` may believe that a member lives at `address`. An address that
/// means something on one host or one link alone is believed only by nodes that have such an
/// address themselves: anyone else would look for the member on its own host, and whatever listens
/// there would hear of it.
pub(crate) fn is_believable(address: SocketAddr, own: SocketAddr) -> bool {
    let there = reach(address.ip().to_canonical());
    there == Reach::Routed || there == reach(own.ip().to_canonical())
}

/// An address as the wire carries it: IPv4 as such, no flow and no scope.
#[must_use]
pub fn normal_address(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn every_claim() -> impl Iterator<Item = Claim> + Clone {
        (0..3).flat_map(|i| Status::ALL.map(|status| Claim::new(Incarnation::new(i), status)))
    }

    #[test]
    fn a_higher_incarnation_beats_every_status_of_a_lower_one() {
        for older in every_claim() {
            for newer in every_claim().filter(|c| c.incarnation > older.incarnation) {
                assert_eq!(older.max(newer), newer);
            }
        }
    }

    #[test]
    fn at_equal_incarnation_alive_yields_to_suspect_to_dead_to_left() {
        let order = Status::ALL.map(|status| Claim::new(Incarnation::new(1), status));
        assert!(order.is_sorted_by(|a, b| a < b));
    }

    #[test]
    fn merging_is_commutative_associative_and_idempotent() {
        for a in every_claim() {
            assert_eq!(a.max(a), a);
            for b in every_claim() {
                assert_eq!(a.max(b), b.max(a));
                for c in every_claim() {
                    assert_eq!(a.max(b).max(c), a.max(b.max(c)));
                }
            }
        }
    }

    #[test]
    fn addresses_of_one_host_or_one_link_are_believed_there_alone() {
        let [host, link, routed] = [
            ["127.0.0.1:1", "127.9.9.9:1", "[::1]:1"],
            ["169.254.1.1:1", "[fe80::1]:1", "169.254.169.254:80"],
            ["10.0.0.1:1", "[2001:db8::1]:1", "203.0.113.9:1"],
        ]
        .map(|class| class.map(|text| text.parse::<SocketAddr>().unwrap()));
        for (own, classes) in [
            (host[0], [true, false, true]),
            (link[1], [false, true, true]),
            (routed[0], [false, false, true]),
        ] {
            for (class, expected) in [host, link, routed].iter().zip(classes) {
                assert!(
                    class.iter().all(|&address| is_believable(address, own) == expected),
                    "{own} {class:?}"
                );
            }
        }
    }

    #[test]
    fn unspecified_multicast_and_port_0_are_not_addresses_of_members() {
        for bad in [
            "0.0.0.0:1",
            "[::]:1",
            "127.0.0.1:0",
            "224.0.0.1:1",
            "[ff02::1]:9",
            "255.255.255.255:9",
        ] {
            assert!(!is_reachable(&bad.parse().unwrap()), "{bad}");
        }
        assert!(is_reachable(&"127.0.0.1:7946".parse().unwrap()));
    }

    #[cfg(all(feature = "serde", feature = "std"))]
    #[test]
    fn a_member_comes_back_from_what_serde_made_of_it_and_a_name_is_checked() {
        let claim = Claim::new(Incarnation::new(7), Status::Suspect);
        let address = "[2001:db8::1]:7946".parse().unwrap();
        let id = NodeId::new("n\u{e9}").unwrap();
        let member = Member { id, address, metadata: Arc::from([0, 255]), claim };
        let bytes = rmp_serde::to_vec_named(&member).unwrap();
        assert_eq!(rmp_serde::from_slice::<Member>(&bytes).unwrap(), member);
        assert!(rmp_serde::from_slice::<NodeId>(&rmp_serde::to_vec("").unwrap()).is_err());
    }
}
