//! TLS of the HTTP interface, the command line's way to it, and the token that may only read.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::RecvTimeoutError;
use std::time::Duration;

use serde_json::json;

use crate::certificates::{Authority, Issued};
use crate::harness::{Agent, PATIENCE, Place, line, lines, run, until};

/// Writes a certificate, its key and its authority's; their paths.
fn files(place: &Place, issued: &Issued, authority: &Authority) -> [String; 3] {
    [
        place.file("cert.pem", &issued.certificate),
        place.secret("key.pem", &issued.key),
        place.file("ca.pem", &authority.pem),
    ]
}

#[test]
fn over_tls_the_command_line_trusts_what_the_authority_issued_for_the_host_and_nothing_else() {
    let (place, authority) = (Place::new(), Authority::new("ours"));
    let [cert, key, ca] = files(&place, &authority.issue(&["127.0.0.1"]), &authority);
    let one = Agent::start("one", &["--http-tls-cert", &cert, "--http-tls-key", &key]);
    assert!(one.http.starts_with("https://127.0.0.1:"), "{}", one.http);
    assert!(one.ask(&["members", "--agent-ca", &ca]).contains("one"));
    let theirs = place.file("theirs.pem", &Authority::new("theirs").pem);
    for arguments in
        [&["members"][..], &["members", "--agent-ca", &theirs], &["monitor", "--agent-ca", &theirs]]
    {
        let refused = one.run(arguments);
        assert!(
            refused.code == Some(1) && refused.stderr.contains("is not trusted"),
            "{refused:?}"
        );
    }
    let by_name = one.http.replace("127.0.0.1", "localhost");
    let refused = run(&["members", "--agent-ca", &ca, "--agent", &by_name]);
    assert!(
        refused.code == Some(1) && refused.stderr.contains("is not trusted"),
        "another name: {refused:?}"
    );
    let refused = run(&["members", "--agent", &one.http.replace("https://", "http://")]);
    assert!(
        refused.code == Some(1) && refused.stderr.contains("this address speaks TLS: use https://"),
        "{refused:?}"
    );
    let refused = one.run(&["members", "--agent-ca", "/no/such/file"]);
    assert!(refused.code == Some(1) && refused.stderr.contains("/no/such/file"), "{refused:?}");
}

#[test]
fn a_renewed_certificate_is_in_use_after_sighup_and_one_that_cannot_be_used_is_not() {
    let (place, authority) = (Place::new(), Authority::new("ours"));
    let [cert, key, ca] = files(&place, &authority.issue(&["127.0.0.1"]), &authority);
    let one = Agent::start("one", &["--http-tls-cert", &cert, "--http-tls-key", &key]);
    place.file("cert.pem", "no certificate");
    one.signal("-HUP");
    let said = one.line("settings not read again");
    assert!(said.contains("the certificates stay as they were") && said.contains(&cert), "{said}");
    one.ask(&["members", "--agent-ca", &ca]);
    let other = Authority::new("other");
    files(&place, &other.issue(&["127.0.0.1"]), &other);
    one.signal("-HUP");
    one.line("the certificates were read again, and are others now");
    one.ask(&["members", "--agent-ca", &ca]);
}

#[test]
fn a_token_that_was_changed_counts_after_sighup_and_one_that_cannot_be_used_does_not() {
    let place = Place::new();
    let token = place.secret("token", "0123456789abcdef-old");
    let one = Agent::start("one", &["--token-file", &token]);
    let status = |token: &str| {
        one.request("GET", "/v1/info", &[&format!("Authorization: Bearer {token}")], "").0
    };
    assert_eq!(status("0123456789abcdef-old"), 200);
    place.secret("token", "short");
    one.signal("-HUP");
    let said = one.line("settings not read again");
    assert!(said.contains("the tokens stay as they were") && said.contains("too short"), "{said}");
    assert_eq!(status("0123456789abcdef-old"), 200);
    place.secret("token", "0123456789abcdef-new");
    one.signal("-HUP");
    one.line("the tokens were read again, and are others now");
    assert_eq!((status("0123456789abcdef-old"), status("0123456789abcdef-new")), (401, 200));

    place.secret("token", "0123456789abcdef-others");
    std::fs::set_permissions(&token, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    one.signal("-HUP");
    let said = one.line("settings not read again");
    assert!(said.contains("the tokens stay as they were") && said.contains("chmod 600"), "{said}");
    line(&one.stderr, "the tokens stay as they were");
    assert_eq!((status("0123456789abcdef-others"), status("0123456789abcdef-new")), (401, 200));
}

#[test]
fn a_keyring_that_cannot_be_read_again_keeps_the_tokens_and_certificates_too() {
    let (place, authority) = (Place::new(), Authority::new("ours"));
    let [cert, key, _] = files(&place, &authority.issue(&["127.0.0.1"]), &authority);
    let token = place.secret("token", "0123456789abcdef-old");
    let keyring = place.secret("keyring", r#"["AAECAwQFBgcICQoLDA0ODw=="]"#);
    let http = ["--http-tls-cert", &cert, "--http-tls-key", &key, "--token-file", &token];
    let one = Agent::start(
        "one",
        &[&http[..], &["--wire", "memberlist", "--keyring", &keyring]].concat(),
    );
    let other = Authority::new("other");
    let [_, _, other_ca] = files(&place, &other.issue(&["127.0.0.1"]), &other);
    place.secret("token", "0123456789abcdef-new");
    place.secret("keyring", "no keys");
    let runs = |authority: &str| {
        one.run(&["info", "--token-file", &token, "--agent-ca", authority]).code == Some(0)
    };
    one.signal("-HUP");
    let said = one.line("settings not read again");
    assert!(said.contains("the keys stay as they were"), "{said}");
    let ca = place.file("former.pem", &authority.pem);
    place.secret("token", "0123456789abcdef-old");
    assert!(runs(&ca) && !runs(&other_ca));
    place.secret("token", "0123456789abcdef-new");
    place.secret("keyring", r#"["AAECAwQFBgcICQoLDA0ODw=="]"#);
    one.signal("-HUP");
    one.line("the tokens were read again, and are others now");
    assert!(runs(&other_ca) && !runs(&ca));
}

#[test]
fn a_stream_of_events_that_a_replaced_token_opened_tells_nothing_more() {
    let place = Place::new();
    let token = place.secret("token", "0123456789abcdef-old");
    let read = place.secret("read", "fedcba9876543210-read");
    let one = Agent::start("one", &["--token-file", &token, "--read-token-file", &read]);
    let open = |token: &str| {
        let host = one.http.strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(host).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let head = format!(
            "GET /v1/events HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).unwrap();
        let stream = lines(stream);
        line(&stream, ": connected");
        stream
    };
    let (old, reader) = (open("0123456789abcdef-old"), open("fedcba9876543210-read"));
    place.secret("token", "0123456789abcdef-new");
    one.signal("-HUP");
    one.line("the tokens were read again, and are others now");
    one.ask(&["event", "deploy", "--token-file", &token]);
    line(&reader, "\"deploy\"");
    let ended = loop {
        match old.recv_timeout(PATIENCE) {
            Ok(line) => assert!(!line.contains("deploy"), "{line}"),
            Err(error) => break error,
        }
    };
    assert_eq!(ended, RecvTimeoutError::Disconnected);
}

#[test]
fn a_key_that_others_can_read_or_that_is_missing_is_refused_at_the_start() {
    let (place, authority) = (Place::new(), Authority::new("ours"));
    let issued = authority.issue(&["127.0.0.1"]);
    let [cert, key, _] = files(&place, &issued, &authority);
    let open = place.file("open.pem", &issued.key);
    let other = place.secret("other.pem", &authority.issue(&["127.0.0.1"]).key);
    for (arguments, words) in [
        (&["--http-tls-cert", &cert][..], "http-tls-key"),
        (&["--http-tls-cert", &cert, "--http-tls-key", &open], "chmod 600"),
        (&["--http-tls-cert", &cert, "--http-tls-key", &other], "is not that of the certificate"),
        (&["--http-tls-cert", &key, "--http-tls-key", &key], "holds no certificate"),
    ] {
        let refused =
            run(&[&["agent", "--print-config", "--http", "127.0.0.1:0"], arguments].concat());
        assert!(refused.code == Some(64) && refused.stderr.contains(words), "{refused:?}");
    }
}

#[test]
fn a_proxy_s_prefix_comes_before_the_paths() {
    let one = Agent::start("one", &[]);
    let proxy = TcpListener::bind("127.0.0.1:0").unwrap();
    let place = format!("http://{}/swim/one/", proxy.local_addr().unwrap());
    let behind = one.http.strip_prefix("http://").unwrap().to_owned();
    std::thread::spawn(move || {
        for client in proxy.incoming() {
            let (mut client, mut agent) = (client.unwrap(), TcpStream::connect(&behind).unwrap());
            let mut head = vec![0; 4_096];
            let count = client.read(&mut head).unwrap();
            let head = String::from_utf8_lossy(&head[..count]).into_owned();
            assert!(head.starts_with("GET /swim/one/v1/"), "{head}");
            let head =
                head.replacen("/swim/one", "", 1).replacen("\r\n", "\r\nConnection: close\r\n", 1);
            agent.write_all(head.as_bytes()).unwrap();
            std::io::copy(&mut agent, &mut client).unwrap();
        }
    });
    let members = run(&["members", "--agent", &place]);
    assert!(members.code == Some(0) && members.stdout.contains("one"), "{members:?}");
}

#[test]
fn a_token_that_may_only_read_changes_nothing_and_asks_nobody() {
    let place = Place::new();
    let (all, read) = ("0123456789abcdef-all", "0123456789abcdef-read");
    let (all_file, read_file) = (place.secret("all", all), place.secret("read", read));
    let one = Agent::start("one", &["--token-file", &all_file, "--read-token-file", &read_file]);
    let bearer = |token: &str| format!("Authorization: Bearer {token}");
    let document: serde_json::Value =
        serde_json::from_str(&one.request("GET", "/v1/openapi.json", &[], "").1).unwrap();
    let mut refused = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            if path == "/v1/events" || operation["security"].as_array().is_some_and(Vec::is_empty) {
                continue;
            }
            let (method, path) = (method.to_uppercase(), path.replace("{id}", "nobody"));
            let (status, answer) = one.request(&method, &path, &[&bearer(read)], "");
            if method == "GET" {
                assert!(![401, 403].contains(&status), "{method} {path}: {answer}");
            } else {
                assert!(
                    status == 403 && answer.contains("may only read"),
                    "{method} {path}: {status} {answer}"
                );
                refused += 1;
            }
            assert_eq!(
                one.request(&method, &path, &[&bearer("0123456789abcdef-none")], "").0,
                401,
                "{method} {path}"
            );
        }
    }
    assert!(refused > 10, "{refused}");
    let tags = json!({ "set": { "a": "b" } }).to_string();
    assert_eq!(one.request("POST", "/v1/tags", &[&bearer(all)], &tags).0, 200);
    assert_eq!(one.ask(&["tags", "--token-file", &read_file]), "a=b\n");
    let refused = one.run(&["tags", "--set", "a=c", "--token-file", &read_file]);
    assert!(
        refused.code == Some(1) && refused.stderr.contains("this token may only read"),
        "{refused:?}"
    );

    let alone = Agent::start("two", &["--read-token-file", &read_file]);
    assert_eq!(alone.request("GET", "/v1/info", &[&bearer(read)], "").0, 200);
    assert_eq!(alone.request("GET", "/v1/info", &[], "").0, 401);
    let same = run(&[
        "agent",
        "--http",
        "127.0.0.1:0",
        "--token-file",
        &all_file,
        "--read-token-file",
        &all_file,
    ]);
    assert!(same.code == Some(1) && same.stderr.contains("is the same as"), "{same:?}");
}

#[test]
fn beyond_loopback_without_tls_a_warning_says_that_the_token_can_be_read() {
    let (place, authority) = (Place::new(), Authority::new("ours"));
    let [cert, key, _] = files(&place, &authority.issue(&["127.0.0.1"]), &authority);
    let token = place.secret("token", "0123456789abcdef");
    let one = Agent::start_at("one", &["--http", "0.0.0.0:0", "--token-file", &token]);
    line(&one.stderr, "reads its token");
    let tls = ["--http-tls-cert", &cert, "--http-tls-key", &key];
    let two = Agent::start_at(
        "two",
        &[&["--http", "0.0.0.0:0", "--token-file", &token][..], &tls].concat(),
    );
    let there = two.http.replace("0.0.0.0", "127.0.0.1");
    let ca = place.0.join("ca.pem").display().to_string();
    until("it answers", || {
        run(&["info", "--agent", &there, "--agent-ca", &ca, "--token-file", &token]).code == Some(0)
    });
    assert!(!two.stderr.try_iter().any(|line| line.contains("reads its token")));
}

#[test]
fn the_keys_of_the_cluster_are_asked_for_by_no_page_of_another_site() {
    let one = Agent::start("one", &[]);
    assert_eq!(
        one.request("GET", "/v1/keys/list", &[], "").0,
        405,
        "an image's address is no way to ask"
    );
    for foreign in [
        "Origin: http://evil.example",
        "Origin: null",
        "Sec-Fetch-Site: cross-site",
        "Sec-Fetch-Site: same-site",
    ] {
        for path in ["/v1/keys/list", "/v1/reachability", "/v1/broadcast"] {
            assert_eq!(one.request("POST", path, &[foreign], "{}").0, 403, "{path} {foreign}");
        }
    }
    let own = format!("Origin: {}", one.http);
    assert_eq!(
        one.request("POST", "/v1/keys/list", &[&own, "Sec-Fetch-Site: same-origin"], "").0,
        409,
        "no keyring"
    );
}

#[test]
fn certificates_say_in_time_that_they_expire() {
    let (place, authority) = (Place::new(), Authority::new("ours"));
    let [cert, key, ca] = files(
        &place,
        &authority.issue_until(&["127.0.0.1"], Duration::from_secs(7_200)),
        &authority,
    );
    let http = ["--http-tls-cert", &cert, "--http-tls-key", &key];
    let node = ["--tls-cert", &cert, "--tls-key", &key, "--tls-ca", &ca];
    let one = Agent::start("one", &[&http[..], &node].concat());
    line(&one.stderr, "the certificate of the node expires in 1h 59m");
    let ask = |command: &[&str]| one.ask(&[command, &["--agent-ca", &ca]].concat());
    assert!(
        ask(&["health"])
            .contains("warning: the certificate of the HTTP interface expires in 1h 59m")
    );
    assert!(ask(&["info"]).contains("node expires in 1h 59m"));
    let health = one.json(&["health", "--agent-ca", &ca]);
    let left = health["certificates"][0]["expires_in"].as_i64().unwrap();
    assert!((7_000..=7_200).contains(&left), "{health}");

    let fresh = authority.issue_until(&["127.0.0.1"], Duration::from_secs(400 * 24 * 3_600));
    files(&place, &fresh, &authority);
    one.signal("-HUP");
    one.line("are others now");
    assert_eq!(ask(&["health"]), "healthy\n");
    let two = Agent::start("two", &node);
    let metrics = two.request("GET", "/metrics", &[], "").1;
    let gauge = metrics.lines().find_map(|line| {
        line.strip_prefix("swim_certificate_expires_seconds{certificate=\"node\"} ")
    });
    let left: i64 = gauge.and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("{metrics}"));
    assert!(left > 399 * 24 * 3_600, "{left}");
    assert!(!two.stderr.try_iter().any(|line| line.contains("expires in")));
}

#[test]
fn the_end_of_the_node_s_authority_is_told_in_the_log_by_info_and_as_a_metric() {
    let (place, authority) = (Place::new(), Authority::until("ours", 2_020));
    let [cert, key, ca] = files(&place, &authority.issue(&["127.0.0.1"]), &authority);
    let one = Agent::start("one", &["--tls-cert", &cert, "--tls-key", &key, "--tls-ca", &ca]);
    let said = line(&one.stderr, "the certificate of the node's authority expired");
    assert!(
        said.contains("2020-12-31T00:00:00Z") && said.contains("needs another authority"),
        "{said}"
    );
    assert!(one.ask(&["info"]).contains("authority expired"));
    assert!(
        one.ask(&["health"]).contains("warning: the certificate of the node's authority expired")
    );
    let metrics = one.request("GET", "/metrics", &[], "").1;
    let gauge = "swim_certificate_expires_seconds{certificate=\"authority\"} -";
    assert!(metrics.contains(gauge), "{metrics}");
}

#[test]
fn the_cluster_is_asked_only_so_often() {
    let one = Agent::start("one", &[]);
    let statuses: Vec<_> =
        (0..60).map(|_| one.request("POST", "/v1/reachability", &[], "{}")).collect();
    assert!(statuses[..20].iter().all(|(status, _)| *status == 200), "{statuses:?}");
    let refused = statuses.iter().find(|(status, _)| *status == 429).expect("one is refused");
    assert!(refused.1.contains("20 times at once"), "{refused:?}");
    until("it is asked again", || one.request("POST", "/v1/keys/list", &[], "").0 == 409);
}
