//! Who may say what in whose name: the table of docs/SECURITY.md, tried cell by cell.
//!
//! In each cell an impostor speaks in the name of a member, `victim`, to another node. It has what
//! lets it in under that protection, and nothing in plain: the cluster's key, or a certificate of
//! its own name.

#[allow(dead_code, reason = "each test binary uses a part of it")]
#[path = "harness/certificates.rs"]
mod certificates;
mod harness;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use certificates::{Authority, tls_for};
use harness::{PATIENCE, builder, until, until_all_know_all};
use swim_tokio::swim_core::wire::sealed::{GREETING_LEN, RecordOpener, RecordSealer, Side};
use swim_tokio::swim_core::wire::sealed::{hello, read_greeting, record_keys};
use swim_tokio::swim_core::wire::{
    ExchangeMessage, Message, Packet, begin_packet, cluster_hash, serf,
};
use swim_tokio::swim_core::{DropReason, Incarnation, LamportTime, SequenceNumber};
use swim_tokio::{Answer, Event, Key, Keyring, Notice, Query, Runtime, Subscription};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto::ring};

const PAGE: &str = include_str!("../../docs/SECURITY.md");
const CLUSTER: &str = "default";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Protection {
    Plain,
    Sealed,
    Tls,
    Bound,
}

const PROTECTIONS: [Protection; 4] =
    [Protection::Plain, Protection::Sealed, Protection::Tls, Protection::Bound];

fn key() -> Key {
    Key::new(&[7; 32]).unwrap()
}

async fn node(
    id: &str,
    protection: Protection,
    authority: &Authority,
    seed: Option<SocketAddr>,
) -> Runtime {
    let builder = builder(id).seeds(seed);
    let builder = match protection {
        Protection::Plain => builder,
        Protection::Sealed => builder.keyring(Keyring::new(key())),
        Protection::Tls => builder.tls(tls_for(id, authority)),
        Protection::Bound => builder.tls(tls_for(id, authority).with_bound_names()),
    };
    builder.start().await.unwrap()
}

trait Bytes: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Bytes for T {}

/// A connection of the impostor, which says that it is reached at `address`.
struct Impostor {
    stream: Box<dyn Bytes>,
    seals: Option<(RecordSealer, RecordOpener)>,
}

impl Impostor {
    async fn connect(
        node: &Runtime,
        protection: Protection,
        authority: &Authority,
        address: SocketAddr,
    ) -> Self {
        let mut stream = TcpStream::connect(node.local_address()).await.unwrap();
        let mut impostor = match protection {
            Protection::Plain => Self { stream: Box::new(stream), seals: None },
            Protection::Sealed => {
                stream.write_all(&hello(&key(), &[1; 16])).await.unwrap();
                let mut greeting = [0; GREETING_LEN];
                stream.read_exact(&mut greeting).await.unwrap();
                let theirs = read_greeting(&greeting).unwrap();
                let seals = record_keys(&key(), CLUSTER, Side::Dialer, &[1; 16], &theirs);
                Self { stream: Box::new(stream), seals: Some(seals) }
            }
            Protection::Tls | Protection::Bound => {
                let config = client_config(authority);
                let server = ServerName::try_from(node.id().as_str().to_owned()).unwrap();
                let stream =
                    TlsConnector::from(Arc::new(config)).connect(server, stream).await.unwrap();
                Self { stream: Box::new(stream), seals: None }
            }
        };
        let SocketAddr::V4(address) = address else { panic!("an IPv4 address") };
        let port = address.port().to_be_bytes();
        let preamble = [b"SWIM\x01\x04", &address.ip().octets()[..], &port].concat();
        impostor.write(&preamble).await.unwrap();
        let greeting = impostor.read(5).await.unwrap();
        assert_eq!(greeting, b"SWIM\x01");
        impostor
    }

    async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut record = Vec::new();
        match &mut self.seals {
            Some((sealer, _)) => sealer.seal(bytes, &mut record),
            None => record.extend_from_slice(bytes),
        }
        self.stream.write_all(&record).await?;
        self.stream.flush().await
    }

    /// So many bytes; under a seal, the next record's.
    async fn read(&mut self, len: usize) -> io::Result<Vec<u8>> {
        let Some((_, opener)) = &mut self.seals else {
            let mut bytes = vec![0; len];
            self.stream.read_exact(&mut bytes).await?;
            return Ok(bytes);
        };
        let mut header = [0; 2];
        self.stream.read_exact(&mut header).await?;
        let mut bytes = vec![0; RecordOpener::len_after(header).unwrap()];
        self.stream.read_exact(&mut bytes).await?;
        let len = opener.open(header, &mut bytes).unwrap();
        bytes.truncate(len);
        Ok(bytes)
    }

    async fn send(&mut self, message: Message<'_>) {
        let mut packet = Vec::new();
        begin_packet(cluster_hash(CLUSTER), &mut packet);
        message.encode(&mut packet);
        self.frame(0, &packet).await;
    }

    async fn request(&mut self, message: ExchangeMessage<'_>) {
        let mut payload = Vec::new();
        message.encode(cluster_hash(CLUSTER), &mut payload);
        self.frame(1, &[&9_u64.to_be_bytes()[..], &payload].concat()).await;
    }

    async fn frame(&mut self, kind: u8, body: &[u8]) {
        let len = u32::try_from(1 + body.len()).unwrap().to_be_bytes();
        self.write(&[&len[..], &[kind], body].concat()).await.unwrap();
    }

    /// What comes next with these bytes in it; `None` if the connection ends first.
    async fn until(&mut self, wanted: impl Fn(&[u8]) -> bool) -> Option<Vec<u8>> {
        let mut all = Vec::new();
        loop {
            let len = if self.seals.is_some() { 0 } else { 1 };
            match timeout(PATIENCE, self.read(len)).await.expect("an answer, or the end") {
                Ok(bytes) => all.extend(bytes),
                Err(_) => return None,
            }
            if wanted(&all) {
                return Some(all);
            }
        }
    }
}

fn client_config(authority: &Authority) -> ClientConfig {
    let issued = authority.issue(&["mallory"]);
    let chain = CertificateDer::pem_slice_iter(issued.certificate.as_bytes())
        .collect::<Result<_, _>>()
        .unwrap();
    let key = PrivateKeyDer::from_pem_slice(issued.key.as_bytes()).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(authority.pem.as_bytes()).unwrap()).unwrap();
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_client_auth_cert(chain, key)
        .unwrap();
    config.alpn_protocols = vec![b"swim/1".to_vec()];
    config
}

/// A node, the member in whose name the impostor speaks to it, and the impostor.
struct Stage {
    node: Runtime,
    victim: Runtime,
    impostor: Impostor,
    told: Subscription,
    pings: u32,
}

impl Stage {
    async fn set(protection: Protection, as_neighbour: bool) -> Self {
        let authority = Authority::new("ours");
        let node = node("node", protection, &authority, None).await;
        let victim = self::node("victim", protection, &authority, Some(node.local_address())).await;
        let both = [node, victim];
        until_all_know_all(&both).await;
        let [node, victim] = both;
        let elsewhere = SocketAddr::from(([127, 0, 0, 1], 9));
        let address = if as_neighbour { victim.advertised_address() } else { elsewhere };
        let impostor = Impostor::connect(&node, protection, &authority, address).await;
        let told = node.subscribe();
        Self { node, victim, impostor, told, pings: 0 }
    }

    /// Returns true if the node tells of it, once all that was sent before is handled.
    async fn tells(&mut self, wanted: impl Fn(&Event) -> bool) -> bool {
        // What a packet brings may be told after it is answered; the second answer comes later than
        // that.
        for _ in 0..2 {
            self.pings += 1;
            let sequence = SequenceNumber::new(0x7777_0000 + self.pings);
            self.impostor.send(Message::Ping { sequence, target: "node", source: "mallory" }).await;
            let ack = [&[0xce][..], &sequence.get().to_be_bytes()].concat();
            let is_ack = |bytes: &[u8]| bytes.windows(5).any(|part| part == ack);
            self.impostor.until(is_ack).await.expect("its own ping is answered");
        }
        std::iter::from_fn(|| self.told.try_next())
            .any(|notice| matches!(&notice, Notice::Event(event) if wanted(event)))
    }
}

fn encoded(message: serf::Message<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    message.encode(&mut bytes);
    bytes
}

/// Returns true if the node hears the impostor say this in the victim's name.
async fn is_heard(what: &str, protection: Protection) -> bool {
    if what == "answer" {
        return answer_is_heard(protection).await;
    }
    let mut stage = Stage::set(protection, false).await;
    let (sequence, target, source) = (SequenceNumber::new(0x0102_0304), "node", "victim");
    let incarnation = stage.node.member(source).unwrap().claim.incarnation;
    let epoch = incarnation;
    let announced = |payload| Message::Announcement { origin: source, epoch, number: 0, payload };
    match what {
        "ping" => {
            stage.impostor.send(Message::Ping { sequence, target, source }).await;
            stage
                .impostor
                .until(|bytes| bytes.windows(4).any(|part| part == [1, 2, 3, 4]))
                .await
                .is_some()
        }
        "reliable_ping" => {
            stage
                .impostor
                .request(ExchangeMessage::ReliablePing { sequence, target, source })
                .await;
            stage
                .impostor
                .until(|bytes| bytes.windows(4).any(|part| part == [1, 2, 3, 4]))
                .await
                .is_some()
        }
        "suspect" => {
            stage.impostor.send(Message::Suspect { id: source, incarnation, from: source }).await;
            stage.tells(|event| matches!(event, Event::Suspected { .. })).await
        }
        "left" => {
            stage.impostor.send(Message::Left { id: source, incarnation }).await;
            stage.tells(|event| matches!(event, Event::Left(_))).await
        }
        "broadcast" => {
            stage
                .impostor
                .send(Message::Broadcast { origin: source, epoch, number: 0, payload: b"forged" })
                .await;
            stage.tells(|event| matches!(event, Event::Broadcast { .. })).await
        }
        "event" => {
            let (time, name) = (LamportTime::new(5), "forged");
            let event = serf::UserEvent { time, name, payload: b"", coalesce: false, source: None };
            stage.impostor.send(announced(&encoded(serf::Message::UserEvent(event)))).await;
            stage.tells(|event| matches!(event, Event::UserEvent { .. })).await
        }
        "query" => {
            let query = serf::Query {
                time: LamportTime::new(5),
                id: 9,
                address: stage.victim.advertised_address(),
                source,
                filters: serf::Filters::default(),
                wants_ack: false,
                no_broadcast: false,
                relay_factor: 0,
                timeout: Duration::from_secs(5),
                name: "forged",
                payload: b"",
            };
            stage.impostor.send(announced(&encoded(serf::Message::Query(query)))).await;
            stage.tells(|event| matches!(event, Event::Query { .. })).await
        }
        "key_request" => {
            stage
                .impostor
                .request(ExchangeMessage::KeyRequest {
                    source,
                    target,
                    body: &[1, 0, 0, 0, 0, 0, 0],
                })
                .await;
            // A reply of kind 26 or a refusal of kind 24, in a frame of kind 3 with the request's
            // number; or the end.
            let frame = [&[2][..], &9_u64.to_be_bytes(), &[1]].concat();
            let at = |bytes: &[u8]| bytes.windows(frame.len()).position(|part| part == frame);
            let is_whole = |bytes: &[u8]| at(bytes).is_some_and(|at| bytes.len() > at + 16);
            let reply = stage.impostor.until(is_whole).await;
            reply.is_some_and(|bytes| bytes[at(&bytes).unwrap() + 15] == 26)
        }
        other => panic!("no such message: {other}"),
    }
}

/// The impostor says that it is reached where the victim is, hears a question there, and answers in
/// the victim's name.
async fn answer_is_heard(protection: Protection) -> bool {
    let mut stage = Stage::set(protection, true).await;
    let query = Query::new("load").node("victim").timeout(Duration::from_secs(8));
    let mut answers = stage.node.query(query).await.unwrap();
    let found = std::sync::Mutex::new(None);
    let hears = stage.impostor.until(|bytes| {
        let at = (0..bytes.len()).filter(|&at| bytes[at..].starts_with(&[1]));
        let question = at.filter_map(|at| question_in(&bytes[at..])).next();
        let is_found = question.is_some();
        *found.lock().unwrap() = question;
        is_found
    });
    hears.await.expect("the question");
    let (time, id) = found.into_inner().unwrap().unwrap();
    let response = serf::Response { time, id, from: "victim", is_ack: false, payload: b"forged" };
    let refused = |node: &Runtime| node.metrics().transport.names_refused;
    let before = refused(&stage.node);
    stage
        .impostor
        .send(Message::Direct {
            source: "victim",
            payload: &encoded(serf::Message::Response(response)),
        })
        .await;
    if protection == Protection::Bound {
        until("it is counted", || refused(&stage.node) > before).await;
    }
    while let Some(answer) = answers.next().await {
        if let Answer::Response { from, payload } = answer {
            assert_eq!((from.as_str(), &payload[..]), ("victim", &b"forged"[..]));
            return true;
        }
    }
    false
}

/// Time and number of the question in a packet at the front of `bytes`.
fn question_in(bytes: &[u8]) -> Option<(LamportTime, u32)> {
    let messages = Packet::open(bytes, cluster_hash(CLUSTER)).ok()?;
    messages.filter_map(Result::ok).find_map(|message| match message {
        Message::Announcement { payload, .. } => match serf::Message::decode(payload) {
            Ok(serf::Message::Query(query)) if query.name == "load" => Some((query.time, query.id)),
            _ => None,
        },
        _ => None,
    })
}

/// The table's rows: the message, and what becomes of it under each protection.
fn rows() -> Vec<(&'static str, Vec<&'static str>)> {
    let (_, table) = PAGE.split_once("## Who may say what").expect("the table");
    let table = table.split("\n## ").next().unwrap();
    let cells =
        |line: &'static str| line.trim_matches('|').split('|').map(str::trim).collect::<Vec<_>>();
    let rows = table.lines().filter(|line| line.starts_with("| `")).map(cells);
    rows.map(|cells| (cells[0].split('`').nth(1).unwrap(), cells[2..].to_vec())).collect()
}

#[tokio::test]
async fn each_cell_of_the_table_who_may_say_what_is_as_it_says() {
    let rows = rows();
    assert!(rows.len() >= 9, "{rows:?}");
    for (what, cells) in rows {
        assert_eq!(cells.len(), PROTECTIONS.len(), "{what}");
        for (cell, protection) in cells.into_iter().zip(PROTECTIONS) {
            let expected = match cell {
                "heard" => true,
                "refused" => false,
                other => panic!("a cell says heard or refused, not {other}"),
            };
            assert_eq!(
                is_heard(what, protection).await,
                expected,
                "{what} in another's name, {protection:?}"
            );
        }
    }
}

#[tokio::test]
async fn among_bound_names_what_is_said_in_anothers_is_counted_and_all_else_in_the_packet_is_heard()
{
    let mut stage = Stage::set(Protection::Bound, false).await;
    let epoch = Incarnation::new(1);
    let mut packet = Vec::new();
    begin_packet(cluster_hash(CLUSTER), &mut packet);
    Message::Broadcast { origin: "victim", epoch, number: 0, payload: b"forged" }
        .encode(&mut packet);
    Message::Broadcast { origin: "mallory", epoch, number: 0, payload: b"own" }.encode(&mut packet);
    stage.impostor.frame(0, &packet).await;
    assert!(
        stage
            .tells(
                |event| matches!(event, Event::Broadcast { payload, .. } if **payload == *b"own")
            )
            .await
    );
    assert_eq!(stage.node.metrics().transport.names_refused, 1);
    assert_eq!(stage.node.metrics().protocol.dropped(DropReason::Stranger), 0);
}
