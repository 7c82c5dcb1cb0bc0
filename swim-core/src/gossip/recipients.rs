//! Who hears a broadcast, in a small cluster: a bit for each peer, by which the queue of broadcasts
//! keeps account of the peers it has sent each to.
//!
//! Nothing repairs a broadcast that missed somebody, and with a few peers chance does not reach all
//! of them. With many it does, and nobody has a bit. It knows no broadcast.

use crate::ground::id::Slot;

/// How many peers have a bit at most. With more, the limit of transmissions is so high that chance
/// reaches all.
const MOST: usize = 9;

/// The peers that have a bit each.
#[derive(Debug, Default)]
pub(crate) struct Recipients {
    places: [Option<Slot>; MOST],
}

impl Recipients {
    /// Brings the bits in line with the peers, which have changed. Who stays keeps its bit. Returns
    /// the bits that are others' now: nothing was sent to them.
    pub(crate) fn follow(&mut self, peers: &[Slot]) -> u16 {
        if peers.len() > MOST {
            self.places = [None; MOST];
            return 0;
        }
        for place in &mut self.places {
            place.take_if(|slot| !peers.contains(slot));
        }
        let mut changed = 0;
        for &slot in peers {
            if self.bit(slot) == 0
                && let Some(free) = self.places.iter().position(Option::is_none)
            {
                self.places[free] = Some(slot);
                changed |= 1 << free;
            }
        }
        changed
    }

    /// The bit of a peer; 0 if it has none.
    pub(crate) fn bit(&self, peer: Slot) -> u16 {
        self.places.iter().position(|&place| place == Some(peer)).map_or(0, |place| 1 << place)
    }

    /// All bits that a peer has.
    pub(crate) fn all(&self) -> u16 {
        self.peers().fold(0, |all, (bit, _)| all | bit)
    }

    /// The bits and whose they are.
    pub(crate) fn peers(&self) -> impl Iterator<Item = (u16, Slot)> {
        self.places.iter().enumerate().filter_map(|(place, &slot)| Some((1 << place, slot?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_stays_keeps_its_bit_and_who_comes_has_been_sent_nothing() {
        let mut audience = Recipients::default();
        assert_eq!(audience.follow(&[Slot(3), Slot(7), Slot(5)]), 0b111);
        assert_eq!(audience.follow(&[Slot(5), Slot(3)]), 0);
        assert_eq!(
            (audience.bit(Slot(3)), audience.bit(Slot(7)), audience.bit(Slot(5))),
            (0b1, 0, 0b100)
        );
        assert_eq!(
            audience.follow(&[Slot(5), Slot(3), Slot(8), Slot(7)]),
            0b1010,
            "one that comes back as well"
        );
        assert_eq!(audience.all(), 0b1111);
    }

    #[test]
    fn nobody_has_a_bit_among_many_and_all_are_given_new_ones_when_they_are_few_again() {
        let mut audience = Recipients::default();
        let peers: [Slot; 10] = core::array::from_fn(|i| Slot(i as u32));
        assert_eq!(audience.follow(&peers[..9]), 0x1ff);
        assert_eq!((audience.follow(&peers), audience.all(), audience.bit(Slot(0))), (0, 0, 0));
        assert_eq!((audience.follow(&peers[1..]), audience.all()), (0x1ff, 0x1ff));
    }
}
