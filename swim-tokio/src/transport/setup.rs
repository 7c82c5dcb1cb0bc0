//! What a transport is opened with: [`Setup`], and the [`Opener`] that a node's settings hold until
//! it starts.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use swim_core::{Config, Network, NodeId, normal_address};

use super::Transport;
use crate::errors::StartError;
use crate::keys::Keys;
use crate::seeds::is_link_local;

/// What a transport is to be: a node's settings as far as they concern it. They are checked
/// already.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Setup {
    /// The node's name.
    pub id: NodeId,
    /// The cluster's name.
    pub cluster: String,
    /// Where to listen; port 0 takes any free one.
    pub bind: SocketAddr,
    /// Where the others reach this node, if that is not where it listens. Port 0 stands for the
    /// port that it got: [`advertised`](Self::advertised) fills it in.
    pub advertise: Option<SocketAddr>,
    /// The peers to deal with: what comes from outside of these networks is refused at the door.
    /// None: all.
    pub allowed_networks: Vec<Network>,
    /// The longest packet that is taken from others, in bytes. Own ones have at most
    /// [`Config::max_packet_size`](crate::Config).
    pub max_packet: usize,
    /// The longest request or reply, sent or taken, in bytes.
    pub max_exchange: usize,
    /// The keys that [`Sockets`](super::Sockets) seals with, if the node has a keyring.
    pub(crate) keys: Option<Arc<Keys>>,
    /// The envelope that [`MemberlistSockets`](super::MemberlistSockets) puts on, if the node's
    /// handles share it.
    #[cfg(feature = "memberlist")]
    pub(crate) envelope: Option<super::Current>,
}

impl Setup {
    /// That of a node with default settings: to open a transport without a node.
    #[must_use]
    pub fn new(id: NodeId, bind: SocketAddr) -> Self {
        let Config { cluster, max_exchange_size, .. } = Config::lan();
        let max_packet = Config::LARGEST_PACKET;
        Self {
            id,
            cluster,
            bind,
            advertise: None,
            allowed_networks: Vec::new(),
            max_packet,
            max_exchange: max_exchange_size,
            keys: None,
            #[cfg(feature = "memberlist")]
            envelope: None,
        }
    }

    /// Where the others reach a node that listens at `local`.
    ///
    /// # Errors
    /// [`StartError::AdvertiseMissing`] if that would be an address that nobody can reach, such as
    /// 0.0.0.0, and [`StartError::AdvertiseLinkLocal`] if others could not tell on which link it
    /// is.
    pub fn advertised(&self, local: SocketAddr) -> Result<SocketAddr, StartError> {
        let mut advertised = self.advertise.unwrap_or(local);
        if advertised.port() == 0 {
            advertised.set_port(local.port());
        }
        if advertised.ip().is_unspecified() {
            return Err(StartError::AdvertiseMissing { bound: advertised });
        }
        if is_link_local(advertised.ip()) {
            return Err(StartError::AdvertiseLinkLocal { address: advertised });
        }
        // As tables have it.
        Ok(normal_address(advertised))
    }

    /// The error of a transport that cannot listen at [`bind`](Self::bind).
    #[must_use]
    pub fn cannot_bind(&self, error: io::Error) -> StartError {
        StartError::Bind { address: self.bind, error }
    }
}

/// How a node's transport is opened, once the node starts: on the runtime that will drive it.
#[derive(Clone)]
pub(crate) struct Opener(Arc<Open>);

type Open = dyn Fn(&Setup) -> Result<Box<dyn Transport>, StartError> + Send + Sync;

impl Opener {
    pub(crate) fn new<T: Transport>(
        open: impl Fn(&Setup) -> Result<T, StartError> + Send + Sync + 'static,
    ) -> Self {
        Self(Arc::new(move |setup| Ok(Box::new(open(setup)?))))
    }

    pub(crate) fn open(&self, setup: &Setup) -> Result<Box<dyn Transport>, StartError> {
        (self.0)(setup)
    }
}

impl fmt::Debug for Opener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Opener")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn setup(advertise: Option<&str>) -> Setup {
        let advertise = advertise.map(|address| address.parse().unwrap());
        Setup { advertise, ..Setup::new(NodeId::new("one").unwrap(), "0.0.0.0:0".parse().unwrap()) }
    }

    #[test]
    fn the_advertised_address_gets_the_port_that_was_bound_and_is_one_that_can_be_reached() {
        let local = |address: &str| address.parse::<SocketAddr>().unwrap();
        assert_eq!(setup(None).advertised(local("10.0.0.1:7")).unwrap(), local("10.0.0.1:7"));
        assert_eq!(
            setup(Some("192.0.2.1:0")).advertised(local("0.0.0.0:7")).unwrap(),
            local("192.0.2.1:7")
        );
        assert_eq!(
            setup(Some("192.0.2.1:9")).advertised(local("0.0.0.0:7")).unwrap(),
            local("192.0.2.1:9")
        );
        let mapped = setup(Some("[::ffff:192.0.2.1]:9")).advertised(local("[::]:7")).unwrap();
        assert_eq!(mapped, local("192.0.2.1:9"), "as tables have it");
        let error = setup(None).advertised(local("[fe80::1%3]:7")).unwrap_err();
        assert!(error.to_string().contains("link-local"), "{error}");
        let error = setup(None).advertised(local("0.0.0.0:7")).unwrap_err();
        assert!(error.to_string().contains("0.0.0.0:7"), "{error}");
    }
}
