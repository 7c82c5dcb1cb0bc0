//! Clusters whose packets go by UDP.

mod harness;

use std::net::{SocketAddr, UdpSocket};

use harness::{alive, builder, event, name, status, until, until_all_know_all};
use swim_tokio::{Event, ExchangeFailure, JoinError, Packets, Runtime, SeedFailure, Status};

async fn start(id: &str, bind: &str, seeds: Option<SocketAddr>) -> Runtime {
    let bind = bind.parse().expect("an address");
    builder(id).packets(Packets::Udp).bind(bind).seeds(seeds).start().await.expect("a free port")
}

async fn chain(count: usize, bind: &str) -> Vec<Runtime> {
    let mut nodes: Vec<Runtime> = Vec::new();
    for number in 0..count {
        let seed = nodes.last().map(Runtime::local_address);
        nodes.push(start(&name(number), bind, seed).await);
    }
    until_all_know_all(&nodes).await;
    nodes
}

#[tokio::test]
async fn nodes_meet_over_both_families_and_a_killed_one_is_declared_dead() {
    for bind in ["127.0.0.1:0", "[::1]:0"] {
        let mut nodes = chain(5, bind).await;
        let killed = name(4);
        drop(nodes.pop());
        until("all see the death", || {
            nodes.iter().all(|node| status(node, &killed) == Some(Status::Dead))
        })
        .await;
        for node in &nodes {
            let metrics = node.metrics();
            assert!(
                metrics.transport.datagrams_received > 0 && metrics.protocol.probes_acked > 0,
                "{metrics:?}"
            );
            assert_eq!(metrics.transport.datagram_errors, 0);
        }
    }
}

#[tokio::test]
async fn a_leave_is_told_and_a_broadcast_reaches_all() {
    let mut nodes = chain(4, "127.0.0.1:0").await;
    let mut heard: Vec<_> = nodes.iter().map(Runtime::subscribe).collect();
    nodes[0].broadcast("to all").await.expect("it fits");
    for subscription in &mut heard[1..] {
        let wanted = |event: &Event| match event {
            Event::Broadcast { payload, .. } => Some(payload.to_vec()),
            _ => None,
        };
        assert_eq!(event(subscription, "the broadcast", wanted).await, b"to all");
    }
    let leaver = nodes.pop().expect("four nodes");
    leaver.leave().await.expect("it runs");
    leaver.shutdown().await;
    until("all see it leave", || {
        nodes.iter().all(|node| status(node, &name(3)) == Some(Status::Left))
    })
    .await;
}

#[tokio::test]
async fn garbage_datagrams_are_counted_and_harm_nobody() {
    let nodes = chain(3, "127.0.0.1:0").await;
    let guest = UdpSocket::bind("127.0.0.1:0").expect("a free port");
    let received = nodes[0].metrics().protocol.packets_received;
    for length in [0, 1, 5, 100, 1_400, 60_000, 65_507] {
        guest.send_to(&vec![0xff; length], nodes[0].local_address()).expect("loopback takes it");
    }
    until("they are read", || nodes[0].metrics().protocol.packets_received >= received + 7).await;
    let probes: Vec<_> = nodes.iter().map(|node| node.metrics().protocol.probes_acked).collect();
    until("three further probes", || {
        nodes
            .iter()
            .zip(&probes)
            .all(|(node, before)| node.metrics().protocol.probes_acked >= before + 3)
    })
    .await;
    assert!(nodes.iter().all(|node| alive(node) == 3));
}

#[tokio::test]
async fn a_node_whose_packets_go_another_way_is_told_so_at_its_join_and_is_no_member() {
    use ExchangeFailure::{PacketsByTcp, PacketsByUdp};
    for (theirs, ours, expected) in
        [(Packets::Tcp, Packets::Udp, PacketsByTcp), (Packets::Udp, Packets::Tcp, PacketsByUdp)]
    {
        let cluster = builder("cluster").packets(theirs).start().await.unwrap();
        let other = builder("other").packets(ours).start().await.unwrap();
        let Err(JoinError::NoneAnswered(failures)) = other.join([cluster.local_address()]).await
        else {
            panic!("it is refused")
        };
        assert_eq!(failures[0].1, SeedFailure::Exchange(expected));
        let counted = || cluster.metrics().transport.mismatches_refused;
        until("it is counted, and tried again", || counted() >= 2).await;
        assert_eq!(
            (alive(&cluster), alive(&other)),
            (1, 1),
            "neither takes the other for a member"
        );
    }
}

#[tokio::test]
async fn a_node_reached_at_loopback_is_told_so_when_it_joins_nodes_that_are_not_and_the_other_way_round()
 {
    let elsewhere: SocketAddr = "192.0.2.1:0".parse().unwrap();
    for packets in [Packets::Tcp, Packets::Udp] {
        for (is_ours, expected) in
            [(true, ExchangeFailure::LoopbackHere), (false, ExchangeFailure::LoopbackThere)]
        {
            let (mut cluster, mut other) =
                (builder("cluster").packets(packets), builder("other").packets(packets));
            if is_ours {
                cluster = cluster.advertise(elsewhere);
            } else {
                other = other.advertise(elsewhere);
            }
            let (cluster, other) = (cluster.start().await.unwrap(), other.start().await.unwrap());
            let Err(JoinError::NoneAnswered(failures)) =
                other.join([cluster.local_address()]).await
            else {
                panic!("it is refused")
            };
            assert_eq!(failures[0].1, SeedFailure::Exchange(expected));
            assert!(
                failures[0]
                    .1
                    .to_string()
                    .contains("advertise an address that the others can reach")
            );
            assert!(cluster.metrics().transport.mismatches_refused >= 1);
            assert_eq!((alive(&cluster), alive(&other)), (1, 1));
        }
    }
}
