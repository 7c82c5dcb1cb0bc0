//! Datagrams: packets by UDP, at the port number at which exchanges are accepted by TCP.
//!
//! A datagram that cannot be sent at once is dropped and counted, as the network would drop it.
//! What the system tells of an earlier datagram when another is sent or read (an ICMP error) says
//! nothing about this one: `unreachable` reads what it means. Receiving allocates nothing: all that
//! is taken at a time lies in one buffer, which serves again once the loop has dropped it.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::Context;

use bytes::{BufMut, BytesMut};
use socket2::SockRef;
use swim_core::{Config, Network, is_allowed, normal_address};
use tokio::net::UdpSocket;

use super::counters::Counters;
use super::sealed_packets::SealedPackets;
use super::{Arrival, BATCH};

/// One byte more than any packet may have, so that a longer datagram is seen to be too long.
const ROOM: usize = Config::LARGEST_PACKET + 1;
/// Room for a batch of datagrams of the usual size, and for a few of the largest.
const BUFFER: usize = 4 * ROOM;

/// The socket of a node that sends its packets by UDP.
#[derive(Debug)]
pub(crate) struct Datagrams {
    pub(crate) socket: Arc<UdpSocket>,
    /// Whose datagrams are taken.
    networks: Arc<[Network]>,
    /// What arrives is read into its end and split off without a copy.
    buffer: BytesMut,
}

/// Takes the UDP port at an address.
pub(crate) fn bind(at: SocketAddr) -> io::Result<UdpSocket> {
    let socket = std::net::UdpSocket::bind(at)?;
    socket.set_nonblocking(true)?;
    UdpSocket::from_std(socket)
}

impl Datagrams {
    pub(crate) fn new(socket: UdpSocket, networks: Arc<[Network]>) -> Self {
        Self { socket: Arc::new(socket), networks, buffer: BytesMut::with_capacity(BUFFER) }
    }

    /// Returns true if a datagram can be read; if not, the task is woken when one can.
    pub(crate) fn poll_readable(&self, context: &mut Context<'_>) -> bool {
        // An error shows again when the datagram is read.
        self.socket.poll_recv_ready(context).is_ready()
    }

    /// Reads what is there, up to a batch, so that a flood delays nothing else for long.
    pub(crate) fn receive(
        &mut self,
        mut seals: Option<&mut SealedPackets>,
        counters: &Counters,
        arrived: &mut Vec<Arrival>,
    ) {
        // What came before is dropped by now: the same memory serves again, from its begin.
        self.buffer.reserve(BUFFER);
        for _ in 0..BATCH {
            if self.buffer.spare_capacity_mut().len() < ROOM {
                // The rest of the batch comes when this part is used up.
                return;
            }
            match self.socket.try_recv_buf_from(&mut (&mut self.buffer).limit(ROOM)) {
                Ok((length, from)) => {
                    let payload = self.buffer.split_to(length);
                    counters.datagrams_received.one();
                    counters.bytes_received.add(length);
                    if length >= ROOM {
                        counters.oversized.one();
                        continue;
                    }
                    let from = normal_address(from);
                    if !is_allowed(&self.networks, from.ip()) {
                        counters.outsiders_refused.one();
                        continue;
                    }
                    let opened = match &mut seals {
                        Some(seals) => seals.open(from, payload, counters),
                        None => Some((from.into(), payload.freeze())),
                    };
                    arrived.extend(opened.map(|(from, payload)| Arrival::Packet { from, payload }));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(error) if is_of_another(&error) => {}
                Err(_) => counters.datagram_errors.one(),
            }
        }
    }

    pub(crate) fn send(&self, to: SocketAddr, packet: &[u8], counters: &Counters) {
        // Straight to the system: tokio would refuse what it has not yet seen that the socket can
        // take.
        let send = || SockRef::from(&*self.socket).send_to(packet, &to.into());
        let sent = match send() {
            // It is told once and clears it.
            Err(error) if is_of_another(&error) => send(),
            sent => sent,
        };
        match sent {
            Ok(length) => {
                counters.datagrams_sent.one();
                counters.bytes_sent.add(length);
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                counters.packets_dropped.one();
            }
            Err(error) => {
                tracing::debug!(%to, %error, length = packet.len(), "a datagram is not sent");
                counters.datagram_errors.one();
            }
        }
    }
}

/// Returns true if an error may be an ICMP error that an earlier datagram drew.
fn is_of_another(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionRefused, ConnectionReset, HostUnreachable, NetworkUnreachable};
    matches!(
        error.kind(),
        ConnectionRefused | ConnectionReset | HostUnreachable | NetworkUnreachable
    )
}
