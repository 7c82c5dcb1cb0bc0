//! [`Protection`]: what protects the traffic between nodes.

use swim_tokio::Runtime;

/// What protects the node's traffic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Protection {
    None,
    Tls,
    /// The native wire's keyring, which the node knows.
    Keyring,
    /// The keyring of memberlist's wire.
    MemberlistKeyring,
}

impl Protection {
    /// As it is written.
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Tls => "tls",
            Self::Keyring | Self::MemberlistKeyring => "keyring",
        }
    }

    /// How many keys there are.
    pub(crate) fn keys(&self, node: &Runtime) -> usize {
        match self {
            Self::None | Self::Tls => 0,
            Self::Keyring => node.keys().len(),
            Self::MemberlistKeyring => node.serf_keys().map_or(0, |keys| keys.len()),
        }
    }
}
