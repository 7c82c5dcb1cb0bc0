//! From settings to a running node: [`Builder`].

mod check;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use swim_core::wire::sealed::{Keyring, PacketSealer};
use swim_core::{Config, Identity, Incarnation, NodeId, Swim, Wire};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::runtime::Runtime;
use crate::errors::StartError;
use crate::ground::clock::{self, Clock};
use crate::keys::{Keys, PlainTraffic, Sealing, Source};
use crate::node::{COMMANDS, Node, Rekeying, Snapshot, Snapshots, Subscribers, View, Waiting};
use crate::seeds::Directory;
use crate::seeds::{Pauses, Resolver};
#[cfg(feature = "tls")]
use crate::transport::Tls;
#[cfg(feature = "memberlist")]
use crate::transport::{Current, Memberlist, MemberlistSockets};
use crate::transport::{Opener, Packets, Setup, Sockets, TcpConfig, Transport};

/// What a node is to be: from [`Runtime::builder`]. Only the name has no default.
#[derive(Clone, Debug)]
#[must_use = "a node runs only once it is started"]
pub struct Builder {
    id: String,
    bind: SocketAddr,
    advertise: Option<SocketAddr>,
    seeds: Vec<String>,
    metadata: Vec<u8>,
    config: Config,
    cluster: Option<String>,
    packets: Packets,
    tcp: TcpConfig,
    #[cfg(feature = "tls")]
    tls: Option<Tls>,
    #[cfg(feature = "memberlist")]
    memberlist: Option<Memberlist>,
    /// In place of [`Sockets`].
    transport: Option<Opener>,
    incarnation: Option<Incarnation>,
    rng_seed: Option<u64>,
    notice_capacity: usize,
    notice_memory: usize,
    directory: Directory,
    sealing: Sealing,
    snapshot: Option<PathBuf>,
}

impl Runtime {
    /// Begins to describe a node; [`Builder::start`] starts it.
    pub fn builder() -> Builder {
        Builder::new()
    }
}

impl Builder {
    pub(crate) fn new() -> Self {
        Self {
            id: String::new(),
            bind: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            advertise: None,
            seeds: Vec::new(),
            metadata: Vec::new(),
            config: Config::lan(),
            cluster: None,
            packets: Packets::default(),
            tcp: TcpConfig::default(),
            #[cfg(feature = "tls")]
            tls: None,
            #[cfg(feature = "memberlist")]
            memberlist: None,
            transport: None,
            incarnation: None,
            rng_seed: None,
            notice_capacity: 16_384,
            notice_memory: 16 << 20,
            directory: Directory::default(),
            sealing: Sealing::default(),
            snapshot: None,
        }
    }

    /// The node's name, unique in its cluster: 1 to 255 bytes.
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.id = id.into();
        self
    }

    /// Where to listen; port 0 takes any free one, which [`Runtime::local_address`] then tells.
    /// Default 127.0.0.1:0.
    pub fn bind(mut self, address: SocketAddr) -> Self {
        self.bind = address;
        self
    }

    /// Where the others reach this node, if that is not where it listens: behind a translation of
    /// addresses, or when it listens at 0.0.0.0. Port 0 stands for the port that it listens at.
    pub fn advertise(mut self, address: SocketAddr) -> Self {
        self.advertise = Some(address);
        self
    }

    /// Adds a node to join through: its address, or where to look for some:
    /// - a host name with a port (`node-1.example.org:7946`): all its addresses, of both families;
    /// - a DNS name with SRV records (`srv+_swim._tcp.example.org`): all their targets (feature
    ///   `dns-srv`);
    /// - a file (`file:/etc/swim/seeds`): a seed a line, with `#` before comments.
    ///
    /// These are looked up again as long as nobody answers. Seeds are tried until one does, so they
    /// may start later.
    pub fn seed(self, seed: impl ToString) -> Self {
        self.seeds([seed])
    }

    /// Adds several seeds.
    pub fn seeds<S: ToString>(mut self, seeds: impl IntoIterator<Item = S>) -> Self {
        self.seeds.extend(seeds.into_iter().map(|seed| seed.to_string()));
        self
    }

    /// The name servers that are asked for SRV records, in turn. Default: those of
    /// /etc/resolv.conf.
    #[cfg(feature = "dns-srv")]
    pub fn name_servers(mut self, servers: impl IntoIterator<Item = SocketAddr>) -> Self {
        self.directory.servers = servers.into_iter().collect();
        self
    }

    /// The cluster's name, in place of the one in [`Config`]. Nodes of other clusters are kept out.
    pub fn cluster(mut self, name: impl Into<String>) -> Self {
        self.cluster = Some(name.into());
        self
    }

    /// The metadata that the others see, at most [`Config::max_metadata_size`] bytes.
    pub fn metadata(mut self, metadata: impl Into<Vec<u8>>) -> Self {
        self.metadata = metadata.into();
        self
    }

    /// The protocol's settings. Default [`Config::lan`]. With [`Packets::Tcp`], `reliable_fallback`
    /// is turned off: all traffic is reliable.
    pub fn config(mut self, config: Config) -> Self {
        self.config = config;
        self
    }

    /// How packets travel, by TCP or by UDP. Default [`Packets::Tcp`].
    pub fn packets(mut self, packets: Packets) -> Self {
        self.packets = packets;
        self
    }

    /// The settings of the connections.
    pub fn tcp(mut self, tcp: TcpConfig) -> Self {
        self.tcp = tcp;
        self
    }

    /// Protects all traffic by TLS with certificates on both sides; packets go by TCP then. All
    /// nodes of a cluster do it, or none. Default: none, and traffic is plain. It concerns only the
    /// built-in transport.
    #[cfg(feature = "tls")]
    pub fn tls(mut self, tls: Tls) -> Self {
        self.tls = Some(tls);
        self
    }

    /// Makes the node a member of a cluster of HashiCorp's memberlist, such as serf's or
    /// alertmanager's. Packets go by UDP and tables over TCP; [`packets`](Self::packets),
    /// [`tcp`](Self::tcp) and the cluster's name are of no meaning there. The first incarnation is
    /// 1, as memberlist's, unless another is given: what the others remember of a former life is
    /// refuted.
    #[cfg(feature = "memberlist")]
    pub fn memberlist(mut self, settings: Memberlist) -> Self {
        self.memberlist = Some(settings);
        self
    }

    /// A transport of your own, in place of sockets: it is opened when the node starts, on its
    /// runtime. What is set by [`packets`](Self::packets) and [`tcp`](Self::tcp) concerns only the
    /// built-in one. Turn [`Config::reliable_fallback`] off if all its packets arrive.
    pub fn transport<T: Transport>(
        mut self,
        open: impl Fn(&Setup) -> Result<T, StartError> + Send + Sync + 'static,
    ) -> Self {
        self.transport = Some(Opener::new(open));
        self
    }

    /// The first incarnation. Default: the wall clock's milliseconds, so that a restarted node
    /// supersedes its old self.
    pub fn incarnation(mut self, incarnation: Incarnation) -> Self {
        self.incarnation = Some(incarnation);
        self
    }

    /// Makes the node draw the same random numbers at each start: for tests. Default: the system's
    /// entropy.
    pub fn rng_seed(mut self, seed: u64) -> Self {
        self.rng_seed = Some(seed);
        self
    }

    /// How many notices wait for one subscriber at most; further ones are dropped, and the
    /// subscriber is told how many. Memory is taken only as they pile up. Default 16,384; at
    /// least 1.
    pub fn notice_capacity(mut self, notices: usize) -> Self {
        self.notice_capacity = notices;
        self
    }

    /// How many bytes of notices wait for one subscriber at most, payloads included; further ones
    /// are dropped, and the subscriber is told how many. One that is longer waits alone. Default 16
    /// MiB.
    pub fn notice_memory(mut self, bytes: usize) -> Self {
        self.notice_memory = bytes;
        self
    }

    /// Encrypts and authenticates all traffic with the cluster's keys, and drops what is not:
    /// docs/SECURITY.md says what that protects from. All nodes of a cluster need it. It needs no
    /// certificates. On memberlist's wire the keyring is that of `Memberlist`; a transport of one's
    /// own sees to this itself, unless it wraps `Sockets`.
    ///
    /// A packet by UDP is up to 64 bytes longer under a seal: it is made so much shorter before, so
    /// that it has [`Config::max_packet_size`] on the network.
    pub fn keyring(mut self, keyring: Keyring) -> Self {
        self.sealing.source = Some(Source::Keyring(keyring));
        self
    }

    /// Reads the cluster's keys from a file (base64, one on each line, the primary first), which
    /// nobody else may read ([`read_secret_file`](crate::read_secret_file)). It is rewritten when
    /// the keys are changed by [`Runtime::install_key`] and its like.
    pub fn keyring_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.sealing.source = Some(Source::File(path.into()));
        self
    }

    /// Whether plain traffic is dealt in next to the keyring, while a cluster is moved to
    /// encryption. Default [`PlainTraffic::Refused`].
    pub fn plain_traffic(mut self, plain: PlainTraffic) -> Self {
        self.sealing.plain = plain;
        self
    }

    /// Keeps in this directory, which is the node's own, what it needs to come back without seeds
    /// after a crash: its incarnation and where the others are. It is made if there is none; a
    /// damaged snapshot is set aside there. It is locked while the node runs: a second one with it
    /// fails with [`StartError::SnapshotInUse`].
    pub fn snapshot(mut self, directory: impl Into<PathBuf>) -> Self {
        self.snapshot = Some(directory.into());
        self
    }

    /// Starts the node: it listens when this returns, and contacts its seeds from then on. It must
    /// be called within a tokio runtime, whose tasks the node's are.
    ///
    /// # Errors
    /// [`StartError`], which says what to do.
    #[expect(clippy::unused_async, reason = "a transport with certificates will read them here")]
    pub async fn start(self) -> Result<Runtime, StartError> {
        self.spawn().map(|(runtime, _)| runtime)
    }

    /// Starts the node; also gives its loop, to wait for its end.
    pub(crate) fn spawn(self) -> Result<(Runtime, JoinHandle<()>), StartError> {
        let id = NodeId::new(&self.id).map_err(StartError::Name)?;
        let (config, keys) = self.checked_config()?;
        let seeds = self.parsed_seeds()?;
        let rng = clock::generator(self.rng_seed).map_err(StartError::Entropy)?;
        let setup = self.setup(&id, &config, keys.as_ref());
        let transport = self.open_transport(&setup)?;
        let local = transport.local_address();
        let advertised = setup.advertised(local)?;

        let clock = Clock::start();
        let mut incarnation =
            self.incarnation.unwrap_or_else(|| config.wire.first_incarnation(clock::wall_millis()));
        let snapshot = match &self.snapshot {
            Some(directory) => {
                let snapshot = Snapshot::open(directory, &config.cluster, &id)?;
                incarnation = snapshot.incarnation(incarnation);
                Some(snapshot.begin(incarnation)?)
            }
            None => None,
        };
        let identity =
            Identity::new(id.clone(), advertised, incarnation).with_metadata(&self.metadata);
        let pauses = Pauses { first: config.join_backoff, longest: config.join_backoff_max };
        let swim = Swim::new(config, identity, rng, clock.now()).map_err(StartError::Config)?;
        let view = Arc::new(View::new(
            id,
            local,
            advertised,
            Subscribers::new(self.notice_capacity, self.notice_memory),
        ));
        let (sender, commands) = mpsc::channel(COMMANDS);
        let mut node = Node {
            swim,
            clock,
            transport,
            resolver: Resolver::new(pauses, self.directory.clone(), advertised.is_ipv4()),
            commands,
            view: Arc::clone(&view),
            waiting: Waiting::default(),
            rekeying: Rekeying::new(view.id.clone(), keys.clone()),
            snapshots: Snapshots::new(),
            packet: Vec::new(),
            keeper: None,
        };
        node.take_seeds(&seeds).map_err(StartError::Seeds)?;
        if let Some(snapshot) = snapshot {
            node.take_snapshot(snapshot, seeds.len());
        }
        node.settle();
        tracing::info!(node = %view.id, %local, %advertised, "node started");
        self.sealing.warn(self.is_protected_otherwise(), advertised);
        #[cfg_attr(
            not(feature = "memberlist"),
            expect(unused_mut, reason = "only that wire has an envelope")
        )]
        let mut runtime = Runtime::new(view, sender, keys);
        #[cfg(feature = "memberlist")]
        {
            runtime.envelope = setup.envelope;
        }
        Ok((runtime, tokio::spawn(node.run())))
    }

    /// What the transport is given.
    fn setup(&self, id: &NodeId, config: &Config, keys: Option<&Arc<Keys>>) -> Setup {
        Setup {
            id: id.clone(),
            cluster: config.cluster.clone(),
            bind: self.bind,
            advertise: self.advertise,
            allowed_networks: config.allowed_networks.clone(),
            max_packet: Config::LARGEST_PACKET,
            max_exchange: config.max_exchange_size,
            keys: keys.cloned(),
            #[cfg(feature = "memberlist")]
            envelope: self
                .memberlist
                .as_ref()
                .filter(|_| self.transport.is_none())
                .map(Current::new),
        }
    }

    fn checked_config(&self) -> Result<(Config, Option<Arc<Keys>>), StartError> {
        let config = self.settled_config()?;
        let keys = self.sealing.keys(&config)?;
        Ok((self.sealed_config(config, keys.is_some())?, keys))
    }

    /// The protocol's settings, as all else that was set makes them.
    fn settled_config(&self) -> Result<Config, StartError> {
        let mut config = self.config.clone();
        if let Some(cluster) = &self.cluster {
            config.cluster.clone_from(cluster);
        }
        #[cfg(feature = "memberlist")]
        if let Some(memberlist) = &self.memberlist {
            config = memberlist.apply(config);
        }
        if self.transport.is_none() && config.wire == Wire::Native {
            config.reliable_fallback &= self.packets == Packets::Udp;
        }
        #[cfg(feature = "tls")]
        if self.tls.as_ref().is_some_and(Tls::binds_names) {
            config.origin_only = true;
        }
        config.validate().map_err(StartError::Config)?;
        if config.wire != Wire::Native && self.sealing.source.is_some() {
            return Err(StartError::KeyringOfOtherWire);
        }
        if config.wire != Wire::Native && self.opens_sockets() {
            return Err(StartError::SocketsOfOtherWire);
        }
        Ok(config)
    }

    /// They, with the room that seals take up.
    fn sealed_config(&self, mut config: Config, has_keys: bool) -> Result<Config, StartError> {
        if has_keys && (self.transport.is_some() || self.packets == Packets::Udp) {
            config.max_packet_size -=
                PacketSealer::overhead_at(self.advertise.unwrap_or(self.bind));
            config.validate().map_err(StartError::Sealed)?;
        }
        Ok(config)
    }

    /// Returns true if something other than our keyring may protect the traffic.
    const fn is_protected_otherwise(&self) -> bool {
        #[cfg(feature = "memberlist")]
        if let Some(memberlist) = &self.memberlist
            && memberlist.envelope.keyring.is_some()
        {
            return true;
        }
        #[cfg(feature = "tls")]
        if self.tls.is_some() {
            return true;
        }
        self.transport.is_some()
    }

    fn open_transport(&self, setup: &Setup) -> Result<Box<dyn Transport>, StartError> {
        self.check_protection(setup.keys.is_some())?;
        match &self.transport {
            Some(opener) => opener.open(setup),
            #[cfg(feature = "memberlist")]
            None if self.memberlist.is_some() => {
                let settings = self.memberlist.clone().unwrap_or_else(Memberlist::plain);
                Ok(Box::new(MemberlistSockets::open(setup, &settings)?))
            }
            None => Ok(Box::new(self.open_sockets(setup)?)),
        }
    }

    fn open_sockets(&self, setup: &Setup) -> Result<Sockets, StartError> {
        #[cfg(feature = "tls")]
        if let Some(tls) = &self.tls {
            return Sockets::open_with_tls(setup, self.tcp.clone(), tls.clone());
        }
        Sockets::open(setup, self.packets, self.tcp.clone())
    }
}
