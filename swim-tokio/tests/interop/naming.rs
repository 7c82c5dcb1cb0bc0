//! Whose a name is, and what members are called by: a name that a serf agent bears, and tags that
//! serf shows.

use std::time::Duration;

use crate::ours::Agent;
use crate::ports;
use crate::process::{stays, until};
use crate::serf::Serf;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agent_of_ours_under_the_name_of_a_living_serf_agent_stops_and_says_why() {
    let serf = Serf::start("serf-1", &[]).await;
    let other = Serf::start("serf-2", &[&format!("-join={}", serf.address)]).await;
    let mut ours = Agent::start("serf-1", other.address, &[]).await;
    until("our agent ends", || ours.process.exit_status().is_some()).await;
    assert_eq!(ours.process.exit_status(), Some(1));
    assert!(
        ours.process.log().contains("this node has lost its name to the one at"),
        "{}",
        ours.process.log()
    );
    assert!(other.sees("serf-1", serf.address), "its owner keeps it, and nobody has left");

    let mut staying = Agent::start("serf-1", other.address, &["--stay-without-name"]).await;
    until("the verdict is logged", || staying.process.log().contains("has lost its name")).await;
    stays(Duration::from_secs(2), "it runs on", || staying.process.exit_status().is_none()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_tag_is_taken_away_and_serf_shows_none() {
    let serf = Serf::start("serf-1", &[]).await;
    let http = format!("127.0.0.1:{}", ports::free().port());
    let _ours = Agent::start("ours", serf.address, &["--tag", "zone=a", "--http", &http]).await;
    until("serf shows the tag", || serf.tags("ours")["zone"] == "a").await;
    let deleted = std::process::Command::new(env!("CARGO_BIN_EXE_swim"))
        .args(["tags", "--delete", "zone", "--agent", &http])
        .status();
    assert!(deleted.expect("it runs").success());
    until("serf shows it no more", || serf.tags("ours")["zone"].is_null()).await;
    assert!(serf.tags("ours")["role"].is_null(), "{}", serf.tags("ours"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn metadata_that_are_no_tags_draw_a_warning_beside_serf() {
    let serf = Serf::start("serf-1", &[]).await;
    let ours = Agent::start("ours", serf.address, &["--metadata", "web"]).await;
    assert!(
        ours.process.log().contains("show other metadata as the tag \"role\""),
        "{}",
        ours.process.log()
    );
}
