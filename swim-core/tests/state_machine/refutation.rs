//! A member that is accused falsely is heard, however much of what it says is lost.

use swim_core::wire::Message;
use swim_core::{Claim, Config, DropReason, Event, Incarnation, Status};

use crate::harness::*;
use crate::network::Network;

#[test]
fn a_member_that_answers_pings_is_never_declared_dead_though_its_refutation_was_lost() {
    let mut accuser = named("a", 1, 1, quiet(), 1);
    let mut accused = named("x", 2, 6, quiet(), 2);
    deliver(&mut accuser, at(0), &[alive("x", 5, 2), suspect("x", 5, "somebody")]);
    accused.handle_packet(at(0), proven(1), &packet(&[alive("a", 1, 1)]));
    sent(&mut accused, at(0));
    let mut network = Network { nodes: vec![accuser, accused] };
    network.run_until(second(60));
    assert_eq!(network.nodes[0].metrics().suspicions_expired, 0);
    let claims = network.nodes.iter().map(|node| node.member("x").unwrap().claim);
    assert!(
        claims.eq([Claim::new(Incarnation::new(6), Status::Alive); 2]),
        "it is not even suspected any more"
    );
}

#[test]
fn a_refutation_that_was_sent_as_often_as_it_may_is_begun_anew_when_the_accusation_is_heard_again()
{
    let mut node = node();
    deliver(&mut node, at(0), &[alive("a", 1, 5), suspect("me", 100, "a")]);
    let first = times(&run_among_the_living(&mut node, second(20)), alive("me", 101, 1));
    assert_eq!(node.queued_updates(), 0, "all is said");
    deliver(&mut node, second(20), &[suspect("me", 100, "b")]);
    let again = times(&run_among_the_living(&mut node, second(40)), alive("me", 101, 1));
    assert_eq!((first > 0, again, node.incarnation().get()), (true, first, 101));
    deliver(&mut node, second(40), &[alive("me", 100, 1)]);
    assert_eq!(node.queued_updates(), 0, "an old Alive accuses of nothing");
}

#[test]
fn a_refutation_counts_though_its_metadata_is_longer_than_allowed_here() {
    let mut node = node_with(Config { max_metadata_size: 10, ..quiet() });
    let long = |incarnation| Message::Alive {
        id: "x",
        incarnation: Incarnation::new(incarnation),
        address: address(3),
        metadata: &[7; 11],
    };
    deliver(
        &mut node,
        at(0),
        &[alive("b", 1, 2), alive("x", 1, 3), long(2), suspect("x", 2, "b"), long(3)],
    );
    run_among_the_living(&mut node, second(60));
    let view = node.member("x").unwrap();
    assert_eq!(
        (view.claim.incarnation.get(), view.status(), view.metadata),
        (3, Status::Alive, &b""[..])
    );
    assert_eq!(dropped(&node, DropReason::MetadataTooLong), 2);
}

#[test]
fn a_stranger_whose_metadata_is_longer_than_allowed_is_not_taken_in() {
    let mut node = node_with(Config { max_metadata_size: 10, ..quiet() });
    let incarnation = Incarnation::new(1);
    deliver(
        &mut node,
        at(0),
        &[Message::Alive { id: "x", incarnation, address: address(3), metadata: &[7; 11] }],
    );
    assert_eq!((status(&node, "x"), dropped(&node, DropReason::MetadataTooLong)), (None, 1));
}

#[test]
fn a_node_that_a_liar_called_dead_before_it_was_known_is_believed_when_it_comes() {
    for lie in [1 << 61, Incarnation::MAX.get()] {
        let lie = packet(&[dead("x", lie, "liar")]);
        let (mut node, mut accused) =
            (named("b", 2, 1, quiet(), 1), named("x", 3, 100, quiet(), 2));
        node.handle_packet(at(0), proven(9), &lie);
        accused.handle_packet(at(0), proven(9), &lie);
        assert_eq!(
            (dropped(&node, DropReason::BadIncarnation), node.digest()),
            (1, named("b", 2, 1, quiet(), 1).digest())
        );
        deliver(&mut node, at(1), &[alive("x", accused.incarnation().get(), 3)]);
        assert_eq!(status(&node, "x"), Some(Status::Alive));
    }
}

#[test]
fn the_highest_incarnation_is_believed_of_nobody_since_it_could_not_be_refuted() {
    let mut node = node_with(Config { max_incarnation_ahead: u64::MAX, ..quiet() });
    let highest = Incarnation::MAX.get();
    deliver(
        &mut node,
        at(0),
        &[alive("a", 1, 5), alive("stranger", highest, 6), suspect("a", highest, "liar")],
    );
    assert_eq!((status(&node, "stranger"), dropped(&node, DropReason::BadIncarnation)), (None, 2));
    run_until(&mut node, at(1));
    deliver(&mut node, at(1), &[suspect("a", highest - 1, "liar"), alive("a", highest, 5)]);
    assert_eq!(
        status(&node, "a"),
        Some(Status::Suspect),
        "one below it is; the member has then used up its numbers"
    );
}

#[test]
fn a_restart_is_told_and_a_refutation_or_new_metadata_is_not() {
    let mut node = node();
    deliver(&mut node, at(0), &[alive("b", 1, 2), alive("x", 1_000, 3)]);
    let restarts = |node: &mut Node| {
        events(node).iter().filter(|event| matches!(event, Event::Restarted(_))).count()
    };
    deliver(
        &mut node,
        at(1),
        &[suspect("x", 1_000, "b"), alive("x", 1_001, 3), alive("x", 1_065, 3)],
    );
    assert_eq!(restarts(&mut node), 0, "what its owner counts up");
    deliver(
        &mut node,
        at(2),
        &[suspect("x", 5_000, "b"), alive("x", 5_000, 3), alive("x", 5_000, 3)],
    );
    assert_eq!(restarts(&mut node), 1, "also if a suspicion of the new life came first");
    deliver(&mut node, at(3), &[dead("x", 5_000, "b"), alive("x", 9_000, 3)]);
    assert_eq!(restarts(&mut node), 0, "that it is back is told as a join");
}

#[test]
fn a_node_that_was_taken_for_dead_tells_its_own_user_when_it_is_back() {
    let mut node = node();
    let returns = |node: &mut Node| {
        events(node).iter().filter(|event| matches!(event, Event::Returned)).count()
    };
    deliver(&mut node, at(0), &[alive("b", 1, 2), dead("me", FIRST, "b")]);
    assert_eq!(returns(&mut node), 0, "its former life's death");
    deliver(&mut node, at(1), &[alive("me", FIRST + 1, 1), suspect("me", FIRST + 1, "b")]);
    assert_eq!(returns(&mut node), 0, "a suspicion");
    deliver(&mut node, at(2), &[dead("me", FIRST + 2, "b")]);
    assert_eq!(returns(&mut node), 1);
}
