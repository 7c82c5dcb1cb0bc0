//! The texts of all members in one buffer: name, IPv6 address, metadata, one after the other for
//! each member. An IPv4 address, which most have, lies next to the offset instead, where it is read
//! with the member's claim.
//!
//! A separate allocation for each name would cost more than the name. Replaced texts leave a gap;
//! when a quarter of the buffer is gaps, the table packs it, which costs O(1) for each replaced
//! byte in the long run.

use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::marks::Marks;
use crate::ground::hash::{hash, hash_parts};
use crate::ground::slot_index;

/// Where a member's text is and how it divides, next to what else the table marks of the member. 16
/// bytes.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Text {
    offset: u32,
    metadata_len: u16,
    name_len: u8,
    pub(super) marks: Marks,
    /// The IPv4 address and the port, if it has one.
    v4: [u8; 6],
}

/// How many bytes an IPv6 address takes, its port included.
const V6_LEN: usize = 18;

impl Text {
    const fn len(self) -> usize {
        self.metadata_at() + self.metadata_len as usize
    }

    /// How far behind the offset the metadata begins.
    const fn metadata_at(self) -> usize {
        self.name_len as usize + if self.marks.has_v6() { V6_LEN } else { 0 }
    }

    pub(super) const fn has_address(self) -> bool {
        self.marks.has_address()
    }

    /// Returns true if the slot holds a member at all.
    pub(super) const fn is_vacant(self) -> bool {
        self.name_len == 0
    }
}

/// The buffer.
#[derive(Debug, Default)]
pub(super) struct Descriptions {
    bytes: Vec<u8>,
    gaps: usize,
}

impl Descriptions {
    #[inline]
    pub(super) fn name(&self, text: Text) -> &[u8] {
        let start = text.offset as usize;
        &self.bytes[start..start + text.name_len as usize]
    }

    #[inline]
    pub(super) fn address(&self, text: Text) -> Option<SocketAddr> {
        if text.marks.has_v4() {
            let [a, b, c, d, high, low] = text.v4;
            return Some(SocketAddr::new(
                IpAddr::from([a, b, c, d]),
                u16::from_be_bytes([high, low]),
            ));
        }
        let (ip, port) = self.v6(text)?.split_last_chunk::<2>()?;
        let ip = Ipv6Addr::from(<[u8; 16]>::try_from(ip).ok()?);
        Some(SocketAddr::new(IpAddr::V6(ip), u16::from_be_bytes(*port)))
    }

    /// The bytes of an IPv6 address and its port.
    fn v6(&self, text: Text) -> Option<&[u8]> {
        let start = text.offset as usize + text.name_len as usize;
        text.marks.has_v6().then(|| &self.bytes[start..start + V6_LEN])
    }

    #[inline]
    pub(super) fn metadata(&self, text: Text) -> &[u8] {
        let end = text.offset as usize + text.len();
        &self.bytes[end - text.metadata_len as usize..end]
    }

    /// The hash of the address and the metadata under `key`, as if they lay one behind the other.
    pub(super) fn hash_described(&self, key: u64, text: Text) -> u64 {
        if text.marks.has_v4() {
            return hash_parts(key, &text.v4, self.metadata(text));
        }
        let start = text.offset as usize;
        hash_parts(key, &[], &self.bytes[start + text.name_len as usize..start + text.len()])
    }

    /// Returns true if the address and metadata are these, without taking either apart.
    #[inline]
    pub(super) fn says(&self, text: Text, address: SocketAddr, metadata: &[u8]) -> bool {
        self.is_at(text, address) && self.metadata(text) == metadata
    }

    /// Returns true if the address is this one, without taking it apart.
    #[inline]
    pub(super) fn is_at(&self, text: Text, address: SocketAddr) -> bool {
        match address {
            SocketAddr::V4(v4) => text.marks.has_v4() && text.v4 == v4_bytes(*v4.ip(), v4.port()),
            SocketAddr::V6(_) => self.address(text) == Some(address),
        }
    }

    /// The hash of the address under `key`, which is that of [`hash_address`]; of a text without
    /// one it means nothing.
    pub(super) fn hash_address(&self, key: u64, text: Text) -> u64 {
        self.v6(text).map_or_else(|| hash(key, &text.v4), |v6| hash(key, v6))
    }

    /// Keeps a name without description.
    pub(super) fn insert(&mut self, name: &str, marks: Marks) -> Text {
        debug_assert!((1..=255).contains(&name.len()), "names are checked when they are read");
        let offset = self.bytes.len() as u32;
        slot_index::reserve(&mut self.bytes, name.len());
        self.bytes.extend_from_slice(name.as_bytes());
        Text { offset, metadata_len: 0, name_len: name.len() as u8, marks, v4: [0; 6] }
    }

    /// Replaces address and metadata.
    pub(super) fn describe(&mut self, text: Text, address: SocketAddr, metadata: &[u8]) -> Text {
        let v4 = match address {
            SocketAddr::V4(v4) => v4_bytes(*v4.ip(), v4.port()),
            SocketAddr::V6(_) => [0; 6],
        };
        let mut new = Text {
            marks: text.marks.with_address(&address),
            metadata_len: metadata.len() as u16,
            v4,
            ..text
        };
        let name_len = text.name_len as usize;
        if new.len() == text.len() {
            // Same length: write over the old one.
        } else if text.offset as usize + text.len() == self.bytes.len() {
            self.bytes.truncate(text.offset as usize + name_len);
            slot_index::reserve(&mut self.bytes, new.len() - name_len);
            self.bytes.resize(text.offset as usize + new.len(), 0);
        } else {
            self.gaps += text.len();
            new.offset = self.bytes.len() as u32;
            let name = text.offset as usize..text.offset as usize + name_len;
            slot_index::reserve(&mut self.bytes, new.len());
            self.bytes.extend_from_within(name);
            self.bytes.resize(new.offset as usize + new.len(), 0);
        }
        let at = new.offset as usize;
        if let SocketAddr::V6(v6) = address {
            let (ip, port) = self.bytes[at + name_len..at + name_len + V6_LEN].split_at_mut(16);
            ip.copy_from_slice(&v6.ip().octets());
            port.copy_from_slice(&v6.port().to_be_bytes());
        }
        self.bytes[at + new.metadata_at()..at + new.len()].copy_from_slice(metadata);
        new
    }

    /// Forgets address and metadata and keeps the name.
    pub(super) fn entomb(&mut self, text: Text) -> Text {
        self.gaps += text.len() - text.name_len as usize;
        Text { marks: text.marks.buried(), metadata_len: 0, ..text }
    }

    /// Forgets a text.
    pub(super) fn remove(&mut self, text: Text) {
        self.gaps += text.len();
    }

    /// Returns true if so much of the buffer is gaps that packing it pays.
    pub(super) fn wants_packing(&self) -> bool {
        self.gaps > 256 && self.gaps * 4 > self.bytes.len()
    }

    /// Copies all texts that are in use into a new buffer without gaps.
    pub(super) fn pack<'a>(&mut self, texts: impl Iterator<Item = &'a mut Text>) {
        let mut packed = Vec::new();
        packed.reserve_exact(self.bytes.len() - self.gaps);
        for text in texts {
            let old = text.offset as usize;
            text.offset = packed.len() as u32;
            packed.extend_from_slice(&self.bytes[old..old + text.len()]);
        }
        debug_assert_eq!(packed.len() + self.gaps, self.bytes.len(), "gaps are counted exactly");
        self.bytes = packed;
        self.gaps = 0;
    }
}

/// The hash of an address under `key`.
#[inline]
pub(super) fn hash_address(key: u64, address: SocketAddr) -> u64 {
    match address {
        SocketAddr::V4(v4) => hash(key, &v4_bytes(*v4.ip(), v4.port())),
        SocketAddr::V6(v6) => {
            let mut bytes = [0; V6_LEN];
            bytes[..16].copy_from_slice(&v6.ip().octets());
            bytes[16..].copy_from_slice(&v6.port().to_be_bytes());
            hash(key, &bytes)
        }
    }
}

fn v4_bytes(ip: Ipv4Addr, port: u16) -> [u8; 6] {
    let ([a, b, c, d], [high, low]) = (ip.octets(), port.to_be_bytes());
    [a, b, c, d, high, low]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_survives_replacements_of_every_kind_and_packing() {
        let v4: SocketAddr = "127.0.0.1:7946".parse().unwrap();
        let v6: SocketAddr = "[2001:db8::1]:80".parse().unwrap();
        let mut texts = Descriptions::default();
        let mut a = texts.insert("a", Marks::default());
        let mut b = texts.insert("node-b", Marks::default());
        assert_eq!(texts.address(a), None);
        for (address, metadata) in
            [(v4, &b""[..]), (v6, b"web"), (v6, b"sql"), (v4, &[7_u8; 300]), (v4, b"x")]
        {
            a = texts.describe(a, address, metadata);
            b = texts.describe(b, v6, metadata);
            assert_eq!((texts.address(a), texts.metadata(a)), (Some(address), metadata));
            assert_eq!((texts.address(b), texts.metadata(b)), (Some(v6), metadata));
            assert!(texts.says(a, address, metadata) && texts.says(b, v6, metadata));
            assert!(!texts.says(a, address, b"other") && !texts.says(b, v4, metadata));
            assert_eq!(texts.hash_address(7, a), hash_address(7, address));
            let mut described = match address.ip() {
                IpAddr::V4(ip) => ip.octets().to_vec(),
                IpAddr::V6(ip) => ip.octets().to_vec(),
            };
            described.extend(address.port().to_be_bytes());
            described.extend(metadata);
            assert_eq!(texts.hash_described(7, a), hash(7, &described));
            assert_eq!((texts.name(a), texts.name(b)), (&b"a"[..], &b"node-b"[..]));
        }
        assert!(texts.gaps > 0);
        texts.pack([&mut a, &mut b].into_iter());
        assert_eq!(
            (texts.name(b), texts.address(b), texts.metadata(a)),
            (&b"node-b"[..], Some(v6), &b"x"[..])
        );
    }
}
