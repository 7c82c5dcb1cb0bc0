//! The fields that several of these messages have. It knows no message.

use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::ground::id::NodeId;
use crate::ground::lamport::LamportTime;
use crate::ground::member::is_reachable;
use crate::wire::error::WireError;
use crate::wire::reader::Reader;
use crate::wire::structure::{self, write_key, write_uint};
use crate::wire::writer;

/// Text of any length.
pub(super) fn read_text<'a>(reader: &mut Reader<'a>) -> Result<&'a str, WireError> {
    core::str::from_utf8(reader.raw()?).map_err(|_| WireError::BadName)
}

/// A member's name, which may be missing and then is empty.
pub(super) fn read_name<'a>(reader: &mut Reader<'a>) -> Result<&'a str, WireError> {
    let name = read_text(reader)?;
    if name.len() <= NodeId::MAX_LEN { Ok(name) } else { Err(WireError::BadName) }
}

/// The name, if there is one.
pub(super) const fn required(name: &str) -> Result<&str, WireError> {
    if name.is_empty() { Err(WireError::BadName) } else { Ok(name) }
}

pub(super) fn read_u8(reader: &mut Reader<'_>) -> Result<u8, WireError> {
    u8::try_from(reader.uint()?).map_err(|_| WireError::OutOfRange)
}

pub(super) fn read_u16(reader: &mut Reader<'_>) -> Result<u16, WireError> {
    u16::try_from(reader.uint()?).map_err(|_| WireError::OutOfRange)
}

pub(super) fn read_u32(reader: &mut Reader<'_>) -> Result<u32, WireError> {
    u32::try_from(reader.uint()?).map_err(|_| WireError::OutOfRange)
}

pub(super) fn read_time(reader: &mut Reader<'_>) -> Result<LamportTime, WireError> {
    reader.uint().map(LamportTime::new)
}

pub(super) fn write_time(out: &mut Vec<u8>, key: &str, time: LamportTime) {
    write_uint(out, key, time.get());
}

pub(super) fn write_bool(out: &mut Vec<u8>, key: &str, value: bool) {
    write_key(out, key);
    structure::write_bool(out, value);
}

/// An address's bytes and port as one address; IPv4 in IPv6's clothes becomes IPv4.
pub(super) fn address(ip: &[u8], port: u16) -> Result<SocketAddr, WireError> {
    let ip = if let Ok(octets) = <[u8; 4]>::try_from(ip) {
        IpAddr::V4(Ipv4Addr::from(octets))
    } else if let Ok(octets) = <[u8; 16]>::try_from(ip) {
        Ipv6Addr::from(octets).to_canonical()
    } else {
        return Err(WireError::BadAddress);
    };
    let address = SocketAddr::new(ip, port);
    if is_reachable(&address) { Ok(address) } else { Err(WireError::BadAddress) }
}

/// The IP address: 4 bytes for IPv4 always.
pub(super) fn write_ip(out: &mut Vec<u8>, key: &str, address: SocketAddr) {
    write_key(out, key);
    match address.ip().to_canonical() {
        IpAddr::V4(ip) => writer::raw(out, &ip.octets()),
        IpAddr::V6(ip) => writer::raw(out, &ip.octets()),
    }
}
