//! Every option of a run, with defaults: [`Builder`]. Two clusters built from equal builders do the
//! same.

use core::fmt;
use core::time::Duration;
use std::collections::BTreeMap;
use std::sync::Arc;

use swim_core::{Config, ConfigError};

use super::Cluster;
use crate::checkers::Checker;
use crate::network::{self, Bandwidth, Latency, Link, Topology};
use crate::plan::{self, Seeds};
use crate::trace::FlightRecorder;

/// How many events the log keeps unless told otherwise.
const EVENT_LOG: usize = 1 << 20;

/// Makes a checker.
#[derive(Clone)]
pub(crate) struct MakeChecker(Arc<dyn Fn() -> Box<dyn Checker> + Send + Sync>);

impl MakeChecker {
    pub(super) fn make(&self) -> Box<dyn Checker> {
        (self.0)()
    }
}

impl fmt::Debug for MakeChecker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MakeChecker")
    }
}

/// Options of a cluster: from [`Cluster::lan`] and its siblings, changed by methods, used by
/// [`Builder::build`].
#[derive(Clone, Debug)]
pub struct Builder {
    pub(crate) nodes: usize,
    pub(crate) seed: u64,
    pub(crate) config: Config,
    pub(crate) own_configs: BTreeMap<usize, Config>,
    pub(crate) link: Link,
    /// (From, to) -> the path of that direction.
    pub(crate) own_links: BTreeMap<(usize, usize), Link>,
    pub(crate) topology: Option<Topology>,
    pub(crate) records_trace: bool,
    pub(crate) flight_recorder: Option<FlightRecorder>,
    pub(crate) records_history: bool,
    pub(crate) event_log: usize,
    pub(crate) answers_queries: bool,
    pub(crate) port_unreachable: bool,
    pub(crate) is_checked: bool,
    pub(crate) checkers: Vec<MakeChecker>,
    pub(crate) cpu_clock: Option<fn() -> Duration>,
}

impl Builder {
    pub(super) const fn new(nodes: usize, config: Config, link: Link) -> Self {
        Self {
            nodes,
            seed: 0,
            config,
            own_configs: BTreeMap::new(),
            link,
            own_links: BTreeMap::new(),
            topology: None,
            records_trace: false,
            flight_recorder: None,
            records_history: false,
            event_log: EVENT_LOG,
            answers_queries: true,
            port_unreachable: false,
            is_checked: true,
            checkers: Vec::new(),
            cpu_clock: None,
        }
    }

    /// The seed from which everything random is drawn. Default 0: a run is the same every time
    /// unless it is asked to be another.
    #[must_use]
    pub const fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Has so many nodes.
    pub(crate) const fn resize(&mut self, nodes: usize) {
        self.nodes = nodes;
    }

    /// The configuration of every node.
    #[must_use]
    pub fn config(mut self, config: Config) -> Self {
        self.config = config;
        self
    }

    /// Changes the configuration of every node that has none of its own.
    #[must_use]
    pub fn configure(mut self, change: impl FnOnce(&mut Config)) -> Self {
        change(&mut self.config);
        self
    }

    /// Gives one node a configuration of its own, changed from that of all.
    #[must_use]
    pub fn configure_node(mut self, node: usize, change: impl FnOnce(&mut Config)) -> Self {
        change(self.own_configs.entry(node).or_insert_with(|| self.config.clone()));
        self
    }

    /// The path between every two nodes, wherever they stand.
    #[must_use]
    pub fn link(mut self, link: Link) -> Self {
        self.link = link;
        self.topology = None;
        self
    }

    /// The path from one node to another, in that direction: its own latency, loss and bandwidth.
    /// What is said of every path after that is said of it, too.
    #[must_use]
    pub fn link_between(mut self, from: usize, to: usize, link: Link) -> Self {
        self.own_links.insert((from, to), link);
        self
    }

    /// Leaves queries to your program, which answers by [`Cluster::respond`]. By default every node
    /// answers at once with its name.
    #[must_use]
    pub const fn answers_of_programs(mut self) -> Self {
        self.answers_queries = false;
        self
    }

    /// The places of the nodes, and the path of each class. A later change of every path changes
    /// that of every class.
    #[must_use]
    pub fn topology(mut self, topology: Topology) -> Self {
        self.topology = Some(topology);
        self
    }

    /// Changes every path.
    #[must_use]
    fn change_links(mut self, change: impl Fn(&mut Link)) -> Self {
        change(&mut self.link);
        self.topology.iter_mut().flat_map(Topology::links_mut).for_each(&change);
        self.own_links.values_mut().for_each(change);
        self
    }

    /// The delay of every path.
    #[must_use]
    pub fn latency(mut self, latency: Latency) -> Self {
        let classes = self.topology.iter_mut().flat_map(Topology::links_mut);
        for link in classes.chain(self.own_links.values_mut()) {
            link.latency = latency.clone();
        }
        self.link.latency = latency;
        self
    }

    /// How many of 1,000 packets are lost.
    #[must_use]
    pub fn loss_permille(self, permille: u16) -> Self {
        self.change_links(|link| link.loss_permille = permille)
    }

    /// How many of 1,000 packets arrive twice.
    #[must_use]
    pub fn duplicate_permille(self, permille: u16) -> Self {
        self.change_links(|link| link.duplicate_permille = permille)
    }

    /// How many of 1,000 packets are held up, and by how much at most.
    #[must_use]
    pub fn reorder(self, permille: u16, by: Duration) -> Self {
        self.change_links(|link| (link.reorder_permille, link.reorder_by) = (permille, by))
    }

    /// How many of 1,000 packets are damaged; see [`Link::corrupt_permille`].
    #[must_use]
    pub fn corrupt_permille(self, permille: u16) -> Self {
        self.change_links(|link| link.corrupt_permille = permille)
    }

    /// How fast each node can send, and how much may wait.
    #[must_use]
    pub fn bandwidth(self, bandwidth: Bandwidth) -> Self {
        self.change_links(|link| link.bandwidth = Some(bandwidth))
    }

    /// Records the trace as text, for [`Cluster::trace`]. Its hash is there in any case.
    #[must_use]
    pub const fn record_trace(mut self) -> Self {
        self.records_trace = true;
        self
    }

    /// Records into something that outlives the cluster, even a panic in it.
    #[must_use]
    pub fn flight_recorder(mut self, recorder: &FlightRecorder) -> Self {
        self.flight_recorder = Some(recorder.clone());
        self
    }

    /// Records each table's changes with their times, for [`Cluster::history`] and for reports. It
    /// changes nothing in the run.
    #[must_use]
    pub const fn record_history(mut self) -> Self {
        self.records_history = true;
        self
    }

    /// Measures how long the processor takes over each node and each virtual second, for
    /// [`Cluster::cpu_time`]. `clock` gives the processor's time since whenever, of the thread or
    /// of the process; it is read twice for each thing that happens. What it says changes nothing
    /// in the run.
    #[must_use]
    pub const fn measure_cpu(mut self, clock: fn() -> Duration) -> Self {
        self.cpu_clock = Some(clock);
        self
    }

    /// How many events the log keeps; the oldest make room. Default 1,048,576.
    #[must_use]
    pub const fn event_log(mut self, most: usize) -> Self {
        self.event_log = most;
        self
    }

    /// Tells a sender that no process listens where its packet went, as ICMP does for datagrams and
    /// a refused connection for streams. Default off.
    #[must_use]
    pub const fn port_unreachable(mut self) -> Self {
        self.port_unreachable = true;
        self
    }

    /// Leaves out the checkers that every run has, for measurements and for clusters of many
    /// thousands: they take a part of the time, and memory for each pair of nodes. Those of
    /// [`Builder::checker`] stay, and so does the trace's hash: the run is the same.
    #[must_use]
    pub const fn unchecked(mut self) -> Self {
        self.is_checked = false;
        self
    }

    /// Adds a checker of your own to those that every run has. `make` is called for each cluster
    /// that is built; the checker may share its findings with its maker.
    #[must_use]
    pub fn checker(mut self, make: impl Fn() -> Box<dyn Checker> + Send + Sync + 'static) -> Self {
        self.checkers.push(MakeChecker(Arc::new(make)));
        self
    }

    /// The cluster: every node runs, and none has joined another.
    ///
    /// # Panics
    /// If a path says what cannot be (a share of more than 1,000, a latency from high to low), or
    /// is of a node that is not there; if the configuration is not valid: [`Builder::try_build`]
    /// returns the error instead.
    #[must_use]
    pub fn build(self) -> Cluster {
        self.try_build().unwrap_or_else(|error| panic!("no cluster can be built: {error}"))
    }

    /// The cluster after all nodes have joined through node 0 and know each other.
    ///
    /// # Panics
    /// If the configuration is not valid, or that takes more than two virtual minutes.
    #[must_use]
    pub fn build_joined(self) -> Cluster {
        let mut cluster = self.build();
        cluster.join_all(Seeds::First);
        let joined = cluster.run_until(Cluster::converged, Duration::from_secs(120));
        joined.unwrap_or_else(|late| panic!("the cluster does not join: {late}"));
        cluster
    }

    /// As [`Builder::build`].
    ///
    /// # Errors
    /// Returns the error of [`Config::validate`].
    pub fn try_build(self) -> Result<Cluster, ConfigError> {
        Cluster::start(self)
    }

    /// Whether every path can be.
    pub(super) fn check_links(&self) -> Result<(), String> {
        let classes = self.topology.iter().flat_map(Topology::links);
        classes
            .chain([&self.link])
            .chain(self.own_links.values())
            .try_for_each(network::bounds::link)?;
        let absent = self.own_links.keys().find(|(from, to)| *from.max(to) >= self.nodes);
        plan::bounds::absent(absent.map(|(from, to)| *from.max(to)), self.nodes)
    }

    /// The path from one node to another that has none of its own.
    #[cfg(feature = "serde")]
    pub(crate) fn path(&self, from: usize, to: usize) -> &Link {
        self.topology.as_ref().map_or(&self.link, |topology| topology.link(from, to))
    }

    pub(crate) fn config_of(&self, node: usize) -> &Config {
        self.own_configs.get(&node).unwrap_or(&self.config)
    }
}

impl fmt::Display for Builder {
    /// The options, a line each; of a configuration, what differs from [`Config::lan`].
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "nodes: {}", self.nodes)?;
        writeln!(f, "seed: {}", self.seed)?;
        match &self.topology {
            None => writeln!(f, "link: {:?}", self.link)?,
            Some(topology) => writeln!(f, "topology: {topology:?}")?,
        }
        for ((from, to), link) in &self.own_links {
            writeln!(f, "link from node-{from} to node-{to}: {link:?}")?;
        }
        if self.port_unreachable {
            writeln!(f, "port_unreachable")?;
        }
        writeln!(f, "config: Config::lan(){}", Differences(&self.config, &Config::lan()))?;
        for (node, config) in &self.own_configs {
            writeln!(f, "config of node-{node}: as all{}", Differences(config, &self.config))?;
        }
        Ok(())
    }
}

/// The fields in which the first differs from the second.
struct Differences<'a>(&'a Config, &'a Config);

impl fmt::Display for Differences<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (ours, theirs) = (format!("{:#?}", self.0), format!("{:#?}", self.1));
        let changed = ours.lines().zip(theirs.lines()).filter(|(ours, theirs)| ours != theirs);
        changed
            .map(|(ours, _)| ours.trim().trim_end_matches(','))
            .try_for_each(|field| write!(f, ", {field}"))
    }
}

#[cfg(test)]
mod tests {
    use core::net::SocketAddr;

    use swim_core::Instant;

    use super::*;
    use crate::checkers::Verdict;

    #[test]
    fn the_options_print_what_differs_from_the_defaults() {
        let builder = Cluster::lan(5)
            .seed(7)
            .loss_permille(50)
            .configure(|config| config.indirect_probes = 9)
            .configure_node(3, |config| config.cluster = String::from("other"));
        let text = builder.to_string();
        let lines: Vec<_> = text.lines().collect();
        assert_eq!((lines[0], lines[1]), ("nodes: 5", "seed: 7"));
        assert!(lines[2].contains("loss_permille: 50"), "{text}");
        assert_eq!(lines[3], "config: Config::lan(), indirect_probes: 9");
        assert_eq!(lines[4], "config of node-3: as all, cluster: \"other\"");
    }

    #[test]
    fn an_unchecked_cluster_has_only_the_checkers_that_were_added() {
        #[derive(Debug)]
        struct Strict;
        impl Checker for Strict {
            fn name(&self) -> &'static str {
                "nobody ever sends"
            }
            fn sent(&mut self, _: Instant, _: usize, _: SocketAddr, _: &[u8]) -> Verdict {
                Err(String::from("somebody sent"))
            }
        }
        let run = |builder: Builder| {
            let mut cluster = builder.build();
            cluster.join_all(Seeds::First);
            cluster.try_run_for(Duration::from_secs(5)).map_err(|violation| violation.checker)
        };
        assert_eq!(run(Cluster::lan(3).unchecked()), Ok(()));
        assert_eq!(
            run(Cluster::lan(3).unchecked().checker(|| Box::new(Strict))),
            Err("nobody ever sends")
        );
    }

    #[test]
    fn a_configuration_that_is_not_valid_is_refused() {
        let error = Cluster::lan(2).configure(|config| config.gossip_fanout = 0).try_build();
        assert!(error.is_err_and(|error| error.to_string().contains("gossip_fanout")));
    }
}
