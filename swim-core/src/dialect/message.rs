//! What is said, without the bytes: [`Message`] in packets, and on memberlist's wire
//! [`StreamMessage`] in streams and [`Row`] in tables. What only one wire says, others leave out.

use core::net::SocketAddr;

use super::Table;
use crate::ground::id::{Incarnation, SequenceNumber};
use crate::ground::member::{Claim, Status};
use crate::wire::{Description, Versions};

/// What a packet says.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Message<'a> {
    /// Is `target` there? Empty: whoever is there.
    Ping { sequence: SequenceNumber, target: &'a str, source: Speaker<'a> },
    /// A request to ping `target`, at that address.
    PingReq {
        sequence: SequenceNumber,
        target: &'a str,
        address: SocketAddr,
        wants_nack: bool,
        source: Speaker<'a>,
    },
    /// The answer to a ping. `source` is empty where acks do not say whose they are; there
    /// `payload` has serf's coordinate, or nothing.
    Ack { sequence: SequenceNumber, source: &'a str, payload: &'a [u8] },
    /// The ping that was asked for was not answered. `source` as of an ack.
    Nack { sequence: SequenceNumber, source: &'a str },
    /// A member is alive.
    Alive(Row<'a>),
    /// A member is suspected by `from`.
    Suspect { id: &'a str, incarnation: Incarnation, from: &'a str },
    /// A member is dead, as `from` says.
    Dead { id: &'a str, incarnation: Incarnation, from: &'a str },
    /// A member has left, as it says itself.
    Left { id: &'a str, incarnation: Incarnation },
    /// The application's bytes. `source` is empty where they do not say whose they are.
    Direct { source: &'a str, payload: &'a [u8] },
}

/// Who pings, and where it wants the answer.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Speaker<'a> {
    /// Without one, the answer goes where the packet came from.
    pub(crate) address: Option<SocketAddr>,
    /// Empty if it does not say.
    pub(crate) id: &'a str,
}

/// What is said of a described member, at one incarnation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row<'a> {
    pub(crate) id: &'a str,
    pub(crate) claim: Claim,
    pub(crate) address: SocketAddr,
    pub(crate) metadata: &'a [u8],
    pub(crate) versions: Versions,
}

impl<'a> Row<'a> {
    /// What it says of where the member is.
    pub(crate) const fn description(&self) -> Description<'a> {
        Description {
            incarnation: self.claim.incarnation,
            address: self.address,
            metadata: self.metadata,
        }
    }

    /// Whether the member is said to be alive, and not merely suspected.
    pub(crate) fn is_alive(&self) -> bool {
        self.claim.status == Status::Alive
    }
}

/// What one side of a stream says, once.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(
    not(feature = "memberlist"),
    expect(dead_code, reason = "nobody says the last two without that wire")
)]
pub(crate) enum StreamMessage<'a> {
    /// Is `target` there? Empty: whoever is there.
    Ping { sequence: SequenceNumber, target: &'a str, source: Speaker<'a> },
    /// The answer to a ping.
    Ack { sequence: SequenceNumber },
    /// The answer to what could not be understood.
    Error { reason: &'a str },
    /// A table, answered with another.
    Table(Table<'a>),
    /// The application's bytes, which are not answered.
    User { payload: &'a [u8] },
}
