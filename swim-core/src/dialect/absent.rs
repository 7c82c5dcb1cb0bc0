//! What stands in for memberlist's wire in a build without it: nothing of it can come into being,
//! since [`Config::validate`] refuses that wire.

use alloc::vec::Vec;
use core::convert::Infallible;
use core::marker::PhantomData;

use super::{Message, Queued, Row, StreamMessage};
use crate::ground::config::{Config, MemberlistWire};
use crate::ground::id::Slot;
use crate::ground::metrics::MessageKind;
use crate::wire::{Versions, WireError};

/// What only a node on that wire has.
#[derive(Debug)]
pub(crate) enum Memberlist {}

impl Memberlist {
    pub(super) const fn new(_: &MemberlistWire) -> Option<Self> {
        None
    }

    pub(super) const fn is_serf_agent(&self) -> bool {
        match *self {}
    }

    pub(super) const fn own_versions(&self) -> Versions {
        match *self {}
    }

    pub(super) const fn versions_of(&self, _: Slot) -> Versions {
        match *self {}
    }

    pub(super) const fn note_versions(&mut self, _: Slot, _: Versions) {
        match *self {}
    }

    pub(super) const fn take_unpacker(&mut self) -> Option<Unpacker> {
        match *self {}
    }

    pub(super) const fn put_back(&mut self, _: Unpacker) {
        match *self {}
    }

    pub(super) const fn packets(&self, _: &Config) -> Packets {
        match *self {}
    }

    pub(super) const fn encode(&self, _: &Message<'_>, _: &mut Vec<u8>) {
        match *self {}
    }

    pub(super) const fn decode_stream<'p>(
        &self,
        _: &'p [u8],
    ) -> Result<StreamMessage<'p>, WireError> {
        match *self {}
    }

    pub(super) const fn encode_stream(&self, _: &StreamMessage<'_>) -> Vec<u8> {
        match *self {}
    }

    pub(super) fn write_table<'r>(
        &self,
        _: bool,
        _: &[u8],
        _: usize,
        _: impl Iterator<Item = Row<'r>>,
    ) -> (Vec<u8>, u64) {
        match *self {}
    }
}

/// Takes packets apart.
pub(crate) enum Unpacker {}

impl Unpacker {
    pub(crate) fn unpack(
        &mut self,
        _: &[u8],
        _: impl FnMut(Result<(MessageKind, Message<'_>), WireError>),
    ) {
        match *self {}
    }
}

/// Another node's table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Table<'a>(Infallible, PhantomData<&'a ()>);

impl<'a> Table<'a> {
    pub(crate) const fn is_join(&self) -> bool {
        match self.0 {}
    }

    pub(crate) const fn state(&self) -> &'a [u8] {
        match self.0 {}
    }

    pub(crate) fn rows(&self) -> impl Iterator<Item = Result<Row<'a>, WireError>> + use<'a> {
        core::iter::empty()
    }
}

/// How packets are written.
pub(crate) struct Packets(Infallible);

impl Packets {
    pub(crate) const fn begin(self, _: &mut Vec<u8>) -> PacketWriter<'_> {
        match self.0 {}
    }
}

/// Writes one packet.
pub(crate) struct PacketWriter<'b>(Infallible, PhantomData<&'b ()>);

impl super::PacketWriter for PacketWriter<'_> {
    fn say(&mut self, _: &Message<'_>) {
        match self.0 {}
    }

    fn say_claim(&mut self, _: &Message<'_>) -> Option<MessageKind> {
        match self.0 {}
    }

    fn say_coordinate(&mut self, _: &str, _: &[u8]) -> bool {
        match self.0 {}
    }

    fn say_encoded(&mut self, _: &[u8]) -> Option<MessageKind> {
        match self.0 {}
    }

    fn fill(&mut self, _: Queued<'_>, _: impl FnMut(MessageKind)) {
        match self.0 {}
    }

    fn is_empty(&self) -> bool {
        match self.0 {}
    }

    fn finish(self, _: bool) {
        match self.0 {}
    }
}
