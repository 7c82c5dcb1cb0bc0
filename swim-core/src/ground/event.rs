//! What the user is told: [`Event`].
//!
//! The stream of events agrees with the table: a member is `Joined` before anything else is said of
//! it, then may be `Updated`, `Suspected`, `Refuted`; after `Failed` or `Left` it is gone until it
//! is `Joined` again or `Reaped`.

use alloc::sync::Arc;
use core::fmt::{self, Write as _};
use core::net::SocketAddr;
use core::time::Duration;

use crate::ground::exchange::ExchangeFailure;
use crate::ground::id::{NodeId, QueryId, SequenceNumber};
use crate::ground::lamport::LamportTime;
use crate::ground::member::Member;
use crate::ground::time::Instant;

/// Something the user may want to know: from [`Swim::poll_output`](crate::Swim::poll_output).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// A member is there that was not before, or is there again after it had failed or left.
    Joined(Member),
    /// An active member has another address or other metadata.
    Updated(Member),
    /// A member did not answer `by` and has until the suspicion's timeout to refute.
    Suspected {
        /// The member, with the claim that now stands.
        member: Member,
        /// Who suspects it; this node itself, perhaps.
        by: NodeId,
    },
    /// A suspected member has shown that it is alive.
    Refuted(Member),
    /// A member that is there has started anew, without having been taken for dead in between: what
    /// was agreed with its former life (sessions, caches, leases) is over. `Updated` comes first if
    /// its address or metadata changed as well.
    ///
    /// It is known by its incarnation, which is more than 64 above the former one, as one from a
    /// wall clock is. So a program that counts its lives otherwise must leave that room, and a
    /// member whose name was claimed at an incarnation far above its own may be told as restarted
    /// when it refutes that. Not told on memberlist's wire, whose incarnations do not show it. A
    /// restart within 64 ms of the former life's latest incarnation is not told: a refutation or a
    /// change of metadata looks the same.
    Restarted(Member),
    /// A member is taken for dead.
    Failed(Member),
    /// A member has left of its own will, or an operator declared that it has
    /// ([`Swim::force_leave`](crate::Swim::force_leave)). It may have been taken for dead before.
    Left(Member),
    /// A member that failed or left was forgotten.
    Reaped(NodeId),
    /// Another node, at `address`, is alive under this node's name. The one that others believed in
    /// first keeps the name; of two established ones the one with the higher incarnation. Give one
    /// of them another name.
    Conflict {
        /// Where the other node is.
        address: SocketAddr,
    },
    /// The name of this node is left to another node, which is alive under it. This node says
    /// nothing of itself any more and answers no pings, so the others see the other one. It should
    /// be stopped, without announcing a departure.
    NameLost {
        /// Where the other node is.
        address: SocketAddr,
        /// Whether this node was refused at its start: the other one bore the name before anybody
        /// believed in this one. Otherwise both bore it, and the other one's claim is the greater.
        at_start: bool,
    },
    /// The node to which this one had left its name is gone, and this one bears it again.
    NameRegained,
    /// memberlist's wire among serf's agents: the members were asked whose name it is that a
    /// [`Event::Conflict`] was about. Who lost it is not known to them under it, and should stop.
    ConflictDecided {
        /// Where the other node is.
        address: SocketAddr,
        /// Whether the name is this node's: most of the answers say so.
        kept: bool,
        /// How many members believe the name to be this node's.
        agreeing: usize,
        /// How many have answered with an address.
        answers: usize,
    },
    /// A name is claimed at another address than its bearer's and refused there: on the native wire
    /// because the bearer has answered, on memberlist's until it has left or been dead for
    /// `Config::gossip_to_dead_for`. Of this node's own name: the others still have its former
    /// life, at which nobody answers. Told of a name once in an `exchange_timeout` at most, and of
    /// at most 16 names in one.
    NameRefused {
        /// The name.
        id: NodeId,
        /// Where it is believed to be.
        held_at: SocketAddr,
        /// Where it is claimed.
        claimed_at: SocketAddr,
    },
    /// A user broadcast arrived.
    Broadcast {
        /// Who sent it.
        from: NodeId,
        /// What was sent.
        payload: Arc<[u8]>,
    },
    /// memberlist's wire: an application's message arrived, as it is. Who sent it, and whether it
    /// came before, is for the application to know.
    UserMessage {
        /// Where the packet or stream came from; a member passes on what others have sent.
        from: SocketAddr,
        /// What was sent.
        payload: Arc<[u8]>,
    },
    /// memberlist's wire: another node's table came with bytes of the application.
    UserState {
        /// Whether the node was joining, or answered us when we were.
        is_join: bool,
        /// The bytes.
        payload: Arc<[u8]>,
    },
    /// A user event was sent, by this node or by another.
    UserEvent {
        /// When: later than all that its sender had heard of before.
        time: LamportTime,
        /// Who sent it; `None` if the wire does not say (serf's agents do not).
        from: Option<NodeId>,
        /// What its sender calls it.
        name: Arc<str>,
        /// What was sent.
        payload: Arc<[u8]>,
        /// Whether of several events of this name the last one is enough, for a handler that is
        /// slow.
        coalesce: bool,
    },
    /// This node is asked something: its user may respond until the deadline.
    Query {
        /// What to respond to.
        id: QueryId,
        /// Who asks; perhaps this node itself.
        from: NodeId,
        /// What is asked.
        name: Arc<str>,
        /// What else is said.
        payload: Arc<[u8]>,
        /// Until when an answer is of use.
        deadline: Instant,
    },
    /// A query of this node has arrived at a member that it is for.
    QueryAck {
        /// The number that asking it gave.
        id: QueryId,
        /// The member.
        from: NodeId,
    },
    /// A member has answered a query of this node.
    QueryResponse {
        /// The number that asking it gave.
        id: QueryId,
        /// The member.
        from: NodeId,
        /// Its answer.
        payload: Arc<[u8]>,
    },
    /// A query of this node has ended: everyone has responded, or its time is over.
    QueryFinished {
        /// The number that asking it gave.
        id: QueryId,
        /// How many members have said that it arrived.
        acks: usize,
        /// How many members have answered.
        responses: usize,
    },
    /// The local health score changed: 0 is well; higher means that this node itself is slow or
    /// badly connected.
    HealthChanged {
        /// The new score, 0 to `Config::awareness_max`.
        score: u8,
    },
    /// This node was taken for dead, or to have left, and has refuted that: others have told their
    /// users that it failed, and may have given away what was its.
    Returned,
    /// The last other active member is gone; seeds and dead members are contacted until one
    /// answers.
    Isolated,
    /// There is another active member again.
    Reconnected,
    /// A seed answered: its table is merged into ours.
    SeedJoined {
        /// The seed's address.
        seed: SocketAddr,
        /// How many active members are known now, this node included.
        members: usize,
    },
    /// A seed did not answer, or was of no use.
    SeedFailed {
        /// The seed's address.
        seed: SocketAddr,
        /// Why.
        failure: ExchangeFailure,
        /// After how long it is tried again, if no other seed answers before; `None` if never,
        /// since it is this node.
        retry_in: Option<Duration>,
    },
    /// A ping that the user asked for has ended.
    Pinged {
        /// The number that [`Swim::ping`](crate::Swim::ping) gave.
        sequence: SequenceNumber,
        /// The pinged member.
        id: NodeId,
        /// How long the answer took; `None` if none came within the probe timeout.
        round_trip: Option<Duration>,
    },
    /// The departure is spread: the node may stop.
    LeaveComplete,
    /// Events were lost here, since `Config::max_events` of them waited. The table has all that
    /// they said.
    Lagged {
        /// How many.
        missed: u64,
    },
}

/// A short line for people. What would end a line or move a cursor in a name is written as its
/// escape: a name comes from the wire.
impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let f = &mut OneLine(f);
        let member = |f: &mut OneLine<'_, '_>, what: &str, member: &Member| {
            write!(f, "{what} {} {} at {}", member.id.as_str(), member.claim, member.address)
        };
        match self {
            Event::Joined(joined) => member(f, "joined", joined),
            Event::Updated(updated) => member(f, "updated", updated),
            Event::Suspected { member: suspected, by } => {
                member(f, "suspected", suspected)?;
                write!(f, " by {}", by.as_str())
            }
            Event::Refuted(refuted) => member(f, "refuted", refuted),
            Event::Failed(failed) => member(f, "failed", failed),
            Event::Left(left) => member(f, "left", left),
            Event::Reaped(id) => write!(f, "reaped {}", id.as_str()),
            Event::Conflict { address } => write!(f, "name conflict with {address}"),
            Event::ConflictDecided { address, kept, .. } => {
                write!(f, "name {} to {address}", if *kept { "kept" } else { "lost" })
            }
            Event::NameRefused { id, held_at, claimed_at } => {
                write!(f, "name of {} refused to {claimed_at}, held at {held_at}", id.as_str())
            }
            Event::NameLost { address, at_start } => {
                write!(
                    f,
                    "name lost to {address}{}",
                    if *at_start { ", which bore it first" } else { "" }
                )
            }
            Event::NameRegained => f.write_str("name regained"),
            Event::Restarted(restarted) => member(f, "restarted", restarted),
            Event::Returned => f.write_str("returned from the dead"),
            Event::Broadcast { from, payload } => {
                write!(f, "broadcast of {} bytes from {}", payload.len(), from.as_str())
            }
            Event::HealthChanged { score } => write!(f, "health score {score}"),
            Event::Isolated => f.write_str("isolated"),
            Event::Reconnected => f.write_str("reconnected"),
            Event::SeedJoined { seed, members } => {
                write!(f, "joined through {seed}: {members} members")
            }
            Event::SeedFailed { seed, failure, retry_in } => {
                write!(f, "seed {seed} failed: {failure}")?;
                retry_in.map_or(Ok(()), |pause| write!(f, "; again in {pause:?}"))
            }
            Event::Pinged { sequence, id, round_trip } => {
                write!(f, "ping {} of {} took {round_trip:?}", sequence.get(), id.as_str())
            }
            Event::LeaveComplete => f.write_str("leave complete"),
            Event::Lagged { missed } => write!(f, "{missed} events lost"),
            of_layer => fmt_of_layer(of_layer, f),
        }
    }
}

/// What the layer above membership and the application tell.
fn fmt_of_layer(event: &Event, f: &mut OneLine<'_, '_>) -> fmt::Result {
    match event {
        Event::UserMessage { from, payload } => {
            write!(f, "user message of {} bytes from {from}", payload.len())
        }
        Event::UserState { payload, .. } => {
            write!(f, "{} bytes of application state", payload.len())
        }
        Event::UserEvent { time, from, name, .. } => {
            write!(f, "event {name}@{time} from {}", from.as_deref().unwrap_or("somebody"))
        }
        Event::Query { id, from, name, .. } => {
            write!(f, "query {} {name} from {}", id.0, from.as_str())
        }
        Event::QueryAck { id, from } => {
            write!(f, "query {} has arrived at {}", id.0, from.as_str())
        }
        Event::QueryResponse { id, from, payload } => {
            write!(
                f,
                "query {} is answered by {} with {} bytes",
                id.0,
                from.as_str(),
                payload.len()
            )
        }
        Event::QueryFinished { id, acks, responses } => {
            write!(f, "query {} is over: {acks} acks, {responses} answers", id.0)
        }
        other => write!(f, "{other:?}"),
    }
}

/// Writes what would break a line as its escape.
struct OneLine<'a, 'b>(&'a mut fmt::Formatter<'b>);

impl fmt::Write for OneLine<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let breaks =
            |letter: char| letter.is_control() || matches!(letter, '\u{2028}' | '\u{2029}');
        let mut rest = text;
        while let Some(at) = rest.find(breaks) {
            let (before, after) = rest.split_at(at);
            self.0.write_str(before)?;
            let Some(letter) = after.chars().next() else { break };
            write!(self.0, "{}", letter.escape_unicode())?;
            rest = &after[letter.len_utf8()..];
        }
        self.0.write_str(rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_moves_the_cursor_does_not_break_the_line() {
        let id = NodeId::new("a\nb\u{1b}[2J\u{2028}ä").unwrap();
        let text = alloc::format!("{}", Event::Reaped(id));
        assert_eq!(text, "reaped a\\u{a}b\\u{1b}[2J\\u{2028}ä");
    }
}
