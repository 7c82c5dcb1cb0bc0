//! Networks of IP addresses, as `10.0.0.0/8`: the peers that a node deals with. It knows no node.

use core::fmt;
use core::net::{IpAddr, Ipv6Addr};
use core::str::FromStr;

/// A network: an address, and how many of its leading bits count. An IPv4 network mapped into IPv6
/// is the IPv4 one.
///
/// ```
/// use swim_core::Network;
///
/// let network: Network = "10.1.0.0/16".parse()?;
/// assert!(network.contains("10.1.2.3".parse()?) && !network.contains("10.2.0.1".parse()?));
/// assert_eq!("::1".parse::<Network>()?.to_string(), "::1/128");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Network {
    address: IpAddr,
    prefix: u8,
}

/// Why a text is no network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NetworkError {
    /// It is no IP address with, or without, a `/` and the number of bits that count.
    Syntax,
    /// More bits are to count than the address has.
    Prefix {
        /// How many it has: 32 or 128.
        bits: u8,
    },
    /// The address has bits beyond those that count: it is perhaps not what was meant.
    HostBits(
        /// What was perhaps meant.
        Network,
    ),
}

impl Network {
    /// A network of all addresses that begin with the first `prefix` bits of `address`.
    ///
    /// # Errors
    /// [`NetworkError::Prefix`] and [`NetworkError::HostBits`].
    pub fn new(address: IpAddr, prefix: u8) -> Result<Self, NetworkError> {
        let bits = if address.is_ipv4() { 32 } else { 128 };
        if prefix > bits {
            return Err(NetworkError::Prefix { bits });
        }
        let network = Self { address: masked(address, prefix), prefix };
        if network.address == address { Ok(network) } else { Err(NetworkError::HostBits(network)) }
    }

    /// Returns true if an address belongs to it.
    #[must_use]
    pub fn contains(&self, ip: IpAddr) -> bool {
        let ip = ip.to_canonical();
        ip.is_ipv4() == self.address.is_ipv4() && masked(ip, self.prefix) == self.address
    }
}

/// Returns true if a list of networks allows an address. An empty one allows all.
#[must_use]
pub fn is_allowed(networks: &[Network], ip: IpAddr) -> bool {
    networks.is_empty() || networks.iter().any(|network| network.contains(ip))
}

fn masked(ip: IpAddr, prefix: u8) -> IpAddr {
    let prefix = u32::from(prefix);
    match ip {
        IpAddr::V4(v4) => {
            IpAddr::V4((v4.to_bits() & u32::MAX.checked_shl(32 - prefix).unwrap_or(0)).into())
        }
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(
            v6.to_bits() & u128::MAX.checked_shl(128 - prefix).unwrap_or(0),
        )),
    }
}

impl FromStr for Network {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => {
                (address, Some(prefix.parse().map_err(|_| NetworkError::Syntax)?))
            }
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| NetworkError::Syntax)?;
        let bits: u8 = if address.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.unwrap_or(bits);
        match address.to_canonical() {
            IpAddr::V4(v4) if address.is_ipv6() && prefix >= 96 => {
                Self::new(v4.into(), prefix.checked_sub(96).ok_or(NetworkError::Syntax)?)
            }
            _ => Self::new(address, prefix),
        }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

impl fmt::Display for NetworkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax => f.write_str(
                "no network: write an address and how many of its bits count, as 10.0.0.0/8",
            ),
            Self::Prefix { bits } => write!(f, "no network: the address has only {bits} bits"),
            Self::HostBits(network) => {
                write!(f, "no network: it has more bits than those that count; {network} is one")
            }
        }
    }
}

impl core::error::Error for NetworkError {}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    fn network(text: &str) -> Network {
        text.parse().expect(text)
    }

    #[test]
    fn a_network_contains_the_addresses_that_begin_like_it() {
        for (text, inside, outside) in [
            ("10.0.0.0/8", "10.255.0.1", "11.0.0.1"),
            ("192.0.2.0/25", "192.0.2.127", "192.0.2.128"),
            ("0.0.0.0/0", "203.0.113.1", "::1"),
            ("192.0.2.7", "192.0.2.7", "192.0.2.6"),
            ("2001:db8::/32", "2001:db8:ffff::1", "2001:db9::1"),
            ("::/0", "2001:db8::1", "127.0.0.1"),
            ("::ffff:10.0.0.0/104", "10.1.1.1", "11.0.0.1"),
            ("127.0.0.0/8", "::ffff:127.0.0.1", "::1"),
        ] {
            let network = network(text);
            assert!(network.contains(inside.parse().unwrap()), "{text} {inside}");
            assert!(!network.contains(outside.parse().unwrap()), "{text} {outside}");
            assert_eq!(network, self::network(&network.to_string()));
        }
    }

    #[test]
    fn no_list_allows_all_and_a_list_what_one_of_its_networks_contains() {
        let ip = "10.0.0.1".parse().unwrap();
        assert!(is_allowed(&[], ip));
        assert!(is_allowed(&[network("192.0.2.0/24"), network("10.0.0.0/8")], ip));
        assert!(!is_allowed(&[network("192.0.2.0/24")], ip));
    }

    #[test]
    fn what_is_no_network_says_why() {
        assert_eq!(
            "10.0.0.1/8".parse::<Network>(),
            Err(NetworkError::HostBits(network("10.0.0.0/8")))
        );
        assert_eq!("10.0.0.0/33".parse::<Network>(), Err(NetworkError::Prefix { bits: 32 }));
        for text in ["", "/8", "10.0.0.0/", "10.0.0.0/-1", "localhost", "10.0.0.0/8/8"] {
            assert_eq!(text.parse::<Network>(), Err(NetworkError::Syntax), "{text}");
        }
    }
}
