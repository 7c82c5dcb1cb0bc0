//! Membership on a machine without an operating system: what a program puts around `swim_core`
//! there.
//!
//! The machine brings a radio that takes packets to addresses and a clock; a request and its reply
//! travel as packets of the radio too. Here the radio is a queue in memory between nodes of one
//! program, so the same code runs in a test on any machine.

#![no_std]

extern crate alloc;

use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::net::SocketAddr;

use rand_core::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;
use swim_core::{
    Config, ConfigError, ExchangeInput, ExchangeOutput, Identity, Incarnation, Instant, NameError,
    NodeId, Output, Swim,
};

/// What the radio carries.
enum Frame {
    Packet(Vec<u8>),
    Request(swim_core::ExchangeId, Vec<u8>),
    Reply(swim_core::ExchangeId, Vec<u8>),
}

/// A frame on its way.
struct Sent {
    from: SocketAddr,
    to: SocketAddr,
    frame: Frame,
}

/// The radio: what was sent and has not arrived.
#[derive(Default)]
pub struct Radio(VecDeque<Sent>);

/// A node of the membership protocol at one address of the radio.
pub struct Node {
    swim: Swim<Xoshiro256PlusPlus>,
    address: SocketAddr,
    buffer: Vec<u8>,
}

/// Why a node did not start.
#[derive(Debug)]
pub enum StartError {
    /// The name is none.
    Name(NameError),
    /// The settings or the address cannot be used.
    Config(ConfigError),
}

impl Node {
    /// Starts a node that joins the one at `seed`. `entropy` is the machine's own.
    ///
    /// # Errors
    /// [`StartError`].
    pub fn start(
        name: &str,
        address: SocketAddr,
        seed: SocketAddr,
        entropy: u64,
    ) -> Result<Self, StartError> {
        let id = NodeId::new(name).map_err(StartError::Name)?;
        let identity = Identity::new(id, address, Incarnation::new(1));
        // As many members as a small machine has memory for.
        let config = Config { max_members: 64, max_transmits: 64, max_events: 64, ..Config::lan() };
        let rng = Xoshiro256PlusPlus::seed_from_u64(entropy);
        let mut swim =
            Swim::new(config, identity, rng, Instant::ORIGIN).map_err(StartError::Config)?;
        // An address that cannot be a seed is one that nobody answers at.
        let _ = swim.join(Instant::ORIGIN, &[seed]);
        Ok(Self { swim, address, buffer: Vec::new() })
    }

    /// Takes from the radio what is for this node, and sends what it has to say. Call it at least
    /// every few milliseconds.
    pub fn poll(&mut self, now: Instant, radio: &mut Radio) {
        self.swim.handle_timeout(now);
        for _ in 0..radio.0.len() {
            let Some(sent) = radio.0.pop_front() else { break };
            if sent.to == self.address {
                self.receive(now, sent, radio);
            } else {
                radio.0.push_back(sent);
            }
        }
        self.send(now, radio);
    }

    fn receive(&mut self, now: Instant, sent: Sent, radio: &mut Radio) {
        match sent.frame {
            Frame::Packet(packet) => self.swim.handle_packet(now, sent.from, &packet),
            Frame::Request(id, payload) => {
                let (from, payload) = (sent.from.into(), &payload);
                self.swim.handle_exchange(now, ExchangeInput::Request { id, from, payload });
                // The reply waits now, and goes where the request came from.
                while let Some(output) = self.swim.poll_output() {
                    if let Output::Exchange(ExchangeOutput::Reply { id, payload }) = output {
                        let frame = Frame::Reply(id, payload);
                        radio.0.push_back(Sent { from: self.address, to: sent.from, frame });
                    }
                }
            }
            Frame::Reply(id, payload) => {
                let payload = &payload;
                self.swim.handle_exchange(now, ExchangeInput::Reply { id, payload });
            }
        }
    }

    fn send(&mut self, now: Instant, radio: &mut Radio) {
        let from = self.address;
        while let Some(transmit) = self.swim.poll_transmit(now, &mut self.buffer) {
            let frame = Frame::Packet(self.buffer.clone());
            radio.0.push_back(Sent { from, to: transmit.to, frame });
        }
        while let Some(output) = self.swim.poll_output() {
            if let Output::Exchange(ExchangeOutput::Open { id, to, request }) = output {
                radio.0.push_back(Sent { from, to, frame: Frame::Request(id, request) });
            }
        }
    }

    /// How many members are alive, this node among them.
    #[must_use]
    pub fn active_members(&self) -> usize {
        self.swim.active_members()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(host: u8) -> SocketAddr {
        SocketAddr::from(([10, 0, 0, host], 7_946))
    }

    #[test]
    fn three_nodes_meet_by_radio_and_notice_that_one_falls_silent() {
        let start = |name, host| Node::start(name, address(host), address(1), host.into()).unwrap();
        let mut nodes: Vec<Node> = [("a", 1), ("b", 2), ("c", 3)].map(|(n, h)| start(n, h)).into();
        let mut radio = Radio::default();
        for tick in 0..6_000 {
            if tick == 500 {
                assert!(nodes.iter().all(|node| node.active_members() == 3), "after 5 s");
                nodes.pop();
            }
            for node in &mut nodes {
                node.poll(Instant::from_millis(10 * tick), &mut radio);
            }
            radio.0.retain(|sent| sent.to != address(3) || nodes.len() == 3);
        }
        assert!(nodes.iter().all(|node| node.active_members() == 2), "after a minute");
    }
}
