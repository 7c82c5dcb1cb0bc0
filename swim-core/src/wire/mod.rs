//! The native wire format: compact MessagePack behind a header of version and cluster. docs/WIRE.md
//! has every byte.
//!
//! Reading borrows from the input, allocates nothing and never recurses; every count is compared
//! with the bytes that are left. Nothing here knows what a message does, nor the bounds of
//! [`Config`](crate::Config): those are the state machine's. What a cluster with a keyring seals it
//! in is `sealed` (feature `encryption`). Read first: docs/WIRE.md, then `packet.rs`.
//!
//! ```
//! use swim_core::SequenceNumber;
//! use swim_core::wire::{Message, Packet, begin_packet, cluster_hash};
//!
//! let cluster = cluster_hash("default");
//! let ping = Message::Ping { sequence: SequenceNumber::new(7), target: "b", source: "a" };
//! let mut bytes = Vec::new();
//! begin_packet(cluster, &mut bytes);
//! ping.encode(&mut bytes);
//!
//! let mut packet = Packet::open(&bytes, cluster).unwrap();
//! assert_eq!(packet.next(), Some(Ok(ping)));
//! assert_eq!(packet.next(), None);
//! ```

mod address;
mod entry;
mod error;
mod exchange;
mod field;
#[cfg(feature = "encryption")]
pub mod keyring;
mod kind;
#[cfg(feature = "memberlist")]
pub mod memberlist;
mod message;
#[cfg(all(feature = "encryption", not(feature = "memberlist")))]
mod no_cipher;
mod packet;
mod reader;
#[cfg(feature = "encryption")]
pub mod sealed;
#[cfg(feature = "serf")]
pub mod serf;
#[cfg(feature = "encryption")]
mod side;
mod speaker;
#[cfg(any(feature = "memberlist", feature = "serf"))]
mod structure;
mod tags;
mod update;
mod versions;
mod writer;

#[cfg(feature = "memberlist")]
use memberlist::Cipher;
#[cfg(all(feature = "encryption", not(feature = "memberlist")))]
use no_cipher::Cipher;

pub use entry::{Description, Entries, EntriesWriter, Entry};
pub use error::WireError;
pub use exchange::{
    Buckets, ExchangeMessage, Refusal, STATE_OVERHEAD, add_state, begin_buckets,
    begin_buckets_reply, begin_join, begin_join_reply, state_in,
};
pub(crate) use message::Head;
pub use message::{COORDINATE_LEN, Message};
pub use packet::{HEADER_LEN, Packet, VERSION, begin_packet, cluster_hash};
pub use speaker::{exchange_speaker, pinged, speakers, without_others};
pub use tags::{Tags, TagsError};
pub(crate) use update::UncheckedPing;
pub use versions::{Agreement, Version, Versions};
