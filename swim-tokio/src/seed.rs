//! Seeds as users write them: an address, or a host name with a port. It resolves nothing.

use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;
use std::sync::Arc;

/// A seed: some node's address, or a host name and a port.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Seed {
    Address(SocketAddr),
    Host(HostSeed),
}

/// A seed whose addresses are looked up, again and again.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct HostSeed {
    pub(crate) text: Arc<str>,
    pub(crate) name: Arc<str>,
    pub(crate) port: u16,
}

/// Why a text is not a seed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeedError {
    text: String,
}

impl FromStr for Seed {
    type Err = SeedError;

    fn from_str(text: &str) -> Result<Self, SeedError> {
        let error = || SeedError { text: text.to_owned() };
        if let Ok(address) = text.parse::<SocketAddr>() {
            // As the core writes it in its events.
            let address = swim_core::normal_address(address);
            return if swim_core::is_reachable(&address) { Ok(Self::Address(address)) } else { Err(error()) };
        }
        let (name, port) = text.rsplit_once(':').ok_or_else(error)?;
        let port = port.parse().ok().filter(|&port| port != 0).ok_or_else(error)?;
        let is_name_byte = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte) || !byte.is_ascii();
        if name.is_empty() || name.len() > 255 || !name.bytes().all(is_name_byte) {
            return Err(error());
        }
        Ok(Self::Host(HostSeed { text: Arc::from(text), name: Arc::from(name), port }))
    }
}

impl fmt::Display for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => address.fmt(f),
            Self::Host(host) => f.write_str(&host.text),
        }
    }
}

impl fmt::Display for SeedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is no seed: write an address (10.0.0.1:7946, [2001:db8::1]:7946) ", self.text)?;
        f.write_str("or a host name (node-1.example.org:7946), each with its port, which is not 0")
    }
}

impl std::error::Error for SeedError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_host_names_are_told_apart() {
        for text in ["127.0.0.1:7946", "[::1]:1"] {
            assert_eq!(text.parse(), Ok(Seed::Address(text.parse().unwrap())));
        }
        for (text, name, port) in [("localhost:7946", "localhost", 7_946), ("a_b.example.org:1", "a_b.example.org", 1)]
        {
            let Ok(Seed::Host(host)) = text.parse() else { panic!("{text}") };
            assert_eq!((&*host.name, host.port, Seed::Host(host.clone()).to_string()), (name, port, text.to_owned()));
        }
    }

    #[test]
    fn what_is_neither_is_an_error_that_shows_how_to_write_it() {
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
        ] {
            let error = text.parse::<Seed>().expect_err(text);
            assert!(error.to_string().contains("10.0.0.1:7946"), "{error}");
        }
    }
}
