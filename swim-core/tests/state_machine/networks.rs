//! The peers that a node deals with, if it is to deal with some networks only.

use std::net::SocketAddr;

use rand_core::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;
use swim_core::wire::Message;
use swim_core::{
    Config, ConfigError, DropReason, ExchangeId, ExchangeInput, ExchangeOutput, Identity,
    Incarnation, JoinError, NodeId, Status, Swim,
};

use crate::harness::*;

fn choosy() -> Config {
    Config { allowed_networks: vec!["127.0.0.0/8".parse().unwrap()], ..quiet() }
}

fn outsider() -> SocketAddr {
    "203.0.113.9:7946".parse().unwrap()
}

fn moved(id: &str, incarnation: u64) -> Message<'_> {
    Message::Alive {
        id,
        incarnation: Incarnation::new(incarnation),
        address: outsider(),
        metadata: b"",
    }
}

#[test]
fn packets_and_requests_from_outside_are_dropped_and_counted() {
    let mut node = node_with(choosy());
    node.handle_packet(at(0), outsider(), &packet(&[alive("a", 1, 10)]));
    assert!(node.member("a").is_none());
    let id = ExchangeId(7);
    node.handle_exchange(
        at(0),
        ExchangeInput::Request { id, from: outsider().into(), payload: &packet(&[]) },
    );
    assert!(exchanges(&mut node).contains(&ExchangeOutput::Refuse { id }));
    assert_eq!(dropped(&node, DropReason::NotAllowed), 2);
    deliver(&mut node, at(0), &[alive("a", 1, 10)]);
    assert!(node.member("a").is_some());
}

#[test]
fn a_member_that_is_said_to_live_outside_is_not_met_and_a_known_one_does_not_move_there() {
    let mut node = node_with(choosy());
    deliver(&mut node, at(0), &[moved("stranger", 1), alive("a", 1, 10)]);
    assert!(node.member("stranger").is_none());
    deliver(&mut node, at(0), &[suspect("a", 4, "b"), moved("a", 5)]);
    let known = node.member("a").unwrap().to_member();
    assert_eq!(
        (known.address, known.status(), known.claim.incarnation.get()),
        (address(10), Status::Alive, 5)
    );
    assert_eq!(dropped(&node, DropReason::NotAllowed), 2);
    let out = sent(&mut node, at(0));
    assert!(out.iter().all(|(to, _)| *to != outsider()), "{out:?}");
    assert_eq!(
        count!(out, Message::Alive { address, .. } if address.ip() == outsider().ip()),
        0,
        "{out:?}"
    );
}

#[test]
fn seeds_outside_and_an_own_address_outside_are_errors() {
    let mut node = node_with(choosy());
    assert_eq!(node.join(at(0), &[address(2), outsider()]), Err(JoinError::NotAllowed(outsider())));
    assert!(opened(&mut node).is_empty(), "none was taken");
    let identity = Identity::new(NodeId::new("me").unwrap(), outsider(), Incarnation::new(1));
    let error =
        Swim::new(choosy(), identity, Xoshiro256PlusPlus::seed_from_u64(1), at(0)).unwrap_err();
    assert_eq!(error, ConfigError::NotAllowed(outsider()));
}
