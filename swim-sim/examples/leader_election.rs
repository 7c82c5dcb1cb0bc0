//! How to test a program of your own against membership events: a toy leader election on simulated clusters.
//!
//! The program runs beside every node and is told that node's events. Its rule: the member with the lowest number that
//! is there leads. [`Election`] keeps the rule; [`Hasty`] has a bug that looks harmless: it takes a suspicion for an
//! end, and forgets that a suspicion may be refuted. Some seed finds it, and finds it again every time.
//!
//! Run it with `cargo run -p swim-sim --example leader_election`.

use std::collections::BTreeSet;
use std::time::Duration;

use swim_core::{Event, Member};
use swim_sim::{Cluster, Fault, Plan, Seeds};

/// The program under test: told of events, it says who leads.
trait Program {
    /// A program that has just started beside a node.
    fn beside(node: usize) -> Self;
    /// Its node tells it something.
    fn hear(&mut self, event: &Event);
    /// Who leads, as far as it knows.
    fn leader(&self) -> usize;
}

fn number(member: &Member) -> usize {
    member.id.trim_start_matches("node-").parse().expect("the simulator's names end in numbers")
}

/// The lowest number among the members that are there, suspects among them.
#[derive(Debug)]
struct Election(BTreeSet<usize>);

impl Program for Election {
    fn beside(node: usize) -> Self {
        Self(BTreeSet::from([node]))
    }

    fn hear(&mut self, event: &Event) {
        match event {
            Event::Joined(member) => drop(self.0.insert(number(member))),
            Event::Failed(member) | Event::Left(member) => drop(self.0.remove(&number(member))),
            _ => {}
        }
    }

    fn leader(&self) -> usize {
        *self.0.first().expect("it knows itself")
    }
}

/// As [`Election`], but in a hurry.
#[derive(Debug)]
struct Hasty(Election);

impl Program for Hasty {
    fn beside(node: usize) -> Self {
        Self(Election::beside(node))
    }

    fn hear(&mut self, event: &Event) {
        match event {
            Event::Suspected { member, .. } => drop(self.0.0.remove(&number(member))),
            event => self.0.hear(event),
        }
    }

    fn leader(&self) -> usize {
        self.0.leader()
    }
}

/// Runs the program beside 8 nodes, of which one crashes and starts again and one stalls for a moment; says at the end
/// whom each takes for the leader.
fn elect<P: Program>(seed: u64) -> Vec<usize> {
    let mut cluster = Cluster::lan(8).seed(seed).loss_permille(100).build();
    let secs = Duration::from_secs;
    // Who stalls, and for how long, is the seed's: most are not suspected at all.
    let stalls = (seed % 8) as usize;
    let plan = Plan::new()
        .at(secs(20), Fault::Crash(7))
        .at(secs(50), Fault::Restart(7))
        .at(secs(60), Fault::Pause(stalls))
        .at(secs(60) + Duration::from_millis(100 * (seed % 40)), Fault::Resume(stalls));
    cluster.schedule(&plan);
    cluster.join_all(Seeds::First);
    let mut programs: Vec<(u32, P)> = (0..8).map(|node| (1, P::beside(node))).collect();
    let end = secs(120);
    // The loop of every such test: time passes until someone's program is told something.
    while let Some(told) = cluster.next_event(end.saturating_sub(cluster.elapsed())) {
        let (generation, program) = &mut programs[told.node];
        if *generation != told.generation {
            // The process died and started again, and the program beside it did, too.
            (*generation, *program) = (told.generation, P::beside(told.node));
        }
        program.hear(&told.event);
    }
    programs.iter().map(|(_, program)| program.leader()).collect()
}

/// The first of some seeds at which not everyone agrees on the lowest number, and whom each takes for the leader.
fn first_failure<P: Program>(seeds: std::ops::Range<u64>) -> Option<(u64, Vec<usize>)> {
    seeds.map(|seed| (seed, elect::<P>(seed))).find(|(_, leaders)| leaders.iter().any(|&leader| leader != 0))
}

fn main() {
    let report = |name, failure| match failure {
        None => println!("{name}: in 50 runs everyone agreed on the leader"),
        Some((seed, leaders)) => println!("{name}: with seed {seed} the leaders are {leaders:?}"),
    };
    report("Election", first_failure::<Election>(0..50));
    report("Hasty", first_failure::<Hasty>(0..50));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_election_ends_in_agreement() {
        assert_eq!(first_failure::<Election>(0..20), None);
    }

    #[test]
    fn some_seed_finds_the_bug_and_finds_it_again() {
        let (seed, leaders) = first_failure::<Hasty>(0..200).expect("a leader that stalls is suspected");
        assert_eq!(elect::<Hasty>(seed), leaders);
    }
}
