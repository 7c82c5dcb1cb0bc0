//! The course of a probe that is not answered, and of what others ask of us.

use std::net::SocketAddr;

use swim_core::wire::Message;
use swim_core::{Config, DropReason, Event, ExchangeOutput, Instant, SequenceNumber, Status};

use crate::harness::*;

#[test]
fn a_silent_member_is_probed_directly_then_indirectly_then_suspected_then_dead() {
    let mut node = node();
    deliver(&mut node, Instant::ORIGIN, &[alive("a", 1, 5), alive("b", 1, 6), alive("c", 1, 7)]);
    let_answer(&mut node, Instant::ORIGIN, &["a", "b", "c"]);
    let (began, sequence) = run_until_ping(&mut node, "a");
    assert_eq!((node.probing(), node.known_members()), (Some(("a", sequence)), 4));
    events(&mut node);
    let probe_timeout = began + std::time::Duration::from_millis(500);
    node.handle_timeout(probe_timeout);
    let out = sent(&mut node, probe_timeout);
    assert_eq!(count!(out, Message::PingReq { .. }), 2, "the other two are asked: {out:?}");
    let reliable = exchanges(&mut node);
    assert!(
        reliable
            .iter()
            .any(|out| matches!(out, ExchangeOutput::Open { to, .. } if *to == address(5)))
    );
    deliver(&mut node, probe_timeout, &[Message::Nack { sequence, source: "b" }]);
    assert_eq!(status(&node, "a"), Some(Status::Alive), "not before the period is over");
    let verdict = began + seconds(1);
    node.handle_timeout(verdict);
    assert_eq!(status(&node, "a"), Some(Status::Suspect));
    assert!(
        events(&mut node)
            .iter()
            .any(|event| matches!(event, Event::Suspected { by, .. } if &**by == "me"))
    );
    assert_eq!(node.health(), 1, "c sent no nack: perhaps it is us");
    run_until(&mut node, verdict + seconds(30));
    assert_eq!(status(&node, "a"), Some(Status::Dead));
    assert!(
        events(&mut node)
            .iter()
            .any(|event| matches!(event, Event::Failed(member) if &*member.id == "a"))
    );
}

/// Lets the probe in flight, or the next one, fail: everyone is silent but for those who `nack`.
/// Returns who was probed and who was asked.
fn fail_a_probe(node: &mut Node, nack: &[&str]) -> (String, Vec<SocketAddr>) {
    let mut now = node.poll_timeout().expect("a running node has timers");
    while node.probing().is_none() {
        now = step(node);
    }
    sent(node, now);
    let (target, sequence) =
        node.probing().map(|(target, sequence)| (target.to_owned(), sequence)).unwrap();
    let (begun, mut asked) = (node.metrics().probes, Vec::new());
    while node.metrics().probes == begun {
        if asked.is_empty() {
            let out = sent(node, now);
            let is_request = |(_, messages): &&Sent| matches!(messages[0], Message::PingReq { .. });
            asked.extend(out.iter().filter(is_request).map(|(to, _)| *to));
            if !asked.is_empty() {
                nack.iter()
                    .for_each(|source| deliver(node, now, &[Message::Nack { sequence, source }]));
            }
        }
        now = step(node);
    }
    (target, asked)
}

#[test]
fn the_nack_of_the_member_heard_from_last_shows_that_this_node_is_well_though_all_others_are_silent()
 {
    let mut node = node_with(quiet());
    let peers = names("peer", 40);
    populate(&mut node, Instant::ORIGIN, &peers);
    let_answer(&mut node, Instant::ORIGIN, &peers.iter().map(String::as_str).collect::<Vec<_>>());
    fail_a_probe(&mut node, &[]);
    let sick = node.health();
    assert!(sick >= 3, "nobody answered: perhaps it is us ({sick})");

    for (heard, expected) in [("peer-7", sick - 1), ("peer-8", sick - 2)] {
        let port = if heard == "peer-7" { 17 } else { 18 };
        node.handle_packet(Instant::ORIGIN, proven(port), &packet(&[alive(heard, 1, port)]));
        let (target, asked) = fail_a_probe(&mut node, &[heard]);
        assert_ne!(target, heard);
        assert!(asked.contains(&address(port)), "{heard} is one of the relays: {asked:?}");
        assert_eq!(node.health(), expected);
    }
    fail_a_probe(&mut node, &[]);
    assert!(node.health() > sick - 2, "without its nack it may be us again");
}

#[test]
fn who_gets_the_slot_of_a_relay_that_was_asked_was_not_asked_itself() {
    let mut node = node_with(Config { max_members: 4, probe_jitter_permille: 0, ..Config::lan() });
    deliver(&mut node, Instant::ORIGIN, &[alive("a", 1, 5), alive("b", 1, 6), alive("c", 1, 7)]);
    let (began, sequence) = run_until_ping(&mut node, "a");
    let now = began + std::time::Duration::from_millis(500);
    node.handle_timeout(now);
    deliver(&mut node, now, &[dead("b", 1, "c"), alive("d", 1, 8)]);
    assert_eq!(
        (status(&node, "b"), status(&node, "d")),
        (None, Some(Status::Alive)),
        "b has made room"
    );
    for (relay, foreign) in [("d", 1), ("c", 1), ("c", 2)] {
        deliver(&mut node, now, &[Message::Nack { sequence, source: relay }]);
        assert_eq!(dropped(&node, DropReason::ForeignAck), foreign, "{relay}");
    }
}

#[test]
fn a_refused_connection_fails_the_direct_probe_at_once_and_the_indirect_ones_still_decide() {
    let mut node = node();
    deliver(&mut node, Instant::ORIGIN, &[alive("a", 1, 5), alive("b", 1, 6)]);
    let (now, sequence) = run_until_ping(&mut node, "a");
    node.handle_unreachable(now, address(9));
    assert_eq!(
        count!(sent(&mut node, now), Message::PingReq { .. }),
        0,
        "nobody of ours lives there"
    );
    node.handle_unreachable(now, address(5));
    assert_eq!(count!(sent(&mut node, now), Message::PingReq { .. }), 1);
    deliver(&mut node, now, &[Message::Ack { sequence, source: "a" }]);
    node.handle_timeout(now + seconds(1));
    assert_eq!(
        (status(&node, "a"), node.metrics().probes_acked_indirectly()),
        (Some(Status::Alive), 1)
    );
}

#[test]
fn a_relay_passes_an_ack_on_and_says_when_there_is_none() {
    for answered in [true, false] {
        let mut node = node();
        deliver(&mut node, Instant::ORIGIN, &[alive("a", 1, 2), alive("b", 1, 6)]);
        sent(&mut node, Instant::ORIGIN);
        let asked = SequenceNumber::new(5);
        deliver(
            &mut node,
            Instant::ORIGIN,
            &[Message::PingReq { sequence: asked, target: "b", source: "a" }],
        );
        let out = sent(&mut node, Instant::ORIGIN);
        assert_eq!(out[0].0, address(6));
        let own = pinged(&out, 6, "b").expect("it pings b");
        let now = Instant::from_millis(400);
        let expected = if answered {
            deliver(&mut node, now, &[Message::Ack { sequence: own, source: "b" }]);
            Message::Ack { sequence: asked, source: "b" }
        } else {
            node.handle_timeout(now);
            Message::Nack { sequence: asked, source: "me" }
        };
        let out = sent(&mut node, now);
        assert!(
            out.iter().any(|(to, messages)| *to == address(2) && messages[0] == expected),
            "{out:?}"
        );
    }
}

#[test]
fn a_suspicion_of_ourselves_is_refuted_by_a_higher_incarnation() {
    let mut node = node();
    deliver(&mut node, Instant::ORIGIN, &[alive("a", 1, 5), suspect("me", 100, "a")]);
    assert_eq!((node.incarnation().get(), node.metrics().refutations, node.health()), (101, 1, 1));
    deliver(&mut node, Instant::ORIGIN, &[suspect("me", 100, "b")]);
    assert_eq!(node.incarnation().get(), 101, "an old suspicion is refuted already");
    let now = node.poll_timeout().unwrap();
    node.handle_timeout(now);
    let out = sent(&mut node, now);
    assert!(out[0].1.iter().any(|m| *m == alive("me", 101, 1)), "{out:?}");
}

#[test]
fn a_suspect_is_told_by_the_ping_itself() {
    let mut node = node();
    deliver(&mut node, Instant::ORIGIN, &[alive("a", 1, 5), suspect("a", 1, "b")]);
    loop {
        let now = node.poll_timeout().unwrap();
        node.handle_timeout(now);
        let out = sent(&mut node, now);
        if let Some((_, messages)) =
            out.iter().find(|(_, messages)| matches!(messages[0], Message::Ping { .. }))
        {
            assert!(matches!(messages[1], Message::Suspect { id: "a", .. }), "{messages:?}");
            return;
        }
    }
}

#[test]
fn confirmations_shorten_a_suspicion() {
    let ends = [&["x"][..], &["x", "y", "z"]].map(|accusers| {
        let mut node = node();
        let names: Vec<String> = (0..9).map(|i| format!("n{i}")).collect();
        let members: Vec<_> =
            names.iter().zip(10..).map(|(name, port)| alive(name, 1, port)).collect();
        deliver(&mut node, Instant::ORIGIN, &members);
        for accuser in accusers {
            deliver(&mut node, Instant::ORIGIN, &[suspect("n0", 1, accuser)]);
        }
        run_until(&mut node, Instant::ORIGIN + seconds(5));
        status(&node, "n0")
    });
    assert_eq!(ends, [Some(Status::Suspect), Some(Status::Dead)]);
}

#[test]
fn a_node_that_was_stopped_puts_its_verdicts_off_once() {
    let mut node = node();
    deliver(&mut node, Instant::ORIGIN, &[alive("a", 1, 5), alive("b", 1, 6)]);
    let (began, sequence) = run_until_ping(&mut node, "a");
    let woken = began + seconds(20);
    node.handle_timeout(woken);
    assert_eq!(status(&node, "a"), Some(Status::Alive), "the ack may be waiting unread");
    deliver(&mut node, woken, &[Message::Ack { sequence, source: "a" }]);
    node.handle_timeout(woken + seconds(1));
    assert_eq!(status(&node, "a"), Some(Status::Alive));
}

#[test]
fn a_refused_connection_ends_a_users_ping_in_whichever_form_the_address_comes() {
    let mut node = node_with(quiet());
    deliver(&mut node, at(0), &[alive("b", 1, 2)]);
    node.ping(at(0), "b").unwrap();
    sent(&mut node, at(0));
    node.handle_unreachable(at(0), "[::ffff:127.0.0.1]:2".parse().unwrap());
    assert!(
        events(&mut node)
            .iter()
            .any(|event| matches!(event, Event::Pinged { round_trip: None, .. }))
    );
}

#[test]
fn late_acks_and_those_that_a_relay_passed_on_are_counted_apart() {
    for (from, late, relayed) in [(5, 1, 0), (6, 0, 1)] {
        let mut node = node();
        deliver(&mut node, Instant::ORIGIN, &[alive("a", 1, 5), alive("b", 1, 6)]);
        let (began, sequence) = run_until_ping(&mut node, "a");
        let probe_timeout = began + std::time::Duration::from_millis(500);
        node.handle_timeout(probe_timeout);
        node.handle_packet(
            probe_timeout,
            proven(from),
            &packet(&[Message::Ack { sequence, source: "a" }]),
        );
        let metrics = node.metrics();
        assert_eq!(
            (metrics.probes_acked_late, metrics.probes_acked_by_relay),
            (late, relayed),
            "from {from}"
        );
        assert_eq!((metrics.probes_acked, metrics.probes_acked_indirectly()), (0, 1));
    }
}
