//! Faults and repairs of a cluster, as data: [`Fault`].

use core::fmt;
use core::time::Duration;

use super::setting::Setting;
use crate::attack::Attack;
use crate::ground::node_ranges::NodeRanges;
use crate::network::{Bandwidth, Latency};

/// Something breaks, or mends.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case", deny_unknown_fields))]
#[non_exhaustive]
pub enum Fault {
    /// The process dies. Its machine stays: connections to it are refused, packets vanish.
    Crash(usize),
    /// The machine goes: connections to it hang, packets vanish.
    PowerOff(usize),
    /// A process that is down starts again at the same address, with nothing remembered, and joins
    /// its seeds.
    Restart(usize),
    /// A process, running or down, starts again at a new address, with nothing remembered, and
    /// joins its seeds. Nobody answers at the old address.
    RestartAtNewAddress(usize),
    /// The machine's wall clock is set back. It gives the first incarnations, so the next processes
    /// there start below what their former selves had.
    ClockSetBack(
        usize,
        #[cfg_attr(feature = "serde", serde(with = "crate::ground::time"))] Duration,
    ),
    /// The process stalls: what arrives waits, and nothing is done.
    Pause(usize),
    /// A stalled process goes on: first its timers run, then it reads all that waited.
    Resume(usize),
    /// Sending and receiving block: what the process sends and what arrives waits, while its timers
    /// run. That is what Lifeguard's experiments do to a node. It ends with the process.
    Clog(usize),
    /// A clogged process sends all that waits, each packet as it would be made now, and then reads
    /// all that waited.
    Unclog(usize),
    /// Every input takes the process so long from now on, one after the other, and what arrives
    /// meanwhile waits; no time at all makes it fast again. It outlasts the process.
    SlowProcessing {
        /// The node.
        node: usize,
        /// How long an input takes.
        #[cfg_attr(feature = "serde", serde(with = "crate::ground::time"))]
        each: Duration,
    },
    /// The clock by which the process measures time runs at a rate from now on.
    ClockRate {
        /// The node.
        node: usize,
        /// How many thousandths of a second pass by it in a second: 1,050 is 5 % fast, 1,000 is
        /// right.
        thousandths: u16,
    },
    /// The processes that start at a node from now on have another setting. One that would not be
    /// valid is ignored, and refused in a file.
    Reconfigure {
        /// The node.
        node: usize,
        /// The setting.
        setting: Setting,
    },
    /// Each group, and all nodes in none of them together, can reach only themselves. Adds to the
    /// cuts that stand.
    Partition(Vec<Vec<usize>>),
    /// Nothing passes from the first to the second; the way back stays. Adds to the cuts that
    /// stand.
    OneWayPartition {
        /// The senders.
        from: Vec<usize>,
        /// The receivers.
        to: Vec<usize>,
    },
    /// All cuts are lifted. Losses and latencies stay as they are.
    Heal,
    /// So many of 1,000 packets are lost from now on, on every path.
    Loss(u16),
    /// So many of 1,000 packets are lost from now on, on one path.
    LossBetween {
        /// The sender.
        from: usize,
        /// The receiver.
        to: usize,
        /// How many of 1,000.
        permille: u16,
    },
    /// From now on a firewall drops every packet and lets exchanges pass, or no longer does.
    PacketsBlocked(bool),
    /// So many of 1,000 packets arrive twice from now on, on every path.
    Duplication(u16),
    /// So many of 1,000 packets are held up by up to so long from now on, on every path.
    Reordering(u16, #[cfg_attr(feature = "serde", serde(with = "crate::ground::time"))] Duration),
    /// Every path has this latency from now on.
    Slowness(Latency),
    /// So many of 1,000 packets are damaged from now on, on every path; see
    /// [`Link::corrupt_permille`](crate::Link::corrupt_permille).
    Corruption(u16),
    /// Every node can send so fast from now on, or without a limit.
    Bandwidth(
        #[cfg_attr(feature = "serde", serde(with = "crate::network::limit"))] Option<Bandwidth>,
    ),
    /// A machine that bears the name of another starts, joins through the other and its seeds, and
    /// loses power a while later: a mistake that people make.
    Namesake {
        /// The node whose name it bears.
        of: usize,
        /// For how long.
        #[cfg_attr(feature = "serde", serde(with = "crate::ground::time"))]
        lasts: Duration,
    },
    /// Somebody sends what is not true.
    Attack(Box<Attack>),
    /// The paths between two sets of nodes stay up for a while, are cut for a while, and so on
    /// until the network heals.
    Flapping {
        /// One end of the paths.
        one: Vec<usize>,
        /// The other end.
        other: Vec<usize>,
        /// How long they are up, beginning now.
        #[cfg_attr(feature = "serde", serde(with = "crate::ground::time"))]
        up: Duration,
        /// How long they are cut.
        #[cfg_attr(feature = "serde", serde(with = "crate::ground::time"))]
        down: Duration,
    },
}

impl From<Attack> for Fault {
    fn from(attack: Attack) -> Self {
        Self::Attack(Box::new(attack))
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Crash(node) => write!(f, "node-{node} crashes"),
            Self::PowerOff(node) => write!(f, "node-{node} loses power"),
            Self::Restart(node) => write!(f, "node-{node} restarts"),
            Self::RestartAtNewAddress(node) => write!(f, "node-{node} restarts at a new address"),
            Self::ClockSetBack(node, by) => {
                write!(f, "the clock of node-{node} is set back by {by:?}")
            }
            Self::Pause(node) => write!(f, "node-{node} pauses"),
            Self::Resume(node) => write!(f, "node-{node} resumes"),
            Self::Clog(node) => write!(f, "node-{node} clogs: neither sends nor receives"),
            Self::Unclog(node) => write!(f, "node-{node} sends and receives again"),
            Self::SlowProcessing { node, each } if each.is_zero() => {
                write!(f, "node-{node} is fast again")
            }
            Self::SlowProcessing { node, each } => {
                write!(f, "every input takes node-{node} {each:?}")
            }
            Self::ClockRate { node, thousandths } => {
                write!(f, "the clock of node-{node} runs at {thousandths} thousandths")
            }
            Self::Reconfigure { node, setting } => {
                write!(f, "node-{node} has {setting} when it starts again")
            }
            Self::Partition(groups) => {
                let groups: Vec<_> =
                    groups.iter().map(|group| NodeRanges(group).to_string()).collect();
                write!(f, "the network splits: {} and the rest", groups.join(", "))
            }
            Self::OneWayPartition { from, to } => {
                write!(f, "nothing passes from {} to {}", NodeRanges(from), NodeRanges(to))
            }
            Self::Heal => f.write_str("the network heals"),
            Self::Loss(permille) => write!(f, "{permille} of 1,000 packets are lost"),
            Self::LossBetween { from, to, permille } => {
                write!(f, "{permille} of 1,000 packets from node-{from} to node-{to} are lost")
            }
            Self::PacketsBlocked(true) => {
                f.write_str("a firewall drops every packet and lets exchanges pass")
            }
            Self::PacketsBlocked(false) => f.write_str("packets pass the firewall again"),
            Self::Duplication(permille) => write!(f, "{permille} of 1,000 packets arrive twice"),
            Self::Reordering(permille, by) => {
                write!(f, "{permille} of 1,000 packets are held up by up to {by:?}")
            }
            Self::Slowness(latency) => write!(f, "latency becomes {latency:?}"),
            Self::Corruption(permille) => write!(f, "{permille} of 1,000 packets are damaged"),
            Self::Bandwidth(None) => f.write_str("nodes send as fast as they like"),
            Self::Bandwidth(Some(Bandwidth { bytes_per_second, queue_bytes })) => {
                write!(
                    f,
                    "nodes send {bytes_per_second} bytes a second, and {queue_bytes} wait at most"
                )
            }
            Self::Namesake { of, lasts } => {
                write!(f, "another machine bears the name of node-{of} for {lasts:?}")
            }
            Self::Attack(attack) => attack.fmt(f),
            Self::Flapping { one, other, up, down } => {
                let (one, other) = (NodeRanges(one), NodeRanges(other));
                write!(f, "paths between {one} and {other} flap: up for {up:?}, down for {down:?}")
            }
        }
    }
}
