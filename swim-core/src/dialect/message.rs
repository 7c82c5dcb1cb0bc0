//! What is said, without the bytes: [`Message`] in packets, and on memberlist's wire
//! [`StreamMessage`] in streams and [`Row`] in tables. What only one wire says, others leave out.

use core::net::SocketAddr;

use super::Table;
use crate::ground::id::{Incarnation, SequenceNumber};
use crate::ground::member::{Claim, Status};
use crate::wire::{Description, Versions};

/// What a packet says. Later versions may say more: a codec leaves out what it does not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Message<'a> {
    /// Is `target` there? (SWIM 3.1)
    Ping {
        /// What the ack is to repeat.
        sequence: SequenceNumber,
        /// The target; empty: any node there.
        target: &'a str,
        /// Who asks.
        source: Speaker<'a>,
    },
    /// A request to ping `target` on the sender's behalf.
    PingReq {
        /// What the ack or the nack is to repeat.
        sequence: SequenceNumber,
        /// The target.
        target: &'a str,
        /// Where the sender believes it to be.
        address: SocketAddr,
        /// Whether the relay is to say that it heard no ack.
        wants_nack: bool,
        /// Who asks.
        source: Speaker<'a>,
    },
    /// The answer to a ping.
    Ack {
        /// The ping's number.
        sequence: SequenceNumber,
        /// Who answers; empty where acks do not say whose they are.
        source: &'a str,
        /// Bytes of the layer above membership; empty if there are none.
        payload: &'a [u8],
    },
    /// The ping that was asked for was not answered. (Lifeguard IV-A)
    Nack {
        /// The number of the request.
        sequence: SequenceNumber,
        /// Who was asked; empty where nacks do not say whose they are.
        source: &'a str,
    },
    /// A member is alive.
    Alive(Row<'a>),
    /// A member is suspected. (SWIM 4.2)
    Suspect {
        /// The member.
        id: &'a str,
        /// The incarnation that is suspected.
        incarnation: Incarnation,
        /// Who suspects it.
        from: &'a str,
    },
    /// A member is dead.
    Dead {
        /// The member.
        id: &'a str,
        /// The incarnation that is dead.
        incarnation: Incarnation,
        /// Who says so.
        from: &'a str,
    },
    /// A member has left, as it says itself.
    Left {
        /// The member.
        id: &'a str,
        /// Its last incarnation.
        incarnation: Incarnation,
    },
    /// The application's bytes.
    Direct {
        /// Who sends them; empty where they do not say whose they are.
        source: &'a str,
        /// The bytes.
        payload: &'a [u8],
    },
}

/// Who pings, and where it wants the answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Speaker<'a> {
    /// Where the answer goes, if it is this member's own address; without one, where the packet
    /// came from.
    pub address: Option<SocketAddr>,
    /// Its name; empty if it does not say.
    pub id: &'a str,
}

/// What is said of a described member, at one incarnation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row<'a> {
    /// The member's name.
    pub id: &'a str,
    /// The claim; of a message, always Alive.
    pub claim: Claim,
    /// Where it listens.
    pub address: SocketAddr,
    /// Its metadata.
    pub metadata: &'a [u8],
    pub(crate) versions: Versions,
}

impl<'a> Row<'a> {
    /// A row of the versions that every node of a wire without versions speaks.
    #[must_use]
    pub const fn new(id: &'a str, claim: Claim, address: SocketAddr, metadata: &'a [u8]) -> Self {
        Self { id, claim, address, metadata, versions: Versions::PLAIN }
    }

    /// What it says of where the member is.
    pub(crate) const fn description(&self) -> Description<'a> {
        Description {
            incarnation: self.claim.incarnation,
            address: self.address,
            metadata: self.metadata,
        }
    }

    /// Returns true if the member is said to be alive, and not merely suspected.
    pub(crate) fn is_alive(&self) -> bool {
        self.claim.status == Status::Alive
    }
}

/// What one side of a stream says, once.
#[derive(Clone, Debug)]
pub(crate) enum StreamMessage<'a> {
    /// Is `target` there? Empty: any node there.
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
