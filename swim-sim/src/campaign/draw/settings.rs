//! Nodes' settings, each left alone in most runs: what is drawn stands in nobody's way of agreeing,
//! unless the run is to go beyond its bounds.

use core::time::Duration;

use toml::Value;

use crate::case::{Case, time};
use crate::ground::streams::{self, Stream};

/// How many of 1,000 runs change a setting.
const CHANGED_PERMILLE: u16 = 250;

/// Draws settings into a case; returns the protocol period and the probe timeout.
pub(super) fn draw(stream: &mut Stream, case: &mut Case, beyond: bool) -> (Duration, Duration) {
    // The profile's own settings are valid.
    let config = case.cluster().map_or_else(|_| swim_core::Config::lan(), |cluster| cluster.config);
    let period = config.probe_interval * (5 + below(stream, 11)) / 10;
    let timeout = period * (25 + below(stream, 36)) / 100;
    let mut settings = Settings { stream, case };
    settings.time("probe_interval", period);
    settings.time("probe_timeout", timeout);
    settings.number("probe_jitter_permille", 0, 500);
    settings.number("indirect_probes", 0, 6);
    settings.flag("reliable_fallback");
    settings.times("gossip_interval", period / 10, period);
    settings.number("gossip_fanout", 1, 5);
    settings.number("retransmit_mult", 2, 6);
    settings.number("suspicion_mult", 2, 8);
    settings.number("suspicion_max_mult", 1, 8);
    settings.number("awareness_max", 0, 8);
    settings.times("exchange_timeout", period, 10 * period);
    settings.number("join_parallelism", 1, 4);
    settings.times("leave_timeout", Duration::ZERO, 10 * period);
    settings.memory(period);
    settings.pace(period);
    settings.sizes();
    if beyond {
        settings.beyond();
    }
    settings.flag("buddy_system");
    settings.flag("suspects_probed_next");
    settings.flag("stall_grace");
    settings.wire();
    (period, timeout)
}

fn below(stream: &mut Stream, bound: u64) -> u32 {
    streams::below(stream, bound) as u32
}

struct Settings<'a> {
    stream: &'a mut Stream,
    case: &'a mut Case,
}

impl Settings<'_> {
    fn set(&mut self, name: &str, value: impl Into<Value>) {
        self.case.settings.insert(String::from(name), value.into());
    }

    fn time(&mut self, name: &str, value: Duration) {
        self.set(name, time::format(value));
    }

    /// A time that is perhaps changed to one between two.
    fn times(&mut self, name: &str, low: Duration, high: Duration) {
        let value = streams::between(self.stream, low, high);
        if streams::happens(self.stream, CHANGED_PERMILLE) {
            self.time(name, value);
        }
    }

    /// A number that is perhaps changed to one between two.
    fn number(&mut self, name: &str, low: u32, high: u32) {
        let value = low + below(self.stream, u64::from(high - low) + 1);
        if streams::happens(self.stream, CHANGED_PERMILLE) {
            self.set(name, i64::from(value));
        }
    }

    fn flag(&mut self, name: &str) {
        if streams::happens(self.stream, CHANGED_PERMILLE) {
            self.set(name, false);
        }
    }

    /// How long the dead, the left and the forgotten are remembered; for a short while in many
    /// runs, so that all of it happens within the run.
    fn memory(&mut self, period: Duration) {
        let kept = period * (5 + below(self.stream, 60));
        let told = kept * below(self.stream, 11) / 10;
        let buried = kept * (1 + below(self.stream, 4));
        if streams::happens(self.stream, 500) {
            self.time("reap_dead_after", kept);
            self.time("reap_left_after", kept);
            self.time("gossip_to_dead_for", told);
            self.time("tombstone_for", buried);
        }
    }

    /// How often tables are compared, and the lost looked for: often, so that runs need not be
    /// long.
    fn pace(&mut self, period: Duration) {
        let sync = period * (5 + below(self.stream, 26));
        let reconnect = period * (5 + below(self.stream, 26));
        let backoff = period * (5 + below(self.stream, 16)) / 10;
        self.time("sync_interval", sync);
        self.time("sync_interval_min", period.min(sync));
        self.time("reconnect_interval", reconnect);
        self.time("join_backoff", backoff);
        let backoff_max = backoff * (1 + below(self.stream, 8));
        self.time("join_backoff_max", backoff_max);
    }

    /// The wire of all nodes of the run: memberlist's in a few.
    fn wire(&mut self) {
        let wires = ["memberlist", "memberlist-uncompressed", "serf"];
        let wire = wires[below(self.stream, wires.len() as u64) as usize];
        if streams::happens(self.stream, 150) {
            self.set("wire", wire);
        }
    }

    /// Packets and queues without any slack.
    fn sizes(&mut self) {
        if streams::happens(self.stream, CHANGED_PERMILLE) {
            let size = 1_051 + below(self.stream, 100);
            self.set("max_packet_size", i64::from(size));
            self.set("max_metadata_size", 64);
            self.set("max_broadcast_size", 64);
        }
        self.number("max_transmits", 64, 128);
        self.number("max_pings", 1, 4);
        self.number("max_exchanges", 5, 8);
        self.number("max_broadcasts", 1, 8);
        self.number("max_broadcast_origins", 1, 4);
        self.number("max_coordinates", 1, 4);
    }

    /// Too little room for the members that there are, or for the incarnations that they reach.
    fn beyond(&mut self) {
        let (members, jump) =
            (2 + below(self.stream, self.case.nodes as u64), 1 + below(self.stream, 60_000));
        if streams::happens(self.stream, 500) {
            self.set("max_members", i64::from(members));
        } else {
            self.set("max_incarnation_ahead", i64::from(jump));
        }
    }
}
