//! [`Output`]: everything that the node asks of its driver, but for packets, which come into being
//! when they are polled.

use core::fmt;
use core::time::Duration;

use rand_core::Rng;

use super::application::Application;
use super::{KeyMessage, Membership};
use crate::ground::event::Event;
use crate::ground::exchange::ExchangeOutput;
use crate::ground::id::Slot;
use crate::ground::key_query::KeyQuery;
use crate::table::members::Members;

/// A request of the node to its driver: from [`poll_output`](crate::Swim::poll_output).
///
/// A driver must carry out exchanges and should pass events on to its user. The other variants
/// serve optional features; a driver without the feature ignores them, as it ignores variants that
/// later versions add.
#[derive(Debug)]
#[non_exhaustive]
pub enum Output<'a> {
    /// Open, answer or abandon an exchange.
    Exchange(ExchangeOutput),
    /// Tell the user.
    Event(Event),
    /// A message about keys arrived from a member. Answer a request with
    /// [`answer_key_request`](crate::Swim::answer_key_request); one that is not answered times out
    /// at the member that asked.
    KeyMessage(KeyMessage),
    /// memberlist's wire: an operator wants the keys of all members changed. The layer that handed
    /// it on takes the answer.
    KeyQuery(KeyQuery),
    /// A member acked a direct probe. Only the latest such ack since the last poll is reported.
    RoundTrip(RoundTrip<'a>),
}

/// The round trip of a direct probe.
pub struct RoundTrip<'a> {
    members: &'a Members,
    slot: Slot,
    /// The time from the ping to its ack.
    pub time: Duration,
}

impl<'a> RoundTrip<'a> {
    /// The name of the member that acked.
    #[must_use]
    pub fn member(&self) -> &'a str {
        self.members.name(self.slot)
    }
}

impl fmt::Debug for RoundTrip<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RoundTrip")
            .field("member", &self.member())
            .field("time", &self.time)
            .finish()
    }
}

impl<R: Rng, A: Application> Membership<R, A> {
    /// Returns true if [`poll_output`](Self::poll_output) has nothing to give.
    #[inline]
    fn asks_for_nothing(&self) -> bool {
        self.outputs.is_empty() && self.detector.round_trip.is_none()
    }

    /// The next request to the driver; `None` if there is none. Exchanges come first and events
    /// last, each kind in the order in which it arose.
    #[inline]
    pub fn poll_output(&mut self) -> Option<Output<'_>> {
        if self.asks_for_nothing() { None } else { self.next_output() }
    }

    fn next_output(&mut self) -> Option<Output<'_>> {
        if let Some(exchange) = self.outputs.exchanges.pop_front() {
            return Some(Output::Exchange(exchange));
        }
        if let Some(message) = self.outputs.key_messages.pop_front() {
            return Some(Output::KeyMessage(message));
        }
        if let Some(query) = self.outputs.key_queries.pop_front() {
            return Some(Output::KeyQuery(query));
        }
        if let Some((slot, time)) = self.take_round_trip() {
            return Some(Output::RoundTrip(RoundTrip { members: &self.members, slot, time }));
        }
        self.outputs.next_event().map(Output::Event)
    }
}
