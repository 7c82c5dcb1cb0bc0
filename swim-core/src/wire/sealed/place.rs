//! Addresses as sealed packets carry them: the family, 4 or 6, the IP address and the port,
//! big-endian; 7 or 19 bytes.

use core::net::{IpAddr, Ipv6Addr, SocketAddr};

use crate::ground::member::{is_reachable, normal_address};

/// The bytes of an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    bytes: [u8; Self::LONGEST],
    len: usize,
}

impl Place {
    const IPV4: u8 = 4;
    const IPV6: u8 = 6;
    const LONGEST: usize = 1 + 16 + 2;

    pub(super) fn new(address: SocketAddr) -> Self {
        let address = normal_address(address);
        let mut bytes = [0; Self::LONGEST];
        let ip_len = match address.ip() {
            IpAddr::V4(ip) => {
                bytes[0] = Self::IPV4;
                bytes[1..5].copy_from_slice(&ip.octets());
                4
            }
            IpAddr::V6(ip) => {
                bytes[0] = Self::IPV6;
                bytes[1..17].copy_from_slice(&ip.octets());
                16
            }
        };
        let len = 1 + ip_len + 2;
        bytes[len - 2..len].copy_from_slice(&address.port().to_be_bytes());
        Self { bytes, len }
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    /// The address at the front of some bytes, and how many of them it takes; `None` if nobody can
    /// be reached there.
    pub(super) fn read(bytes: &[u8]) -> Option<(SocketAddr, usize)> {
        let (&family, rest) = bytes.split_first()?;
        let (ip, ip_len) = match family {
            Self::IPV4 => (IpAddr::from(*rest.first_chunk::<4>()?), 4),
            Self::IPV6 => (IpAddr::V6(Ipv6Addr::from(*rest.first_chunk::<16>()?)), 16),
            _ => return None,
        };
        let port = rest[ip_len..].first_chunk::<2>()?;
        let address = normal_address(SocketAddr::new(ip, u16::from_be_bytes(*port)));
        is_reachable(&address).then_some((address, 1 + ip_len + 2))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_both_families_come_back_and_others_do_not() {
        for (text, len) in
            [("192.0.2.1:7946", 7), ("[2001:db8::1]:65535", 19), ("[::ffff:192.0.2.1]:1", 7)]
        {
            let address: SocketAddr = text.parse().unwrap();
            let place = Place::new(address);
            let mut bytes = place.as_bytes().to_vec();
            assert_eq!(bytes.len(), len);
            for cut in 0..len {
                assert_eq!(Place::read(&bytes[..cut]), None);
            }
            bytes.push(9);
            assert_eq!(Place::read(&bytes), Some((normal_address(address), len)));
        }
        for nobody in ["0.0.0.0:1", "192.0.2.1:0", "224.0.0.1:1", "[::]:1"] {
            assert_eq!(
                Place::read(Place::new(nobody.parse().unwrap()).as_bytes()),
                None,
                "{nobody}"
            );
        }
        assert_eq!(Place::read(&[5, 1, 1, 1, 1, 1, 1]), None);
    }
}
