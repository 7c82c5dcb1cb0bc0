//! Actions of users, as data: [`Work`].

use core::fmt;

use crate::ground::node_ranges::NodeRanges;

/// An action of a node's user.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case", deny_unknown_fields))]
#[non_exhaustive]
pub enum Work {
    /// Joins through the addresses that the seeds have now, and will again when it starts anew.
    Join {
        /// The node that joins.
        node: usize,
        /// The nodes that it joins through.
        seeds: Vec<usize>,
    },
    /// Leaves gracefully; the process ends when its departure is spread.
    Leave(usize),
    /// Broadcasts a payload.
    Broadcast {
        /// The node.
        node: usize,
        /// The payload.
        payload: Vec<u8>,
    },
    /// Sends a user event.
    UserEvent {
        /// The node.
        node: usize,
        /// Its name.
        name: String,
        /// Its payload.
        payload: Vec<u8>,
    },
    /// Asks everyone a question, with acks; each node answers with its name.
    Query {
        /// The node.
        node: usize,
        /// Its name.
        name: String,
    },
    /// Changes the node's metadata.
    SetMetadata {
        /// The node.
        node: usize,
        /// The new metadata.
        metadata: Vec<u8>,
    },
}

#[cfg(feature = "serde")]
impl Work {
    /// The node whose user acts.
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
            Self::Join { node, seeds } => {
                write!(f, "node-{node} joins through {}", NodeRanges(seeds))
            }
            Self::Leave(node) => write!(f, "node-{node} leaves"),
            Self::Broadcast { node, payload } => {
                write!(f, "node-{node} broadcasts {} bytes", payload.len())
            }
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
