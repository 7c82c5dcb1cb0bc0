//! Nodes on memberlist's wire among themselves, and bad guests at their port. `interop` has them
//! next to other programs.
#![cfg(feature = "memberlist")]

mod harness;

use std::time::Duration;

use harness::{alive, event, until, until_all_know_all};
use swim_tokio::swim_core::wire::memberlist::{Label, StreamMessage};
use swim_tokio::{
    Builder, Config, Event, Keyring, Memberlist, Runtime, SerfKeyChange, Status, generate_key,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};

/// A node with little patience for streams.
fn builder(id: &str) -> Builder {
    let mut settings = Memberlist::plain();
    settings.stream_timeout = Duration::from_secs(2);
    Runtime::builder().id(id).config(Config::local()).memberlist(settings)
}

async fn pair() -> [Runtime; 2] {
    let one = builder("one").start().await.unwrap();
    let two = builder("two").seed(one.local_address()).start().await.unwrap();
    let nodes = [one, two];
    until_all_know_all(&nodes).await;
    nodes
}

#[tokio::test]
async fn nodes_find_each_other_and_notice_a_death_and_a_leave() {
    let [one, two] = pair().await;
    let three = builder("three").seed(two.local_address()).start().await.unwrap();
    until("all know all", || [&one, &two, &three].iter().all(|node| alive(node) == 3)).await;
    two.leave().await.unwrap();
    until("two has left", || harness::status(&one, "two") == Some(Status::Left)).await;
    three.shutdown().await;
    until("three is dead", || harness::status(&one, "three") == Some(Status::Dead)).await;
}

#[tokio::test]
async fn a_broadcast_arrives_as_a_user_message() {
    let [one, two] = pair().await;
    let mut heard = two.subscribe();
    one.broadcast("hello").await.unwrap();
    let payload = event(&mut heard, "the message", |event| match event {
        Event::UserMessage { payload, .. } => Some(payload.to_vec()),
        _ => None,
    });
    assert_eq!(payload.await, b"hello");
}

/// What the node answers on a stream, until it closes it.
async fn answer(node: &Runtime, request: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(node.local_address()).await.unwrap();
    stream.write_all(request).await.unwrap();
    let mut answer = Vec::new();
    // A reset says as much as an end.
    let _ = stream.read_to_end(&mut answer).await;
    answer
}

#[tokio::test]
async fn what_is_no_message_is_told_so_and_what_never_ends_is_closed() {
    let [one, two] = pair().await;
    let error = answer(&one, b"\x63noise").await;
    assert_eq!(error.first(), Some(&9), "the answer is compressed, as all that is sent on streams");
    assert_eq!(
        answer(&one, b"\x06\x83").await,
        b"",
        "half a table is waited for, and not for ever"
    );
    assert_eq!(answer(&one, b"\xf4\x03red\x00\x80").await, b"", "another label is not spoken to");
    // A table of a billion rows, and a message of four gigabytes.
    assert_ne!(
        answer(&one, b"\x06\x83\xa4Join\xc2\xa5Nodes\xce\x3b\x9a\xca\x00\xacUserStateLen\x00")
            .await,
        b""
    );
    assert_ne!(answer(&one, b"\x08\x81\xaaUserMsgLen\xce\xff\xff\xff\xff").await, b"");
    until("all is counted", || {
        let transport = one.metrics().transport;
        transport.timed_out >= 1 && transport.unopened >= 1 && transport.malformed >= 1
    })
    .await;
    assert!(alive(&one) == 2 && alive(&two) == 2, "the two went on");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn silent_streams_from_one_or_many_addresses_make_room_and_keep_no_newcomer_out() {
    let [one, _two] = pair().await;
    let mut ping = Vec::new();
    let sequence = swim_core::SequenceNumber::new(7);
    let source = swim_core::wire::memberlist::Source::default();
    StreamMessage::Ping { sequence, target: "one", source }.encode(&mut ping);
    let mut guests = Vec::new();
    for addresses in [1, 10] {
        for number in 0..140 {
            let socket = tokio::net::TcpSocket::new_v4().unwrap();
            socket.bind(([127, 0, 0, 10 + number % addresses], 0).into()).unwrap();
            guests.push(socket.connect(one.local_address()).await.unwrap());
        }
        assert_ne!(answer(&one, &ping).await, b"");
    }
    let closed = one.metrics().transport.unproven_closed;
    assert!(closed >= 140 - 32, "{closed} were closed");
    until("the others are closed in time", || {
        let transport = one.metrics().transport;
        transport.timed_out + transport.unproven_closed >= 280
    })
    .await;
}

#[tokio::test]
async fn noise_and_other_labels_in_datagrams_do_no_harm() {
    let [one, two] = pair().await;
    let guest = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let before = one.metrics().transport.unopened;
    for noise in [&b"\xf4\x03red\x00\x80"[..], b"\xf4", b"", b"\x07\xff", &[9; 1_400], &[0; 60_000]]
    {
        guest.send_to(noise, one.local_address()).await.unwrap();
    }
    until("the labels are counted", || one.metrics().transport.unopened >= before + 2).await;
    let labelled = Memberlist::plain().label(Label::new("red").unwrap());
    let red = Runtime::builder()
        .id("red")
        .memberlist(labelled)
        .seed(one.local_address())
        .start()
        .await
        .unwrap();
    until("it is refused", || red.metrics().protocol.exchanges_failed >= 1).await;
    assert_eq!((alive(&one), alive(&two), red.members().len()), (2, 2, 1));
}

#[tokio::test]
async fn answers_about_keys_go_to_who_asked_and_to_no_subscriber() {
    let key = generate_key().unwrap();
    let builder = |id: &str| {
        let keyring = Keyring::new(key.clone());
        Runtime::builder()
            .id(id)
            .config(Config::local())
            .memberlist(Memberlist::serf().keyring(keyring))
    };
    let one = builder("one").start().await.unwrap();
    let two = builder("two").seed(one.local_address()).start().await.unwrap();
    let nodes = [one, two];
    until_all_know_all(&nodes).await;
    let mut heard = nodes[0].subscribe();
    let answers = nodes[0].change_serf_keys(&SerfKeyChange::List).await.unwrap();
    assert!(
        answers.len() == 2 && answers.iter().all(|(_, answer)| answer.keys == [key.id()]),
        "{answers:?}"
    );
    let responses = event(&mut heard, "the end of the query", |event| match event {
        Event::QueryResponse { payload, .. } => {
            panic!("a subscriber is told {} bytes", payload.len())
        }
        Event::QueryFinished { responses, .. } => Some(*responses),
        _ => None,
    });
    assert_eq!(responses.await, 2);
}
