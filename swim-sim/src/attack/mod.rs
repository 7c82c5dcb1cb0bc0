//! Attacks as data: who lies, to which nodes, what about, how often. [`forge`](self::forge) makes
//! the bytes.
//!
//! An outsider has no process: it sends from an address where nobody answers, and can name third
//! parties' addresses. An insider sends from a member's own address, so receivers take its words
//! for that member's. Both know the truth: names, addresses, incarnations and settings are no
//! secrets. Neither can break a seal; attacks are on plain traffic.
//!
//! What attackers invent is marked, so that checkers recognise it wherever it turns up: members
//! that do not exist are called [`STRANGER`] and a number if an outsider invents them, [`GHOST`]
//! and a number if an insider does; broadcasts, user events and queries bear the text [`FORGED`].

pub(crate) mod forge;

use core::fmt;
use core::time::Duration;

use crate::ground::node_ranges::NodeRanges;

/// How members begin that only an outsider speaks of.
pub(crate) const STRANGER: &str = "stranger-";
/// How members begin that only an insider speaks of.
pub(crate) const GHOST: &str = "ghost-";
/// The payload or the name of whatever an attacker sends in another's name.
pub(crate) const FORGED: &str = "forged";

/// Somebody sends what is not true, a packet or a request at a time.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct Attack {
    /// The attacker.
    pub from: Attacker,
    /// The nodes that it is sent to, each every time.
    pub on: Vec<usize>,
    /// The lie that is sent.
    pub lie: Lie,
    /// How many times, from now on.
    pub times: u16,
    /// The time between two times.
    #[cfg_attr(feature = "serde", serde(with = "crate::ground::time"))]
    pub every: Duration,
}

/// The origin of an attack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case", deny_unknown_fields))]
#[non_exhaustive]
pub enum Attacker {
    /// Nobody's process, from an address where nothing answers.
    Outside,
    /// Somebody at this node's address, whether or not its process runs.
    Inside(usize),
}

/// A kind of lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case", deny_unknown_fields))]
#[non_exhaustive]
pub enum Lie {
    /// That a node is suspected, is dead and has left, at the incarnation that it has.
    Accuse(usize),
    /// That a node is alive and suspected at ever higher incarnations, up to the highest of all.
    Climb(usize),
    /// That a node is alive at the attacker's own address, at the next incarnation.
    Usurp(usize),
    /// That so many members are alive that do not exist, each at an address where nobody answers.
    Ghosts(u16),
    /// A request to join, with a table of so many members that do not exist.
    GhostTable(u16),
    /// A broadcast, a user event and a query in a node's name, with an epoch far ahead of the
    /// node's own.
    SpeakFor(usize),
    /// Queries of a member that does not exist, at a third party's address, with filters that are
    /// costly to match.
    Ask,
    /// Pings, in turn by nobody, in the receiver's own name, and on behalf of a member that does
    /// not exist.
    Ping,
    /// Packets that a node sent before, from the oldest on and over again.
    Replay(usize),
}

impl Lie {
    /// How many kinds there are.
    pub(crate) const KINDS: usize = 9;

    /// The name of each kind.
    #[cfg(feature = "serde")]
    pub(crate) const LABELS: [&str; Self::KINDS] = [
        "accusations",
        "ever higher incarnations",
        "a name claimed",
        "members that do not exist",
        "a table of members that do not exist",
        "words in another's name",
        "queries answered to a third party",
        "pings",
        "packets sent before",
    ];

    /// The number of its kind, below [`Lie::KINDS`].
    pub(crate) const fn kind(&self) -> usize {
        match self {
            Self::Accuse(_) => 0,
            Self::Climb(_) => 1,
            Self::Usurp(_) => 2,
            Self::Ghosts(_) => 3,
            Self::GhostTable(_) => 4,
            Self::SpeakFor(_) => 5,
            Self::Ask => 6,
            Self::Ping => 7,
            Self::Replay(_) => 8,
        }
    }

    /// The node that it is about.
    pub(crate) const fn node(&self) -> Option<usize> {
        match self {
            Self::Accuse(node)
            | Self::Climb(node)
            | Self::Usurp(node)
            | Self::SpeakFor(node)
            | Self::Replay(node) => Some(*node),
            Self::Ghosts(_) | Self::GhostTable(_) | Self::Ask | Self::Ping => None,
        }
    }

    /// The same about a node with another number.
    #[cfg(feature = "serde")]
    pub(crate) const fn about(self, node: usize) -> Self {
        match self {
            Self::Accuse(_) => Self::Accuse(node),
            Self::Climb(_) => Self::Climb(node),
            Self::Usurp(_) => Self::Usurp(node),
            Self::SpeakFor(_) => Self::SpeakFor(node),
            Self::Replay(_) => Self::Replay(node),
            other => other,
        }
    }
}

impl Attack {
    /// Returns true if members' words may be false from now on: an insider lies. Repeating what was
    /// once said is no lie.
    #[must_use]
    pub const fn is_lie_of_a_member(&self) -> bool {
        matches!(self.from, Attacker::Inside(_)) && !matches!(self.lie, Lie::Replay(_))
    }

    /// How many members that do not exist are believed to, if it is believed at all.
    pub(crate) fn ghosts(&self) -> usize {
        match (self.from, self.lie) {
            (Attacker::Inside(_), Lie::Ghosts(count)) => {
                usize::from(count) * usize::from(self.times)
            }
            (Attacker::Inside(_), Lie::GhostTable(count)) => usize::from(count),
            (Attacker::Inside(_), Lie::Ask) => 1,
            _ => 0,
        }
    }

    /// How long it goes on.
    #[must_use]
    pub fn lasts(&self) -> Duration {
        self.every.saturating_mul(u32::from(self.times.saturating_sub(1)))
    }
}

impl fmt::Display for Attack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { from, on, lie, times, every } = self;
        write!(f, "{from} sends {} {times} times, {every:?} apart: ", NodeRanges(on))?;
        lie.fmt(f)
    }
}

impl fmt::Display for Attacker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Outside => f.write_str("an outsider"),
            Self::Inside(node) => write!(f, "an insider at node-{node}"),
        }
    }
}

impl fmt::Display for Lie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Accuse(node) => write!(f, "node-{node} is suspected, dead, gone"),
            Self::Climb(node) => write!(f, "ever higher incarnations of node-{node}"),
            Self::Usurp(node) => write!(f, "node-{node} is here"),
            Self::Ghosts(count) => write!(f, "{count} members that do not exist"),
            Self::GhostTable(count) => {
                write!(f, "a request to join with {count} members that do not exist")
            }
            Self::SpeakFor(node) => write!(f, "words in the name of node-{node}"),
            Self::Ask => f.write_str("queries whose answers go to a third party"),
            Self::Ping => f.write_str("pings"),
            Self::Replay(node) => write!(f, "what node-{node} sent before"),
        }
    }
}
