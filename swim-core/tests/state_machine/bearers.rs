//! A living bearer keeps its name: it is asked before the name moves, and a newcomer that finds it
//! alive is refused.

use swim_core::wire::{Entry, Message, begin_join, begin_join_reply};
use swim_core::{DropReason, Event, ExchangeInput, Instant, SequenceNumber, Status};

use crate::harness::*;

fn ack(node: &mut Node, now: Instant, sequence: SequenceNumber, source: &str) {
    deliver(node, now, &[Message::Ack { sequence, source }]);
}

/// What the node tells of names.
fn about_names(node: &mut Node) -> Vec<Event> {
    let is_about_names = |event: &Event| {
        matches!(
            event,
            Event::Conflict { .. }
                | Event::NameRefused { .. }
                | Event::NameLost { .. }
                | Event::NameRegained
        )
    };
    events(node).into_iter().filter(is_about_names).collect()
}

fn refused(id: &str, held: u16, claimed: u16) -> Event {
    Event::NameRefused {
        id: id.try_into().unwrap(),
        held_at: address(held),
        claimed_at: address(claimed),
    }
}

const LOST: fn(bool) -> Event = |at_start| Event::NameLost { address: address(9), at_start };

#[test]
fn a_member_that_answers_keeps_its_name_whoever_claims_it_elsewhere() {
    let mut node = node_with(quiet());
    deliver(&mut node, at(0), &[alive("x", 1, 3)]);
    sent(&mut node, at(0));
    let before = node.digest();
    deliver(&mut node, at(10), &[alive("x", 50, 9), alive("x", 51, 9)]);
    let out = sent(&mut node, at(10));
    let sequence = pinged(&out, 3, "x").expect("it asks the bearer");
    assert_eq!(
        (node.digest(), node.queued_updates()),
        (before, 1),
        "the claim is neither believed nor passed on"
    );
    ack(&mut node, at(20), sequence, "x");
    assert_eq!(about_names(&mut node), [refused("x", 3, 9)]);
    swap(&mut node, at(30), &[entry("x", 52, Status::Alive, 9)]);
    assert_eq!(pinged(&sent(&mut node, at(30)), 3, "x"), None, "it has answered just now");
    assert_eq!((node.digest(), dropped(&node, DropReason::NameTaken)), (before, 2));
    deliver(&mut node, second(11), &[alive("x", 53, 9)]);
    assert!(pinged(&sent(&mut node, second(11)), 3, "x").is_some(), "a while ago");
}

#[test]
fn a_name_moves_when_its_bearer_has_not_answered_twice() {
    let mut node = node_with(quiet());
    deliver(&mut node, at(0), &[alive("x", 1, 3), alive("x", 50, 9)]);
    let mut asked = 0;
    while node.member("x").unwrap().address == address(3) {
        let now = step(&mut node);
        asked += usize::from(pinged(&sent(&mut node, now), 3, "x").is_some());
        assert!(now < second(2), "two timeouts");
    }
    assert!(asked >= 2);
    let view = node.member("x").unwrap();
    assert_eq!((view.address, view.claim.incarnation.get()), (address(9), 50));
    let updated = events(&mut node)
        .iter()
        .any(|event| matches!(event, Event::Updated(x) if x.address == address(9)));
    assert!(updated && about_names(&mut node).is_empty());
}

#[test]
fn a_name_moves_at_once_when_nothing_listens_at_the_old_address_or_its_bearer_is_dead() {
    let mut node = node_with(quiet());
    deliver(
        &mut node,
        at(0),
        &[alive("x", 1, 3), alive("x", 50, 9), alive("y", 1, 4), dead("y", 1, "x")],
    );
    node.handle_unreachable(at(1), address(3));
    deliver(&mut node, at(1), &[alive("y", 2, 8)]);
    let at_now = |id| node.member(id).unwrap().address;
    assert_eq!((at_now("x"), at_now("y")), (address(9), address(8)));
}

/// The node joins at port 50; the seed called so answers with these entries.
fn join_with(node: &mut Node, now: Instant, source: &str, entries: &[Entry<'_>]) {
    node.join(now, &[address(50)]).unwrap();
    let (id, ..) = opened(node).pop().expect("a join");
    let mut payload = Vec::new();
    let mut writer = begin_join_reply(cluster(), source, usize::MAX, &mut payload);
    assert!(entries.iter().all(|entry| writer.push(entry)));
    node.handle_exchange(now, ExchangeInput::Reply { id, payload: &payload });
}

/// Returns true if a ping to the node is acked.
fn acks(node: &mut Node, now: Instant) -> bool {
    sent(node, now);
    deliver(
        node,
        now,
        &[Message::Ping { sequence: SequenceNumber::new(7), target: "me", source: "seed" }],
    );
    count!(sent(node, now), Message::Ack { .. }) > 0
}

#[test]
fn a_newcomer_whose_name_has_a_living_bearer_is_refused_and_says_nothing_of_itself() {
    for incarnation in [FIRST - 50, FIRST + 50] {
        let mut node = node_with(quiet());
        join_with(
            &mut node,
            at(0),
            "seed",
            &[entry("seed", 1, Status::Alive, 50), entry("me", incarnation, Status::Alive, 9)],
        );
        let out = sent(&mut node, at(0));
        let sequence = pinged(&out, 9, "me").expect("it looks whether the bearer is there");
        assert_eq!(count!(out, Message::Alive { id: "me", .. }), 0, "and waits with its own Alive");
        ack(&mut node, at(1), sequence, "me");
        assert_eq!(about_names(&mut node), [LOST(true), Event::Conflict { address: address(9) }]);
        assert_eq!(node.name_lost_to(), Some(address(9)));
        deliver(&mut node, at(2), &[suspect("me", incarnation, "a")]);
        let out = run_among_the_living(&mut node, second(30));
        assert_eq!(count!(out, Message::Alive { id: "me", .. }), 0, "{incarnation}");
        assert!(!acks(&mut node, second(30)) && node.incarnation().get() == FIRST);
        let contest =
            Message::Ping { sequence: SequenceNumber::new(8), target: "me", source: "me" };
        node.handle_packet(second(30), address(9), &packet(&[contest]));
        assert_eq!(
            count!(sent(&mut node, second(30)), Message::Nack { .. }),
            1,
            "the bearer hears that the name is its own"
        );
        deliver(&mut node, second(30), &[dead("me", incarnation, "a")]);
        assert_eq!(about_names(&mut node), [Event::NameRegained], "the bearer is gone");
        assert!(
            acks(&mut node, second(30))
                && node.incarnation().get() > FIRST
                && node.name_lost_to().is_none()
        );
    }
}

#[test]
fn a_newcomer_whose_former_life_is_silent_elsewhere_has_its_name_within_a_timeout() {
    for incarnation in [FIRST - 50, FIRST + 50] {
        let mut node = node_with(quiet());
        join_with(
            &mut node,
            at(0),
            "seed",
            &[entry("seed", 1, Status::Alive, 50), entry("me", incarnation, Status::Alive, 9)],
        );
        let out = run_beside_the_seed(&mut node, second(1));
        assert!(count!(out, Message::Alive { id: "me", .. }) > 0);
        assert_eq!((about_names(&mut node), node.name_lost_to()), (vec![], None));
        assert!(node.incarnation().get() >= FIRST.max(incarnation));
    }
}

/// Runs the node while its seed alone answers.
fn run_beside_the_seed(node: &mut Node, until: Instant) -> Vec<Sent> {
    let mut all = sent(node, at(0));
    while let Some(now) = node.poll_timeout().filter(|&now| now <= until) {
        node.handle_timeout(now);
        let out = sent(node, now);
        if let Some(sequence) = pinged(&out, 50, "seed") {
            ack(node, now, sequence, "seed");
        }
        all.extend(out);
    }
    all
}

#[test]
fn a_newcomer_whose_seed_bears_its_name_is_refused_and_the_seed_keeps_it() {
    let (mut bearer, mut newcomer) =
        (named("me", 50, FIRST, quiet(), 1), named("me", 9, FIRST + 70, quiet(), 2));
    newcomer.join(at(0), &[address(50)]).unwrap();
    let (id, _, request) = opened(&mut newcomer).pop().unwrap();
    let reply = ask(&mut bearer, at(0), &request);
    assert_eq!(about_names(&mut bearer), [Event::Conflict { address: address(9) }]);
    newcomer.handle_exchange(at(0), ExchangeInput::Reply { id, payload: &reply });
    let lost = Event::NameLost { address: address(50), at_start: true };
    assert_eq!(about_names(&mut newcomer), [lost, Event::Conflict { address: address(50) }]);
    deliver(&mut bearer, at(1), &[suspect("me", FIRST, "a")]);
    assert_eq!(
        (bearer.incarnation().get(), bearer.name_lost_to()),
        (FIRST + 1, None),
        "it defends itself"
    );
}

#[test]
fn a_bearer_whom_nobody_knows_yet_keeps_its_name_against_who_speaks_under_it() {
    let mut bearer = node_with(quiet());
    let ping = Message::Ping { sequence: SequenceNumber::new(7), target: "me", source: "me" };
    bearer.handle_packet(at(0), address(9), &packet(&[ping]));
    let sequence =
        pinged(&sent(&mut bearer, at(0)), 9, "me").expect("it looks whether somebody is there");
    bearer.handle_packet(at(1), address(9), &packet(&[Message::Nack { sequence, source: "me" }]));
    assert_eq!(about_names(&mut bearer), [Event::Conflict { address: address(9) }]);
    deliver(&mut bearer, at(2), &[alive("me", FIRST + 70, 9), suspect("me", FIRST, "a")]);
    assert_eq!(
        (bearer.incarnation().get(), bearer.name_lost_to()),
        (FIRST + 1, None),
        "the other one has conceded"
    );
    swap(&mut bearer, second(60), &[entry("me", FIRST + 70, Status::Alive, 9)]);
    let reached = (bearer.incarnation().get(), bearer.name_lost_to());
    assert_eq!(
        reached,
        (FIRST + 71, None),
        "who believes in it still hears better, though it may be gone"
    );
}

#[test]
fn of_two_established_bearers_the_one_with_the_lower_claim_hears_it_and_answers_no_more() {
    let mut node = node_with(quiet());
    deliver(&mut node, at(0), &[alive("b", 1, 2), alive("me", FIRST, 1)]);
    swap(&mut node, second(60), &[entry("me", FIRST - 1, Status::Alive, 9)]);
    assert_eq!(
        pinged(&sent(&mut node, second(60)), 9, "me"),
        None,
        "a lower claim is none of its business"
    );
    swap(&mut node, second(60), &[entry("me", FIRST + 1, Status::Alive, 9)]);
    let sequence = pinged(&sent(&mut node, second(60)), 9, "me").expect("it looks who is there");
    assert!(acks(&mut node, second(60)), "it bears the name until then");
    ack(&mut node, second(60), sequence, "me");
    assert_eq!(about_names(&mut node), [LOST(false), Event::Conflict { address: address(9) }]);
    assert!(!acks(&mut node, second(61)));
    deliver(&mut node, second(70), &[dead("me", FIRST + 1, "b")]);
    assert_eq!(about_names(&mut node), [Event::NameRegained]);
    assert!(acks(&mut node, second(70)));
}

#[test]
fn a_forged_alive_takes_no_name_from_its_bearer_though_somebody_answers_there() {
    let mut node = node_with(quiet());
    deliver(&mut node, at(0), &[alive("b", 1, 2), alive("me", FIRST, 1)]);
    deliver(&mut node, at(1), &[alive("me", FIRST + 70, 9)]);
    let sequence = pinged(&sent(&mut node, at(1)), 9, "me").expect("it looks who is there");
    node.handle_packet(at(1), address(9), &packet(&[Message::Ack { sequence, source: "me" }]));
    deliver(&mut node, at(2), &[alive("me", FIRST + 71, 9)]);
    assert_eq!(
        (about_names(&mut node), node.name_lost_to()),
        (vec![Event::Conflict { address: address(9) }], None)
    );
    assert!(acks(&mut node, at(3)));
}

#[test]
fn a_namesakes_word_on_itself_takes_the_name_of_nobody() {
    let mut node = node_with(quiet());
    deliver(&mut node, at(0), &[alive("b", 1, 2), alive("me", FIRST, 1)]);
    let mut request = Vec::new();
    let mut writer = begin_join(cluster(), "me", usize::MAX, &mut request);
    assert!(writer.push(&entry("me", FIRST + 70, Status::Alive, 9)));
    ask(&mut node, at(1), &request);
    ask(&mut node, at(2), &request);
    assert_eq!(
        (about_names(&mut node), node.name_lost_to()),
        (vec![Event::Conflict { address: address(9) }], None)
    );
    assert!(acks(&mut node, at(3)));
}
