//! A name server on loopback that knows one name's SRV records.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};

use simple_dns::rdata::{A, RData, SRV};
use simple_dns::{CLASS, Name, Packet, PacketFlag, RCODE, ResourceRecord};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, UdpSocket};
use tokio::task::JoinSet;

/// How it answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Plain,
    /// After bytes that are no answer, and an answer with another number.
    AfterNoise,
    /// Only by TCP.
    Truncated,
    /// The targets are named `localhost`, and their addresses do not come with the answer.
    WithoutAddresses,
    /// With an error.
    Fails,
}

type Records = Vec<(&'static str, SocketAddr)>;

/// Running until it is dropped.
#[derive(Debug)]
pub(crate) struct NameServer {
    pub(crate) address: SocketAddr,
    records: Arc<Mutex<Records>>,
    _tasks: JoinSet<()>,
}

impl NameServer {
    pub(crate) async fn start(way: Way, records: Records) -> Self {
        let (socket, listener) = loop {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            // The port may be in use for datagrams.
            if let Ok(socket) = UdpSocket::bind(listener.local_addr().unwrap()).await {
                break (socket, listener);
            }
        };
        let address = socket.local_addr().unwrap();
        let records = Arc::new(Mutex::new(records));
        let mut tasks = JoinSet::new();
        tasks.spawn(by_udp(socket, way, Arc::clone(&records)));
        tasks.spawn(by_tcp(listener, way, Arc::clone(&records)));
        Self { address, records, _tasks: tasks }
    }

    pub(crate) fn set(&self, records: Records) {
        *self.records.lock().unwrap() = records;
    }
}

async fn by_udp(socket: UdpSocket, way: Way, records: Arc<Mutex<Records>>) {
    let mut question = [0; 512];
    while let Ok((length, from)) = socket.recv_from(&mut question).await {
        let question = &question[..length];
        if way == Way::AfterNoise {
            let mut other = answer(question, Way::Plain, &records.lock().unwrap());
            other[0] ^= 0xff;
            let _ = socket.send_to(b"noise", from).await;
            let _ = socket.send_to(&other, from).await;
        }
        let bytes = answer(question, way, &records.lock().unwrap());
        let _ = socket.send_to(&bytes, from).await;
    }
}

async fn by_tcp(listener: TcpListener, way: Way, records: Arc<Mutex<Records>>) {
    while let Ok((mut stream, _)) = listener.accept().await {
        let mut question = vec![0; usize::from(stream.read_u16().await.unwrap())];
        stream.read_exact(&mut question).await.unwrap();
        let way = if way == Way::Truncated { Way::Plain } else { way };
        let bytes = answer(&question, way, &records.lock().unwrap());
        stream.write_u16(bytes.len() as u16).await.unwrap();
        stream.write_all(&bytes).await.unwrap();
    }
}

fn answer(question: &[u8], way: Way, records: &Records) -> Vec<u8> {
    let question = Packet::parse(question).expect("a question");
    let mut answer = Packet::new_reply(question.id());
    answer.questions = question.questions.clone();
    let asked = question.questions[0].qname.clone();
    let record = |name: Name<'static>, data| ResourceRecord::new(name, CLASS::IN, 1, data);
    match way {
        Way::Truncated => answer.set_flags(PacketFlag::TRUNCATION),
        Way::Fails => *answer.rcode_mut() = RCODE::ServerFailure,
        _ if records.is_empty() => *answer.rcode_mut() = RCODE::NameError,
        _ => {
            for (name, address) in records {
                let told = way != Way::WithoutAddresses;
                let target = Name::new_unchecked(if told { name } else { "localhost" });
                let srv =
                    SRV { priority: 1, weight: 1, port: address.port(), target: target.clone() };
                answer.answers.push(record(asked.clone().into_owned(), RData::SRV(srv)));
                if let (true, IpAddr::V4(v4)) = (told, address.ip()) {
                    answer
                        .additional_records
                        .push(record(target, RData::A(A { address: v4.to_bits() })));
                }
            }
        }
    }
    answer.build_bytes_vec().unwrap()
}
