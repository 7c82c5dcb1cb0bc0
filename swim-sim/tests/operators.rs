//! What operators do: all restart at once, or one after the other, perhaps with another setting.

use std::time::Duration;

use swim_core::Event;
use swim_sim::{Cluster, Plan, Scenario, Seeds, Setting, expect};

const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

const fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

#[test]
fn a_cluster_that_restarts_as_a_whole_finds_itself_again() {
    for (seed, down_for) in [(0, secs(1)), (1, secs(10)), (2, secs(600))] {
        Scenario::new("a mass restart")
            .nodes(20)
            .seeds(Seeds::Few(3))
            .expect_by(secs(30), expect::converged())
            .plan(&Plan::new().mass_restart(0..20, secs(30), down_for))
            .at(secs(31) + down_for, swim_sim::Fault::Heal)
            .expect_by(secs(91) + down_for, expect::converged())
            .run(seed);
    }
}

#[test]
fn half_of_a_cluster_restarts_and_the_other_half_sees_it_back() {
    Scenario::new("half of the nodes restart together")
        .nodes(20)
        .expect_by(secs(30), expect::converged())
        .plan(&Plan::new().mass_restart(10..20, secs(30), secs(20)))
        .expect_at(secs(50), expect::no_false_deaths())
        .expect_by(secs(120), expect::converged())
        .run(3);
}

#[test]
fn a_rolling_restart_harms_nobody() {
    for seed in 0..3 {
        let outcome = Scenario::new("a rolling restart")
            .nodes(15)
            .seeds(Seeds::Few(3))
            .expect_by(secs(30), expect::converged())
            .plan(&Plan::new().rolling_restart(0..15, secs(30), secs(10), secs(7)))
            .expect_by(secs(300), expect::converged())
            .expect_at(secs(300), expect::no_false_deaths())
            .run(seed);
        let failed = |event: &Event| matches!(event, Event::Failed(_));
        assert!(
            !outcome.cluster.all_events().any(|observed| failed(&observed.event)),
            "they left; they did not fail"
        );
    }
}

#[test]
fn a_rolling_upgrade_changes_a_setting_at_every_node_while_the_cluster_goes_on() {
    let settings = [
        Setting::ProbeInterval(ms(2_000)),
        Setting::GossipInterval(ms(400)),
        Setting::MaxPacketSize(1_380),
        Setting::SuspicionMult(6),
    ];
    for (seed, setting) in settings.iter().enumerate() {
        let outcome = Scenario::new("a rolling upgrade")
            .nodes(10)
            .seeds(Seeds::Few(3))
            .expect_by(secs(30), expect::converged())
            .plan(&Plan::new().rolling_upgrade(setting, 0..10, secs(30), secs(10), secs(7)))
            .expect_by(secs(300), expect::converged())
            .expect_at(secs(300), expect::no_false_deaths())
            .run(seed as u64);
        let text = setting.to_string().replacen(" = ", ": ", 1);
        for node in outcome.cluster.nodes() {
            assert!(format!("{:?}", node.swim().unwrap().config()).contains(&text), "{text}");
        }
    }
}

#[test]
fn a_setting_counts_from_the_next_start_on_and_one_that_is_not_valid_never() {
    let mut cluster = Cluster::lan(3).build_joined();
    let fanout = |cluster: &Cluster| cluster.node(1).swim().unwrap().config().gossip_fanout;
    let before = fanout(&cluster);
    cluster.reconfigure_node(1, Setting::GossipFanout(before + 1));
    cluster.reconfigure_node(1, Setting::GossipFanout(0));
    assert_eq!(fanout(&cluster), before);
    cluster.crash(1);
    cluster.restart(1);
    assert_eq!(fanout(&cluster), before + 1);
}
