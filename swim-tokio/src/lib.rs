//! SWIM cluster membership and failure detection on tokio and real sockets.
//!
//! Start a node with a name, an address and some seeds; read the members, subscribe to what
//! happens, broadcast, leave. The protocol is [`swim_core`]'s; this crate gives it sockets, a clock
//! and entropy, and knows no rule of its own.
//!
//! - [`Runtime`] is the handle for programs with async: see its example.
//! - [`blocking::Runtime`] has the same calls for programs without: its node runs on a thread of
//!   its own.
//! - The feature `agent` adds the `swim` command; `tls` TLS for all traffic; `dns-srv` seeds from
//!   SRV records; `memberlist` the wire of HashiCorp's memberlist.
//!
//! Traffic goes over TCP: frames on pooled connections, with a deadline or a bound for whatever a
//! peer may do ([`TcpConfig`]); with [`Packets::Udp`] all but the exchanges of tables goes by UDP.
//! Another [`Transport`] may take the place of these sockets. **Unless told otherwise traffic is
//! plain**: docs/SECURITY.md says what protects from which attacker.
//!
//! What is logged goes to [`tracing`]: warnings for what needs a person (a seed that does not
//! answer, two nodes with one name), details at the level debug.
#![forbid(unsafe_code)]

mod errors;
mod ground;
mod handle;
mod keys;
mod node;
mod seeds;
mod transport;

pub use bytes;
#[cfg(feature = "tls")]
pub use errors::TlsError;
pub use errors::{
    CallError, JoinError, KeyFileError, OnNodeThread, SeedFailure, StartError, Stopped,
    TcpConfigError,
};
pub use ground::escape::{Escaped, is_hazardous};
pub use ground::key_text::{KeyTextError, generate_key, key_from_base64, key_to_base64};
pub use ground::secret_file::{SecretFileError, read_secret_file};
pub use handle::{Answers, Builder, ClusterKeys, KeyChange, NodeKeys, Runtime, blocking};
#[cfg(feature = "memberlist")]
pub use handle::{SerfKeyChange, SerfKeys, SerfKeysError};
#[cfg(feature = "memberlist")]
pub use keys::read_serf_keyring;
pub use keys::{KeysError, PlainTraffic, read_keyring};
pub use node::{Answer, Metrics, Notice, Query, Subscription};
pub use seeds::{SeedError, check_seed};
pub use swim_core;
pub use swim_core::wire::sealed::{Key, KeyId, Keyring, KeyringError};
pub use swim_core::{
    Claim, Config, Coordinate, Event, ExchangeFailure, Incarnation, LamportTime, Member, NodeId,
    QueryId, Status, Tags,
};
pub use transport::{
    Arrival, BoxFuture, Packets, Setup, Sockets, TcpConfig, Transport, TransportMetrics,
    raise_file_limit,
};
#[cfg(feature = "memberlist")]
pub use transport::{Memberlist, MemberlistSockets};
#[cfg(feature = "tls")]
pub use transport::{Tls, certificate_validity};

/// The README's examples are tests. They stand in this crate because one of them has to depend on
/// all three.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
