//! Hashes an entry of the trace.
//!
//! Frequent entries (packets, timeouts) are hashed by their fields, rare ones by their text.

use core::fmt::Write as _;
use core::net::SocketAddr;
use core::time::Duration;

use swim_core::Event;

use super::hash::RollingHash;
use super::line::{Passage, What};
use super::text::Text;
use crate::ground::address;

impl What<'_> {
    pub(super) fn absorb(&self, hash: &mut RollingHash) {
        match self {
            Self::Timeout => hash.word(1),
            Self::Sent { to, bytes, passage } => {
                hash.word(2);
                hash.word(address_word(*to));
                hash.bytes(bytes);
                passage.absorb(hash);
            }
            Self::Damaged { to, bytes, passes } => {
                hash.word(13);
                hash.word(address_word(*to));
                hash.bytes(bytes);
                hash.word(u64::from(*passes));
            }
            Self::Arrived { from, bytes } => {
                hash.word(3);
                hash.word(address_word(*from));
                hash.word(bytes.len() as u64);
            }
            Self::Opened { serial, to, request } => {
                hash.word(4);
                hash.word(*serial);
                hash.word(address_word(*to));
                hash.bytes(request);
            }
            Self::Replied { serial, reply } => {
                hash.word(5);
                hash.word(*serial);
                hash.bytes(reply);
            }
            Self::Told(event) => absorb_event(event, hash),
            Self::Changed { .. } => {}
            rare => rare.absorb_text(hash).expect("hashing does not fail"),
        }
    }

    /// The text of the hash is not that for people, which may be said better some day.
    fn absorb_text(&self, hash: &mut RollingHash) -> core::fmt::Result {
        match self {
            Self::Missed { from, bytes } => {
                write!(hash, "missed {} bytes from {from}", bytes.len())
            }
            Self::Crossed { serial, stage, .. } => {
                write!(hash, "exchange {serial}: {stage:?} arrived")
            }
            Self::Stalled { serial, stage } => {
                write!(hash, "exchange {serial}: {stage:?} did not pass")
            }
            Self::Step(step) => write!(hash, "{step:?}"),
            other => write!(hash, "{}", Text(other, None)),
        }
    }
}

impl Passage {
    fn absorb(self, hash: &mut RollingHash) {
        let nanos =
            |delay: Option<Duration>| delay.map_or(u64::MAX, |delay| delay.as_nanos() as u64);
        match self {
            Self::UnderWay { delay, again } => {
                hash.word(nanos(delay));
                hash.word(nanos(again));
            }
            Self::Cut => hash.word(1),
            Self::NoHost => hash.word(2),
            Self::QueueFull => hash.word(3),
        }
    }
}

fn address_word(address: SocketAddr) -> u64 {
    address::number(address).map_or(u64::MAX, u64::from)
}

/// The events about members come by the million in a join storm; the others are hashed by their
/// text.
fn absorb_event(event: &Event, hash: &mut RollingHash) {
    let (kind, member) = match event {
        Event::Joined(member) => (6, member),
        Event::Updated(member) => (7, member),
        Event::Suspected { member, by } => {
            hash.bytes(by.as_bytes());
            (8, member)
        }
        Event::Refuted(member) => (9, member),
        Event::Failed(member) => (10, member),
        Event::Left(member) => (11, member),
        other => {
            hash.word(12);
            return write!(hash, "{other}").expect("hashing does not fail");
        }
    };
    hash.word(kind);
    hash.bytes(member.id.as_bytes());
    hash.word(address_word(member.address));
    hash.bytes(&member.metadata);
    hash.word(member.claim.incarnation.get());
    hash.word(member.claim.status as u64);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(what: &What<'_>) -> u64 {
        let mut hash = RollingHash::new();
        what.absorb(&mut hash);
        hash.value()
    }

    #[test]
    fn what_differs_hashes_differently() {
        let to = address::numbered(0);
        let passage = Passage::UnderWay { delay: Some(Duration::from_millis(1)), again: None };
        let sent = What::Sent { to, bytes: b"abc", passage };
        let others = [
            What::Sent { to: address::numbered(1), bytes: b"abc", passage },
            What::Sent { to, bytes: b"abd", passage },
            What::Sent { to, bytes: b"abc", passage: Passage::Cut },
            What::Arrived { from: to, bytes: b"abc" },
            What::Missed { from: to, bytes: b"abc" },
            What::Unreachable { address: to },
            What::Timeout,
            What::Told(&Event::Isolated),
            What::Told(&Event::Reconnected),
        ];
        let mut hashes: Vec<_> = others.iter().chain([&sent]).map(hash).collect();
        hashes.sort_unstable();
        hashes.dedup();
        assert_eq!(hashes.len(), others.len() + 1);
    }
}
