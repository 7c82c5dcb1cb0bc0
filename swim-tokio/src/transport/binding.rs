//! Taking an address, for both kinds of traffic at one port number.

use std::io;
use std::net::SocketAddr;

use tokio::net::{TcpListener, UdpSocket};

use super::settings::Packets;
use super::{datagrams, listener};

/// How many ports are tried for one that is free for TCP and UDP.
const PORTS: usize = 32;

/// A socket that listens, and nothing more yet.
#[derive(Debug)]
pub(crate) struct Bound {
    pub(crate) listener: TcpListener,
    pub(crate) datagrams: Option<UdpSocket>,
    pub(crate) address: SocketAddr,
}

/// Takes an address, for both kinds of traffic; port 0 lets the system choose one.
pub(crate) fn bind(at: SocketAddr, packets: Packets) -> io::Result<Bound> {
    let mut refused = Vec::new();
    loop {
        let listener = listener::listen(at)?;
        let address = listener.local_addr()?;
        let datagrams = match packets {
            Packets::Tcp => None,
            Packets::Udp => match datagrams::bind(address) {
                Ok(socket) => Some(socket),
                // The port that the system chose is in use for datagrams. Holding it makes the
                // system choose another.
                Err(error)
                    if error.kind() == io::ErrorKind::AddrInUse
                        && at.port() == 0
                        && refused.len() < PORTS =>
                {
                    refused.push(listener);
                    continue;
                }
                Err(error) => return Err(error),
            },
        };
        return Ok(Bound { listener, datagrams, address });
    }
}
