//! The wire of HashiCorp's memberlist, which serf, alertmanager and others speak.
//! docs/MEMBERLIST.md says what is implemented and how it was checked.
//!
//! Packets and streams are wrapped in layers. From the inside those of a packet are: [`Message`]s,
//! a compound of several, compression, a checksum ([`PacketWriter`] writes and [`Unpacker`] reads
//! these four), encryption and the cluster's label (the [`Envelope`]). A stream carries one
//! [`StreamMessage`] each way, which may be compressed, within the same envelope; a
//! [`StreamDecoder`] reads it as it comes. Nothing here knows what a message does. As in the native
//! format reading borrows from the input, every count is compared with the bytes that are left, and
//! every bound is checked before room is made.
//!
//! ```
//! use swim_core::SequenceNumber;
//! use swim_core::wire::memberlist::{Message, Packing, PacketWriter, Source, Unpacker};
//!
//! let source = Source { address: Some("192.0.2.1:7946".parse().unwrap()), id: "a" };
//! let ping = Message::Ping { sequence: SequenceNumber::new(7), target: "b", source };
//! let mut packet = Vec::new();
//! let mut writer = PacketWriter::begin(&mut packet);
//! assert!(writer.push(&ping));
//! writer.finish(Packing { compress: true, checksum: true });
//!
//! let mut read = 0;
//! Unpacker::default().unpack(&packet, |message| {
//!     assert_eq!(message, Ok(ping));
//!     read += 1;
//! });
//! assert_eq!(read, 1);
//! ```

mod cipher;
mod decode;
mod envelope;
mod field;
mod kind;
mod label;
mod lzw;
mod message;
mod node_state;
mod packet;
mod packet_writer;
mod push_pull;
mod scan;
mod seal;
mod stream;
mod stream_message;

use super::structure;
pub use super::versions::{Agreement, Version, Versions};
pub use envelope::{Envelope, Side};
pub use label::{Label, LabelError};
pub use message::{Message, Source};
pub use node_state::NodeState;
pub use packet::Unpacker;
pub use packet_writer::{PacketWriter, Packing};
pub use push_pull::{Nodes, PushPull, PushPullWriter};
pub use seal::SealVersion;
pub use stream::StreamDecoder;
pub use stream_message::StreamMessage;

pub(super) use cipher::Cipher;

pub use super::keyring::{Key, Keyring, KeyringError};
