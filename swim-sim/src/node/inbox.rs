//! Input that waits for a process that does not read: [`Inbox`], bounded as a socket's buffer is.

use core::net::SocketAddr;
use std::collections::VecDeque;

use swim_core::ExchangeFailure;

/// How many packets wait in front of a paused process; the next ones are lost. A socket's default
/// buffer holds about as many small datagrams.
const INBOX_PACKETS: usize = 1_024;

/// An input of a process.
#[derive(Debug)]
pub(crate) enum Inbound {
    /// A packet.
    Packet { from: SocketAddr, bytes: Vec<u8> },
    /// A packet of an attacker.
    Forged { from: SocketAddr, bytes: Vec<u8> },
    /// A request of an attacker.
    ForgedRequest { from: SocketAddr, bytes: Vec<u8> },
    /// The request of a connection.
    Request(u64),
    /// The reply of a connection.
    Reply(u64),
    /// A connection that this process opened failed.
    Failed(u64, ExchangeFailure),
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Inbox {
    waiting: VecDeque<Inbound>,
    packets: usize,
}

impl Inbox {
    /// Lets something wait; gives back what finds no room.
    pub(super) fn wait(&mut self, inbound: Inbound) -> Result<(), Inbound> {
        if let Inbound::Packet { .. } = inbound {
            if self.packets >= INBOX_PACKETS {
                return Err(inbound);
            }
            self.packets += 1;
        }
        self.waiting.push_back(inbound);
        Ok(())
    }

    /// Takes out what came first.
    pub(super) fn next(&mut self) -> Option<Inbound> {
        let next = self.waiting.pop_front();
        if let Some(Inbound::Packet { .. }) = next {
            self.packets -= 1;
        }
        next
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Takes out all.
    pub(super) fn take(&mut self) -> VecDeque<Inbound> {
        self.packets = 0;
        core::mem::take(&mut self.waiting)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ground::address;

    #[test]
    fn only_so_many_packets_wait_in_front_of_a_paused_process() {
        let mut inbox = Inbox::default();
        let packet = || Inbound::Packet { from: address::numbered(1), bytes: Vec::new() };
        for _ in 0..INBOX_PACKETS {
            assert!(inbox.wait(packet()).is_ok());
        }
        assert!(inbox.wait(packet()).is_err());
        assert!(inbox.wait(Inbound::Request(1)).is_ok(), "streams have buffers of their own");
        assert_eq!(inbox.take().len(), INBOX_PACKETS + 1);
        assert!(inbox.wait(packet()).is_ok());
    }
}
