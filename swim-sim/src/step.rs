//! What is done to a cluster, as data: [`Fault`]s break and mend it, [`Work`] is what its users do, and a [`Plan`] says
//! when.
//!
//! A plan is explicit, so it can be printed, stored and shrunk: a step that makes no sense when its time comes (a crash
//! of what is down, a resumption of what was not paused) does nothing, and any part of a plan is a plan. The cluster
//! carries steps out; this file knows only what they say.

use core::fmt;
use core::time::Duration;

use crate::attack::Attack;
use crate::ground::node_ranges::NodeRanges;
use crate::network::{Bandwidth, Latency};
use crate::setting::Setting;

/// Something breaks, or mends.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case", deny_unknown_fields))]
pub enum Fault {
    /// The process dies. Its machine stays: connections to it are refused, packets vanish.
    Crash(usize),
    /// The machine goes: connections to it hang, packets vanish.
    PowerOff(usize),
    /// A process that is down starts again at the same address, with nothing remembered, and joins its seeds.
    Restart(usize),
    /// A process, running or down, starts again at a new address, with nothing remembered, and joins its seeds. Nobody
    /// answers at the old address.
    RestartAtNewAddress(usize),
    /// The machine's wall clock is set back. It gives the first incarnations, so the next processes there start below
    /// what their former selves had.
    ClockSetBack(usize, #[cfg_attr(feature = "serde", serde(with = "crate::ground::time"))] Duration),
    /// The process stalls: what arrives waits, and nothing is done.
    Pause(usize),
    /// A stalled process goes on: first its timers run, then it reads all that waited.
    Resume(usize),
    /// Sending and receiving block: what the process sends and what arrives waits, while its timers run. That is what
    /// Lifeguard's experiments do to a node. It ends with the process.
    Clog(usize),
    /// A clogged process sends all that waits, each packet as it would be made now, and then reads all that waited.
    Unclog(usize),
    /// Every input takes the process so long from now on, one after the other, and what arrives meanwhile waits; no time
    /// at all makes it fast again. It outlasts the process.
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
        /// How many thousandths of a second pass by it in a second: 1,050 is 5 % fast, 1,000 is right.
        thousandths: u16,
    },
    /// The processes that start at a node from now on have another setting. One that would not be valid is
    /// ignored, and refused in a file.
    Reconfigure {
        /// The node.
        node: usize,
        /// The setting.
        setting: Setting,
    },
    /// Each group, and all nodes in none of them together, can reach only themselves. Adds to the cuts that stand.
    Partition(Vec<Vec<usize>>),
    /// Nothing passes from the first to the second; the way back stays. Adds to the cuts that stand.
    OneWayPartition {
        /// Who is not heard.
        from: Vec<usize>,
        /// Who does not hear.
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
    Bandwidth(#[cfg_attr(feature = "serde", serde(with = "crate::network::limit"))] Option<Bandwidth>),
    /// A machine that bears the name of another starts, joins through the other and its seeds, and loses power a while
    /// later: a mistake that people make.
    Namesake {
        /// Whose name.
        of: usize,
        /// For how long.
        #[cfg_attr(feature = "serde", serde(with = "crate::ground::time"))]
        lasts: Duration,
    },
    /// Somebody sends what is not true.
    Attack(Box<Attack>),
    /// The paths between two sets of nodes stay up for a while, are cut for a while, and so on until the network heals.
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

/// What the user of a node does with it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case", deny_unknown_fields))]
pub enum Work {
    /// Joins through the addresses that the seeds have now, and will again when it starts anew.
    Join {
        /// Who joins.
        node: usize,
        /// Through whom.
        seeds: Vec<usize>,
    },
    /// Leaves gracefully; the process ends when its departure is spread.
    Leave(usize),
    /// Broadcasts a payload.
    Broadcast {
        /// Who.
        node: usize,
        /// What.
        payload: Vec<u8>,
    },
    /// Sends a user event.
    UserEvent {
        /// Who.
        node: usize,
        /// What it is called.
        name: String,
        /// What it says.
        payload: Vec<u8>,
    },
    /// Asks everyone a question, with acks; each node answers with its name.
    Query {
        /// Who.
        node: usize,
        /// What it is called.
        name: String,
    },
    /// Changes the node's metadata.
    SetMetadata {
        /// Who.
        node: usize,
        /// To what.
        metadata: Vec<u8>,
    },
}

#[cfg(feature = "serde")]
impl Work {
    /// Whose user does it.
    pub(crate) const fn node(&self) -> usize {
        match self {
            Self::Leave(node)
            | Self::Join { node, .. }
            | Self::Broadcast { node, .. }
            | Self::UserEvent { node, .. }
            | Self::Query { node, .. }
            | Self::SetMetadata { node, .. } => *node,
        }
    }
}

/// One thing that is done to a cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// By the world.
    Fault(Fault),
    /// By a user.
    Work(Work),
}

impl Step {
    /// How long it goes on by itself.
    pub(crate) fn lasts(&self) -> Duration {
        match self {
            Self::Fault(Fault::Namesake { lasts, .. }) => *lasts,
            Self::Fault(Fault::Attack(attack)) => attack.lasts(),
            _ => Duration::ZERO,
        }
    }
}

#[cfg(feature = "serde")]
impl Step {
    /// Whether it would be another one without a node, or none.
    pub(crate) fn is_about(&self, node: usize) -> bool {
        crate::case::renumbered(self, &|other| (other != node).then_some(other)).as_ref() != Some(self)
    }
}

impl From<Fault> for Step {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<Attack> for Fault {
    fn from(attack: Attack) -> Self {
        Self::Attack(Box::new(attack))
    }
}

impl From<Work> for Step {
    fn from(work: Work) -> Self {
        Self::Work(work)
    }
}

/// What is done, and when: by time since the cluster's start; at equal times in the order in which it was added.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "Vec<crate::case::Row>", into = "Vec<crate::case::Row>"))]
pub struct Plan {
    steps: Vec<(Duration, Step)>,
}

impl Plan {
    /// A plan in which nothing happens.
    #[must_use]
    pub const fn new() -> Self {
        Self { steps: Vec::new() }
    }

    /// The same plan, and `step` at a time since the cluster's start.
    #[must_use]
    pub fn at(mut self, time: Duration, step: impl Into<Step>) -> Self {
        let place = self.steps.partition_point(|(at, _)| *at <= time);
        self.steps.insert(place, (time, step.into()));
        self
    }

    /// The plan with these steps, in any order: as [`at`](Self::at) for each of them, in less time.
    #[cfg(feature = "serde")]
    pub(crate) fn of(mut steps: Vec<(Duration, Step)>) -> Self {
        steps.sort_by_key(|(at, _)| *at);
        Self { steps }
    }

    /// The steps in their order.
    #[must_use]
    pub fn steps(&self) -> &[(Duration, Step)] {
        &self.steps
    }
}

impl fmt::Display for Plan {
    /// A line for each step: the time, and what happens.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (time, step) in &self.steps {
            writeln!(f, "{:>12}  {step}", format!("{time:?}"))?;
        }
        Ok(())
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fault(fault) => fault.fmt(f),
            Self::Work(work) => work.fmt(f),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Crash(node) => write!(f, "node-{node} crashes"),
            Self::PowerOff(node) => write!(f, "node-{node} loses power"),
            Self::Restart(node) => write!(f, "node-{node} restarts"),
            Self::RestartAtNewAddress(node) => write!(f, "node-{node} restarts at a new address"),
            Self::ClockSetBack(node, by) => write!(f, "the clock of node-{node} is set back by {by:?}"),
            Self::Pause(node) => write!(f, "node-{node} pauses"),
            Self::Resume(node) => write!(f, "node-{node} resumes"),
            Self::Clog(node) => write!(f, "node-{node} clogs: neither sends nor receives"),
            Self::Unclog(node) => write!(f, "node-{node} sends and receives again"),
            Self::SlowProcessing { node, each } if each.is_zero() => write!(f, "node-{node} is fast again"),
            Self::SlowProcessing { node, each } => write!(f, "every input takes node-{node} {each:?}"),
            Self::ClockRate { node, thousandths } => {
                write!(f, "the clock of node-{node} runs at {thousandths} thousandths")
            }
            Self::Reconfigure { node, setting } => write!(f, "node-{node} has {setting} when it starts again"),
            Self::Partition(groups) => {
                let groups: Vec<_> = groups.iter().map(|group| NodeRanges(group).to_string()).collect();
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
            Self::PacketsBlocked(true) => f.write_str("a firewall drops every packet and lets exchanges pass"),
            Self::PacketsBlocked(false) => f.write_str("packets pass the firewall again"),
            Self::Duplication(permille) => write!(f, "{permille} of 1,000 packets arrive twice"),
            Self::Reordering(permille, by) => write!(f, "{permille} of 1,000 packets are held up by up to {by:?}"),
            Self::Slowness(latency) => write!(f, "latency becomes {latency:?}"),
            Self::Corruption(permille) => write!(f, "{permille} of 1,000 packets are damaged"),
            Self::Bandwidth(None) => f.write_str("nodes send as fast as they like"),
            Self::Bandwidth(Some(Bandwidth { bytes_per_second, queue_bytes })) => {
                write!(f, "nodes send {bytes_per_second} bytes a second, and {queue_bytes} wait at most")
            }
            Self::Namesake { of, lasts } => write!(f, "another machine bears the name of node-{of} for {lasts:?}"),
            Self::Attack(attack) => attack.fmt(f),
            Self::Flapping { one, other, up, down } => {
                let (one, other) = (NodeRanges(one), NodeRanges(other));
                write!(f, "paths between {one} and {other} flap: up for {up:?}, down for {down:?}")
            }
        }
    }
}

impl fmt::Display for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Join { node, seeds } if seeds.is_empty() => write!(f, "node-{node} joins nobody"),
            Self::Join { node, seeds } => write!(f, "node-{node} joins through {}", NodeRanges(seeds)),
            Self::Leave(node) => write!(f, "node-{node} leaves"),
            Self::Broadcast { node, payload } => write!(f, "node-{node} broadcasts {} bytes", payload.len()),
            Self::UserEvent { node, name, payload } => {
                write!(f, "node-{node} sends the event {name} with {} bytes", payload.len())
            }
            Self::Query { node, name } => write!(f, "node-{node} asks everyone {name}"),
            Self::SetMetadata { node, metadata } => {
                write!(f, "node-{node} changes its metadata to {} bytes", metadata.len())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_is_in_order_of_time_and_then_of_writing() {
        let second = Duration::from_secs(1);
        let plan = Plan::new()
            .at(second * 2, Fault::Heal)
            .at(second, Fault::Crash(1))
            .at(second * 2, Work::Leave(4))
            .at(second, Fault::Restart(1));
        let text: Vec<_> = plan.to_string().lines().map(|line| line.trim().to_owned()).collect();
        assert_eq!(text, ["1s  node-1 crashes", "1s  node-1 restarts", "2s  the network heals", "2s  node-4 leaves"]);
    }
}
