//! What queries of others may cost: whose filters are looked at, and how many queries, answers and
//! expressions in a time.

use swim_core::wire::Message;
use swim_core::wire::serf::{self, FiltersBuffer, Query, Relay, Response};
use swim_core::{
    Config, DropReason, Event, EventConfig, Instant, LamportTime, QueryError, Question,
};

use crate::harness::*;
use crate::queries::{announce_at, asked, direct, query_of_b, tagged_with};

/// A bucket that rested holds so many seconds' tokens.
const BURST: u64 = 8;

/// One query, answer or expression a second.
fn slow() -> Config {
    let events = EventConfig {
        queries_per_asker: 1,
        relays_per_second: 1,
        expressions_per_second: 1,
        ..EventConfig::default()
    };
    Config { events, ..quiet() }
}

fn filter(expression: &str) -> FiltersBuffer {
    let mut filters = FiltersBuffer::default();
    filters.tag("role", expression);
    filters
}

#[test]
fn no_filter_of_who_is_no_member_at_its_own_address_is_looked_at() {
    let mut node = tagged_with(slow(), &[("role", "web")]);
    let bad = filter("(");
    let query = Query { address: address(9), ..query_of_b(1, bad.filters(), "x") };
    announce_at(&mut node, at(0), 0, &query);
    assert_eq!(
        (dropped(&node, DropReason::Stranger), dropped(&node, DropReason::BadFilter)),
        (1, 0)
    );
    announce_at(&mut node, at(0), 1, &query_of_b(2, bad.filters(), "x"));
    assert_eq!(
        (dropped(&node, DropReason::Stranger), dropped(&node, DropReason::BadFilter)),
        (1, 1),
        "a member's is"
    );
}

#[test]
fn queries_of_one_asker_above_its_allowance_are_neither_answered_nor_passed_on() {
    let mut node = tagged_with(slow(), &[]);
    let ask = |node: &mut Node, now: Instant, numbers: std::ops::Range<u64>| {
        for number in numbers {
            announce_at(
                node,
                now,
                number,
                &query_of_b(number as u32, FiltersBuffer::default().filters(), "x"),
            );
        }
        (
            asked(node).len() as u64,
            node.queued_broadcasts() as u64,
            dropped(node, DropReason::QueryRate),
        )
    };
    assert_eq!(ask(&mut node, at(0), 0..20), (BURST, BURST, 20 - BURST));
    assert_eq!(
        ask(&mut node, second(1), 20..22),
        (1, BURST + 1, 20 - BURST + 1),
        "a second later one more is heard"
    );
}

#[test]
fn askers_who_are_no_members_share_one_allowance() {
    let mut node = tagged_with(slow(), &[]);
    for number in 0..20 {
        let (asker, filters) = (format!("z{number}"), FiltersBuffer::default());
        let query = Query { source: &asker, ..query_of_b(number as u32, filters.filters(), "x") };
        announce_at(&mut node, at(0), number, &query);
    }
    assert_eq!(asked(&mut node).len(), 0);
    assert_eq!(dropped(&node, DropReason::QueryRate), 20 - BURST);
    announce_at(&mut node, at(0), 99, &query_of_b(99, FiltersBuffer::default().filters(), "x"));
    assert_eq!(asked(&mut node).len(), 1, "a member's query is heard beside theirs");
}

#[test]
fn answers_above_the_allowance_are_not_handed_on() {
    let mut node = tagged_with(slow(), &[]);
    deliver(&mut node, at(0), &[alive("c", 1, 3)]);
    let_answer(&mut node, at(0), &["c"]);
    let (mut response, mut relay) = (Vec::new(), Vec::new());
    let time = LamportTime::new(1);
    serf::Message::Response(Response { time, id: 1, from: "b", is_ack: false, payload: b"hi" })
        .encode(&mut response);
    serf::Message::Relay(Relay { address: address(3), node: "c", message: &response })
        .encode(&mut relay);
    for _ in 0..20 {
        deliver(&mut node, at(0), &[Message::Direct { source: "b", payload: &relay }]);
    }
    assert_eq!(direct(&mut node).len() as u64, BURST);
    assert_eq!(dropped(&node, DropReason::QueryRate), 20 - BURST);
}

#[test]
fn expressions_above_the_allowance_are_not_compiled_and_known_ones_and_literals_are_answered() {
    let events = EventConfig { expressions_per_second: 1, ..EventConfig::default() };
    let mut node = tagged_with(Config { events, ..quiet() }, &[("role", "web")]);
    let mut number = 0;
    let mut ask = |node: &mut Node, expression: &str| {
        number += 1;
        announce_at(
            node,
            at(0),
            number,
            &query_of_b(number as u32, filter(expression).filters(), "x"),
        );
        asked(node).len()
    };
    let costly = (0..20).map(|number| ask(&mut node, &format!("w.b|{number}"))).sum::<usize>();
    assert_eq!(costly as u64, BURST);
    assert_eq!(dropped(&node, DropReason::ExpressionRate), 20 - BURST);
    assert_eq!(
        ["w.b|0", "web", "^(db|web)$"].map(|expression| ask(&mut node, expression)),
        [1, 1, 1]
    );
    let own = Question { tags: &[("role", "w.b|own")], ..Question::new("x", b"") };
    node.serf_mut().query(at(0), &own).unwrap();
    assert!(
        crate::harness::events(&mut node).iter().any(|event| matches!(event, Event::Query { .. })),
        "its own user's is judged"
    );
}

#[test]
fn a_query_with_more_filters_than_a_node_looks_at_cannot_be_asked() {
    let mut node = node_with(quiet());
    let tags = vec![("role", "web"); 16];
    let question = Question { tags: &tags, ..Question::new("x", b"") };
    assert!(node.serf_mut().query(at(0), &question).is_ok());
    let error = node.serf_mut().query(at(0), &Question { nodes: &["me"], ..question });
    assert_eq!(error, Err(QueryError::TooManyFilters { max: 16 }));
}
