//! A wire of one's own: messages as lines of text that a person can read on the network. Five nodes
//! speak it in virtual time; one dies, and the others know.
//!
//! ```console
//! $ cargo run -p swim-core --example own_dialect
//! ```

use std::net::SocketAddr;
use std::str::FromStr;
use std::sync::Arc;

use rand_core::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;
use swim_core::dialect::{Codec, Message, Row, Speaker};
use swim_core::wire::WireError;
use swim_core::{
    Claim, Config, Event, ExchangeInput, ExchangeOutput, Identity, Incarnation, Instant, NodeId,
    Output, SequenceNumber, Status, Swim,
};

/// One message a line, its fields between blanks. Names must hold no blanks; there is no metadata.
#[derive(Debug)]
struct Lines;

impl Codec for Lines {
    fn encode(&self, message: &Message<'_>, out: &mut Vec<u8>) {
        let line = match *message {
            Message::Ping { sequence: s, target, source } => {
                format!("ping {} {target} {}\n", s.get(), source.id)
            }
            Message::PingReq { sequence: s, target, address, source, .. } => {
                format!("ask {} {target} {address} {}\n", s.get(), source.id)
            }
            Message::Ack { sequence, source, .. } => format!("ack {} {source}\n", sequence.get()),
            Message::Nack { sequence, source } => format!("nack {} {source}\n", sequence.get()),
            Message::Alive(Row { id, claim, address, .. }) => {
                format!("alive {id} {} {address}\n", claim.incarnation)
            }
            Message::Suspect { id, incarnation, from } => {
                format!("suspect {id} {incarnation} {from}\n")
            }
            Message::Dead { id, incarnation, from } => format!("dead {id} {incarnation} {from}\n"),
            Message::Left { id, incarnation } => format!("left {id} {incarnation}\n"),
            _ => String::new(), // No broadcasts on this wire.
        };
        out.extend_from_slice(line.as_bytes());
    }

    fn decode<'a>(&self, rest: &mut &'a [u8]) -> Result<Message<'a>, WireError> {
        let end = rest.iter().position(|&byte| byte == b'\n').ok_or(WireError::Truncated)?;
        let line = str::from_utf8(&rest[..end]).map_err(|_| WireError::WrongType)?;
        *rest = &rest[end + 1..];
        let by = |id| Speaker { address: None, id };
        Ok(match line.split(' ').collect::<Vec<&str>>()[..] {
            ["ping", sequence, target, source] => {
                Message::Ping { sequence: number(sequence)?, target, source: by(source) }
            }
            ["ask", sequence, target, address, source] => Message::PingReq {
                sequence: number(sequence)?,
                target,
                address: parse(address)?,
                wants_nack: true,
                source: by(source),
            },
            ["ack", sequence, source] => {
                Message::Ack { sequence: number(sequence)?, source, payload: &[] }
            }
            ["nack", sequence, source] => Message::Nack { sequence: number(sequence)?, source },
            ["alive", id, at, address] => {
                let claim = Claim::new(incarnation(at)?, Status::Alive);
                Message::Alive(Row::new(id, claim, parse(address)?, &[]))
            }
            ["suspect", id, at, from] => {
                Message::Suspect { id, incarnation: incarnation(at)?, from }
            }
            ["dead", id, at, from] => Message::Dead { id, incarnation: incarnation(at)?, from },
            ["left", id, at] => Message::Left { id, incarnation: incarnation(at)? },
            _ => return Err(WireError::UnknownKind),
        })
    }
}

fn parse<T: FromStr>(text: &str) -> Result<T, WireError> {
    text.parse().map_err(|_| WireError::WrongType)
}

fn number(text: &str) -> Result<SequenceNumber, WireError> {
    parse(text).map(SequenceNumber::new)
}

fn incarnation(text: &str) -> Result<Incarnation, WireError> {
    parse(text).map(Incarnation::new)
}

type Node = Swim<Xoshiro256PlusPlus>;

fn address(node: usize) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 7_000 + node as u16))
}

fn start(number: usize) -> Node {
    let id = NodeId::new(&format!("node-{number}")).expect("a short name");
    let identity = Identity::new(id, address(number), Incarnation::new(1));
    let (rng, now) = (Xoshiro256PlusPlus::seed_from_u64(number as u64), Instant::ORIGIN);
    let mut node = Swim::with_codec(Config::lan(), identity, rng, now, Arc::new(Lines)).unwrap();
    node.join(now, &[address(0)]).expect("a good seed");
    node
}

/// Does what node `from` asks for, at once. What goes to a node that is not there is lost.
fn drive(nodes: &mut [Node], from: usize, now: Instant) {
    let index = |to: SocketAddr| usize::from(to.port() - 7_000);
    let mut buffer = Vec::new();
    while let Some(transmit) = nodes[from].poll_transmit(now, &mut buffer) {
        if let Some(node) = nodes.get_mut(index(transmit.to)) {
            node.handle_packet(now, address(from), &buffer);
        }
    }
    while let Some(output) = nodes[from].poll_output() {
        match output {
            Output::Exchange(ExchangeOutput::Open { id, to, request }) => {
                let Some(peer) = nodes.get_mut(index(to)) else { continue };
                let from_here = address(from).into();
                let request = ExchangeInput::Request { id, from: from_here, payload: &request };
                peer.handle_exchange(now, request);
                // An answer is the first that a node asks for after a request.
                let answer = peer.poll_output();
                if let Some(Output::Exchange(ExchangeOutput::Reply { payload, .. })) = answer {
                    let reply = ExchangeInput::Reply { id, payload: &payload };
                    nodes[from].handle_exchange(now, reply);
                }
            }
            Output::Event(Event::Failed(member)) => {
                println!("{now}: node-{from} knows that {} is dead", member.id);
            }
            _ => {}
        }
    }
}

fn main() {
    let mut nodes: Vec<Node> = (0..5).map(start).collect();
    for now in (0..6_000).map(|tick| Instant::from_millis(10 * tick)) {
        if now == Instant::from_millis(5_000) {
            assert!(nodes.iter().all(|node| node.active_members() == 5), "all five have met");
            nodes.truncate(4);
        }
        for at in 0..nodes.len() {
            nodes[at].handle_timeout(now);
            drive(&mut nodes, at, now);
        }
    }
    assert!(nodes.iter().all(|node| node.active_members() == 4), "the four know who is dead");
}
