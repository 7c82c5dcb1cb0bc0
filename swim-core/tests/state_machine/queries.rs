//! Queries: which members they are for, where answers go, and when they end.

use std::time::Duration;

use swim_core::wire::Message;
use swim_core::wire::serf::{self, Filters, FiltersBuffer, Query, Relay, Response};
use swim_core::{
    Config, DropReason, Event, EventConfig, Incarnation, Instant, LamportTime, QueryError, QueryId,
    Question, RespondError, Tags,
};

use crate::harness::*;
use crate::network::Network;
use crate::user_events::acquainted;

/// What a node was told of queries, as short texts.
fn told(node: &mut Node) -> Vec<String> {
    let told = |event| match event {
        Event::Query { from, name, .. } => Some(format!("{from} asks {name}")),
        Event::QueryAck { from, .. } => Some(format!("{from} has it")),
        Event::QueryResponse { from, payload, .. } => {
            Some(format!("{from} says {}", String::from_utf8_lossy(&payload)))
        }
        Event::QueryFinished { acks, responses, .. } => {
            Some(format!("over: {acks} acks, {responses} responses"))
        }
        _ => None,
    };
    events(node).into_iter().filter_map(told).collect()
}

/// The queries that wait for this node's answer.
pub(crate) fn asked(node: &mut Node) -> Vec<QueryId> {
    let asked = |event| match event {
        Event::Query { id, .. } => Some(id),
        _ => None,
    };
    events(node).into_iter().filter_map(asked).collect()
}

/// Everyone who was asked says its name.
fn answer_all(network: &mut Network, millis: u64) {
    for node in &mut network.nodes {
        let name = node.id().to_string();
        for id in asked(node) {
            node.serf_mut().respond(at(millis), id, name.as_bytes()).unwrap();
        }
    }
}

fn sorted(mut texts: Vec<String>) -> Vec<String> {
    texts.sort_unstable();
    texts
}

/// A query as "b" at port 2 asks it.
pub(crate) fn query_of_b<'a>(id: u32, filters: Filters<'a>, name: &'a str) -> Query<'a> {
    Query {
        time: LamportTime::new(3),
        id,
        address: address(2),
        source: "b",
        filters,
        wants_ack: true,
        no_broadcast: false,
        relay_factor: 0,
        timeout: Duration::from_secs(5),
        name,
        payload: b"",
    }
}

fn announce(node: &mut Node, number: u64, query: &Query<'_>) {
    let mut payload = Vec::new();
    serf::Message::Query(*query).encode(&mut payload);
    let epoch = Incarnation::new(1);
    deliver(
        node,
        at(0),
        &[Message::Announcement { origin: "b", epoch, number, payload: &payload }],
    );
}

/// A query is announced by the one who asks it.
pub(crate) fn announce_at(node: &mut Node, now: Instant, number: u64, query: &Query<'_>) {
    let mut payload = Vec::new();
    serf::Message::Query(*query).encode(&mut payload);
    let (origin, epoch) = (query.source, Incarnation::new(1));
    deliver(node, now, &[Message::Announcement { origin, epoch, number, payload: &payload }]);
}

/// A node that knows "b" at port 2 and has these tags.
fn tagged(tags: &[(&'static str, &'static str)]) -> Node {
    tagged_with(quiet(), tags)
}

pub(crate) fn tagged_with(config: Config, tags: &[(&'static str, &'static str)]) -> Node {
    let mut node = node_with(config);
    node.set_metadata(at(0), &tags.iter().copied().collect::<Tags>().encode()).unwrap();
    deliver(&mut node, at(0), &[alive("b", 1, 2)]);
    let_answer(&mut node, at(0), &["b"]);
    events(&mut node);
    node
}

/// What the node sends in direct messages, and where to.
pub(crate) fn direct(node: &mut Node) -> Vec<(u16, String)> {
    let mut found = Vec::new();
    for (to, messages) in sent(node, at(0)) {
        for message in messages {
            if let Message::Direct { payload, .. } = message {
                let text = match serf::Message::decode(payload).unwrap() {
                    serf::Message::Response(Response { from, is_ack: true, .. }) => {
                        format!("{from} has it")
                    }
                    serf::Message::Response(Response { from, payload, .. }) => {
                        format!("{from} says {}", String::from_utf8_lossy(payload))
                    }
                    serf::Message::Relay(Relay { node, .. }) => format!("for {node}"),
                    other => format!("{other:?}"),
                };
                found.push((to.port(), text));
            }
        }
    }
    found
}

#[test]
fn everyone_is_asked_and_a_query_is_over_when_everyone_has_answered() {
    let mut network = acquainted(4, &quiet());
    let question = Question { wants_acks: true, ..Question::new("name", b"") };
    network.nodes[0].serf_mut().query(at(0), &question).unwrap();
    network.run_until(second(2));
    let acks = ["n1 has it", "n2 has it", "n3 has it", "n4 has it"];
    let mut asker = Vec::new();
    for node in &mut network.nodes {
        let ids: Vec<_> = events(node)
            .into_iter()
            .filter_map(|event| match event {
                Event::Query { id, from, .. } => {
                    assert_eq!(&*from, "n1");
                    Some(id)
                }
                Event::QueryAck { from, .. } => {
                    asker.push(format!("{from} has it"));
                    None
                }
                _ => None,
            })
            .collect();
        let name = node.id().to_string();
        let [id] = ids[..] else { panic!("{name} was asked {ids:?}") };
        node.serf_mut().respond(second(2), id, name.as_bytes()).unwrap();
    }
    assert_eq!(sorted(asker), acks);
    network.run_until(at(3_100));
    let told = told(&mut network.nodes[0]);
    assert_eq!(told.last().unwrap(), "over: 4 acks, 4 responses");
    assert_eq!(
        sorted(told[..4].to_vec()),
        ["n1 says n1", "n2 says n2", "n3 says n3", "n4 says n4"]
    );
}

#[test]
fn a_query_that_not_everyone_answers_is_over_at_its_deadline() {
    let mut network = acquainted(3, &quiet());
    let question = Question { timeout: Some(seconds(7)), ..Question::new("name", b"") };
    network.nodes[0].serf_mut().query(at(0), &question).unwrap();
    network.run_until(at(1_000));
    let [id] = asked(&mut network.nodes[2])[..] else { panic!("n3 was asked") };
    network.nodes[2].serf_mut().respond(at(1_000), id, b"yes").unwrap();
    network.run_until(at(6_999));
    assert_eq!(told(&mut network.nodes[0]), ["n1 asks name", "n3 says yes"]);
    network.run_until(at(7_000));
    assert_eq!(told(&mut network.nodes[0]), ["over: 0 acks, 1 responses"]);
    let [id] = asked(&mut network.nodes[1])[..] else { panic!("n2 was asked") };
    assert_eq!(
        network.nodes[1].serf_mut().respond(at(8_000), id, b"late"),
        Err(RespondError::UnknownQuery)
    );
}

#[test]
fn without_a_timeout_of_its_own_a_query_is_open_for_as_long_as_gossip_needs() {
    let mut node = node_with(quiet());
    populate(&mut node, at(0), &names("m", 20));
    node.serf_mut().query(at(0), &Question::new("name", b"")).unwrap();
    let mut over = None;
    while over.is_none() {
        let now = step(&mut node);
        sent_and_acked(&mut node, now);
        over = told(&mut node).iter().any(|told| told.starts_with("over")).then_some(now);
    }
    assert_eq!(over, Some(at(200 * 16 * 2)), "two digits");
}

#[test]
fn only_those_are_asked_whom_the_filters_let_through() {
    let mut network = acquainted(3, &quiet());
    let role = |role: &'static str| Tags::from_iter([("role", role)]).encode();
    network.nodes[1].set_metadata(at(0), &role("web")).unwrap();
    network.nodes[2].set_metadata(at(0), &role("db")).unwrap();
    network.run_until(at(500));
    let ask = |network: &mut Network, question: &Question<'_>, millis| {
        network.nodes[0].serf_mut().query(at(millis), question).unwrap();
        network.run_until(at(millis + 2_000));
        network.nodes.iter_mut().map(|node| asked(node).len()).collect::<Vec<_>>()
    };
    let web = Question { tags: &[("role", "^w.b$")], ..Question::new("x", b"") };
    assert_eq!(ask(&mut network, &web, 1_000), [0, 1, 0]);
    let two = Question { nodes: &["n1", "n3"], ..Question::new("x", b"") };
    assert_eq!(ask(&mut network, &two, 4_000), [1, 0, 1]);
    let none = Question { nodes: &["n2"], tags: &[("role", "db")], ..Question::new("x", b"") };
    assert_eq!(ask(&mut network, &none, 7_000), [0, 0, 0]);
    let answered = Question { nodes: &["n1", "n3"], ..Question::new("last", b"") };
    network.nodes[0].serf_mut().query(at(10_000), &answered).unwrap();
    network.run_until(at(11_000));
    answer_all(&mut network, 11_000);
    network.run_until(at(11_500));
    assert_eq!(
        told(&mut network.nodes[0]).last().unwrap(),
        "over: 0 acks, 2 responses",
        "nobody else can answer"
    );
}

#[test]
fn an_answer_goes_to_the_one_who_asks_and_only_the_first_counts() {
    let mut node = tagged(&[]);
    announce(&mut node, 0, &query_of_b(7, Filters::default(), "x"));
    announce(&mut node, 1, &query_of_b(7, Filters::default(), "x"));
    assert_eq!(dropped(&node, DropReason::OldEvent), 1, "the same query");
    let [id] = asked(&mut node)[..] else { panic!("it is asked once") };
    node.serf_mut().respond(at(0), id, b"yes").unwrap();
    assert_eq!(node.serf_mut().respond(at(0), id, b"no"), Err(RespondError::UnknownQuery));
    assert_eq!(direct(&mut node), [(2, "me has it".into()), (2, "me says yes".into())]);
    let error = node.serf_mut().respond(at(0), QueryId(99), b"");
    assert_eq!(error, Err(RespondError::UnknownQuery));
}

#[test]
fn nobody_is_answered_but_a_member_at_its_own_address() {
    let mut node = tagged(&[]);
    let victim = Query { address: address(9), ..query_of_b(1, Filters::default(), "x") };
    announce(&mut node, 0, &victim);
    assert_eq!((asked(&mut node).len(), direct(&mut node).len()), (0, 0));
    assert_eq!(dropped(&node, DropReason::Stranger), 1);
    let forged = Query { source: "c", ..query_of_b(2, Filters::default(), "x") };
    announce(&mut node, 1, &forged);
    assert_eq!(dropped(&node, DropReason::WrongPlace), 1, "who announces a query asks it");
    // An answer, or what is to be handed on, counts from a member's own address.
    let direct_message = Message::Direct { source: "b", payload: b"\x05\x81\xa4From\xa1b" };
    node.handle_packet(at(0), proven(5), &packet(&[direct_message]));
    assert_eq!(dropped(&node, DropReason::Stranger), 2);
    deliver(&mut node, at(0), &[direct_message]);
    assert_eq!(dropped(&node, DropReason::UnknownQuery), 1);
}

#[test]
fn filters_that_make_no_sense_let_nobody_through_and_the_query_is_passed_on() {
    let mut node = tagged(&[("role", "web")]);
    let mut filters = FiltersBuffer::default();
    filters.tag("role", "(");
    announce(&mut node, 0, &query_of_b(1, filters.filters(), "x"));
    assert_eq!((asked(&mut node).len(), direct(&mut node).len()), (0, 0));
    assert_eq!(dropped(&node, DropReason::BadFilter), 1);
    assert_eq!(node.queued_broadcasts(), 1);
    let silent = Query { no_broadcast: true, ..query_of_b(2, Filters::default(), "x") };
    announce(&mut node, 1, &silent);
    assert_eq!(
        (asked(&mut node).len(), node.queued_broadcasts()),
        (1, 1),
        "it says that it is not to be passed on"
    );
}

#[test]
fn answers_are_relayed_through_others_and_handed_on_to_members_alone() {
    let mut node = tagged(&[]);
    deliver(&mut node, at(0), &[alive("c", 1, 3), alive("d", 1, 4)]);
    let_answer(&mut node, at(0), &["c", "d"]);
    announce(
        &mut node,
        0,
        &Query { relay_factor: 2, wants_ack: false, ..query_of_b(1, Filters::default(), "x") },
    );
    let [id] = asked(&mut node)[..] else { panic!("it is asked") };
    node.serf_mut().respond(at(0), id, b"yes").unwrap();
    let mut sent = direct(&mut node);
    sent.sort_unstable();
    assert_eq!(sent, [(2, "me says yes".into()), (3, "for b".into()), (4, "for b".into())]);

    let mut response = Vec::new();
    let time = LamportTime::new(1);
    serf::Message::Response(Response { time, id: 1, from: "d", is_ack: false, payload: b"hi" })
        .encode(&mut response);
    let handed = |address, node, message: &[u8]| {
        let mut bytes = Vec::new();
        serf::Message::Relay(Relay { address, node, message }).encode(&mut bytes);
        bytes
    };
    let to_c = handed(address(3), "c", &response);
    for payload in
        [to_c.clone(), handed(address(9), "c", &response), handed(address(3), "c", &to_c)]
    {
        deliver(&mut node, at(0), &[Message::Direct { source: "b", payload: &payload }]);
    }
    assert_eq!(direct(&mut node), [(3, "d says hi".into())]);
    assert_eq!(
        (dropped(&node, DropReason::Stranger), dropped(&node, DropReason::WrongPlace)),
        (1, 1)
    );
}

#[test]
fn an_answer_too_long_for_a_packet_of_ours_is_not_handed_on() {
    let mut node = tagged(&[]);
    deliver(&mut node, at(0), &[alive("c", 1, 3)]);
    let_answer(&mut node, at(0), &["c"]);
    let hand = |node: &mut Node, len: usize| {
        let (mut response, mut bytes) = (Vec::new(), Vec::new());
        let (time, payload) = (LamportTime::new(1), &vec![7; len][..]);
        serf::Message::Response(Response { time, id: 1, from: "c", is_ack: false, payload })
            .encode(&mut response);
        serf::Message::Relay(Relay { address: address(3), node: "c", message: &response })
            .encode(&mut bytes);
        deliver(node, at(0), &[Message::Direct { source: "b", payload: &bytes }]);
        direct(node).len()
    };
    assert_eq!(hand(&mut node, 1_000), 1);
    assert_eq!(
        hand(&mut node, 1_200),
        0,
        "a packet that it cannot send as a whole is dropped, and said to be"
    );
    assert_eq!(dropped(&node, DropReason::EventTooLong), 1);
}

#[test]
fn a_member_that_answers_twice_or_by_two_ways_counts_once() {
    let mut node = tagged(&[]);
    node.serf_mut().query(at(0), &Question { relay_factor: 1, ..Question::new("x", b"") }).unwrap();
    let [own] = asked(&mut node)[..] else { panic!("it asks itself") };
    let mut id = None;
    let deadline = at(1_000);
    while let Some(now) = node.poll_timeout().filter(|&now| now <= deadline) {
        node.handle_timeout(now);
        for message in said(&sent(&mut node, now)) {
            if let Message::Announcement { payload, .. } = *message
                && let Ok(serf::Message::Query(query)) = serf::Message::decode(payload)
            {
                id = Some(query.id);
            }
        }
    }
    let (time, mut payload) = (LamportTime::new(1), Vec::new());
    let response =
        Response { time, id: id.expect("it was sent"), from: "b", is_ack: false, payload: b"hi" };
    serf::Message::Response(response).encode(&mut payload);
    let mut relayed = Vec::new();
    serf::Message::Relay(Relay { address: address(1), node: "me", message: &payload })
        .encode(&mut relayed);
    for payload in [&payload, &relayed, &payload] {
        deliver(&mut node, at(1_000), &[Message::Direct { source: "b", payload }]);
    }
    assert_eq!(told(&mut node), ["b says hi"]);
    assert_eq!(dropped(&node, DropReason::DuplicateResponse), 2);
    node.serf_mut().respond(at(1_000), own, b"me too").unwrap();
    assert_eq!(told(&mut node), ["me says me too", "over: 0 acks, 2 responses"]);
}

#[test]
fn what_cannot_be_asked_or_answered_is_an_error() {
    let events = EventConfig { max_queries: 1, ..EventConfig::default() };
    let mut node = node_with(Config { events, ..quiet() });
    deliver(&mut node, at(0), &[alive("b", 1, 2)]);
    let ask = |node: &mut Node, question: &Question<'_>| {
        node.serf_mut().query(at(0), question).unwrap_err()
    };
    let plain = Question::new("x", b"");
    assert_eq!(ask(&mut node, &Question { name: "_serf_ping", ..plain }), QueryError::Reserved);
    let wrong = Question { tags: &[("a", "b"), ("role", "(")], ..plain };
    assert_eq!(ask(&mut node, &wrong), QueryError::Expression { at: 1 });
    let long = Question { payload: &[0; 1_000], ..plain };
    assert!(matches!(ask(&mut node, &long), QueryError::TooLong { len: 1_001.., max: 1_024 }));
    node.serf_mut().query(at(0), &plain).unwrap();
    assert_eq!(ask(&mut node, &plain), QueryError::TooMany { max: 1 });
    let [id] = asked(&mut node)[..] else { panic!("it asks itself") };
    let error = node.serf_mut().respond(at(0), id, &[0; 1_000]);
    assert!(matches!(error, Err(RespondError::TooLong { len: 1_001.., max: 1_024 })), "{error:?}");
    assert_eq!(
        node.serf_mut().respond(at(0), id, b"short"),
        Ok(()),
        "too long an answer was no answer"
    );
    run_among_the_living(&mut node, second(10));
    told(&mut node);
    node.serf_mut().query(second(10), &plain).unwrap();
    node.leave(second(10));
    assert_eq!(ask(&mut node, &plain), QueryError::NotRunning);
    run_among_the_living(&mut node, second(20));
    assert_eq!(
        told(&mut node).last().unwrap(),
        "over: 0 acks, 0 responses",
        "a query ends with its node"
    );
}

#[test]
fn the_layers_own_ping_is_acked_and_not_told() {
    let mut node = tagged(&[]);
    announce(&mut node, 0, &query_of_b(1, Filters::default(), "_serf_ping"));
    assert_eq!(asked(&mut node), []);
    assert_eq!(direct(&mut node), [(2, "me has it".into())]);
}
