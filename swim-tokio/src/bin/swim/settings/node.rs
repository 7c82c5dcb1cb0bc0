//! `[node]`: who the node is, where it lives, and which seeds it joins.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use merge::Merge;
use serde::{Deserialize, Serialize};
use swim_tokio::swim_core::Network;
use swim_tokio::{Packets, check_seed};

use super::{Group, WireFormat};

/// The port where nodes listen unless told otherwise, as memberlist's and serf's do.
const PORT: u16 = 7946;

/// `[node]`.
#[derive(Args, Clone, Debug, Default, Deserialize, Merge, PartialEq, Serialize)]
#[serde(deny_unknown_fields, default)]
#[merge(strategy = merge::option::overwrite_none)]
#[command(next_help_heading = "Node")]
pub(crate) struct Node {
    /// The node's name, unique in its cluster [default: this machine's name]
    #[arg(long, value_name = "NAME", env = "SWIM_ID")]
    pub(crate) id: Option<String>,
    /// Where to listen; port 0 takes any free one [default: 127.0.0.1:7946, which only this machine
    /// reaches]
    #[arg(long, value_name = "ADDRESS:PORT", env = "SWIM_BIND", value_parser = socket_address)]
    pub(crate) bind: Option<SocketAddr>,
    /// Where the others reach this node, if not where it listens; port 0 stands for the port that
    /// it listens at
    #[arg(long, value_name = "ADDRESS:PORT", env = "SWIM_ADVERTISE", value_parser = socket_address)]
    pub(crate) advertise: Option<SocketAddr>,
    /// A node to join through, tried until one answers, as HOST:PORT; srv+NAME takes them from SRV
    /// records, file:PATH from the lines of a file; may be given several times
    #[arg(long = "seed", value_name = "SEED", env = "SWIM_SEEDS", value_delimiter = ',')]
    #[merge(strategy = merge::vec::overwrite_empty)]
    pub(crate) seeds: Vec<String>,
    /// A network, as 10.0.0.0/8, whose addresses are let in; may be given several times [default:
    /// all are let in]
    #[arg(long = "allow", value_name = "NETWORK", env = "SWIM_ALLOW", value_delimiter = ',')]
    #[merge(strategy = merge::vec::overwrite_empty)]
    pub(crate) allow: Vec<String>,
    /// The cluster's name; nodes of other clusters are kept out [default: default]
    #[arg(long, value_name = "NAME", env = "SWIM_CLUSTER")]
    pub(crate) cluster: Option<String>,
    /// How packets travel; the same at all nodes of a cluster [default: tcp; on memberlist's wire
    /// udp]
    #[arg(long, value_enum, env = "SWIM_TRANSPORT")]
    pub(crate) transport: Option<Transport>,
    /// What the others see beside the name and the address, as it is, in place of tags
    #[arg(long, value_name = "TEXT", env = "SWIM_METADATA")]
    pub(crate) metadata: Option<String>,
    /// A directory where the node keeps what it needs to come back without seeds after a crash
    /// [default: none]
    #[arg(long, value_name = "DIR", env = "SWIM_SNAPSHOT")]
    pub(crate) snapshot: Option<PathBuf>,
    /// How events are printed on standard output [default: text]
    #[arg(long, value_enum, env = "SWIM_FORMAT")]
    pub(crate) format: Option<Format>,
}

impl Group for Node {
    fn defaults() -> Self {
        Self {
            id: host_name(),
            bind: Some(SocketAddr::from((Ipv4Addr::LOCALHOST, PORT))),
            cluster: Some("default".to_owned()),
            transport: Some(Transport::Tcp),
            format: Some(Format::Text),
            ..Self::default()
        }
    }
}

impl Node {
    /// The transport of memberlist's wire is none to choose.
    ///
    /// # Errors
    /// A sentence for people: another one was chosen.
    pub(super) fn settle_transport(&mut self, wire: WireFormat) -> Result<(), String> {
        match (wire, self.transport) {
            (WireFormat::Memberlist, Some(Transport::Tcp)) => {
                Err("node.transport = \"tcp\": on memberlist's wire packets go by UDP: leave it out, or say udp"
                    .to_owned())
            }
            (WireFormat::Memberlist, _) => {
                self.transport = Some(Transport::Udp);
                Ok(())
            }
            (WireFormat::Native, _) => Ok(()),
        }
    }

    /// What only its use would show to be wrong, when it is too late to refuse the whole: a file
    /// that is read again.
    ///
    /// # Errors
    /// A sentence for people.
    pub(super) fn check(&self) -> Result<(), String> {
        self.seeds
            .iter()
            .try_for_each(|seed| check_seed(seed))
            .map_err(|error| error.to_string())?;
        self.networks().map(drop)
    }

    /// The networks whose addresses are let in.
    ///
    /// # Errors
    /// A sentence for people.
    pub(crate) fn networks(&self) -> Result<Vec<Network>, String> {
        self.allow
            .iter()
            .map(|text| text.parse().map_err(|error| format!("allow: {text:?}: {error}")))
            .collect()
    }
}

/// How packets travel.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Transport {
    /// Everything over pooled TCP connections
    #[default]
    Tcp,
    /// Packets by UDP, tables over TCP, both at the port of --bind
    Udp,
}

impl Transport {
    /// As it is written.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
        }
    }
}

impl From<Transport> for Packets {
    fn from(transport: Transport) -> Self {
        match transport {
            Transport::Tcp => Self::Tcp,
            Transport::Udp => Self::Udp,
        }
    }
}

/// How events are printed.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Format {
    /// A line for people
    #[default]
    Text,
    /// A JSON object on a line
    Json,
}

/// This machine's name, from the system or, where that tells none, from the environment.
fn host_name() -> Option<String> {
    // Not from /proc, which a confined service may not see.
    #[cfg(unix)]
    let name = rustix::system::uname().nodename().to_string_lossy().into_owned();
    #[cfg(not(unix))]
    let name = std::env::var("COMPUTERNAME").or_else(|_| std::env::var("HOSTNAME")).ok()?;
    Some(name.trim().to_owned()).filter(|name| !name.is_empty())
}

fn socket_address(text: &str) -> Result<SocketAddr, String> {
    text.parse()
        .map_err(|_| "write an IP address and a port, as 127.0.0.1:7946 or [::1]:7946".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_is_none_is_an_error_that_shows_how_to_write_it() {
        assert_eq!(
            socket_address("[::1]:7946"),
            Ok(SocketAddr::from((std::net::Ipv6Addr::LOCALHOST, 7946)))
        );
        assert!(socket_address("localhost:0").unwrap_err().contains("127.0.0.1:7946"));
    }
}
