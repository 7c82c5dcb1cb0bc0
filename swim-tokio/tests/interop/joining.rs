//! Which node joins which, and what is known afterwards.

use std::net::Ipv6Addr;
use std::time::Duration;

use swim_tokio::{Config, ExchangeFailure, JoinError, Memberlist, Status};

use crate::ours::{beside_serf, node, sees, status};
use crate::ports;
use crate::process::{until, within};
use crate::serf::Serf;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn we_join_a_running_serf_agent_and_both_know_the_other_s_address() {
    let serf = Serf::start("serf-1", &[]).await;
    let ours = beside_serf("ours", serf.address).await;
    until("we know serf", || sees(&ours, "serf-1", serf.address)).await;
    until("serf knows us", || serf.sees("ours", ours.local_address())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_serf_agent_joins_us() {
    let serf = Serf::start("serf-1", &[]).await;
    let ours = node("ours", Memberlist::serf()).start().await.unwrap();
    let (joined, output) = serf.command("join", &[&ours.local_address().to_string()]);
    assert!(joined, "{output}");
    until("we know serf", || sees(&ours, "serf-1", serf.address)).await;
    until("serf knows us", || serf.sees("ours", ours.local_address())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_joins_one_is_known_to_all() {
    let first = Serf::start("serf-1", &[]).await;
    let ours = beside_serf("ours", first.address).await;
    let second = Serf::start("serf-2", &[&format!("-join={}", ours.local_address())]).await;
    let last = beside_serf("last", second.address).await;
    until("the first serf knows all", || first.alive() == 4).await;
    until("the second serf knows all", || second.alive() == 4).await;
    until("we know the second serf", || sees(&ours, "serf-2", second.address)).await;
    until("the last one of ours knows all", || {
        [("serf-1", first.address), ("serf-2", second.address), ("ours", ours.local_address())]
            .iter()
            .all(|(id, address)| sees(&last, id, *address))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_learn_of_a_joiner_though_its_seed_is_killed_right_after() {
    let mut seed = Serf::start("serf-0", &[]).await;
    let join = format!("-join={}", seed.address);
    let mut others = Vec::new();
    for number in 1..4 {
        others.push(Serf::start(&format!("serf-{number}"), &[&join]).await);
    }
    until("serf's agents know each other", || {
        seed.alive() == 4 && others.iter().all(|serf| serf.alive() == 4)
    })
    .await;
    // A joiner's first push/pull comes after a second otherwise, and tells of it too.
    let config = Config::lan();
    let config = Config { sync_interval_min: config.sync_interval, ..config };
    let ours = node("ours", Memberlist::serf()).config(config).start().await.unwrap();
    ours.join([seed.address]).await.unwrap();
    seed.process.kill();
    // All push/pulls are 30 s apart: only what the joiner says of itself tells of it sooner.
    let all_know = || others.iter().all(|serf| serf.sees("ours", ours.local_address()));
    within(Duration::from_secs(5), "the others know the joiner", all_know).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_says_it_speaks_something_else_is_kept_out_and_told_so() {
    let serf = Serf::start("serf-1", &[]).await;
    let plain = node("plain", Memberlist::plain()).start().await.unwrap();
    match plain.join([serf.address]).await {
        Err(JoinError::NoneAnswered(failures)) => {
            assert!(
                format!("{failures:?}").contains(&format!("{:?}", ExchangeFailure::OtherVersion)),
                "{failures:?}"
            );
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(serf.status("plain"), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_compression_of_ours_or_theirs_nothing_is_different() {
    let serf = Serf::start("serf-1", &["-disable-compression"]).await;
    let ours =
        node("ours", Memberlist::serf().compress(false)).seed(serf.address).start().await.unwrap();
    let squeezed = beside_serf("squeezed", ours.local_address()).await;
    until("serf knows both", || {
        serf.sees("ours", ours.local_address()) && serf.sees("squeezed", squeezed.local_address())
    })
    .await;
    until("all of ours know serf", || {
        [&ours, &squeezed].iter().all(|node| sees(node, "serf-1", serf.address))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn new_metadata_are_known_to_serf_as_its_tags() {
    let serf = Serf::start("serf-1", &[]).await;
    let ours = beside_serf("ours", serf.address).await;
    until("serf knows us", || serf.sees("ours", ours.local_address())).await;
    let mut tags = swim_core::wire::Tags::default();
    tags.insert("zone", "north");
    ours.set_metadata(tags.encode()).await.unwrap();
    until("serf knows the tag", || {
        serf.command("members", &["-tag", "zone=north"]).1.contains("ours")
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn by_ipv6_each_knows_the_other_and_a_departure_and_a_death_are_told() {
    let loopback = Ipv6Addr::LOCALHOST.into();
    let mut serf = Serf::start_at("serf-1", ports::free_on(loopback), &[]).await;
    let staying =
        node("staying", Memberlist::serf()).bind(ports::free_on(loopback)).start().await.unwrap();
    let (joined, output) = serf.command("join", &[&staying.local_address().to_string()]);
    assert!(joined, "{output}");
    let leaving =
        node("leaving", Memberlist::serf()).bind(ports::free_on(loopback)).seed(serf.address);
    let leaving = leaving.start().await.unwrap();
    until("we know serf", || {
        sees(&staying, "serf-1", serf.address) && sees(&leaving, "serf-1", serf.address)
    })
    .await;
    until("serf knows us", || {
        ["staying", "leaving"].iter().all(|name| serf.status(name).as_deref() == Some("alive"))
    })
    .await;
    until("ours know each other", || sees(&staying, "leaving", leaving.local_address())).await;
    leaving.leave().await.unwrap();
    until("serf knows that it left", || serf.status("leaving").as_deref() == Some("left")).await;
    serf.process.kill();
    until("we find serf dead", || status(&staying, "serf-1") == Some(Status::Dead)).await;
}
