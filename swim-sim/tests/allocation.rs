//! What the simulator itself costs in memory: a packet on its way allocates nothing.

use std::time::Duration;

use allocation_counter::measure;
use swim_sim::{Cluster, Seeds};

#[test]
fn in_steady_state_a_packet_allocates_nothing() {
    let mut cluster = Cluster::lan(60).event_log(0).unchecked().build();
    cluster.join_all(Seeds::First);
    cluster.run_until(Cluster::converged, Duration::from_secs(30)).unwrap();
    cluster.run_for(Duration::from_secs(120));
    let before = cluster.figures().total;
    let allocated = measure(|| cluster.run_for(Duration::from_secs(600)));
    let after = cluster.figures().total;
    let packets = after.packets - before.packets;
    let exchanges = after.exchanges - before.exchanges;
    assert!(packets > 60_000, "two packets for each node and second: {packets}");
    // Exchanges hand over bytes of their own: a request, a reply, and the connection that carries
    // them; 5 allocations.
    println!("{packets} packets, {exchanges} exchanges, {} allocations", allocated.count_total);
    assert!(exchanges * 20 < packets && exchanges > 0, "{exchanges} exchanges");
    assert!(
        allocated.count_total <= exchanges * 6,
        "{} allocations for {packets} packets and {exchanges} exchanges",
        allocated.count_total
    );
}
