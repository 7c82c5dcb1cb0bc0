//! [`Coordinates`]: where members are, as the handles read it.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use swim_core::{Coordinate, NodeId, Swim};

use crate::ground::clock::Generator;

/// How old what handles read may be.
const REFRESH: Duration = Duration::from_millis(500);

/// Where members are, as of the loop's latest look.
#[derive(Debug, Default)]
pub(crate) struct Coordinates {
    known: Mutex<(Option<Instant>, Known)>,
}

/// Sorted by name; this node's own next to it.
#[derive(Debug, Default)]
pub(crate) struct Known {
    own: Option<Coordinate>,
    others: Vec<(NodeId, Coordinate)>,
    pub(crate) nearest: Vec<(NodeId, Duration)>,
}

impl Coordinates {
    /// Looks again, if the last look was a while ago. Costs nothing where there are no coordinates.
    pub(crate) fn refresh(&self, swim: &Swim<Generator>) {
        let Some(own) = swim.serf().coordinate() else { return };
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.0.is_some_and(|looked| looked.elapsed() < REFRESH) {
            return;
        }
        let nearest = swim.serf().nearest(usize::MAX);
        let mut others: Vec<_> = nearest
            .iter()
            .filter_map(|(id, _)| Some((id.clone(), *swim.serf().member_coordinate(id)?)))
            .collect();
        others.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
        *known = (Some(Instant::now()), Known { own: Some(*own), others, nearest });
    }

    pub(crate) fn with<T>(&self, read: impl FnOnce(&Known) -> T) -> T {
        read(&self.known.lock().unwrap_or_else(PoisonError::into_inner).1)
    }
}

impl Known {
    pub(crate) fn of(&self, me: &str, id: &str) -> Option<Coordinate> {
        if id == me {
            return self.own;
        }
        let place = self.others.binary_search_by(|(known, _)| (**known).cmp(id)).ok()?;
        Some(self.others[place].1)
    }
}
