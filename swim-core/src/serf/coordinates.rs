//! Round trips that are estimated, not measured: each node finds its place in a space of times by
//! what its probes take, and says it in its acks (serf's network coordinates). Nothing in the
//! protocol depends on it.

use super::Serf;
use crate::dialect::policy::CoordinatePolicy;
use crate::ground::id::Slot;
use crate::ground::time::Instant;
use crate::membership::application::Host;
use crate::wire::serf::Coordinate;

impl Serf {
    /// A member says where it is. Only a measurement makes that of use.
    pub(super) fn hear_coordinate(
        &mut self,
        host: &mut impl Host,
        now: Instant,
        slot: Slot,
        payload: &[u8],
    ) {
        let coordinate = match host.policy().coordinates {
            CoordinatePolicy::BesideAcks => Coordinate::from_bytes(payload),
            CoordinatePolicy::InAcks if !payload.is_empty() => Coordinate::from_serf(payload),
            CoordinatePolicy::InAcks | CoordinatePolicy::Unsaid => return,
        };
        let Some(round_trip) = self.vivaldi.take_measured(now, slot) else { return };
        match coordinate {
            Ok(coordinate) => {
                let max = host.config().max_coordinates;
                self.vivaldi.learn(slot, coordinate, round_trip, max, host.rng());
            }
            Err(error) => host.count_drop(error.reason()),
        }
    }
}
