//! What users do with their nodes, as data: [`Work`].

use core::fmt;

use crate::ground::node_ranges::NodeRanges;

/// What the user of a node does with it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case", deny_unknown_fields))]
#[non_exhaustive]
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
