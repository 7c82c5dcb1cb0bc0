//! Round trips that are estimated, not measured: each node finds its place in a space of times by
//! what its probes take, and says it in its acks (serf's network coordinates). Nothing in the
//! protocol depends on it.

use alloc::vec::Vec;
use core::time::Duration;

use rand_core::Rng;

use super::Swim;
use crate::coordinate::Coordinate;
use crate::id::{NodeId, Slot};
use crate::time::Instant;
use crate::wire::WireError;

impl<R: Rng> Swim<R> {
    /// Where this node is, in a space in which distances are round trips; `None` if
    /// `Config::max_coordinates` is 0.
    #[must_use]
    pub fn coordinate(&self) -> Option<&Coordinate> {
        self.has_coordinates().then(|| self.vivaldi.own())
    }

    /// Where a member was when it last acked a probe of this node, this node itself included.
    #[must_use]
    pub fn member_coordinate(&self, id: &str) -> Option<&Coordinate> {
        if *self.local.id == *id {
            return self.coordinate();
        }
        self.vivaldi.of(self.members.find(id)?)
    }

    /// About how long a packet takes from one member to another and back, as far as the coordinates
    /// of both are known here. They are after some dozens of probes of each.
    #[must_use]
    pub fn estimated_round_trip(&self, one: &str, other: &str) -> Option<Duration> {
        self.member_coordinate(one)
            .zip(self.member_coordinate(other))
            .map(|(one, other)| one.round_trip_to(other))
    }

    /// Up to `count` active members that are estimated to be nearest to this node, the nearest
    /// first; those whose coordinate is known. O(n).
    #[must_use]
    pub fn nearest(&self, count: usize) -> Vec<(NodeId, Duration)> {
        let Some(own) = self.coordinate() else { return Vec::new() };
        let mut near: Vec<(Duration, Slot)> = self
            .members
            .slots()
            .filter(|&slot| slot != self.local.slot && self.members.is_active(slot))
            .filter_map(|slot| Some((own.round_trip_to(self.vivaldi.of(slot)?), slot)))
            .collect();
        near.sort_unstable();
        near.into_iter()
            .take(count)
            .map(|(round_trip, slot)| (self.id_at(slot), round_trip))
            .collect()
    }

    pub(super) const fn has_coordinates(&self) -> bool {
        self.config.max_coordinates > 0
    }

    /// A member answered a direct probe after so long; its coordinate may follow in the same
    /// packet.
    pub(super) fn note_round_trip(&mut self, now: Instant, slot: Slot, round_trip: Duration) {
        if self.has_coordinates() {
            self.vivaldi.measured(now, slot, round_trip);
        }
    }

    /// A member says where it is. Only a measurement makes that of use.
    pub(super) fn hear_coordinate(
        &mut self,
        now: Instant,
        slot: Slot,
        coordinate: Result<Coordinate, WireError>,
    ) {
        let Some(round_trip) = self.vivaldi.take_measured(now, slot) else { return };
        match coordinate {
            Ok(coordinate) => {
                let max = self.config.max_coordinates;
                self.vivaldi.learn(slot, coordinate, round_trip, max, &mut self.rng);
            }
            Err(error) => self.metrics.drop(error.reason()),
        }
    }
}
