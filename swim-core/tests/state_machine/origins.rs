//! `Config::origin_only`: each node says its own, to everyone, and nothing of another's is passed
//! on or believed at second hand.

use std::collections::BTreeMap;

use swim_core::wire::{ExchangeMessage, Message, add_state, begin_join, serf};
use swim_core::{
    Config, DropReason, Event, ExchangeId, ExchangeInput, Incarnation, LamportTime, MessageKind,
    Question,
};

use crate::harness::*;

fn origin_only() -> Config {
    Config { origin_only: true, ..quiet() }
}

/// A node among this many others.
fn among(count: usize) -> Node {
    let mut node = node_with(origin_only());
    populate(&mut node, at(0), &names("peer", count));
    run_among_the_living(&mut node, second(30));
    events(&mut node);
    node
}

/// To how many addresses messages of that kind went, and how many of them in all.
fn readers(sent: &[Sent], kind: MessageKind) -> (usize, usize) {
    let mut by_address = BTreeMap::new();
    for (to, messages) in sent {
        let found = messages.iter().filter(|message| message.kind() == kind).count();
        *by_address.entry(*to).or_insert(0) += found;
    }
    by_address.retain(|_, count| *count > 0);
    (by_address.len(), by_address.values().sum())
}

fn event<'a>(time: u64, source: Option<&'a str>) -> serf::UserEvent<'a> {
    serf::UserEvent {
        time: LamportTime::new(time),
        name: "deploy",
        payload: b"17",
        coalesce: false,
        source,
    }
}

fn encoded(message: serf::Message<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    message.encode(&mut bytes);
    bytes
}

#[test]
fn its_own_broadcasts_events_and_queries_go_to_each_member_twice_within_seconds() {
    for count in [3, 40] {
        let mut node = among(count);
        let now = second(30);
        node.broadcast(now, b"to all").unwrap();
        node.serf_mut().send_user_event(now, "deploy", b"17", false).unwrap();
        node.serf_mut().query(now, &Question::new("load", b"")).unwrap();
        assert_eq!(node.queued_broadcasts(), 3);
        let sent = run_among_the_living(&mut node, second(33));
        assert_eq!(readers(&sent, MessageKind::Broadcast), (count, 2 * count));
        assert_eq!(readers(&sent, MessageKind::Announcement), (count, 4 * count));
        assert_eq!(node.queued_broadcasts(), 0);
        assert_eq!(node.metrics().sent(MessageKind::Broadcast), 2 * count as u64);
    }
}

#[test]
fn what_others_say_is_told_and_passed_on_to_nobody() {
    for (config, passed_on) in [(origin_only(), false), (quiet(), true)] {
        let mut node = node_with(config);
        populate(&mut node, at(0), &names("peer", 5));
        events(&mut node);
        let payload = encoded(serf::Message::UserEvent(event(1, None)));
        let epoch = Incarnation::new(1);
        let broadcast = Message::Broadcast { origin: "peer-0", epoch, number: 0, payload: b"p" };
        let announced =
            Message::Announcement { origin: "peer-0", epoch, number: 1, payload: &payload };
        deliver(&mut node, at(1), &[broadcast, announced]);
        let told = events(&mut node);
        assert!(told.iter().any(|event| matches!(event, Event::Broadcast { .. })), "{told:?}");
        assert!(told.iter().any(|event| matches!(event, Event::UserEvent { .. })), "{told:?}");
        let sent = run_among_the_living(&mut node, second(5));
        assert_eq!(
            count!(sent, Message::Broadcast { .. }) + count!(sent, Message::Announcement { .. })
                > 0,
            passed_on
        );
    }
}

#[test]
fn an_event_that_its_announcer_says_is_anothers_is_not_believed() {
    let mut node = among(3);
    let payload = encoded(serf::Message::UserEvent(event(9, Some("peer-2"))));
    let announced = Message::Announcement {
        origin: "peer-0",
        epoch: Incarnation::new(1),
        number: 0,
        payload: &payload,
    };
    deliver(&mut node, second(30), &[announced]);
    assert_eq!(dropped(&node, DropReason::Secondhand), 1);
    assert!(!events(&mut node).iter().any(|event| matches!(event, Event::UserEvent { .. })));
}

#[test]
fn an_answer_in_anothers_name_or_through_another_is_not_believed() {
    let mut node = among(3);
    let id = node
        .serf_mut()
        .query(second(30), &Question { relay_factor: 3, ..Question::new("load", b"") })
        .unwrap();
    let sent = run_among_the_living(&mut node, second(31));
    let payload = said(&sent).find_map(|message| match *message {
        Message::Announcement { payload, .. } => Some(payload),
        _ => None,
    });
    let serf::Message::Query(query) = serf::Message::decode(payload.unwrap()).unwrap() else {
        panic!("a query")
    };
    assert_eq!(query.relay_factor, 0, "nobody is asked to hand answers on");
    let answer = |from| {
        let response =
            serf::Response { time: query.time, id: query.id, from, is_ack: false, payload: b"1" };
        encoded(serf::Message::Response(response))
    };
    let mut direct = |source: &str, port, payload: &[u8]| {
        let message = packet(&[Message::Direct { source, payload }]);
        node.handle_packet(second(31), address(port), &message);
        let responses = events(&mut node);
        (
            responses
                .iter()
                .any(|event| matches!(event, Event::QueryResponse { id: of, .. } if *of == id)),
            dropped(&node, DropReason::Secondhand),
        )
    };
    assert_eq!(direct("peer-0", 10, &answer("peer-1")), (false, 1));
    let relayed = serf::Relay { address: address(1), node: "me", message: &answer("peer-1") };
    assert_eq!(direct("peer-0", 10, &encoded(serf::Message::Relay(relayed))), (false, 2));
    assert_eq!(direct("peer-1", 11, &answer("peer-1")), (true, 2));
}

#[test]
fn answers_go_to_who_asked_and_through_nobody() {
    let mut node = among(5);
    let query = serf::Query {
        time: LamportTime::new(1),
        id: 7,
        address: address(10),
        source: "peer-0",
        filters: serf::Filters::default(),
        wants_ack: true,
        no_broadcast: false,
        relay_factor: 3,
        timeout: seconds(5),
        name: "load",
        payload: b"",
    };
    let payload = encoded(serf::Message::Query(query));
    let announced = Message::Announcement {
        origin: "peer-0",
        epoch: Incarnation::new(1),
        number: 0,
        payload: &payload,
    };
    deliver(&mut node, second(30), &[announced]);
    assert_eq!(readers(&sent(&mut node, second(30)), MessageKind::Direct), (1, 1));
}

#[test]
fn events_told_beside_tables_are_not_believed_and_clocks_are() {
    for (config, believed) in [(origin_only(), false), (quiet(), true)] {
        let mut node = node_with(config);
        populate(&mut node, at(0), &names("peer", 2));
        events(&mut node);
        let recent = [event(41, Some("peer-1"))];
        let mut state = Vec::new();
        let (first, next) = (LamportTime::new(1), LamportTime::new(42));
        let writer = serf::StateWriter {
            members: first,
            events: next,
            queries: first,
            left: &[],
            statuses: &[],
            recent: &recent,
        };
        writer.encode(&mut state);
        let mut join = Vec::new();
        begin_join(cluster(), "peer-0", 1_000, &mut join);
        add_state(&mut join, &state);
        assert!(matches!(
            ExchangeMessage::decode(&join, cluster()),
            Ok(ExchangeMessage::Join { .. })
        ));
        let request =
            ExchangeInput::Request { id: ExchangeId(1), from: address(10).into(), payload: &join };
        node.handle_exchange(at(1), request);
        let is_told =
            events(&mut node).iter().any(|event| matches!(event, Event::UserEvent { .. }));
        assert_eq!(
            (is_told, dropped(&node, DropReason::Secondhand)),
            (believed, u64::from(!believed))
        );
        let time = node.serf_mut().send_user_event(at(1), "later", b"", false).unwrap();
        assert_eq!(time, next, "an event of ours is later for everyone");
    }
}
