//! Commands against an agent that does not answer: each ends in time and says so.

use std::time::{Duration, Instant};

use crate::harness::{Agent, run};

#[test]
fn no_command_waits_for_a_stopped_agent_longer_than_its_timeout() {
    let one = Agent::start("one", &[]);
    one.signal("-STOP");
    for command in [
        &["members"][..],
        &["info"],
        &["health"],
        &["health", "--ready"],
        &["join", "127.0.0.1:1"],
        &["leave"],
        &["force-leave", "two"],
        &["tags"],
        &["tags", "--set", "a=b"],
        &["broadcast", "hi"],
        &["event", "deploy"],
        &["reachability"],
        &["keys", "list"],
        &["keys", "use", "1f0c9a3b"],
        &["monitor"],
        &["ping", "one"],
        &["rtt", "one"],
        &["nearest"],
    ] {
        let start = Instant::now();
        let ended = one.run(&[command, &["--timeout", "300ms"]].concat());
        assert_eq!(ended.code, Some(3), "{command:?}: {ended:?}");
        assert!(
            ended.stderr.contains("within 300ms") && ended.stderr.contains("--timeout"),
            "{command:?}: {ended:?}"
        );
        assert!(start.elapsed() < Duration::from_secs(4), "{command:?}: {:?}", start.elapsed());
    }
    one.signal("-CONT");
    one.ask(&["health", "--timeout", "30s"]);
}

#[test]
fn without_a_timeout_it_is_five_seconds_for_what_takes_long_too() {
    let one = Agent::start("one", &[]);
    one.signal("-STOP");
    let commands = [
        &["health"][..],
        &["join", "127.0.0.1:1"],
        &["query", "load"],
        &["query", "load", "--timeout", "60s"],
    ];
    std::thread::scope(|scope| {
        for command in commands {
            let place = &one.http;
            scope.spawn(move || {
                let start = Instant::now();
                let ended = run(&[command, &["--agent", place]].concat());
                assert!(
                    ended.code == Some(3) && ended.stderr.contains("within 5s"),
                    "{command:?}: {ended:?}"
                );
                let took = start.elapsed().as_secs();
                assert!((5..20).contains(&took), "{command:?}: {took} s");
            });
        }
    });
    one.signal("-CONT");
}

#[test]
fn a_timeout_that_is_none_and_a_query_that_is_open_for_too_long_are_refused_with_their_bounds() {
    for (command, words) in [
        (&["health", "--timeout", "0s"][..], "the time is 0"),
        (&["health", "--timeout", "soon"], "write it as 500ms, 10s or 1m 30s"),
        (
            &["query", "load", "--timeout", "24h"],
            "answers to a query are gathered for at most 80 s",
        ),
        (&["query", "load", "--relay-factor", "300"], "0..=8"),
    ] {
        let refused = run(command);
        assert!(
            refused.code == Some(64) && refused.stderr.contains(words),
            "{command:?}: {refused:?}"
        );
    }
}
