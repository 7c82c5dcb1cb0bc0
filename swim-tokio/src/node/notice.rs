//! What a subscriber is told: [`Notice`].

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use swim_core::Event;

use crate::ground::escape::Escaped;

/// The target of what is logged of notices: programs that show notices themselves filter it out.
const TARGET: &str = "swim_tokio::notice";

/// Something a subscriber may want to know: the protocol's events, and what the driver adds to
/// them.
///
/// One thing a program must act on: after [`Event::NameLost`], or [`Event::ConflictDecided`] with
/// `kept: false` among serf's agents, the node keeps running although the others see another one
/// under its name. See "When the node loses its name" at [`Runtime`](crate::Runtime).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Notice {
    /// The protocol's own events.
    Event(Event),
    /// The host name of a seed has no address just now. It is looked up again for as long as the
    /// node runs.
    SeedUnresolved {
        /// The seed, as it was given.
        seed: Arc<str>,
        /// What the resolver said.
        error: Arc<str>,
        /// When the name is looked up again.
        retry_in: Duration,
    },
    /// The subscriber was too slow: `missed` notices were dropped here. The table, which
    /// [`Runtime::members`](crate::Runtime::members) shows, has all that they said.
    Lagged {
        /// How many notices were dropped.
        missed: u64,
    },
}

impl Notice {
    /// About how many bytes it takes up while it waits: payloads, names and metadata included.
    pub(crate) fn weight(&self) -> usize {
        let text = match self {
            Self::Event(event) => weight_of(event),
            Self::SeedUnresolved { seed, error, .. } => seed.len() + error.len(),
            _ => 0,
        };
        size_of::<Self>() + text
    }

    /// A user who does not subscribe sees in the log what needs a person; the rest is for
    /// debugging. It happened at that node.
    pub(crate) fn log(&self, node: &str, address: SocketAddr) {
        match self {
            Self::SeedUnresolved { .. }
            | Self::Event(
                Event::SeedFailed { .. }
                | Event::Conflict { .. }
                | Event::ConflictDecided { .. }
                | Event::NameRefused { .. }
                | Event::NameLost { .. }
                | Event::Returned,
            ) => tracing::warn!(target: TARGET, node, %address, "{self}"),
            Self::Event(
                Event::Isolated | Event::Reconnected | Event::NameRegained | Event::LeaveComplete,
            ) => {
                tracing::info!(target: TARGET, node, "{self}");
            }
            _ => tracing::debug!(target: TARGET, node, "{self}"),
        }
    }
}

/// How many bytes of names, metadata and payloads an event holds.
fn weight_of(event: &Event) -> usize {
    match event {
        Event::Joined(member)
        | Event::Updated(member)
        | Event::Refuted(member)
        | Event::Failed(member)
        | Event::Left(member) => member.id.len() + member.metadata.len(),
        Event::Suspected { member, by } => member.id.len() + member.metadata.len() + by.len(),
        Event::Reaped(id) | Event::NameRefused { id, .. } | Event::Pinged { id, .. } => id.len(),
        Event::Broadcast { from, payload } | Event::QueryResponse { from, payload, .. } => {
            from.len() + payload.len()
        }
        Event::UserMessage { payload, .. } | Event::UserState { payload, .. } => payload.len(),
        Event::UserEvent { from, name, payload, .. } => {
            from.as_ref().map_or(0, |from| from.len()) + name.len() + payload.len()
        }
        Event::Query { from, name, payload, .. } => from.len() + name.len() + payload.len(),
        Event::QueryAck { from, .. } => from.len(),
        _ => 0,
    }
}

impl fmt::Display for Notice {
    /// One line for people: what others chose in it is [escaped](Escaped).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Escaped(Line(self)).fmt(f)
    }
}

/// A notice's line with names and payloads as others chose them.
struct Line<'a>(&'a Notice);

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Notice::Event(event) => fmt_event(event, f),
            Notice::SeedUnresolved { seed, error, retry_in } => {
                write!(f, "seed {seed} has no address ({error}); tried again in {retry_in:?}")
            }
            Notice::Lagged { missed } => {
                write!(f, "{missed} notices were dropped here: they were not taken in time")
            }
        }
    }
}

fn fmt_event(event: &Event, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match event {
        Event::Joined(member) => write!(f, "{} joined at {}", member.id, member.address),
        Event::Updated(member) => {
            let (name, address) = (&member.id, member.address);
            write!(f, "{name} is at {address} with {} bytes of metadata now", member.metadata.len())
        }
        Event::Suspected { member, by } => write!(f, "{} is suspected by {by}", member.id),
        Event::Refuted(member) => write!(f, "{} refuted the suspicion", member.id),
        Event::Failed(member) => write!(f, "{} failed", member.id),
        Event::Left(member) => write!(f, "{} left", member.id),
        Event::Reaped(id) => write!(f, "{id} is forgotten"),
        Event::Conflict { address } => {
            write!(f, "another node, at {address}, has this node's name: give one of them another")
        }
        Event::ConflictDecided { address, kept, agreeing, answers } => {
            let verdict = if *kept { "keeps its name against" } else { "has lost its name to" };
            write!(
                f,
                "this node {verdict} the one at {address}: {agreeing} of {answers} answers are for it"
            )
        }
        Event::NameRefused { id, held_at, claimed_at } => {
            write!(
                f,
                "{id} is claimed at {claimed_at} and refused while its bearer lives at {held_at}"
            )
        }
        Event::NameLost { address, at_start: true } => {
            write!(f, "this node's name is taken: a living node bears it at {address}")
        }
        Event::NameLost { address, at_start: false } => {
            write!(
                f,
                "this node has lost its name to the one at {address}, whose claim is the greater"
            )
        }
        Event::NameRegained => write!(f, "this node bears its name again: the other one is gone"),
        Event::Restarted(member) => write!(f, "{} has restarted at {}", member.id, member.address),
        Event::Returned => write!(f, "this node was taken for dead, and has refuted it"),
        Event::Broadcast { from, payload } => {
            write!(f, "broadcast from {from}: {}", Payload(payload))
        }
        Event::HealthChanged { score } => write!(f, "the local health score is {score}"),
        Event::Isolated => f.write_str("no other member is left"),
        Event::Reconnected => f.write_str("there are other members again"),
        Event::SeedJoined { seed, members: 1 } => write!(f, "seed {seed} answered: 1 member"),
        Event::SeedJoined { seed, members } => write!(f, "seed {seed} answered: {members} members"),
        Event::SeedFailed { seed, failure, retry_in } => {
            write!(f, "seed {seed} failed: {failure}")?;
            retry_in.map_or(Ok(()), |pause| write!(f, "; tried again in {pause:.1?}"))
        }
        Event::Pinged { id, round_trip: Some(time), .. } => {
            write!(f, "{id} answered a ping after {time:.1?}")
        }
        Event::Pinged { id, round_trip: None, .. } => write!(f, "{id} did not answer a ping"),
        Event::LeaveComplete => f.write_str("the departure is spread"),
        Event::Lagged { missed } => write!(f, "{missed} events were lost here: too many waited"),
        of_layer => fmt_of_layer(of_layer, f),
    }
}

/// What the layer above membership and the application tell.
fn fmt_of_layer(event: &Event, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match event {
        Event::UserMessage { from, payload } => {
            write!(f, "user message from {from}: {}", Payload(payload))
        }
        Event::UserState { payload, .. } => {
            write!(f, "{} bytes of application state came", payload.len())
        }
        Event::UserEvent { time, from, name, payload, .. } => {
            write!(f, "event {name} at time {time}")?;
            if let Some(from) = from {
                write!(f, " from {from}")?;
            }
            if payload.is_empty() { Ok(()) } else { write!(f, ": {}", Payload(payload)) }
        }
        Event::Query { from, name, payload, .. } => {
            write!(f, "{from} asks {name}")?;
            // Those of programs for their own use may hold what no log should.
            let is_shown = !payload.is_empty() && !name.starts_with('_');
            if is_shown { write!(f, ": {}", Payload(payload)) } else { Ok(()) }
        }
        Event::QueryAck { from, .. } => write!(f, "a query has arrived at {from}"),
        Event::QueryResponse { from, payload, .. } => {
            write!(f, "{from} answers {}", Payload(payload))
        }
        Event::QueryFinished { acks, responses, .. } => {
            write!(f, "a query is over: {responses} answers, {acks} acknowledgements")
        }
        other => write!(f, "{other:?}"),
    }
}

/// A payload that others chose: as text if it is one, and otherwise with its bytes escaped.
struct Payload<'a>(&'a [u8]);

impl fmt::Display for Payload<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match std::str::from_utf8(self.0) {
            Ok(text) => f.write_str(text),
            Err(_) => self.0.escape_ascii().fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use swim_core::ExchangeFailure;

    use super::*;

    #[test]
    fn a_failed_seed_says_why_and_what_comes_next() {
        let notice = Notice::Event(Event::SeedFailed {
            seed: "127.0.0.1:7946".parse().unwrap(),
            failure: ExchangeFailure::Refused,
            retry_in: Some(Duration::from_millis(512)),
        });
        assert_eq!(
            notice.to_string(),
            "seed 127.0.0.1:7946 failed: connection refused: nothing listens there; tried again in 512.0ms"
        );
    }

    #[test]
    fn what_programs_ask_each_other_for_their_own_use_is_not_shown() {
        let ask = |name: &str| {
            Notice::Event(Event::Query {
                id: swim_core::QueryId(1),
                from: swim_core::NodeId::new("a").unwrap(),
                name: Arc::from(name),
                payload: Arc::from(&b"secret"[..]),
                deadline: swim_core::Instant::ORIGIN,
            })
        };
        assert_eq!(ask("load").to_string(), "a asks load: secret");
        assert_eq!(ask("_own").to_string(), "a asks _own");
    }

    #[test]
    fn control_characters_of_others_do_not_reach_the_terminal() {
        let from = swim_core::NodeId::new("\u{e9}\x1b").unwrap();
        let notice = Notice::Event(Event::Broadcast {
            from,
            payload: Arc::from("hi\x1b[2J\n\u{9b}1m\u{202e}".as_bytes()),
        });
        let expected = "broadcast from \u{e9}\\u{1b}: hi\\u{1b}[2J\\n\\u{9b}1m\\u{202e}";
        assert_eq!(notice.to_string(), expected);
    }

    #[test]
    fn a_payload_that_is_text_is_shown_as_such() {
        let said = |payload: &[u8]| {
            let from = swim_core::NodeId::new("a").unwrap();
            Notice::Event(Event::Broadcast { from, payload: Arc::from(payload) }).to_string()
        };
        assert_eq!(said("gr\u{f6}\u{df}er".as_bytes()), "broadcast from a: gr\u{f6}\u{df}er");
        assert_eq!(said(b"\xff\x1b"), "broadcast from a: \\xff\\x1b");
    }
}
