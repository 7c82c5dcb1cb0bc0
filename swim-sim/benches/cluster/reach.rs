//! Whether every death reaches every live node, over many seeds; and when a crash is first noticed,
//! next to the theory.
//!
//! In each run 1 % of the nodes crash under loss. It ends when every live node has heard of every
//! death, or after [`MOST`]. Deaths of the living count from the beginning of the loss, 20 s before
//! the crashes.
//!
//! Theory of the first suspicion (SWIM, section 3.1): in a period each live node probes one other,
//! so all of them miss a dead one with a chance of 1/e, and it is found in e/(e-1) periods that
//! begin together. Ours begin each at its own time: the wait for the first probe is exponential
//! with a mean of one period, and the probe fails one period later.

use std::io;
use std::time::Duration;

use crate::arguments::{Peer, Reach, name_of};
use crate::foca_cluster::FocaCluster;
use crate::scene::{Scene, Simulation};
use crate::swim_cluster::SwimCluster;
use crate::tally::{self, Goal, Tally};

/// How long a run waits for the last node.
const MOST: Duration = Duration::from_secs(300);
/// How long a join may take before the nodes are introduced to each other.
const JOIN: Duration = Duration::from_secs(30);
/// How long a cluster comes to rest after that.
const REST: Duration = Duration::from_secs(20);
const SLICE: Duration = Duration::from_millis(100);

/// What came of one seed.
struct Outcome {
    uninformed: u64,
    false_deaths: u64,
    /// When the last live node heard of the last death.
    all_know: Option<Duration>,
    first_suspicions: Vec<Duration>,
    first_deaths: Vec<Duration>,
}

/// Runs all seeds and prints a line for each, and the sums.
pub(crate) fn run(options: &Reach) -> io::Result<()> {
    let (peer, options) = (options.peer, &options.seeds);
    let mut outcomes = Vec::new();
    println!("{} at {} nodes, {} permille lost", name_of(&peer), options.nodes, options.loss);
    print!("{}", Scene::new(options.nodes, options.first));
    for seed in options.first..options.first + options.seeds {
        let scene = Scene::new(options.nodes, seed);
        let outcome = match peer {
            Peer::Swim => run_seed::<SwimCluster>(&scene, options.loss),
            Peer::Foca => run_seed::<FocaCluster>(&scene, options.loss),
        };
        let last = outcome
            .all_know
            .map_or_else(|| String::from("never"), |at| format!("{:.1} s", at.as_secs_f64()));
        println!(
            "seed {seed}: all know all deaths after {last}; {} pairs uninformed, {} false deaths",
            outcome.uninformed, outcome.false_deaths
        );
        outcomes.push(outcome);
    }
    let sum = |get: fn(&Outcome) -> u64| outcomes.iter().map(get).sum::<u64>();
    println!("\nseeds                {}", outcomes.len());
    println!("pairs uninformed     {}", sum(|outcome| outcome.uninformed));
    println!("false deaths         {}", sum(|outcome| outcome.false_deaths));
    let collect = |get: fn(&Outcome) -> &[Duration]| {
        outcomes.iter().flat_map(get).copied().collect::<Vec<_>>()
    };
    println!("\nseconds after a crash                  mean     50 %     90 %     99 %  largest");
    print_times(
        "all know all deaths",
        outcomes.iter().filter_map(|outcome| outcome.all_know).collect(),
    );
    print_times("a node's death first told", collect(|outcome| &outcome.first_deaths));
    print_times("a node first suspected", collect(|outcome| &outcome.first_suspicions));
    let wait = |share: f64| 1.0 - (1.0 - share).ln();
    println!(
        "{:<34} {:>8.2} {:>8.2} {:>8.2} {:>8.2}",
        "  theory, no loss, period 1 s",
        2.0,
        wait(0.5),
        wait(0.9),
        wait(0.99)
    );
    Ok(())
}

fn print_times(what: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let Some(last) = times.last() else { return };
    let at = |percent: usize| times[(times.len() * percent).div_ceil(100).max(1) - 1].as_secs_f64();
    let mean = times.iter().sum::<Duration>().as_secs_f64() / times.len() as f64;
    let (half, most, nearly) = (at(50), at(90), at(99));
    println!(
        "{what:<34} {mean:>8.2} {half:>8.2} {most:>8.2} {nearly:>8.2} {:>8.2}",
        last.as_secs_f64()
    );
}

fn run_seed<S: Simulation>(scene: &Scene, loss_permille: u16) -> Outcome {
    tally::with(|tally| {
        tally.reset(scene.nodes);
        tally.aim(Duration::ZERO, Goal::Alive);
    });
    let mut simulation = S::start(scene);
    let mut now = Duration::ZERO;
    simulation.join();
    pass(&mut simulation, &mut now, JOIN);
    simulation.introduce();
    simulation.advance(REST);
    simulation.set_loss(loss_permille);
    simulation.advance(REST);
    now += REST * 2;
    for node in scene.nodes - scene.victims()..scene.nodes {
        simulation.crash(node);
        tally::with(|tally| tally.crashed(node));
    }
    tally::with(|tally| tally.aim(now, Goal::Gone));
    pass(&mut simulation, &mut now, MOST);
    tally::with(|tally| Outcome {
        uninformed: tally.missing(),
        false_deaths: tally.take_false_deaths(),
        all_know: tally.reached()[tally::SHARES.len() - 1],
        first_suspicions: simulation.first_suspicions(),
        first_deaths: tally.first_deaths(),
    })
}

/// Lets time pass until the goal is met, but no longer than so long.
fn pass<S: Simulation>(simulation: &mut S, now: &mut Duration, most: Duration) {
    let end = *now + most;
    while *now < end && tally::with(|tally: &mut Tally| tally.missing() > 0) {
        simulation.advance(SLICE);
        *now += SLICE;
    }
}
