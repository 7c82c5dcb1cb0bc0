//! The state of a node's process: [`Phase`].

/// The state of a node's process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Phase {
    /// It runs.
    Running,
    /// It stalls: what arrives waits.
    Paused,
    /// It died; its machine is there and refuses connections.
    Crashed,
    /// Its machine is gone; connections hang.
    PoweredOff,
    /// It left and ended.
    Left,
}
