//! The handle's calls: what they answer, what they refuse and in which words, and how a node ends.

mod harness;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use harness::{PATIENCE, alive, builder, chain, event, name, start, until, until_all_know_all};
use swim_tokio::{
    Answer, CallError, Config, Event, ExchangeFailure, JoinError, Notice, Query, Runtime,
    SeedFailure, StartError, Stopped, TcpConfig,
};

fn free_port() -> SocketAddr {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

async fn start_error(builder: swim_tokio::Builder) -> StartError {
    builder.start().await.expect_err("it starts")
}

#[tokio::test]
async fn an_address_in_use_is_an_error_that_says_so() {
    let node = start("one", [""; 0]).await;
    let error = start_error(builder("two").bind(node.local_address())).await;
    assert!(matches!(error, StartError::Bind { address, .. } if address == node.local_address()));
    assert!(
        error.to_string().contains("in use: stop what listens there, or take another port"),
        "{error}"
    );
}

#[tokio::test]
async fn what_cannot_start_says_what_to_do() {
    let any: SocketAddr = "0.0.0.0:0".parse().unwrap();
    let config = Config { probe_timeout: Duration::ZERO, ..Config::local() };
    let tcp = TcpConfig { max_dialed: 0, ..TcpConfig::default() };
    for (broken, words) in [
        (builder(""), "the name is empty: give every node a name"),
        (builder(&"x".repeat(256)), "the longest allowed is 255"),
        (builder("a").bind(any), "advertise the address at which the others reach this node"),
        (
            builder("a").bind("192.0.2.1:0".parse().unwrap()),
            "this machine does not have that address",
        ),
        (builder("a").seed("localhost"), "write an address (10.0.0.1:7946"),
        (
            builder("a").seeds((1..=257).map(|port| format!("seed-{port}.invalid:{port}"))),
            "max_seeds allows 256 seeds",
        ),
        (builder("a").config(config), "probe_timeout is zero"),
        (builder("a").tcp(tcp), "max_dialed is zero"),
        (builder("a").metadata(vec![0; 513]), "max_metadata_size allows 512"),
        (
            builder("a").cluster(""),
            "the cluster's name has 0 bytes and must have between 1 and 255",
        ),
    ] {
        let error = start_error(broken).await;
        assert!(error.to_string().contains(words), "{error}");
    }
}

#[tokio::test]
async fn a_node_that_listens_everywhere_is_reached_where_it_says() {
    let loopback: SocketAddr = "127.0.0.1:0".parse().unwrap();
    let one = builder("one")
        .bind("0.0.0.0:0".parse().unwrap())
        .advertise(loopback)
        .start()
        .await
        .unwrap();
    assert_eq!(one.advertised_address().port(), one.local_address().port());
    let two = start("two", [one.advertised_address()]).await;
    until_all_know_all(&[one, two]).await;
}

#[tokio::test]
async fn nodes_meet_over_ipv6_too() {
    let loopback: SocketAddr = "[::1]:0".parse().unwrap();
    if std::net::TcpListener::bind(loopback).is_err() {
        println!("this machine has no IPv6");
        return;
    }
    let one = builder("one").bind(loopback).start().await.unwrap();
    let two = builder("two").bind(loopback).seed(one.local_address()).start().await.unwrap();
    until_all_know_all(&[one, two]).await;
}

#[tokio::test]
async fn a_join_tells_how_many_members_there_are_or_why_no_seed_answered() {
    let nodes = chain(2).await;
    until_all_know_all(&nodes).await;
    let third = start("third", [""; 0]).await;
    let absent = free_port();
    assert_eq!(third.join([absent, nodes[0].local_address()]).await, Ok(3));

    let lonely = start("lonely", [""; 0]).await;
    let error = lonely.join([absent]).await.unwrap_err();
    let failure = (absent.to_string().into(), SeedFailure::Exchange(ExchangeFailure::Refused));
    assert_eq!(error, JoinError::NoneAnswered(vec![failure]));
    assert!(error.to_string().contains("nothing listens there"), "{error}");
    let error = lonely.join([lonely.local_address()]).await.unwrap_err();
    assert!(error.to_string().contains("that address is our own"), "{error}");
    assert_eq!(lonely.join([""; 0]).await, Err(JoinError::NoSeeds));
    assert!(matches!(lonely.join(["nonsense"]).await, Err(JoinError::Seed(_))));
    let many: Vec<_> = (1..300).map(|port| format!("127.0.0.1:{port}")).collect();
    assert!(matches!(lonely.join(many).await, Err(JoinError::Refused(_))));
}

#[tokio::test]
async fn seeds_by_host_name_are_looked_up_and_a_failed_lookup_is_seen() {
    let one = start("one", [""; 0]).await;
    let two = start("two", [format!("localhost:{}", one.local_address().port())]).await;
    until_all_know_all(&[one.clone(), two]).await;

    let three = start("three", [""; 0]).await;
    let mut notices = three.subscribe();
    let error = three.join(["nowhere.invalid:7946"]).await.unwrap_err();
    assert!(error.to_string().contains("nowhere.invalid:7946: no address"), "{error}");
    for _ in 0..2 {
        let unresolved = async {
            loop {
                if let Some(Notice::SeedUnresolved { seed, .. }) = notices.next().await {
                    return seed;
                }
            }
        };
        assert_eq!(
            &*tokio::time::timeout(PATIENCE, unresolved).await.unwrap(),
            "nowhere.invalid:7946"
        );
    }
    assert_eq!(three.join([format!("localhost:{}", one.local_address().port())]).await, Ok(3));
}

#[tokio::test]
async fn a_slow_subscriber_lags_and_is_told_and_the_node_goes_on() {
    let node = builder("one").notice_capacity(4).start().await.unwrap();
    let mut slow = node.subscribe();
    let mut peers = Vec::new();
    for number in 0..6 {
        peers.push(start(&name(number), [node.local_address()]).await);
    }
    until("all have joined", || alive(&node) == 7).await;
    let mut joined = 0;
    let missed = loop {
        match slow.try_next() {
            Some(Notice::Lagged { missed }) => break missed,
            Some(_) => joined += 1,
            None => panic!("no word of the loss after {joined} notices"),
        }
    };
    assert_eq!(joined, 4);
    assert!(missed >= 2, "{missed}");
    until("the first of them knows it too", || peers[0].member("one").is_some()).await;
    // On a busy machine an answer may come too late.
    let answered = async { while peers[0].ping("one").await.unwrap().is_none() {} };
    tokio::time::timeout(PATIENCE, answered).await.expect("an answer to a ping");
    peers[0].broadcast("still there?").await.unwrap();
    let heard = |event: &Event| matches!(event, Event::Broadcast { .. }).then_some(());
    event(&mut slow, "a broadcast after the loss", heard).await;
}

#[tokio::test]
async fn dropping_the_last_handle_ends_all_and_frees_the_port() {
    let node = start("one", [""; 0]).await;
    let other = start("two", [node.local_address()]).await;
    until_all_know_all(&[node.clone(), other]).await;
    let address = node.local_address();
    let mut events = node.subscribe();
    let second = node.clone();
    drop(node);
    assert_eq!(second.set_metadata("still here").await, Ok(()));
    drop(second);
    let end = async { while events.next().await.is_some() {} };
    tokio::time::timeout(PATIENCE, end).await.expect("the subscription ends");
    let deadline = Instant::now() + PATIENCE;
    while let Err(error) = builder("one").bind(address).start().await {
        assert!(Instant::now() < deadline, "{error}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

#[tokio::test]
async fn after_a_shutdown_the_port_is_free_at_once_and_calls_say_that_the_node_has_stopped() {
    let nodes = chain(3).await;
    until_all_know_all(&nodes).await;
    let address = nodes[1].local_address();
    nodes[1].shutdown().await;
    let again = builder("again").bind(address).start().await;
    assert!(again.is_ok(), "{again:?}");
    assert_eq!(nodes[1].leave().await, Err(Stopped));
    assert_eq!(nodes[1].join([address]).await, Err(JoinError::Stopped));
    assert_eq!(nodes[1].broadcast("x").await, Err(CallError::Stopped));
    assert_eq!(nodes[1].set_metadata("x").await, Err(CallError::Stopped));
    assert_eq!(nodes[1].ping("node-00").await, Err(CallError::Stopped));
    nodes[1].shutdown().await;
    assert_eq!(nodes[1].subscribe().next().await, None);
    assert_eq!(nodes[1].members().len(), 3, "what was known can still be read");
}

#[tokio::test]
async fn leave_and_shutdown_are_bounded_in_time_even_when_nobody_listens() {
    let mut nodes = chain(3).await;
    until_all_know_all(&nodes).await;
    let last = nodes.pop().unwrap();
    nodes.clear();
    let begun = Instant::now();
    let (one, two) = tokio::join!(last.leave(), last.leave());
    assert_eq!((one, two), (Ok(()), Ok(())));
    assert_eq!(last.leave().await, Ok(()), "a node that has left has nothing more to wait for");
    last.shutdown().await;
    // leave_timeout of the local preset is 2 s; half a second each to write what waits and to
    // close.
    let took = begun.elapsed();
    assert!(took < Duration::from_secs(6), "{took:?}");
}

#[tokio::test]
async fn what_the_protocol_refuses_comes_back_in_its_words() {
    let node = start("one", [""; 0]).await;
    let error = node.broadcast(vec![0; 513]).await.unwrap_err();
    assert!(error.to_string().contains("513 bytes"), "{error}");
    let error = node.set_metadata(vec![0; 513]).await.unwrap_err();
    assert!(error.to_string().contains("max_metadata_size allows 512"), "{error}");
    let error = node.ping("one").await.unwrap_err();
    assert!(error.to_string().contains("this node's own"), "{error}");
    node.leave().await.unwrap();
    assert!(matches!(node.broadcast("x").await, Err(CallError::Refused(_))));
}

#[tokio::test]
async fn the_metrics_count_both_the_protocol_and_the_transport() {
    let nodes = chain(2).await;
    until_all_know_all(&nodes).await;
    until("a probe is answered", || {
        nodes.iter().all(|node| node.metrics().protocol.probes_acked > 0)
    })
    .await;
    let metrics = nodes[0].metrics();
    assert_eq!((metrics.active_members, metrics.health, nodes[0].health()), (2, 0, 0));
    let transport = metrics.transport;
    assert!(transport.frames_sent > 0 && transport.frames_received > 0, "{transport:?}");
    assert!(
        transport.bytes_sent > transport.frames_sent * 5
            && transport.accepted + transport.dialed > 0
    );
    assert_eq!((transport.malformed, transport.oversized, transport.packets_dropped), (0, 0, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn handles_are_of_use_on_every_thread() {
    let nodes = chain(3).await;
    until_all_know_all(&nodes).await;
    let calls = nodes.iter().cloned().map(|node: Runtime| {
        tokio::spawn(async move {
            node.broadcast("from another thread").await.unwrap();
            node.members().len()
        })
    });
    for call in calls.collect::<Vec<_>>() {
        assert_eq!(call.await.unwrap(), 3);
    }
}

#[tokio::test]
async fn a_failed_member_is_declared_left_and_forgotten_and_the_table_shows_it() {
    let mut nodes = chain(3).await;
    until_all_know_all(&nodes).await;
    until("round trips are measured", || nodes[0].round_trip(&name(2)).is_some()).await;
    assert_eq!(nodes[0].round_trip(&name(0)), None, "nobody probes itself");
    let alive = nodes[0].force_leave(&name(2), true).await.expect_err("it is alive");
    assert!(alive.to_string().contains("is alive and would refute"), "{alive}");
    nodes.pop().unwrap().shutdown().await;
    let seen = |node: &Runtime| node.member(&name(2)).map(|member| member.status());
    until("it fails at both", || {
        nodes.iter().all(|node| seen(node) == Some(swim_tokio::Status::Dead))
    })
    .await;
    assert_eq!(nodes[0].round_trip(&name(2)), None, "of the dead there is none");
    nodes[0].force_leave(&name(2), true).await.unwrap();
    until("it is forgotten", || seen(&nodes[0]).is_none()).await;
    until("the other is told", || seen(&nodes[1]) == Some(swim_tokio::Status::Left)).await;
}

#[tokio::test]
async fn an_event_reaches_everyone_and_a_query_s_answers_reach_who_asked() {
    let nodes = chain(3).await;
    until_all_know_all(&nodes).await;
    let mut told: Vec<_> = nodes.iter().map(Runtime::subscribe).collect();
    nodes[0].send_user_event("deploy", "17", false).await.unwrap();
    for told in &mut told {
        let heard = event(told, "the event", |event| match event {
            Event::UserEvent { name, payload, .. } => Some((name.to_string(), payload.to_vec())),
            _ => None,
        });
        assert_eq!(heard.await, ("deploy".to_owned(), b"17".to_vec()));
    }
    let query = Query::new("load").payload("now").wants_acks().node(name(1)).node(name(2));
    let mut answers = nodes[0].query(query).await.unwrap();
    let id = event(&mut told[2], "the query", |event| match event {
        Event::Query { id, name, .. } if &**name == "load" => Some(*id),
        _ => None,
    });
    nodes[2].respond(id.await, "0.5").await.unwrap();
    let (mut acks, mut responses) = (Vec::new(), Vec::new());
    while let Some(answer) = answers.next().await {
        match answer {
            Answer::Ack(from) => acks.push(from.to_string()),
            Answer::Response { from, payload } => {
                responses.push((from.to_string(), payload.to_vec()));
            }
        }
    }
    acks.sort();
    assert_eq!(acks, [name(1), name(2)], "the one who is not asked is silent");
    assert_eq!(responses, [(name(2), b"0.5".to_vec())]);
    let refused = nodes[1].query(Query::new("load").tag("role", "(")).await;
    assert!(matches!(refused, Err(CallError::Refused(_))));
}
