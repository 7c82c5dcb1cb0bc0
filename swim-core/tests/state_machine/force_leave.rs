//! An operator declares a failed member to have left, and the member may still object.

use swim_core::wire::Message;
use swim_core::{Event, ForceLeaveError, Incarnation, Instant, Status};

use crate::harness::{
    FIRST, alive, at, count, dead, deliver, events, names, node_with, packet, populate, proven,
    quiet, run_among_the_living, second, seconds, status, suspect, times,
};

#[test]
fn a_failed_or_suspected_member_is_declared_left_and_the_others_are_told() {
    for accusation in [dead("x", 4, "peer-1"), suspect("x", 4, "peer-1")] {
        let mut node = node_with(quiet());
        populate(&mut node, at(0), &names("peer", 5));
        deliver(&mut node, at(0), &[alive("x", 4, 30), accusation]);
        events(&mut node);
        assert_eq!(node.force_leave(at(1), "x", false), Ok(()));
        assert_eq!(status(&node, "x"), Some(Status::Left));
        let told = events(&mut node);
        assert!(matches!(&told[..], [Event::Left(member)] if *member.id == *"x"), "{told:?}");
        let out = run_among_the_living(&mut node, second(5));
        assert_eq!(
            count!(out, Message::Left { id: "x", incarnation, .. } if incarnation.get() == 4),
            4,
            "as often as any update"
        );
        assert_eq!(count!(out, Message::Ping { target: "x", .. }), 0);
    }
}

#[test]
fn one_that_was_declared_left_is_forgotten_when_those_who_left_are_and_with_prune_at_once() {
    let [mut kept, mut pruned] = [(); 2].map(|()| node_with(quiet()));
    for node in [&mut kept, &mut pruned] {
        populate(node, at(0), &names("peer", 5));
        deliver(node, at(0), &[alive("x", 4, 30), dead("x", 4, "peer-1")]);
        events(node);
    }
    let reaped = Event::Reaped(swim_core::NodeId::new("x").unwrap());
    kept.force_leave(at(1), "x", false).unwrap();
    pruned.force_leave(at(1), "x", true).unwrap();
    assert_eq!((status(&kept, "x"), status(&pruned, "x")), (Some(Status::Left), None));
    assert_eq!(events(&mut pruned).last(), Some(&reaped));
    let out = run_among_the_living(&mut pruned, second(5));
    assert_eq!(count!(out, Message::Left { id: "x", .. }), 4, "the others are told all the same");
    deliver(&mut pruned, second(6), &[alive("x", 4, 30)]);
    assert_eq!(status(&pruned, "x"), None, "its tombstone stands");

    run_among_the_living(&mut kept, Instant::ORIGIN + seconds(299));
    assert_eq!(status(&kept, "x"), Some(Status::Left));
    run_among_the_living(&mut kept, Instant::ORIGIN + seconds(302));
    assert_eq!(status(&kept, "x"), None);
    assert_eq!(events(&mut kept).last(), Some(&reaped));
}

#[test]
fn one_that_left_already_can_be_pruned() {
    let mut node = node_with(quiet());
    deliver(&mut node, at(0), &[alive("x", 4, 30), dead("x", 4, "peer-1")]);
    node.force_leave(at(1), "x", false).unwrap();
    node.force_leave(at(2), "x", false).unwrap();
    assert_eq!(status(&node, "x"), Some(Status::Left));
    node.force_leave(at(3), "x", true).unwrap();
    assert_eq!(
        node.force_leave(at(4), "x", true),
        Err(ForceLeaveError::UnknownMember),
        "only its tombstone is left"
    );
}

#[test]
fn prune_travels_and_all_forget_the_member_soon_whatever_they_had_heard() {
    let mut network = crate::user_events::acquainted(4, &quiet());
    // The third does not know yet that it is dead.
    for i in [0, 1, 3] {
        deliver(&mut network.nodes[i], at(0), &[alive("x", 4, 30), dead("x", 4, "n2")]);
    }
    deliver(&mut network.nodes[2], at(0), &[alive("x", 4, 30)]);
    network.nodes[0].force_leave(at(1), "x", true).unwrap();
    network.run_until(second(10));
    for node in &network.nodes {
        assert_eq!(status(node, "x"), None, "{}", node.id());
    }
    for node in &mut network.nodes {
        deliver(node, second(10), &[alive("x", 5, 30)]);
        assert_eq!(status(node, "x"), Some(Status::Alive), "a later life is another matter");
    }
}

#[test]
fn a_member_that_lives_refutes_that_it_is_pruned_and_is_known_again() {
    let mut network = crate::user_events::acquainted(4, &quiet());
    deliver(&mut network.nodes[0], at(0), &[suspect("n4", 1, "n2")]);
    network.nodes[0].force_leave(at(0), "n4", true).unwrap();
    network.run_until(second(10));
    for node in &network.nodes {
        assert_eq!(status(node, "n4"), Some(Status::Alive), "{}", node.id());
    }
    assert!(network.nodes[3].incarnation() > Incarnation::new(1));
}

#[test]
fn whoever_is_alive_refutes_it() {
    let mut node = node_with(quiet());
    populate(&mut node, at(0), &names("peer", 5));
    let declared = Message::Left { id: "me", incarnation: Incarnation::new(FIRST) };
    node.handle_packet(at(1), proven(2), &packet(&[declared]));
    assert_eq!(
        (status(&node, "me"), node.incarnation()),
        (Some(Status::Alive), Incarnation::new(FIRST + 1))
    );
    let out = run_among_the_living(&mut node, second(5));
    assert!(times(&out, alive("me", FIRST + 1, 1)) > 0, "{out:?}");

    deliver(&mut node, second(5), &[alive("x", 4, 30), dead("x", 4, "peer-1")]);
    node.force_leave(second(5), "x", true).unwrap();
    deliver(&mut node, second(6), &[alive("x", 5, 30)]);
    assert_eq!(status(&node, "x"), Some(Status::Alive), "its refutation brings it back");
}

#[test]
fn nobody_who_is_alive_or_unknown_is_declared_left() {
    let mut node = node_with(quiet());
    deliver(&mut node, at(0), &[alive("x", 4, 30)]);
    assert_eq!(node.force_leave(at(1), "x", true), Err(ForceLeaveError::Alive));
    assert_eq!(node.force_leave(at(1), "y", true), Err(ForceLeaveError::UnknownMember));
    assert_eq!(node.force_leave(at(1), "me", true), Err(ForceLeaveError::Ourselves));
    assert_eq!(
        (status(&node, "x"), status(&node, "me")),
        (Some(Status::Alive), Some(Status::Alive))
    );
    node.leave(at(2));
    assert_eq!(node.force_leave(at(3), "x", true), Err(ForceLeaveError::NotRunning));
}
