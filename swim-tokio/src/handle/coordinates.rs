//! Estimated round trips in the hands of a node's user: the calls of [`Runtime`] and of its
//! blocking twin.

use std::time::Duration;

use swim_core::{Coordinate, NodeId};

use super::{Runtime, blocking};

impl Runtime {
    /// Where a member is in a space in which distances are round trips, as far as this node knows;
    /// `None` without [`Config::max_coordinates`](crate::Config::max_coordinates). May be half a
    /// second old.
    #[must_use]
    pub fn coordinate(&self, id: &str) -> Option<Coordinate> {
        self.view.coordinates.with(|known| known.of(self.id(), id))
    }

    /// About how long a packet takes from one member to another and back: see
    /// [`SerfRef::estimated_round_trip`](swim_core::SerfRef::estimated_round_trip).
    #[must_use]
    pub fn estimated_round_trip(&self, one: &str, other: &str) -> Option<Duration> {
        self.view.coordinates.with(|known| {
            let (one, other) = (known.of(self.id(), one)?, known.of(self.id(), other)?);
            Some(one.round_trip_to(&other))
        })
    }

    /// Up to `count` active members that are estimated to be nearest, the nearest first.
    #[must_use]
    pub fn nearest(&self, count: usize) -> Vec<(NodeId, Duration)> {
        self.view.coordinates.with(|known| known.nearest.iter().take(count).cloned().collect())
    }
}

impl blocking::Runtime {
    /// Where a member is: see [`Runtime::coordinate`].
    #[must_use]
    pub fn coordinate(&self, id: &str) -> Option<Coordinate> {
        self.node.coordinate(id)
    }

    /// About how long a packet takes: see [`Runtime::estimated_round_trip`].
    #[must_use]
    pub fn estimated_round_trip(&self, one: &str, other: &str) -> Option<Duration> {
        self.node.estimated_round_trip(one, other)
    }

    /// The nearest members: see [`Runtime::nearest`].
    #[must_use]
    pub fn nearest(&self, count: usize) -> Vec<(NodeId, Duration)> {
        self.node.nearest(count)
    }
}
