//! The cases: each prepares a node that knows `members` members and repeats one thing on it.

mod packets;
mod steady;
mod suspicions;
mod tables;
mod timers;

use crate::foca_node;

/// Repeats what the case is about.
pub(crate) type Run = Box<dyn FnMut(u32)>;
/// Makes a node with so many members.
pub(crate) type Prepare = fn(usize) -> Run;

/// Whose cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Who {
    Swim,
    Foca,
}

impl Who {
    pub(crate) const ALL: [Self; 2] = [Self::Swim, Self::Foca];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Swim => "swim",
            Self::Foca => "foca",
        }
    }
}

/// Something that the core does often.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) sizes: &'static [usize],
    /// The sizes of which instructions are stored: the largest where the cost is not to depend on
    /// the size.
    pub(crate) checked: &'static [usize],
    /// How many repetitions one measurement takes, at 1,000 members.
    repetitions: u32,
    /// The work of a repetition grows with the size, so larger tables get fewer of them.
    is_linear: bool,
    /// Repetitions use something up that only a fresh node has again.
    pub(crate) is_used_up: bool,
    swim: Prepare,
    /// The same with foca, where it does the like.
    foca: Option<Prepare>,
}

const SIZES: &[usize] = &[100, 1_000, 10_000];
const MIDDLE: &[usize] = &[1_000];
const LARGE: &[usize] = &[1_000, 10_000];
const LARGEST: &[usize] = &[10_000];

impl Case {
    /// Costs the same at every size.
    const fn flat(name: &'static str, repetitions: u32, swim: Prepare) -> Self {
        let (sizes, checked) = (SIZES, LARGEST);
        Self {
            name,
            sizes,
            checked,
            repetitions,
            is_linear: false,
            is_used_up: false,
            swim,
            foca: None,
        }
    }

    /// Costs so much for each member.
    const fn linear(name: &'static str, repetitions: u32, swim: Prepare) -> Self {
        Self { is_linear: true, checked: MIDDLE, ..Self::flat(name, repetitions, swim) }
    }

    const fn at(self, sizes: &'static [usize]) -> Self {
        Self { sizes, ..self }
    }

    const fn used_up(self) -> Self {
        Self { is_used_up: true, ..self }
    }

    const fn beside(self, foca: Prepare) -> Self {
        Self { foca: Some(foca), ..self }
    }

    pub(crate) const fn prepare(&self, who: Who) -> Option<Prepare> {
        match who {
            Who::Swim => Some(self.swim),
            Who::Foca => self.foca,
        }
    }

    /// How many repetitions one measurement takes.
    pub(crate) fn repetitions(&self, members: usize) -> u32 {
        let scale = if self.is_linear { members } else { 1_000 };
        (self.repetitions as usize * 1_000 / scale).max(1) as u32
    }
}

/// All of them.
pub(crate) const CASES: [Case; 22] = [
    Case::flat("ping with 0 updates", 500, |n| packets::ping(n, 0, false))
        .beside(|n| foca_node::ping(n, 0, false)),
    Case::flat("ping with 10 known updates", 500, |n| packets::ping(n, 10, false))
        .beside(|n| foca_node::ping(n, 10, false)),
    Case::flat("ping with 10 fresh updates", 300, |n| packets::ping(n, 10, true))
        .beside(|n| foca_node::ping(n, 10, true)),
    Case::flat("ack, a second time", 500, packets::second_ack),
    Case::flat("ping-req, relayed and answered", 500, packets::ping_req),
    Case::flat("ping answered from a queue of 10", 20, |n| packets::from_queue(n, 10))
        .used_up()
        .beside(|n| foca_node::from_queue(n, 10)),
    Case::flat("ping answered from a queue of 1000", 200, |n| packets::from_queue(n, 1_000))
        .at(LARGE)
        .used_up()
        .beside(|n| foca_node::from_queue(n, 1_000)),
    Case::flat("gossip tick: 3 packets from a queue of 10", 8, |n| timers::gossip(n, 10))
        .used_up()
        .beside(|n| foca_node::gossip(n, 10)),
    Case::flat("gossip tick: 3 packets from a queue of 1000", 100, |n| timers::gossip(n, 1_000))
        .at(LARGE)
        .used_up()
        .beside(|n| foca_node::gossip(n, 1_000)),
    Case::flat("probe: tick, ping, ack", 500, timers::probe).beside(foca_node::probe),
    Case::flat("probe by 3 random relays, then acked", 300, timers::indirect_probe),
    Case::flat("suspicion, and its refutation", 300, suspicions::refuted),
    Case::flat("suspicion, its end in death, and a return", 100, suspicions::expired),
    Case::flat("member inserted, and removed", 300, tables::insert_and_remove),
    Case::linear("whole table written", 20, tables::written),
    Case::linear("whole table decoded", 20, tables::decoded),
    Case::linear("whole table merged, all known", 20, tables::known),
    Case::linear("whole table merged, all new", 5, tables::learnt),
    Case::flat("digest answered, tables equal", 300, |n| tables::digest(n, true)),
    Case::flat("digest answered, tables different", 300, |n| tables::digest(n, false)),
    Case::linear("one bucket of 64 swapped, one member newer", 50, tables::bucket),
    Case::flat("steady state, one second", 600, steady::second).beside(foca_node::second),
];
