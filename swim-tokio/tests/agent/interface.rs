//! The HTTP interface as programs and browsers meet it: who may call what, bounds, and what is
//! answered.

use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::json;

use crate::harness::{Agent, PATIENCE, Place, request, run};

#[test]
fn a_name_that_is_not_loopback_s_and_a_page_of_another_origin_are_refused() {
    let one = Agent::start("one", &[]);
    for rebound in [
        "Host: evil.example",
        "Host: evil.example:80",
        "Host: 127.0.0.1.evil.example",
        "Host: 10.0.0.1",
        "Host: 127.0.0.1\r\nHost: evil.example",
    ] {
        assert_eq!(one.request("GET", "/v1/members", &[rebound], "").0, 403, "{rebound}");
        assert_eq!(one.request("POST", "/v1/leave", &[rebound], "{}").0, 403, "{rebound}");
    }
    for foreign in ["Origin: http://evil.example", "Origin: null", "Origin: http://127.0.0.1:1"] {
        assert_eq!(
            one.request("POST", "/v1/broadcast", &[foreign], "{\"payload\":\"x\"}").0,
            403,
            "{foreign}"
        );
    }
    let own = format!("Origin: {}", one.http);
    assert_eq!(one.request("POST", "/v1/broadcast", &[&own], "{\"payload\":\"x\"}").0, 200);
    assert_eq!(one.request("GET", "/v1/info", &["Host: localhost:1"], "").0, 200);
}

/// What is answered to bytes as they are, until the agent closes the connection.
fn answer(one: &Agent, bytes: &str) -> String {
    let mut stream = TcpStream::connect(one.http.strip_prefix("http://").unwrap()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(bytes.as_bytes()).unwrap();
    let mut answer = String::new();
    // It may be reset over bytes that were not read.
    let _ = stream.read_to_string(&mut answer);
    answer
}

#[test]
fn odd_hosts_targets_and_lengths_are_refused_and_no_request_is_smuggled_behind_another() {
    let one = Agent::start("one", &[]);
    for host in [
        "localhost.",
        "127.0.0.1.nip.io",
        "0.0.0.0",
        "0",
        "2130706433",
        "[::ffff:127.0.0.1]",
        "x@127.0.0.1",
        "",
    ] {
        assert_eq!(
            one.request("GET", "/v1/members", &[&format!("Host: {host}")], "").0,
            403,
            "{host}"
        );
    }
    let at = |target: &str| one.request("GET", target, &["Host: 127.0.0.1"], "").0;
    assert_eq!(
        at("http://evil.example/v1/members"),
        403,
        "an absolute target goes before the header"
    );
    assert_eq!(at("http://127.0.0.1/v1/members"), 200);
    for path in [
        "/../etc/passwd",
        "/page.js/../v1/info",
        "//v1/info",
        "/%2e%2e/etc/passwd",
        "/v1/members/..%2f..%2fetc",
    ] {
        assert_eq!(at(path), 404, "{path}");
    }
    let hidden = "GET /v1/info HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n";
    for lengths in [
        "Content-Length: 5\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: xchunked",
        "Content-Length: 5\r\nContent-Length: 0",
        "Content-Length: +5",
        "Content-Length : 5",
        "X-Odd : y",
    ] {
        let head =
            format!("POST /v1/broadcast HTTP/1.1\r\nHost: 127.0.0.1\r\n{lengths}\r\n\r\n0\r\n\r\n");
        let answered = answer(&one, &(head + hidden));
        assert!(answered.starts_with("HTTP/1.1 400 "), "{lengths}: {answered}");
        assert!(
            !answered.contains("200 OK") && !answered.contains("incarnation"),
            "{lengths}: {answered}"
        );
    }
    let nested = format!("{{\"set\":{}{}}}", "[".repeat(30_000), "]".repeat(30_000));
    assert_eq!(one.request("POST", "/v1/tags", &[], &nested).0, 400);
    assert_eq!(one.get("/v1/info").0, 200, "it goes on");
}

#[test]
fn with_a_token_only_who_bears_it_is_answered() {
    let place = Place::new();
    let token = "correct horse battery".replace(' ', "-");
    let file = place.secret("token", &format!("{token}\n"));
    let one = Agent::start("one", &["--token-file", &file]);
    for (header, status) in [
        ("X: y".to_owned(), 401),
        ("Authorization: Bearer wrong".to_owned(), 401),
        (format!("Authorization: Bearer {token}x"), 401),
        (format!("Authorization: Bearer {token}"), 200),
        (format!("authorization: bearer {token}"), 200),
    ] {
        assert_eq!(one.request("GET", "/v1/members", &[&header], "").0, status, "{header}");
        assert_eq!(one.request("GET", "/metrics", &[&header], "").0, status, "{header}");
    }
    for open in ["/", "/health", "/ready", "/v1/openapi.json"] {
        assert_eq!(one.request("GET", open, &[], "").0, 200, "{open}");
    }
    let refused = one.run(&["members"]);
    assert_eq!(
        (refused.code, refused.stderr.contains("--token-file")),
        (Some(1), true),
        "{refused:?}"
    );
    assert!(one.ask(&["members", "--token-file", &file]).contains("one"));
    let short = place.secret("short", "secret");
    let refused = run(&["agent", "--http", "127.0.0.1:0", "--token-file", &short]);
    assert!(
        refused.code == Some(1)
            && refused.stderr.contains("too short")
            && !refused.stderr.contains("secret")
    );
}

#[test]
fn beyond_loopback_it_refuses_to_listen_without_a_token() {
    let refused = run(&["agent", "--bind", "127.0.0.1:0", "--http", "0.0.0.0:0"]);
    assert_eq!((refused.code, refused.stdout.as_str()), (Some(64), ""), "{refused:?}");
    assert!(
        refused.stderr.contains("open to other machines: protect it with --token-file"),
        "{refused:?}"
    );
    let file = Place::new();
    let token = file.secret("token", "0123456789abcdef");
    let one = Agent::start_at("one", &["--http", "0.0.0.0:0", "--token-file", &token]);
    let here = one.http.replace("0.0.0.0", "127.0.0.1");
    assert_eq!(request(&here, "GET", "/v1/info", &[], "").0, 401);
    assert_eq!(
        request(&here, "GET", "/v1/info", &["Authorization: Bearer 0123456789abcdef"], "").0,
        200
    );
}

#[test]
fn what_is_asked_wrongly_is_an_error_that_says_so() {
    let one = Agent::start("one", &[]);
    for (method, path, body, status, words) in [
        ("GET", "/v1/nothing", "", 404, "openapi"),
        ("DELETE", "/v1/members", "", 405, "GET"),
        ("GET", "/v1/members?status=asleep", "", 400, "one of alive, suspect, dead, left"),
        ("GET", "/v1/members?state=alive", "", 400, "unknown parameter"),
        ("GET", "/v1/members?tag=role", "", 400, "role=web"),
        ("GET", "/v1/members/nobody", "", 404, "no member"),
        ("POST", "/v1/join", "{}", 400, "seeds"),
        ("POST", "/v1/join", "{\"seeds\":[]}", 400, "from 1 to 64"),
        ("POST", "/v1/join", "{\"seeds\":[\"localhost\"]}", 400, "is no seed"),
        ("POST", "/v1/broadcast", "{\"payload\":\"a\",\"payload_base64\":\"YQ==\"}", 400, "either"),
        ("POST", "/v1/broadcast", "{\"payload_base64\":\"?\"}", 400, "payload_base64 is no base64"),
        ("POST", "/v1/tags", "{\"sat\":{}}", 400, "unknown field"),
        ("POST", "/v1/tags", "not json", 400, "not what this route wants"),
        ("POST", "/v1/tags", "{\"set\":{\"\":\"web\"}}", 400, "a name in set: 0 characters"),
        (
            "POST",
            "/v1/query",
            "{\"name\":\"load\",\"tags\":{\"role\":\"(\"}}",
            400,
            "regular expression",
        ),
        (
            "POST",
            "/v1/query",
            "{\"name\":\"load\",\"tags\":{\"\":\"web\"}}",
            400,
            "a name in tags: 0 characters",
        ),
        (
            "POST",
            "/v1/query",
            "{\"name\":\"load\",\"timeout\":86400}",
            400,
            "timeout = 86400: a number above 0 s to 80 s",
        ),
        (
            "POST",
            "/v1/query",
            "{\"name\":\"load\",\"relay_factor\":300}",
            400,
            "relay_factor = 300: a whole number from 0 to 8",
        ),
        (
            "POST",
            "/v1/event",
            "{\"name\":\"deploy\",\"payload\":null}",
            400,
            "payload = null: a text",
        ),
        ("GET", "/v1/nearest?count=-1", "", 400, "count = -1: a whole number from 0 to 65535"),
        ("POST", "/v1/members/nobody/ping", "", 404, "no active member"),
        ("POST", "/v1/members/one/force-leave", "", 409, "own"),
    ] {
        let (got, answer) = one.request(method, path, &[], body);
        assert!(got == status && answer.contains(words), "{method} {path} {body}: {got} {answer}");
    }
}

#[test]
fn head_is_answered_as_get_is_without_the_body() {
    let one = Agent::start("one", &[]);
    for (path, status) in [
        ("/metrics", 200),
        ("/health", 200),
        ("/", 200),
        ("/v1/events", 200),
        ("/v1/members/x", 404),
        ("/v1/join", 405),
    ] {
        assert_eq!(one.request("HEAD", path, &[], ""), (status, String::new()), "{path}");
    }
    assert!(one.request("DELETE", "/metrics", &[], "").1.contains("GET, HEAD"));
}

#[test]
fn bodies_and_heads_are_bounded() {
    let one = Agent::start("one", &[]);
    let large = json!({ "payload": "x".repeat(70 << 10) }).to_string();
    assert_eq!(one.request("POST", "/v1/broadcast", &[], &large).0, 413);
    let header = format!("X-Long: {}", "x".repeat(40 << 10));
    assert_eq!(one.request("GET", "/v1/info", &[&header], "").0, 431);
    assert_eq!(one.get("/v1/info").0, 200, "it goes on");
}

#[test]
fn a_client_that_does_not_finish_its_request_is_let_go() {
    let one = Agent::start("one", &[]);
    let connect = |bytes: &[u8]| {
        let mut stream = TcpStream::connect(one.http.strip_prefix("http://").unwrap()).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.write_all(bytes).unwrap();
        stream
    };
    let head = b"POST /v1/broadcast HTTP/1.1\r\nHost: localhost\r\nContent-Length: 40\r\n\r\n{";
    for mut stream in [&b""[..], b"GET / HTTP/1.1\r\nHost: loc", head].map(connect) {
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("it is closed");
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 408 "), "{answer}");
    }
    assert_eq!(one.get("/v1/info").0, 200);
}

#[test]
fn events_are_streamed_with_their_names() {
    let one = Agent::start("one", &[]);
    let host = one.http.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    write!(stream, "GET /v1/events HTTP/1.1\r\nHost: {host}\r\n\r\n").unwrap();
    let mut text = String::new();
    let mut read_until = |words: &str| {
        let mut buffer = [0; 4_096];
        while !text.contains(words) {
            let count = stream.read(&mut buffer).expect("it comes in time");
            assert!(count > 0, "the stream ended: {text}");
            text.push_str(&String::from_utf8_lossy(&buffer[..count]));
        }
        text.clone()
    };
    read_until(": connected");
    let mut two = Agent::start("two", &["--seed", &one.address]);
    let head = read_until("event: member-join");
    assert!(head.contains("content-type: text/event-stream"), "{head}");
    read_until("\"text\":\"two joined at");
    two.run(&["leave"]);
    read_until("event: member-leave");
    two.exit_status();
}
