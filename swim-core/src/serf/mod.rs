//! serf's layer: user events, queries, what serf's agents do with keys, names and departures, and
//! network coordinates. It is a state machine above membership, which it sees through
//! [`Host`](crate::membership::application::Host) alone: members, opaque payloads, one deadline.
//!
//! The layer speaks serf's messages on both wires ([`SerfPolicy`]). On the native one a message for
//! everyone is an announcement, known and passed on as a broadcast is, and a message for one is a
//! direct one. On memberlist's both are user messages, which each node passes on that hears them
//! for the first time. `layer` reads what arrives; the rules are in `user_events`, `catching_up`,
//! `querying`, `key_queries`, `naming` and `intending`, and each concept they stand on has a file
//! of its own; users reach it all through `handle`. Read first: docs/SERF.md.

mod catching_up;
mod clock;
mod coordinates;
mod error;
mod filtering;
mod handle;
mod intending;
mod intents;
mod key_queries;
mod layer;
mod limits;
mod naming;
mod queries;
mod query_pace;
mod querying;
mod recent;
#[cfg(test)]
mod tests;
mod user_events;
mod vivaldi;

pub use error::{EventError, QueryError, RespondError};
pub use handle::{SerfMut, SerfRef};
pub use key_queries::KeyAnswer;
pub use querying::Question;

use crate::dialect::policy::SerfPolicy;
use crate::membership::application::Host;
use clock::LamportClock;
use filtering::Filtering;
use intents::Intents;
use queries::Queries;
use query_pace::QueryPace;
use recent::Recent;
use user_events::Heard;
use vivaldi::Vivaldi;

/// What the layer knows.
#[derive(Debug, Default)]
pub struct Serf {
    /// The clock of user events.
    events: LamportClock,
    /// The clock of queries.
    queries: LamportClock,
    /// The clock of members that come and go.
    members: LamportClock,
    recent_events: Recent<Heard>,
    /// The numbers of the latest queries.
    recent_queries: Recent<u32>,
    /// How many queries are dealt with over time, and for which members.
    pace: QueryPace,
    filtering: Filtering,
    open: Queries,
    intents: Intents,
    /// We have said that we leave, and have not left yet.
    farewell: bool,
    /// The others are being asked whose our name is.
    vote: Option<naming::Vote>,
    /// They could not be asked, or there was nobody: they are when the contender is heard of again.
    is_vote_owed: bool,
    vivaldi: Vivaldi,
}

/// Returns true if this node is one of serf's agents.
fn is_agent(host: &impl Host) -> bool {
    host.policy().serf == SerfPolicy::UserMessages
}
