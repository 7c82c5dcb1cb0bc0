//! One exchange on its way: a TCP connection as far as its users can tell it.
//!
//! SYN, SYN-ACK, the request and the reply each cross the path in turn. What is lost or cut is sent
//! again after a timeout that doubles (RFC 6298), so an exchange passes at any packet loss, late,
//! and hangs while the path is cut: the core has a deadline of its own. A process that is not there
//! refuses; one that dies resets. This file knows the stages and their timing; who is there to
//! answer is the cluster's to know.

use core::fmt;
use core::net::SocketAddr;
use core::time::Duration;
use std::collections::BTreeMap;

use swim_core::{ExchangeFailure, ExchangeId};

/// Two ends are the same only if node and generation are: a restarted process does not know its old
/// connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct End {
    pub(crate) node: usize,
    pub(crate) generation: u32,
}

/// What crosses the path now, or who has the turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// SYN: client to server.
    Connect,
    /// SYN-ACK: server to client.
    Accept,
    /// The request: client to server.
    Request,
    /// The server has the request and has not answered; nothing is under way.
    Serving,
    /// The reply: server to client.
    Reply,
    /// RST or FIN: server to client.
    Close(ExchangeFailure),
}

impl Stage {
    /// Returns true if what crosses comes from the side that opened the connection.
    pub(crate) const fn is_clients(self) -> bool {
        matches!(self, Self::Connect | Self::Request)
    }

    /// How long after the `attempt`-th transmission (from 0) the next one follows: 1 s for a SYN,
    /// 200 ms for data, doubled each time, at most a minute (Linux's figures).
    fn retransmission(self, attempt: u8) -> Duration {
        let first = match self {
            Self::Connect | Self::Accept => Duration::from_secs(1),
            _ => Duration::from_millis(200),
        };
        (first * (1 << attempt.min(9))).min(Duration::from_secs(60))
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connect => "the connect",
            Self::Accept => "the accept",
            Self::Request => "the request",
            Self::Serving => "nothing",
            Self::Reply => "the reply",
            Self::Close(failure) => return write!(f, "the end ({failure})"),
        })
    }
}

/// After so many transmissions of one stage the sender gives up.
const MOST_ATTEMPTS: u8 = 8;

/// A connection and where it stands.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) client: End,
    /// The number that the client's core gave.
    pub(crate) id: ExchangeId,
    pub(crate) to: SocketAddr,
    /// Who accepted.
    pub(crate) server: Option<End>,
    pub(crate) stage: Stage,
    /// How many transmissions of this stage failed.
    attempt: u8,
    /// Whether what crosses has left and not yet arrived.
    under_way: bool,
    /// The request, then the reply.
    pub(crate) payload: Vec<u8>,
}

impl Connection {
    /// Accepted by this process, if by none before.
    pub(crate) const fn accepted_by(&mut self, server: Option<End>) {
        if self.server.is_none() {
            self.server = server;
        }
    }

    /// What crosses the path has left.
    pub(crate) const fn leave(&mut self) {
        self.under_way = true;
    }

    /// Says whether something was under way, which has arrived now.
    pub(crate) const fn arrive(&mut self) -> bool {
        core::mem::replace(&mut self.under_way, false)
    }

    /// What was sent did not pass. Returns when it is sent again, after now; `None` if it is given
    /// up.
    pub(crate) fn fail(&mut self) -> Option<Duration> {
        let attempt = self.attempt;
        self.attempt += 1;
        (attempt + 1 < MOST_ATTEMPTS).then(|| self.stage.retransmission(attempt))
    }

    /// Takes the request out.
    pub(crate) fn take_request(&mut self) -> Vec<u8> {
        core::mem::take(&mut self.payload)
    }

    /// Gives it the reply to carry.
    pub(crate) fn carry(&mut self, reply: Vec<u8>) {
        self.payload = reply;
    }

    /// What it carries across the path in the stage that it is in.
    pub(crate) fn body(&self) -> &[u8] {
        if matches!(self.stage, Stage::Request | Stage::Reply) { &self.payload } else { &[] }
    }

    /// Enters a stage; its first transmission is still to come.
    pub(crate) fn enter(&mut self, stage: Stage) {
        self.stage = stage;
        self.attempt = 0;
        self.under_way = false;
    }
}

/// All connections that are open, by a serial number that is never used twice.
#[derive(Debug, Default)]
pub(crate) struct Connections {
    open: BTreeMap<u64, Connection>,
    serial: u64,
}

impl Connections {
    pub(crate) fn open(
        &mut self,
        client: End,
        id: ExchangeId,
        to: SocketAddr,
        request: Vec<u8>,
    ) -> u64 {
        self.serial += 1;
        let connection = Connection {
            client,
            id,
            to,
            server: None,
            stage: Stage::Connect,
            attempt: 0,
            under_way: false,
            payload: request,
        };
        self.open.insert(self.serial, connection);
        self.serial
    }

    pub(crate) fn get(&self, serial: u64) -> Option<&Connection> {
        self.open.get(&serial)
    }

    pub(crate) fn get_mut(&mut self, serial: u64) -> Option<&mut Connection> {
        self.open.get_mut(&serial)
    }

    pub(crate) fn close(&mut self, serial: u64) -> Option<Connection> {
        self.open.remove(&serial)
    }

    /// The serial number of what a client calls `id`.
    pub(crate) fn of_client(&self, client: End, id: ExchangeId) -> Option<u64> {
        self.open
            .iter()
            .find(|(_, open)| open.client == client && open.id == id)
            .map(|(&serial, _)| serial)
    }

    /// Those whose request waits for an answer of a process.
    pub(crate) fn served_by(&self, server: End) -> Vec<u64> {
        let waiting =
            |open: &Connection| open.server == Some(server) && open.stage == Stage::Serving;
        self.open.iter().filter(|(_, open)| waiting(open)).map(|(&serial, _)| serial).collect()
    }

    pub(crate) fn len(&self) -> usize {
        self.open.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLIENT: End = End { node: 1, generation: 0 };

    #[test]
    fn retransmissions_double_up_to_a_minute() {
        let seconds = |stage: Stage| {
            [0, 1, 2, 5, 6, 200].map(|attempt| stage.retransmission(attempt).as_millis())
        };
        assert_eq!(seconds(Stage::Connect), [1_000, 2_000, 4_000, 32_000, 60_000, 60_000]);
        assert_eq!(seconds(Stage::Reply), [200, 400, 800, 6_400, 12_800, 60_000]);
    }

    #[test]
    fn a_restarted_client_does_not_own_the_connections_of_its_former_self() {
        let mut connections = Connections::default();
        let to = "10.0.0.1:7946".parse().unwrap();
        let serial = connections.open(CLIENT, ExchangeId(5), to, Vec::new());
        assert_eq!(connections.of_client(CLIENT, ExchangeId(5)), Some(serial));
        assert_eq!(connections.of_client(End { generation: 1, ..CLIENT }, ExchangeId(5)), None);
        assert!(connections.close(serial).is_some() && connections.close(serial).is_none());
        assert_ne!(connections.open(CLIENT, ExchangeId(5), to, Vec::new()), serial);
    }

    #[test]
    fn only_requests_that_wait_for_an_answer_are_reset_when_their_server_dies() {
        let mut connections = Connections::default();
        let server = End { node: 0, generation: 3 };
        let to = "10.0.0.1:7946".parse().unwrap();
        let serials = [Stage::Serving, Stage::Reply].map(|stage| {
            let serial = connections.open(CLIENT, ExchangeId(1), to, Vec::new());
            let open = connections.get_mut(serial).unwrap();
            open.server = Some(server);
            open.enter(stage);
            serial
        });
        assert_eq!(connections.served_by(server), [serials[0]]);
        assert_eq!(connections.len(), 2);
    }
}
