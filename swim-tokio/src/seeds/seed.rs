//! Seeds as users write them: an address, a host name with a port, a DNS name with SRV records, or
//! a file of seeds. It looks nothing up.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;

/// A seed: some node's address, or where to look for such addresses.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Seed {
    Address(SocketAddr),
    LookedUp(LookedUp),
}

/// A seed whose addresses are looked up, again and again.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct LookedUp {
    /// As it was written.
    pub(crate) text: Arc<str>,
    pub(crate) place: Place,
}

/// Where to look.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Place {
    /// All addresses of a host name.
    Host { name: Arc<str>, port: u16 },
    /// All targets of the SRV records of a DNS name.
    #[cfg(feature = "dns-srv")]
    Srv(Arc<str>),
    /// All seeds in a file, one a line.
    File(Arc<Path>),
}

/// Why a text is not a seed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeedError {
    text: String,
}

/// What such an address is, and what to do.
pub(crate) const LINK_LOCAL: &str = "an IPv6 link-local address, which means another host on each link and is of no use to \
    the other members: use an IPv4 address, or a global or unique local one of IPv6";

const SRV: &str = "srv+";
const FILE: &str = "file:";

impl FromStr for Seed {
    type Err = SeedError;

    fn from_str(text: &str) -> Result<Self, SeedError> {
        let error = || SeedError { text: text.to_owned() };
        if let Ok(address) = text.parse::<SocketAddr>() {
            // As the core writes it in its events.
            let address = swim_core::normal_address(address);
            let is_one = swim_core::is_reachable(&address) && !is_link_local(address.ip());
            return if is_one { Ok(Self::Address(address)) } else { Err(error()) };
        }
        let place = if let Some(name) = text.strip_prefix(SRV) {
            srv(name).ok_or_else(error)?
        } else if let Some(path) = text.strip_prefix(FILE) {
            Place::File(
                Some(path).filter(|path| !path.is_empty()).map(Path::new).ok_or_else(error)?.into(),
            )
        } else {
            host(text).ok_or_else(error)?
        };
        Ok(Self::LookedUp(LookedUp { text: Arc::from(text), place }))
    }
}

/// Whether a text is a seed, as [`Builder::seeds`](crate::Builder::seeds) and
/// [`Runtime::join`](crate::Runtime::join) take it. Nothing is looked up.
///
/// # Errors
/// What is wrong with it.
pub fn check_seed(text: &str) -> Result<(), SeedError> {
    text.parse::<Seed>().map(drop)
}

/// The addresses among seeds, if there are not too many of the others, of which so many are known
/// already.
pub(crate) fn addresses(
    seeds: &[Seed],
    known: usize,
    max: usize,
) -> Result<Vec<SocketAddr>, swim_core::JoinError> {
    let looked_up = seeds.iter().filter(|seed| matches!(seed, Seed::LookedUp(_))).count();
    if known + looked_up > max {
        return Err(swim_core::JoinError::TooManySeeds { max });
    }
    let address = |seed: &Seed| match seed {
        Seed::Address(address) => Some(*address),
        Seed::LookedUp(_) => None,
    };
    Ok(seeds.iter().filter_map(address).collect())
}

/// Returns true if it is an IPv6 address that means another host on each link: what members tell
/// each other has no scope, so nobody else could reach it.
pub(crate) fn is_link_local(ip: IpAddr) -> bool {
    matches!(ip.to_canonical(), IpAddr::V6(ip) if ip.is_unicast_link_local())
}

/// The same of a text such as `[fe80::1%eth0]:7946`, whose scope is a name.
fn means_link_local(text: &str) -> bool {
    let ip = text.trim_start_matches('[').split(['%', ']']).next().and_then(|ip| ip.parse().ok());
    ip.is_some_and(is_link_local)
}

fn host(text: &str) -> Option<Place> {
    let (name, port) = text.rsplit_once(':')?;
    let port = port.parse().ok().filter(|&port| port != 0)?;
    is_name(name).then(|| Place::Host { name: Arc::from(name), port })
}

#[cfg(feature = "dns-srv")]
fn srv(name: &str) -> Option<Place> {
    is_name(name).then(|| Place::Srv(Arc::from(name)))
}

#[cfg(not(feature = "dns-srv"))]
fn srv(_: &str) -> Option<Place> {
    None
}

fn is_name(name: &str) -> bool {
    let is_name_byte =
        |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte) || !byte.is_ascii();
    !name.is_empty() && name.len() <= 255 && name.bytes().all(is_name_byte)
}

impl fmt::Display for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => address.fmt(f),
            Self::LookedUp(seed) => f.write_str(&seed.text),
        }
    }
}

impl fmt::Display for SeedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { text } = self;
        if cfg!(not(feature = "dns-srv")) && text.starts_with(SRV) {
            return write!(
                f,
                "{text:?} is no seed here: SRV records need the feature dns-srv, which is not built in"
            );
        }
        if means_link_local(text) {
            return write!(f, "{text:?} is no seed: it is {LINK_LOCAL}");
        }
        write!(f, "{text:?} is no seed: write an address (10.0.0.1:7946, [2001:db8::1]:7946) ")?;
        f.write_str(
            "or a host name (node-1.example.org:7946), each with its port, which is not 0; ",
        )?;
        f.write_str("a DNS name with SRV records (srv+_swim._tcp.example.org); or a file of seeds (file:PATH)")
    }
}

impl std::error::Error for SeedError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(text: &str) -> Place {
        match text.parse() {
            Ok(Seed::LookedUp(seed)) => {
                assert_eq!(Seed::LookedUp(seed.clone()).to_string(), text);
                seed.place
            }
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn addresses_host_names_and_files_are_told_apart() {
        for text in ["127.0.0.1:7946", "[::1]:1"] {
            assert_eq!(text.parse(), Ok(Seed::Address(text.parse().unwrap())));
        }
        for (text, name, port) in
            [("localhost:7946", "localhost", 7_946), ("a_b.example.org:1", "a_b.example.org", 1)]
        {
            assert_eq!(place(text), Place::Host { name: name.into(), port });
        }
        assert_eq!(place("file:/etc/swim/seeds"), Place::File(Path::new("/etc/swim/seeds").into()));
        assert_eq!(place("file:seeds:1"), Place::File(Path::new("seeds:1").into()));
    }

    #[cfg(feature = "dns-srv")]
    #[test]
    fn a_dns_name_is_marked_as_one() {
        assert_eq!(
            place("srv+_swim._tcp.example.org"),
            Place::Srv("_swim._tcp.example.org".into())
        );
    }

    #[test]
    fn an_ipv6_link_local_address_is_refused_with_the_reason() {
        for text in ["[fe80::1]:7946", "[fe80::1%2]:7946", "[fe80::1%eth0]:7946", "[febf::9]:1"] {
            let error = text.parse::<Seed>().expect_err(text);
            assert!(error.to_string().contains("means another host on each link"), "{error}");
        }
        assert!("[fd00::1]:7946".parse::<Seed>().is_ok());
    }

    #[test]
    fn what_is_none_of_them_is_an_error_that_shows_how_to_write_it() {
        for text in [
            "",
            ":",
            "localhost",
            "localhost:",
            "localhost:0",
            "localhost:65536",
            ":7946",
            "a b:1",
            "::1:7946",
            "127.0.0.1:0",
            "0.0.0.0:7946",
            "[ff02::1]:7946",
            "http://localhost:80",
            "file:",
        ] {
            let error = text.parse::<Seed>().expect_err(text);
            assert!(error.to_string().contains("10.0.0.1:7946"), "{error}");
        }
        for text in ["srv+", "srv+a b"] {
            assert!(text.parse::<Seed>().is_err(), "{text}");
        }
    }
}
