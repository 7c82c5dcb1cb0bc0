//! The SRV records of a DNS name (RFC 2782): one bounded question, by UDP, and by TCP if the answer
//! does not fit.
//!
//! The system's resolver has no call for them, so the name servers are asked directly: those of
//! /etc/resolv.conf, in turn, twice each if there is time. Targets whose addresses come with the
//! answer are not asked for again; the others are looked up as host names, side by side, and who is
//! not found in time hides no other. Priorities and weights are passed over: a node joins through
//! whichever seed answers. A name server is believed as it is everywhere: what it may do is name
//! seeds, and clusters are told apart by more than addresses.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use simple_dns::rdata::RData;
use simple_dns::{CLASS, Name, Packet, PacketFlag, Question, RCODE, TYPE};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

use super::Directory;

/// How long one name server may take.
const PATIENCE: Duration = Duration::from_secs(1);
/// How long all of them may take.
const ASKING: Duration = Duration::from_secs(4);
/// How long the targets' addresses may take, and how many are looked up at a time.
const TARGETS: Duration = Duration::from_secs(7);
const AT_A_TIME: usize = 16;
// The line of a file has the least time.
const _: () = assert!(ASKING.as_millis() + TARGETS.as_millis() < super::file::PATIENCE.as_millis());
/// How often the servers are asked in turn.
const ROUNDS: usize = 2;
/// How many servers of the system's list are asked.
const SERVERS: usize = 3;
/// How many records of an answer are used.
const RECORDS: usize = 64;
/// Where the system keeps the list of its name servers.
const SYSTEM: &str = "/etc/resolv.conf";

/// A record's target, and its addresses as far as the answer told them.
#[derive(Debug, PartialEq, Eq)]
struct Target {
    name: String,
    port: u16,
    addresses: Vec<IpAddr>,
}

/// The addresses of all targets of a name's SRV records.
pub(super) async fn look_up(directory: &Directory, name: &str) -> Result<Vec<SocketAddr>, String> {
    let Directory { servers, hosts, .. } = directory;
    let targets = if servers.is_empty() {
        ask_all(&of_the_system(), name).await
    } else {
        ask_all(servers, name).await
    }?;
    let host = |name: String, port| {
        let hosts = hosts.clone();
        async move { super::host(&hosts, &name, port).await }
    };
    addresses(targets, host).await
}

/// The addresses of all targets, those that were not told looked up; or why there is none.
async fn addresses<F>(
    targets: Vec<Target>,
    look_up: impl Fn(String, u16) -> F,
) -> Result<Vec<SocketAddr>, String>
where
    F: Future<Output = Result<Vec<SocketAddr>, String>> + Send + 'static,
{
    let (mut addresses, mut complaint) = (Vec::new(), None);
    let (mut lookups, turns) = (JoinSet::new(), Arc::new(Semaphore::new(AT_A_TIME)));
    for Target { name, port, addresses: told } in targets {
        addresses.extend(told.iter().map(|&ip| SocketAddr::new(ip, port)));
        if told.is_empty() {
            let (looked_up, turns) = (look_up(name.clone(), port), Arc::clone(&turns));
            lookups.spawn(async move {
                // The semaphore is never closed.
                let _turn = turns.acquire().await;
                (name, looked_up.await)
            });
        }
    }
    let gather = async {
        while let Some(found) = lookups.join_next().await {
            match found {
                Ok((_, Ok(found))) => addresses.extend(found),
                Ok((name, Err(error))) => complaint = Some(format!("{name}: {error}")),
                Err(error) => complaint = Some(error.to_string()),
            }
        }
    };
    if timeout(TARGETS, gather).await.is_err() {
        complaint.get_or_insert_with(|| {
            "the resolver did not answer in time for the records' targets".to_owned()
        });
    }
    match complaint {
        Some(complaint) if addresses.is_empty() => Err(complaint),
        _ => Ok(addresses),
    }
}

async fn ask_all(servers: &[SocketAddr], name: &str) -> Result<Vec<Target>, String> {
    let mut complaint = String::from("there is no name server to ask");
    let end = Instant::now() + ASKING;
    for &server in servers.iter().cycle().take(servers.len() * ROUNDS) {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            break;
        }
        match timeout(PATIENCE.min(left), ask(server, name)).await {
            Ok(Ok(Answer::Targets(targets))) => return Ok(targets),
            Ok(Ok(Answer::Nothing)) => return Err("the name has no SRV records".to_owned()),
            Ok(Err(error)) => complaint = format!("the name server {server}: {error}"),
            Err(_) => complaint = format!("the name server {server} did not answer in time"),
        }
    }
    Err(complaint)
}

#[derive(Debug, PartialEq, Eq)]
enum Answer {
    Targets(Vec<Target>),
    /// It says for sure that there are none.
    Nothing,
}

async fn ask(server: SocketAddr, name: &str) -> io::Result<Answer> {
    let mut id = [0; 2];
    getrandom::fill(&mut id).map_err(|error| io::Error::other(error.to_string()))?;
    let id = u16::from_ne_bytes(id);
    let question = question(id, name)?;
    let here: IpAddr = if server.is_ipv4() { [0; 4].into() } else { [0; 16].into() };
    // Connected, so that only the server's datagrams are read; and from a port of its own.
    let socket = UdpSocket::bind((here, 0)).await?;
    socket.connect(server).await?;
    socket.send(&question).await?;
    let mut bytes = vec![0; 4_096];
    loop {
        let length = socket.recv(&mut bytes).await?;
        match read(&bytes[..length], id, name) {
            Some(Read::Whole(answer)) => return answer,
            Some(Read::Truncated) => return ask_by_tcp(server, &question, id, name).await,
            // Not the answer to this question: the right one may still come.
            None => {}
        }
    }
}

async fn ask_by_tcp(
    server: SocketAddr,
    question: &[u8],
    id: u16,
    name: &str,
) -> io::Result<Answer> {
    let mut stream = TcpStream::connect(server).await?;
    stream.write_all(&(question.len() as u16).to_be_bytes()).await?;
    stream.write_all(question).await?;
    let mut bytes = vec![0; usize::from(stream.read_u16().await?)];
    stream.read_exact(&mut bytes).await?;
    match read(&bytes, id, name) {
        Some(Read::Whole(answer)) => answer,
        Some(Read::Truncated) | None => Err(io::Error::other("the answer is none to the question")),
    }
}

fn question(id: u16, name: &str) -> io::Result<Vec<u8>> {
    let mut packet = Packet::new_query(id);
    packet.set_flags(PacketFlag::RECURSION_DESIRED);
    let name = Name::new(name).map_err(|_| io::Error::other("it is no DNS name"))?;
    packet.questions.push(Question::new(name, TYPE::SRV.into(), CLASS::IN.into(), false));
    packet.build_bytes_vec().map_err(io::Error::other)
}

enum Read {
    Whole(io::Result<Answer>),
    Truncated,
}

/// What a server's bytes say; `None` if they are no answer to the question.
fn read(bytes: &[u8], id: u16, name: &str) -> Option<Read> {
    let packet = Packet::parse(bytes).ok()?;
    let is_asked = |question: &Question<'_>| {
        question.qname.to_string().eq_ignore_ascii_case(name.trim_end_matches('.'))
    };
    if packet.id() != id
        || !packet.has_flags(PacketFlag::RESPONSE)
        || !packet.questions.iter().all(is_asked)
    {
        return None;
    }
    if packet.has_flags(PacketFlag::TRUNCATION) {
        return Some(Read::Truncated);
    }
    Some(Read::Whole(match packet.rcode() {
        RCODE::NoError => Ok(targets(&packet)),
        RCODE::NameError => Ok(Answer::Nothing),
        code => Err(io::Error::other(format!("it answers {code:?}"))),
    }))
}

fn targets(packet: &Packet<'_>) -> Answer {
    let addresses = |target: &Name<'_>| {
        let of_it = packet
            .additional_records
            .iter()
            .chain(&packet.answers)
            .filter(|record| record.name == *target);
        let ip = |data: &RData<'_>| match data {
            RData::A(a) => Some(IpAddr::from(a.address.to_be_bytes())),
            RData::AAAA(aaaa) => Some(IpAddr::from(aaaa.address.to_be_bytes())),
            _ => None,
        };
        of_it.filter_map(|record| ip(&record.rdata)).take(RECORDS).collect()
    };
    let targets = packet.answers.iter().filter_map(|record| match &record.rdata {
        // The root for a target says that the service is not there.
        RData::SRV(srv) if srv.port != 0 && !srv.target.to_string().is_empty() => Some(Target {
            name: srv.target.to_string(),
            port: srv.port,
            addresses: addresses(&srv.target),
        }),
        _ => None,
    });
    let targets: Vec<_> = targets.take(RECORDS).collect();
    if targets.is_empty() { Answer::Nothing } else { Answer::Targets(targets) }
}

/// The name servers of the system, or the one that is meant if it names none.
fn of_the_system() -> Vec<SocketAddr> {
    name_servers(&std::fs::read_to_string(SYSTEM).unwrap_or_default())
}

fn name_servers(text: &str) -> Vec<SocketAddr> {
    let server = |line: &str| {
        let mut words = line.split_whitespace();
        let address = words.next().filter(|&word| word == "nameserver").and(words.next())?;
        Some(SocketAddr::new(address.parse().ok()?, 53))
    };
    let servers: Vec<_> = text.lines().filter_map(server).take(SERVERS).collect();
    if servers.is_empty() { vec![SocketAddr::from(([127, 0, 0, 1], 53))] } else { servers }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use simple_dns::ResourceRecord;
    use simple_dns::rdata::{A, SRV};

    use super::*;

    #[test]
    fn the_systems_name_servers_are_read_from_its_list() {
        let text = "# by hand\nsearch example.org\nnameserver 192.0.2.1\nnameserver ::1\nnameserver fe80::1%eth0\n";
        let expected: Vec<SocketAddr> =
            ["192.0.2.1:53", "[::1]:53"].map(|server| server.parse().unwrap()).to_vec();
        assert_eq!(name_servers(text), expected);
        assert_eq!(name_servers(""), ["127.0.0.1:53".parse().unwrap()]);
    }

    #[test]
    fn answers_of_another_question_and_noise_are_passed_over() {
        let mut packet = Packet::new_reply(7);
        let name = Name::new_unchecked("_swim._tcp.other.test");
        packet.questions.push(Question::new(name, TYPE::SRV.into(), CLASS::IN.into(), false));
        let bytes = packet.build_bytes_vec().unwrap();
        assert!(read(&bytes, 7, "_swim._tcp.ours.test").is_none());
        assert!(read(&bytes, 8, "_swim._tcp.other.test").is_none());
        assert!(
            read(&question(7, "_swim._tcp.ours.test").unwrap(), 7, "_swim._tcp.ours.test")
                .is_none()
        );
        for length in 0..bytes.len() {
            assert!(!matches!(
                read(&bytes[..length], 7, "_swim._tcp.other.test"),
                Some(Read::Truncated)
            ));
        }
        let Some(Read::Whole(Ok(answer))) = read(&bytes, 7, "_Swim._tcp.other.test.") else {
            panic!("it is one")
        };
        assert_eq!(answer, Answer::Nothing);
    }

    /// A good answer to damage.
    fn answer() -> Vec<u8> {
        let mut packet = Packet::new_reply(7);
        let name = || Name::new_unchecked("_swim._tcp.ours.test");
        let target = || Name::new_unchecked("node-1.ours.test");
        packet.questions.push(Question::new(name(), TYPE::SRV.into(), CLASS::IN.into(), false));
        let srv = RData::SRV(SRV { priority: 1, weight: 1, port: 7_946, target: target() });
        packet.answers.push(ResourceRecord::new(name(), CLASS::IN, 1, srv));
        let address = RData::A(A { address: 0x7f00_0001 });
        packet.additional_records.push(ResourceRecord::new(target(), CLASS::IN, 1, address));
        packet.build_bytes_vec_compressed().unwrap()
    }

    #[test]
    fn a_target_comes_with_the_addresses_that_the_answer_tells() {
        let Some(Read::Whole(Ok(Answer::Targets(targets)))) =
            read(&answer(), 7, "_swim._tcp.ours.test")
        else {
            panic!("it is an answer")
        };
        let addresses = vec!["127.0.0.1".parse().unwrap()];
        assert_eq!(targets, [Target { name: "node-1.ours.test".into(), port: 7_946, addresses }]);
    }

    fn target(name: &str, told: &[&str]) -> Target {
        Target {
            name: name.into(),
            port: 1,
            addresses: told.iter().map(|ip| ip.parse().unwrap()).collect(),
        }
    }

    /// As a resolver whose first server is dead: what is there is found after the 5 s that it waits
    /// for that one.
    async fn slowly(name: String, port: u16) -> Result<Vec<SocketAddr>, String> {
        if name == "hangs.test" {
            std::future::pending::<()>().await;
        }
        tokio::time::sleep(Duration::from_millis(5_100)).await;
        if name == "none.test" {
            Err("no address".to_owned())
        } else {
            Ok(vec![SocketAddr::from(([10, 0, 0, 2], port))])
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_target_that_is_not_found_in_time_hides_no_other() {
        let begun = Instant::now();
        let targets = ["hangs.test", "there.test", "none.test"].map(|name| target(name, &[]));
        let targets = targets.into_iter().chain([target("told.test", &["10.0.0.1"])]).collect();
        let found = addresses(targets, slowly).await.unwrap();
        assert_eq!(found, ["10.0.0.1:1", "10.0.0.2:1"].map(|address| address.parse().unwrap()));
        assert!(begun.elapsed() <= TARGETS + PATIENCE);
        let error = addresses(vec![target("hangs.test", &[])], slowly).await.unwrap_err();
        assert!(error.contains("did not answer in time"), "{error}");
        let error = addresses(vec![target("none.test", &[])], slowly).await.unwrap_err();
        assert_eq!(error, "none.test: no address");
    }

    #[tokio::test(start_paused = true)]
    async fn three_dead_servers_are_told_of_by_name_and_leave_time_for_more() {
        let mut silent = Vec::new();
        for _ in 0..SERVERS {
            silent.push(UdpSocket::bind("127.0.0.1:0").await.unwrap());
        }
        let servers: Vec<_> = silent.iter().map(|server| server.local_addr().unwrap()).collect();
        let begun = Instant::now();
        let error = ask_all(&servers, "_swim._tcp.ours.test").await.unwrap_err();
        assert!(
            error.starts_with("the name server ") && error.ends_with(" did not answer in time"),
            "{error}"
        );
        assert!(begun.elapsed() <= ASKING + PATIENCE / 10, "{:?}", begun.elapsed());
    }

    proptest! {
        #[test]
        fn no_damage_to_an_answer_makes_the_reader_panic(
            damage in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
            cut in any::<prop::sample::Index>(),
        ) {
            let mut bytes = answer();
            for (at, byte) in damage {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
            bytes.truncate(cut.index(bytes.len() + 1));
            let _ = read(&bytes, 7, "_swim._tcp.ours.test");
        }
    }
}
