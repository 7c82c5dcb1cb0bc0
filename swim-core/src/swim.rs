//! [`Swim`]: membership with the layer that this build has above it.

#[cfg(not(feature = "serf"))]
use self::nothing::Nothing as Layer;
use crate::membership::Membership;
#[cfg(feature = "serf")]
use crate::serf::Serf as Layer;

/// One node's side of the protocol.
///
/// # How to drive it
/// Methods come in four kinds. *Inputs* (`handle_*`) say what happened; *commands* (`join`,
/// `leave`, …) say what the user wants; *outputs* (`poll_*`) say what is to be done; the rest
/// reads. `now` is always the first argument of what takes one. It should not go backwards: an
/// earlier `now` counts as the latest one that the node was given.
///
/// **After every input and every command, drain the outputs:**
/// 1. [`poll_transmit`](Membership::poll_transmit) until `None`: send each packet;
/// 2. [`poll_output`](Membership::poll_output) until `None`: carry out each exchange, tell the user
///    each event;
/// 3. [`poll_timeout`](Membership::poll_timeout) once: call
///    [`handle_timeout`](Membership::handle_timeout) at that time.
///
/// Call `handle_timeout` as soon as its time has come, also while messages keep arriving.
///
/// ```
/// use rand_core::SeedableRng;
/// use rand_xoshiro::Xoshiro256PlusPlus;
/// use swim_core::{Config, Identity, Incarnation, Instant, NodeId, Output, Swim};
///
/// let identity = Identity::new(NodeId::new("a")?, "127.0.0.1:7946".parse()?, Incarnation::new(1));
/// let rng = Xoshiro256PlusPlus::seed_from_u64(7);
/// let now = Instant::ORIGIN; // your clock
/// let mut swim = Swim::new(Config::lan(), identity, rng, now)?;
/// swim.join(now, &["127.0.0.1:7947".parse()?])?;
///
/// let mut buffer = Vec::new();
/// while let Some(transmit) = swim.poll_transmit(now, &mut buffer) { // 1.
///     println!("send {} bytes to {}", buffer.len(), transmit.to);
/// }
/// while let Some(output) = swim.poll_output() { // 2.
///     match output {
///         Output::Exchange(exchange) => println!("open, answer or abandon: {exchange:?}"),
///         Output::Event(event) => println!("{event:?}"),
///         _ => {} // keys and round trips: for drivers that want them
///     }
/// }
/// let wake_me_at = swim.poll_timeout(); // 3.
/// # assert!(wake_me_at.is_some());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Determinism
/// The same configuration, generator and inputs give the same outputs, bit for bit, on every
/// platform.
///
/// # The generator
/// Others see some of what is drawn, such as the sequence numbers of pings, and must not be able to
/// tell what will be. On a real network give it a cryptographic generator with a seed from the
/// system's entropy. Simulations may do with less.
pub type Swim<R> = Membership<R, Layer>;

/// Membership alone.
#[cfg(not(feature = "serf"))]
mod nothing {
    use crate::membership::application::Application;

    /// No layer above membership: messages for everyone are passed on unread.
    #[derive(Debug, Default)]
    pub struct Nothing;

    impl Application for Nothing {}
}
