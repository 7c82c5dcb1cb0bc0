//! Addresses as binary values: 6 bytes (IPv4, port) or 18 (IPv6, port), both parts big-endian.
//!
//! A flow label and a scope mean something on one machine only and are not carried. An IPv4 address
//! in IPv6's clothes (`::ffff:a.b.c.d`) becomes the IPv4 address that it is, so that a member has
//! one address however it was learnt.

use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::error::WireError;
use super::reader::Reader;
use super::writer;
use crate::ground::member::is_reachable;

#[inline(always)]
pub(super) fn read(reader: &mut Reader<'_>) -> Result<SocketAddr, WireError> {
    let bytes = reader.bin()?;
    let address = if let &[a, b, c, d, high, low] = bytes {
        SocketAddr::new(IpAddr::V4(Ipv4Addr::new(a, b, c, d)), u16::from_be_bytes([high, low]))
    } else {
        read_v6(bytes)?
    };
    if is_reachable(&address) { Ok(address) } else { Err(WireError::BadAddress) }
}

fn read_v6(bytes: &[u8]) -> Result<SocketAddr, WireError> {
    let Some((ip, &[high, low])) = bytes.split_first_chunk::<16>() else {
        return Err(WireError::BadAddress);
    };
    Ok(SocketAddr::new(Ipv6Addr::from(*ip).to_canonical(), u16::from_be_bytes([high, low])))
}

#[inline]
pub(super) fn write(out: &mut Vec<u8>, address: SocketAddr) {
    let [high, low] = address.port().to_be_bytes();
    match address.ip().to_canonical() {
        IpAddr::V4(ip) => {
            let [a, b, c, d] = ip.octets();
            writer::bin(out, &[a, b, c, d, high, low]);
        }
        IpAddr::V6(ip) => {
            let mut bytes = [0; 18];
            bytes[..16].copy_from_slice(&ip.octets());
            bytes[16..].copy_from_slice(&[high, low]);
            writer::bin(out, &bytes);
        }
    }
}
