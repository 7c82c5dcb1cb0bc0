//! One of serf's agents: intents, what is passed on, the state with tables, and the payloads of
//! acks.

use swim_core::wire::memberlist::{Message, StreamMessage};
use swim_core::wire::serf::{
    self, Intent, KeyRequest, Query, State as SerfState, StateWriter, UserEvent, Whereabouts,
};
use swim_core::{
    Config, DropReason, Event, ExchangeInput, KeyAnswer, KeyOperation, LamportTime, MemberlistWire,
    Protection, Source, Status,
};

use super::harness::{
    alive, ask, config, dead, deliver, let_answer, node_with, packet, row, said, sent, table,
};
use crate::harness::{Node, address, at, dropped, events, opened, second, seconds, status, step};

fn serf_agent() -> Node {
    let wire = MemberlistWire { compress: false, ..MemberlistWire::SERF };
    node_with(config().on_memberlist(wire))
}

fn bytes(message: &serf::Message<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    message.encode(&mut bytes);
    bytes
}

fn intent(time: u64, node: &str, leaves: bool) -> Vec<u8> {
    bytes(&serf::Message::Intent(Intent {
        time: LamportTime::new(time),
        node,
        leaves,
        prune: false,
    }))
}

fn hear(node: &mut Node, payload: &[u8]) {
    deliver(node, at(0), &[Message::User { payload }]);
}

/// As [`hear`], in a packet that a key opened.
fn hear_sealed(node: &mut Node, payload: &[u8]) {
    let from = Source::new(address(2), Protection::Sealed);
    node.handle_packet(at(0), from, &packet(&[Message::User { payload }]));
}

fn user(payload: &[u8]) -> Message<'_> {
    Message::User { payload }
}

/// All that the node says until then, with nobody answering.
fn says_until(node: &mut Node, until: swim_core::Instant) -> Vec<Message<'static>> {
    let mut all = said(node, at(0));
    while let Some(now) = node.poll_timeout().filter(|&now| now <= until) {
        node.handle_timeout(now);
        all.extend(said(node, now));
    }
    all
}

#[test]
fn who_leaves_says_so_before_it_is_gone() {
    let mut node = serf_agent();
    deliver(&mut node, at(0), &[alive("a", 1, 2)]);
    hear(&mut node, &intent(6, "a", false));
    says_until(&mut node, at(100));
    node.leave(at(100));
    let said = says_until(&mut node, second(10));
    let farewell = said
        .iter()
        .position(|said| *said == user(&intent(7, "me", true)))
        .expect("it says that it leaves");
    let gone = said
        .iter()
        .position(|said| matches!(said, Message::Dead { id: "me", .. }))
        .expect("it says that it has left");
    assert!(farewell < gone, "{said:?}");
    assert!(events(&mut node).contains(&Event::LeaveComplete));
}

#[test]
fn who_said_that_it_leaves_and_is_found_dead_has_left() {
    for found_by_us in [false, true] {
        let mut node = serf_agent();
        deliver(&mut node, at(0), &[alive("b", 1, 3)]);
        hear(&mut node, &intent(5, "b", true));
        assert_eq!(status(&node, "b"), Some(Status::Alive));
        events(&mut node);
        if found_by_us {
            says_until(&mut node, second(60));
        } else {
            deliver(&mut node, at(0), &[dead("b", 1, "x")]);
        }
        assert_eq!(status(&node, "b"), Some(Status::Left));
        let told = events(&mut node);
        assert!(told.iter().any(|event| matches!(event, Event::Left(_))), "{told:?}");
        assert!(!told.iter().any(|event| matches!(event, Event::Failed(_))), "{told:?}");
    }
}

#[test]
fn who_came_back_after_its_farewell_and_is_found_dead_has_failed() {
    // It says that it has come, or that word is lost and it is seen alive.
    for says_hello in [true, false] {
        let mut node = serf_agent();
        deliver(&mut node, at(0), &[alive("b", 1, 3)]);
        hear(&mut node, &intent(5, "b", true));
        if says_hello {
            hear(&mut node, &intent(6, "b", false));
        } else {
            deliver(&mut node, at(0), &[dead("b", 1, "b"), alive("b", 2, 3)]);
            hear(&mut node, &intent(5, "b", true));
        }
        assert_eq!(status(&node, "b"), Some(Status::Alive));
        deliver(&mut node, at(0), &[dead("b", 2, "x")]);
        assert_eq!(status(&node, "b"), Some(Status::Dead), "says hello: {says_hello}");
    }
}

#[test]
fn a_full_queue_makes_room_for_the_word_that_the_node_leaves() {
    let wire = MemberlistWire { compress: false, ..MemberlistWire::SERF };
    let mut node = node_with(Config { max_broadcasts: 2, ..config().on_memberlist(wire) });
    deliver(&mut node, at(0), &[alive("a", 1, 2)]);
    while node.serf_mut().send_user_event(at(0), "busy", b"", false).is_ok() {}
    node.leave(at(0));
    assert_eq!(dropped(&node, DropReason::BroadcastsFull), 1);
    let said = says_until(&mut node, second(10));
    assert!(said.contains(&user(&intent(1, "me", true))), "{said:?}");
}

#[test]
fn a_word_about_a_member_is_passed_on_once_and_an_older_one_never() {
    let mut node = serf_agent();
    deliver(&mut node, at(0), &[alive("a", 1, 2)]);
    says_until(&mut node, second(2));
    for (time, passed_on) in [(5, 1), (5, 0), (4, 0), (9, 1)] {
        let before = node.queued_broadcasts();
        hear(&mut node, &intent(time, "a", false));
        assert_eq!(node.queued_broadcasts() - before, passed_on, "{time}");
    }
    assert_eq!(dropped(&node, DropReason::OldEvent), 2);
    hear(&mut node, &intent(1 << 40, "a", false));
    assert_eq!(dropped(&node, DropReason::BadTime), 1);
}

#[test]
fn a_failed_member_in_whose_place_somebody_says_farewell_has_left() {
    let mut node = serf_agent();
    deliver(&mut node, at(0), &[alive("a", 1, 2), alive("b", 1, 3), dead("b", 1, "a")]);
    hear(&mut node, &intent(3, "b", true));
    assert_eq!(status(&node, "b"), Some(Status::Left));
    hear(&mut node, &intent(3, "a", true));
    assert_eq!(status(&node, "a"), Some(Status::Alive), "it means to, and is there yet");
}

#[test]
fn a_word_that_we_leave_while_we_are_here_is_refuted() {
    let mut node = serf_agent();
    deliver(&mut node, at(0), &[alive("a", 1, 2)]);
    says_until(&mut node, second(2));
    hear(&mut node, &intent(5, "me", true));
    assert!(says_until(&mut node, second(4)).contains(&user(&intent(6, "me", false))));
}

#[test]
fn events_of_others_are_told_once_and_passed_on_as_they_came() {
    let mut node = serf_agent();
    deliver(&mut node, at(0), &[alive("a", 1, 2)]);
    says_until(&mut node, second(2));
    events(&mut node);
    let time = LamportTime::new(4);
    let event = UserEvent { time, name: "deploy", payload: b"v1", coalesce: true, source: None };
    let payload = bytes(&serf::Message::UserEvent(event));
    hear(&mut node, &payload);
    hear(&mut node, &payload);
    assert_eq!(
        events(&mut node)
            .iter()
            .filter(|event| matches!(event, Event::UserEvent { from: None, .. }))
            .count(),
        1
    );
    assert!(says_until(&mut node, second(4)).contains(&user(&payload)));
    assert_eq!(
        node.serf_mut().send_user_event(second(4), "next", b"", false).map(LamportTime::get),
        Ok(5)
    );
    hear(&mut node, b"\x63nonsense");
    hear(&mut node, b"");
    assert_eq!(
        (dropped(&node, DropReason::UnknownKind), dropped(&node, DropReason::Truncated)),
        (1, 1)
    );
}

#[test]
fn what_others_may_send_is_heard_however_little_we_may_and_passed_on_if_it_fits_a_packet() {
    let mut node = serf_agent();
    deliver(&mut node, at(0), &[alive("a", 1, 2)]);
    says_until(&mut node, second(2));
    events(&mut node);
    assert!(
        node.serf_mut().send_user_event(at(0), "long", &[0; 600], false).is_err(),
        "our own limit"
    );
    for (time, name, len, heard, passed_on) in [
        (4, "long", 1_200, 1, true),
        (5, "longer", 8_000, 1, false),
        (6, "too long", 9_300, 0, false),
    ] {
        let payload = vec![0; len];
        let event = UserEvent {
            time: LamportTime::new(time),
            name,
            payload: &payload,
            coalesce: false,
            source: None,
        };
        let before = node.queued_broadcasts();
        let payload = bytes(&serf::Message::UserEvent(event));
        ask_to_hear(&mut node, &payload);
        assert_eq!(
            (told(&mut node).len(), node.queued_broadcasts() > before),
            (heard, passed_on),
            "{name}"
        );
    }
    assert_eq!(dropped(&node, DropReason::EventTooLong), 1);
    let long = vec![7; 1_250];
    ask_to_hear(&mut node, &bytes(&serf::Message::Query(query(9, "long", &long))));
    assert!(events(&mut node).iter().any(|event| matches!(event, Event::Query { .. })));
}

/// On a stream, which bears more than a packet.
fn ask_to_hear(node: &mut Node, payload: &[u8]) {
    let mut request = Vec::new();
    StreamMessage::User { payload }.encode(&mut request);
    assert_eq!(ask(node, at(0), &request), None);
}

fn state(
    time: u64,
    left: &[&str],
    statuses: &[(&str, LamportTime)],
    recent: &[UserEvent<'_>],
) -> Vec<u8> {
    let mut state = Vec::new();
    let time = LamportTime::new(time);
    StateWriter { members: time, events: time, queries: time, left, statuses, recent }
        .encode(&mut state);
    state
}

#[test]
fn the_state_beside_a_table_carries_clocks_departures_and_events_both_ways() {
    let mut node = serf_agent();
    deliver(&mut node, at(0), &[alive("b", 1, 3), dead("b", 1, "x")]);
    let at_time = LamportTime::new;
    let missed =
        UserEvent { time: at_time(7), name: "missed", payload: b"", coalesce: false, source: None };
    let theirs = state(20, &["b"], &[("a", at_time(3)), ("b", at_time(9))], &[missed]);
    let rows = [row("a", 1, Status::Alive, 2)];
    ask(&mut node, at(0), &table(false, &rows, &theirs)).unwrap();
    assert_eq!(
        status(&node, "b"),
        Some(Status::Left),
        "a failed member that another knows to have left"
    );
    let told =
        |event: &Event| matches!(event, Event::UserEvent { name, .. } if &**name == "missed");
    assert!(events(&mut node).iter().any(told));
    assert_eq!(
        node.serf_mut().send_user_event(at(0), "later", b"", false).map(LamportTime::get),
        Ok(20)
    );
    let answer = ask(&mut node, at(0), &table(false, &rows, b"")).unwrap();
    let Ok(StreamMessage::PushPull(answer)) = StreamMessage::decode(&answer) else {
        panic!("a table")
    };
    let ours = SerfState::decode(answer.user_state).unwrap();
    assert_eq!((ours.events.get(), ours.left.iter().collect::<Vec<_>>()), (21, vec!["b"]));
    assert_eq!(
        ours.recent().map(|event| event.unwrap().name.to_owned()).collect::<Vec<_>>(),
        ["missed", "later"]
    );
    ask(&mut node, at(0), &table(false, &rows, b"\x02\xc1")).unwrap();
    assert_eq!(dropped(&node, DropReason::WrongType), 1);
}

/// The names of the events that were told.
fn told(node: &mut Node) -> Vec<String> {
    let name = |event| match event {
        Event::UserEvent { name, .. } => Some(name.to_string()),
        _ => None,
    };
    events(node).into_iter().filter_map(name).collect()
}

#[test]
fn who_joins_a_second_time_counts_what_was_before_as_heard_too() {
    let mut node = serf_agent();
    let old = UserEvent {
        time: LamportTime::new(7),
        name: "old",
        payload: b"",
        coalesce: false,
        source: None,
    };
    // A lonely node first, then one that knows of an event, and then another one of its cluster.
    for (seed, time, recent) in [(5, 1, &[][..]), (6, 20, &[old]), (7, 20, &[old])] {
        node.join(at(0), &[address(seed)]).unwrap();
        let (id, ..) = opened(&mut node).pop().expect("a seed is asked");
        let (name, theirs) = (seed.to_string(), state(time, &[], &[], recent));
        let payload = table(true, &[row(&name, 1, Status::Alive, seed)], &theirs);
        node.handle_exchange(at(10), ExchangeInput::Reply { id, payload: &payload });
        assert_eq!(told(&mut node), [""; 0], "{seed}");
    }
    // Whatever comes later, by a table of somebody else, was missed.
    let missed = UserEvent { time: LamportTime::new(21), name: "missed", ..old };
    ask(&mut node, at(20), &table(false, &[], &state(22, &[], &[], &[old, missed]))).unwrap();
    assert_eq!(told(&mut node), ["missed"]);
}

/// What "a" at port 2 asks.
fn query<'a>(id: u32, name: &'a str, payload: &'a [u8]) -> Query<'a> {
    Query {
        time: LamportTime::new(3),
        id,
        address: address(2),
        source: "a",
        filters: serf::Filters::default(),
        wants_ack: false,
        no_broadcast: true,
        relay_factor: 0,
        timeout: seconds(5),
        name,
        payload,
    }
}

/// The payloads of the answers that the node sends to "a".
fn answers(node: &mut Node) -> Vec<Vec<u8>> {
    let payload = |message| {
        let Message::User { payload } = message else { return None };
        let Ok(serf::Message::Response(response)) = serf::Message::decode(payload) else {
            return None;
        };
        Some(response.payload.to_vec())
    };
    said(node, at(0)).into_iter().filter_map(payload).collect()
}

#[test]
fn where_a_member_is_is_answered_and_who_asks_about_us_is_not() {
    let mut node = serf_agent();
    deliver(&mut node, at(0), &[alive("a", 1, 2), alive("b", 1, 3)]);
    let_answer(&mut node, at(0), &["a"]);
    for (id, about) in [(1, "b"), (2, "me"), (3, "nobody")] {
        let asked = bytes(&serf::Message::Query(query(id, "_serf_conflict", about.as_bytes())));
        hear(&mut node, &asked);
    }
    let answers = answers(&mut node);
    let found: Vec<_> = answers.iter().map(|answer| Whereabouts::decode(answer).unwrap()).collect();
    assert_eq!(found.len(), 2);
    assert_eq!(found[0].as_ref().map(|found| (found.name, found.address)), Some(("b", address(3))));
    assert_eq!(found[1], None);
}

#[test]
fn a_query_that_overtakes_its_asker_is_answered_when_it_comes_again() {
    let mut node = serf_agent();
    deliver(&mut node, at(0), &[alive("b", 1, 3)]);
    let asked = bytes(&serf::Message::Query(query(1, "_serf_conflict", b"b")));
    for (told, count) in [(None, 0), (Some(alive("a", 1, 2)), 1), (None, 0)] {
        if let Some(told) = told {
            deliver(&mut node, at(0), &[told]);
            let_answer(&mut node, at(0), &["a"]);
        }
        hear(&mut node, &asked);
        assert_eq!(answers(&mut node).len(), count);
    }
    assert_eq!(
        (dropped(&node, DropReason::Stranger), dropped(&node, DropReason::OldEvent)),
        (1, 1)
    );
}

#[test]
fn key_queries_are_handed_to_the_driver_and_its_answer_is_sent_as_far_as_it_fits() {
    let mut node = serf_agent();
    deliver(&mut node, at(0), &[alive("a", 1, 2)]);
    let_answer(&mut node, at(0), &["a"]);
    let mut payload = Vec::new();
    KeyRequest { key: &[7; 32] }.encode(&mut payload);
    for (id, name) in [(1, "_serf_install-key"), (2, "_serf_list-keys")] {
        hear_sealed(&mut node, &bytes(&serf::Message::Query(query(id, name, &payload))));
    }
    assert!(
        events(&mut node).iter().all(|event| !matches!(event, Event::Query { .. })),
        "users see none of it"
    );
    let install = node.next_key_query().unwrap();
    assert_eq!((install.operation, &install.key[..]), (KeyOperation::Install, &[7; 32][..]));
    assert!(!format!("{install:?}").contains('7'), "{install:?}");
    let list = node.next_key_query().unwrap();
    assert_eq!(node.next_key_query(), None);
    let refused = KeyAnswer::refused("no".into());
    node.serf_mut().answer_keys(at(0), install.id, &refused).unwrap();
    let keys = vec!["k".repeat(44); 100];
    node.serf_mut().answer_keys(at(0), list.id, &KeyAnswer::listed(keys, String::new())).unwrap();
    let answers = answers(&mut node);
    let [refused, listed] = &answers[..] else { panic!("{answers:?}") };
    let refused = serf::KeyResponse::decode(refused).unwrap();
    assert_eq!((refused.is_done, refused.message), (false, "no"));
    let listed = serf::KeyResponse::decode(listed).unwrap();
    let shown = listed.keys.iter().count();
    assert!(
        (10..25).contains(&shown) && listed.message.contains(&format!("first {shown} of 100")),
        "{listed:?}"
    );
}

#[test]
fn key_queries_that_anybody_could_have_sent_are_neither_carried_out_nor_passed_on() {
    let mut node = serf_agent();
    deliver(&mut node, at(0), &[alive("a", 1, 2)]);
    says_until(&mut node, second(2));
    let mut payload = Vec::new();
    KeyRequest { key: &[7; 32] }.encode(&mut payload);
    let operations = ["install-key", "use-key", "remove-key", "list-keys"];
    for (id, operation) in (1..).zip(operations) {
        let asked =
            bytes(&serf::Message::Query(query(id, &format!("_serf_{operation}"), &payload)));
        node.handle_packet(at(0), address(2), &packet(&[Message::User { payload: &asked }]));
        assert_eq!((node.next_key_query(), node.queued_broadcasts()), (None, 0), "{operation}");
        hear_sealed(&mut node, &asked);
        assert!(node.next_key_query().is_some(), "{operation}: who has a key may ask the same");
        while node.queued_broadcasts() > 0 {
            step(&mut node);
            said(&mut node, at(0));
        }
    }
    assert_eq!(dropped(&node, DropReason::Unproven), 4);
    let stream = serf_stream(&bytes(&serf::Message::Query(query(9, "_serf_list-keys", &payload))));
    let request = ExchangeInput::Request {
        id: swim_core::ExchangeId(1),
        from: address(2).into(),
        payload: &stream,
    };
    node.handle_exchange(at(0), request);
    assert_eq!(
        (node.next_key_query(), dropped(&node, DropReason::Unproven)),
        (None, 5),
        "by a stream neither"
    );
}

fn serf_stream(payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    StreamMessage::User { payload }.encode(&mut bytes);
    bytes
}

#[test]
fn keys_are_asked_about_in_serf_s_words_and_this_node_is_asked_too() {
    let mut node = serf_agent();
    deliver(&mut node, at(0), &[alive("a", 1, 2)]);
    let id = node.serf_mut().query_keys(at(0), KeyOperation::Use, &[7; 32]).unwrap();
    let own = node.next_key_query().expect("this node is asked too");
    assert_eq!((own.operation, &own.key[..]), (KeyOperation::Use, &[7; 32][..]));
    node.serf_mut().answer_keys(at(0), own.id, &KeyAnswer::default()).unwrap();
    let answered =
        |event: &Event| matches!(event, Event::QueryResponse { id: to, .. } if *to == id);
    assert!(events(&mut node).iter().any(answered));
    let said = says_until(&mut node, second(1));
    let asks = |said: &Message<'_>| {
        let Message::User { payload } = *said else { return false };
        let Ok(serf::Message::Query(query)) = serf::Message::decode(payload) else { return false };
        query.name == "_serf_use-key"
    };
    assert!(said.iter().any(asks), "{said:?}");
}

#[test]
fn acks_to_members_carry_our_coordinate_as_serf_writes_it() {
    let mut node = serf_agent();
    deliver(&mut node, at(0), &[alive("a", 1, 2)]);
    let source = swim_core::wire::memberlist::Source { address: Some(address(2)), id: "a" };
    let ping = Message::Ping { sequence: swim_core::SequenceNumber::new(7), target: "me", source };
    deliver(&mut node, at(0), &[ping]);
    let origin = node.serf().coordinate().unwrap().to_serf();
    let ack = Message::Ack { sequence: swim_core::SequenceNumber::new(7), payload: &origin };
    let sent = sent(&mut node, at(0));
    assert!(sent.iter().any(|(to, said)| *to == address(2) && said.contains(&ack)), "{sent:?}");
}
