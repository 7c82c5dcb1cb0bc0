//! The fields that several messages have: names, numbers, addresses. It knows no message.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use alloc::vec::Vec;

use crate::ground::id::NodeId;
use crate::ground::member::is_reachable;
use crate::wire::Versions;
use crate::wire::error::WireError;
use crate::wire::reader::Reader;
pub(super) use crate::wire::structure::{write_bytes, write_key, write_name, write_uint};
use crate::wire::writer;

/// A name: text of at most 255 bytes, which may be empty; [`required`] is for those that must not
/// be.
pub(super) fn read_name<'a>(reader: &mut Reader<'a>) -> Result<&'a str, WireError> {
    let bytes = reader.raw()?;
    if bytes.len() > NodeId::MAX_LEN {
        return Err(WireError::BadName);
    }
    core::str::from_utf8(bytes).map_err(|_| WireError::BadName)
}

/// The name, if there is one.
pub(super) const fn required(name: &str) -> Result<&str, WireError> {
    if name.is_empty() { Err(WireError::BadName) } else { Ok(name) }
}

pub(super) fn read_u16(reader: &mut Reader<'_>) -> Result<u16, WireError> {
    u16::try_from(reader.uint()?).map_err(|_| WireError::OutOfRange)
}

pub(super) fn read_u32(reader: &mut Reader<'_>) -> Result<u32, WireError> {
    u32::try_from(reader.uint()?).map_err(|_| WireError::OutOfRange)
}

/// Bytes of which no more than `N` are of interest, and how many there were: raw, or as an array of
/// small integers, which Go reads as bytes too.
pub(super) fn read_octets<const N: usize>(
    reader: &mut Reader<'_>,
) -> Result<([u8; N], usize), WireError> {
    let mut octets = [0; N];
    if !matches!(reader.rest().first(), Some(0x90..=0x9f | 0xdc | 0xdd)) {
        let bytes = reader.raw()?;
        let used = bytes.len().min(N);
        octets[..used].copy_from_slice(&bytes[..used]);
        return Ok((octets, bytes.len()));
    }
    let len = reader.array()? as usize;
    // Each turn reads a byte at least.
    for at in 0..len {
        let octet = u8::try_from(reader.uint()?).map_err(|_| WireError::OutOfRange)?;
        if let Some(place) = octets.get_mut(at) {
            *place = octet;
        }
    }
    Ok((octets, len))
}

/// Versions: six bytes at least; further ones are for later versions of the vector.
pub(super) fn read_versions(reader: &mut Reader<'_>) -> Result<Versions, WireError> {
    match read_octets(reader)? {
        (bytes, 6..) => Versions::from_bytes(bytes),
        _ => Err(WireError::BadVersions),
    }
}

/// An IP address as the wire has it: 4 bytes or 16, none at all or, from some senders, any other
/// number.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Ip {
    octets: [u8; 16],
    len: usize,
}

impl Ip {
    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        read_octets(reader).map(|(octets, len)| Self { octets, len })
    }

    /// The address that a member can have; IPv4 in IPv6's clothes becomes IPv4.
    pub(super) fn with_port(&self, port: u16) -> Result<SocketAddr, WireError> {
        let ip = match (self.len, self.octets) {
            (4, [a, b, c, d, ..]) => IpAddr::V4(Ipv4Addr::new(a, b, c, d)),
            (16, octets) => Ipv6Addr::from(octets).to_canonical(),
            _ => return Err(WireError::BadAddress),
        };
        let address = SocketAddr::new(ip, port);
        if is_reachable(&address) { Ok(address) } else { Err(WireError::BadAddress) }
    }

    /// As [`with_port`](Self::with_port), where an address may be missing.
    pub(super) fn with_port_if_any(&self, port: u16) -> Result<Option<SocketAddr>, WireError> {
        if self.len == 0 || port == 0 { Ok(None) } else { self.with_port(port).map(Some) }
    }
}

/// The IP address of `address`: 4 bytes for IPv4 always, since peers compare the bytes.
pub(super) fn write_ip(out: &mut Vec<u8>, address: SocketAddr) {
    match address.ip().to_canonical() {
        IpAddr::V4(ip) => writer::raw(out, &ip.octets()),
        IpAddr::V6(ip) => writer::raw(out, &ip.octets()),
    }
}
