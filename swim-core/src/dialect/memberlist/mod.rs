//! memberlist's wire: its bytes read into what is meant, and what is meant written as memberlist
//! writes it. Nothing above this module knows a message of memberlist. Read first:
//! docs/MEMBERLIST.md, and docs/DEVIATIONS.md, "On memberlist's wire".

mod packet;
mod stream;

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::Message;
use crate::ground::config::MemberlistWire;
use crate::ground::id::{Incarnation, Slot};
use crate::wire::Versions;
use crate::wire::memberlist as wire;

pub(crate) use packet::{Packets, Unpacker};
pub(crate) use stream::Table;

/// What only a node on this wire has.
#[derive(Debug)]
pub(crate) struct Memberlist(Box<State>);

#[derive(Debug)]
struct State {
    settings: MemberlistWire,
    /// `None` while a packet is handled.
    unpacker: Option<Unpacker>,
    /// What members speak, by slot; means nothing for those who are not described.
    versions: Vec<Versions>,
}

impl Memberlist {
    /// `None` in a build without this wire.
    pub(super) fn new(settings: &MemberlistWire) -> Option<Self> {
        let state = State {
            settings: *settings,
            unpacker: Some(Unpacker::default()),
            versions: Vec::new(),
        };
        Some(Self(Box::new(state)))
    }

    /// Returns true if this node is one of serf's agents.
    pub(super) const fn is_serf_agent(&self) -> bool {
        self.0.settings.serf_agent
    }

    pub(super) const fn own_versions(&self) -> Versions {
        self.0.settings.versions
    }

    pub(super) fn versions_of(&self, slot: Slot) -> Versions {
        self.0.versions.get(slot.index()).copied().unwrap_or(Versions::PLAIN)
    }

    pub(super) fn note_versions(&mut self, slot: Slot, versions: Versions) {
        let all = &mut self.0.versions;
        if slot.index() >= all.len() {
            all.resize(slot.index() + 1, Versions::PLAIN);
        }
        all[slot.index()] = versions;
    }

    pub(super) const fn take_unpacker(&mut self) -> Option<Unpacker> {
        self.0.unpacker.take()
    }

    pub(super) fn put_back(&mut self, unpacker: Unpacker) {
        self.0.unpacker = Some(unpacker);
    }

    pub(super) fn encode(&self, message: &Message<'_>, out: &mut Vec<u8>) {
        written(message).encode(out);
    }
}

/// An incarnation as this wire counts them.
fn counter(incarnation: Incarnation) -> u32 {
    u32::try_from(incarnation.get()).unwrap_or(u32::MAX)
}

/// The message as this wire has it.
fn written<'a>(message: &Message<'a>) -> wire::Message<'a> {
    match *message {
        Message::Ping { sequence, target, source } => {
            wire::Message::Ping { sequence, target, source: speaker(source) }
        }
        Message::PingReq { sequence, target, address, wants_nack, source } => {
            wire::Message::IndirectPing {
                sequence,
                target,
                address,
                wants_nack,
                source: speaker(source),
            }
        }
        Message::Ack { sequence, payload, .. } => wire::Message::Ack { sequence, payload },
        Message::Nack { sequence, .. } => wire::Message::Nack { sequence },
        Message::Alive(row) => wire::Message::Alive {
            id: row.id,
            incarnation: counter(row.claim.incarnation),
            address: row.address,
            metadata: row.metadata,
            versions: row.versions,
        },
        Message::Suspect { id, incarnation, from } => {
            wire::Message::Suspect { id, incarnation: counter(incarnation), from }
        }
        Message::Dead { id, incarnation, from } => {
            wire::Message::Dead { id, incarnation: counter(incarnation), from }
        }
        Message::Left { id, incarnation } => {
            wire::Message::Dead { id, incarnation: counter(incarnation), from: id }
        }
        Message::Direct { payload, .. } => wire::Message::User { payload },
    }
}

const fn speaker<'a>(speaker: super::Speaker<'a>) -> wire::Source<'a> {
    wire::Source { address: speaker.address, id: speaker.id }
}
