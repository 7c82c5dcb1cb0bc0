//! The node under test: a [`Swim`] whose outputs can be taken kind by kind.

use std::collections::VecDeque;
use std::ops::{Deref, DerefMut};
use std::time::Duration;

use rand_xoshiro::Xoshiro256PlusPlus;
use swim_core::{Event, ExchangeOutput, KeyMessage, KeyQuery, Output, Swim};

/// Derefs to its [`Swim`].
#[derive(Debug)]
pub(crate) struct Node {
    swim: Swim<Xoshiro256PlusPlus>,
    exchanges: VecDeque<ExchangeOutput>,
    events: VecDeque<Event>,
    key_messages: VecDeque<KeyMessage>,
    key_queries: VecDeque<KeyQuery>,
    round_trip: Option<(String, Duration)>,
}

impl Node {
    fn take(&mut self) -> &mut Self {
        while let Some(output) = self.swim.poll_output() {
            match output {
                Output::Exchange(exchange) => self.exchanges.push_back(exchange),
                Output::Event(event) => self.events.push_back(event),
                Output::KeyMessage(message) => self.key_messages.push_back(message),
                Output::KeyQuery(query) => self.key_queries.push_back(query),
                Output::RoundTrip(acked) => {
                    self.round_trip = Some((acked.member().to_owned(), acked.time));
                }
                output => panic!("the harness does not know {output:?}"),
            }
        }
        self
    }

    pub(crate) fn next_exchange(&mut self) -> Option<ExchangeOutput> {
        self.take().exchanges.pop_front()
    }

    pub(crate) fn next_event(&mut self) -> Option<Event> {
        self.take().events.pop_front()
    }

    pub(crate) fn next_key_message(&mut self) -> Option<KeyMessage> {
        self.take().key_messages.pop_front()
    }

    pub(crate) fn next_key_query(&mut self) -> Option<KeyQuery> {
        self.take().key_queries.pop_front()
    }

    pub(crate) fn next_round_trip(&mut self) -> Option<(String, Duration)> {
        self.take().round_trip.take()
    }
}

impl From<Swim<Xoshiro256PlusPlus>> for Node {
    fn from(swim: Swim<Xoshiro256PlusPlus>) -> Self {
        Self {
            swim,
            exchanges: VecDeque::new(),
            events: VecDeque::new(),
            key_messages: VecDeque::new(),
            key_queries: VecDeque::new(),
            round_trip: None,
        }
    }
}

impl Deref for Node {
    type Target = Swim<Xoshiro256PlusPlus>;

    fn deref(&self) -> &Self::Target {
        &self.swim
    }
}

impl DerefMut for Node {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.swim
    }
}
