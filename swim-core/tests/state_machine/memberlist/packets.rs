//! Pings, acks and nacks that do not say whose they are; and how long packets are.

use swim_core::wire::memberlist::{Message, Source, StreamMessage, Unpacker};
use swim_core::{
    Config, DropReason, ExchangeInput, ExchangeOutput, MemberlistWire, SequenceNumber, Status, Wire,
};

use super::harness::{
    alive, ask, config, dead, deliver, let_answer, node, node_with, said, sent, suspect,
};
use crate::harness::{Node, address, at, dropped, exchanges, second, status, step};

fn ping<'a>(sequence: u32, target: &'a str, source: Source<'a>) -> Message<'a> {
    Message::Ping { sequence: SequenceNumber::new(sequence), target, source }
}

fn from(id: &str, port: u16) -> Source<'_> {
    Source { address: Some(address(port)), id }
}

#[test]
fn a_ping_for_us_or_for_whoever_is_here_is_acked_and_one_for_another_is_not() {
    let mut node = node();
    for (target, answered) in [("me", true), ("", true), ("you", false)] {
        deliver(&mut node, at(0), &[ping(7, target, Source::default())]);
        let ack = Message::Ack { sequence: SequenceNumber::new(7), payload: b"" };
        let ack = (address(2), vec![ack]);
        assert_eq!(sent(&mut node, at(0)).contains(&ack), answered, "{target:?}");
    }
    assert_eq!(dropped(&node, DropReason::WrongTarget), 1);
}

#[test]
fn an_answer_goes_where_a_member_says_it_listens_and_never_where_a_stranger_says() {
    let mut node = node();
    deliver(&mut node, at(0), &[alive("a", 1, 5)]);
    sent(&mut node, at(0));
    for (source, port) in [(from("a", 5), 5), (from("a", 6), 2), (from("stranger", 5), 2)] {
        deliver(&mut node, at(0), &[ping(7, "me", source)]);
        assert_eq!(sent(&mut node, at(0))[0].0, address(port), "{source:?}");
    }
}

/// Runs the node until it pings `a`, and gives the number.
fn pinged(node: &mut Node) -> (swim_core::Instant, SequenceNumber) {
    loop {
        let now = step(node);
        let pinged = said(node, now).into_iter().rev().find_map(|message| match message {
            Message::Ping { sequence, target: "a", .. } => Some(sequence),
            _ => None,
        });
        if let Some(sequence) = pinged {
            return (now, sequence);
        }
    }
}

#[test]
fn an_ack_counts_by_its_number_alone() {
    let mut node = node();
    deliver(&mut node, at(0), &[alive("a", 1, 5)]);
    let (now, sequence) = pinged(&mut node);
    deliver(
        &mut node,
        now,
        &[Message::Ack { sequence: SequenceNumber::new(sequence.get() ^ 1), payload: b"" }],
    );
    assert_eq!((node.metrics().probes_acked, dropped(&node, DropReason::LateAck)), (0, 1));
    deliver(&mut node, now, &[Message::Ack { sequence, payload: b"serf's coordinates" }]);
    assert_eq!(node.metrics().probes_acked, 1);
}

#[test]
fn a_probe_without_an_answer_goes_on_through_others_and_a_stream_and_a_nack_spares_our_health() {
    let mut node = node();
    deliver(&mut node, at(0), &[alive("a", 1, 5), alive("b", 1, 6)]);
    let_answer(&mut node, at(0), &["a"]);
    let (_, sequence) = pinged(&mut node);
    let mut stream = None;
    while stream.is_none() {
        let now = step(&mut node);
        let asked = said(&mut node, now).iter().any(|said| {
            matches!(*said, Message::IndirectPing { sequence: number, target: "a", address: to, .. }
                if number == sequence && to == address(5))
        });
        for output in exchanges(&mut node) {
            if let ExchangeOutput::Open { to, request, id } = output
                && let Ok(StreamMessage::Ping { target, .. }) = StreamMessage::decode(&request)
            {
                assert!(asked, "others are asked at the same time");
                assert_eq!((to, target), (address(5), "a"));
                stream = Some((now, id));
            }
        }
    }
    let (now, id) = stream.unwrap();
    deliver(&mut node, now, &[Message::Nack { sequence }]);
    node.handle_exchange(
        now,
        ExchangeInput::Failed { id, failure: swim_core::ExchangeFailure::Refused },
    );
    while status(&node, "a") == Some(Status::Alive) {
        let now = step(&mut node);
        sent(&mut node, now);
    }
    assert_eq!(
        (status(&node, "a"), node.health()),
        (Some(Status::Suspect), 0),
        "the relay was there, so we are well"
    );
}

#[test]
fn an_ack_on_a_stream_answers_the_probe_too() {
    let mut node = node();
    deliver(&mut node, at(0), &[alive("a", 1, 5)]);
    let_answer(&mut node, at(0), &["a"]);
    let (_, sequence) = pinged(&mut node);
    let (now, id) = loop {
        let now = step(&mut node);
        sent(&mut node, now);
        if let Some(ExchangeOutput::Open { id, .. }) = exchanges(&mut node).into_iter().find(|output| {
            matches!(output, ExchangeOutput::Open { request, .. } if matches!(StreamMessage::decode(request), Ok(StreamMessage::Ping { .. })))
        }) {
            break (now, id);
        }
    };
    let mut reply = Vec::new();
    StreamMessage::Ack { sequence, payload: b"" }.encode(&mut reply);
    node.handle_exchange(now, ExchangeInput::Reply { id, payload: &reply });
    assert_eq!(node.metrics().probes_acked_reliably, 1);
}

#[test]
fn a_ping_on_a_stream_is_acked_there() {
    let mut node = node();
    let mut request = Vec::new();
    let sequence = SequenceNumber::new(9);
    StreamMessage::Ping { sequence, target: "me", source: Source::default() }.encode(&mut request);
    let answer = ask(&mut node, at(0), &request).expect("it is for us");
    assert_eq!(StreamMessage::decode(&answer), Ok(StreamMessage::Ack { sequence, payload: b"" }));
    request.clear();
    StreamMessage::Ping { sequence, target: "you", source: Source::default() }.encode(&mut request);
    assert_eq!(ask(&mut node, at(0), &request), None);
    let error = ask(&mut node, at(0), b"\x00noise").expect("what cannot be read is answered");
    assert!(matches!(StreamMessage::decode(&error), Ok(StreamMessage::Error { .. })));
}

#[test]
fn a_relay_pings_members_only_and_says_so_if_they_do_not_answer_where_that_is_wanted() {
    for wants_nack in [true, false] {
        let mut node = node();
        deliver(&mut node, at(0), &[alive("a", 1, 5), alive("b", 1, 6)]);
        sent(&mut node, at(0));
        let request = |target, port| Message::IndirectPing {
            sequence: SequenceNumber::new(70),
            target,
            address: address(port),
            wants_nack,
            source: from("b", 6),
        };
        deliver(&mut node, at(0), &[request("a", 99)]);
        deliver(&mut node, at(0), &[request("nobody", 5)]);
        assert_eq!(dropped(&node, DropReason::UnknownTarget), 2, "nobody can aim us at strangers");
        deliver(&mut node, at(0), &[request("a", 5)]);
        assert!(
            sent(&mut node, at(0))
                .iter()
                .any(|(to, said)| *to == address(5) && matches!(said[0], Message::Ping { .. }))
        );
        let mut nacked = false;
        while let Some(now) = node.poll_timeout().filter(|&now| now < second(1)) {
            node.handle_timeout(now);
            let nack = Message::Nack { sequence: SequenceNumber::new(70) };
            nacked |=
                sent(&mut node, now).iter().any(|(to, said)| *to == address(6) && said[0] == nack);
        }
        assert_eq!(nacked, wants_nack);
    }
}

#[test]
fn packets_leave_room_for_the_envelope_and_carry_a_checksum_for_those_who_know_it() {
    let wire = MemberlistWire { envelope: 302, compress: false, ..MemberlistWire::SERF };
    let mut node = node_with(Config { wire: Wire::Memberlist(wire), ..config() });
    let names: Vec<String> = (0..40).map(|i| format!("{i:03}-{}", "x".repeat(100))).collect();
    for (name, port) in names.iter().zip(10..) {
        deliver(&mut node, at(0), &[alive(name, 1, port)]);
    }
    let (mut buffer, mut longest) = (Vec::new(), 0);
    for _ in 0..50 {
        let now = step(&mut node);
        while node.poll_transmit(now, &mut buffer).is_some() {
            assert_eq!(buffer[0], 0x0c, "all of them read checksums");
            longest = longest.max(buffer.len());
        }
    }
    assert!((900..=1_400 - 302).contains(&longest), "{longest}");
}

#[test]
fn what_is_compressed_is_read_again_as_it_was_meant() {
    let wire = MemberlistWire { compress: true, ..MemberlistWire::SERF };
    let mut node = node_with(Config { wire: Wire::Memberlist(wire), ..config() });
    for port in 10..30 {
        let name = format!("a-name-that-repeats-{port}");
        deliver(&mut node, at(0), &[alive(&name, 1, port)]);
    }
    let (mut buffer, mut compressed, mut alive) = (Vec::new(), 0, 0);
    for _ in 0..5 {
        let now = step(&mut node);
        while node.poll_transmit(now, &mut buffer).is_some() {
            compressed += usize::from(buffer[5] == 9);
            Unpacker::default().unpack(&buffer, |message| {
                alive += usize::from(matches!(message, Ok(Message::Alive { .. })));
            });
        }
    }
    assert!(compressed > 0 && alive > 10, "{compressed} {alive}");
}

#[test]
fn the_dead_hear_of_their_death_so_that_they_can_refute_it() {
    let mut node = node();
    deliver(&mut node, at(0), &[alive("b", 1, 6), alive("a", 1, 5), dead("a", 1, "b")]);
    let now = step(&mut node);
    let death = vec![dead("a", 1, "me")];
    assert!(sent(&mut node, now).contains(&(address(5), death)));
}

#[test]
fn a_suspect_is_told_by_the_ping_itself_unless_the_buddy_system_is_off() {
    for buddy_system in [true, false] {
        let mut node = node_with(Config { buddy_system, ..config() });
        deliver(&mut node, at(0), &[alive("a", 1, 5), suspect("a", 1, "b")]);
        let mut now = at(0);
        while node.queued_updates() > 0 {
            now = step(&mut node);
            sent(&mut node, now);
        }
        node.ping(now, "a").unwrap();
        let told = said(&mut node, now).iter().any(|said| matches!(said, Message::Suspect { .. }));
        assert_eq!(told, buddy_system);
    }
}
