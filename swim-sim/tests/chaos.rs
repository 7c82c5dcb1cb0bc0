//! Everything that can break does, for five minutes; then the world is whole, and all must agree
//! again within five.
//!
//! The safety checkers watch all the way. What fails here prints its seed and its plan, which is
//! data: cut it down.

use std::time::Duration;

use swim_core::Config;
use swim_sim::{Builder, Plan, Scenario, Seeds, expect};

const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn survives(nodes: usize, seeds: core::ops::Range<u64>, change: impl Fn(Builder) -> Builder) {
    for seed in seeds {
        Scenario::new("chaos")
            .nodes(nodes)
            .with(&change)
            .seeds(Seeds::Few(3))
            .plan(&Plan::chaos(seed, nodes, secs(30), secs(330)))
            .expect_by(secs(630), expect::converged())
            .expect_by(secs(660), expect::equal_tables())
            .expect_at(secs(690), expect::converged())
            .run(seed);
    }
}

#[test]
fn agreement_comes_back_after_chaos() {
    survives(4, 0..8, |cluster| cluster);
    survives(12, 8..16, |cluster| cluster);
}

#[test]
fn agreement_comes_back_after_chaos_on_a_lossy_network() {
    survives(10, 100..106, |cluster| cluster.link(swim_sim::Link::lossy_wifi()));
}

#[test]
fn agreement_comes_back_after_chaos_with_a_short_memory() {
    let forgetful = |config: &mut Config| {
        config.gossip_to_dead_for = secs(5);
        config.reap_dead_after = secs(20);
        config.reap_left_after = secs(20);
        config.tombstone_for = secs(40);
    };
    survives(8, 200..208, |cluster| cluster.configure(forgetful));
}

#[test]
fn agreement_comes_back_after_chaos_without_any_slack() {
    let tight = |config: &mut Config| {
        config.max_packet_size = 1_100;
        config.max_metadata_size = 64;
        config.max_broadcast_size = 64;
        config.max_broadcasts = 4;
        config.max_transmits = 64;
        config.max_pings = 2;
        config.max_exchanges = 4;
        config.max_broadcast_origins = 2;
        config.retransmit_mult = 1;
        config.gossip_fanout = 1;
        config.indirect_probes = 1;
        config.awareness_max = 0;
    };
    survives(10, 300..306, |cluster| cluster.configure(tight));
}

#[test]
fn agreement_comes_back_after_chaos_where_the_transport_says_who_is_not_there() {
    survives(10, 400..406, |cluster| {
        cluster.port_unreachable().configure(|config| config.reliable_fallback = false)
    });
}
