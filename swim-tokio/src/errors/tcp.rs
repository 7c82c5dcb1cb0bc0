//! [`TcpConfigError`]: which setting of the transport cannot be used.

/// Which setting of the transport cannot be used, and why. Nothing was started.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TcpConfigError {
    /// `field` is zero and must not be.
    #[error("{field} is zero")]
    Zero {
        /// The setting.
        field: &'static str,
    },
    /// One exchange of the size that `Config` allows would not fit.
    #[error(
        "max_exchange_memory is {memory} bytes and must be at least max_exchange_size, which is {max_exchange_size}"
    )]
    ExchangeMemory {
        /// `TcpConfig::max_exchange_memory`.
        memory: usize,
        /// `Config::max_exchange_size`.
        max_exchange_size: usize,
    },
}
