//! Who dies without a word is noticed by the other side, and may come back under its name.

use std::time::Duration;

use swim_tokio::Status;

use crate::ours::{Agent, beside_serf, node, sees, status};
use crate::process::{stays, until};
use crate::serf::Serf;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_serf_agent_that_is_killed_is_found_dead_by_us() {
    let mut serf = Serf::start("serf-1", &[]).await;
    let ours = beside_serf("ours", serf.address).await;
    until("serf knows us", || serf.sees("ours", ours.local_address())).await;
    serf.process.kill();
    until("we find serf dead", || status(&ours, "serf-1") == Some(Status::Dead)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_serf_agent_that_comes_back_is_alive_to_us_again() {
    let mut serf = Serf::start("serf-1", &[]).await;
    let ours = beside_serf("ours", serf.address).await;
    until("serf knows us", || serf.sees("ours", ours.local_address())).await;
    serf.process.kill();
    until("we find serf dead", || status(&ours, "serf-1") == Some(Status::Dead)).await;
    let back =
        Serf::start_at("serf-1", serf.address, &[&format!("-join={}", ours.local_address())]).await;
    until("serf is back", || sees(&ours, "serf-1", back.address)).await;
    until("serf knows us", || back.sees("ours", ours.local_address())).await;
    stays(Duration::from_secs(5), "each knows the other", || {
        status(&ours, "serf-1").is_some_and(Status::is_active)
            && back.sees("ours", ours.local_address())
    })
    .await;
    until("serf is alive to us", || status(&ours, "serf-1") == Some(Status::Alive)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_of_ours_that_is_killed_is_failed_to_serf() {
    let serf = Serf::start("serf-1", &[]).await;
    let mut ours = Agent::start("ours", serf.address, &[]).await;
    until("serf knows us", || serf.sees("ours", ours.address)).await;
    ours.process.kill();
    until("serf finds us failed", || serf.status("ours").as_deref() == Some("failed")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_of_ours_that_is_restarted_is_alive_again_before_and_after_it_was_found_dead() {
    let serf = Serf::start("serf-1", &[]).await;
    let first = beside_serf("ours", serf.address).await;
    let address = first.local_address();
    until("serf knows us", || serf.sees("ours", address)).await;
    for wait_for_death in [false, true] {
        let former = serf_restart(
            &serf,
            address,
            wait_for_death,
            if wait_for_death { None } else { Some(&first) },
        )
        .await;
        until("we know serf again", || sees(&former, "serf-1", serf.address)).await;
        until("serf has us alive", || serf.sees("ours", address)).await;
        stays(Duration::from_secs(5), "serf has us alive", || serf.sees("ours", address)).await;
        former.shutdown().await;
    }
}

/// Stops the node, waits until serf has noticed if that is wanted, and starts another of its name
/// at its place.
async fn serf_restart(
    serf: &Serf,
    address: std::net::SocketAddr,
    wait_for_death: bool,
    running: Option<&swim_tokio::Runtime>,
) -> swim_tokio::Runtime {
    if let Some(running) = running {
        running.shutdown().await;
    }
    if wait_for_death {
        until("serf finds us failed", || serf.status("ours").as_deref() == Some("failed")).await;
    }
    let settings = swim_tokio::Memberlist::serf();
    node("ours", settings)
        .bind(address)
        .seed(serf.address)
        .start()
        .await
        .expect("the port is free again")
}
