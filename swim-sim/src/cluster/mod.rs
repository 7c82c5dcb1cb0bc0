//! [`Cluster`]: nodes, a network between them, and one order of everything that happens.
//!
//! The cluster only connects: what is due next is the agenda's to know, what becomes of a packet
//! the network's, what a process does the core's, who is told what happens the observers'.
//!
//! | what | file |
//! | --- | --- |
//! | options, and the first moment | `builder` |
//! | lets time pass | `run` |
//! | starts and ends processes | `processes` |
//! | hands them what arrives, takes what they put out | `delivery`, `exchanges`, `slow`, `attacking` |
//! | what is done to a cluster, in code and by plans | `verbs`, `users`, `steps` |
//! | what can be asked of it | `readers`, `view`, `explanation` |
//! | what watches it | `observers`, `recording` |

mod attacking;
mod builder;
mod delivery;
mod exchanges;
mod explanation;
mod observers;
mod processes;
mod readers;
mod recording;
mod run;
mod slow;
mod steps;
mod users;
mod verbs;
mod view;

use swim_core::{Config, ConfigError, Instant, MemberlistWire};

use self::attacking::Attackers;
pub use self::builder::Builder;
use self::observers::Observers;
pub use self::run::{Late, Met};
pub use self::view::NodeView;
use crate::agenda::Agenda;
use crate::attack::Attack;
use crate::ground::address::Directory;
use crate::ground::streams::{self, Purpose, Stream};
use crate::network::{Link, Network, Topology};
use crate::node::Node;
use crate::plan::Step;

/// An entry of the agenda other than a node's timeout. Addresses are numbers, to keep it small.
#[derive(Debug)]
enum Occurrence {
    /// A packet reaches its address.
    Packet { from: u32, to: u32, bytes: Vec<u8> },
    /// A sender learns that no process listens at an address.
    Unreachable { sender: u32, address: u32 },
    /// A stage of a connection arrives, or is to be sent again.
    Connection(u64),
    /// A slow process is done with what it was at.
    Done(usize),
    /// Something is done to the cluster.
    Step(Box<Step>),
    /// An attack goes on; with the number of the round, from 0.
    Attack(Box<(Attack, u16)>),
}

/// Real nodes of `swim-core` that exchange real bytes over a simulated network in virtual time.
///
/// ```
/// use std::time::Duration;
/// use swim_core::Status;
/// use swim_sim::{Cluster, Seeds};
///
/// let mut cluster = Cluster::lan(10).seed(7).loss_permille(50).build();
/// cluster.join_all(Seeds::First);
/// cluster.run_until(Cluster::converged, Duration::from_secs(30)).unwrap();
///
/// cluster.crash(3);
/// let is_known = |c: &Cluster| c.everyone_sees(3, Status::Dead);
/// let took = cluster.run_until(is_known, Duration::from_secs(60)).unwrap();
/// assert!(took > Duration::from_millis(500), "a probe must fail first");
/// ```
#[derive(Debug)]
pub struct Cluster {
    options: Builder,
    now: Instant,
    nodes: Vec<Node>,
    directory: Directory,
    agenda: Agenda<Occurrence>,
    network: Network,
    /// Packets' buffers that are not in use.
    buffers: Vec<Vec<u8>>,
    workload: Stream,
    observers: Observers,
    /// The queries that the node at work was asked and has not answered yet.
    asked: Vec<swim_core::QueryId>,
    attackers: Attackers,
}

impl Cluster {
    /// `nodes` nodes with [`Config::lan`] on [`Link::lan`].
    #[must_use]
    pub fn lan(nodes: usize) -> Builder {
        Builder::new(nodes, Config::lan(), Link::lan())
    }

    /// `nodes` nodes with [`Config::wan`] on [`Link::wan`].
    #[must_use]
    pub fn wan(nodes: usize) -> Builder {
        Builder::new(nodes, Config::wan(), Link::wan())
    }

    /// `nodes` nodes on memberlist's wire, with its LAN settings, on [`Link::lan`].
    #[must_use]
    pub fn memberlist(nodes: usize) -> Builder {
        Builder::new(nodes, Config::memberlist_lan(MemberlistWire::PLAIN), Link::lan())
    }

    /// `nodes` nodes with [`Config::local`] on [`Link::local`].
    #[must_use]
    pub fn local(nodes: usize) -> Builder {
        Builder::new(nodes, Config::local(), Link::local())
    }

    /// `nodes` nodes with [`Config::lan`] on [`Link::lossy_wifi`].
    #[must_use]
    pub fn lossy_wifi(nodes: usize) -> Builder {
        Builder::new(nodes, Config::lan(), Link::lossy_wifi())
    }

    /// `nodes` nodes with [`Config::wan`] on [`Link::satellite`].
    #[must_use]
    pub fn satellite(nodes: usize) -> Builder {
        Builder::new(nodes, Config::wan(), Link::satellite())
    }

    /// `nodes` nodes with [`Config::wan`], dealt to [`Topology::three_sites`].
    #[must_use]
    pub fn three_sites(nodes: usize) -> Builder {
        Builder::new(nodes, Config::wan(), Link::wan()).topology(Topology::three_sites())
    }

    fn start(options: Builder) -> Result<Self, ConfigError> {
        for node in 0..options.nodes {
            options.config_of(node).validate()?;
        }
        options.check_links().unwrap_or_else(|wrong| panic!("no cluster can be built: {wrong}"));
        let mut cluster = Self {
            now: Instant::ORIGIN,
            nodes: Vec::with_capacity(options.nodes),
            directory: Directory::default(),
            agenda: Agenda::new(),
            network: Network::new(
                options.link.clone(),
                options.topology.clone(),
                options.own_links.clone(),
            ),
            buffers: Vec::new(),
            workload: streams::stream(options.seed, Purpose::Workload, 0),
            observers: Observers::new(&options),
            asked: Vec::new(),
            attackers: Attackers::default(),
            options,
        };
        for name in 0..cluster.options.nodes {
            cluster.add(name);
        }
        Ok(cluster)
    }

    /// Adds a node under the name with a number, and starts it.
    fn add(&mut self, name: usize) -> usize {
        let index = self.nodes.len();
        let address = self.directory.assign(index);
        self.nodes.push(Node::new(index, name, address, self.options.seed));
        self.start_process(index);
        index
    }
}
