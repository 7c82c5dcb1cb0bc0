//! A configuration's settings by their names, as a file writes them.
//!
//! What a setting means and within which bounds it may be is the core's to say.

use serde::Deserialize as _;
use swim_core::{Config, MemberlistWire, Wire};
use toml::{Table, Value};

use super::nearest::nearest;
use crate::ground::time;

/// A field of [`Config`] that can be set from a value.
trait Setting {
    fn set(&mut self, value: &Value) -> Result<(), String>;
}

impl Setting for core::time::Duration {
    fn set(&mut self, value: &Value) -> Result<(), String> {
        *self = time::parse(value.as_str().ok_or("a time is a text, as in \"1.5s\"")?)?;
        Ok(())
    }
}

impl Setting for Wire {
    fn set(&mut self, value: &Value) -> Result<(), String> {
        *self = match value.as_str() {
            Some("native") => Self::Native,
            Some("memberlist") => Self::Memberlist(MemberlistWire::PLAIN),
            Some("memberlist-uncompressed") => {
                Self::Memberlist(MemberlistWire { compress: false, ..MemberlistWire::PLAIN })
            }
            Some("serf") => Self::Memberlist(MemberlistWire::SERF),
            _ => {
                let wires = "\"native\", \"memberlist\", \"memberlist-uncompressed\" or \"serf\"";
                return Err(format!("a wire is {wires}"));
            }
        };
        Ok(())
    }
}

macro_rules! plain_settings {
    ($($kind:ty)*) => {
        $(impl Setting for $kind {
            fn set(&mut self, value: &Value) -> Result<(), String> {
                *self = Self::deserialize(value.clone()).map_err(|error| error.message().to_owned())?;
                Ok(())
            }
        })*
    };
}

impl Setting for Vec<swim_core::Network> {
    fn set(&mut self, value: &Value) -> Result<(), String> {
        let texts = Vec::<String>::deserialize(value.clone())
            .map_err(|error| error.message().to_owned())?;
        *self = texts
            .iter()
            .map(|text| text.parse())
            .collect::<Result<_, _>>()
            .map_err(|error| format!("{error}"))?;
        Ok(())
    }
}

plain_settings! { String bool u8 u16 u32 usize u64 }

macro_rules! settings {
    ($($name:ident)*; events: $($of_events:ident)*) => {
        const NAMES: &[&str] = &[$(stringify!($name),)* $(stringify!($of_events)),*];

        fn set(config: &mut Config, name: &str, value: &Value) -> Option<Result<(), String>> {
            match name {
                $(stringify!($name) => Some(Setting::set(&mut config.$name, value)),)*
                $(stringify!($of_events) => Some(Setting::set(&mut config.events.$of_events, value)),)*
                _ => None,
            }
        }

        /// Does not compile when the core has a setting that is missing here.
        #[cfg(test)]
        fn all_named(config: Config) {
            let Config { events, $($name: _),* } = config;
            let swim_core::EventConfig { $($of_events: _),* } = events;
        }
    };
}

settings! {
    cluster wire probe_interval probe_timeout probe_jitter_permille indirect_probes reliable_fallback gossip_interval
    gossip_fanout gossip_to_dead_for retransmit_mult suspicion_mult suspicion_max_mult buddy_system
    suspects_probed_next stall_grace awareness_max sync_interval
    sync_interval_min exchange_timeout join_parallelism join_backoff join_backoff_max reconnect_interval leave_timeout
    reap_dead_after reap_left_after tombstone_for max_packet_size max_exchange_size max_members max_metadata_size
    max_broadcast_size max_broadcasts max_broadcast_origins max_exchanges max_pings max_transmits max_events max_seeds
    max_incarnation_ahead allowed_networks max_coordinates origin_only;
    events: max_event_size max_query_size max_response_size max_recent_events max_recent_queries max_queries
    queries_per_asker queries_per_second relays_per_second expressions_per_second
    query_timeout_mult max_query_timeout max_time_jump replay_on_join
}

/// Changes the settings that a table names.
pub(super) fn change(config: &mut Config, settings: &Table) -> Result<(), String> {
    for (name, value) in settings {
        let outcome = set(config, name, value).ok_or_else(|| {
            let near = nearest(name, NAMES.iter().copied()).unwrap_or_default();
            format!("there is no setting `{name}`; did you mean `{near}`?")
        })?;
        outcome.map_err(|error| format!("setting `{name}`: {error}"))?;
    }
    if let Wire::Memberlist(wire) = config.wire {
        *config = config.clone().on_memberlist(wire);
    }
    config.validate().map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(text: &str) -> Result<Config, String> {
        let mut config = Config::lan();
        change(&mut config, &text.parse().unwrap()).map(|()| config)
    }

    #[test]
    fn settings_of_every_kind_are_changed() {
        let text = "probe_timeout = '250ms'\nindirect_probes = 9\nreliable_fallback = false\ncluster = 'other'";
        let config = changed(text).unwrap();
        assert_eq!(config.probe_timeout, core::time::Duration::from_millis(250));
        assert_eq!(
            (config.indirect_probes, config.reliable_fallback, &*config.cluster),
            (9, false, "other")
        );
        all_named(config);
    }

    #[test]
    fn the_wire_is_chosen_by_its_name_with_what_memberlist_fixes() {
        let config = changed("wire = 'memberlist'\nprobe_timeout = '250ms'").unwrap();
        assert_eq!(config.wire, Wire::Memberlist(MemberlistWire::PLAIN));
        assert_eq!((config.awareness_max, config.probe_timeout.as_millis()), (7, 250));
        assert!(changed("wire = 'morse'").unwrap_err().contains("memberlist"));
    }

    #[test]
    fn what_cannot_be_set_is_named() {
        for (text, wanted) in [
            ("probe_intervall = '1s'", "did you mean `probe_interval`"),
            ("probe_interval = 1", "as in \"1.5s\""),
            ("gossip_fanout = 300", "gossip_fanout"),
            ("gossip_fanout = 0", "gossip_fanout"),
        ] {
            let error = changed(text).unwrap_err();
            assert!(error.contains(wanted), "{text}: {error}");
        }
    }
}
