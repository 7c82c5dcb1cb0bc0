//! `[events]`: the bounds of user events and queries.

use clap::Args;
use serde::{Deserialize, Serialize};
use swim_tokio::EventConfig;

use super::{Group, Period};

macro_rules! settings {
    ($($(#[doc = $doc:literal])* $key:ident: $type:ty,)*) => {
        /// `[events]`, for the file alone: what each does and its bounds are with the library's `EventConfig`.
        #[derive(Args, Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
        #[serde(deny_unknown_fields, default)]
        pub(crate) struct Events {
            $($(#[doc = $doc])* #[arg(skip)] pub(crate) $key: Option<$type>,)*
            /// The longest time for which a query is open.
            #[arg(skip)]
            pub(crate) max_query_timeout: Option<Period>,
        }

        impl Group for Events {
            fn over(self, below: Self) -> Self {
                Self {
                    $($key: self.$key.or(below.$key),)*
                    max_query_timeout: self.max_query_timeout.or(below.max_query_timeout),
                }
            }

            fn defaults() -> Self {
                Self::default()
            }
        }

        impl Events {
            /// The library's defaults with what differs from them. Not validated here.
            pub(crate) fn config(&self) -> EventConfig {
                let mut config = EventConfig::default();
                $(if let Some(value) = self.$key { config.$key = value; })*
                if let Some(period) = self.max_query_timeout { config.max_query_timeout = period.0; }
                config
            }
        }
    };
}

settings! {
    /// The longest event.
    max_event_size: usize,
    /// The longest query.
    max_query_size: usize,
    /// The longest response to a query.
    max_response_size: usize,
    /// How many of the latest events are remembered.
    max_recent_events: usize,
    /// How many of the latest queries are remembered.
    max_recent_queries: usize,
    /// How many queries are open at most.
    max_queries: usize,
    /// For how long a query without a timeout is open.
    query_timeout_mult: u8,
    /// How far a logical time may be ahead of ours.
    max_time_jump: u64,
    /// Whether a node that joins is told of former events.
    replay_on_join: bool,
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn what_the_file_sets_differs_from_the_defaults_and_the_rest_does_not() {
        let events: Events =
            toml::from_str("max_event_size = 300\nmax_query_timeout = '5m'\nreplay_on_join = true").unwrap();
        let expected = EventConfig {
            max_event_size: 300,
            max_query_timeout: Duration::from_secs(300),
            replay_on_join: true,
            ..EventConfig::default()
        };
        assert_eq!(events.config(), expected);
        assert_eq!(Events::defaults().config(), EventConfig::default());
    }
}
