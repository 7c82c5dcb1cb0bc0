//! Handlers: run with the event, bounded in number and in time.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;

use serde_json::{Value, json};

use crate::harness::{Agent, PATIENCE, Place, line, until};

fn content(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}

#[test]
fn a_command_is_run_with_the_event_on_its_standard_input_and_its_names_in_the_environment() {
    let place = Place::new();
    let out = place.0.join("out");
    let command = format!(
        "member-join,member-failed=(cat; echo \"$SWIM_EVENT $SWIM_MEMBER $SWIM_NODE\") >> {}",
        out.display()
    );
    let one = Agent::start("one", &["--on", &command]);
    let two = Agent::start("two", &["--seed", &one.address]);
    until("the join is handled", || content(&out).contains("member-join two one\n"));
    let event: Value = serde_json::from_str(content(&out).lines().next().unwrap())
        .expect("one JSON object on a line");
    assert_eq!((&event["event"], &event["id"]), (&"member-join".into(), &"two".into()));
    assert_eq!(event["address"].as_str(), Some(&*two.address));
    drop(two);
    until("the death is handled", || content(&out).contains("member-failed two one\n"));
    assert!(!content(&out).contains("member-suspect"), "that was not asked for");
}

#[test]
fn a_name_that_the_environment_cannot_hold_keeps_no_handler_from_running() {
    let place = Place::new();
    let out = place.0.join("out");
    let one = Agent::start(
        "one",
        &["--on", &format!("user=(cat; echo \"$SWIM_NAME\") >> {}", out.display())],
    );
    assert_eq!(one.post("/v1/event", &json!({ "name": "a\0b" })).0, 200);
    until("it is handled", || content(&out).ends_with("a\\u{0}b\n"));
    let event: Value = serde_json::from_str(content(&out).lines().next().unwrap())
        .expect("one JSON object on a line");
    assert_eq!(event["name"], "a\0b");
}

#[test]
fn an_event_is_posted_to_an_address() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let hook = format!("member-joined=http://{}/hook?x=1", listener.local_addr().unwrap());
    let one = Agent::start("one", &["--on", &hook]);
    let _two = Agent::start("two", &["--seed", &one.address]);
    let (mut stream, _) = listener.accept().unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let (mut text, mut buffer) = (String::new(), [0; 4_096]);
    while !text.contains("\r\n\r\n") || !text.ends_with('}') {
        let count = stream.read(&mut buffer).unwrap();
        assert!(count > 0, "{text}");
        text.push_str(&String::from_utf8_lossy(&buffer[..count]));
    }
    stream.write_all(b"HTTP/1.1 500 No\r\ncontent-length: 0\r\n\r\n").unwrap();
    assert!(
        text.starts_with("POST /hook?x=1 HTTP/1.1\r\n")
            && text.contains("content-type: application/json"),
        "{text}"
    );
    let event: Value = serde_json::from_str(text.split_once("\r\n\r\n").unwrap().1).unwrap();
    assert_eq!(event["id"], "two");
    line(&one.stderr, "a handler failed: the answer was 500");
}

#[test]
fn an_answer_counts_though_the_connection_ends_with_it() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let hook = format!("broadcast=http://{}/", listener.local_addr().unwrap());
    let one = Agent::start("one", &["--on", &hook]);
    let two = Agent::start("two", &["--seed", &one.address]);
    two.until_sees("one", "alive");
    // The last one is a failure: it ends the wait.
    for status in ["200 OK", "204 Fine", "202 Good", "500 No"] {
        two.ask(&["broadcast", status]);
        let (mut stream, _) = listener.accept().unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut buffer = [0; 4_096];
        let mut text = String::new();
        while !text.ends_with('}') {
            let count = stream.read(&mut buffer).unwrap();
            assert!(count > 0, "{text}");
            text.push_str(&String::from_utf8_lossy(&buffer[..count]));
        }
        stream.write_all(format!("HTTP/1.0 {status}\r\n\r\n").as_bytes()).unwrap();
    }
    let failed = line(&one.stderr, "a handler failed");
    assert!(failed.contains("the answer was 500"), "{failed}");
}

#[test]
fn a_handler_that_fails_or_takes_too_long_is_ended_with_all_it_started_and_logged() {
    let place = Place::new();
    let (started, survived) = (place.0.join("started"), place.0.join("survived"));
    let hang =
        format!("(sleep 3; echo > {}) & echo $! > {}; wait", survived.display(), started.display());
    let text = format!(
        "[[handlers.run]]\nevents = ['member-joined']\ncommand = '''{hang}'''\ntimeout = '300ms'\n\
         [[handlers.run]]\nevents = ['member-joined']\ncommand = 'echo out of paper >&2; exit 7'\n"
    );
    let file = place.file("swim.toml", &text);
    let one = Agent::start("one", &["--config", &file]);
    let _two = Agent::start("two", &["--seed", &one.address]);
    let (mut failed, mut ended) = (false, false);
    while !failed || !ended {
        let line = line(&one.stderr, "a handler failed");
        failed |= line.contains("exit status: 7: out of paper");
        ended |= line.contains("took longer than 300ms");
    }
    let process = format!("/proc/{}", content(&started).trim());
    until("what it started is gone", || !Path::new(&process).exists());
    assert!(!survived.exists());
}

#[test]
fn more_handlers_than_may_run_and_wait_are_dropped_and_logged() {
    let place = Place::new();
    let (out, go) = (place.0.join("out"), place.0.join("go"));
    let text = format!(
        "[handlers]\nmax_running = 1\nmax_waiting = 1\n[[handlers.run]]\nevents = ['broadcast']\n\
         command = 'while [ ! -e {} ]; do sleep 0.05; done; echo >> {}'\n",
        go.display(),
        out.display()
    );
    let one = Agent::start("one", &["--config", &place.file("swim.toml", &text)]);
    let two = Agent::start("two", &["--seed", &one.address]);
    two.until_sees("one", "alive");
    for number in 0..5 {
        two.ask(&["broadcast", &number.to_string()]);
    }
    (0..3).for_each(|_| drop(line(&one.stderr, "not handled: too many handlers run or wait")));
    place.file("go", "");
    until("the two others are", || content(&out).lines().count() == 2);
}
