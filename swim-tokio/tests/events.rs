//! User events, queries, tags and estimated round trips over real sockets, with async and without.

mod harness;

use std::time::Duration;

use harness::{builder, chain, event, name, start, until, until_all_know_all};
use swim_core::RespondError;
use swim_tokio::{Answer, CallError, Config, Event, Query, Runtime, Tags, blocking};

/// Answers every question of that name with the node's own name, for as long as it is asked.
fn answer(node: &Runtime, wanted: &'static str) -> tokio::task::JoinHandle<()> {
    let (node, mut notices) = (node.clone(), node.subscribe());
    tokio::spawn(async move {
        while let Some(notice) = notices.next().await {
            if let swim_tokio::Notice::Event(Event::Query { id, name, .. }) = notice
                && &*name == wanted
            {
                node.respond(id, node.id().as_str()).await.unwrap();
            }
        }
    })
}

#[tokio::test]
async fn an_event_reaches_everyone_and_the_reaction_to_it_is_later() {
    let nodes = chain(4).await;
    until_all_know_all(&nodes).await;
    let mut notices: Vec<_> = nodes.iter().map(Runtime::subscribe).collect();
    let cause = nodes[0].send_user_event("deploy", "v1", true).await.unwrap();
    for notices in &mut notices {
        let heard = event(notices, "the event", |event| match event {
            Event::UserEvent { time, from, name, payload, coalesce: true }
                if &**name == "deploy" =>
            {
                Some((*time, from.clone().unwrap().to_string(), payload.to_vec()))
            }
            _ => None,
        });
        assert_eq!(heard.await, (cause, "node-00".to_owned(), b"v1".to_vec()));
    }
    let effect = nodes[3].send_user_event("deployed", "", false).await.unwrap();
    assert!(effect > cause);
    let error = nodes[0].send_user_event("long", vec![0; 600], false).await.unwrap_err();
    assert!(error.to_string().contains("512 are allowed"), "{error}");
}

#[tokio::test]
async fn a_question_is_answered_by_all_or_by_those_whose_tags_match() {
    let nodes = chain(3).await;
    until_all_know_all(&nodes).await;
    nodes[1].set_tags(&Tags::from_iter([("role", "web")])).await.unwrap();
    until("the tags are known", || {
        nodes[0].tags("node-01").is_some_and(|tags| tags.get("role") == Some("web"))
    })
    .await;
    let answering: Vec<_> = nodes.iter().map(|node| answer(node, "who?")).collect();
    let mut answers = nodes[0].query(Query::new("who?").wants_acks()).await.unwrap();
    let (mut acks, mut responses) = (Vec::new(), Vec::new());
    while let Some(answer) = answers.next().await {
        match answer {
            Answer::Ack(from) => acks.push(from.to_string()),
            Answer::Response { from, payload } => {
                assert_eq!(from.as_bytes(), &*payload);
                responses.push(from.to_string());
            }
        }
    }
    acks.sort_unstable();
    responses.sort_unstable();
    let all: Vec<_> = (0..3).map(name).collect();
    assert_eq!((&acks, &responses), (&all, &all));

    let web = Query::new("who?").tag("role", "^web$").timeout(Duration::from_secs(1));
    let responses = nodes[2].query(web).await.unwrap().responses().await;
    assert_eq!(responses.iter().map(|(from, _)| &**from).collect::<Vec<_>>(), ["node-01"]);
    let one = Query::new("who?").node("node-02");
    assert_eq!(
        nodes[0].query(one).await.unwrap().responses().await.len(),
        1,
        "it is over when that one has answered"
    );
    let error = nodes[0].query(Query::new("who?").tag("role", "(")).await.unwrap_err();
    assert!(error.to_string().contains("tag 1"), "{error}");
    answering.iter().for_each(tokio::task::JoinHandle::abort);
}

#[tokio::test]
async fn an_answer_counts_once_and_a_question_ends_with_its_node() {
    let node = start("alone", [""; 0]).await;
    let mut notices = node.subscribe();
    let mut answers =
        node.query(Query::new("anyone?").timeout(Duration::from_secs(600))).await.unwrap();
    let id = event(&mut notices, "a question", |event| match event {
        Event::Query { id, .. } => Some(*id),
        _ => None,
    })
    .await;
    node.respond(id, "me").await.unwrap();
    assert_eq!(
        node.respond(id, "again").await,
        Err(CallError::Refused(RespondError::UnknownQuery))
    );
    assert!(matches!(answers.next().await, Some(Answer::Response { .. })));
    assert_eq!(answers.next().await, None, "everyone has answered");
    let mut answers =
        node.query(Query::new("anyone?").timeout(Duration::from_secs(600))).await.unwrap();
    node.shutdown().await;
    assert_eq!(answers.next().await, None);
}

#[tokio::test]
async fn nodes_find_out_how_near_the_others_are() {
    let config = Config { max_coordinates: 16, ..Config::local() };
    let one = builder("one").config(config.clone()).start().await.unwrap();
    let two = builder("two").config(config).seed(one.local_address()).start().await.unwrap();
    until("round trips are estimated", || two.estimated_round_trip("one", "two").is_some()).await;
    assert!(two.estimated_round_trip("one", "two").unwrap() < Duration::from_secs(10));
    assert_eq!(two.nearest(5).len(), 1);
    assert!(two.coordinate("one").is_some() && two.coordinate("nobody").is_none());
    let without = start("three", [one.local_address()]).await;
    until("it is known", || one.member("three").is_some()).await;
    assert_eq!((without.coordinate("three"), without.nearest(5).len()), (None, 0));
}

#[test]
fn without_async_the_answers_are_an_iterator() {
    let start = |id: &str| {
        blocking::Runtime::builder().id(id).config(Config::local()).start_blocking().unwrap()
    };
    let (one, two) = (start("one"), start("two"));
    assert_eq!(two.join([one.local_address()]), Ok(2));
    let mut notices = one.subscribe();
    let answering = one.clone();
    let answerer = std::thread::spawn(move || {
        while let Ok(notice) = notices.next_timeout(Duration::from_secs(30)) {
            if let swim_tokio::Notice::Event(Event::Query { id, .. }) = notice {
                return answering.respond(id, "here").unwrap();
            }
        }
        panic!("it is never asked");
    });
    let answers: Vec<_> = two.query(Query::new("one?").node("one")).unwrap().collect();
    assert!(
        matches!(&answers[..], [Answer::Response { from, payload }] if &**from == "one" && &**payload == b"here")
    );
    answerer.join().unwrap();
    assert!(two.send_user_event("done", "", false).unwrap().get() > 0);
    two.set_tags(&Tags::from_iter([("role", "db")])).unwrap();
    assert!(two.tags("two").is_some());
    assert_eq!(
        (two.estimated_round_trip("one", "two"), two.nearest(1).len(), two.coordinate("two")),
        (None, 0, None)
    );
}
