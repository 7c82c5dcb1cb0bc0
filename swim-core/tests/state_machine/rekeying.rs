//! What is asked about keys: by members that have proven to be one, and by nobody else on any way.

use swim_core::wire::{ExchangeMessage, Message, Refusal, serf};
use swim_core::{
    AskKeysError, DropReason, Event, ExchangeFailure, ExchangeId, ExchangeInput, ExchangeOutput,
    KeyMessage, Protection, Source,
};

use crate::harness::*;

const ID: ExchangeId = ExchangeId(77);

fn request(source: &str, target: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    ExchangeMessage::KeyRequest { source, target, body: b"body" }.encode(cluster(), &mut bytes);
    bytes
}

/// A request arrives from a port, proven so far.
fn arrive(node: &mut Node, port: u16, protection: Protection, payload: &[u8]) {
    let from = Source::new(address(port), protection);
    node.handle_exchange(at(0), ExchangeInput::Request { id: ID, from, payload });
}

fn refusal(node: &mut Node) -> Option<Refusal> {
    match &exchanges(node)[..] {
        [] => None,
        [ExchangeOutput::Reply { id: ID, payload }] => {
            match ExchangeMessage::decode(payload, cluster()).unwrap() {
                ExchangeMessage::Refusal { reason } => Some(reason),
                other => panic!("{other:?}"),
            }
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_member_over_a_seal_is_heard_and_is_answered_when_the_driver_is_done() {
    for protection in [Protection::Sealed, Protection::Named] {
        let mut node = node();
        populate(&mut node, at(0), &names("peer", 2));
        arrive(&mut node, 10, protection, &request("peer-0", "me"));
        assert_eq!(refusal(&mut node), None, "nobody has answered");
        let Some(KeyMessage::Request { id: ID, from, address: asked_from, body }) =
            node.next_key_message()
        else {
            panic!("a request")
        };
        assert_eq!((from.as_str(), asked_from, &body[..]), ("peer-0", address(10), &b"body"[..]));
        node.answer_key_request(ID, Some(b"answer"));
        let [ExchangeOutput::Reply { id: ID, payload }] = &exchanges(&mut node)[..] else {
            panic!("a reply")
        };
        let expected = ExchangeMessage::KeyReply { source: "me", body: b"answer" };
        assert_eq!(ExchangeMessage::decode(payload, cluster()), Ok(expected));
    }
}

#[test]
fn nothing_in_plain_from_strangers_from_elsewhere_or_for_another_reaches_the_keys() {
    let sealed = Protection::Sealed;
    for (what, port, protection, payload, reason, answer) in [
        (
            "in plain",
            10,
            Protection::Plain,
            request("peer-0", "me"),
            DropReason::Unproven,
            Refusal::Malformed,
        ),
        (
            "a stranger",
            10,
            sealed,
            request("nobody", "me"),
            DropReason::Stranger,
            Refusal::Malformed,
        ),
        (
            "from elsewhere",
            99,
            sealed,
            request("peer-0", "me"),
            DropReason::Stranger,
            Refusal::Malformed,
        ),
        ("as ourselves", 1, sealed, request("me", "me"), DropReason::Stranger, Refusal::Malformed),
        (
            "for another",
            10,
            sealed,
            request("peer-0", "peer-1"),
            DropReason::WrongTarget,
            Refusal::WrongTarget,
        ),
    ] {
        let mut node = node();
        populate(&mut node, at(0), &names("peer", 2));
        arrive(&mut node, port, protection, &payload);
        assert_eq!(node.next_key_message(), None, "{what}");
        assert_eq!((refusal(&mut node), dropped(&node, reason)), (Some(answer), 1), "{what}");
    }
}

#[test]
fn no_packet_announcement_or_direct_message_is_about_keys() {
    let mut node = node();
    populate(&mut node, at(0), &names("peer", 2));
    let query = serf::Query {
        time: swim_core::LamportTime::new(5),
        id: 9,
        address: address(10),
        source: "peer-0",
        filters: serf::Filters::default(),
        wants_ack: false,
        no_broadcast: false,
        relay_factor: 0,
        timeout: seconds(5),
        name: "_swim_keys",
        payload: b"{\"install\":\"AAAA\"}",
    };
    let mut payload = Vec::new();
    serf::Message::Query(query).encode(&mut payload);
    let announced = Message::Announcement {
        origin: "peer-0",
        epoch: swim_core::Incarnation::new(1),
        number: 0,
        payload: &payload,
    };
    let direct = Message::Direct { source: "peer-0", payload: &payload };
    for message in [announced, direct] {
        let source = Source::new(address(10), Protection::Sealed);
        node.handle_packet(at(0), source, &packet(&[message]));
        assert_eq!(node.next_key_message(), None);
    }
    // In a packet the exchange's message stands in the wrong place.
    node.handle_packet(
        at(0),
        Source::new(address(10), Protection::Sealed),
        &request("peer-0", "me"),
    );
    assert_eq!((node.next_key_message(), dropped(&node, DropReason::WrongPlace)), (None, 2));
}

#[test]
fn requests_that_wait_for_the_driver_are_bounded() {
    let mut node = node();
    populate(&mut node, at(0), &names("peer", 2));
    for _ in 0..40 {
        arrive(&mut node, 10, Protection::Sealed, &request("peer-0", "me"));
    }
    assert_eq!(dropped(&node, DropReason::Oversized), 24);
    assert_eq!(std::iter::from_fn(|| node.next_key_message()).count(), 16);
}

/// The node asks peer-0; the number of its question, and of the exchange.
fn asked(node: &mut Node) -> (swim_core::SequenceNumber, ExchangeId) {
    let sequence = node.ask_keys(at(0), "peer-0", b"body").unwrap();
    let [(id, to, payload)] = &opened(node)[..] else { panic!("an exchange") };
    let expected = ExchangeMessage::KeyRequest { source: "me", target: "peer-0", body: b"body" };
    assert_eq!((*to, ExchangeMessage::decode(payload, cluster())), (address(10), Ok(expected)));
    (sequence, *id)
}

#[test]
fn an_answer_counts_from_the_member_that_was_asked_alone() {
    for (source, expected) in
        [("peer-0", Ok(b"answer".to_vec())), ("peer-1", Err(ExchangeFailure::Malformed))]
    {
        let mut node = node_with(quiet());
        populate(&mut node, at(0), &names("peer", 2));
        let (sequence, id) = asked(&mut node);
        let mut payload = Vec::new();
        ExchangeMessage::KeyReply { source, body: b"answer" }.encode(cluster(), &mut payload);
        for _ in 0..2 {
            node.handle_exchange(at(1), ExchangeInput::Reply { id, payload: &payload });
        }
        assert_eq!(node.next_key_message(), Some(KeyMessage::Reply { sequence, result: expected }));
        assert_eq!(node.next_key_message(), None, "only the first reply counts");
    }
}

#[test]
fn every_question_ends_though_the_member_fails_is_silent_or_this_node_leaves() {
    let mut node = node_with(quiet());
    populate(&mut node, at(0), &names("peer", 2));
    assert_eq!(node.ask_keys(at(0), "nobody", b""), Err(AskKeysError::UnknownMember));
    assert_eq!(node.ask_keys(at(0), "me", b""), Err(AskKeysError::UnknownMember));
    assert_eq!(
        node.ask_keys(at(0), "peer-0", &[0; 2_000]),
        Err(AskKeysError::TooLong { len: 2_000 })
    );

    let (sequence, id) = asked(&mut node);
    node.handle_exchange(at(1), ExchangeInput::Failed { id, failure: ExchangeFailure::Refused });
    let failed = |failure| Some(KeyMessage::Reply { sequence, result: Err(failure) });
    assert_eq!(node.next_key_message(), failed(ExchangeFailure::Refused));

    let (sequence, _) = asked(&mut node);
    let late = at(1) + node.config().exchange_timeout;
    run_among_the_living(&mut node, late);
    let result = Err(ExchangeFailure::TimedOut);
    assert_eq!(node.next_key_message(), Some(KeyMessage::Reply { sequence, result }));

    let sequence = node.ask_keys(late, "peer-0", b"body").unwrap();
    node.leave(late);
    let result = Err(ExchangeFailure::Left);
    while !events(&mut node).iter().any(|event| matches!(event, Event::LeaveComplete)) {
        let now = step(&mut node);
        sent_and_acked(&mut node, now);
    }
    assert_eq!(node.next_key_message(), Some(KeyMessage::Reply { sequence, result }));
    assert_eq!(node.ask_keys(late, "peer-0", b""), Err(AskKeysError::NotRunning));
}
