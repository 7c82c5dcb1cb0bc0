//! Three agents of serf and three nodes of ours in one cluster, and a while in which nobody is
//! suspected.

use std::time::Duration;

use swim_tokio::swim_core::MessageKind;
use swim_tokio::{Event, Notice, Status};

use crate::ours::{alive, beside_serf, status};
use crate::process::{stays, until};
use crate::serf::Serf;

/// How long nobody may be suspected: the seconds in `SWIM_SOAK_SECONDS`, or half a minute.
fn soak() -> Duration {
    let asked = std::env::var("SWIM_SOAK_SECONDS").ok();
    let seconds =
        asked.map_or(30, |asked| asked.parse().expect("SWIM_SOAK_SECONDS is a number of seconds"));
    Duration::from_secs(seconds)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_a_mixed_cluster_all_know_all_nobody_is_suspected_and_who_dies_is_noticed_by_all() {
    let mut serfs = vec![Serf::start("serf-1", &[]).await];
    let mut ours = Vec::new();
    for number in 1..=3 {
        // A chain: each joins through one of the other kind.
        ours.push(beside_serf(&format!("ours-{number}"), serfs[number - 1].address).await);
        if number < 3 {
            let seed = format!("-join={}", ours[number - 1].local_address());
            serfs.push(Serf::start(&format!("serf-{}", number + 1), &[&seed]).await);
        }
    }
    until("all of ours know all", || ours.iter().all(|node| alive(node) == 6)).await;
    until("all of serf's know all", || serfs.iter().all(|serf| serf.alive() == 6)).await;

    let mut heard: Vec<_> = ours.iter().map(swim_tokio::Runtime::subscribe).collect();
    let before: Vec<_> =
        serfs.iter().map(|serf| serf.process.log().matches("Suspect ").count()).collect();
    stays(soak(), "all know all", || ours.iter().all(|node| alive(node) == 6)).await;
    for (serf, before) in serfs.iter().zip(before) {
        assert_eq!(
            serf.process.log().matches("Suspect ").count(),
            before,
            "{} suspects nobody",
            serf.name
        );
        assert_eq!(serf.alive(), 6);
    }
    for subscription in &mut heard {
        while let Some(notice) = subscription.try_next() {
            assert!(
                !matches!(notice, Notice::Event(Event::Suspected { .. } | Event::Failed(_))),
                "{notice}"
            );
        }
    }
    let probed =
        |node: &swim_tokio::Runtime| node.metrics().protocol.received(MessageKind::Ack) > 10;
    assert!(ours.iter().all(probed), "they did probe each other meanwhile");

    serfs[2].process.kill();
    until("all of ours find it dead", || {
        ours.iter().all(|node| status(node, "serf-3") == Some(Status::Dead))
    })
    .await;
    let gone = ours.pop().expect("there are three");
    gone.shutdown().await;
    until("serf finds ours failed", || {
        serfs[..2].iter().all(|serf| serf.status("ours-3").as_deref() == Some("failed"))
    })
    .await;
}
