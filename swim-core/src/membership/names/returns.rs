//! A member is said to be alive: what that must pass before it is merged, where the wire's rules
//! ask for it.
//!
//! - Where a bearer is not asked ([`NamePolicy::UntilDead`]), a living member keeps its name:
//!   another address is believed only of one that left, or has been dead for so long that
//!   memberlist has forgotten it (`gossip_to_dead_for`).
//! - Where the dead are forgotten within a minute and incarnations start low
//!   ([`ReturnPolicy::Doubt`]), an Alive at or below the incarnation at which we know a member as
//!   dead may be old news, or a new life that nobody told what we remember. A suspicion at our
//!   incarnation goes to the others and to the address that is said to be its. If it lives, it
//!   refutes.
//! - Who does not speak what we speak is no member.

use core::net::SocketAddr;
use core::time::Duration;

use rand_core::Rng;

use crate::dialect::{NamePolicy, ReturnPolicy};
use crate::ground::id::Slot;
use crate::ground::member::Status;
use crate::ground::metrics::DropReason;
use crate::ground::time::Instant;
use crate::membership::Membership;
use crate::membership::application::Application;
use crate::membership::belief::report::Report;
use crate::wire::Description;

impl<R: Rng, A: Application> Membership<R, A> {
    /// A member is said to be alive, with its description. Returns whether that was news.
    pub(in crate::membership) fn hear_alive(&mut self, now: Instant, report: &Report<'_>) -> bool {
        if !self.dialect.speaks_with(report.versions) {
            self.metrics.drop(DropReason::VersionMismatch);
            return false;
        }
        let Some(Description { address, .. }) = report.description else { return false };
        if let Some(slot) = self.members.find(report.id).filter(|&slot| slot != self.local.slot) {
            if self.is_refused(now, slot, address) {
                return false;
            }
            let known = self.members.claim(slot);
            let is_doubtful =
                !known.status.is_active() && report.claim.incarnation <= known.incarnation;
            if is_doubtful && self.dialect.policy().returns == ReturnPolicy::Doubt {
                self.doubt(now, slot, address);
                return false;
            }
        }
        self.handle_report(now, report)
    }

    /// Returns true if a member keeps its name against a claimant at `address`; then the user is
    /// told.
    fn is_refused(&mut self, now: Instant, slot: Slot, address: SocketAddr) -> bool {
        let held_at = self.members.address(slot).filter(|&known| known != address);
        let Some(held_at) =
            held_at.filter(|_| self.dialect.policy().names == NamePolicy::UntilDead)
        else {
            return false;
        };
        let is_kept = self.keeps_name(now, slot);
        if is_kept {
            let id = self.id_at(slot);
            self.tell_refusal(now, &id, held_at, address);
        } else {
            sometimes!(NameMoved);
        }
        is_kept
    }

    fn keeps_name(&self, now: Instant, slot: Slot) -> bool {
        match self.members.claim(slot).status {
            Status::Alive | Status::Suspect => true,
            Status::Dead => {
                Duration::from_secs(u64::from(self.age(now, slot))) < self.config.gossip_to_dead_for
            }
            Status::Left => false,
        }
    }

    /// Someone takes a member for alive that we know as gone at this incarnation or a higher one.
    fn doubt(&mut self, now: Instant, slot: Slot, at: SocketAddr) {
        sometimes!(ReturnDoubted);
        if let Some(body) = self.push_doubt(now, slot) {
            self.send_unicast(at, body);
        }
    }
}
