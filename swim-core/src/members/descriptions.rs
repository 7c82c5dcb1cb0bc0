//! The texts of all members in one buffer: name, address, metadata, one after the other for each member.
//!
//! A separate allocation for each name would cost more than the name. Replaced texts leave a gap; when a quarter of
//! the buffer is gaps, the table packs it, which costs O(1) for each replaced byte in the long run.

use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::places;

/// Where a member's text is and how it divides. 8 bytes.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Text {
    offset: u32,
    metadata_len: u16,
    name_len: u8,
    address_len: u8,
}

const V4_LEN: u8 = 6;
const V6_LEN: u8 = 18;

impl Text {
    const fn len(self) -> usize {
        self.name_len as usize + self.address_len as usize + self.metadata_len as usize
    }

    pub(super) const fn has_address(self) -> bool {
        self.address_len > 0
    }

    /// Whether the slot holds a member at all.
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
        let start = text.offset as usize + text.name_len as usize;
        let bytes = &self.bytes[start..start + text.address_len as usize];
        let (ip, port) = bytes.split_last_chunk::<2>()?;
        let ip = match ip.len() {
            4 => IpAddr::V4(Ipv4Addr::from(<[u8; 4]>::try_from(ip).ok()?)),
            _ => IpAddr::V6(Ipv6Addr::from(<[u8; 16]>::try_from(ip).ok()?)),
        };
        Some(SocketAddr::new(ip, u16::from_be_bytes(*port)))
    }

    #[inline]
    pub(super) fn metadata(&self, text: Text) -> &[u8] {
        let end = text.offset as usize + text.len();
        &self.bytes[end - text.metadata_len as usize..end]
    }

    /// The address and metadata as stored, for comparing and hashing.
    #[inline]
    pub(super) fn described(&self, text: Text) -> &[u8] {
        let start = text.offset as usize;
        &self.bytes[start + text.name_len as usize..start + text.len()]
    }

    /// Whether the address and metadata are these, without taking either apart.
    #[inline]
    pub(super) fn says(&self, text: Text, address: SocketAddr, metadata: &[u8]) -> bool {
        let known = self.described(text);
        let SocketAddr::V4(v4) = address else {
            return self.address(text) == Some(address) && self.metadata(text) == metadata;
        };
        let [a, b, c, d] = v4.ip().octets();
        let [high, low] = v4.port().to_be_bytes();
        text.address_len == V4_LEN && known.split_first_chunk() == Some((&[a, b, c, d, high, low], metadata))
    }

    /// Keeps a name without description.
    pub(super) fn insert(&mut self, name: &str) -> Text {
        debug_assert!((1..=255).contains(&name.len()), "names are checked when they are read");
        let offset = self.bytes.len() as u32;
        places::reserve(&mut self.bytes, name.len());
        self.bytes.extend_from_slice(name.as_bytes());
        Text { offset, metadata_len: 0, name_len: name.len() as u8, address_len: 0 }
    }

    /// Replaces address and metadata.
    pub(super) fn describe(&mut self, text: Text, address: SocketAddr, metadata: &[u8]) -> Text {
        let address_len = if address.is_ipv4() { V4_LEN } else { V6_LEN };
        let mut new = Text { address_len, metadata_len: metadata.len() as u16, ..text };
        if new.len() == text.len() {
            // Same length: write over the old one.
        } else if text.offset as usize + text.len() == self.bytes.len() {
            self.bytes.truncate(text.offset as usize + text.name_len as usize);
            places::reserve(&mut self.bytes, new.len() - new.name_len as usize);
            self.bytes.resize(text.offset as usize + new.len(), 0);
        } else {
            self.gaps += text.len();
            new.offset = self.bytes.len() as u32;
            let name = text.offset as usize..text.offset as usize + text.name_len as usize;
            places::reserve(&mut self.bytes, new.len());
            self.bytes.extend_from_within(name);
            self.bytes.resize(new.offset as usize + new.len(), 0);
        }
        let at = new.offset as usize + new.name_len as usize;
        let place = &mut self.bytes[at..at + address_len as usize + metadata.len()];
        let (to_address, to_metadata) = place.split_at_mut(address_len as usize);
        write_address(address, to_address);
        to_metadata.copy_from_slice(metadata);
        new
    }

    /// Forgets address and metadata and keeps the name.
    pub(super) fn bury(&mut self, text: Text) -> Text {
        self.gaps += text.len() - text.name_len as usize;
        Text { address_len: 0, metadata_len: 0, ..text }
    }

    /// Forgets a text.
    pub(super) fn remove(&mut self, text: Text) {
        self.gaps += text.len();
    }

    /// Whether so much of the buffer is gaps that packing it pays.
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

fn write_address(address: SocketAddr, to: &mut [u8]) {
    let (ip, port) = to.split_at_mut(to.len() - 2);
    match address.ip() {
        IpAddr::V4(v4) => ip.copy_from_slice(&v4.octets()),
        IpAddr::V6(v6) => ip.copy_from_slice(&v6.octets()),
    }
    port.copy_from_slice(&address.port().to_be_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_survives_replacements_of_every_kind_and_packing() {
        let v4: SocketAddr = "127.0.0.1:7946".parse().unwrap();
        let v6: SocketAddr = "[2001:db8::1]:80".parse().unwrap();
        let mut texts = Descriptions::default();
        let mut a = texts.insert("a");
        let mut b = texts.insert("node-b");
        assert_eq!(texts.address(a), None);
        for (address, metadata) in [(v4, &b""[..]), (v6, b"web"), (v6, b"sql"), (v4, &[7_u8; 300]), (v4, b"x")] {
            a = texts.describe(a, address, metadata);
            b = texts.describe(b, v6, metadata);
            assert_eq!((texts.address(a), texts.metadata(a)), (Some(address), metadata));
            assert_eq!((texts.address(b), texts.metadata(b)), (Some(v6), metadata));
            assert!(texts.says(a, address, metadata) && texts.says(b, v6, metadata));
            assert!(!texts.says(a, address, b"other") && !texts.says(b, v4, metadata));
            assert_eq!((texts.name(a), texts.name(b)), (&b"a"[..], &b"node-b"[..]));
        }
        assert!(texts.gaps > 0);
        texts.pack([&mut a, &mut b].into_iter());
        assert_eq!((texts.name(b), texts.address(b), texts.metadata(a)), (&b"node-b"[..], Some(v6), &b"x"[..]));
    }
}
