//! Where a member is, as another one sees it: the answer to the internal query of two who bear one
//! name.

use alloc::vec::Vec;
use core::net::SocketAddr;

use super::{CONFLICT_RESPONSE, field};
use crate::ground::member::Status;
use crate::wire::error::WireError;
use crate::wire::reader::Reader;
use crate::wire::tags::{self, Tags};
use crate::wire::{structure, writer};

/// What a member knows of the one that is asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Whereabouts<'a> {
    /// Its name.
    pub name: &'a str,
    /// Where it is.
    pub address: SocketAddr,
    /// Its tags.
    pub tags: Tags,
    /// What is believed of it.
    pub status: Status,
    /// memberlist's version and serf's: for each the lowest and the highest that it understands,
    /// and the one that it speaks.
    pub versions: [u8; 6],
}

const FIELDS: [&str; 11] = [
    "Name",
    "Addr",
    "Port",
    "Tags",
    "Status",
    "ProtocolMin",
    "ProtocolMax",
    "ProtocolCur",
    "DelegateMin",
    "DelegateMax",
    "DelegateCur",
];

/// serf's numbers of a status: 0 none, 1 alive, 2 leaving, 3 left, 4 failed.
const fn status_number(status: Status) -> u64 {
    match status {
        Status::Alive | Status::Suspect => 1,
        Status::Left => 3,
        Status::Dead => 4,
    }
}

impl<'a> Whereabouts<'a> {
    /// Reads the payload of a response; `None` if the member asked knows nobody of that name.
    ///
    /// # Errors
    /// The first [`WireError`] found.
    pub fn decode(bytes: &'a [u8]) -> Result<Option<Self>, WireError> {
        let reader = &mut match bytes.split_first() {
            None => return Err(WireError::Truncated),
            Some((&CONFLICT_RESPONSE, rest)) => Reader::new(rest),
            Some(_) => return Err(WireError::WrongPlace),
        };
        if reader.nil() {
            return Ok(None);
        }
        let (mut name, mut ip, mut port, mut status): (_, &[u8], _, _) =
            ("", &[], 0, Status::Alive);
        let (mut tags, mut versions) = (Tags::default(), [0; 6]);
        structure::read(reader, &FIELDS, |index, reader| {
            match index {
                0 => name = field::read_name(reader)?,
                1 => ip = reader.raw()?,
                2 => port = field::read_u16(reader)?,
                3 => tags = tags::read_map(reader).map_err(|_| WireError::WrongType)?,
                4 => {
                    status = match reader.uint()? {
                        3 => Status::Left,
                        4 => Status::Dead,
                        _ => Status::Alive,
                    }
                }
                place => versions[place - 5] = field::read_u8(reader)?,
            }
            Ok(())
        })?;
        let address = field::address(ip, port)?;
        Ok(Some(Self { name: field::required(name)?, address, tags, status, versions }))
    }

    /// Appends the payload of a response to `out`.
    pub fn encode(whereabouts: Option<&Self>, out: &mut Vec<u8>) {
        out.push(CONFLICT_RESPONSE);
        let Some(Self { name, address, tags, status, versions }) = whereabouts else {
            return writer::nil(out);
        };
        let [
            protocol_min,
            protocol_max,
            protocol_current,
            delegate_min,
            delegate_max,
            delegate_current,
        ] = *versions;
        writer::map(out, FIELDS.len());
        field::write_ip(out, "Addr", *address);
        structure::write_uint(out, "DelegateCur", u64::from(delegate_current));
        structure::write_uint(out, "DelegateMax", u64::from(delegate_max));
        structure::write_uint(out, "DelegateMin", u64::from(delegate_min));
        structure::write_name(out, "Name", name);
        structure::write_uint(out, "Port", u64::from(address.port()));
        structure::write_uint(out, "ProtocolCur", u64::from(protocol_current));
        structure::write_uint(out, "ProtocolMax", u64::from(protocol_max));
        structure::write_uint(out, "ProtocolMin", u64::from(protocol_min));
        structure::write_uint(out, "Status", status_number(*status));
        structure::write_key(out, "Tags");
        tags.write_map(out);
    }
}
