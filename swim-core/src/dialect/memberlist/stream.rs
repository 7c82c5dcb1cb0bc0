//! Streams: one message each way, which may be a table.

use alloc::vec::Vec;

use super::packet::{speaker, wide};
use super::{Memberlist, counter, wire};
use crate::dialect::{Row, StreamMessage};
use crate::ground::member::Claim;
use crate::wire::WireError;

/// Bytes that go before the rows of a table, at most.
const HEADER: usize = 48;
/// Bytes of a row besides its name and metadata, at most.
const ROW_OVERHEAD: usize = 128;

/// Another node's table, borrowing from the message's bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Table<'a>(wire::PushPull<'a>);

impl<'a> Table<'a> {
    /// Returns true if the sender joins, or answers someone who does.
    pub(crate) const fn is_join(&self) -> bool {
        self.0.is_join
    }

    /// The application's bytes.
    pub(crate) const fn state(&self) -> &'a [u8] {
        self.0.user_state
    }

    /// The rows. Each stands for itself: one that cannot be used does no harm to the others.
    pub(crate) fn rows(&self) -> impl Iterator<Item = Result<Row<'a>, WireError>> + use<'a> {
        self.0.nodes().map(|node| node.map(row))
    }
}

fn row(node: wire::NodeState<'_>) -> Row<'_> {
    let wire::NodeState { id, incarnation, status, address, metadata, versions } = node;
    Row { id, claim: Claim::new(wide(incarnation), status), address, metadata, versions }
}

impl Memberlist {
    pub(in crate::dialect) fn decode_stream<'p>(
        &self,
        payload: &'p [u8],
    ) -> Result<StreamMessage<'p>, WireError> {
        Ok(match wire::StreamMessage::decode(payload)? {
            wire::StreamMessage::Ping { sequence, target, source } => {
                StreamMessage::Ping { sequence, target, source: speaker(source) }
            }
            wire::StreamMessage::Ack { sequence, .. } => StreamMessage::Ack { sequence },
            wire::StreamMessage::PushPull(table) => {
                StreamMessage::Table(crate::dialect::Table::Memberlist(Table(table)))
            }
            wire::StreamMessage::User { payload } => StreamMessage::User { payload },
            wire::StreamMessage::Error { reason } => StreamMessage::Error { reason },
        })
    }

    pub(in crate::dialect) fn encode_stream(&self, message: &StreamMessage<'_>) -> Vec<u8> {
        let message = match *message {
            StreamMessage::Ping { sequence, target, source } => {
                wire::StreamMessage::Ping { sequence, target, source: super::speaker(source) }
            }
            StreamMessage::Ack { sequence } => wire::StreamMessage::Ack { sequence, payload: &[] },
            StreamMessage::Error { reason } => wire::StreamMessage::Error { reason },
            StreamMessage::Table(_) => unreachable!("tables are written row by row"),
            StreamMessage::User { payload } => wire::StreamMessage::User { payload },
        };
        let mut bytes = Vec::new();
        message.encode(&mut bytes);
        bytes
    }

    pub(in crate::dialect) fn write_table<'r>(
        &self,
        is_join: bool,
        state: &[u8],
        max: usize,
        rows: impl Iterator<Item = Row<'r>>,
    ) -> (Vec<u8>, u64) {
        let max = max.saturating_sub(HEADER + state.len());
        let mut bytes = Vec::new();
        let mut writer = wire::PushPullWriter::begin(is_join, &mut bytes);
        let mut written = 0;
        for row in rows {
            let Row { id, claim, address, metadata, versions } = row;
            let (incarnation, status) = (counter(claim.incarnation), claim.status);
            let node = wire::NodeState { id, incarnation, status, address, metadata, versions };
            if writer.len() + metadata.len() + id.len() + ROW_OVERHEAD > max || !writer.push(&node)
            {
                break;
            }
            written += 1;
        }
        writer.finish(state);
        (bytes, written)
    }
}
