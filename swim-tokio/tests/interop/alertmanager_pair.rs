//! A pair of alertmanagers with a node of ours.

use std::time::Duration;

use swim_tokio::{Memberlist, Status};

use crate::alertmanager::Alertmanager;
use crate::ours::{node, sees, status};
use crate::process::{stays, until};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_of_ours_is_a_peer_of_two_alertmanagers_and_sees_one_die() {
    let mut one = Alertmanager::start("alertmanager-1", None).await;
    let ours = node("ours", Memberlist::alertmanager()).seed(one.address).start().await.unwrap();
    let two = Alertmanager::start("alertmanager-2", Some(ours.local_address())).await;
    let us = ("ours".to_owned(), ours.local_address().to_string());
    until("both know us", || one.peers().contains(&us) && two.peers().contains(&us)).await;
    until("both know each other", || one.peers().len() == 3 && two.peers().len() == 3).await;
    let (first, second) = (one.name().unwrap(), two.name().unwrap());
    until("we know both", || sees(&ours, &first, one.address) && sees(&ours, &second, two.address))
        .await;
    stays(Duration::from_secs(5), "all know all", || {
        one.peers().len() == 3 && two.peers().len() == 3 && sees(&ours, &first, one.address)
    })
    .await;
    one.process.kill();
    until("we find it dead", || status(&ours, &first) == Some(Status::Dead)).await;
    until("the other finds it dead", || two.peers().len() == 2).await;
    assert!(sees(&ours, &second, two.address) && two.peers().contains(&us));
}
