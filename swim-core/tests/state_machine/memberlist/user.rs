//! The application's bytes, in and out.

use std::sync::Arc;

use swim_core::wire::memberlist::{Message, StreamMessage};
use swim_core::{BroadcastError, Event, Status};

use super::harness::{alive, ask, deliver, node, row, said, sent, table};
use crate::harness::{address, at, events, run_until};

#[test]
fn a_user_message_in_a_packet_or_a_stream_is_told_as_it_came() {
    let mut node = node();
    deliver(&mut node, at(0), &[Message::User { payload: b"one" }]);
    let mut request = Vec::new();
    StreamMessage::User { payload: b"two" }.encode(&mut request);
    assert_eq!(ask(&mut node, at(0), &request), None, "it is not answered");
    let told = [b"one", b"two"]
        .map(|payload| Event::UserMessage { from: address(2), payload: Arc::from(&payload[..]) });
    assert_eq!(events(&mut node), told);
}

#[test]
fn a_broadcast_is_a_user_message_in_gossip_and_another_goes_to_one_address() {
    let mut node = node();
    deliver(&mut node, at(0), &[alive("a", 1, 5)]);
    node.broadcast(at(0), b"for all").unwrap();
    node.send_user_message(address(9), b"for one").unwrap();
    let message = |text: &'static str| Message::User { payload: text.as_bytes() };
    assert!(sent(&mut node, at(0)).contains(&(address(9), vec![message("for one")])));
    node.handle_timeout(at(0));
    assert!(said(&mut node, at(0)).contains(&message("for all")));
    let long = [0; 1_025];
    assert_eq!(
        node.send_user_message(address(9), &long),
        Err(BroadcastError::TooLong { len: 1_025, max: 1_024 })
    );
}

#[test]
fn the_application_s_state_travels_beside_tables_both_ways() {
    let mut node = node();
    node.set_user_state(b"ours");
    let answer =
        ask(&mut node, at(0), &table(true, &[row("a", 1, Status::Alive, 5)], b"theirs")).unwrap();
    assert!(
        matches!(StreamMessage::decode(&answer), Ok(StreamMessage::PushPull(answer)) if answer.user_state == b"ours")
    );
    let told = Event::UserState { is_join: true, payload: Arc::from(&b"theirs"[..]) };
    assert!(events(&mut node).contains(&told));
}

#[test]
#[should_panic(expected = "only memberlist's wire")]
fn the_native_wire_has_no_user_messages_to_one_address() {
    let mut native = crate::harness::node();
    run_until(&mut native, at(0));
    let _ = native.send_user_message(address(9), b"");
}
