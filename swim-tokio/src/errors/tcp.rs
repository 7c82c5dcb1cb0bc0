//! [`TcpConfigError`]: which setting of the transport cannot be used.

use std::fmt;

/// Which setting of the transport cannot be used, and why. Nothing was started.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TcpConfigError {
    /// `field` is zero and must not be.
    Zero {
        /// The setting.
        field: &'static str,
    },
    /// One exchange of the size that `Config` allows would not fit.
    ExchangeMemory {
        /// `TcpConfig::max_exchange_memory`.
        memory: usize,
        /// `Config::max_exchange_size`.
        max_exchange_size: usize,
    },
}

impl fmt::Display for TcpConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Zero { field } => write!(f, "{field} is zero"),
            Self::ExchangeMemory { memory, max_exchange_size } => write!(
                f,
                "max_exchange_memory is {memory} bytes and must be at least max_exchange_size, which is {max_exchange_size}"
            ),
        }
    }
}

impl std::error::Error for TcpConfigError {}
