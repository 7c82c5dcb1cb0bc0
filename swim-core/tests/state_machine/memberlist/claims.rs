//! Names, incarnations of 32 bits, versions, and those who are forgotten by others and not by us.

use swim_core::wire::memberlist::{Message, Version, Versions};
use swim_core::{DropReason, MetadataError, Status};

use super::harness::{alive, config, dead, deliver, node, said, sent, suspect};
use crate::harness::{address, at, dropped, named, second, status, step};

#[test]
fn an_accusation_is_refuted_one_above_it() {
    let mut node = node();
    for (accused, now) in [(1, 2), (9, 10), (3, 10)] {
        deliver(&mut node, at(0), &[suspect("me", accused, "a")]);
        assert_eq!(node.incarnation().get(), now);
    }
    deliver(&mut node, at(0), &[dead("me", 10, "a"), alive("a", 1, 2)]);
    assert_eq!(node.incarnation().get(), 11);
    let now = node.poll_timeout().unwrap();
    node.handle_timeout(now);
    assert!(said(&mut node, now).iter().any(|said| {
        let own = address(1);
        matches!(said, Message::Alive { id: "me", incarnation: 11, address, .. } if *address == own)
    }));
}

#[test]
fn our_own_departure_of_a_former_life_is_refuted_too() {
    let mut node = node();
    deliver(&mut node, at(0), &[dead("me", 4, "me")]);
    assert_eq!(node.incarnation().get(), 5);
}

#[test]
fn incarnations_never_wrap() {
    let mut node = node();
    deliver(&mut node, at(0), &[suspect("me", u32::MAX, "a")]);
    deliver(&mut node, at(0), &[suspect("me", u32::MAX - 1, "a")]);
    assert_eq!((node.incarnation().get(), dropped(&node, DropReason::BadIncarnation)), (1, 2));
    deliver(&mut node, at(0), &[suspect("me", (1 << 31) + 1, "a"), alive("b", (1 << 31) + 2, 5)]);
    assert_eq!(node.incarnation().get(), (1 << 31) + 2, "half of the numbers are left");
    assert_eq!((status(&node, "b"), dropped(&node, DropReason::BadIncarnation)), (None, 3));
    let mut node = named("me", 1, u64::from(u32::MAX), config(), 1);
    assert_eq!(node.set_metadata(at(0), b"new"), Err(MetadataError::IncarnationsExhausted));
    deliver(&mut node, at(0), &[suspect("me", u32::MAX, "a"), alive("a", u32::MAX, 3)]);
    assert_eq!(node.incarnation().get(), u64::from(u32::MAX));
    assert_eq!(status(&node, "a"), None, "what nobody could refute is believed of nobody");
}

#[test]
fn a_death_that_a_member_declares_of_itself_is_its_departure() {
    let mut node = node();
    deliver(
        &mut node,
        at(0),
        &[alive("a", 1, 2), alive("b", 1, 3), dead("a", 1, "a"), dead("b", 1, "a")],
    );
    assert_eq!((status(&node, "a"), status(&node, "b")), (Some(Status::Left), Some(Status::Dead)));
}

#[test]
fn our_departure_is_a_death_that_we_declare_ourselves() {
    let mut node = node();
    deliver(&mut node, at(0), &[alive("a", 1, 2)]);
    sent(&mut node, at(0));
    node.leave(at(100));
    node.handle_timeout(second(1));
    assert!(said(&mut node, second(1)).contains(&dead("me", 1, "me")));
}

#[test]
fn a_living_member_keeps_its_name_and_one_that_left_does_not() {
    let mut node = node();
    deliver(&mut node, at(0), &[alive("a", 1, 2), alive("a", 5, 9)]);
    let at_port = |node: &crate::harness::Node| node.member("a").unwrap().address.port();
    assert_eq!((at_port(&node), dropped(&node, DropReason::NameTaken)), (2, 1));
    deliver(&mut node, at(0), &[dead("a", 5, "b"), alive("a", 6, 9)]);
    assert_eq!(
        (at_port(&node), status(&node, "a")),
        (2, Some(Status::Dead)),
        "it may be alive at its old place yet"
    );
    deliver(&mut node, at(0), &[dead("a", 6, "a"), alive("a", 7, 9)]);
    assert_eq!((at_port(&node), status(&node, "a")), (9, Some(Status::Alive)));
}

#[test]
fn one_that_has_been_dead_for_long_comes_back_at_any_address() {
    let mut node = node();
    deliver(&mut node, at(0), &[alive("a", 1, 2), dead("a", 1, "b")]);
    run_until_quiet(&mut node, second(31));
    deliver(&mut node, second(31), &[alive("a", 2, 9)]);
    assert_eq!(node.member("a").map(|member| member.address.port()), Some(9));
}

/// As `run_until`, on this wire.
fn run_until_quiet(node: &mut crate::harness::Node, until: swim_core::Instant) {
    while let Some(now) = node.poll_timeout().filter(|&now| now <= until) {
        node.handle_timeout(now);
        sent(node, now);
    }
}

#[test]
fn who_comes_back_at_an_incarnation_that_we_know_as_dead_is_told_and_may_refute() {
    let mut node = node();
    deliver(&mut node, at(0), &[alive("b", 1, 3), alive("a", 7, 2), dead("a", 7, "b")]);
    run_until_quiet(&mut node, second(20));
    deliver(&mut node, second(20), &[alive("a", 1, 2)]);
    assert_eq!(status(&node, "a"), Some(Status::Dead), "it may be old news");
    let doubt = suspect("a", 7, "me");
    assert!(sent(&mut node, second(20)).contains(&(address(2), vec![doubt])), "it is told at once");
    deliver(&mut node, second(20), &[alive("c", 1, 4)]);
    let told = (0..20).any(|_| {
        let now = step(&mut node);
        sent(&mut node, now).iter().any(|(to, said)| *to == address(4) && said.contains(&doubt))
    });
    assert!(told, "the others are told");
    deliver(&mut node, second(21), &[alive("a", 8, 2)]);
    assert_eq!(status(&node, "a"), Some(Status::Alive));
}

#[test]
fn who_does_not_speak_what_we_speak_is_no_member() {
    let mut node = node();
    let delegate =
        |min, max, current| Versions { delegate: Version { min, max, current }, ..Versions::PLAIN };
    let strangers = [
        ("a", Versions::PLAIN, false),
        ("b", delegate(2, 5, 4), true),
        ("c", delegate(6, 9, 6), false),
    ];
    for (id, versions, known) in strangers {
        let stranger =
            Message::Alive { id, incarnation: 1, address: address(2), metadata: b"", versions };
        deliver(&mut node, at(0), &[stranger]);
        assert_eq!(status(&node, id).is_some(), known, "{versions:?}");
    }
    assert_eq!(dropped(&node, DropReason::VersionMismatch), 2);
}

#[test]
fn what_is_passed_on_of_a_member_has_its_own_versions() {
    let mut node = node();
    let versions = Versions { delegate: Version { min: 2, max: 5, current: 3 }, ..Versions::PLAIN };
    let other =
        Message::Alive { id: "a", incarnation: 1, address: address(2), metadata: b"x", versions };
    deliver(&mut node, at(0), &[alive("b", 1, 3), other]);
    node.handle_timeout(at(0));
    assert!(said(&mut node, at(0)).contains(&other));
}
