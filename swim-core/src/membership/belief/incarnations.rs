//! Which incarnations are believed: of others what is within the horizon, of ourselves what we may
//! have to top.
//!
//! A claim about us that is beyond our horizon may still be believed by nodes whose clocks are
//! ahead of ours; to them we would be dead until our clock has come so far. So a seed of our own is
//! asked what it believes, and what a seed says of us in its table lifts our horizon. Read first:
//! `horizon`.

use alloc::vec::Vec;
use core::net::SocketAddr;

use rand_core::Rng;

use crate::ground::exchange::Contact;
use crate::ground::id::Incarnation;
use crate::ground::metrics::DropReason;
use crate::ground::random::below;
use crate::ground::time::Instant;
use crate::membership::Membership;
use crate::membership::application::Application;

impl<R: Rng, A: Application> Membership<R, A> {
    /// Returns true if `claimed` is within the horizon; counts the claim as dropped otherwise.
    pub(in crate::membership) fn is_within_reach(
        &mut self,
        now: Instant,
        claimed: Incarnation,
    ) -> bool {
        let believed = self.local.horizon.reaches(now, claimed);
        if !believed {
            self.metrics.drop(DropReason::BadIncarnation);
        }
        believed
    }

    /// The same of a claim about ourselves. If it is not, but could be believed by others, a seed
    /// is asked.
    pub(in crate::membership) fn is_within_own_reach(
        &mut self,
        now: Instant,
        claimed: Incarnation,
    ) -> bool {
        let believed = self.is_within_reach(now, claimed);
        if !believed && self.local.horizon.may_be_lifted(now, claimed) {
            self.ask_a_seed(now);
        }
        believed
    }

    /// Swaps tables with one of our own seeds, once in an `exchange_timeout` at most.
    fn ask_a_seed(&mut self, now: Instant) {
        if self.local.seed_asked.is_some_and(|asked| asked + self.config.exchange_timeout > now) {
            return;
        }
        let seeds: Vec<SocketAddr> = self.contacts.seeds.given().collect();
        if seeds.is_empty() {
            return;
        }
        self.local.seed_asked = Some(now);
        let seed = seeds[below(&mut self.rng, seeds.len() as u32) as usize];
        self.open_join(now, seed, Contact::Lost);
    }

    /// Lifts our horizon to what the node at `address` says of us in the table it gave, if it is a
    /// seed of our own.
    pub(in crate::membership) fn be_lifted_by<'a>(
        &mut self,
        now: Instant,
        address: SocketAddr,
        mut claims: impl Iterator<Item = (&'a str, Incarnation)>,
    ) {
        if !self.contacts.seeds.is_given(address) {
            return;
        }
        if let Some((_, claimed)) = claims.find(|(id, _)| *self.local.id == **id) {
            self.local.horizon.lift(now, claimed);
        }
    }
}
