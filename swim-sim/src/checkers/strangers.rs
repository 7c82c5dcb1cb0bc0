//! What only an outsider has said is told to no user and passed on to nobody (docs/SECURITY.md, "a
//! budget for strangers").
//!
//! Outsiders' inventions are marked ([`STRANGER`], [`FORGED`]), so that they are recognised in
//! events, in packets and in tables. An outsider may ask to be let in, and then it is pinged: its
//! name as the target of a ping is no hearsay. What an outsider says of real members is for the
//! other checkers to see: incarnations that no member had, broadcasts and events that nobody sent.

use core::net::SocketAddr;

use swim_core::wire::{ExchangeMessage, HEADER_LEN, Message, Packet};
use swim_core::{Event, Instant};

use super::{Attack, Checker, Verdict};
use crate::attack::{FORGED, STRANGER};
use crate::events::member;

/// See the module.
#[derive(Debug, Default)]
pub struct Strangers {
    /// Nothing is read before an outsider attacks.
    is_on: bool,
    /// An insider has lied: it forges words as well.
    has_insider: bool,
}

impl Strangers {
    fn is_forged(&self, text: &[u8]) -> bool {
        !self.has_insider && text.windows(FORGED.len()).any(|window| window == FORGED.as_bytes())
    }

    /// What in a message an outsider invented.
    fn hearsay<'a>(&self, message: &Message<'a>) -> Option<&'a str> {
        let (names, payload): ([&str; 2], &[u8]) = match *message {
            Message::Alive { id, .. } | Message::Left { id, .. } => ([id, ""], &[]),
            Message::Suspect { id, from, .. } | Message::Dead { id, from, .. } => ([id, from], &[]),
            Message::PingReq { target, .. } => ([target, ""], &[]),
            Message::Broadcast { origin, payload, .. }
            | Message::Announcement { origin, payload, .. } => ([origin, ""], payload),
            Message::Ping { .. }
            | Message::Ack { .. }
            | Message::Nack { .. }
            | Message::Direct { .. }
            | Message::Coordinate { .. } => ([""; 2], &[]),
        };
        let invented = names.into_iter().find(|name| name.starts_with(STRANGER));
        invented.or_else(|| self.is_forged(payload).then_some(FORGED))
    }

    fn read_exchange(&self, bytes: &[u8]) -> Verdict {
        let Some(cluster) = cluster_of(bytes).filter(|_| self.is_on) else { return Ok(()) };
        let entries = match ExchangeMessage::decode(bytes, cluster) {
            Ok(
                ExchangeMessage::Join { entries, .. }
                | ExchangeMessage::JoinReply { entries, .. }
                | ExchangeMessage::Buckets { entries, .. }
                | ExchangeMessage::BucketsReply { entries, .. },
            ) => entries,
            _ => return Ok(()),
        };
        match entries.iter().find(|entry| entry.id.starts_with(STRANGER)) {
            Some(entry) => {
                Err(format!("a table with {}, of which only an outsider spoke, was sent", entry.id))
            }
            None => Ok(()),
        }
    }
}

/// The hash of a cluster in a header.
fn cluster_of(bytes: &[u8]) -> Option<u32> {
    bytes.get(1..HEADER_LEN).and_then(|hash| hash.try_into().ok()).map(u32::from_be_bytes)
}

impl Checker for Strangers {
    fn name(&self) -> &'static str {
        "what only an outsider said is neither told nor passed on"
    }

    fn looks_into_nodes(&self) -> bool {
        false
    }

    fn attacked(&mut self, attack: &Attack) {
        self.is_on |= !attack.is_lie_of_a_member();
        self.has_insider |= attack.is_lie_of_a_member();
    }

    fn told(&mut self, _: Instant, _: usize, event: &Event, _: Option<usize>) -> Verdict {
        if !self.is_on {
            return Ok(());
        }
        let (who, text): (&str, &[u8]) = match event {
            Event::Suspected { by, .. } if by.starts_with(STRANGER) => (by, &[]),
            Event::Broadcast { from, payload } => (from, payload),
            Event::UserEvent { from: Some(from), name, .. } => (from, name.as_bytes()),
            Event::Query { from, name, .. } => (from, name.as_bytes()),
            _ => (member(event).map_or("", |member| &member.id), &[]),
        };
        if who.starts_with(STRANGER) || self.is_forged(text) {
            return Err(format!("a user was told what only an outsider said: {event:?}"));
        }
        Ok(())
    }

    fn sent(&mut self, _: Instant, _: usize, to: SocketAddr, packet: &[u8]) -> Verdict {
        let Some(cluster) = cluster_of(packet).filter(|_| self.is_on) else { return Ok(()) };
        let Ok(messages) = Packet::open(packet, cluster) else { return Ok(()) };
        for message in messages.map_while(Result::ok) {
            if let Some(what) = self.hearsay(&message) {
                return Err(format!(
                    "{to} was sent what only an outsider said of {what}: {message:?}"
                ));
            }
        }
        Ok(())
    }

    fn opened(&mut self, _: Instant, _: usize, _: SocketAddr, request: &[u8]) -> Verdict {
        self.read_exchange(request)
    }

    fn replied(&mut self, _: Instant, _: usize, reply: &[u8]) -> Verdict {
        self.read_exchange(reply)
    }
}

#[cfg(test)]
mod tests {
    use core::time::Duration;
    use std::sync::Arc;

    use swim_core::wire::{Entry, begin_join_reply, begin_packet};
    use swim_core::{Claim, Incarnation, Member, NodeId, Status};

    use super::*;
    use crate::attack::{Attacker, Lie};
    use crate::ground::address::{nowhere, numbered};

    fn attacked(from: Attacker) -> Strangers {
        let mut checker = Strangers::default();
        checker.attacked(&Attack {
            from,
            on: vec![0],
            lie: Lie::Ghosts(1),
            times: 1,
            every: Duration::ZERO,
        });
        checker
    }

    fn packet(message: &Message<'_>) -> Vec<u8> {
        let mut bytes = Vec::new();
        begin_packet(7, &mut bytes);
        message.encode(&mut bytes);
        bytes
    }

    #[test]
    fn a_planted_ghost_is_caught_in_an_event_in_a_packet_and_in_a_table() {
        let (id, address, incarnation) = ("stranger-1", nowhere(true, 1), Incarnation::new(3));
        let claim = Claim::new(incarnation, Status::Alive);
        let member =
            Member { id: NodeId::new(id).unwrap(), address, metadata: Arc::from([]), claim };
        let alive = packet(&Message::Alive { id, incarnation, address, metadata: &[] });
        let mut table = Vec::new();
        let entry = Entry { id, claim, description: None, age: 0 };
        assert!(begin_join_reply(7, "node-0", 1_000, &mut table).push(&entry));
        let mut checker = attacked(Attacker::Outside);
        let now = Instant::ORIGIN;
        assert!(checker.told(now, 0, &Event::Joined(member.clone()), None).is_err());
        assert!(checker.sent(now, 0, numbered(1), &alive).is_err());
        assert!(checker.replied(now, 0, &table).is_err());
        let ping = Message::Ping {
            sequence: swim_core::SequenceNumber::new(1),
            target: id,
            source: "node-0",
        };
        assert_eq!(checker.sent(now, 0, address, &packet(&ping)), Ok(()), "it asked to be let in");
        let mut checker = attacked(Attacker::Inside(1));
        assert_eq!(
            checker.sent(now, 0, numbered(1), &alive),
            Ok(()),
            "a member's word is believed"
        );
    }

    #[test]
    fn planted_words_in_a_member_s_name_are_caught_unless_an_insider_may_have_said_them() {
        let told = |checker: &mut Strangers| {
            let (from, payload) = (crate::ground::name::numbered(3), Arc::from(FORGED.as_bytes()));
            checker.told(Instant::ORIGIN, 0, &Event::Broadcast { from, payload }, None)
        };
        let mut checker = attacked(Attacker::Outside);
        assert!(told(&mut checker).is_err());
        let (epoch, payload) = (Incarnation::new(1), FORGED.as_bytes());
        let spread = packet(&Message::Broadcast { origin: "node-3", epoch, number: 1, payload });
        assert!(checker.sent(Instant::ORIGIN, 0, numbered(1), &spread).is_err());
        checker.attacked(&Attack {
            from: Attacker::Inside(1),
            on: vec![0],
            lie: Lie::SpeakFor(3),
            times: 1,
            every: Duration::ZERO,
        });
        assert_eq!(told(&mut checker), Ok(()));
    }
}
