//! How a node finds its [`Coordinate`]: each round trip to a member whose coordinate is known pulls
//! it nearer or pushes it away, the more the less sure it is of its own place and the surer the
//! other is (Vivaldi, figure 3).
//!
//! As in serf there is a height (Vivaldi 5.4), an adjustment by the mean of the latest differences
//! (Lee et al.), a median over the latest round trips to each member (Ledlie et al. 4.1) and a
//! little gravity, so that all do not drift away together (Ledlie et al. 4.3). The coordinates of a
//! bounded number of members are kept.

use alloc::collections::BTreeMap;
use core::time::Duration;

use rand_core::Rng;

use crate::ground::id::Slot;
use crate::ground::time::Instant;
use crate::wire::serf::space::{Coordinate, LARGEST_ERROR, LEAST_HEIGHT, difference, magnitude};

/// c_e: how far one measurement changes the error.
const ERROR_WEIGHT: f64 = 0.25;
/// c_c: how far one measurement moves the coordinate.
const MOVE_WEIGHT: f64 = 0.25;
/// How many differences the adjustment is the mean of.
const ADJUSTMENT_WINDOW: usize = 20;
/// How many round trips to each member the median is taken over.
const MEDIAN_WINDOW: usize = 3;
/// The larger, the less gravity.
const GRAVITY_RHO: f64 = 150.0;
/// What is nearer than this, in seconds, is at the same place.
const NEAR: f64 = 1.0e-6;
/// A round trip above this says nothing of the network.
const LONGEST: Duration = Duration::from_secs(10);

/// What is known of a member.
#[derive(Clone, Copy, Debug)]
struct Known {
    coordinate: Coordinate,
    /// The latest round trips, in seconds, as a ring.
    latest: [f64; MEDIAN_WINDOW],
    measured: usize,
    /// When it was last heard of, on a clock of measurements.
    heard: u64,
}

/// This node's coordinate and those that it knows.
#[derive(Debug)]
pub(crate) struct Vivaldi {
    own: Coordinate,
    differences: [f64; ADJUSTMENT_WINDOW],
    measured: u64,
    known: BTreeMap<Slot, Known>,
    /// A round trip that was just measured, until the coordinate of the other end arrives in the
    /// same packet.
    pending: Option<(Instant, Slot, Duration)>,
}

impl Default for Vivaldi {
    fn default() -> Self {
        let (known, pending) = (BTreeMap::new(), None);
        Self {
            own: Coordinate::ORIGIN,
            differences: [0.0; ADJUSTMENT_WINDOW],
            measured: 0,
            known,
            pending,
        }
    }
}

impl Vivaldi {
    pub(crate) const fn own(&self) -> &Coordinate {
        &self.own
    }

    pub(crate) fn of(&self, slot: Slot) -> Option<&Coordinate> {
        self.known.get(&slot).map(|known| &known.coordinate)
    }

    pub(crate) fn len(&self) -> usize {
        self.known.len()
    }

    /// The members that something is known of.
    pub(crate) fn slots(&self) -> impl Iterator<Item = Slot> {
        self.known.keys().copied().chain(self.pending.map(|(_, slot, _)| slot))
    }

    /// The slot is given to another member, or to nobody.
    pub(crate) fn forget(&mut self, slot: Slot) {
        self.known.remove(&slot);
        self.pending.take_if(|(_, pending, _)| *pending == slot);
    }

    /// A member was just measured.
    pub(crate) fn measured(&mut self, now: Instant, slot: Slot, round_trip: Duration) {
        self.pending = Some((now, slot, round_trip));
    }

    /// The round trip that belongs to a coordinate that arrives now from that member.
    pub(crate) fn take_measured(&mut self, now: Instant, slot: Slot) -> Option<Duration> {
        self.pending
            .take_if(|(at, pending, _)| (*at, *pending) == (now, slot))
            .map(|(.., round_trip)| round_trip)
    }

    /// Takes a measurement into account. Of `max` members at most coordinates are kept: the one
    /// longest not heard of makes room.
    pub(crate) fn learn(
        &mut self,
        slot: Slot,
        other: Coordinate,
        round_trip: Duration,
        max: usize,
        rng: &mut impl Rng,
    ) {
        if round_trip > LONGEST {
            return;
        }
        self.measured += 1;
        let seconds = self.filtered(slot, other, round_trip.as_nanos() as f64 / 1.0e9, max);
        self.pull(&other, seconds, rng);
        self.adjust(&other, seconds);
        self.gravitate(rng);
        let Coordinate { position, error, adjustment, height } = self.own;
        // Whatever others have said: never beyond all measure.
        if Coordinate::new(position, error, adjustment, height).is_none() {
            self.own = Coordinate::ORIGIN;
            self.differences = [0.0; ADJUSTMENT_WINDOW];
        }
    }

    /// Notes a measurement of a member and returns the median of the latest.
    fn filtered(&mut self, slot: Slot, coordinate: Coordinate, seconds: f64, max: usize) -> f64 {
        if !self.known.contains_key(&slot) && self.known.len() >= max {
            let longest =
                self.known.iter().min_by_key(|(_, known)| known.heard).map(|(&slot, _)| slot);
            longest.map(|slot| self.known.remove(&slot));
        }
        let fresh = Known { coordinate, latest: [0.0; MEDIAN_WINDOW], measured: 0, heard: 0 };
        let known = self.known.entry(slot).or_insert(fresh);
        known.latest[known.measured % MEDIAN_WINDOW] = seconds;
        known.measured += 1;
        (known.coordinate, known.heard) = (coordinate, self.measured);
        let count = known.measured.min(MEDIAN_WINDOW);
        let mut sorted = known.latest;
        sorted[..count].sort_unstable_by(f64::total_cmp);
        sorted[count / 2]
    }

    fn pull(&mut self, other: &Coordinate, seconds: f64, rng: &mut impl Rng) {
        let adjusted = self.own.distance_to(other) + self.own.adjustment + other.adjustment;
        let distance = if adjusted > 0.0 { adjusted } else { self.own.distance_to(other) };
        let seconds = larger(seconds, NEAR);
        let wrongness = larger(distance - seconds, seconds - distance) / seconds;
        let weight = self.own.error / larger(self.own.error + other.error, NEAR);
        let error =
            ERROR_WEIGHT * weight * wrongness + self.own.error * (1.0 - ERROR_WEIGHT * weight);
        self.own.error = if error < LARGEST_ERROR { error } else { LARGEST_ERROR };
        self.push_from(other, MOVE_WEIGHT * weight * (seconds - distance), rng);
    }

    /// The mean of what the latest measurements differ from the distances by; half of it on each
    /// side.
    fn adjust(&mut self, other: &Coordinate, seconds: f64) {
        let place = (self.measured % ADJUSTMENT_WINDOW as u64) as usize;
        self.differences[place] = seconds - self.own.distance_to(other);
        let sum = self.differences.iter().fold(0.0, |sum, difference| sum + difference);
        self.own.adjustment = sum / (2.0 * ADJUSTMENT_WINDOW as f64);
    }

    fn gravitate(&mut self, rng: &mut impl Rng) {
        let pull = self.own.distance_to(&Coordinate::ORIGIN) / GRAVITY_RHO;
        self.push_from(&Coordinate::ORIGIN, -(pull * pull), rng);
    }

    /// Moves our coordinate away from another one, or nearer if the force is negative.
    fn push_from(&mut self, other: &Coordinate, force: f64, rng: &mut impl Rng) {
        let mut direction = difference(&self.own.position, &other.position);
        let mut distance = magnitude(&direction);
        let is_apart = distance > NEAR;
        if !is_apart {
            // At the same place any direction is as good as another.
            direction = core::array::from_fn(|_| f64::from(rng.next_u32()) / 4_294_967_296.0 - 0.5);
            distance = larger(magnitude(&direction), NEAR);
        }
        for (place, part) in self.own.position.iter_mut().zip(direction) {
            *place += part / distance * force;
        }
        if is_apart {
            let height = (self.own.height + other.height) * force / distance + self.own.height;
            self.own.height = larger(height, LEAST_HEIGHT);
        }
    }
}

const fn larger(a: f64, b: f64) -> f64 {
    if a > b { a } else { b }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use rand_core::SeedableRng;
    use rand_xoshiro::Xoshiro256PlusPlus;

    use super::*;

    const MANY: usize = 1_000;

    /// Nodes that measure each other in turn, `truth` apart; the mean error of what they then
    /// think, in thousandths.
    fn converged(nodes: usize, rounds: usize, truth: impl Fn(usize, usize) -> Duration) -> f64 {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
        let mut all: Vec<_> = (0..nodes).map(|_| Vivaldi::default()).collect();
        for _ in 0..rounds {
            for a in 0..nodes {
                let b = crate::ground::random::below(&mut rng, nodes as u32) as usize;
                if a != b {
                    let other = *all[b].own();
                    all[a].learn(Slot(b as u32), other, truth(a, b), MANY, &mut rng);
                }
            }
        }
        let pairs = (0..nodes).flat_map(|a| (0..a).map(move |b| (a, b)));
        let wrong = pairs.map(|(a, b)| {
            let (thought, true_one) = (all[a].own().round_trip_to(all[b].own()), truth(a, b));
            thought.abs_diff(true_one).as_secs_f64() / true_one.as_secs_f64()
        });
        wrong.sum::<f64>() * 1_000.0 / (nodes * (nodes - 1) / 2) as f64
    }

    #[test]
    fn nodes_on_a_line_and_in_two_places_find_out_how_far_they_are_apart() {
        let line = converged(10, 1_000, |a, b| Duration::from_millis(10 * a.abs_diff(b) as u64));
        assert!(line < 50.0, "{line} thousandths wrong");
        let split = converged(25, 1_000, |a, b| {
            Duration::from_millis(if (a < 12) == (b < 12) { 1 } else { 11 })
        });
        assert!(split < 100.0, "{split} thousandths wrong");
    }

    #[test]
    fn the_same_measurements_give_the_same_coordinates_to_the_last_bit() {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(7);
        let mut vivaldi = Vivaldi::default();
        for i in 0..100_u64 {
            let other = Coordinate::new([0.0001 * (i % 7) as f64; 8], 0.3, 0.0001, 0.001).unwrap();
            vivaldi.learn(
                Slot(i as u32 % 5),
                other,
                Duration::from_micros(2_000 + 37 * (i % 11)),
                MANY,
                &mut rng,
            );
        }
        // The golden bits: they must not change with the platform, the compiler or the profile.
        let bits = [
            vivaldi.own.position[0],
            vivaldi.own.error,
            vivaldi.own.adjustment,
            vivaldi.own.height,
        ];
        assert_eq!(bits.map(f64::to_bits), GOLDEN);
    }

    const GOLDEN: [u64; 4] = [
        4_550_240_964_126_565_153,
        4_593_213_785_632_759_071,
        4_531_033_729_843_905_728,
        4_557_890_507_346_738_454,
    ];

    #[test]
    fn one_outlier_among_three_measurements_changes_nothing_much() {
        let mut vivaldi = Vivaldi::default();
        let other = Coordinate::ORIGIN;
        let filtered =
            [10, 5_000, 11].map(|millis| vivaldi.filtered(Slot(1), other, f64::from(millis), MANY));
        assert_eq!(filtered, [10.0, 5_000.0, 11.0]);
        assert_eq!(vivaldi.filtered(Slot(1), other, 12.0, MANY), 12.0);
    }

    #[test]
    fn hostile_coordinates_and_absurd_round_trips_never_drive_us_beyond_all_measure() {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(3);
        let mut vivaldi = Vivaldi::default();
        for i in 0..10_000_u32 {
            let far = if i % 2 == 0 { 1_000.0 } else { -1_000.0 };
            let other = Coordinate::new([far; 8], 0.0, far, 1_000.0).unwrap();
            let round_trip = Duration::from_nanos(u64::from(rng.next_u32()) * 4);
            vivaldi.learn(Slot(i % 7), other, round_trip, MANY, &mut rng);
            let Coordinate { position, error, adjustment, height } = vivaldi.own;
            assert!(
                Coordinate::new(position, error, adjustment, height).is_some(),
                "{:?}",
                vivaldi.own
            );
        }
        vivaldi.learn(Slot(99), Coordinate::ORIGIN, Duration::from_secs(11), MANY, &mut rng);
        assert_eq!(vivaldi.of(Slot(99)), None, "so long a round trip is none");
    }

    #[test]
    fn no_more_are_kept_than_may_be_and_the_one_longest_not_heard_of_makes_room() {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(3);
        let mut vivaldi = Vivaldi::default();
        for slot in [1, 2, 1, 3] {
            vivaldi.learn(Slot(slot), Coordinate::ORIGIN, Duration::from_millis(1), 2, &mut rng);
        }
        assert!(vivaldi.of(Slot(2)).is_none() && vivaldi.of(Slot(1)).is_some());
        vivaldi.forget(Slot(1));
        assert_eq!(vivaldi.len(), 1);
    }
}
