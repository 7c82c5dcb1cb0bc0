//! Queries, which ask all members or some, and what these answer.

use alloc::vec::Vec;
use core::net::SocketAddr;
use core::time::Duration;

use super::field;
use super::filter::Filters;
use crate::ground::lamport::LamportTime;
use crate::wire::error::WireError;
use crate::wire::reader::Reader;
use crate::wire::{structure, writer};

/// In a query: every member that it is for says at once that it has arrived. In a response: this is
/// that word.
const ACK: u32 = 1;
/// The query is not passed on.
const NO_BROADCAST: u32 = 2;

/// A question to the members that its filters let through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Query<'a> {
    /// When it was asked, on the clock of queries.
    pub time: LamportTime,
    /// Drawn at random: with the time it names the query.
    pub id: u32,
    /// Where the answers go.
    pub address: SocketAddr,
    /// Who asks. Agents before serf 0.8.2 do not say so.
    pub source: &'a str,
    /// The members that it is for.
    pub filters: Filters<'a>,
    /// Whether every member that it is for says at once that it has arrived.
    pub wants_ack: bool,
    /// Whether it is not to be passed on.
    pub no_broadcast: bool,
    /// Through how many other members each answer is sent a second time.
    pub relay_factor: u8,
    /// For how long answers are waited for.
    pub timeout: Duration,
    /// What its user calls it.
    pub name: &'a str,
    /// The user's bytes.
    pub payload: &'a [u8],
}

const QUERY: [&str; 11] = [
    "LTime",
    "ID",
    "Addr",
    "Port",
    "SourceNode",
    "Filters",
    "Flags",
    "RelayFactor",
    "Timeout",
    "Name",
    "Payload",
];

impl<'a> Query<'a> {
    pub(super) fn read(reader: &mut Reader<'a>) -> Result<Self, WireError> {
        let (mut time, mut id, mut flags, mut relay_factor, mut nanos) =
            (LamportTime::default(), 0, 0, 0, 0);
        let (mut ip, mut port, mut source): (&[u8], _, _) = (&[], 0, "");
        let (mut filters, mut name, mut payload): (_, _, &[u8]) = (Filters::default(), "", &[]);
        structure::read(reader, &QUERY, |index, reader| {
            match index {
                0 => time = field::read_time(reader)?,
                1 => id = field::read_u32(reader)?,
                2 => ip = reader.raw()?,
                3 => port = field::read_u16(reader)?,
                4 => source = field::read_name(reader)?,
                5 => filters = Filters::read(reader)?,
                6 => flags = field::read_u32(reader)?,
                7 => relay_factor = field::read_u8(reader)?,
                8 => nanos = reader.uint()?,
                9 => name = field::read_text(reader)?,
                _ => payload = reader.raw()?,
            }
            Ok(())
        })?;
        Ok(Self {
            time,
            id,
            address: field::address(ip, port)?,
            source,
            filters,
            wants_ack: flags & ACK != 0,
            no_broadcast: flags & NO_BROADCAST != 0,
            relay_factor,
            timeout: Duration::from_nanos(nanos),
            name,
            payload,
        })
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        let flags =
            if self.wants_ack { ACK } else { 0 } | if self.no_broadcast { NO_BROADCAST } else { 0 };
        writer::map(out, QUERY.len());
        field::write_ip(out, "Addr", self.address);
        structure::write_key(out, "Filters");
        self.filters.write(out);
        structure::write_uint(out, "Flags", u64::from(flags));
        structure::write_uint(out, "ID", u64::from(self.id));
        field::write_time(out, "LTime", self.time);
        structure::write_name(out, "Name", self.name);
        structure::write_key(out, "Payload");
        structure::write_bytes(out, self.payload);
        structure::write_uint(out, "Port", u64::from(self.address.port()));
        structure::write_uint(out, "RelayFactor", u64::from(self.relay_factor));
        structure::write_name(out, "SourceNode", self.source);
        structure::write_uint(
            out,
            "Timeout",
            u64::try_from(self.timeout.as_nanos()).unwrap_or(u64::MAX),
        );
    }
}

/// What a member says to a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Response<'a> {
    /// The query's time.
    pub time: LamportTime,
    /// The query's number.
    pub id: u32,
    /// Who answers.
    pub from: &'a str,
    /// Whether this only says that the query has arrived.
    pub is_ack: bool,
    /// The answer.
    pub payload: &'a [u8],
}

const RESPONSE: [&str; 5] = ["LTime", "ID", "From", "Flags", "Payload"];

impl<'a> Response<'a> {
    pub(super) fn read(reader: &mut Reader<'a>) -> Result<Self, WireError> {
        let mut response =
            Self { time: LamportTime::default(), id: 0, from: "", is_ack: false, payload: &[] };
        structure::read(reader, &RESPONSE, |index, reader| {
            match index {
                0 => response.time = field::read_time(reader)?,
                1 => response.id = field::read_u32(reader)?,
                2 => response.from = field::read_name(reader)?,
                3 => response.is_ack = field::read_u32(reader)? & ACK != 0,
                _ => response.payload = reader.raw()?,
            }
            Ok(())
        })?;
        field::required(response.from)?;
        Ok(response)
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        writer::map(out, RESPONSE.len());
        structure::write_uint(out, "Flags", if self.is_ack { u64::from(ACK) } else { 0 });
        structure::write_name(out, "From", self.from);
        structure::write_uint(out, "ID", u64::from(self.id));
        field::write_time(out, "LTime", self.time);
        structure::write_key(out, "Payload");
        structure::write_bytes(out, self.payload);
    }
}
