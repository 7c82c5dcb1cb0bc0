//! Whose a name is, on memberlist's wire among serf's agents: a living member keeps its name, so a
//! node whose name is borne at another address asks all where they believe it to be, and the
//! majority decides (serf's conflict resolution).
//!
//! On the native wire nobody need be asked: the greater claim keeps the name, and both can tell.
//! Read first: `refutation`, which finds out that there is another one.

use core::net::SocketAddr;

use rand_core::Rng;

use super::{Question, State, Swim};
use crate::event::Event;
use crate::id::QueryId;
use crate::time::Instant;
use crate::wire::serf::{CONFLICT, Whereabouts};

/// The vote on whose our name is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Vote {
    /// The query by which it is taken.
    query: QueryId,
    /// Where the other node is.
    address: SocketAddr,
    /// How many members have answered, and how many of them with our address.
    answers: usize,
    agreeing: usize,
}

impl<R: Rng> Swim<R> {
    /// Somebody lives under our name at `address`: asks the others whose it is, unless they are
    /// being asked.
    pub(super) fn call_vote(&mut self, now: Instant, address: SocketAddr) {
        if !self.is_serf_agent() || self.local.vote.is_some() {
            return;
        }
        let me = self.local.id.clone();
        // If nobody can be asked now, the greater claim decides until somebody can.
        let query = self.ask(now, &Question::new(CONFLICT, me.as_bytes()));
        self.local.is_vote_owed = query.is_err();
        if let Ok(query) = query {
            self.local.vote = Some(Vote { query, address, answers: 0, agreeing: 0 });
        }
    }

    /// The contender is heard of again: asks the others now, if they could not be asked and there
    /// are some.
    pub(super) fn call_owed_vote(&mut self, now: Instant, address: SocketAddr) {
        let is_there =
            self.local.contender.is_some_and(|other| other.confirmed && other.address == address);
        if self.local.is_vote_owed && is_there && self.peers.len() > 0 {
            self.call_vote(now, address);
        }
    }

    /// A member has answered a query of ours. Returns whether it was its vote.
    pub(super) fn count_vote(&mut self, id: QueryId, payload: &[u8]) -> bool {
        let own = self.local.address;
        let Some(vote) = self.local.vote.as_mut().filter(|vote| vote.query == id) else {
            return false;
        };
        match Whereabouts::decode(payload) {
            Ok(Some(there)) => {
                vote.answers += 1;
                vote.agreeing += usize::from(there.address == own);
            }
            Ok(None) => {} // It knows nobody of that name.
            Err(error) => self.metrics.drop(error.reason()),
        }
        true
    }

    /// A query of ours is over. Returns whether it was the vote: then the user is told what it came
    /// to.
    ///
    /// Without an answer the name is lost to whoever answers are sent to, unless there is nobody
    /// who could have answered: members of ours answer at the address that they believe in, and
    /// nowhere else.
    pub(super) fn close_vote(&mut self, id: QueryId) -> bool {
        let Some(vote) = self.local.vote.take_if(|vote| vote.query == id) else { return false };
        if self.local.state != State::Running {
            return true; // Who leaves needs the name no more, and hears no further answers.
        }
        let Vote { address, answers, agreeing, .. } = vote;
        let is_alone = answers == 0 && self.peers.len() == 0;
        let kept = agreeing > answers / 2 || is_alone;
        self.local.is_vote_owed = is_alone;
        if let Some(contender) = &mut self.local.contender {
            contender.beaten = kept; // Who keeps its name must refute what is said of it, whatever the other one claims.
        }
        self.emit(Event::ConflictDecided { address, kept, agreeing, answers });
        true
    }
}
