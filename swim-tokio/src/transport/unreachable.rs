//! What the system tells of datagrams that went nowhere: ICMP errors, on Linux from the socket's
//! error queue.
//!
//! A datagram to a port where nothing listens draws one at once, long before a probe's timeout.
//! Only that becomes a hint: an unreachable network says nothing about the process. The system
//! matches an error with a datagram that was really sent; who forges one nevertheless has a direct
//! probe end early, and the indirect ones decide as always.

use std::io;
use std::sync::Arc;

use tokio::net::UdpSocket;
use tokio::sync::mpsc;

use super::connection::Report;
use super::counters::Counters;

/// Reports addresses at which nothing listens, for as long as the node runs.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) async fn run(
    socket: Arc<UdpSocket>,
    reports: mpsc::Sender<Report>,
    counters: Arc<Counters>,
) {
    use tokio::io::Interest;

    if let Err(error) = queue::ask(&socket) {
        tracing::debug!(%error, "the system does not tell of refused datagrams");
        return;
    }
    let mut room = queue::Room::default();
    // An error that is none of a datagram's would come again and again.
    while let Ok(refused) =
        socket.async_io(Interest::ERROR, || queue::next(&socket, &mut room)).await
    {
        counters.datagrams_refused.one();
        if let Some(address) = refused
            && reports.send(Report::Unreachable(address)).await.is_err()
        {
            return;
        }
    }
}

/// Other systems do not tell an unconnected socket.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(crate) async fn run(_: Arc<UdpSocket>, _: mpsc::Sender<Report>, _: Arc<Counters>) {}

#[cfg(any(target_os = "linux", target_os = "android"))]
mod queue {
    use std::io::IoSliceMut;
    use std::net::{SocketAddr, SocketAddrV4, SocketAddrV6};
    use std::os::fd::AsRawFd;

    use nix::libc;
    use nix::sys::socket::sockopt::{Ipv4RecvErr, Ipv6RecvErr};
    use nix::sys::socket::{ControlMessageOwned, MsgFlags, SockaddrStorage, recvmsg, setsockopt};
    use swim_core::{is_reachable, normal_address};

    use super::{UdpSocket, io};

    /// Room for what one entry carries besides the datagram.
    pub(super) struct Room(Vec<u8>);

    impl Default for Room {
        fn default() -> Self {
            Self(vec![0; 512])
        }
    }

    /// Asks the system to keep a queue of errors.
    pub(super) fn ask(socket: &UdpSocket) -> io::Result<()> {
        if socket.local_addr()?.is_ipv6() {
            setsockopt(socket, Ipv6RecvErr, &true)?;
            // It may send to IPv4 addresses too; one that may not refuses this.
            let _ = setsockopt(socket, Ipv4RecvErr, &true);
        } else {
            setsockopt(socket, Ipv4RecvErr, &true)?;
        }
        Ok(())
    }

    /// The next entry of the queue: where the datagram went, if nothing listens there.
    pub(super) fn next(socket: &UdpSocket, room: &mut Room) -> io::Result<Option<SocketAddr>> {
        // Of the datagram itself nothing is wanted.
        let mut datagram = [0; 1];
        let mut parts = [IoSliceMut::new(&mut datagram)];
        let flags = MsgFlags::MSG_ERRQUEUE | MsgFlags::MSG_DONTWAIT;
        let told =
            recvmsg::<SockaddrStorage>(socket.as_raw_fd(), &mut parts, Some(&mut room.0), flags)?;
        let is_refusal = |message| match message {
            ControlMessageOwned::Ipv4RecvErr(error, _)
            | ControlMessageOwned::Ipv6RecvErr(error, _) => {
                let by_icmp = error.ee_origin == libc::SO_EE_ORIGIN_ICMP
                    || error.ee_origin == libc::SO_EE_ORIGIN_ICMP6;
                by_icmp && error.ee_errno == libc::ECONNREFUSED as u32
            }
            _ => false,
        };
        let refused = told.cmsgs()?.any(is_refusal);
        let to = told.address.as_ref().and_then(address).map(normal_address);
        Ok(to.filter(|to| refused && is_reachable(to)))
    }

    fn address(storage: &SockaddrStorage) -> Option<SocketAddr> {
        let v4 = storage.as_sockaddr_in().map(|&at| SocketAddr::V4(SocketAddrV4::from(at)));
        v4.or_else(|| storage.as_sockaddr_in6().map(|&at| SocketAddr::V6(SocketAddrV6::from(at))))
    }
}
