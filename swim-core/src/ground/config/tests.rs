//! Every bound of every setting is checked.

use super::*;

type Change = fn(&mut Config);

#[test]
fn the_presets_are_valid() {
    for config in [Config::lan(), Config::wan(), Config::local()] {
        assert_eq!(config.validate(), Ok(()));
    }
}

fn rejected(field: &str, change: Change) {
    let mut config = Config::lan();
    change(&mut config);
    let error = config.validate().expect_err(field);
    assert!(alloc::format!("{error}").contains(field), "{field}: {error}");
}

#[test]
fn every_bound_of_a_duration_is_checked() {
    let changes: [(&str, Change); 17] = [
        ("probe_interval", |c| c.probe_interval = Duration::ZERO),
        ("probe_interval", |c| c.probe_interval = Duration::MAX),
        ("probe_timeout", |c| c.probe_timeout = Duration::ZERO),
        ("probe_timeout", |c| c.probe_timeout = c.probe_interval),
        ("gossip_interval", |c| c.gossip_interval = Duration::ZERO),
        ("sync_interval_min", |c| c.sync_interval_min = Duration::ZERO),
        ("sync_interval_min", |c| c.sync_interval_min = c.sync_interval * 2),
        ("exchange_timeout", |c| c.exchange_timeout = Duration::ZERO),
        ("join_backoff", |c| c.join_backoff = Duration::ZERO),
        ("join_backoff", |c| c.join_backoff_max = Duration::ZERO),
        ("reconnect_interval", |c| c.reconnect_interval = Duration::ZERO),
        ("gossip_to_dead_for", |c| c.reap_dead_after = Duration::ZERO),
        ("gossip_to_dead_for", |c| c.reap_left_after = Duration::ZERO),
        ("leave_timeout", |c| c.leave_timeout = Duration::MAX),
        ("reap_dead_after", |c| c.reap_dead_after = Duration::MAX),
        ("reap_left_after", |c| c.reap_left_after = Duration::MAX),
        ("tombstone_for", |c| c.tombstone_for = Duration::MAX),
    ];
    changes.iter().for_each(|&(field, change)| rejected(field, change));
    let others: [(&str, Change); 5] = [
        ("gossip_interval", |c| c.gossip_interval = Duration::MAX),
        ("exchange_timeout", |c| c.exchange_timeout = Duration::MAX),
        ("reconnect_interval", |c| c.reconnect_interval = Duration::MAX),
        ("sync_interval", |c| c.sync_interval = Duration::MAX),
        ("join_backoff_max", |c| c.join_backoff_max = Duration::MAX),
    ];
    others.iter().for_each(|&(field, change)| rejected(field, change));
}

#[test]
fn every_bound_of_a_number_is_checked_at_both_ends() {
    let changes: [(&str, Change); 21] = [
        ("cluster", |c| c.cluster.clear()),
        ("cluster", |c| c.cluster = "x".repeat(256)),
        ("probe_jitter_permille", |c| c.probe_jitter_permille = 501),
        ("indirect_probes", |c| c.indirect_probes = 33),
        ("gossip_fanout", |c| c.gossip_fanout = 0),
        ("gossip_fanout", |c| c.gossip_fanout = 33),
        ("retransmit_mult", |c| c.retransmit_mult = 0),
        ("retransmit_mult", |c| c.retransmit_mult = 33),
        ("suspicion_mult", |c| c.suspicion_mult = 65),
        ("suspicion_max_mult", |c| c.suspicion_max_mult = 0),
        ("suspicion_max_mult", |c| c.suspicion_max_mult = 65),
        ("awareness_max", |c| c.awareness_max = 65),
        ("join_parallelism", |c| c.join_parallelism = 0),
        ("join_parallelism", |c| c.join_parallelism = 65),
        ("max_incarnation_ahead", |c| c.max_incarnation_ahead = 0),
        ("max_transmits", |c| c.max_transmits = 63),
        ("max_events", |c| c.max_events = 63),
        ("max_broadcast_origins", |c| c.max_broadcast_origins = 0),
        ("max_seeds", |c| c.max_seeds = 0),
        ("max_seeds", |c| c.max_seeds = 4_097),
        ("max_pings", |c| c.max_pings = 0),
    ];
    changes.iter().for_each(|&(field, change)| rejected(field, change));
}

#[test]
fn every_bound_of_a_size_is_checked() {
    let changes: [(&str, Change); 14] = [
        ("max_packet_size", |c| c.max_packet_size = Config::MIN_PACKET_SIZE - 1),
        ("max_packet_size", |c| c.max_packet_size = Config::LARGEST_PACKET + 1),
        ("max_exchange_size", |c| c.max_exchange_size = 65_535),
        ("max_exchange_size", |c| c.max_exchange_size = usize::MAX),
        ("max_members", |c| c.max_members = 1),
        ("max_members", |c| c.max_members = 1 << 22),
        ("max_members", |c| (c.max_members, c.max_metadata_size) = (Config::MAX_MEMBERS, 583)),
        ("max_metadata_size", |c| c.max_metadata_size = c.max_packet_size - 816),
        ("max_metadata_size", |c| c.max_metadata_size = 65_536),
        ("max_broadcast_size", |c| c.max_broadcast_size = c.max_packet_size / 2 - 284),
        ("max_broadcasts", |c| c.max_broadcasts = 0),
        ("max_broadcasts", |c| c.max_broadcasts = 65_537),
        ("max_exchanges", |c| c.max_exchanges = usize::from(c.join_parallelism)),
        ("max_exchanges", |c| c.max_exchanges = 1_025),
    ];
    changes.iter().for_each(|&(field, change)| rejected(field, change));
    rejected("max_pings", |c| c.max_pings = 4_097);
}
