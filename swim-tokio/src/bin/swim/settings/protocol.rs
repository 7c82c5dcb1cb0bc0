//! `[protocol]`: a preset of the timing, and what differs from it.

use clap::{Args, ValueEnum};
use merge::Merge;
use serde::{Deserialize, Serialize};
use swim_tokio::Config;

use super::{Group, Period};

macro_rules! settings {
    (
        periods { $($(#[doc = $period_doc:literal])* $period:ident,)* }
        counts { $($(#[doc = $count_doc:literal])* $count:ident: $type:ty,)* }
        event_periods { $($(#[doc = $event_period_doc:literal])* $event_period:ident,)* }
        event_counts { $($(#[doc = $event_count_doc:literal])* $event_count:ident: $event_type:ty,)* }
    ) => {
        /// `[protocol]`. All but the preset is for the file alone: docs/PROTOCOL.md says what each
        /// does.
        #[derive(Args, Clone, Debug, Default, Deserialize, Merge, PartialEq, Serialize)]
        #[serde(deny_unknown_fields, default)]
        #[merge(strategy = merge::option::overwrite_none)]
        #[command(next_help_heading = "Protocol")]
        pub(crate) struct Protocol {
            /// The timing: for one machine, a local network, or links between sites [default: lan]
            #[arg(long, value_enum, env = "SWIM_PROFILE")]
            pub(crate) profile: Option<Profile>,
            $($(#[doc = $period_doc])* #[arg(skip)] pub(crate) $period: Option<Period>,)*
            $($(#[doc = $count_doc])* #[arg(skip)] pub(crate) $count: Option<$type>,)*
            $($(#[doc = $event_period_doc])* #[arg(skip)] pub(crate) $event_period: Option<Period>,)*
            $($(#[doc = $event_count_doc])* #[arg(skip)] pub(crate) $event_count: Option<$event_type>,)*
        }

        impl Group for Protocol {
            fn defaults() -> Self {
                // Operators want to know how far a member is; a few hundred bytes an ack are little
                // beside that.
                Self { profile: Some(Profile::Lan), max_coordinates: Some(1_024), ..Self::default() }
            }
        }

        impl Protocol {
            /// The preset with what differs from it. Not validated here.
            pub(crate) fn config(&self) -> Config {
                let mut config = self.profile.unwrap_or_default().config();
                $(if let Some(period) = self.$period { config.$period = period.0; })*
                $(if let Some(count) = self.$count { config.$count = count; })*
                $(if let Some(period) = self.$event_period { config.events.$event_period = period.0; })*
                $(if let Some(count) = self.$event_count { config.events.$event_count = count; })*
                config
            }
        }
    };
}

settings! {
    periods {
        /// The protocol period.
        probe_interval,
        /// How long a direct ping may take.
        probe_timeout,
        /// How often queued updates are sent on their own.
        gossip_interval,
        /// For how long the dead may be gossiped to.
        gossip_to_dead_for,
        /// The longest pause between two rounds of anti-entropy.
        sync_interval,
        /// The shortest such pause.
        sync_interval_min,
        /// How long an exchange may take.
        exchange_timeout,
        /// The first pause before a seed is tried again.
        join_backoff,
        /// The longest such pause.
        join_backoff_max,
        /// How often a dead member or an absent seed is contacted.
        reconnect_interval,
        /// How long a leave may take.
        leave_timeout,
        /// How long the dead are kept.
        reap_dead_after,
        /// How long those who left are kept.
        reap_left_after,
        /// How long tombstones are kept.
        tombstone_for,
    }
    counts {
        /// How many members are asked to probe on our behalf.
        indirect_probes: u8,
        /// To how many members each gossip goes.
        gossip_fanout: u8,
        /// How often an update is sent.
        retransmit_mult: u8,
        /// The shortest suspicion.
        suspicion_mult: u8,
        /// The longest suspicion.
        suspicion_max_mult: u8,
        /// The largest health score.
        awareness_max: u8,
        /// The largest packet.
        max_packet_size: usize,
        /// The largest request or reply of an exchange.
        max_exchange_size: usize,
        /// How many members are known at most.
        max_members: usize,
        /// The longest metadata, tags included.
        max_metadata_size: usize,
        /// The longest user broadcast.
        max_broadcast_size: usize,
        /// How many user broadcasts wait to be sent at most.
        max_broadcasts: usize,
        /// Of how many members the network coordinates are kept.
        max_coordinates: usize,
    }
    event_periods {
        /// The longest time for which a query is open.
        max_query_timeout,
    }
    event_counts {
        /// The longest user event, as it is sent.
        max_event_size: usize,
        /// The longest query, as it is sent.
        max_query_size: usize,
        /// The longest response to a query, as it is sent.
        max_response_size: usize,
        /// How many of the latest events are remembered.
        max_recent_events: usize,
        /// How many of the latest queries are remembered.
        max_recent_queries: usize,
        /// How many queries are open at most.
        max_queries: usize,
        /// How many queries of one member are answered in a second.
        queries_per_asker: u32,
        /// The same, of all members together.
        queries_per_second: u32,
        /// How many answers of others are handed on in a second.
        relays_per_second: u32,
        /// How many regular expressions of others are compiled in a second.
        expressions_per_second: u32,
        /// For how long a query without a timeout of its own is open.
        query_timeout_mult: u8,
        /// How far ahead of ours a time on a logical clock may be.
        max_time_jump: u64,
        /// Whether who joins is told of earlier events.
        replay_on_join: bool,
    }
}

/// Of how many members an agent keeps the network coordinates: some 170 KiB.
const COORDINATES: usize = 1_024;

/// A preset of the timing.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Profile {
    /// For one machine and for tests
    Local,
    /// For a local network
    #[default]
    Lan,
    /// For links between sites
    Wan,
}

impl Profile {
    fn config(self) -> Config {
        let config = match self {
            Self::Local => Config::local(),
            Self::Lan => Config::lan(),
            Self::Wan => Config::wan(),
        };
        Config { max_coordinates: COORDINATES, ..config }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use swim_tokio::swim_core::EventConfig;

    use super::*;

    #[test]
    fn what_is_set_differs_from_the_preset_and_the_rest_does_not() {
        let protocol = Protocol {
            profile: Some(Profile::Wan),
            leave_timeout: Some(Period(Duration::from_secs(7))),
            gossip_fanout: Some(9),
            ..Protocol::default()
        };
        let expected = Config {
            leave_timeout: Duration::from_secs(7),
            gossip_fanout: 9,
            max_coordinates: COORDINATES,
            ..Config::wan()
        };
        assert_eq!(protocol.config(), expected);
    }

    #[test]
    fn every_setting_of_events_and_queries_is_a_key_of_the_file_and_the_upper_source_wins() {
        let upper: Protocol = toml::from_str(
            "max_event_size = 1\nmax_query_size = 2\nmax_response_size = 3\nmax_recent_events = 4\nmax_queries = 6\n\
             query_timeout_mult = 7\nqueries_per_asker = 10\nqueries_per_second = 11\nrelays_per_second = 12\n\
             expressions_per_second = 13\nmax_query_timeout = '8s'\nmax_time_jump = 9\nreplay_on_join = true",
        )
        .unwrap();
        let below: Protocol =
            toml::from_str("max_event_size = 99\nmax_recent_queries = 5").unwrap();
        let expected = EventConfig {
            max_event_size: 1,
            max_query_size: 2,
            max_response_size: 3,
            max_recent_events: 4,
            max_recent_queries: 5,
            max_queries: 6,
            queries_per_asker: 10,
            queries_per_second: 11,
            relays_per_second: 12,
            expressions_per_second: 13,
            query_timeout_mult: 7,
            max_query_timeout: Duration::from_secs(8),
            max_time_jump: 9,
            replay_on_join: true,
        };
        assert_eq!(upper.over(below).config().events, expected);
    }
}
