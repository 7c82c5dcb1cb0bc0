//! The nodes that others join through: [`Seeds`].

use crate::ground::streams::{self, Stream};

/// The nodes through which the nodes of a cluster join it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case", deny_unknown_fields))]
#[non_exhaustive]
pub enum Seeds {
    /// All through node 0, which itself joins nobody.
    First,
    /// Each through the one before it.
    Chain,
    /// Each through so many others, drawn from the workload's stream.
    Random(usize),
    /// All through the same few: nodes 0 up to this number. This is what a production configuration
    /// looks like.
    Few(usize),
}

impl Seeds {
    /// The nodes through which a node joins a cluster of `nodes`.
    pub(crate) fn of(self, node: usize, nodes: usize, workload: &mut Stream) -> Vec<usize> {
        match self {
            Self::First if node == 0 => Vec::new(),
            Self::First => vec![0],
            Self::Chain => node.checked_sub(1).into_iter().collect(),
            Self::Few(few) => (0..few.min(nodes)).filter(|&seed| seed != node).collect(),
            Self::Random(_) if nodes < 2 => Vec::new(),
            Self::Random(count) => {
                let other = |draw: u64| (node + 1 + draw as usize) % nodes;
                (0..count).map(|_| other(streams::below(workload, nodes as u64 - 1))).collect()
            }
        }
    }

    /// The same in a cluster of so many nodes: not through more than there are.
    #[cfg(feature = "serde")]
    pub(crate) fn within(self, nodes: usize) -> Self {
        match self {
            Self::Few(few) => Self::Few(few.min(nodes)),
            Self::Random(count) => Self::Random(count.min(nodes.saturating_sub(1)).max(1)),
            Self::First | Self::Chain => self,
        }
    }
}
