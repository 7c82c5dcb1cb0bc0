//! The bytes of a snapshot: `SWIMSNAP`, a version, MessagePack, and a CRC-32 over all before it,
//! big-endian.

use serde::{Deserialize, Serialize};
use swim_core::Incarnation;

const MAGIC: &[u8; 8] = b"SWIMSNAP";
const VERSION: u8 = 1;
const SUM: usize = size_of::<u32>();

/// What a node knew.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
pub(crate) struct Content {
    pub(crate) cluster: String,
    pub(crate) id: String,
    /// The node's own; 0: it never ran.
    pub(crate) incarnation: u64,
    /// The others' names and addresses: the living first.
    pub(crate) members: Vec<(String, String)>,
}

impl Content {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.push(VERSION);
        let body = rmp_serde::to_vec(self)
            .unwrap_or_else(|error| unreachable!("numbers and texts: {error}"));
        bytes.extend_from_slice(&body);
        let sum = crc32fast::hash(&bytes);
        bytes.extend_from_slice(&sum.to_be_bytes());
        bytes
    }

    /// `None` if the bytes are damaged, or another version's.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let (summed, sum) = bytes.split_last_chunk::<SUM>()?;
        if crc32fast::hash(summed) != u32::from_be_bytes(*sum) {
            return None;
        }
        let body = summed.strip_prefix(MAGIC)?.strip_prefix(&[VERSION])?;
        let content: Self = rmp_serde::from_slice(body).ok()?;
        // What is read is what is written: nothing is left over.
        (content.incarnation <= Incarnation::MAX.get() && content.encode() == bytes)
            .then_some(content)
    }
}
