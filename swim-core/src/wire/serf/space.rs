//! [`Coordinate`]: a point in a space in which distance is time: how far two members are apart is
//! about how long a packet takes there and back.
//!
//! Floats decide nothing in the protocol; they are here because this is geometry. Only `+ - * /`,
//! comparisons and square roots are used, which IEEE 754 defines to the last bit, so the same
//! inputs give the same coordinates on every platform. Read first: Dabek, Cox, Kaashoek, Morris,
//! "Vivaldi: A Decentralized Network Coordinate System", SIGCOMM 2004; Ledlie, Gardner, Seltzer,
//! "Network Coordinates in the Wild", NSDI 2007, for the dimensions, and Lee et al., "On
//! Suitability of Euclidean Embedding for Host-Based Network Coordinate Systems", 2010, for the
//! adjustment.

use core::time::Duration;

/// How many dimensions the space has, besides the height.
pub(crate) const DIMENSIONS: usize = 8;
/// The largest value that any part may have, in seconds: nothing on earth is further away.
const LARGEST: f64 = 1_000.0;
/// The largest error: that of a node that knows nothing. (serf)
pub(crate) const LARGEST_ERROR: f64 = 1.5;
/// The least height, in seconds. (serf)
pub(crate) const LEAST_HEIGHT: f64 = 10.0e-6;

/// Where a member is. All parts are finite, and in seconds but for the error.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Coordinate {
    pub(crate) position: [f64; DIMENSIONS],
    pub(crate) error: f64,
    pub(crate) adjustment: f64,
    pub(crate) height: f64,
}

impl Coordinate {
    /// Where a node begins that knows nothing: at the origin, and quite unsure of it.
    pub(crate) const ORIGIN: Self = Self {
        position: [0.0; DIMENSIONS],
        error: LARGEST_ERROR,
        adjustment: 0.0,
        height: LEAST_HEIGHT,
    };

    /// A coordinate of these parts, unless one of them is not a number or beyond all measure.
    #[must_use]
    pub fn new(position: [f64; 8], error: f64, adjustment: f64, height: f64) -> Option<Self> {
        let is_near = |value: f64| (-LARGEST..=LARGEST).contains(&value);
        let is_good = position.into_iter().all(is_near)
            && is_near(adjustment)
            && is_near(height)
            && height >= 0.0
            && is_near(error)
            && error >= 0.0;
        is_good.then_some(Self { position, error, adjustment, height })
    }

    /// The place in the space itself, in seconds.
    #[must_use]
    pub const fn position(&self) -> &[f64; 8] {
        &self.position
    }

    /// How unsure the member is of its place: 0 is sure, 1.5 knows nothing.
    #[must_use]
    pub const fn error(&self) -> f64 {
        self.error
    }

    /// What the latest measurements differ from the distances by, in seconds.
    #[must_use]
    pub const fn adjustment(&self) -> f64 {
        self.adjustment
    }

    /// What the way from the member to the network takes, in seconds.
    #[must_use]
    pub const fn height(&self) -> f64 {
        self.height
    }

    /// About how long a packet takes from here to there and back.
    #[must_use]
    pub fn round_trip_to(&self, other: &Self) -> Duration {
        let distance = self.distance_to(other);
        let adjusted = distance + self.adjustment + other.adjustment;
        // Bounded by the bounds of the parts.
        Duration::from_nanos((if adjusted > 0.0 { adjusted } else { distance } * 1.0e9) as u64)
    }

    /// The distance through the heights, in seconds, without adjustments.
    pub(crate) fn distance_to(&self, other: &Self) -> f64 {
        magnitude(&difference(&self.position, &other.position)) + self.height + other.height
    }
}

pub(crate) fn difference(a: &[f64; DIMENSIONS], b: &[f64; DIMENSIONS]) -> [f64; DIMENSIONS] {
    core::array::from_fn(|i| a[i] - b[i])
}

pub(crate) fn magnitude(vector: &[f64; DIMENSIONS]) -> f64 {
    libm::sqrt(vector.iter().fold(0.0, |sum, part| sum + part * part))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(x: f64, height: f64) -> Coordinate {
        Coordinate::new([x, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0], 0.5, 0.0, height).unwrap()
    }

    #[test]
    fn the_round_trip_is_the_distance_and_the_way_down_on_both_sides() {
        assert_eq!(at(0.003, 0.001).round_trip_to(&at(-0.004, 0.002)), Duration::from_millis(10));
        let adjusted = Coordinate { adjustment: 0.005, ..at(0.0, 0.0) };
        assert_eq!(adjusted.round_trip_to(&at(0.003, 0.0)), Duration::from_millis(8));
        let too_much = Coordinate { adjustment: -0.005, ..at(0.0, 0.0) };
        assert_eq!(
            too_much.round_trip_to(&at(0.003, 0.0)),
            Duration::from_millis(3),
            "never below nothing"
        );
    }

    #[test]
    fn what_is_no_number_or_beyond_all_measure_is_no_coordinate() {
        for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1.0e4, -1.0e4, f64::MAX] {
            let mut position = [0.0; 8];
            position[7] = bad;
            assert_eq!(Coordinate::new(position, 0.0, 0.0, 0.0), None, "{bad}");
            assert_eq!(Coordinate::new([0.0; 8], bad, 0.0, 0.0), None, "{bad}");
            assert_eq!(Coordinate::new([0.0; 8], 0.0, bad, 0.0), None, "{bad}");
            assert_eq!(Coordinate::new([0.0; 8], 0.0, 0.0, bad), None, "{bad}");
        }
        assert_eq!(
            Coordinate::new([0.0; 8], 0.0, 0.0, -1.0),
            None,
            "nobody lives below the ground"
        );
        assert_eq!(Coordinate::new([0.0; 8], -1.0, 0.0, 0.0), None);
    }
}
