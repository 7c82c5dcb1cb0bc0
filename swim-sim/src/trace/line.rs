//! One entry of the trace: [`What`] happened, as text for people and as words for the hash.
//!
//! What happens often (packets, timeouts) is hashed by its fields; what is rare is hashed by its text.

use core::fmt::{self, Write as _};
use core::net::SocketAddr;
use core::time::Duration;

use swim_core::{Event, ExchangeFailure, Incarnation, Member};

use super::content::Content;
use super::hash::RollingHash;
use crate::address;
use crate::network::connection::Stage;
use crate::step::Step;

/// What became of a packet when it was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Passage {
    /// It is under way, perhaps twice.
    UnderWay { delay: Option<Duration>, again: Option<Duration> },
    /// The path is cut.
    Cut,
    /// The sender's queue has no room for it.
    QueueFull,
    /// Nobody has that address.
    NoHost,
}

/// Something that happened.
#[derive(Clone, Copy, Debug)]
pub(crate) enum What<'a> {
    /// A process started.
    Started(SocketAddr, Incarnation),
    /// A process ended.
    Stopped,
    /// The node's timeout came.
    Timeout,
    /// A packet was sent.
    Sent { to: SocketAddr, bytes: &'a [u8], passage: Passage },
    /// A packet that was sent is damaged on the way, and then arrives or is dropped by its checksum.
    Damaged { to: SocketAddr, bytes: &'a [u8], passes: bool },
    /// A packet was handed to the node.
    Arrived { from: SocketAddr, len: usize },
    /// A packet found no process, or no room in front of a paused one.
    Missed { from: SocketAddr, len: usize },
    /// An exchange was opened.
    Opened { serial: u64, to: SocketAddr, request: &'a [u8] },
    /// A stage of an exchange crossed the path to this node.
    Crossed { serial: u64, stage: Stage },
    /// A stage of an exchange was lost, or its path is cut; it is tried again.
    Stalled { serial: u64, stage: Stage },
    /// The node answered a request.
    Replied { serial: u64, reply: &'a [u8] },
    /// An exchange that this node opened failed.
    Failed { serial: u64, failure: ExchangeFailure },
    /// The node gave up an exchange.
    Abandoned { serial: u64 },
    /// The user was told something.
    Told(&'a Event),
    /// Something was done to the cluster.
    Step(&'a Step),
}

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
            Self::Arrived { from, len } => {
                hash.word(3);
                hash.word(address_word(*from));
                hash.word(*len as u64);
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
            rare => write!(hash, "{rare}").expect("hashing does not fail"),
        }
    }
}

impl Passage {
    fn absorb(self, hash: &mut RollingHash) {
        let nanos = |delay: Option<Duration>| delay.map_or(u64::MAX, |delay| delay.as_nanos() as u64);
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

/// The events about members come by the million in a join storm; the others are hashed by their text.
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
            return write!(hash, "{}", Told(other)).expect("hashing does not fail");
        }
    };
    hash.word(kind);
    hash.bytes(member.id.as_bytes());
    hash.word(address_word(member.address));
    hash.bytes(&member.metadata);
    hash.word(member.claim.incarnation.get());
    hash.word(member.claim.status as u64);
}

impl fmt::Display for What<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Started(address, incarnation) => write!(f, "started at {address} with incarnation {incarnation}"),
            Self::Stopped => f.write_str("stopped"),
            Self::Timeout => f.write_str("timeout"),
            Self::Sent { to, bytes, passage } => {
                write!(f, "sent {} bytes to {to}, {passage}: {}", bytes.len(), Content(bytes))
            }
            Self::Damaged { to, bytes, passes } => {
                let outcome = if *passes { "arrives" } else { "is dropped by its checksum" };
                write!(f, "the packet to {to} is damaged and {outcome}, {} bytes: {}", bytes.len(), Content(bytes))
            }
            Self::Arrived { from, len } => write!(f, "received {len} bytes from {from}"),
            Self::Missed { from, len } => write!(f, "missed {len} bytes from {from}"),
            Self::Opened { serial, to, request } => {
                write!(f, "opened exchange {serial} to {to} with {} bytes", request.len())
            }
            Self::Crossed { serial, stage } => write!(f, "exchange {serial}: {stage:?} arrived"),
            Self::Stalled { serial, stage } => write!(f, "exchange {serial}: {stage:?} did not pass"),
            Self::Replied { serial, reply } => write!(f, "exchange {serial}: replied with {} bytes", reply.len()),
            Self::Failed { serial, failure } => write!(f, "exchange {serial} failed: {failure}"),
            Self::Abandoned { serial } => write!(f, "gave up exchange {serial}"),
            Self::Told(event) => write!(f, "event: {}", Told(event)),
            Self::Step(step) => step.fmt(f),
        }
    }
}

impl fmt::Display for Passage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnderWay { delay: None, again: None } => f.write_str("lost"),
            Self::UnderWay { delay: None, again: Some(delay) } => write!(f, "lost, a copy arrives in {delay:?}"),
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
            Event::Broadcast { from, payload } => {
                write!(f, "broadcast of {} bytes from {}", payload.len(), from.as_str())
            }
            Event::HealthChanged { score } => write!(f, "health score {score}"),
            Event::Isolated => f.write_str("isolated"),
            Event::Reconnected => f.write_str("reconnected"),
            Event::SeedJoined { seed, members } => write!(f, "joined through {seed}: {members} members"),
            Event::SeedFailed { seed, failure, retry_in } => {
                write!(f, "seed {seed} failed: {failure}")?;
                retry_in.map_or(Ok(()), |pause| write!(f, "; again in {pause:?}"))
            }
            Event::Pinged { sequence, id, round_trip } => {
                write!(f, "ping {} of {} took {round_trip:?}", sequence.get(), id.as_str())
            }
            Event::LeaveComplete => f.write_str("leave complete"),
            Event::Lagged { missed } => write!(f, "{missed} events lost"),
        }
    }
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
            What::Arrived { from: to, len: 3 },
            What::Missed { from: to, len: 3 },
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
