//! The network of a [`Case`]: what differs from its profile's link, or from that of each class of path.

use toml::Table;

use super::{Case, CaseError, nearest};
use crate::cluster::Builder;
use crate::network::{self, Link};

impl Case {
    /// The cluster with what differs from its link; in a topology, from the link of each class.
    pub(super) fn linked(&self, cluster: Builder) -> Result<Builder, CaseError> {
        let Some(mut topology) = cluster.topology.clone() else {
            let link = self.link(&cluster.link)?;
            return Ok(cluster.link(link));
        };
        for link in topology.links_mut() {
            *link = self.link(link)?;
        }
        Ok(cluster.topology(topology))
    }

    fn link(&self, profile: &Link) -> Result<Link, CaseError> {
        let mut changes = self.link.clone();
        let preset = match changes.remove("like") {
            None => profile.clone(),
            Some(name) => preset(name.as_str().unwrap_or_default())?,
        };
        let mut link = Table::try_from(&preset).map_err(|error| CaseError(error.to_string()))?;
        link.extend(changes);
        let wrong = |what: &str| CaseError(nearest::hint(&format!("link: {what}")));
        let link: Link = link.try_into().map_err(|error: toml::de::Error| wrong(error.message()))?;
        network::bounds::link(&link).map_err(|what| wrong(&what))?;
        Ok(link)
    }
}

fn preset(name: &str) -> Result<Link, CaseError> {
    type Preset = (&'static str, fn() -> Link);
    let presets: [Preset; 5] = [
        ("local", Link::local),
        ("lan", Link::lan),
        ("wan", Link::wan),
        ("lossy_wifi", Link::lossy_wifi),
        ("satellite", Link::satellite),
    ];
    let found = presets.iter().find(|(known, _)| *known == name);
    let near = || nearest::nearest(name, presets.iter().map(|(known, _)| *known)).unwrap_or_default();
    let wrong = || CaseError(format!("there is no network `{name}`; did you mean `{}`?", near()));
    found.map(|(_, make)| make()).ok_or_else(wrong)
}
