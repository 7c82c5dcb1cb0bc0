//! Whose a name is, on memberlist's wire among serf's agents: a living member keeps its name, so a
//! node whose name is borne at another address asks all where they believe it to be, and the
//! majority decides (serf's conflict resolution).
//!
//! On the native wire nobody need be asked: the greater claim keeps the name, and both can tell.
//! Read first: `refutation`, which finds out that there is another one.

use core::net::SocketAddr;

use super::{Question, Serf, is_agent};
use crate::ground::event::Event;
use crate::ground::id::QueryId;
use crate::ground::time::Instant;
use crate::membership::State;
use crate::membership::application::Host;
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

impl Serf {
    /// Somebody lives under our name at `address`: asks the others whose it is, unless they are
    /// being asked.
    pub(super) fn call_vote(&mut self, host: &mut impl Host, now: Instant, address: SocketAddr) {
        if !is_agent(host) || self.vote.is_some() {
            return;
        }
        let me = host.id().clone();
        // If nobody can be asked now, the greater claim decides until somebody can.
        let query = self.ask(host, now, &Question::new(CONFLICT, me.as_bytes()));
        self.is_vote_owed = query.is_err();
        if let Ok(query) = query {
            self.vote = Some(Vote { query, address, answers: 0, agreeing: 0 });
        }
    }

    /// The contender is heard of again: asks the others now, if they could not be asked and there
    /// are some.
    pub(super) fn call_owed_vote(
        &mut self,
        host: &mut impl Host,
        now: Instant,
        address: SocketAddr,
    ) {
        let is_there = host.contender() == Some((address, true));
        if self.is_vote_owed && is_there && host.peers() > 0 {
            self.call_vote(host, now, address);
        }
    }

    /// A member has answered a query of ours. Returns whether it was its vote.
    pub(super) fn count_vote(&mut self, host: &mut impl Host, id: QueryId, payload: &[u8]) -> bool {
        let own = host.address();
        let Some(vote) = self.vote.as_mut().filter(|vote| vote.query == id) else {
            return false;
        };
        match Whereabouts::decode(payload) {
            Ok(Some(there)) => {
                vote.answers += 1;
                vote.agreeing += usize::from(there.address == own);
            }
            Ok(None) => {} // It knows nobody of that name.
            Err(error) => host.count_drop(error.reason()),
        }
        true
    }

    /// A query of ours is over. Returns whether it was the vote: then the user is told what it came
    /// to.
    ///
    /// Without an answer the name is lost to the node that answers are sent to, unless there is
    /// nobody who could have answered: members of ours answer at the address that they believe in,
    /// and nowhere else.
    pub(super) fn close_vote(&mut self, host: &mut impl Host, id: QueryId) -> bool {
        let Some(vote) = self.vote.take_if(|vote| vote.query == id) else { return false };
        if host.state() != State::Running {
            return true; // Who leaves needs the name no more, and hears no further answers.
        }
        let Vote { address, answers, agreeing, .. } = vote;
        let is_alone = answers == 0 && host.peers() == 0;
        let kept = agreeing > answers / 2 || is_alone;
        self.is_vote_owed = is_alone;
        // Who keeps its name must refute what is said of it, whatever the other one claims.
        host.set_name_kept(kept);
        host.emit(Event::ConflictDecided { address, kept, agreeing, answers });
        true
    }
}
