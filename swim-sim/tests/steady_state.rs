//! What a cluster costs in which nothing happens, and which members it probes.

use std::net::SocketAddr;
use std::time::Duration;

use swim_core::wire::{Message, Packet, cluster_hash};
use swim_core::{Instant, MessageKind};
use swim_sim::{Checker, Cluster, checkers::Verdict};

const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn equal_tables_cost_a_few_bytes_of_exchanges_for_each_node_and_second() {
    let mut cluster = Cluster::lan(50).seed(1).build_joined();
    cluster.run_for(secs(120));
    assert!(cluster.tables_are_equal());
    let before = cluster.figures().total;
    cluster.run_for(secs(600));
    let after = cluster.figures().total;
    let node_seconds = (after.ran_for - before.ran_for).as_secs();
    let bytes = after.exchange_bytes - before.exchange_bytes;
    assert!(bytes <= 5 * node_seconds, "{bytes} bytes in {node_seconds} node-seconds");
    for whole_table in
        [MessageKind::Join, MessageKind::JoinReply, MessageKind::Buckets, MessageKind::BucketsReply]
    {
        assert_eq!(after.sent(whole_table), before.sent(whole_table), "{whole_table}");
    }
}

#[test]
fn a_quiet_node_sends_two_small_packets_a_second() {
    let mut cluster = Cluster::lan(50).seed(2).build_joined();
    cluster.run_for(secs(60));
    let before = cluster.figures().total;
    cluster.run_for(secs(300));
    let after = cluster.figures().total;
    let node_seconds = (after.ran_for - before.ran_for).as_secs();
    let packets = after.packets - before.packets;
    assert!(
        (19 * node_seconds..=21 * node_seconds).contains(&(10 * packets)),
        "a ping and an ack: {packets}"
    );
    let bytes = after.packet_bytes - before.packet_bytes;
    assert!(bytes <= 40 * packets, "{bytes} bytes in {packets} packets");
}

/// Every member is pinged by every other within 2n - 1 protocol periods (SWIM 4.3).
#[derive(Debug)]
struct RoundRobin {
    /// Prober -> target -> when it was last pinged.
    pinged: [[Instant; NODES]; NODES],
}

const NODES: usize = 12;

impl Checker for RoundRobin {
    fn name(&self) -> &'static str {
        "nobody waits for a probe longer than 2n - 1 periods"
    }

    fn sent(&mut self, now: Instant, node: usize, _: SocketAddr, packet: &[u8]) -> Verdict {
        let mut messages =
            Packet::open(packet, cluster_hash("default")).expect("other checkers look at that");
        let Some(Ok(Message::Ping { target, .. })) = messages.next() else { return Ok(()) };
        let target: usize =
            target.trim_start_matches("node-").parse().expect("names end in numbers");
        self.pinged[node][target] = now;
        // n - 1 others, hence 2 (n - 1) - 1 periods; the first one begins with the join's end.
        let bound = secs(2 * (NODES as u64 - 1) - 1) + secs(3);
        let late = (0..NODES)
            .filter(|&other| other != node && now.since(self.pinged[node][other]) > bound);
        match late.collect::<Vec<_>>().as_slice() {
            [] => Ok(()),
            late => Err(format!("{late:?} were not pinged for more than {bound:?}")),
        }
    }
}

#[test]
fn every_member_is_probed_by_every_other_within_twice_the_number_of_members() {
    for seed in 0..3 {
        let builder =
            Cluster::lan(NODES).seed(seed).configure(|config| config.probe_jitter_permille = 0);
        let checker = || {
            Box::new(RoundRobin { pinged: [[Instant::ORIGIN; NODES]; NODES] }) as Box<dyn Checker>
        };
        let mut cluster = builder.checker(checker).build_joined();
        cluster.run_for(secs(600));
        let probes = cluster.node(0).metrics().unwrap().probes;
        assert!((595..=602).contains(&probes), "one in each period: {probes}");
    }
}

#[test]
fn a_hundred_nodes_are_steady_for_ten_minutes() {
    let mut cluster = Cluster::lan(100).seed(4).loss_permille(10).build_joined();
    cluster.run_for(secs(600));
    let figures = cluster.figures();
    assert_eq!(figures.false_deaths, 0, "{figures}");
    assert!(figures.false_suspicions <= 99, "relays and the fallback leave hardly any: {figures}");
}
