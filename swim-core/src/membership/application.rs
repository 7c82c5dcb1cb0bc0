//! The doors between membership and the layer above it.
//!
//! Upwards, [`Application`]: what membership hands to the layer, and what it asks it. Downwards,
//! [`Host`]: what the layer may look at and do. The layer sees members and opaque payloads, and
//! membership sees neither what a payload means nor whether there is a layer at all.

use alloc::vec::Vec;
use core::fmt;
use core::net::SocketAddr;
use core::time::Duration;

use rand_core::Rng;

use super::MemberView;
use super::error::BroadcastError;
use super::local::State;
use crate::dialect::Policy;
use crate::ground::config::Config;
use crate::ground::event::Event;
use crate::ground::id::{Incarnation, NodeId, Slot};
use crate::ground::key_query::KeyQuery;
use crate::ground::member::Status;
use crate::ground::metrics::DropReason;
use crate::ground::time::Instant;
use crate::table::members::Members;

/// The layer above membership. What it does not need it leaves out: by default messages for
/// everyone are passed on unread, and nothing else is done.
pub trait Application: Default + fmt::Debug {
    /// An announcement of `origin` was heard for the first time. Returns true if it is to be passed
    /// on.
    fn on_announcement(
        &mut self,
        _host: &mut impl Host,
        _now: Instant,
        _origin: &str,
        _payload: &[u8],
    ) -> bool {
        true
    }

    /// A message for this node alone arrived from the member `source`, from its own address.
    fn on_direct(&mut self, _: &mut impl Host, _now: Instant, _source: &str, _payload: &[u8]) {}

    /// A user message of memberlist's wire arrived. Returns true if it is the layer's; otherwise
    /// the user is told of it.
    fn on_user_message(&mut self, _: &mut impl Host, _now: Instant, _payload: &[u8]) -> bool {
        false
    }

    /// The layer's bytes with a table that is sent; `None` for what the user set.
    fn state(&self, _: &impl Host) -> Option<Vec<u8>> {
        None
    }

    /// Another's state came with its table; `is_first` if this node has just come to the cluster.
    /// Returns true if it is the layer's.
    fn on_state(
        &mut self,
        _: &mut impl Host,
        _now: Instant,
        _state: &[u8],
        _is_first: bool,
    ) -> bool {
        false
    }

    /// This node was let into a cluster by a seed.
    fn on_let_in(&mut self, _: &mut impl Host, _now: Instant) {}

    /// A member answered a direct probe after so long; its payload may follow in the same packet.
    fn on_round_trip(&mut self, _: &Config, _now: Instant, _slot: Slot, _round_trip: Duration) {}

    /// The layer's bytes in an ack, where the wire has room for some in it.
    fn ack_payload(&self, _: &Config, _: &Policy) -> Vec<u8> {
        Vec::new()
    }

    /// The layer's bytes in the packet of an ack, where they are a message of their own.
    fn beside_ack(&self, _: &Config, _: &Policy) -> Option<[u8; crate::wire::COORDINATE_LEN]> {
        None
    }

    /// What a member said in an ack, or in a message behind one.
    fn on_ack_payload(&mut self, _: &mut impl Host, _now: Instant, _slot: Slot, _payload: &[u8]) {}

    /// The status of a member that nobody reaches any more: Dead or Left.
    fn verdict(&self, _id: &str) -> Status {
        Status::Dead
    }

    /// A member that was gone is back.
    fn on_back(&mut self, _id: &str) {}

    /// A member's record ends, and its slot may be given to another.
    fn on_forgotten(&mut self, _slot: Slot, _id: &str) {}

    /// Another node lives under this node's name. `is_owed` if it was heard of before.
    fn on_contender(
        &mut self,
        _: &mut impl Host,
        _now: Instant,
        _address: SocketAddr,
        _is_owed: bool,
    ) {
    }

    /// The user wants `payload` sent to everyone. `None` if membership is to send it.
    fn broadcast(
        &mut self,
        _: &mut impl Host,
        _now: Instant,
        _payload: &[u8],
    ) -> Option<Result<(), BroadcastError>> {
        None
    }

    /// The user declares a member to have left, at that incarnation.
    fn on_force_leave(
        &mut self,
        _: &mut impl Host,
        _now: Instant,
        _id: &str,
        _incarnation: Incarnation,
        _prune: bool,
    ) {
    }

    /// This node leaves. Returns true if its departure is not to be spread yet.
    fn on_leave(&mut self, _: &mut impl Host, _now: Instant) -> bool {
        false
    }

    /// Packets were sent while the node leaves, or the time for that is over (`is_late`). Returns
    /// true if the departure is the layer's to go on with.
    fn on_leaving(&mut self, _: &mut impl Host, _now: Instant, _is_late: bool) -> bool {
        false
    }

    /// This node has left.
    fn on_left(&mut self, _: &mut impl Host) {}

    /// The deadline has come that [`Host::set_deadline`] set.
    fn on_timeout(&mut self, _: &mut impl Host, _now: Instant) {}

    /// A member that [`Host::look_first`] pinged has answered, or not.
    fn on_looked(&mut self, _: &mut impl Host, _now: Instant, _member: &NodeId, _answered: bool) {}

    /// The slots that the layer names.
    fn slots(&self) -> impl Iterator<Item = Slot> {
        core::iter::empty()
    }

    /// Panics if the layer's bounds do not hold.
    fn check_bounds(&self, _: &Config) {}
}

/// What the layer above may look at and do.
pub trait Host {
    /// The generator of the node.
    type Rng: Rng;

    /// This node's name.
    fn id(&self) -> &NodeId;
    /// This node's address.
    fn address(&self) -> SocketAddr;
    /// Whether this node runs, leaves or has left.
    fn state(&self) -> State;
    /// The settings.
    fn config(&self) -> &Config;
    /// The rules of the wire.
    fn policy(&self) -> &'static Policy;
    /// This node's slot in the table.
    fn own_slot(&self) -> Slot;
    /// The table of members, to read.
    fn members(&self) -> &Members;
    /// The member in `slot`, unless only its name is known.
    fn view(&self, slot: Slot) -> Option<MemberView<'_>>;
    /// A copy of the name in `slot`.
    fn id_at(&self, slot: Slot) -> NodeId;
    /// The member of that name, if it is at that address.
    fn member_behind(&self, from: SocketAddr, source: &str) -> Option<Slot>;
    /// The versions that a member speaks, as bytes.
    fn version_bytes(&self, slot: Slot) -> [u8; 6];
    /// How many members are alive or suspected, this node included while it runs.
    fn active_members(&self) -> usize;
    /// How many others are alive or suspected.
    fn peers(&self) -> usize;
    /// Up to `count` active peers at random.
    fn sample_peers(&mut self, count: usize) -> Vec<Slot>;
    /// Where another node bears this node's name, and whether it has answered there.
    fn contender(&self) -> Option<(SocketAddr, bool)>;
    /// Returns true if anybody could have sent what is at hand.
    fn is_unproven(&self) -> bool;
    /// Returns true if what is at hand came in plain and must not get this node's seal.
    fn hears_plain(&self) -> bool;
    /// How many broadcasts wait, of this node and of others.
    fn broadcasts_waiting(&self) -> usize;
    /// How many broadcasts wait to be sent, as [`Config::max_broadcasts`] counts them.
    fn queued_broadcasts(&self) -> usize;

    /// The generator.
    fn rng(&mut self) -> &mut Self::Rng;
    /// Tells the user.
    fn emit(&mut self, event: Event);
    /// Hands the driver a query about keys, of which at most `max` wait.
    fn emit_key_query(&mut self, query: KeyQuery, max: usize);
    /// Counts what is dropped.
    fn count_drop(&mut self, reason: DropReason);
    /// Drops those broadcasts that were sent most until one more may wait.
    fn make_broadcast_room(&mut self);
    /// Sends a message of this node to everyone.
    fn announce(&mut self, now: Instant, payload: &[u8]);
    /// Passes a bare user message on to everyone.
    fn queue_user_message(&mut self, now: Instant, payload: &[u8]);
    /// Sends a message to one address. It may be lost.
    fn send_direct(&mut self, to: SocketAddr, payload: &[u8]);
    /// Pings a member that never answered this node; [`Application::on_looked`] follows. Returns
    /// false if it cannot be pinged now.
    fn look_first(&mut self, now: Instant, slot: Slot) -> bool;
    /// Merges that a member has left, at that incarnation. Others are not told by this.
    fn declare_left(&mut self, now: Instant, id: &str, incarnation: Incarnation);
    /// Forgets all of a member but its tombstone.
    fn reap(&mut self, now: Instant, slot: Slot);
    /// Reaps a member that is gone after `Config::leave_timeout`, unless it comes back.
    fn reap_soon(&mut self, now: Instant, slot: Slot);
    /// Sets or cancels the layer's deadline.
    fn set_deadline(&mut self, at: Option<Instant>);
    /// Gives the leaving node half of `Config::leave_timeout` from now.
    fn extend_leave(&mut self, now: Instant);
    /// Spreads this node's departure.
    fn spread_departure(&mut self, now: Instant);
    /// The others have decided whether this node keeps its name.
    fn set_name_kept(&mut self, kept: bool);
}
