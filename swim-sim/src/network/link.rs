//! The path between two nodes: [`Link`], and the fate of one packet on it.
//!
//! A link knows delays and chances. Whether the path is there at all is the partition's to know.

use core::time::Duration;

use super::{Bandwidth, Latency};
use crate::ground::streams::{self, Stream};

/// What packets on a path go through. Start from a preset and change fields.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields)
)]
pub struct Link {
    /// The delay of one way.
    pub latency: Latency,
    /// How many of 1,000 packets are lost. Exchanges are reliable: a loss costs them a
    /// retransmission's time.
    pub loss_permille: u16,
    /// How many of 1,000 packets arrive twice.
    pub duplicate_permille: u16,
    /// How many of 1,000 packets are held up on the way by up to `reorder_by` more, and so
    /// overtaken by others.
    pub reorder_permille: u16,
    /// How long a packet is held up at most.
    #[cfg_attr(feature = "serde", serde(with = "crate::ground::time"))]
    pub reorder_by: Duration,
    /// How many of 1,000 packets are damaged on the way: bits flip, or the end is missing. A packet
    /// that would say what nobody said is dropped by its checksum; others arrive as they are.
    pub corrupt_permille: u16,
    /// How fast the sender can send on this path, and how much may wait; without a limit everything
    /// leaves at once.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub bandwidth: Option<Bandwidth>,
    /// A firewall drops every packet and lets exchanges pass.
    pub blocks_packets: bool,
}

impl Link {
    /// One machine: 50 µs, nothing is lost.
    #[must_use]
    pub const fn local() -> Self {
        Self {
            latency: Latency::Constant(Duration::from_micros(50)),
            loss_permille: 0,
            duplicate_permille: 0,
            reorder_permille: 0,
            reorder_by: Duration::ZERO,
            corrupt_permille: 0,
            bandwidth: None,
            blocks_packets: false,
        }
    }

    /// A site: 100 to 500 µs, nothing is lost.
    #[must_use]
    pub fn lan() -> Self {
        Self {
            latency: Latency::Uniform {
                low: Duration::from_micros(100),
                high: Duration::from_micros(500),
            },
            ..Self::local()
        }
    }

    /// Between sites: 20 to 60 ms with a tail to 150 ms, 1 in 1,000 lost.
    #[must_use]
    pub fn wan() -> Self {
        let ms = Duration::from_millis;
        Self {
            latency: Latency::quantiles(&[
                (1, ms(20)),
                (500, ms(35)),
                (950, ms(60)),
                (1_000, ms(150)),
            ]),
            loss_permille: 1,
            ..Self::local()
        }
    }

    /// A crowded radio: 2 to 20 ms with a tail to 300 ms, 5 % lost, some twice, some out of order.
    #[must_use]
    pub fn lossy_wifi() -> Self {
        let ms = Duration::from_millis;
        Self {
            latency: Latency::quantiles(&[
                (1, ms(2)),
                (500, ms(6)),
                (900, ms(20)),
                (990, ms(80)),
                (1_000, ms(300)),
            ]),
            loss_permille: 50,
            duplicate_permille: 10,
            reorder_permille: 50,
            reorder_by: ms(50),
            ..Self::local()
        }
    }

    /// A geostationary satellite: 280 to 340 ms, 1 % lost.
    #[must_use]
    pub fn satellite() -> Self {
        Self {
            latency: Latency::Uniform {
                low: Duration::from_millis(280),
                high: Duration::from_millis(340),
            },
            loss_permille: 10,
            ..Self::local()
        }
    }

    /// Draws what becomes of one packet, for a network of your own with the same paths. It costs
    /// six words, always, so that a change of one chance leaves the others' draws where they were.
    /// Bandwidth, damage and firewalls are not drawn here.
    #[must_use]
    pub fn fate(&self, stream: &mut Stream) -> Fate {
        let lost = streams::happens(stream, self.loss_permille);
        let twice = streams::happens(stream, self.duplicate_permille);
        let held_up = streams::happens(stream, self.reorder_permille);
        let by = streams::between(stream, Duration::ZERO, self.reorder_by);
        let (first, second) = (self.latency.draw(stream), self.latency.draw(stream));
        let delay = first + if held_up { by } else { Duration::ZERO };
        Fate { delay: (!lost).then_some(delay), again: twice.then_some(second) }
    }
}

/// What becomes of a packet: the original, and perhaps a duplicate, each with its own delay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fate {
    /// When it arrives; `None`: it is lost.
    pub delay: Option<Duration>,
    /// A duplicate arrives after this delay, even if the original is lost.
    pub again: Option<Duration>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ground::streams::{Purpose, stream};

    fn fates(link: &Link) -> Vec<Fate> {
        let mut stream = stream(1, Purpose::Link, 0);
        (0..20_000).map(|_| link.fate(&mut stream)).collect()
    }

    #[test]
    fn loss_duplication_and_delay_come_as_often_as_they_were_asked_for() {
        let link = Link {
            loss_permille: 200,
            duplicate_permille: 100,
            reorder_permille: 300,
            reorder_by: Duration::from_secs(1),
            ..Link::local()
        };
        let fates = fates(&link);
        let count = |test: fn(&Fate) -> bool| fates.iter().filter(|fate| test(fate)).count();
        assert!((3_700..4_300).contains(&count(|fate| fate.delay.is_none())));
        assert!((1_800..2_200).contains(&count(|fate| fate.again.is_some())));
        let held_up =
            count(|fate| fate.delay.is_some_and(|delay| delay > Duration::from_millis(1)));
        assert!((4_500..5_100).contains(&held_up), "30 % of those not lost: {held_up}");
    }

    #[test]
    fn more_loss_takes_packets_away_and_leaves_the_rest_as_they_were() {
        let (few, many) =
            (Link { loss_permille: 50, ..Link::lan() }, Link { loss_permille: 200, ..Link::lan() });
        for (few, many) in fates(&few).into_iter().zip(fates(&many)) {
            assert!(many.delay.is_none() || few == many, "{few:?} {many:?}");
        }
    }

    #[test]
    fn a_lan_neither_loses_nor_repeats() {
        assert!(
            fates(&Link::lan()).iter().all(|fate| fate.delay.is_some() && fate.again.is_none())
        );
    }
}
