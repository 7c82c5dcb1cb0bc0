//! Clusters protected by certificates, and who is kept out of them.

#[path = "harness/certificates.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod certificates;
mod harness;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use certificates::{Authority, Flaw, Folder, Issued, tls_for};
use harness::{
    PATIENCE, alive, builder, event, is_healthy_after, name, status, until, until_all_know_all,
};
use swim_tokio::{
    Event, ExchangeFailure, JoinError, Packets, Runtime, SeedFailure, StartError, Status,
    TcpConfig, Tls, TlsError,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, ServerConfig, crypto::ring};
use tokio_rustls::{TlsAcceptor, TlsConnector};

async fn start(id: &str, tls: Tls, seeds: Option<SocketAddr>) -> Runtime {
    builder(id).tls(tls).seeds(seeds).start().await.expect("a free port")
}

/// Nodes whose names are bound.
async fn chain(count: usize, authority: &Authority) -> Vec<Runtime> {
    let mut nodes: Vec<Runtime> = Vec::new();
    for number in 0..count {
        let tls = tls_for(&name(number), authority).with_bound_names();
        nodes.push(start(&name(number), tls, nodes.last().map(Runtime::local_address)).await);
    }
    until_all_know_all(&nodes).await;
    nodes
}

/// Why the only seed did not answer.
async fn refusal(node: &Runtime, seed: SocketAddr) -> SeedFailure {
    match node.join([seed]).await {
        Err(JoinError::NoneAnswered(failures)) => failures.into_iter().next().expect("one seed").1,
        other => panic!("{other:?}"),
    }
}

const UNTRUSTED: SeedFailure = SeedFailure::Exchange(ExchangeFailure::Untrusted);

#[tokio::test]
async fn only_the_end_of_what_an_authority_issued_counts_and_not_its_own() {
    let nodes = chain(2, &Authority::until("ours", 2_020)).await;
    let tls = tls_for(&name(0), &Authority::until("ours", 2_020));
    let (validity, now) = (tls.validity().unwrap(), SystemTime::now());
    assert!(validity.end > now, "{validity:?}");
    assert!(tls.authority_validity().unwrap().end < now, "{:?}", tls.authority_validity());
    drop(nodes);
}

#[test]
fn the_authority_that_issued_the_certificate_is_the_one_whose_end_counts() {
    let (former, ours) = (Authority::until("former", 2_020), Authority::until("ours", 3_000));
    let folder = Folder::new("authorities");
    folder.put(&ours.issue(&["one"]), &[&former, &ours, &Authority::until("next", 4_000)]);
    let end = folder.tls().unwrap().authority_validity().unwrap().end;
    assert!(end > year(3_000) && end < year(3_001), "{end:?}");
}

/// About its first day.
fn year(year: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs((year - 1_970) * 31_556_952)
}

#[tokio::test]
async fn five_nodes_with_bound_names_meet_talk_and_notice_a_death() {
    let mut nodes = chain(5, &Authority::new("ours")).await;
    let mut heard = nodes[3].subscribe();
    nodes[0].broadcast("to all").await.unwrap();
    let broadcast = |event: &Event| matches!(event, Event::Broadcast { .. }).then_some(());
    event(&mut heard, "the broadcast", broadcast).await;
    drop(nodes.pop());
    until("all see the death", || {
        nodes.iter().all(|node| status(node, &name(4)) == Some(Status::Dead))
    })
    .await;
    for node in &nodes {
        let metrics = node.metrics();
        assert!(metrics.protocol.probes_acked > 0, "{metrics:?}");
        assert_eq!((metrics.transport.handshakes_failed, metrics.transport.names_refused), (0, 0));
    }
}

#[tokio::test]
async fn nodes_of_another_authority_plain_nodes_and_clusters_without_tls_do_not_mix() {
    let ours = Authority::new("ours");
    let nodes = chain(2, &ours).await;
    let address = nodes[0].local_address();
    let failed = || nodes[0].metrics().transport.handshakes_failed;

    let foreign = start("foreign", tls_for("foreign", &Authority::new("theirs")), None).await;
    assert_eq!(refusal(&foreign, address).await, UNTRUSTED);
    until("it is counted", || failed() >= 1 && foreign.metrics().transport.handshakes_failed >= 1)
        .await;

    let plain = builder("plain").start().await.unwrap();
    assert_eq!(refusal(&plain, address).await, UNTRUSTED, "the dialer without TLS is told");
    until("it is counted", || failed() >= 2).await;
    assert_eq!(
        refusal(&nodes[1], plain.local_address()).await,
        UNTRUSTED,
        "the dialer with TLS is told"
    );
    until("that too", || nodes[1].metrics().transport.handshakes_failed >= 1).await;
    assert!(plain.metrics().transport.preambles_bad >= 1);
    assert_eq!((alive(&nodes[0]), alive(&plain), alive(&foreign)), (2, 1, 1));
    assert!(refusal(&plain, address).await.to_string().contains("certificate"));
}

#[tokio::test]
async fn who_uses_another_name_than_its_certificate_has_is_not_heard() {
    let ours = Authority::new("ours");
    let nodes = chain(3, &ours).await;
    // It does not bind names itself, and so starts.
    let impostor = start(&name(2), tls_for("mallory", &ours), None).await;
    assert_eq!(
        refusal(&impostor, nodes[0].local_address()).await,
        SeedFailure::Exchange(ExchangeFailure::Closed)
    );
    until("it is counted", || nodes[0].metrics().transport.names_refused >= 1).await;
    let known = nodes[0].member(&name(2)).unwrap();
    assert_eq!((known.address, known.status()), (nodes[2].local_address(), Status::Alive));

    // And nobody takes what answers at an address for another member than its certificate says.
    assert_eq!(refusal(&nodes[1], impostor.local_address()).await, UNTRUSTED);
    assert!(nodes[1].metrics().transport.names_refused >= 1);
    assert!(nodes.iter().all(|node| alive(node) == 3));
}

#[tokio::test]
async fn guests_that_say_nothing_or_too_little_in_a_handshake_are_closed_and_the_cluster_goes_on() {
    let ours = Authority::new("ours");
    let hasty = Duration::from_millis(300);
    let tcp =
        TcpConfig { preamble_timeout: hasty, max_accepted_per_ip: 30, ..TcpConfig::default() };
    let mut nodes: Vec<Runtime> = Vec::new();
    for number in 0..3 {
        let seed = nodes.last().map(Runtime::local_address);
        let tls = tls_for(&name(number), &ours).with_bound_names();
        nodes.push(
            builder(&name(number)).tcp(tcp.clone()).tls(tls).seeds(seed).start().await.unwrap(),
        );
    }
    until_all_know_all(&nodes).await;
    let mut events = nodes[1].subscribe();
    let mut guests = Vec::new();
    for number in 0..50 {
        let mut guest = TcpStream::connect(nodes[0].local_address()).await.unwrap();
        // Nothing; the begin of a handshake; what is no handshake at all.
        let first = [&b""[..], b"\x16\x03\x01\x02\x00\x01", b"GET / HTTP/1.1\r\n\r\n"][number % 3];
        let _ = guest.write_all(first).await;
        guests.push(guest);
    }
    is_healthy_after(&nodes, &mut events, |metrics| {
        let transport = &metrics.transport;
        transport.handshakes_failed >= 5 && transport.unproven_closed >= 10
    })
    .await;
    for guest in &mut guests {
        let end =
            timeout(PATIENCE, guest.read_to_end(&mut Vec::new())).await.expect("it is closed");
        drop(end);
    }
}

fn ders(issued: &Issued) -> (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>) {
    let chain = CertificateDer::pem_slice_iter(issued.certificate.as_bytes())
        .collect::<Result<_, _>>()
        .unwrap();
    (chain, PrivateKeyDer::from_pem_slice(issued.key.as_bytes()).unwrap())
}

fn roots(authority: &Authority) -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(authority.pem.as_bytes()).unwrap()).unwrap();
    roots
}

/// Returns true if a guest with that certificate, or none, gets to say a preamble and is greeted.
async fn is_greeted(node: &Runtime, authority: &Authority, guest: Option<&Issued>) -> bool {
    is_greeted_as(b"swim/1", node, authority, guest).await
}

async fn is_greeted_as(
    protocol: &[u8],
    node: &Runtime,
    authority: &Authority,
    guest: Option<&Issued>,
) -> bool {
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots(authority));
    let mut config = match guest.map(ders) {
        Some((chain, key)) => config.with_client_auth_cert(chain, key).unwrap(),
        None => config.with_no_client_auth(),
    };
    // An empty one stands for none at all.
    config.alpn_protocols =
        [protocol.to_vec()].into_iter().filter(|protocol| !protocol.is_empty()).collect();
    let stream = TcpStream::connect(node.local_address()).await.unwrap();
    let server = ServerName::try_from(node.id().as_str().to_owned()).unwrap();
    let greeted = async {
        let mut stream = TlsConnector::from(Arc::new(config)).connect(server, stream).await?;
        stream.write_all(b"SWIM\x01\x04\x7f\x00\x00\x01\x00\x09").await?;
        let mut greeting = [0; 5];
        stream.read_exact(&mut greeting).await?;
        assert_eq!(&greeting, b"SWIM\x01");
        assert_eq!(stream.get_ref().1.tls13_tickets_received(), 0, "no connection is resumed");
        std::io::Result::Ok(())
    };
    timeout(PATIENCE, greeted).await.expect("it ends").is_ok()
}

#[tokio::test]
async fn guests_without_a_certificate_or_with_one_that_is_not_valid_are_refused_and_counted() {
    let ours = Authority::new("ours");
    let node = start("one", tls_for("one", &ours), None).await;
    assert!(is_greeted(&node, &ours, Some(&ours.issue(&["guest"]))).await, "a good one passes");
    let refused = [
        None,
        Some(Authority::new("theirs").issue(&["guest"])),
        Some(ours.issue_with(&["guest"], Some(Flaw::Expired))),
        Some(ours.issue_with(&["guest"], Some(Flaw::NotYetValid))),
    ];
    for (number, guest) in (1..).zip(&refused) {
        assert!(!is_greeted(&node, &ours, guest.as_ref()).await);
        until("it is counted", || node.metrics().transport.handshakes_failed == number).await;
    }
}

/// An authority may issue certificates for more than one service.
#[tokio::test]
async fn guests_that_do_not_say_that_they_speak_swim_are_refused_on_both_sides() {
    let ours = Authority::new("ours");
    let node = start("one", tls_for("one", &ours), None).await;
    let guest = ours.issue(&["guest"]);
    for (number, protocol) in [&b""[..], b"h2"].into_iter().enumerate() {
        assert!(!is_greeted_as(protocol, &node, &ours, Some(&guest)).await);
        until("it is counted", || node.metrics().transport.handshakes_failed == number as u64 + 1)
            .await;
    }
    let service = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (chain, key) = ders(&guest);
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    let at = service.local_addr().unwrap();
    let serve = async {
        let (stream, _) = service.accept().await.unwrap();
        let mut stream = TlsAcceptor::from(Arc::new(config)).accept(stream).await.unwrap();
        let mut told = Vec::new();
        let _ = stream.read_to_end(&mut told).await;
        told
    };
    let (told, refused) = tokio::join!(serve, refusal(&node, at));
    assert_eq!((told, refused), (Vec::new(), UNTRUSTED));
}

#[tokio::test]
async fn a_seed_whose_certificate_has_expired_is_refused_and_told() {
    let ours = Authority::new("ours");
    for flaw in [Flaw::Expired, Flaw::ClientsOnly] {
        let (chain, key) = ders(&ours.issue_with(&["seed"], Some(flaw)));
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let _ = acceptor.accept(stream).await;
            }
        });
        let node = start("one", tls_for("one", &ours), None).await;
        assert_eq!(refusal(&node, address).await, UNTRUSTED);
        assert!(node.metrics().transport.handshakes_failed >= 1);
    }
}

#[tokio::test]
async fn an_authority_is_replaced_on_running_nodes_without_a_gap() {
    let (old, new) = (Authority::new("old"), Authority::new("new"));
    let folders = [Folder::new("renewed-0"), Folder::new("renewed-1"), Folder::new("renewed-2")];
    let (mut nodes, mut handles): (Vec<Runtime>, Vec<Tls>) = (Vec::new(), Vec::new());
    for (number, folder) in folders.iter().enumerate() {
        folder.put(&old.issue(&[&name(number)]), &[&old]);
        let tls = folder.tls().unwrap().with_bound_names();
        handles.push(tls.clone());
        // Old connections are looked for at every quarter of it.
        let tcp = TcpConfig { idle_timeout: Duration::from_secs(2), ..TcpConfig::default() };
        let seed = nodes.last().map(Runtime::local_address);
        nodes.push(builder(&name(number)).tcp(tcp).tls(tls).seeds(seed).start().await.unwrap());
    }
    until_all_know_all(&nodes).await;
    let mut events = nodes[0].subscribe();

    // First all accept both, then each shows the new one's, then nobody accepts the old one's.
    for step in 0..3 {
        for (number, (folder, tls)) in folders.iter().zip(&handles).enumerate() {
            let id = name(number);
            match step {
                0 => folder.write("ca.pem", &(old.pem.clone() + &new.pem)),
                1 => folder.put(&new.issue(&[&id]), &[&old, &new]),
                _ => folder.write("ca.pem", &new.pem),
            }
            tls.reload().unwrap();
        }
        let acked = |node: &Runtime| node.metrics().protocol.probes_acked;
        let retired = || nodes.iter().map(|node| node.metrics().transport.retired).sum::<u64>();
        let (before, retired_before) = (nodes.iter().map(acked).collect::<Vec<_>>(), retired());
        until("old connections are closed", || retired() > retired_before).await;
        until("probes", || {
            nodes.iter().zip(&before).all(|(node, before)| acked(node) >= before + 3)
        })
        .await;
    }
    while let Some(notice) = events.try_next() {
        let swim_tokio::Notice::Event(event) = &notice else { continue };
        assert!(!matches!(event, Event::Failed(_) | Event::Isolated), "{notice}");
    }
    assert!(
        !is_greeted(&nodes[0], &new, Some(&old.issue(&["guest"]))).await,
        "the old one's are refused"
    );
    assert!(is_greeted(&nodes[0], &new, Some(&new.issue(&["guest"]))).await);

    folders[0].put(&new.issue(&["mallory"]), &[&new]);
    let kept = handles[0].names();
    let error = handles[0].reload().unwrap_err();
    assert!(matches!(&error, TlsError::NotNamed { id, .. } if *id == name(0)), "{error}");
    assert_eq!(handles[0].names(), kept, "what was in use stays in use");
}

#[test]
fn what_is_wrong_with_the_files_is_said_by_name() {
    let ours = Authority::new("ours");
    let folder = Folder::new("bad-files");
    let good = ours.issue(&["one"]);
    let said = |what: &str, words: &[&str]| {
        let error = folder.tls().expect_err(what).to_string();
        for word in words {
            assert!(error.contains(word), "{what}: {error}");
        }
        assert!(!error.contains("PRIVATE"), "{error}");
    };
    said("nothing there", &["cannot read", "cert.pem"]);
    folder.put(&good, &[&ours]);
    folder.write("cert.pem", "hello");
    said("no certificate", &["cert.pem", "no certificate in PEM form"]);
    folder.write("cert.pem", &good.certificate.replace("\nM", "\n!"));
    said("a damaged certificate", &["cert.pem", "no certificate in PEM form"]);
    folder.put(&good, &[&ours]);
    folder.write("key.pem", &good.certificate);
    said("no key", &["key.pem", "no private key in PEM form"]);
    folder.write("key.pem", &ours.issue(&["one"]).key);
    said("another key", &["key.pem", "is not that of the certificate", "cert.pem"]);
    folder.put(&good, &[]);
    said("no authority", &["ca.pem", "no authority's certificate"]);
    folder.put(&good, &[&Authority::new("theirs")]);
    said(
        "another authority",
        &["cert.pem", "is not accepted by the authorities in", "ca.pem", "UnknownIssuer"],
    );
    for (flaw, word) in [
        (Flaw::Expired, "expired"),
        (Flaw::NotYetValid, "not valid yet"),
        (Flaw::ClientsOnly, "is not accepted by the authorities"),
    ] {
        folder.put(&ours.issue_with(&["one"], Some(flaw)), &[&ours]);
        said("a flaw", &["cert.pem", word]);
    }
}

#[tokio::test]
async fn a_node_starts_neither_with_a_certificate_of_another_name_nor_with_packets_by_udp() {
    let ours = Authority::new("ours");
    let other =
        builder("one").tls(tls_for("two", &ours).with_bound_names()).start().await.unwrap_err();
    assert!(
        matches!(&other, StartError::Tls(TlsError::NotNamed { .. })) && other.is_of_arguments(),
        "{other}"
    );
    assert!(other.to_string().contains("its DNS names are two"), "{other}");
    let udp =
        builder("one").packets(Packets::Udp).tls(tls_for("one", &ours)).start().await.unwrap_err();
    assert!(matches!(udp, StartError::TlsOverUdp) && udp.is_of_arguments(), "{udp}");
}

#[test]
fn the_certificate_that_expires_first_says_until_when_it_is_good() {
    let authority = Authority::new("ours");
    let folder = Folder::new("validity");
    let (short, long) = (Duration::from_secs(3_600), Duration::from_secs(360_000));
    let mut issued = authority.issue_until(&["one"], long);
    folder.put(&issued, &[&authority]);
    let tls = folder.tls().unwrap();
    let left = |tls: &Tls| {
        tls.validity()
            .expect("it has an end")
            .end
            .duration_since(SystemTime::now())
            .expect("it is to come")
    };
    assert!(left(&tls) > long - Duration::from_secs(600) && left(&tls) <= long, "{:?}", left(&tls));
    issued.certificate += &authority.issue_until(&["between"], short).certificate;
    folder.put(&issued, &[&authority]);
    tls.reload().unwrap();
    assert!(left(&tls) <= short, "{:?}", left(&tls));
}
