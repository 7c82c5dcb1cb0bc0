//! `[protocol]`: a preset of the timing, and what differs from it.

use clap::{Args, ValueEnum};
use serde::{Deserialize, Serialize};
use swim_tokio::Config;

use super::{Group, Period};

macro_rules! settings {
    (
        periods { $($(#[doc = $period_doc:literal])* $period:ident,)* }
        counts { $($(#[doc = $count_doc:literal])* $count:ident: $type:ty,)* }
    ) => {
        /// `[protocol]`. All but the preset is for the file alone: docs/PROTOCOL.md says what each does.
        #[derive(Args, Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
        #[serde(deny_unknown_fields, default)]
        #[command(next_help_heading = "Protocol")]
        pub(crate) struct Protocol {
            /// The timing: for one machine, a local network, or links between sites [default: lan]
            #[arg(long, value_enum, env = "SWIM_PROFILE")]
            pub(crate) profile: Option<Profile>,
            $($(#[doc = $period_doc])* #[arg(skip)] pub(crate) $period: Option<Period>,)*
            $($(#[doc = $count_doc])* #[arg(skip)] pub(crate) $count: Option<$type>,)*
        }

        impl Group for Protocol {
            fn over(self, below: Self) -> Self {
                Self {
                    profile: self.profile.or(below.profile),
                    $($period: self.$period.or(below.$period),)*
                    $($count: self.$count.or(below.$count),)*
                }
            }

            fn defaults() -> Self {
                // Operators want to know how far a member is; a few hundred bytes an ack are little beside that.
                Self { profile: Some(Profile::Lan), max_coordinates: Some(1_024), ..Self::default() }
            }
        }

        impl Protocol {
            /// The preset with what differs from it. Not validated here.
            pub(crate) fn config(&self) -> Config {
                let mut config = self.profile.unwrap_or_default().config();
                $(if let Some(period) = self.$period { config.$period = period.0; })*
                $(if let Some(count) = self.$count { config.$count = count; })*
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
        /// Of how many members the network coordinates are kept.
        max_coordinates: usize,
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
}
