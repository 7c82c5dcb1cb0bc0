//! Stub.
mod transport;
pub use transport::{TcpConfig, TcpConfigError, TransportMetrics};
