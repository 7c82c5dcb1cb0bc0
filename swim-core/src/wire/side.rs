//! [`Side`]: who opened a stream.

/// Which side of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The side that opened the stream.
    Dialer,
    /// The side that accepted it.
    Acceptor,
}
