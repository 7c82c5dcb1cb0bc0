//! The first bytes of a connection, in both directions. They know no socket.
//!
//! The dialer's preamble says what this is and who dials: magic, version, the address at which the
//! dialer is reached. The acceptor answers with a greeting, magic and version, so that a dialer can
//! tell another version, or something that is no SWIM node at all, from a node that closed the
//! connection. docs/WIRE.md, "Frames of the TCP transport".

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// The first bytes of both.
const MAGIC: [u8; 4] = *b"SWIM";
/// The version of the framing. The messages inside carry their own.
pub(crate) const VERSION: u8 = 1;

/// Magic, version.
pub(crate) const GREETING_LEN: usize = 5;
/// Magic, version and the address' family: what tells how long the preamble is.
pub(crate) const PREAMBLE_HEAD: usize = GREETING_LEN + 1;

/// What records of TLS begin with: their kind and the first half of a version.
const TLS_ALERT: [u8; 2] = [21, 3];
const TLS_HANDSHAKE: [u8; 2] = [22, 3];

const IPV4: u8 = 4;
const IPV6: u8 = 6;

/// Why the first bytes are not what they should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PreambleError {
    /// Not a SWIM connection.
    NotSwim,
    /// The other side speaks TLS: so begins an alert, or a handshake.
    Tls,
    /// The other side's framing is of another version.
    OtherVersion(u8),
    /// The address is of no known family, or none at which anybody can be reached.
    BadAddress,
}

/// The acceptor's first bytes.
pub(crate) const GREETING: [u8; GREETING_LEN] = [MAGIC[0], MAGIC[1], MAGIC[2], MAGIC[3], VERSION];

/// The dialer's first bytes.
pub(crate) fn encode(advertised: SocketAddr) -> Vec<u8> {
    let mut bytes = GREETING.to_vec();
    match advertised.ip() {
        IpAddr::V4(ip) => {
            bytes.push(IPV4);
            bytes.extend_from_slice(&ip.octets());
        }
        IpAddr::V6(ip) => {
            bytes.push(IPV6);
            bytes.extend_from_slice(&ip.octets());
        }
    }
    bytes.extend_from_slice(&advertised.port().to_be_bytes());
    bytes
}

/// Checks the greeting, or what a preamble begins with.
pub(crate) fn check_greeting(bytes: [u8; GREETING_LEN]) -> Result<(), PreambleError> {
    let [a, b, c, d, version] = bytes;
    if [a, b, c, d] != MAGIC {
        let is_tls = matches!([a, b], TLS_ALERT | TLS_HANDSHAKE);
        return Err(if is_tls { PreambleError::Tls } else { PreambleError::NotSwim });
    }
    if version == VERSION { Ok(()) } else { Err(PreambleError::OtherVersion(version)) }
}

/// Checks a preamble's head, and says how many bytes follow it.
pub(crate) fn check_head(head: [u8; PREAMBLE_HEAD]) -> Result<usize, PreambleError> {
    let [a, b, c, d, version, family] = head;
    check_greeting([a, b, c, d, version])?;
    match family {
        IPV4 => Ok(4 + 2),
        IPV6 => Ok(16 + 2),
        _ => Err(PreambleError::BadAddress),
    }
}

/// Reads the advertised address after the head.
pub(crate) fn read_address(tail: &[u8]) -> Result<SocketAddr, PreambleError> {
    let (ip, port) = tail.split_last_chunk::<2>().ok_or(PreambleError::BadAddress)?;
    let ip = if let Ok(octets) = <[u8; 4]>::try_from(ip) {
        IpAddr::V4(Ipv4Addr::from(octets))
    } else if let Ok(octets) = <[u8; 16]>::try_from(ip) {
        IpAddr::V6(Ipv6Addr::from(octets))
    } else {
        return Err(PreambleError::BadAddress);
    };
    let address = swim_core::normal_address(SocketAddr::new(ip, u16::from_be_bytes(*port)));
    if swim_core::is_reachable(&address) { Ok(address) } else { Err(PreambleError::BadAddress) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(bytes: &[u8]) -> Result<SocketAddr, PreambleError> {
        let (head, tail) = bytes.split_first_chunk().expect("a head");
        let more = check_head(*head)?;
        assert_eq!(tail.len(), more);
        read_address(tail)
    }

    #[test]
    fn an_ipv4_preamble_has_the_documented_bytes() {
        let bytes = encode("10.1.2.3:7946".parse().unwrap());
        assert_eq!(bytes, [b'S', b'W', b'I', b'M', 1, 4, 10, 1, 2, 3, 0x1f, 0x0a]);
    }

    #[test]
    fn addresses_of_both_families_come_back() {
        for address in ["127.0.0.1:1", "[2001:db8::1]:65535"] {
            let address = address.parse().unwrap();
            assert_eq!(decode(&encode(address)), Ok(address));
        }
    }

    #[test]
    fn what_is_no_preamble_is_told_apart() {
        let good = encode("127.0.0.1:7946".parse().unwrap());
        let with = |at: usize, byte: u8| {
            let mut bytes = good.clone();
            bytes[at] = byte;
            bytes
        };
        assert_eq!(decode(&with(0, b'H')), Err(PreambleError::NotSwim));
        assert_eq!(check_greeting([21, 3, 3, 0, 2]), Err(PreambleError::Tls));
        assert_eq!(decode(&with(4, 9)), Err(PreambleError::OtherVersion(9)));
        assert_eq!(decode(&with(5, 5)), Err(PreambleError::BadAddress));
    }

    #[test]
    fn an_address_that_nobody_can_be_reached_at_is_refused() {
        for address in ["0.0.0.0:7946", "127.0.0.1:0", "224.0.0.1:7", "[::]:7946"] {
            assert_eq!(
                decode(&encode(address.parse().unwrap())),
                Err(PreambleError::BadAddress),
                "{address}"
            );
        }
    }
}
