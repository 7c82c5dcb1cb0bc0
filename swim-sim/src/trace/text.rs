//! How an entry of the trace reads: one line, every message in it decoded.
//!
//! Names come from the wire, and one that was damaged on the way may hold anything that is UTF-8:
//! what would end a line or move the cursor is written as its escape.

use core::fmt::{self, Write as _};

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
            What::Told(event) => write!(f, "event: {event}"),
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
