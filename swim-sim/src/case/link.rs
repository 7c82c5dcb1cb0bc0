//! The network of a [`Case`]: what differs from its profile's link, or from that of each class of
//! path, and between which two nodes it differs again.

use serde::{Deserialize, Serialize};
use toml::Table;

use super::{Case, CaseError, nearest};
use crate::cluster::Builder;
use crate::network::{self, Link};

/// The path from one node to another, in that direction.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct LinkBetween {
    /// The sender.
    pub from: usize,
    /// The receiver.
    pub to: usize,
    /// Fields that differ from the path that the two would have otherwise, as in [`Case::link`].
    #[serde(flatten)]
    pub link: Table,
}

impl LinkBetween {
    /// The path from one node to another, and what differs in it.
    #[must_use]
    pub const fn new(from: usize, to: usize, link: Table) -> Self {
        Self { from, to, link }
    }

    /// The cluster with this path.
    pub(super) fn applied(&self, cluster: Builder) -> Result<Builder, String> {
        let link = changed(cluster.path(self.from, self.to), &self.link)?;
        Ok(cluster.link_between(self.from, self.to, link))
    }

    /// The same when nodes have other numbers; nothing if one of the two is gone.
    pub(super) fn renumbered(&self, number: &impl Fn(usize) -> Option<usize>) -> Option<Self> {
        Some(Self { from: number(self.from)?, to: number(self.to)?, link: self.link.clone() })
    }
}

impl Case {
    /// The cluster with what differs from its link; in a topology, from the link of each class.
    pub(super) fn linked(&self, cluster: Builder) -> Result<Builder, CaseError> {
        let changed = |link: &Link| {
            changed(link, &self.link).map_err(|what| CaseError(format!("link: {what}")))
        };
        let Some(mut topology) = cluster.topology.clone() else {
            let link = changed(&cluster.link)?;
            return Ok(cluster.link(link));
        };
        for link in topology.links_mut() {
            *link = changed(link)?;
        }
        Ok(cluster.topology(topology))
    }

    /// The cluster with the paths of single pairs.
    pub(super) fn linked_between(&self, cluster: Builder) -> Result<Builder, CaseError> {
        let outcome =
            self.link_between.iter().try_fold(cluster, |cluster, row| row.applied(cluster));
        outcome.map_err(|what| CaseError(format!("link_between: {what}")))
    }
}

/// A link with what differs from it, or from the preset that `like` names.
fn changed(link: &Link, changes: &Table) -> Result<Link, String> {
    let mut changes = changes.clone();
    let base = match changes.remove("like") {
        None => link.clone(),
        Some(name) => preset(name.as_str().unwrap_or_default())?,
    };
    let mut table = Table::try_from(&base).map_err(|error| error.to_string())?;
    table.extend(changes);
    let link: Link =
        table.try_into().map_err(|error: toml::de::Error| nearest::hint(error.message()))?;
    network::bounds::link(&link)?;
    Ok(link)
}

fn preset(name: &str) -> Result<Link, String> {
    type Preset = (&'static str, fn() -> Link);
    let presets: [Preset; 5] = [
        ("local", Link::local),
        ("lan", Link::lan),
        ("wan", Link::wan),
        ("lossy_wifi", Link::lossy_wifi),
        ("satellite", Link::satellite),
    ];
    let found = presets.iter().find(|(known, _)| *known == name);
    let near =
        || nearest::nearest(name, presets.iter().map(|(known, _)| *known)).unwrap_or_default();
    let wrong = || format!("there is no network `{name}`; did you mean `{}`?", near());
    found.map(|(_, make)| make()).ok_or_else(wrong)
}
