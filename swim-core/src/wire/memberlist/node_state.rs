//! [`NodeState`]: one row of the member table in a push/pull.

use alloc::vec::Vec;
use core::net::SocketAddr;

use super::field::{self, Ip};
use super::structure;
use crate::ground::member::Status;
use crate::wire::error::WireError;
use crate::wire::reader::Reader;
use crate::wire::{Versions, writer};

const FIELDS: [&str; 7] = ["Name", "Addr", "Port", "Meta", "Incarnation", "State", "Vsn"];

/// One row of the table in a push/pull.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NodeState<'a> {
    /// The member.
    pub id: &'a str,
    /// The incarnation of all that follows.
    pub incarnation: u32,
    /// What is believed of it.
    pub status: Status,
    /// Where it listens.
    pub address: SocketAddr,
    /// The application's bytes; nil and none are the same.
    pub metadata: &'a [u8],
    /// What it speaks.
    pub versions: Versions,
}

impl<'a> NodeState<'a> {
    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        writer::map(out, FIELDS.len());
        field::write_key(out, "Addr");
        field::write_ip(out, self.address);
        field::write_uint(out, "Incarnation", u64::from(self.incarnation));
        field::write_key(out, "Meta");
        field::write_bytes(out, self.metadata);
        field::write_name(out, "Name", self.id);
        field::write_uint(out, "Port", u64::from(self.address.port()));
        field::write_uint(out, "State", self.status as u64);
        field::write_key(out, "Vsn");
        writer::raw(out, &self.versions.to_bytes());
    }

    pub(super) fn decode(reader: &mut Reader<'a>) -> Result<Self, WireError> {
        let (mut id, mut ip, mut port, mut incarnation, mut status) =
            ("", Ip::default(), 0, 0, Status::Alive);
        let (mut metadata, mut versions) = (&[][..], None);
        structure::read(reader, &FIELDS, |index, reader| {
            match index {
                0 => id = field::read_name(reader)?,
                1 => ip = Ip::read(reader)?,
                2 => port = field::read_u16(reader)?,
                3 => metadata = reader.raw()?,
                4 => incarnation = field::read_u32(reader)?,
                5 => status = read_status(reader)?,
                _ => versions = Some(field::read_versions(reader)?),
            }
            Ok(())
        })?;
        Ok(Self {
            id: field::required(id)?,
            incarnation,
            status,
            address: ip.with_port(port)?,
            metadata,
            versions: versions.ok_or(WireError::BadVersions)?,
        })
    }
}

fn read_status(reader: &mut Reader<'_>) -> Result<Status, WireError> {
    u8::try_from(reader.uint()?).ok().and_then(Status::from_u8).ok_or(WireError::OutOfRange)
}
