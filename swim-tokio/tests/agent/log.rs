//! The log as operators read it: what happens in the cluster, each thing at its level, and never
//! too much.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::harness::{Agent, PATIENCE, Place, line, swim, until};

#[test]
fn who_joins_changes_fails_and_leaves_is_in_the_log_at_info_with_what_a_person_needs() {
    let one = Agent::start("one", &["-v"]);
    let two = Agent::start("two", &["--seed", &one.address, "--tag", "role=web"]);
    let joined = line(&one.stderr, "a member joined");
    for words in ["INFO", "member=two", &two.address, "tags=role=web"] {
        assert!(joined.contains(words), "{words}: {joined}");
    }
    two.ask(&["tags", "--set", "role=db"]);
    let changed = "two changed tag role: web -> db";
    assert!(line(&one.stderr, changed).contains("INFO"));
    one.line(changed);
    drop(two);
    let suspected = line(&one.stderr, "a member is suspected");
    assert!(suspected.contains("INFO") && suspected.contains("by=one"), "{suspected}");
    let failed = line(&one.stderr, "a member failed");
    assert!(
        failed.contains("INFO") && failed.contains("member=two") && failed.contains("tags=role=db"),
        "{failed}"
    );
    let three = Agent::start("three", &["--seed", &one.address]);
    line(&one.stderr, "member=three");
    three.ask(&["leave"]);
    assert!(line(&one.stderr, "a member left").contains("member=three"));
}

#[test]
fn a_seed_that_answers_at_last_is_no_warning() {
    let late =
        std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let one = Agent::start("one", &["-v", "--seed", &late]);
    assert!(line(&one.stderr, "a seed does not answer").contains("WARN"));
    let two =
        ["agent", "--id", "two", "--profile", "local", "--http", "127.0.0.1:0", "--bind", &late];
    let _two = Agent::spawn(swim(&two));
    let answers = line(&one.stderr, "the seed answers now");
    assert!(answers.contains("INFO") && answers.contains(&late), "{answers}");
}

#[test]
fn events_that_handlers_cannot_keep_up_with_are_a_few_lines_of_the_log_and_a_count() {
    let place = Place::new();
    let text = "[handlers]\nmax_running = 1\nmax_waiting = 0\n[[handlers.run]]\nevents = ['user']\ncommand = 'sleep 60'\n";
    let one = Agent::start("one", &["--config", &place.file("swim.toml", text)]);
    for number in 0..300 {
        assert_eq!(one.post("/v1/event", &json!({ "name": format!("storm-{number}") })).0, 200);
    }
    let (mut lines, mut left_out) = (0, 0);
    let deadline = Instant::now() + PATIENCE;
    // One runs; each of the others is a line, or is counted.
    while lines + left_out < 299 {
        let line =
            one.stderr.recv_timeout(deadline - Instant::now()).expect("all are accounted for");
        if let Some((_, count)) = line.split_once("left_out=") {
            assert!(
                line.contains("WARN") && line.contains("not handled: too many handlers"),
                "{line}"
            );
            left_out += count
                .split_whitespace()
                .next()
                .and_then(|count| count.parse::<usize>().ok())
                .expect(&line);
        } else {
            lines += usize::from(line.contains("not handled"));
        }
    }
    assert!(lines <= 100 && left_out > 0, "{lines} lines, {left_out} left out");
    until("it is at work all the same", || one.get("/health").0 == 200);
    assert!(one.stderr.recv_timeout(Duration::from_millis(1)).is_err());
}
