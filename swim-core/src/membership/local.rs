//! Who this node is, and whether another one lives under its name.

use core::net::SocketAddr;

use super::names::refusals::Refusals;
use crate::dialect::Policy;
use crate::ground::config::Config;
use crate::ground::horizon::Horizon;
use crate::ground::id::{Incarnation, NodeId, Slot};
use crate::ground::time::Instant;
use crate::wire::cluster_hash;

/// How far a node's life has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It takes part.
    Running,
    /// It spreads its departure and still answers pings.
    Leaving,
    /// It has left: it sends nothing and ignores what arrives.
    Left,
}

/// Another node that bears our name, or may do so.
#[derive(Clone, Copy, Debug)]
pub(super) struct Contender {
    pub(super) address: SocketAddr,
    /// Its incarnation as far as it is known.
    pub(super) incarnation: Incarnation,
    /// It has answered, so it is there.
    pub(super) confirmed: bool,
    /// The others have decided that the name is ours.
    pub(super) beaten: bool,
    /// Tables of others have it as the bearer, so it is not its word alone, or a forged Alive.
    pub(super) is_believed: bool,
    /// It bore the name before anybody believed us to: it keeps it, whichever claim is the greater.
    pub(super) came_first: bool,
}

/// This node. What every packet needs comes last: what it counts follows.
#[derive(Debug)]
#[repr(C)]
pub(super) struct Local {
    pub(super) contender: Option<Contender>,
    /// Others have said that they believe us to be where we are.
    pub(super) is_established: bool,
    /// The highest incarnation that is believed of anybody.
    pub(super) horizon: Horizon,
    /// When a seed was last asked what is believed of us, since we were told too much to believe
    /// it.
    pub(super) seed_asked: Option<Instant>,
    /// When the user was last told of a contender.
    pub(super) conflict_told: Option<Instant>,
    /// Of which names the user was told lately that they were refused.
    pub(super) refusals_told: Refusals,
    /// The user was told that no peer is left, and not yet that one is there again.
    pub(super) isolated: bool,
    /// There was a peer when it was last looked.
    pub(super) had_peers: bool,
    pub(super) address: SocketAddr,
    /// The incarnation at which this life was first known as such: broadcasts are numbered within
    /// it.
    pub(super) epoch: Incarnation,
    pub(super) id: NodeId,
    /// Its own place in the table.
    pub(super) slot: Slot,
    pub(super) cluster: u32,
    pub(super) state: State,
    /// Whether no address is refused: every packet asks for it.
    pub(super) allows_all: bool,
}

impl Local {
    pub(super) fn new(
        config: &Config,
        policy: &Policy,
        (id, slot): (NodeId, Slot),
        address: SocketAddr,
        epoch: Incarnation,
        now: Instant,
    ) -> Self {
        Self {
            horizon: policy.horizon(now, epoch, config.max_incarnation_ahead),
            seed_asked: None,
            state: State::Running,
            allows_all: config.allowed_networks.is_empty(),
            cluster: cluster_hash(&config.cluster),
            slot,
            id,
            address,
            epoch,
            contender: None,
            is_established: false,
            conflict_told: None,
            refusals_told: Refusals::new(),
            isolated: false,
            had_peers: false,
        }
    }
}
