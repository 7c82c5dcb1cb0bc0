//! A whole node on std alone: packets over UDP, exchanges over TCP, one thread that owns the state
//! machine.
//!
//! ```console
//! $ cargo run -p swim-core --example event_loop -- one 127.0.0.1:7946
//! $ cargo run -p swim-core --example event_loop -- two 127.0.0.1:7947 127.0.0.1:7946
//! ```
//!
//! What is missing for production is all about sockets: bounds on connections, deadlines for slow
//! peers, reuse of streams. `swim-tokio` has them.

use std::collections::HashMap;
use std::error::Error;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rand_core::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;
use swim_core::{
    Config, ExchangeFailure, ExchangeId, ExchangeInput, ExchangeOutput, Identity, Incarnation,
    Instant, NodeId, Output, Swim,
};

/// What the other threads bring to the one that owns the state machine.
enum Input {
    Packet(SocketAddr, Vec<u8>),
    Request(TcpStream, Vec<u8>),
    Answer(ExchangeId, Result<Vec<u8>, ExchangeFailure>),
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [name, bind, seeds @ ..] = &arguments[..] else {
        return Err("usage: event_loop NAME ADDRESS [SEED]…".into());
    };
    let bind: SocketAddr = bind.parse()?;
    let seeds = seeds.iter().map(|seed| seed.parse()).collect::<Result<Vec<SocketAddr>, _>>()?;
    let (udp, tcp) = (UdpSocket::bind(bind)?, TcpListener::bind(bind)?);
    let (inputs, queue) = channel();
    receive_packets(udp.try_clone()?, inputs.clone());
    accept_requests(tcp, inputs.clone());

    let milliseconds = SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis() as u64;
    let identity = Identity::new(NodeId::new(name)?, bind, Incarnation::new(milliseconds));
    let rng = Xoshiro256PlusPlus::seed_from_u64(milliseconds);
    let mut swim = Swim::new(Config::lan(), identity, rng, Instant::ORIGIN)?;
    swim.join(Instant::ORIGIN, &seeds)?;
    run(&mut swim, &udp, &inputs, &queue)
}

/// The run loop: an input or a timeout, then the outputs. A due timer runs before the next message,
/// so that a flood of messages starves no timer.
fn run(
    swim: &mut Swim<Xoshiro256PlusPlus>,
    udp: &UdpSocket,
    inputs: &Sender<Input>,
    queue: &Receiver<Input>,
) -> Result<(), Box<dyn Error>> {
    let origin = std::time::Instant::now();
    let clock = || Instant::from_nanos(origin.elapsed().as_nanos() as u64);
    let mut requests = HashMap::new();
    let mut packet = Vec::new();
    for number in 0.. {
        while let Some(transmit) = swim.poll_transmit(clock(), &mut packet) {
            udp.send_to(&packet, transmit.to).ok(); // A lost packet is the protocol's daily bread.
        }
        while let Some(output) = swim.poll_output() {
            match output {
                Output::Event(event) => println!("{event:?}"),
                Output::Exchange(ExchangeOutput::Open { id, to, request }) => {
                    open(id, to, request, inputs.clone());
                }
                Output::Exchange(ExchangeOutput::Reply { id, payload }) => {
                    requests.remove(&id).map(|mut stream| write_frame(&mut stream, &payload));
                }
                Output::Exchange(ExchangeOutput::Refuse { id }) => drop(requests.remove(&id)),
                // An abandoned exchange's thread ends by itself; its late answer does no harm.
                _ => {}
            }
        }
        let wait = swim.poll_timeout().map_or(Duration::from_secs(1), |at| at.since(clock()));
        // `recv_timeout` takes a waiting message before it looks at the time.
        if wait.is_zero() {
            swim.handle_timeout(clock());
            continue;
        }
        match queue.recv_timeout(wait) {
            Ok(Input::Packet(from, bytes)) => swim.handle_packet(clock(), from, &bytes),
            Ok(Input::Request(stream, payload)) => {
                let (id, from) = (ExchangeId(number), stream.peer_addr()?);
                requests.insert(id, stream);
                swim.handle_exchange(
                    clock(),
                    ExchangeInput::Request { id, from: from.into(), payload: &payload },
                );
            }
            Ok(Input::Answer(id, Ok(payload))) => {
                swim.handle_exchange(clock(), ExchangeInput::Reply { id, payload: &payload });
            }
            Ok(Input::Answer(id, Err(failure))) => {
                swim.handle_exchange(clock(), ExchangeInput::Failed { id, failure });
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    Ok(())
}

fn receive_packets(udp: UdpSocket, inputs: Sender<Input>) {
    thread::spawn(move || {
        let mut buffer = [0; 65_536];
        while let Ok((len, from)) = udp.recv_from(&mut buffer) {
            if inputs.send(Input::Packet(from, buffer[..len].to_vec())).is_err() {
                return;
            }
        }
    });
}

fn accept_requests(tcp: TcpListener, inputs: Sender<Input>) {
    thread::spawn(move || {
        for mut stream in tcp.incoming().flatten() {
            let inputs = inputs.clone();
            thread::spawn(move || {
                if let Ok(request) = read_frame(&mut stream) {
                    inputs.send(Input::Request(stream, request)).ok();
                }
            });
        }
    });
}

fn open(id: ExchangeId, to: SocketAddr, request: Vec<u8>, inputs: Sender<Input>) {
    thread::spawn(move || {
        let answer =
            TcpStream::connect_timeout(&to, Duration::from_secs(5)).and_then(|mut stream| {
                write_frame(&mut stream, &request)?;
                read_frame(&mut stream)
            });
        let failure = |error: std::io::Error| match error.kind() {
            std::io::ErrorKind::ConnectionRefused => ExchangeFailure::Refused,
            std::io::ErrorKind::TimedOut => ExchangeFailure::TimedOut,
            _ => ExchangeFailure::Closed,
        };
        inputs.send(Input::Answer(id, answer.map_err(failure))).ok();
    });
}

/// A frame is a length of four bytes, big-endian, and that many bytes.
fn write_frame(stream: &mut TcpStream, bytes: &[u8]) -> std::io::Result<()> {
    stream.write_all(&(bytes.len() as u32).to_be_bytes())?;
    stream.write_all(bytes)
}

fn read_frame(stream: &mut TcpStream) -> std::io::Result<Vec<u8>> {
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    let mut len = [0; 4];
    stream.read_exact(&mut len)?;
    let len = u64::from(u32::from_be_bytes(len));
    let mut bytes = Vec::new();
    stream.take(len.min(32 << 20)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 == len {
        Ok(bytes)
    } else {
        Err(std::io::ErrorKind::UnexpectedEof.into())
    }
}
