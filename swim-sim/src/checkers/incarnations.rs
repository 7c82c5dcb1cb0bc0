//! Nobody believes a status of an incarnation that its owner never had: only a member itself raises
//! its incarnation (SWIM 4.2), and only a member itself says that it left.
//!
//! Suspect and Dead are others' words, about an incarnation that was Alive; so that incarnation is
//! one at which a process of the name has stood after some step. What it passes through within a
//! step, it never says.
//!
//! An outsider may say at which incarnation a member is alive, and who does not know the member
//! takes it at that word when it answers where it is said to be: the owner tops what it hears. That
//! it is somewhere else, dead or gone is not believed.
//!
//! Among serf's agents a member says that it leaves in a word of its own, without an incarnation,
//! and who is found dead after that has left at the incarnation that died.

use core::net::SocketAddr;
use std::collections::BTreeSet;

use swim_core::wire::{Message, Packet, cluster_hash};
use swim_core::{Claim, Config, Incarnation, Instant, Status, Wire};

use super::{Attack, Checker, Verdict, grown};
use crate::ground::address::is_nowhere;
use crate::ground::name;

/// See the module.
#[derive(Debug, Default)]
pub struct Incarnations {
    owners: Vec<Owner>,
    /// Departures are told by serf's intents.
    by_intents: bool,
    /// An insider has lied: members' words may be false, and others believe them.
    is_off: bool,
    /// Node -> the hash of its cluster's name.
    clusters: Vec<u32>,
}

/// What the processes of a name have stood at.
#[derive(Clone, Debug, Default)]
struct Owner {
    had: BTreeSet<Incarnation>,
    /// At which of them one was leaving, or had left.
    left: BTreeSet<Incarnation>,
    /// The last of both, since it mostly stays.
    last: Option<(Incarnation, bool)>,
}

impl Checker for Incarnations {
    fn name(&self) -> &'static str {
        "only a member raises its incarnation, and says that it left"
    }

    fn started(&mut self, _: Instant, node: usize, config: &Config) {
        *grown(&mut self.clusters, node) = cluster_hash(&config.cluster);
        self.by_intents |= matches!(config.wire, Wire::Memberlist(wire) if wire.serf_agent);
    }

    fn attacked(&mut self, attack: &Attack) {
        self.is_off |= attack.is_lie_of_a_member();
    }

    fn injected(&mut self, _: Instant, node: usize, _: SocketAddr, packet: &[u8]) -> Verdict {
        let Ok(messages) = Packet::open(packet, *grown(&mut self.clusters, node)) else {
            return Ok(());
        };
        for message in messages.map_while(Result::ok) {
            if let Message::Alive { id, incarnation, address, .. } = message
                && let (Some(subject), false) = (name::number(id), is_nowhere(address))
            {
                grown(&mut self.owners, subject).had.insert(incarnation);
            }
        }
        Ok(())
    }

    fn owned(&mut self, subject: usize, incarnation: Incarnation, leaves: bool) {
        let owner = grown(&mut self.owners, subject);
        if owner.last == Some((incarnation, leaves)) {
            return;
        }
        owner.last = Some((incarnation, leaves));
        owner.had.insert(incarnation);
        if leaves {
            owner.left.insert(incarnation);
        }
    }

    fn forced_out(&mut self, subject: usize) {
        let owner = grown(&mut self.owners, subject);
        owner.left.extend(&owner.had);
    }

    fn learnt(&mut self, now: Instant, node: usize, subject: usize, claim: Claim) -> Verdict {
        self.believed(now, node, subject, claim)
    }

    fn believed(&mut self, _: Instant, _: usize, subject: usize, claim: Claim) -> Verdict {
        if self.is_off {
            return Ok(());
        }
        let owner = grown(&mut self.owners, subject);
        if !owner.had.contains(&claim.incarnation) {
            return Err(match owner.had.last() {
                Some(highest) => format!(
                    "node-{subject} is believed {claim}, which it never was, up to {highest}"
                ),
                None => format!("node-{subject} is believed {claim}, but never started"),
            });
        }
        let has_left =
            owner.left.contains(&claim.incarnation) || (self.by_intents && !owner.left.is_empty());
        if claim.status == Status::Left && !has_left {
            return Err(format!(
                "node-{subject} is believed {claim}, and never left at that incarnation"
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use swim_core::MemberlistWire;

    use super::*;

    fn believe(
        checker: &mut Incarnations,
        subject: usize,
        incarnation: u64,
        status: Status,
    ) -> Verdict {
        checker.believed(
            Instant::ORIGIN,
            0,
            subject,
            Claim::new(Incarnation::new(incarnation), status),
        )
    }

    #[test]
    fn a_planted_incarnation_is_caught() {
        let mut checker = Incarnations::default();
        checker.owned(3, Incarnation::new(7), false);
        checker.owned(3, Incarnation::new(2), false);
        assert_eq!(believe(&mut checker, 3, 7, Status::Suspect), Ok(()));
        assert_eq!(believe(&mut checker, 3, 2, Status::Alive), Ok(()));
        let verdict = believe(&mut checker, 3, 8, Status::Suspect);
        assert_eq!(
            verdict,
            Err(String::from("node-3 is believed suspect@8, which it never was, up to 7"))
        );
        assert!(believe(&mut checker, 3, 5, Status::Alive).is_err(), "between two that it had");
        let verdict = believe(&mut checker, 9, 0, Status::Suspect);
        assert_eq!(verdict, Err(String::from("node-9 is believed suspect@0, but never started")));
    }

    #[test]
    fn a_planted_departure_of_one_that_did_not_leave_is_caught() {
        let mut checker = Incarnations::default();
        checker.owned(3, Incarnation::new(7), false);
        assert!(believe(&mut checker, 3, 7, Status::Left).is_err());
        checker.owned(3, Incarnation::new(7), true);
        assert_eq!(believe(&mut checker, 3, 7, Status::Left), Ok(()));
    }

    #[test]
    fn one_that_a_user_has_left_may_have_left_at_what_it_had_and_at_nothing_later() {
        let mut checker = Incarnations::default();
        checker.owned(3, Incarnation::new(7), false);
        assert!(believe(&mut checker, 3, 7, Status::Left).is_err());
        checker.forced_out(3);
        assert_eq!(believe(&mut checker, 3, 7, Status::Left), Ok(()));
        checker.owned(3, Incarnation::new(8), false);
        assert!(believe(&mut checker, 3, 8, Status::Left).is_err());
    }

    #[test]
    fn among_serf_s_agents_who_said_that_it_leaves_may_have_left_before_and_nobody_else() {
        let mut checker = Incarnations::default();
        checker.started(Instant::ORIGIN, 0, &Config::memberlist_lan(MemberlistWire::SERF));
        checker.owned(3, Incarnation::new(4), false);
        assert!(believe(&mut checker, 3, 4, Status::Left).is_err());
        checker.owned(3, Incarnation::new(5), true);
        assert_eq!(believe(&mut checker, 3, 4, Status::Left), Ok(()));
        assert!(
            believe(&mut checker, 3, 6, Status::Left).is_err(),
            "an incarnation that it never had"
        );
    }
}
