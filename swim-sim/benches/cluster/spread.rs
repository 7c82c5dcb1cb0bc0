//! How fast one update reaches everyone, next to what the theory of epidemics says.
//!
//! A node of a cluster at rest changes its metadata, which nodes hear by gossip alone. The bound is
//! told by [`BOUND`].

use std::io;
use std::time::Duration;

use swim_core::Event;
use swim_sim::Cluster;

use crate::arguments::Seeds;
use crate::scene::Scene;

/// The shares of the nodes whose times are printed, in percent.
const SHARES: [usize; 3] = [50, 99, 100];

/// What the times are held against: printed above them, and in the help.
pub(crate) const BOUND: &str = "\
The bound: log_(f+1) n + ln(1/s)/f gossip intervals until all but a share s of n nodes know, where s = 1/n is everyone.
It is that of synchronous rounds of push gossip to f others: the informed multiply by f + 1 until half of all are, then
each round leaves a share of e^-f of the rest uninformed (Demers et al. 1987, section 1.4; for f = 1 Pittel 1987:
log2 n + ln n + O(1)). f is the gossip fan-out times the share of packets that arrive. A node whose queue was empty
gossips at once, so the first rounds take less. It is an expectation of theory, not a limit: a run may take longer.";

/// Runs all seeds and prints the times.
pub(crate) fn run(options: &Seeds) -> io::Result<()> {
    let scene = Scene::new(options.nodes, options.first);
    let config = scene.swim();
    let fan_out = f64::from(config.gossip_fanout) * (1.0 - f64::from(options.loss) / 1_000.0);
    let (n, interval) = (f64::from(options.nodes), config.gossip_interval.as_secs_f64());
    println!(
        "an update at {} nodes, {} permille lost, {} seeds",
        options.nodes, options.loss, options.seeds
    );
    println!("{BOUND}\nHere n = {n}, f = {fan_out:.2}, and an interval is {interval} s.\n");
    let mut runs = Vec::new();
    for seed in options.first..options.first + options.seeds {
        let times = spread(&Scene::new(options.nodes, seed), options.loss);
        println!("seed {seed}: known to 50 / 99 / 100 % after {times:.2?}");
        runs.push(times);
    }
    let rounds = |left: f64| n.ln() / (fan_out + 1.0).ln() + (1.0 / left).ln() / fan_out;
    println!(
        "\n{:<10}{:>10}{:>10}{:>10}{:>10}{:>12}",
        "share", "mean, s", "worst, s", "bound, s", "rounds", "worst/bound"
    );
    for (place, share) in SHARES.into_iter().enumerate() {
        let times: Vec<f64> = runs.iter().map(|run| run[place].as_secs_f64()).collect();
        let (mean, worst) = (
            times.iter().sum::<f64>() / times.len() as f64,
            times.iter().copied().fold(0.0, f64::max),
        );
        let rounds = rounds((1.0 - share as f64 / 100.0).max(1.0 / n));
        let bound = rounds * interval;
        println!(
            "{share:>3} %     {mean:>10.2}{worst:>10.2}{bound:>10.2}{rounds:>10.2}{:>12.2}",
            worst / bound
        );
    }
    Ok(())
}

/// How long an update takes to reach shares of the nodes.
fn spread(scene: &Scene, loss_permille: u16) -> [Duration; SHARES.len()] {
    let builder =
        Cluster::lan(scene.nodes).config(scene.swim()).link(scene.link.clone()).seed(scene.seed);
    let mut cluster = builder.event_log(scene.nodes).unchecked().build_joined();
    cluster.run_for(Duration::from_secs(20));
    cluster.set_loss(loss_permille);
    cluster.run_for(Duration::from_secs(5));
    let origin = cluster.now();
    cluster
        .set_metadata(0, b"changed")
        .unwrap_or_else(|error| panic!("a running node takes metadata: {error}"));
    let mut known = Vec::with_capacity(scene.nodes);
    while known.len() + 1 < scene.nodes {
        let observed = cluster.next_event(Duration::from_secs(120)).unwrap_or_else(|| {
            panic!(
                "after 120 s without an event only {} of {} nodes know the update",
                known.len() + 1,
                scene.nodes
            )
        });
        if observed.at >= origin
            && matches!(&observed.event, Event::Updated(member) if member.id.as_str() == "node-0")
        {
            known.push(observed.at.since(origin));
        }
    }
    SHARES.map(|share| known[(scene.nodes * share).div_ceil(100).min(known.len() + 1) - 2])
}
