//! How an entry of the trace reads: one line, every message in it decoded.
//!
//! Names come from the wire, and one that was damaged on the way may hold anything that is UTF-8:
//! what would end a line or move the cursor is written as its escape.

use core::fmt::{self, Write as _};

use swim_core::{Event, Member};

use super::body::Body;
use super::content::Content;
use super::line::{Passage, What};
use super::standing::Changes;

/// An entry to be printed, with the hash of its node's cluster, if that is known.
pub(super) struct Text<'a>(pub(super) &'a What<'a>, pub(super) Option<u32>);

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (&Self(what, own), f) = (self, &mut OneLine(f));
        match what {
            What::Started(address, incarnation) => {
                write!(f, "started at {address} with incarnation {incarnation}")
            }
            What::Stopped => f.write_str("stopped"),
            What::Timeout => f.write_str("timeout"),
            What::Sent { to, bytes, passage } => {
                write!(f, "sent {} bytes to {to}, {passage}: {}", bytes.len(), Content(bytes, own))
            }
            What::Damaged { to, bytes, passes } => {
                let outcome = if *passes { "arrives" } else { "is dropped by its checksum" };
                write!(
                    f,
                    "the packet to {to} is damaged and {outcome}, {} bytes: {}",
                    bytes.len(),
                    Content(bytes, own)
                )
            }
            What::Arrived { from, bytes } => {
                write!(f, "received {} bytes from {from}: {}", bytes.len(), Content(bytes, own))
            }
            What::Missed { from, bytes } => {
                write!(f, "missed {} bytes from {from}: {}", bytes.len(), Content(bytes, own))
            }
            What::Unreachable { address } => {
                write!(f, "is told that no process listens at {address}")
            }
            What::Opened { serial, to, request } => {
                write!(
                    f,
                    "opened exchange {serial} to {to}, {} bytes: {}",
                    request.len(),
                    Body(request)
                )
            }
            What::Crossed { serial, stage, body: [] } => {
                write!(f, "exchange {serial}: {stage} arrived")
            }
            What::Crossed { serial, stage, body } => {
                write!(
                    f,
                    "exchange {serial}: {stage} arrived, {} bytes: {}",
                    body.len(),
                    Body(body)
                )
            }
            What::Stalled { serial, stage } => write!(f, "exchange {serial}: {stage} did not pass"),
            What::Replied { serial, reply } => {
                write!(f, "exchange {serial}: replied with {} bytes: {}", reply.len(), Body(reply))
            }
            What::Failed { serial, failure } => write!(f, "exchange {serial} failed: {failure}"),
            What::Abandoned { serial } => write!(f, "gave up exchange {serial}"),
            What::Told(event) => write!(f, "event: {}", Told(event)),
            What::Changed { from, to } => write!(f, "{}", Changes(from, to)),
            What::Step(step) => write!(f, "{step}"),
        }
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

impl fmt::Display for Passage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnderWay { delay: None, again: None } => f.write_str("lost"),
            Self::UnderWay { delay: None, again: Some(delay) } => {
                write!(f, "lost, a copy arrives in {delay:?}")
            }
            Self::UnderWay { delay: Some(delay), again: None } => write!(f, "arrives in {delay:?}"),
            Self::UnderWay { delay: Some(delay), again: Some(again) } => {
                write!(f, "arrives in {delay:?} and in {again:?}")
            }
            Self::Cut => f.write_str("the path is cut"),
            Self::QueueFull => f.write_str("no room in the queue"),
            Self::NoHost => f.write_str("nobody is there"),
        }
    }
}

/// An event in a few words.
pub(crate) struct Told<'a>(pub(crate) &'a Event);

impl fmt::Display for Told<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let member = |f: &mut fmt::Formatter<'_>, what: &str, member: &Member| {
            write!(f, "{what} {} {} at {}", member.id.as_str(), member.claim, member.address)
        };
        match self.0 {
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
fn fmt_of_layer(event: &Event, f: &mut fmt::Formatter<'_>) -> fmt::Result {
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

#[cfg(test)]
mod tests {
    use swim_core::wire::{Message, begin_packet, cluster_hash};
    use swim_core::{Incarnation, SequenceNumber};

    use super::*;
    use crate::ground::address;

    #[test]
    fn a_damaged_name_does_not_break_the_line() {
        let mut bytes = Vec::new();
        begin_packet(cluster_hash("any"), &mut bytes);
        Message::Ping { sequence: SequenceNumber::new(7), target: "a\nb", source: "c\r\u{1b}[2J" }
            .encode(&mut bytes);
        Message::Left { id: "d\u{2028}\u{85}ä", incarnation: Incarnation::new(1) }
            .encode(&mut bytes);
        let text =
            Text(&What::Arrived { from: address::numbered(0), bytes: &bytes }, None).to_string();
        let wanted = "ping a\\u{a}b #7 from c\\u{d}\\u{1b}[2J, d\\u{2028}\\u{85}ä left@1";
        assert!(text.ends_with(wanted), "{text}");
    }
}
