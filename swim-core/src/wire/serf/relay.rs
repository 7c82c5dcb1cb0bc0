//! A message that is to be handed on to the one it is for, so that it comes by two ways.

use alloc::vec::Vec;
use core::net::SocketAddr;

use super::field;
use crate::wire::error::WireError;
use crate::wire::reader::Reader;
use crate::wire::{structure, writer};

/// A message for another member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Relay<'a> {
    /// Where it goes.
    pub address: SocketAddr,
    /// The members that it is for. Agents before serf 0.8.2 do not say so.
    pub node: &'a str,
    /// The message, with its kind.
    pub message: &'a [u8],
}

const HEADER: [&str; 2] = ["DestAddr", "DestName"];
const ADDRESS: [&str; 3] = ["IP", "Port", "Zone"];

impl<'a> Relay<'a> {
    pub(super) fn read(reader: &mut Reader<'a>) -> Result<Self, WireError> {
        let (mut ip, mut port, mut node): (&[u8], _, _) = (&[], 0, "");
        structure::read(reader, &HEADER, |index, reader| {
            if index == 1 {
                node = field::read_name(reader)?;
                return Ok(());
            }
            structure::read(reader, &ADDRESS, |index, reader| {
                match index {
                    0 => ip = reader.raw()?,
                    1 => port = field::read_u16(reader)?,
                    _ => reader.skip(1)?,
                }
                Ok(())
            })
        })?;
        Ok(Self { address: field::address(ip, port)?, node, message: reader.rest() })
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        writer::map(out, 2);
        structure::write_key(out, "DestAddr");
        writer::map(out, 3);
        field::write_ip(out, "IP", self.address);
        structure::write_uint(out, "Port", u64::from(self.address.port()));
        structure::write_name(out, "Zone", "");
        structure::write_name(out, "DestName", self.node);
        out.extend_from_slice(self.message);
    }
}
