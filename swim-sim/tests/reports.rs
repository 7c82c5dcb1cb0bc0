//! What a failure prints is enough to understand it and to see it again.

use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use swim_core::{Instant, Status};
use swim_sim::{Checker, Cluster, Failure, Fault, Scenario, Wrong, checkers::Verdict, expect};

const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn a_disagreement_says_who_is_wrong_about_whom_and_why() {
    let mut cluster = Cluster::lan(6).seed(1).build_joined();
    cluster.partition(&[&[5]]);
    cluster.set_loss_between(0, 1, 70);
    cluster.run_for(secs(60));
    let disagreement = cluster.converged().unwrap_err();
    assert_eq!(
        disagreement.mismatches.len(),
        10,
        "five rows about node-5, and its own about the others"
    );
    assert!(disagreement.mismatches.iter().all(|mismatch| mismatch.wrong == Wrong::NotAlive));
    let text = disagreement.explain(&cluster);
    for wanted in [
        "node-2 has node-5 as dead@",
        "node-2 cannot reach node-5",
        "last heard at",
        "Running at 10.0.0.6:7946",
    ] {
        assert!(text.contains(wanted), "{wanted}: {text}");
    }
}

#[test]
fn a_ghost_and_an_outdated_row_are_told_apart() {
    let mut cluster = Cluster::lan(4).seed(1).build_joined();
    cluster.crash(3);
    cluster.set_metadata(1, b"new").unwrap();
    let wrong: Vec<_> =
        cluster.converged().unwrap_err().mismatches.iter().map(|mismatch| mismatch.wrong).collect();
    assert!(wrong.contains(&Wrong::Ghost) && wrong.contains(&Wrong::Outdated), "{wrong:?}");
}

#[test]
fn an_expectation_that_is_not_met_prints_the_seed_the_table_the_options_and_the_last_events() {
    let scenario = Scenario::new("nobody crashes")
        .nodes(4)
        .with(|cluster| cluster.loss_permille(30).configure(|config| config.indirect_probes = 7))
        .at(secs(20), Fault::PowerOff(2))
        .expect_by(secs(25), expect::everyone_sees(2, Status::Left));
    let failure = scenario.try_run(11, |_| {}).unwrap_err();
    assert!(matches!(failure, Failure::Liveness(_)));
    let text = failure.to_string();
    for wanted in [
        "nobody crashes: not so by 25s: everyone sees node-2 as left",
        "seed 11",
        "20s  node-2 loses power",
        "loss_permille: 30",
        "indirect_probes: 7",
        "node-0: ",
        "last events:",
        "joined node-3",
    ] {
        assert!(text.contains(wanted), "{wanted}: {text}");
    }
}

/// Finds fault with the hundredth packet.
#[derive(Debug)]
struct Planted(u32);

impl Checker for Planted {
    fn name(&self) -> &'static str {
        "a planted promise"
    }

    fn sent(&mut self, _: Instant, _: usize, _: SocketAddr, _: &[u8]) -> Verdict {
        self.0 += 1;
        if self.0 == 100 { Err(String::from("it was broken on purpose")) } else { Ok(()) }
    }
}

#[test]
fn a_broken_promise_stops_the_run_where_it_was_broken() {
    let planted = || Cluster::lan(4).checker(|| Box::new(Planted(0)));
    let failure = Scenario::new("planted")
        .cluster(planted())
        .expect_at(secs(500), expect::converged())
        .try_run(1, |_| {});
    let Err(Failure::Safety(_, text)) = failure else { panic!("{failure:?}") };
    assert!(text.contains("a planted promise: it was broken on purpose"), "{text}");

    let mut cluster = planted().build_joined();
    let violation = cluster.try_run_for(secs(500)).unwrap_err();
    assert!(violation.at < Instant::ORIGIN + secs(100));
    assert_eq!(cluster.now(), violation.at);
    let panic = catch_unwind(AssertUnwindSafe(|| cluster.run_for(secs(1)))).unwrap_err();
    assert!(
        panic.downcast_ref::<String>().unwrap().contains("seed: 0"),
        "it says how to see it again"
    );
}

#[test]
fn figures_tell_how_a_crash_was_noticed() {
    let mut cluster = Cluster::lan(20).seed(1).build_joined();
    cluster.crash(3);
    cluster.run_until(|c: &Cluster| c.everyone_sees(3, Status::Dead), secs(30)).unwrap();
    let figures = cluster.figures();
    let outage = &figures.outages[0];
    assert_eq!((outage.node, outage.lasts(), outage.unaware().count()), (3, true, 0));
    let times = [
        outage.first_detection(),
        outage.dissemination(50),
        outage.dissemination(90),
        outage.dissemination(100),
    ];
    assert!(times.is_sorted() && times[0].is_some(), "{times:?}");
    assert!(figures.to_string().contains("outage of node-3"));
    assert!(figures.total.packets > 0 && figures.total.packet_bytes > figures.total.packets);
}
