//! Who hears what is said to all, in a small cluster on this wire: each peer is sent each message.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use swim_core::wire::memberlist::Message;

use super::harness::{alive, deliver, node, sent};
use crate::harness::{Node, address, at, exchanges, second};

/// The payloads of the user messages that each address was sent until then, with nobody answering.
fn heard_until(
    node: &mut Node,
    until: swim_core::Instant,
) -> BTreeMap<SocketAddr, BTreeSet<&'static [u8]>> {
    let mut heard: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    while let Some(now) = node.poll_timeout().filter(|&now| now <= until) {
        node.handle_timeout(now);
        for (to, said) in sent(node, now) {
            let payloads = said.into_iter().filter_map(|message| match message {
                Message::User { payload } => Some(payload),
                _ => None,
            });
            heard.entry(to).or_default().extend(payloads);
        }
        exchanges(node);
    }
    heard
}

#[test]
fn each_peer_in_a_small_cluster_is_sent_each_user_message_though_many_wait() {
    for peers in [1, 4, 9] {
        let (mut node, ports) = (node(), 2..2 + peers);
        let names: Vec<_> = ports.clone().map(|port| format!("peer-{port}")).collect();
        for (name, port) in names.iter().zip(ports.clone()) {
            deliver(&mut node, at(0), &[alive(name, 1, port)]);
        }
        heard_until(&mut node, at(1_000));
        for number in 0..12 {
            node.broadcast(at(1_000), &[number; 300]).unwrap();
        }
        let heard = heard_until(&mut node, second(10));
        let counts: Vec<_> =
            ports.map(|port| heard.get(&address(port)).map_or(0, BTreeSet::len)).collect();
        assert_eq!(counts, vec![12; usize::from(peers)]);
        assert_eq!(node.queued_broadcasts(), 0, "they end");
    }
}
