//! User broadcasts: each is told once, all end, and neither they nor updates about members keep the
//! other out.

use swim_core::wire::Message;
use swim_core::{Config, DropReason, Event, Incarnation};

use crate::harness::*;
use crate::network::Network;

fn told(node: &mut Node) -> usize {
    events(node).iter().filter(|event| matches!(event, Event::Broadcast { .. })).count()
}

fn broadcast(origin: &str, epoch: u64, number: u64) -> Message<'_> {
    Message::Broadcast { origin, epoch: Incarnation::new(epoch), number, payload: b"x" }
}

/// Nodes that know each other, with room for the broadcasts of `origins`.
fn network(count: u16, origins: usize) -> Network {
    let config = Config { max_broadcast_origins: origins, ..quiet() };
    let names: Vec<_> = (1..=count).map(|port| format!("n{port}")).collect();
    let nodes = names.iter().zip(1..).map(|(name, port)| {
        let mut node = named(name, port, 1, config.clone(), u64::from(port));
        for (other, port) in names.iter().zip(1..).filter(|(other, _)| *other != name) {
            deliver(&mut node, at(0), &[alive(other, 1, port)]);
        }
        node
    });
    let mut network = Network { nodes: nodes.collect() };
    network.run_until(second(10));
    network
}

fn told_until(network: &mut Network, seconds: u64) -> usize {
    network.run_until(second(seconds));
    network.nodes.iter_mut().map(told).sum()
}

#[test]
fn every_node_tells_each_broadcast_once_if_it_remembers_all_origins() {
    let mut network = network(12, 12);
    network.nodes.iter_mut().for_each(|node| node.broadcast(second(10), b"once").unwrap());
    assert_eq!(told_until(&mut network, 30), 12 * 11);
}

#[test]
fn broadcasts_end_though_more_nodes_broadcast_than_are_remembered() {
    let mut network = network(12, 8);
    network.nodes.iter_mut().for_each(|node| node.broadcast(second(10), b"once").unwrap());
    let first = told_until(&mut network, 20);
    assert!(first >= 12 * 7, "those of the origins that are remembered reach everyone: {first}");
    assert_eq!(told_until(&mut network, 40), 0);
    assert!(network.nodes.iter().all(|node| node.queued_broadcasts() == 0));
}

#[test]
fn broadcasts_of_a_new_life_are_told_though_it_began_below_the_former_one() {
    let (mut former, mut listener) = (named("b", 2, 1, quiet(), 2), node_with(quiet()));
    deliver(&mut former, at(0), &[alive("me", 100, 1), suspect("b", 5, "a")]);
    deliver(&mut listener, at(0), &[alive("b", 6, 2)]);
    let spread = |from: &mut Node, listener: &mut Node, now| {
        for _ in 0..3 {
            from.broadcast(now, b"x").unwrap();
        }
        let mut buffer = Vec::new();
        from.handle_timeout(now);
        while from.poll_transmit(now, &mut buffer).is_some() {
            listener.handle_packet(now, proven(2), &buffer);
        }
        told(listener)
    };
    assert_eq!(spread(&mut former, &mut listener, at(0)), 3);
    let mut restarted = named("b", 2, 1, quiet(), 3);
    deliver(&mut restarted, at(0), &[alive("me", 100, 1), alive("b", 6, 2)]);
    assert_eq!(restarted.incarnation().get(), 7, "it hears of its former life");
    assert_eq!(spread(&mut restarted, &mut listener, at(0)), 3);
}

#[test]
fn an_epoch_that_its_origin_cannot_have_reached_does_not_mute_it() {
    for known in [true, false] {
        let mut node = node_with(quiet());
        if known {
            deliver(&mut node, at(0), &[alive("b", 1, 2)]);
        }
        deliver(
            &mut node,
            at(0),
            &[broadcast("b", 1 << 60, 0), broadcast("b", Incarnation::MAX.get(), 0)],
        );
        assert_eq!((told(&mut node), dropped(&node, DropReason::BadIncarnation)), (0, 2));
        deliver(&mut node, at(0), &[broadcast("b", 1, 0), broadcast("b", 1, 1)]);
        assert_eq!(told(&mut node), 2, "known: {known}");
    }
}

#[test]
fn one_forged_broadcast_mutes_none_of_a_living_members() {
    for (epoch, number) in [(FIRST + (1 << 41), 0), (1, u64::MAX - 1), (1, 1 << 32), (0, 0)] {
        let mut node = node_with(quiet());
        deliver(&mut node, at(0), &[alive("b", 1, 2), broadcast("b", 1, 0)]);
        deliver(&mut node, at(0), &[broadcast("b", epoch, number)]);
        deliver(
            &mut node,
            at(0),
            &[broadcast("b", 1, 1), broadcast("b", 1, 2), broadcast("b", 1, 1)],
        );
        assert_eq!(
            told(&mut node),
            4,
            "{epoch} {number}: three genuine ones, each once, and the forged one"
        );
        assert_eq!(node.queued_broadcasts(), 4, "they are passed on, too");
    }
}

#[test]
fn updates_longer_than_half_a_packet_are_spread_though_broadcasts_never_cease() {
    let mut node = node_with(Config { max_metadata_size: 583, ..quiet() });
    populate(&mut node, at(0), &names("peer", 20));
    run_among_the_living(&mut node, second(20));
    let large: Vec<_> = (0..4).map(|i| format!("large-{i}-{}", "n".repeat(100))).collect();
    for (id, port) in large.iter().zip(50..) {
        let incarnation = Incarnation::new(1);
        let metadata = &[1; 583];
        deliver(
            &mut node,
            second(20),
            &[Message::Alive { id, incarnation, address: address(port), metadata }],
        );
    }
    deliver(&mut node, second(20), &[dead("peer-7", 1, "peer-1")]);
    let (mut out, mut now) = (Vec::new(), second(20));
    while now < second(30) {
        while node.queued_broadcasts() < 10 {
            node.broadcast(now, &[9; 380]).unwrap();
        }
        now = step(&mut node);
        out.extend(sent_and_acked(&mut node, now).into_iter().filter(|(to, _)| *to != address(17)));
        exchanges(&mut node);
    }
    assert_eq!(
        (
            count!(out, Message::Alive { id, .. } if id.starts_with("large")),
            count!(out, Message::Dead { id: "peer-7", .. })
        ),
        (4 * 8, 8),
        "as always"
    );
    assert!(count!(out, Message::Broadcast { .. }) > 100);
}

#[test]
fn a_node_that_hears_its_own_broadcast_tells_nobody() {
    let mut node = node_with(quiet());
    deliver(&mut node, at(0), &[alive("b", 1, 2)]);
    node.broadcast(at(0), b"x").unwrap();
    let mut buffer = Vec::new();
    node.handle_timeout(at(0));
    node.poll_transmit(at(0), &mut buffer).expect("it is gossiped");
    assert!(sent(&mut node, at(0)).is_empty());
    node.handle_packet(at(0), proven(2), &buffer);
    node.handle_packet(at(0), proven(2), &packet(&[broadcast("me", 1, 0)]));
    assert_eq!((told(&mut node), dropped(&node, DropReason::DuplicateBroadcast)), (0, 2));
}

#[test]
fn broadcasts_of_a_new_life_are_told_though_it_began_at_the_same_incarnation() {
    let (mut former, mut listener) = (named("b", 2, 1, quiet(), 2), node_with(quiet()));
    deliver(&mut former, at(0), &[alive("me", 100, 1)]);
    deliver(&mut listener, at(0), &[alive("b", 1, 2)]);
    let spread = |from: &mut Node, listener: &mut Node, now| {
        (0..3).for_each(|_| from.broadcast(now, b"x").unwrap());
        let mut buffer = Vec::new();
        from.handle_timeout(now);
        while from.poll_transmit(now, &mut buffer).is_some() {
            listener.handle_packet(now, proven(2), &buffer);
        }
        events(listener).iter().filter(|event| matches!(event, Event::Broadcast { .. })).count()
    };
    assert_eq!(spread(&mut former, &mut listener, at(0)), 3);
    let mut restarted = named("b", 2, 1, quiet(), 3);
    deliver(&mut restarted, at(0), &[alive("me", 100, 1), dead("b", 1, "me")]);
    assert_eq!(restarted.incarnation().get(), 2);
    assert_eq!(spread(&mut restarted, &mut listener, at(0)), 3);
}
