//! [`PushPull`]: a whole member table and the application's state, which two nodes swap over a
//! stream.

use alloc::vec::Vec;
use core::fmt;

use super::node_state::NodeState;
use super::{field, kind, message, structure};
use crate::wire::error::WireError;
use crate::wire::reader::Reader;

const FIELDS: [&str; 3] = ["Nodes", "UserStateLen", "Join"];

/// A whole table and the application's state, borrowing from the message's bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PushPull<'a> {
    /// Whether the sender joins, or answers someone who does.
    pub is_join: bool,
    /// The application's bytes, such as serf's events.
    pub user_state: &'a [u8],
    count: u32,
    /// `count` whole values.
    nodes: &'a [u8],
}

/// What goes before the table.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Header {
    pub(super) nodes: u32,
    pub(super) user_state_len: u32,
    is_join: bool,
}

impl Header {
    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        let mut header = Self::default();
        structure::read(reader, &FIELDS, |index, reader| {
            match index {
                0 => header.nodes = field::read_u32(reader)?,
                1 => header.user_state_len = field::read_u32(reader)?,
                _ => header.is_join = structure::read_bool(reader)?,
            }
            Ok(())
        })?;
        if header.nodes as usize > PushPull::MAX_NODES {
            return Err(WireError::AbsurdCount);
        }
        Ok(header)
    }

    fn write(self, out: &mut Vec<u8>) {
        message::begin(out, kind::PUSH_PULL, FIELDS.len());
        field::write_key(out, "Join");
        structure::write_bool(out, self.is_join);
        field::write_uint(out, "Nodes", u64::from(self.nodes));
        field::write_uint(out, "UserStateLen", u64::from(self.user_state_len));
    }
}

impl<'a> PushPull<'a> {
    /// The most rows that peers accept.
    pub const MAX_NODES: usize = 1 << 20;

    /// Reads what follows the kind, to the end of the application's state.
    pub(super) fn decode(reader: &mut Reader<'a>) -> Result<Self, WireError> {
        let header = Header::read(reader)?;
        let rows = reader.rest();
        reader.skip(header.nodes)?;
        let (nodes, rest) = rows.split_at(rows.len() - reader.rest().len());
        let (user_state, _) =
            rest.split_at_checked(header.user_state_len as usize).ok_or(WireError::Truncated)?;
        Ok(Self { is_join: header.is_join, user_state, count: header.nodes, nodes })
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        let user_state_len = len_as_u32(self.user_state.len());
        Header { nodes: self.count, user_state_len, is_join: self.is_join }.write(out);
        out.extend_from_slice(self.nodes);
        out.extend_from_slice(self.user_state);
    }

    /// The rows. Each stands for itself: one that cannot be used does no harm to the others.
    #[must_use]
    pub const fn nodes(&self) -> Nodes<'a> {
        Nodes { reader: Reader::new(self.nodes), left: self.count }
    }
}

impl fmt::Debug for PushPull<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { is_join, user_state, .. } = self;
        let nodes: Vec<_> = self.nodes().collect();
        f.debug_struct("PushPull")
            .field("is_join", is_join)
            .field("nodes", &nodes)
            .field("user_state", user_state)
            .finish()
    }
}

/// The rows of a [`PushPull`].
#[derive(Clone, Debug)]
pub struct Nodes<'a> {
    reader: Reader<'a>,
    left: u32,
}

impl<'a> Iterator for Nodes<'a> {
    type Item = Result<NodeState<'a>, WireError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        let row = self.reader.rest();
        // The values were found to be whole when the message was read.
        self.reader.skip(1).ok()?;
        Some(NodeState::decode(&mut Reader::new(&row[..row.len() - self.reader.rest().len()])))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left as usize, Some(self.left as usize))
    }
}

impl ExactSizeIterator for Nodes<'_> {}
impl core::iter::FusedIterator for Nodes<'_> {}

/// Streams a table into a push/pull.
#[derive(Debug)]
pub struct PushPullWriter<'a> {
    out: &'a mut Vec<u8>,
    is_join: bool,
    count: u32,
}

impl<'a> PushPullWriter<'a> {
    /// Clears `out` and begins a push/pull there.
    pub fn begin(is_join: bool, out: &'a mut Vec<u8>) -> Self {
        out.clear();
        Self { out, is_join, count: 0 }
    }

    /// Adds a row. Returns false, and adds none, if [`PushPull::MAX_NODES`] are there.
    pub fn push(&mut self, node: &NodeState<'_>) -> bool {
        let has_room = (self.count as usize) < PushPull::MAX_NODES;
        if has_room {
            node.encode(self.out);
            self.count += 1;
        }
        has_room
    }

    /// How many bytes the rows have so far; the header has at most 42.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.out.len()
    }

    /// Returns true if there is no row yet.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Puts the header before the rows and the application's state behind them.
    pub fn finish(self, user_state: &[u8]) {
        let mut header = Vec::new();
        let user_state_len = len_as_u32(user_state.len());
        Header { nodes: self.count, user_state_len, is_join: self.is_join }.write(&mut header);
        self.out.splice(0..0, header);
        self.out.extend_from_slice(user_state);
    }
}

fn len_as_u32(len: usize) -> u32 {
    u32::try_from(len).expect("peers take no more than 20 MiB of state")
}
