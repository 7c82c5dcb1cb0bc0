//! Estimated round trips in the hands of a node's user: the calls of [`Runtime`] and of its blocking twin.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use swim_core::{Coordinate, NodeId, Swim};

use crate::blocking;
use crate::clock::Generator;
use crate::runtime::Runtime;

/// How old what handles read may be.
const REFRESH: Duration = Duration::from_millis(500);

/// Where members are, as of the loop's latest look.
#[derive(Debug, Default)]
pub(crate) struct Coordinates {
    known: Mutex<(Option<Instant>, Known)>,
}

/// Sorted by name; this node's own beside it.
#[derive(Debug, Default)]
struct Known {
    own: Option<Coordinate>,
    others: Vec<(NodeId, Coordinate)>,
    nearest: Vec<(NodeId, Duration)>,
}

impl Coordinates {
    /// Looks again, if the last look was a while ago. Costs nothing where there are no coordinates.
    pub(crate) fn refresh(&self, swim: &Swim<Generator>) {
        let Some(own) = swim.coordinate() else { return };
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.0.is_some_and(|looked| looked.elapsed() < REFRESH) {
            return;
        }
        let nearest = swim.nearest(usize::MAX);
        let mut others: Vec<_> =
            nearest.iter().filter_map(|(id, _)| Some((id.clone(), *swim.member_coordinate(id)?))).collect();
        others.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
        *known = (Some(Instant::now()), Known { own: Some(*own), others, nearest });
    }

    fn with<T>(&self, read: impl FnOnce(&Known) -> T) -> T {
        read(&self.known.lock().unwrap_or_else(PoisonError::into_inner).1)
    }
}

impl Known {
    fn of(&self, me: &str, id: &str) -> Option<Coordinate> {
        if id == me {
            return self.own;
        }
        let place = self.others.binary_search_by(|(known, _)| (**known).cmp(id)).ok()?;
        Some(self.others[place].1)
    }
}

impl Runtime {
    /// Where a member is in a space in which distances are round trips, as far as this node knows; `None` without
    /// [`Config::max_coordinates`](crate::Config::max_coordinates). May be half a second old.
    #[must_use]
    pub fn coordinate(&self, id: &str) -> Option<Coordinate> {
        self.view.coordinates.with(|known| known.of(self.id(), id))
    }

    /// About how long a packet takes from one member to another and back: see
    /// [`Swim::estimated_round_trip`](swim_core::Swim::estimated_round_trip).
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
