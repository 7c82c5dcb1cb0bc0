//! What serf says above membership: intents, user events, queries and their answers, in serf's own
//! bytes.
//!
//! The layer of events and queries speaks these on both wires, so that a node of ours among serf's
//! agents needs no translation. A message is one byte for its kind, then a MessagePack map by Go's
//! field names with its keys sorted. As everywhere in `wire/`, reading borrows from the input,
//! every count is compared with the bytes that are left, and nothing here knows what a message
//! does. Read first: docs/SERF.md.
//!
//! ```
//! use swim_core::LamportTime;
//! use swim_core::wire::serf::{Message, UserEvent};
//!
//! let event = Message::UserEvent(UserEvent {
//!     time: LamportTime::new(1),
//!     name: "deploy",
//!     payload: b"v1.2",
//!     coalesce: true,
//!     source: None,
//! });
//! let mut bytes = Vec::new();
//! event.encode(&mut bytes);
//! assert_eq!(Message::decode(&bytes), Ok(event));
//! ```

mod conflict;
mod coordinate;
mod field;
mod filter;
mod intent;
mod key;
mod query;
mod relay;
pub(crate) mod space;
mod state;
mod user_event;

use alloc::vec::Vec;

pub use conflict::Whereabouts;
pub use filter::{Filter, Filters, FiltersBuffer, Names};
pub use intent::Intent;
pub use key::{KeyRequest, KeyResponse};
pub use query::{Query, Response};
pub use relay::Relay;
pub use space::Coordinate;
pub use state::{State, StateWriter};
pub use user_event::UserEvent;

use super::error::WireError;
use super::reader::Reader;

const LEAVE: u8 = 0;
const JOIN: u8 = 1;
const PUSH_PULL: u8 = 2;
const USER_EVENT: u8 = 3;
const QUERY: u8 = 4;
const RESPONSE: u8 = 5;
const CONFLICT_RESPONSE: u8 = 6;
const KEY_REQUEST: u8 = 7;
const KEY_RESPONSE: u8 = 8;
const RELAY: u8 = 9;

/// A query whose name begins so asks the layer itself, not its user.
pub const INTERNAL: &str = "_serf_";

/// The query by which a node asks where a name, its payload, is believed to be.
pub(crate) const CONFLICT: &str = "_serf_conflict";

/// One message, borrowing from its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Message<'a> {
    /// A member comes or goes.
    Intent(Intent<'a>),
    /// A user's event.
    UserEvent(UserEvent<'a>),
    /// A question.
    Query(Query<'a>),
    /// An answer, or the word that the question has arrived.
    Response(Response<'a>),
    /// A message to be handed on.
    Relay(Relay<'a>),
}

impl<'a> Message<'a> {
    /// Reads a message. What follows it is ignored.
    ///
    /// # Errors
    /// The first [`WireError`] found.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, WireError> {
        let (&kind, rest) = bytes.split_first().ok_or(WireError::Truncated)?;
        let reader = &mut Reader::new(rest);
        match kind {
            LEAVE | JOIN => Intent::read(reader, kind == LEAVE).map(Self::Intent),
            USER_EVENT => UserEvent::read(reader, Default::default()).map(Self::UserEvent),
            QUERY => Query::read(reader).map(Self::Query),
            RESPONSE => Response::read(reader).map(Self::Response),
            RELAY => Relay::read(reader).map(Self::Relay),
            // A state stands with a table, and the others are payloads of queries and of
            // responses.
            PUSH_PULL | CONFLICT_RESPONSE..=KEY_RESPONSE => Err(WireError::WrongPlace),
            _ => Err(WireError::UnknownKind),
        }
    }

    /// Appends the message to `out`. Bounds are the caller's.
    pub fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::Intent(intent) => {
                out.push(if intent.leaves { LEAVE } else { JOIN });
                intent.write(out);
            }
            Self::UserEvent(event) => {
                out.push(USER_EVENT);
                event.write(out);
            }
            Self::Query(query) => {
                out.push(QUERY);
                query.write(out);
            }
            Self::Response(response) => {
                out.push(RESPONSE);
                response.write(out);
            }
            Self::Relay(relay) => {
                out.push(RELAY);
                relay.write(out);
            }
        }
    }
}
