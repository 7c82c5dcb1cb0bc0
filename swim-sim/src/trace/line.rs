//! One entry of the trace: [`What`] happened, and as which words it goes into the hash.
//!
//! What happens often (packets, timeouts) is hashed by its fields; what is rare is hashed by its text. How an entry reads
//! is `text.rs`' to say, and as JSON `json.rs`'.

use core::fmt::Write as _;
use core::net::SocketAddr;
use core::time::Duration;

use swim_core::{Event, ExchangeFailure, Incarnation};

use super::hash::RollingHash;
use super::standing::Standing;
use super::text::{Text, Told};
use crate::ground::address;
use crate::network::connection::Stage;
use crate::plan::Step;

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
    Arrived { from: SocketAddr, bytes: &'a [u8] },
    /// A packet found no process, or no room in front of a paused one.
    Missed { from: SocketAddr, bytes: &'a [u8] },
    /// The node is told that no process listens at an address.
    Unreachable { address: SocketAddr },
    /// An exchange was opened.
    Opened { serial: u64, to: SocketAddr, request: &'a [u8] },
    /// A stage of an exchange crossed the path to this node.
    Crossed { serial: u64, stage: Stage, body: &'a [u8] },
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
    /// What a node counts differs from what it counted before. It follows from the rest, so it is in no hash.
    Changed { from: Standing, to: Standing },
    /// Something was done to the cluster.
    Step(&'a Step),
}

/// What sort of entry it is, for the column of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sort {
    /// A node was handed something.
    Input,
    /// A node put something out.
    Output,
    /// A user was told something.
    Event,
    /// A process began, ended, or stands differently.
    State,
    /// Something happened on the way.
    Network,
    /// The world did something.
    Fault,
    /// A user did something.
    Work,
}

impl Sort {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Input => "input",
            Self::Output => "output",
            Self::Event => "event",
            Self::State => "state",
            Self::Network => "network",
            Self::Fault => "fault",
            Self::Work => "work",
        }
    }
}

impl What<'_> {
    pub(crate) const fn sort(&self) -> Sort {
        match self {
            Self::Timeout | Self::Arrived { .. } | Self::Unreachable { .. } | Self::Failed { .. } => Sort::Input,
            Self::Crossed { stage: Stage::Request | Stage::Reply, .. } => Sort::Input,
            Self::Sent { .. } | Self::Opened { .. } | Self::Replied { .. } | Self::Abandoned { .. } => Sort::Output,
            Self::Told(_) => Sort::Event,
            Self::Started(..) | Self::Stopped | Self::Changed { .. } => Sort::State,
            Self::Damaged { .. } | Self::Missed { .. } | Self::Crossed { .. } | Self::Stalled { .. } => Sort::Network,
            Self::Step(Step::Fault(_)) => Sort::Fault,
            Self::Step(Step::Work(_)) => Sort::Work,
        }
    }

    /// Whether it is more than the daily round of packets and what follows from them.
    pub(super) const fn is_news(&self) -> bool {
        matches!(self, Self::Told(_) | Self::Started(..) | Self::Stopped | Self::Step(_))
    }

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
            Self::Missed { from, bytes } => write!(hash, "missed {} bytes from {from}", bytes.len()),
            Self::Crossed { serial, stage, .. } => write!(hash, "exchange {serial}: {stage:?} arrived"),
            Self::Stalled { serial, stage } => write!(hash, "exchange {serial}: {stage:?} did not pass"),
            Self::Step(step) => write!(hash, "{step:?}"),
            other => write!(hash, "{}", Text(other, None)),
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
