//! Three runs whose hashes are kept in `golden.txt`: the same seed and options give the same run on
//! every machine, and a change of behaviour shows as a change of that file.
//!
//! A change of the protocol, of the wire format or of the simulator changes the hashes, and that is
//! fine if it was meant: renew the file with `SWIM_SIM_RENEW=1 cargo test -p swim-sim --test
//! golden` and commit it together with what changed the runs. A change that was not meant is a
//! finding, all the more if it differs between machines.

use std::fmt::Write as _;

use swim_sim::{Builder, Cluster, Link, Seeds, builtin};

const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden.txt");

/// The runs: a shipped scenario, or a cluster that joins and then runs for a virtual minute.
fn hashes() -> String {
    let churn = builtin::named("churn")
        .unwrap()
        .scenario(Cluster::lan(16).seed(1).loss_permille(20))
        .run(1)
        .trace_hash;
    let minute = |builder: Builder| {
        let mut cluster = builder.build();
        cluster.join_all(Seeds::Random(3));
        cluster.run_for(std::time::Duration::from_secs(60));
        cluster.trace_hash()
    };
    let wifi = minute(Cluster::lan(24).seed(2).link(Link::lossy_wifi()));
    let satellite = minute(Cluster::wan(12).seed(3).link(Link::satellite()));
    let mut text = String::new();
    for (name, hash) in
        [("churn of 16", churn), ("24 on a lossy wifi", wifi), ("12 on a satellite", satellite)]
    {
        writeln!(text, "{hash:016x}  {name}").unwrap();
    }
    text
}

#[test]
fn three_runs_are_what_they_have_always_been() {
    let hashes = hashes();
    if std::env::var_os("SWIM_SIM_RENEW").is_some() {
        std::fs::write(GOLDEN, &hashes).unwrap();
    }
    let golden = std::fs::read_to_string(GOLDEN).unwrap();
    assert_eq!(
        hashes, golden,
        "if this was meant: SWIM_SIM_RENEW=1 cargo test -p swim-sim --test golden"
    );
}
