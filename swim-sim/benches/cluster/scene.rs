//! The scene on which every peer plays: the network, the times, and what a peer must be able to do.
//!
//! Both peers have the same paths (delay and loss are drawn by [`Link::fate`]), the same intervals,
//! fan-outs and packet sizes, taken from the LAN presets of both projects, which both follow
//! memberlist's.

use std::fmt;
use std::num::{NonZeroU8, NonZeroU32};
use std::time::Duration;

use swim_core::Config;
use swim_sim::{Latency, Link};

/// How large, and drawn from what.
#[derive(Clone, Debug)]
pub(crate) struct Scene {
    pub(crate) nodes: usize,
    pub(crate) seed: u64,
    pub(crate) link: Link,
}

/// Packets and exchanges sent so far, and their bytes without headers.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Traffic {
    pub(crate) messages: u64,
    pub(crate) bytes: u64,
    /// How many of the bytes were in exchanges.
    pub(crate) exchange_bytes: u64,
}

impl Scene {
    /// A site with 0.5 to 1.5 ms each way.
    pub(crate) fn new(nodes: u32, seed: u64) -> Self {
        let (low, high) = (Duration::from_micros(500), Duration::from_micros(1_500));
        let link = Link { latency: Latency::Uniform { low, high }, ..Link::local() };
        Self { nodes: nodes as usize, seed, link }
    }

    /// Our settings.
    pub(crate) fn swim(&self) -> Config {
        Config::lan()
    }

    /// foca's settings: the same. Its preset rounds the transmissions of an update down where
    /// memberlist and we round up: it is given ours.
    pub(crate) fn foca(&self) -> foca::Config {
        let nodes =
            u32::try_from(self.nodes).ok().and_then(NonZeroU32::new).expect("some nodes, not many");
        foca::Config { max_transmissions: self.transmissions(), ..foca::Config::new_lan(nodes) }
    }

    /// How often we send an update to others among so many nodes.
    fn transmissions(&self) -> NonZeroU8 {
        let rounds = u64::try_from(self.nodes)
            .expect("a number of nodes")
            .checked_ilog10()
            .map_or(1, |log| log + 1);
        let times = u32::from(self.swim().retransmit_mult) * rounds;
        u8::try_from(times).ok().and_then(NonZeroU8::new).expect("a few times")
    }

    /// So many of the nodes as crash: 1 %, but one at least.
    pub(crate) fn victims(&self) -> usize {
        (self.nodes / 100).max(1)
    }
}

impl fmt::Display for Scene {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (ours, theirs) = (self.swim(), self.foca());
        writeln!(f, "network of both: {:?}, seed {}", self.link.latency, self.seed)?;
        writeln!(
            f,
            "{:<34}{:>16}{:>16}",
            format!("settings at {} nodes", self.nodes),
            "swim",
            "foca"
        )?;
        let mut line =
            |what: &str, swim: String, foca: String| writeln!(f, "{what:<34}{swim:>16}{foca:>16}");
        let time = |time: Duration| format!("{time:?}");
        line("probe interval", time(ours.probe_interval), time(theirs.probe_period))?;
        line("probe timeout", time(ours.probe_timeout), time(theirs.probe_rtt))?;
        line(
            "indirect probes",
            ours.indirect_probes.to_string(),
            theirs.num_indirect_probes.to_string(),
        )?;
        if let Some(gossip) = &theirs.periodic_gossip {
            line("gossip interval", time(ours.gossip_interval), time(gossip.frequency))?;
            line("gossip fan-out", ours.gossip_fanout.to_string(), gossip.num_members.to_string())?;
        }
        let times = self.transmissions().to_string();
        line("transmissions of an update", times, theirs.max_transmissions.to_string())?;
        let least = f64::from(ours.suspicion_mult) * (self.nodes as f64).log10().max(1.0);
        let most = f64::from(ours.suspicion_max_mult) * least;
        line(
            "suspicion lasts, s",
            format!("{least:.1} to {most:.1}"),
            theirs.suspect_to_down_after.as_secs().to_string(),
        )?;
        line(
            "packet size at most, B",
            ours.max_packet_size.to_string(),
            theirs.max_packet_size.to_string(),
        )?;
        line("identity", String::from("name, address"), String::from("address, u16"))
    }
}

/// A cluster of some peer on a scene. What its nodes believe it tells the [tally](crate::tally).
pub(crate) trait Simulation {
    /// All nodes run, and none has joined another.
    fn start(scene: &Scene) -> Self;
    /// All others join through node 0, now.
    fn join(&mut self);
    /// Tells everyone of everyone, if the protocol itself takes too long for that; says whether it
    /// did.
    fn introduce(&mut self) -> bool;
    /// Lets time pass.
    fn advance(&mut self, by: Duration);
    /// A process ends without a word.
    fn crash(&mut self, node: usize);
    /// So many of 1,000 packets are lost from now on.
    fn set_loss(&mut self, permille: u16);
    /// Nothing passes between the first so many nodes and the others.
    fn split(&mut self, first: usize);
    /// Everything passes again.
    fn heal(&mut self);
    /// What was sent so far.
    fn traffic(&self) -> Traffic;
    /// For each victim that was suspected, how long after its crash it first was; nothing if the
    /// peer does not tell.
    fn first_suspicions(&self) -> Vec<Duration>;
}
