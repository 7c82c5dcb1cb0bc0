//! What serf has above membership, among its agents: departures, tags, events, queries, keys and
//! round trips.

use std::time::Duration;

use swim_tokio::{
    Event, Memberlist, Notice, Query, Runtime, Status, Subscription, Tags, generate_key,
    key_to_base64,
};

use crate::ours::{Agent, beside_serf, node, sees, status};
use crate::process::until;
use crate::serf::Serf;

/// The next notice that `wanted` makes something of.
async fn hear<T>(notices: &mut Subscription, mut wanted: impl FnMut(&Event) -> Option<T>) -> T {
    let search = async {
        loop {
            match notices.next().await {
                Some(Notice::Event(event)) => {
                    if let Some(found) = wanted(&event) {
                        return found;
                    }
                }
                Some(_) => {}
                None => panic!("the node has stopped"),
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(60), search).await.expect("it is heard")
}

/// A serf agent and a node of ours that know each other.
async fn pair(options: &[&str]) -> (Serf, Runtime) {
    let serf = Serf::start("serf-1", options).await;
    let ours = beside_serf("ours", serf.address).await;
    until("we know serf", || sees(&ours, "serf-1", serf.address)).await;
    until("serf knows us", || serf.sees("ours", ours.local_address())).await;
    (serf, ours)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_of_ours_that_leaves_shows_as_left_and_one_of_serf_s_too() {
    let (serf, ours) = pair(&[]).await;
    let second = Serf::start("serf-2", &[&format!("-join={}", serf.address)]).await;
    until("we know the second serf", || sees(&ours, "serf-2", second.address)).await;
    second.command("leave", &[]);
    until("we see it left", || status(&ours, "serf-2") == Some(Status::Left)).await;
    ours.leave().await.unwrap();
    until("serf sees us left", || serf.status("ours").as_deref() == Some("left")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agent_of_ours_without_tags_has_none_for_serf() {
    let serf = Serf::start("serf-1", &[]).await;
    let ours = Agent::start("ours", serf.address, &[]).await;
    until("serf knows us", || serf.sees("ours", ours.address)).await;
    assert_eq!(serf.tags("ours"), serde_json::json!({}));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn past_events_are_not_told_to_who_joins_a_lonely_node_first() {
    let serf = Serf::start("serf-1", &[]).await;
    let lonely = Serf::start("lonely", &[]).await;
    assert!(serf.command("event", &["old", "payload"]).0);
    let ours = node("ours", Memberlist::serf()).start().await.unwrap();
    let mut notices = ours.subscribe();
    ours.join([lonely.address]).await.unwrap();
    ours.join([serf.address]).await.unwrap();
    until("we know serf", || sees(&ours, "serf-1", serf.address)).await;
    until("serf knows us", || serf.sees("ours", ours.local_address())).await;
    assert!(serf.command("event", &["new", "payload"]).0);
    let first = hear(&mut notices, |event| match event {
        Event::UserEvent { name, .. } => Some(name.to_string()),
        _ => None,
    });
    assert_eq!(first.await, "new");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_as_long_as_serf_is_set_to_send_is_heard() {
    let limits = std::env::temp_dir().join(format!("swim-limits-{}.json", std::process::id()));
    std::fs::write(&limits, r#"{"user_event_size_limit": 4096}"#).unwrap();
    let (serf, ours) = pair(&[&format!("-config-file={}", limits.display())]).await;
    let mut notices = ours.subscribe();
    assert!(serf.command("event", &["long", &"x".repeat(1_000)]).0);
    let heard = hear(&mut notices, |event| match event {
        Event::UserEvent { payload, .. } => Some(payload.len()),
        _ => None,
    });
    assert_eq!(heard.await, 1_000);
    std::fs::remove_file(limits).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_failed_and_is_forced_to_leave_at_either_side_has_left_at_both() {
    let (serf, ours) = pair(&[]).await;
    for (name, forces_serf) in [("serf-2", true), ("serf-3", false)] {
        let failing = Serf::start(name, &[&format!("-join={}", serf.address)]).await;
        until("we know it", || sees(&ours, name, failing.address)).await;
        drop(failing); // It is killed.
        until("both see that it failed", || {
            serf.status(name).as_deref() == Some("failed")
                && status(&ours, name) == Some(Status::Dead)
        })
        .await;
        if forces_serf {
            serf.command("force-leave", &[name]);
        } else {
            ours.force_leave(name, false).await.unwrap();
        }
        until("it has left at ours", || status(&ours, name) == Some(Status::Left)).await;
        until("it has left at serf's", || serf.status(name).as_deref() == Some("left")).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tags_are_seen_on_both_sides_and_when_they_change() {
    let (serf, ours) = pair(&["-tag=role=web", "-tag=dc=eu"]).await;
    let theirs = Tags::from_iter([("role", "web"), ("dc", "eu")]);
    until("we see serf's tags", || ours.tags("serf-1") == Some(theirs.clone())).await;
    ours.set_tags(&Tags::from_iter([("role", "db"), ("made", "by us")])).await.unwrap();
    until("serf sees our tags", || {
        let (_, output) =
            serf.command("members", &["-tag", "role=^db$", "-tag", "made=by us", "-name=ours"]);
        output.contains("made=by us")
    })
    .await;
    let (set, output) = serf.command("tags", &["-set", "role=cache"]);
    assert!(set, "{output}");
    until("we see serf's new tag", || {
        ours.tags("serf-1")
            .is_some_and(|tags| tags.get("role") == Some("cache") && tags.get("dc") == Some("eu"))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_of_serf_reach_us_and_ours_reach_serf_each_once() {
    let (serf, ours) =
        pair(&["-event-handler=user:from-us=echo heard-$SERF_USER_LTIME-$(cat)"]).await;
    let mut notices = ours.subscribe();
    let (sent, output) = serf.command("event", &["-coalesce=false", "from-serf", "hello"]);
    assert!(sent, "{output}");
    let time = hear(&mut notices, |event| match event {
        Event::UserEvent { time, from: None, name, payload, coalesce: false }
            if &**name == "from-serf" =>
        {
            assert_eq!(&**payload, b"hello");
            Some(*time)
        }
        _ => None,
    })
    .await;
    let answer = ours.send_user_event("from-us", "hi", false).await.unwrap();
    assert!(answer > time, "ours is later than what we had heard");
    let heard = format!("heard-{answer}-hi");
    until("serf's handler runs", || serf.process.log().contains(&heard)).await;
    assert_eq!(serf.process.log().matches(&heard).count(), 1);
    // Both pass everything on; another event tells when the first one has gone round.
    serf.command("event", &["-coalesce=false", "last", ""]);
    let mut again = 0;
    hear(&mut notices, |event| match event {
        Event::UserEvent { name, .. } if &**name == "last" => Some(()),
        Event::UserEvent { name, .. } if &**name == "from-serf" => {
            again += 1;
            None
        }
        _ => None,
    })
    .await;
    assert_eq!(again, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn queries_of_serf_are_answered_by_us_and_ours_by_serf() {
    let (serf, ours) = pair(&["-event-handler=query:whoami=echo serf", "-tag=role=web"]).await;
    ours.set_tags(&Tags::from_iter([("role", "db")])).await.unwrap();
    let mut notices = ours.subscribe();
    let answering = ours.clone();
    let answerer = tokio::spawn(async move {
        loop {
            let id = hear(&mut notices, |event| match event {
                Event::Query { id, name, .. } if &**name == "whoami" => Some(*id),
                _ => None,
            })
            .await;
            answering.respond(id, "ours").await.unwrap();
        }
    });
    until("serf knows our tags", || {
        serf.command("members", &["-tag", "role=db"]).1.contains("ours")
    })
    .await;
    let asked = tokio::task::block_in_place(|| {
        serf.command("query", &["-timeout=3s", "-format=json", "whoami"])
    });
    let answers: serde_json::Value = serde_json::from_str(&asked.1).expect("JSON");
    assert_eq!(
        (&answers["Responses"]["ours"], &answers["Responses"]["serf-1"]),
        (&"ours".into(), &"serf\n".into())
    );
    assert_eq!(answers["Acks"].as_array().map(Vec::len), Some(2), "{answers}");
    let only = ["-timeout=3s", "-format=json", "-tag", "role=^d.$", "whoami"];
    let asked = tokio::task::block_in_place(|| serf.command("query", &only));
    let answers: serde_json::Value = serde_json::from_str(&asked.1).expect("JSON");
    assert_eq!(answers["Responses"], serde_json::json!({ "ours": "ours" }), "{answers}");

    let mut responses = ours.query(Query::new("whoami")).await.unwrap().responses().await;
    responses.sort();
    let texts: Vec<_> = responses.iter().map(|(from, text)| (&**from, &**text)).collect();
    assert_eq!(texts, [("ours", &b"ours"[..]), ("serf-1", b"serf\n")]);
    let web = Query::new("whoami").tag("role", "^web$").timeout(Duration::from_secs(3));
    let responses = ours.query(web).await.unwrap().responses().await;
    assert_eq!(responses.len(), 1);
    answerer.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn serf_reaches_all_and_estimates_round_trips_to_us() {
    let (serf, ours) = pair(&[]).await;
    let (reached, output) = tokio::task::block_in_place(|| serf.command("reachability", &[]));
    assert!(reached && output.contains("Successfully contacted all live nodes"), "{output}");
    until("serf knows our coordinate", || serf.command("rtt", &["ours", "serf-1"]).0).await;
    until("we know serf's", || ours.estimated_round_trip("ours", "serf-1").is_some()).await;
    let estimated = ours.estimated_round_trip("ours", "serf-1").unwrap();
    assert!(estimated < Duration::from_millis(500), "{estimated:?}");
    assert_eq!(&*ours.nearest(3)[0].0, "serf-1");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_are_listed_and_rotated_by_serf_on_us_too() {
    let (old, new) = (generate_key().unwrap(), generate_key().unwrap());
    let (old_text, new_text) = (key_to_base64(&old).to_string(), key_to_base64(&new).to_string());
    let serf = Serf::start("serf-1", &[&format!("-encrypt={old_text}")]).await;
    let directory = std::env::temp_dir().join(format!("swim-rotation-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    let file = directory.join("keyring.json");
    std::fs::write(&file, format!("[\"{old_text}\"]")).unwrap();
    std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let settings = Memberlist::serf().keyring_file(&file).unwrap();
    let ours = node("ours", settings).seed(serf.address).start().await.unwrap();
    until("serf knows us", || serf.sees("ours", ours.local_address())).await;
    let keys = |arguments: &[&str]| tokio::task::block_in_place(|| serf.command("keys", arguments));
    let (listed, output) = keys(&["-list"]);
    assert!(listed && output.contains(&format!("{old_text}  [2/2]")), "{output}");
    for step in
        [format!("-install={new_text}"), format!("-use={new_text}"), format!("-remove={old_text}")]
    {
        let (done, output) = keys(&[&step]);
        assert!(done, "{output}");
    }
    let (listed, output) = keys(&["-list"]);
    assert!(
        listed && output.contains(&format!("{new_text}  [2/2]")) && !output.contains(&old_text),
        "{output}"
    );
    let (removed, output) = keys(&[&format!("-remove={new_text}")]);
    assert!(!removed && output.contains("ours"), "the primary key stays: {output}");
    let kept = std::fs::read_to_string(&file).unwrap();
    assert!(kept.contains(&new_text) && !kept.contains(&old_text), "the keyring's file follows");
    std::fs::remove_dir_all(directory).unwrap();
    let mut notices = ours.subscribe();
    serf.command("event", &["after", ""]);
    hear(&mut notices, |event| {
        matches!(event, Event::UserEvent { name, .. } if &**name == "after").then_some(())
    })
    .await;
}
