//! The simulated network's exchanges end as TCP connections do: refused, hanging, late, or cut
//! short.

use std::time::Duration;

use swim_core::{Config, Event, ExchangeFailure};
use swim_sim::{Cluster, Phase};

const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Node 1 joins through node 0: when and how the first attempt fails.
fn first_failure(cluster: &mut Cluster) -> (Duration, ExchangeFailure) {
    let began = cluster.now();
    cluster.join(1, &[0]);
    let failure = |event: &Event| match event {
        Event::SeedFailed { failure, .. } => Some(*failure),
        _ => None,
    };
    cluster
        .run_until(|c: &Cluster| c.events(1).any(|(_, event)| failure(event).is_some()), secs(30))
        .unwrap();
    cluster.events(1).find_map(|(at, event)| Some((at.since(began), failure(event)?))).unwrap()
}

#[test]
fn a_process_that_is_down_refuses_within_a_round_trip() {
    let mut cluster = Cluster::lan(2).build();
    cluster.crash(0);
    let (after, failure) = first_failure(&mut cluster);
    assert_eq!(failure, ExchangeFailure::Refused);
    assert!(after <= Duration::from_millis(1), "{after:?}");
}

#[test]
fn a_machine_that_is_off_and_a_path_that_is_cut_let_an_exchange_hang_until_its_deadline() {
    let breaks: [fn(&mut Cluster); 4] = [
        |cluster| cluster.power_off(0),
        |cluster| cluster.partition(&[&[0]]),
        |cluster| cluster.one_way_partition(&[0], &[1]),
        |cluster| cluster.one_way_partition(&[1], &[0]),
    ];
    for make_it_hang in breaks {
        let mut cluster = Cluster::lan(2).build();
        make_it_hang(&mut cluster);
        assert_eq!(
            first_failure(&mut cluster),
            (Config::lan().exchange_timeout, ExchangeFailure::TimedOut)
        );
        cluster.run_for(Duration::from_millis(300));
        assert_eq!(
            cluster.open_exchanges(),
            0,
            "what the core gave up is closed, and not yet opened again"
        );
    }
}

#[test]
fn a_stalled_process_is_connected_to_and_does_not_answer_until_it_goes_on() {
    let mut cluster = Cluster::lan(2).build();
    cluster.pause(0);
    cluster.join(1, &[0]);
    cluster.run_for(secs(3));
    assert_eq!(cluster.node(0).phase(), Phase::Paused);
    assert_eq!((cluster.open_exchanges(), cluster.node(1).members().len()), (1, 1));
    cluster.resume(0);
    cluster.run_until(Cluster::converged, Duration::from_millis(20)).unwrap();
}

#[test]
fn a_process_that_dies_with_a_request_in_hand_closes_the_connection() {
    let mut cluster = Cluster::lan(2).build();
    cluster.pause(0);
    cluster.join(1, &[0]);
    cluster.run_for(secs(3));
    cluster.crash(0);
    cluster.run_for(secs(1));
    let closed =
        |event: &Event| matches!(event, Event::SeedFailed { failure: ExchangeFailure::Closed, .. });
    assert_eq!(cluster.events(1).filter(|(_, event)| closed(event)).count(), 1);
}

#[test]
fn an_exchange_passes_a_lossy_path_late() {
    let mut late = 0;
    for seed in 0..20 {
        let mut cluster = Cluster::lan(2).seed(seed).loss_permille(300).build();
        cluster.join(1, &[0]);
        let took =
            cluster.run_until(|c: &Cluster| c.node(1).members().len() == 2, secs(30)).unwrap();
        late += usize::from(took > Duration::from_millis(100));
    }
    assert!(
        (10..20).contains(&late),
        "four crossings with 30 % loss pass at once one time in four: {late}"
    );
}

#[test]
fn a_client_that_dies_is_not_answered_and_its_next_life_neither() {
    let mut cluster = Cluster::lan(2).build();
    cluster.pause(0);
    cluster.join(1, &[0]);
    cluster.run_for(secs(1));
    cluster.crash(1);
    cluster.partition(&[&[1]]);
    cluster.restart(1);
    cluster.resume(0);
    cluster.run_for(secs(5));
    assert_eq!(cluster.node(1).members().len(), 1, "the reply was for its former self");
}
