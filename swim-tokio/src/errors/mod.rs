//! What can go wrong at each door, in words that say what to do.

mod call;
mod join;
pub(crate) mod key_file;
mod start;
mod tcp;
#[cfg(feature = "tls")]
mod tls;

pub use self::call::{CallError, OnNodeThread, Stopped};
pub use self::join::{JoinError, SeedFailure};
pub use self::key_file::KeyFileError;
pub use self::start::StartError;
pub use self::tcp::TcpConfigError;
#[cfg(feature = "tls")]
pub use self::tls::TlsError;
