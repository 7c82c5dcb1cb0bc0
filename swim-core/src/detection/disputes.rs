//! Names that are claimed at another address than their bearer's, while the bearer is asked whether
//! it is still there; and for a while after it has answered, so that it is not asked again by each
//! repetition of the claim.
//!
//! Of each name the newest claim is held. It knows nothing of how a bearer is asked.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::net::SocketAddr;

use crate::ground::id::{Incarnation, Slot};
use crate::ground::time::Instant;

/// How many claims are held at most. The one that was refused first makes room; where none was,
/// further ones are dropped: gossip and tables bring them again.
const MAX: usize = 256;
/// How often a bearer is asked before its silence counts: one lost packet must not cost it its
/// name.
const ASKS: u8 = 2;

/// A claim that waits for the bearer's answer, or was refused.
#[derive(Clone, Debug)]
pub(crate) struct Held {
    pub(crate) slot: Slot,
    pub(crate) incarnation: Incarnation,
    /// Where the claimant is.
    pub(crate) address: SocketAddr,
    pub(crate) metadata: Box<[u8]>,
    /// Whether it is passed on if it is believed.
    pub(crate) is_gossip: bool,
    /// How often the bearer may be asked again.
    asks: u8,
    /// The bearer has answered: until then the claim is refused unasked.
    refused_until: Option<Instant>,
}

/// What is to be done about a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dispute {
    /// The bearer is to be asked.
    Ask,
    /// It is being asked.
    Asked,
    /// It has answered, or there is no room to ask.
    Refused,
}

/// What a bearer's silence means.
#[derive(Debug)]
pub(crate) enum Silence {
    /// It is to be asked once more.
    AskAgain,
    /// The claim is to be believed.
    Believe(Held),
}

/// All that are held.
#[derive(Debug, Default)]
pub(crate) struct Disputes {
    held: Vec<Held>,
}

impl Disputes {
    /// The name at `slot` is claimed.
    pub(crate) fn claim(
        &mut self,
        now: Instant,
        slot: Slot,
        (incarnation, address, metadata): (Incarnation, SocketAddr, &[u8]),
        is_gossip: bool,
    ) -> Dispute {
        self.held.retain(|held| held.refused_until.is_none_or(|until| now < until));
        let new = || Held {
            slot,
            incarnation,
            address,
            metadata: Box::from(metadata),
            is_gossip,
            asks: ASKS,
            refused_until: None,
        };
        if self.held.len() >= MAX && self.held.iter().all(|held| held.slot != slot) {
            let refused = self
                .held
                .iter()
                .enumerate()
                .filter_map(|(place, held)| Some((held.refused_until?, place)));
            let Some((_, first)) = refused.min() else { return Dispute::Refused };
            self.held.swap_remove(first);
        }
        match self.held.iter_mut().find(|held| held.slot == slot) {
            Some(held) if held.refused_until.is_some() && held.address == address => {
                Dispute::Refused
            }
            Some(held) if held.refused_until.is_some() => {
                *held = new();
                Dispute::Ask
            }
            Some(held) => {
                if (incarnation, address, metadata)
                    > (held.incarnation, held.address, &*held.metadata)
                {
                    *held =
                        Held { asks: held.asks, is_gossip: is_gossip || held.is_gossip, ..new() };
                }
                Dispute::Asked
            }
            None => {
                self.held.push(new());
                Dispute::Ask
            }
        }
    }

    /// The bearer of the name at `slot` has answered. Returns where it is claimed, and refuses that
    /// until then.
    pub(crate) fn answered(&mut self, slot: Slot, until: Instant) -> Option<SocketAddr> {
        let held =
            self.held.iter_mut().find(|held| held.slot == slot && held.refused_until.is_none())?;
        held.refused_until = Some(until);
        Some(held.address)
    }

    /// The bearer of the name at `slot` has not answered in time.
    pub(crate) fn silent(&mut self, slot: Slot) -> Option<Silence> {
        let place =
            self.held.iter().position(|held| held.slot == slot && held.refused_until.is_none())?;
        let held = &mut self.held[place];
        held.asks -= 1;
        Some(if held.asks > 0 {
            Silence::AskAgain
        } else {
            Silence::Believe(self.held.swap_remove(place))
        })
    }

    /// Nobody is at the bearer's address: its next silence is its last.
    pub(crate) fn give_up(&mut self, slot: Slot) {
        self.held.iter_mut().filter(|held| held.slot == slot).for_each(|held| held.asks = 1);
    }

    /// The members whose names are claimed.
    pub(crate) fn slots(&self) -> impl Iterator<Item = Slot> {
        self.held.iter().map(|held| held.slot)
    }

    /// The slot is given to another member.
    pub(crate) fn forget(&mut self, slot: Slot) {
        self.held.retain(|held| held.slot != slot);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SLOT: Slot = Slot(7);

    fn claim(
        disputes: &mut Disputes,
        millis: u64,
        slot: Slot,
        incarnation: u64,
        port: u16,
    ) -> Dispute {
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        disputes.claim(
            Instant::from_millis(millis),
            slot,
            (Incarnation::new(incarnation), address, b""),
            true,
        )
    }

    #[test]
    fn a_bearer_is_asked_once_however_often_its_name_is_claimed_and_again_after_a_while() {
        let mut disputes = Disputes::default();
        let first: Vec<_> = (0..3).map(|i| claim(&mut disputes, i, SLOT, 5 + i, 9)).collect();
        assert_eq!(first, [Dispute::Ask, Dispute::Asked, Dispute::Asked]);
        assert_eq!(disputes.answered(SLOT, Instant::from_millis(50)).map(|at| at.port()), Some(9));
        assert_eq!(claim(&mut disputes, 49, SLOT, 9, 9), Dispute::Refused);
        assert!(disputes.silent(SLOT).is_none(), "a late deadline");
        assert_eq!(claim(&mut disputes, 50, SLOT, 9, 9), Dispute::Ask);
        disputes.answered(SLOT, Instant::from_millis(99));
        assert_eq!(claim(&mut disputes, 60, SLOT, 9, 10), Dispute::Ask, "another claimant");
    }

    #[test]
    fn the_newest_claim_is_believed_when_the_bearer_stays_silent() {
        let mut disputes = Disputes::default();
        for (incarnation, port) in [(5, 9), (7, 10), (6, 11)] {
            claim(&mut disputes, 0, SLOT, incarnation, port);
        }
        assert!(matches!(disputes.silent(SLOT), Some(Silence::AskAgain)));
        let Some(Silence::Believe(held)) = disputes.silent(SLOT) else {
            panic!("it was asked twice")
        };
        assert_eq!((held.incarnation.get(), held.address.port()), (7, 10));
        assert!(disputes.silent(SLOT).is_none());
    }

    #[test]
    fn no_more_are_held_than_may_be_and_those_of_a_slot_end_with_it() {
        let mut disputes = Disputes::default();
        let asked = |disputes: &mut Disputes| {
            (0..300).filter(|&slot| claim(disputes, 0, Slot(slot), 5, 9) == Dispute::Ask).count()
        };
        assert_eq!((asked(&mut disputes), disputes.held.len()), (MAX, MAX));
        disputes.forget(Slot(0));
        assert_eq!(claim(&mut disputes, 0, Slot(299), 5, 9), Dispute::Ask);
    }

    #[test]
    fn refused_claims_make_room_for_others() {
        let mut disputes = Disputes::default();
        for slot in 0..MAX as u32 {
            claim(&mut disputes, 0, Slot(slot), 5, 9);
            disputes.answered(Slot(slot), Instant::from_millis(1_000 + u64::from(slot)));
        }
        assert_eq!(claim(&mut disputes, 1, Slot(900), 5, 9), Dispute::Ask);
        assert_eq!(
            claim(&mut disputes, 1, Slot(1), 5, 9),
            Dispute::Refused,
            "the first refused one made room"
        );
        assert_eq!(disputes.held.len(), MAX);
    }
}
