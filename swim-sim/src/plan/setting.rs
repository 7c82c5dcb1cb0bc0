//! One setting of a node that an upgrade changes: [`Setting`], as data.
//!
//! The core knows what a setting means and which values are valid.

use core::fmt;
use core::time::Duration;

use swim_core::Config;

/// A field of [`Config`] and its new value.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case", deny_unknown_fields))]
#[non_exhaustive]
pub enum Setting {
    /// [`Config::probe_interval`].
    ProbeInterval(#[cfg_attr(feature = "serde", serde(with = "crate::ground::time"))] Duration),
    /// [`Config::probe_timeout`].
    ProbeTimeout(#[cfg_attr(feature = "serde", serde(with = "crate::ground::time"))] Duration),
    /// [`Config::indirect_probes`].
    IndirectProbes(u8),
    /// [`Config::gossip_interval`].
    GossipInterval(#[cfg_attr(feature = "serde", serde(with = "crate::ground::time"))] Duration),
    /// [`Config::gossip_fanout`].
    GossipFanout(u8),
    /// [`Config::retransmit_mult`].
    RetransmitMult(u8),
    /// [`Config::suspicion_mult`].
    SuspicionMult(u8),
    /// [`Config::awareness_max`].
    AwarenessMax(u8),
    /// [`Config::sync_interval`].
    SyncInterval(#[cfg_attr(feature = "serde", serde(with = "crate::ground::time"))] Duration),
    /// [`Config::max_packet_size`].
    MaxPacketSize(usize),
}

impl Setting {
    /// Changes a configuration.
    pub(crate) fn apply(&self, config: &mut Config) {
        match *self {
            Self::ProbeInterval(interval) => config.probe_interval = interval,
            Self::ProbeTimeout(timeout) => config.probe_timeout = timeout,
            Self::IndirectProbes(probes) => config.indirect_probes = probes,
            Self::GossipInterval(interval) => config.gossip_interval = interval,
            Self::GossipFanout(fanout) => config.gossip_fanout = fanout,
            Self::RetransmitMult(mult) => config.retransmit_mult = mult,
            Self::SuspicionMult(mult) => config.suspicion_mult = mult,
            Self::AwarenessMax(most) => config.awareness_max = most,
            Self::SyncInterval(interval) => config.sync_interval = interval,
            Self::MaxPacketSize(size) => config.max_packet_size = size,
        }
    }
}

impl Setting {
    /// Changes a configuration if that makes the field larger: what a bound over all nodes has to
    /// reckon with.
    pub(crate) fn widen(&self, config: &mut Config) {
        let mut changed = config.clone();
        self.apply(&mut changed);
        config.probe_interval = config.probe_interval.max(changed.probe_interval);
        config.gossip_interval = config.gossip_interval.max(changed.gossip_interval);
        config.sync_interval = config.sync_interval.max(changed.sync_interval);
        config.retransmit_mult = config.retransmit_mult.max(changed.retransmit_mult);
        config.suspicion_mult = config.suspicion_mult.max(changed.suspicion_mult);
        config.awareness_max = config.awareness_max.max(changed.awareness_max);
    }
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ProbeInterval(interval) => write!(f, "probe_interval = {interval:?}"),
            Self::ProbeTimeout(timeout) => write!(f, "probe_timeout = {timeout:?}"),
            Self::IndirectProbes(probes) => write!(f, "indirect_probes = {probes}"),
            Self::GossipInterval(interval) => write!(f, "gossip_interval = {interval:?}"),
            Self::GossipFanout(fanout) => write!(f, "gossip_fanout = {fanout}"),
            Self::RetransmitMult(mult) => write!(f, "retransmit_mult = {mult}"),
            Self::SuspicionMult(mult) => write!(f, "suspicion_mult = {mult}"),
            Self::AwarenessMax(most) => write!(f, "awareness_max = {most}"),
            Self::SyncInterval(interval) => write!(f, "sync_interval = {interval:?}"),
            Self::MaxPacketSize(size) => write!(f, "max_packet_size = {size}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_changes_the_field_that_it_names() {
        let settings = [
            Setting::ProbeInterval(Duration::from_secs(3)),
            Setting::ProbeTimeout(Duration::from_millis(77)),
            Setting::IndirectProbes(9),
            Setting::GossipInterval(Duration::from_millis(77)),
            Setting::GossipFanout(9),
            Setting::RetransmitMult(9),
            Setting::SuspicionMult(9),
            Setting::AwarenessMax(9),
            Setting::SyncInterval(Duration::from_secs(77)),
            Setting::MaxPacketSize(777),
        ];
        for setting in settings {
            let mut config = Config::lan();
            setting.apply(&mut config);
            let text = setting.to_string();
            let (field, value) = text.split_once(" = ").unwrap();
            assert!(format!("{config:?}").contains(&format!("{field}: {value},")), "{text}");
        }
    }
}
