//! What a start refuses, found out without one: [`Builder::check`].
//!
//! It asks the same of the settings as a start, in the same order and words. Whether a port is
//! free, and what a snapshot says, only a start knows.

use swim_core::{Identity, Incarnation, Instant, NodeId, Swim};

use super::Builder;
use crate::errors::StartError;
use crate::ground::clock;
use crate::seeds::{Seed, addresses};
#[cfg(feature = "tls")]
use crate::transport::Packets;
use crate::transport::Setup;

impl Builder {
    /// Whether [`start`](Self::start) would refuse these settings. Nothing is listened at, changed
    /// or begun; of files only the keyring's is read. What depends on the moment is not looked at:
    /// ports, the snapshot, and a transport of one's own.
    ///
    /// # Errors
    /// The [`StartError`] of a start.
    pub fn check(&self) -> Result<(), StartError> {
        let id = NodeId::new(&self.id).map_err(StartError::Name)?;
        let config = self.settled_config()?;
        self.sealing.check()?;
        let config = self.sealed_config(config, self.sealing.source.is_some())?;
        let seeds = self.parsed_seeds()?;
        self.check_protection(self.sealing.source.is_some())?;
        if self.opens_sockets() {
            self.tcp.validate_with(config.max_exchange_size).map_err(StartError::Tcp)?;
        }
        let setup = Setup { advertise: self.advertise, ..Setup::new(id.clone(), self.bind) };
        let mut advertised = setup.advertised(self.bind)?;
        // Any port stands for the one that the system would choose.
        advertised.set_port(advertised.port().max(1));
        let incarnation = self.incarnation.unwrap_or(Incarnation::new(1));
        let identity = Identity::new(id, advertised, incarnation).with_metadata(&self.metadata);
        let rng = clock::generator(Some(0)).map_err(StartError::Entropy)?;
        let max_seeds = config.max_seeds;
        let mut swim =
            Swim::new(config, identity, rng, Instant::ORIGIN).map_err(StartError::Config)?;
        let addresses = addresses(&seeds, 0, max_seeds).map_err(StartError::Seeds)?;
        swim.join(Instant::ORIGIN, &addresses).map_err(StartError::Seeds)
    }

    pub(super) fn parsed_seeds(&self) -> Result<Vec<Seed>, StartError> {
        self.seeds
            .iter()
            .map(|seed| seed.parse())
            .collect::<Result<_, _>>()
            .map_err(StartError::Seed)
    }

    /// Returns true if the transport is [`Sockets`](crate::Sockets), which the node opens itself.
    pub(super) const fn opens_sockets(&self) -> bool {
        #[cfg(feature = "memberlist")]
        if self.memberlist.is_some() {
            return false;
        }
        self.transport.is_none()
    }

    /// Whether what is to protect the built-in transports goes together.
    #[cfg_attr(
        not(feature = "tls"),
        expect(clippy::unnecessary_wraps, clippy::unused_self, reason = "TLS alone is refused")
    )]
    pub(super) fn check_protection(&self, has_keys: bool) -> Result<(), StartError> {
        #[cfg(feature = "tls")]
        if self.tls.is_some() && self.transport.is_none() {
            if self.packets == Packets::Udp || !self.opens_sockets() {
                return Err(StartError::TlsOverUdp);
            }
            if has_keys {
                return Err(StartError::TlsWithKeys);
            }
        }
        #[cfg(not(feature = "tls"))]
        let _ = has_keys;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;
    use std::time::Duration;

    use super::*;
    use crate::{Config, Runtime};
    use swim_core::MemberlistWire;

    /// Settings that a start refuses, whatever the machine.
    fn refused() -> Vec<Builder> {
        let one = || Runtime::builder().id("one");
        let some = |count| (0..count).map(|number| format!("host-{number}.invalid:1"));
        vec![
            Runtime::builder(),
            one().id("x".repeat(256)),
            one().config(Config { probe_interval: Duration::ZERO, ..Config::lan() }),
            one().seed("nonsense"),
            one().seeds(some(Config::lan().max_seeds + 1)),
            one().seed("0.0.0.0:7"),
            one().metadata(vec![0; Config::lan().max_metadata_size + 1]),
            one().advertise(SocketAddr::from(([0, 0, 0, 0], 7))),
            one().tcp(crate::TcpConfig {
                connect_timeout: Duration::ZERO,
                ..crate::TcpConfig::default()
            }),
            one().keyring_file("/no/such/keyring"),
            one().config(Config::memberlist_lan(MemberlistWire::PLAIN)),
        ]
    }

    #[tokio::test]
    async fn what_is_refused_is_refused_by_a_start_in_the_same_words() {
        for builder in refused() {
            let checked = builder.check().expect_err("it is refused");
            let started = builder.start().await.expect_err("it is refused");
            assert_eq!(checked.to_string(), started.to_string());
        }
    }

    /// Its packets would travel in frames that no member reads.
    #[test]
    fn memberlist_s_wire_is_refused_without_its_transport() {
        let builder =
            Runtime::builder().id("one").config(Config::memberlist_lan(MemberlistWire::PLAIN));
        let error = builder.check().expect_err("it is refused");
        // Without the feature the core refuses it first.
        let is_told = matches!(error, StartError::SocketsOfOtherWire | StartError::Config(_));
        assert!(
            is_told && error.is_of_arguments() && error.to_string().contains("wire"),
            "{error}"
        );
    }

    #[test]
    fn what_is_fine_is_fine_without_a_runtime_and_again() {
        let builder =
            Runtime::builder().id("one").seed("host.invalid:1").seed("127.0.0.1:1").cluster("ours");
        assert!(builder.check().is_ok() && builder.check().is_ok());
    }
}
