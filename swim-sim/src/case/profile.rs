//! What settings and network a [`Case`](super::Case) starts from: [`Profile`].

use serde::{Deserialize, Serialize};

use crate::cluster::{Builder, Cluster};

/// Nodes' settings and the network between them, by a word.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Profile {
    /// See [`Cluster::local`].
    Local,
    /// See [`Cluster::lan`].
    #[default]
    Lan,
    /// See [`Cluster::wan`].
    Wan,
    /// See [`Cluster::lossy_wifi`].
    LossyWifi,
    /// See [`Cluster::satellite`].
    Satellite,
    /// See [`Cluster::three_sites`].
    ThreeSites,
}

impl Profile {
    /// A cluster of so many nodes as the profile has it.
    pub(super) fn cluster(self, nodes: usize) -> Builder {
        match self {
            Self::Local => Cluster::local(nodes),
            Self::Lan => Cluster::lan(nodes),
            Self::Wan => Cluster::wan(nodes),
            Self::LossyWifi => Cluster::lossy_wifi(nodes),
            Self::Satellite => Cluster::satellite(nodes),
            Self::ThreeSites => Cluster::three_sites(nodes),
        }
    }
}
