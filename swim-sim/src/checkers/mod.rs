//! The promises that are checked at every step: each checker in its own file, with a self-test that
//! plants a violation.
//!
//! A [`Checker`] is shown what happens, in order, and says when a promise is broken. It sees only
//! what any observer could see (events, bytes, the table), never the core's inside. `Watch` shows
//! it to all of them and keeps the first violation.

mod amplification;
mod bounds;
mod broadcasts;
mod descriptions;
mod dials;
mod event_stream;
mod incarnations;
mod packets;
mod progress;
mod regression;
mod rounds;
mod sequences;
mod strangers;
mod user_events;
mod watch;

use core::fmt;
use core::net::SocketAddr;

use crate::attack::Attack;
use swim_core::{Claim, Config, Event, Incarnation, Instant};

pub use self::amplification::Amplification;
pub use self::bounds::Bounds;
pub use self::broadcasts::Broadcasts;
pub use self::descriptions::Descriptions;
pub use self::dials::Dials;
pub use self::event_stream::EventStream;
pub use self::incarnations::Incarnations;
pub use self::packets::Packets;
pub use self::progress::Progress;
pub use self::regression::Regression;
pub use self::rounds::Rounds;
pub use self::sequences::Sequences;
pub use self::strangers::Strangers;
pub use self::user_events::UserEvents;
pub(crate) use self::watch::Watch;

/// What a checker found: nothing, or how the promise was broken.
pub type Verdict = Result<(), String>;

/// Something that watches a run. Every method is optional; nodes and subjects are numbers, a
/// subject being the number in a member's name. `now` is what the node's own clock shows: it may
/// run fast or slow, and does not go back.
pub trait Checker: fmt::Debug + Send {
    /// What promise it watches, in a few words.
    fn name(&self) -> &'static str;

    /// Returns true if it is to be shown what nodes hold after each step: [`owned`](Self::owned),
    /// [`learnt`](Self::learnt), [`believed`](Self::believed) and [`filled`](Self::filled). A run
    /// whose checkers all live on what is sent and told does not take the time for it.
    fn looks_into_nodes(&self) -> bool {
        true
    }

    /// A process started at a node, with nothing remembered.
    fn started(&mut self, now: Instant, node: usize, config: &Config) {
        let _ = (now, node, config);
    }

    /// After a step, the process at a node that is called `subject` stands at this incarnation;
    /// `leaves`: it is leaving, or has left.
    fn owned(&mut self, subject: usize, incarnation: Incarnation, leaves: bool) {
        let _ = (subject, incarnation, leaves);
    }

    /// A user had a node that is called `subject` broadcast something, and it will.
    fn broadcast(&mut self, subject: usize, payload: &[u8]) {
        let _ = (subject, payload);
    }

    /// A user had a node that is called `subject`, and was dead, count as one that left.
    fn forced_out(&mut self, subject: usize) {
        let _ = subject;
    }

    /// A node is about to be handed a packet, as it is after what befell it on the way.
    fn received(&mut self, now: Instant, node: usize, from: SocketAddr, packet: &[u8]) -> Verdict {
        let _ = (now, node, from, packet);
        Ok(())
    }

    /// Somebody begins to send what is not true.
    fn attacked(&mut self, attack: &Attack) {
        let _ = attack;
    }

    /// A node is about to be handed a packet of an attacker, in place of
    /// [`received`](Self::received).
    fn injected(&mut self, now: Instant, node: usize, from: SocketAddr, packet: &[u8]) -> Verdict {
        let _ = (now, node, from, packet);
        Ok(())
    }

    /// A node is about to be handed a request of an attacker.
    fn requested(
        &mut self,
        now: Instant,
        node: usize,
        from: SocketAddr,
        request: &[u8],
    ) -> Verdict {
        let _ = (now, node, from, request);
        Ok(())
    }

    /// A node opens an exchange, whatever becomes of it.
    fn opened(&mut self, now: Instant, node: usize, to: SocketAddr, request: &[u8]) -> Verdict {
        let _ = (now, node, to, request);
        Ok(())
    }

    /// A node answers a request.
    fn replied(&mut self, now: Instant, node: usize, reply: &[u8]) -> Verdict {
        let _ = (now, node, reply);
        Ok(())
    }

    /// A node's timeout was handled.
    fn timeout(&mut self, now: Instant, node: usize) -> Verdict {
        let _ = (now, node);
        Ok(())
    }

    /// A node sent a packet, whatever becomes of it.
    fn sent(&mut self, now: Instant, node: usize, to: SocketAddr, packet: &[u8]) -> Verdict {
        let _ = (now, node, to, packet);
        Ok(())
    }

    /// A node told its user something. `about` is the member that the event is about, if it is
    /// about one.
    fn told(&mut self, now: Instant, node: usize, event: &Event, about: Option<usize>) -> Verdict {
        let _ = (now, node, event, about);
        Ok(())
    }

    /// A node told its user this of `subject`, another member, in the step that is over now, in a
    /// cluster of any size. Shown after [`owned`](Self::owned) and [`filled`](Self::filled), claim
    /// by claim as they were told.
    fn learnt(&mut self, now: Instant, node: usize, subject: usize, claim: Claim) -> Verdict {
        let _ = (now, node, subject, claim);
        Ok(())
    }

    /// A node's table holds this of `subject`, another member. Shown for every row after a change
    /// of the table; in large clusters not after every one, but every second or so.
    fn believed(&mut self, now: Instant, node: usize, subject: usize, claim: Claim) -> Verdict {
        let _ = (now, node, subject, claim);
        Ok(())
    }

    /// How full a node's table and queues are after a step, and what it has counted.
    fn filled(&mut self, node: usize, fill: Fill) -> Verdict {
        let _ = (node, fill);
        Ok(())
    }
}

/// How much a node holds, and what it has counted since it started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fill {
    /// Updates that wait to be sent.
    pub updates: usize,
    /// User broadcasts that wait to be sent.
    pub broadcasts: usize,
    /// Active members, the node included.
    pub active_members: usize,
    /// All names in its table, tombstones included.
    pub known_members: usize,
    /// The health score.
    pub health: u8,
    /// Probes begun.
    pub probes: u64,
    /// The number of the member that the last of them is for, and the probe's own.
    pub probing: Option<(usize, u32)>,
    /// Acks of probes that came in packets, in time or late, directly or through a relay.
    pub acked: u64,
}

/// A broken promise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// When.
    pub at: Instant,
    /// At which node.
    pub node: usize,
    /// Which checker found it.
    pub checker: &'static str,
    /// How it was broken.
    pub what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "broken at {} at node-{}: {}: {}", self.at, self.node, self.checker, self.what)
    }
}

impl core::error::Error for Violation {}

/// All of them, as every run has them.
pub(crate) fn all() -> Vec<Box<dyn Checker>> {
    vec![
        Box::<Regression>::default(),
        Box::<Incarnations>::default(),
        Box::<EventStream>::default(),
        Box::<Packets>::default(),
        Box::<Bounds>::default(),
        Box::<Progress>::default(),
        Box::<Rounds>::default(),
        Box::<Sequences>::default(),
        Box::<Broadcasts>::default(),
        Box::<Descriptions>::default(),
        Box::<UserEvents>::default(),
        Box::<Amplification>::default(),
        Box::<Strangers>::default(),
        Box::<Dials>::default(),
    ]
}

/// The element `index` of a vector that grows to hold it.
fn grown<T: Clone + Default>(vector: &mut Vec<T>, index: usize) -> &mut T {
    if index >= vector.len() {
        vector.resize(index + 1, T::default());
    }
    &mut vector[index]
}
