//! Who of ours is accused though it lives is heard.

use std::net::UdpSocket;
use std::time::Duration;

use swim_tokio::swim_core::wire::memberlist::{Message, PacketWriter, Packing};

use crate::ours::{Agent, beside_serf};
use crate::process::{stays, until};
use crate::serf::Serf;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_forged_suspicion_that_serf_believes_is_refuted() {
    let serf = Serf::start("serf-1", &[]).await;
    let ours = beside_serf("ours", serf.address).await;
    until("serf knows us", || serf.sees("ours", ours.local_address())).await;
    let mut packet = Vec::new();
    let mut writer = PacketWriter::begin(&mut packet);
    assert!(writer.push(&Message::Suspect { id: "ours", incarnation: 1, from: "nobody" }));
    writer.finish(Packing::default());
    UdpSocket::bind("127.0.0.1:0").unwrap().send_to(&packet, serf.address).unwrap();
    until("we refute", || ours.metrics().protocol.refutations > 0).await;
    // Longer than a suspicion lasts among two.
    stays(Duration::from_secs(8), "serf has us alive", || serf.sees("ours", ours.local_address()))
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_of_ours_that_was_stopped_for_a_while_is_alive_to_serf_afterwards() {
    let serf = Serf::start("serf-1", &[]).await;
    let ours = Agent::start("ours", serf.address, &[]).await;
    until("serf knows us", || serf.sees("ours", ours.address)).await;
    ours.process.signal("-STOP");
    until("serf suspects us", || serf.process.log().contains("Suspect ours")).await;
    ours.process.signal("-CONT");
    // However long the suspicion took to be noticed: a node that was declared failed comes back
    // too.
    until("we refute", || serf.sees("ours", ours.address)).await;
    stays(Duration::from_secs(8), "serf has us alive", || serf.sees("ours", ours.address)).await;
}
