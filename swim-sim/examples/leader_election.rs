//! How to test a program of your own against membership events: a toy leader election on simulated
//! clusters.
//!
//! The program runs next to every node: it is told that node's events, and calls that node's
//! handle. Its rule: the member with the lowest number that is there takes office, and says so to
//! all in its metadata; who is lower later, takes it over. [`Election`] keeps the rule; [`Hasty`]
//! has a bug that looks harmless: it takes a suspicion for an end, and forgets that a suspicion may
//! be refuted. Some seed finds it, and finds it again every time.
//!
//! Run it with `cargo run -p swim-sim --example leader_election`.

use std::collections::BTreeMap;
use std::time::Duration;

use swim_core::{Event, Member};
use swim_sim::{Cluster, Fault, Plan, Seeds};

/// The metadata of the member in office.
const LEADS: &[u8] = b"leads";

/// What a program may do with the node that it runs next to. In production this is the driver's
/// handle.
struct Handle<'a> {
    cluster: &'a mut Cluster,
    node: usize,
}

impl Handle<'_> {
    /// Tells every member, in virtual time and over the simulated network.
    fn set_metadata(&mut self, metadata: &[u8]) {
        // A process that has ended since it was told the event says nothing any more.
        let _ = self.cluster.set_metadata(self.node, metadata);
    }
}

/// The program under test: told of events, it calls its node, and says who leads.
trait Program {
    /// A program that has just started next to a node.
    fn beside(node: usize) -> Self;
    /// Its node tells it something.
    fn hear(&mut self, event: &Event, handle: &mut Handle<'_>);
    /// Who leads, as far as it knows: the lowest of those who say so.
    fn leader(&self) -> Option<usize>;
}

fn number(member: &Member) -> usize {
    member.id.trim_start_matches("node-").parse().expect("the simulator's names end in numbers")
}

/// The members that are there, suspects among them, and whether each says that it leads.
#[derive(Debug)]
struct Election {
    own: usize,
    members: BTreeMap<usize, bool>,
}

impl Election {
    /// Takes office or leaves it, if it is time, and says so.
    fn decide(&mut self, handle: &mut Handle<'_>) {
        let leads = self.members.first_key_value().is_some_and(|(lowest, _)| *lowest == self.own);
        if self.members.insert(self.own, leads) != Some(leads) {
            handle.set_metadata(if leads { LEADS } else { b"" });
        }
    }
}

impl Program for Election {
    fn beside(node: usize) -> Self {
        Self { own: node, members: BTreeMap::from([(node, false)]) }
    }

    fn hear(&mut self, event: &Event, handle: &mut Handle<'_>) {
        match event {
            Event::Joined(member) | Event::Updated(member) => {
                self.members.insert(number(member), *member.metadata == *LEADS);
            }
            Event::Failed(member) | Event::Left(member) => {
                let _ = self.members.remove(&number(member));
            }
            _ => {}
        }
        self.decide(handle);
    }

    fn leader(&self) -> Option<usize> {
        self.members.iter().find(|(_, leads)| **leads).map(|(member, _)| *member)
    }
}

/// As [`Election`], but in a hurry.
#[derive(Debug)]
struct Hasty(Election);

impl Program for Hasty {
    fn beside(node: usize) -> Self {
        Self(Election::beside(node))
    }

    fn hear(&mut self, event: &Event, handle: &mut Handle<'_>) {
        if let Event::Suspected { member, .. } = event {
            self.0.members.remove(&number(member));
        }
        self.0.hear(event, handle);
    }

    fn leader(&self) -> Option<usize> {
        self.0.leader()
    }
}

/// Runs the program next to 8 nodes, of which one crashes and starts again and one stalls for a
/// moment; says at the end which member each takes for the leader.
fn elect<P: Program>(seed: u64) -> Vec<Option<usize>> {
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
            // The process died and started again, and the program next to it did, too.
            (*generation, *program) = (told.generation, P::beside(told.node));
        }
        program.hear(&told.event, &mut Handle { cluster: &mut cluster, node: told.node });
    }
    programs.iter().map(|(_, program)| program.leader()).collect()
}

/// The first of some seeds at which not everyone agrees on the lowest number, and the one that each
/// takes for the leader.
fn first_failure<P: Program>(seeds: std::ops::Range<u64>) -> Option<(u64, Vec<Option<usize>>)> {
    seeds
        .map(|seed| (seed, elect::<P>(seed)))
        .find(|(_, leaders)| leaders.iter().any(|&leader| leader != Some(0)))
}

fn main() {
    let report = |name, failure: Option<(u64, Vec<Option<usize>>)>| match failure {
        None => println!("{name}: in 50 runs everyone agreed on the leader"),
        Some((seed, leaders)) => {
            let leaders = leaders
                .iter()
                .map(|leader| leader.map_or(String::from("nobody"), |leader| leader.to_string()));
            println!(
                "{name}: with seed {seed} the leaders are {}",
                leaders.collect::<Vec<_>>().join(", ")
            );
        }
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
        let (seed, leaders) =
            first_failure::<Hasty>(0..200).expect("a leader that stalls is suspected");
        assert_eq!(elect::<Hasty>(seed), leaders);
    }
}
