//! An agent's life: it tells its service manager, reads its settings again, and leaves when asked.

use std::os::unix::net::UnixDatagram;
use std::process::{Command, Stdio};

use serde_json::json;

use crate::harness::{Agent, PATIENCE, Place, cluster, line, lines, run, swim, until};

#[test]
fn the_service_manager_is_told_when_the_node_is_there_and_when_it_leaves() {
    let place = Place::new();
    let path = place.0.join("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut command =
        swim(&["agent", "--id", "one", "--bind", "127.0.0.1:0", "--http", "127.0.0.1:0"]);
    command.env("NOTIFY_SOCKET", &path);
    let mut one = Agent::spawn(command);
    let told = || {
        let mut buffer = [0; 1_024];
        let count = socket.recv(&mut buffer).expect("it is told");
        String::from_utf8(buffer[..count].to_vec()).unwrap()
    };
    assert_eq!(told(), format!("READY=1\nSTATUS=one listens at {}", one.address));
    one.signal("-TERM");
    assert!(told().starts_with("STOPPING=1\n"));
    assert_eq!(one.exit_status(), Some(0));
}

#[test]
fn on_sighup_what_can_change_does_and_the_rest_is_named() {
    let place = Place::new();
    let two = Agent::start("two", &[]);
    let file = place.file("swim.toml", "[tags]\nrole = 'web'\n[log]\nlevel = 'warn'\n");
    let one = Agent::start("one", &["--config", &file]);
    let mut text = format!("[node]\nseeds = ['{}']\ncluster = 'other'\n", two.address);
    text += "[tags]\nrole = 'db'\n[log]\nlevel = 'debug'\n[[handlers.run]]\nevents = ['member-joined']\ncommand = 'true'\n";
    place.file("swim.toml", &text);
    one.signal("-HUP");
    let said = one.line("settings read again");
    assert!(
        said.ends_with(
            "changed: handlers.run, log.level, node.seeds, tags.role; changed only by a restart: node.cluster"
        ),
        "{said}"
    );
    one.ask(&["event", "any"]);
    line(&one.stderr, "DEBUG");
    two.until_sees("one", "alive");
    until("the tag is seen", || two.json(&["members"])["members"][0]["tags"]["role"] == "db");

    place.file("swim.toml", "[nod]\n");
    one.signal("-HUP");
    assert!(
        one.line("settings not read again, the old ones stand").contains("did you mean `node`?")
    );
    assert_eq!(one.ask(&["tags"]), "role=db\n");
    // What would be found wrong only when it is used is refused with the whole file.
    for (wrong, words) in
        [("seeds = ['127.0.0.1']", "is no seed"), ("allow = ['10.0.0.0/33']", "only 32 bits")]
    {
        place.file("swim.toml", &format!("[node]\n{wrong}\n[tags]\nrole = 'cache'\n"));
        one.signal("-HUP");
        assert!(one.line("settings not read again, the old ones stand").contains(words), "{wrong}");
        assert_eq!(one.ask(&["tags"]), "role=db\n");
    }
}

#[test]
fn on_sighup_the_agent_becomes_what_its_file_says_whatever_was_changed_since() {
    let place = Place::new();
    let file = place.file("swim.toml", "[tags]\nrole = 'web'\n");
    let one = Agent::start("one", &["--config", &file]);
    one.signal("-HUP");
    assert!(one.line("settings read again").ends_with("changed: nothing"));
    assert_eq!(one.ask(&["tags", "--set", "role=db", "--set", "zone=a"]), "role=db\nzone=a\n");
    one.signal("-HUP");
    let said = one.line("settings read again");
    assert!(said.ends_with("changed: tags.role, tags.zone"), "{said}");
    until("the tags are the file's", || one.ask(&["tags"]) == "role=web\n");
    place.file("swim.toml", "[node]\nmetadata = 'rack 7'\n[tags]\nrole = 'web'\n");
    one.signal("-HUP");
    one.line("settings not read again, the old ones stand: node.metadata is in place of tags");
}

#[test]
fn sigusr1_logs_the_state_at_any_level_and_neither_it_nor_sigusr2_ends_the_agent() {
    let mut agents = cluster(&["one", "two"]);
    drop(agents.pop());
    let one = &agents[0];
    one.until_sees("two", "dead");
    one.signal("-USR2");
    one.signal("-USR1");
    let state = line(&one.stderr, "the state of the node");
    assert!(state.contains("node=one") && state.contains("members=2 alive=1"), "{state}");
    let first = line(&one.stderr, "a member");
    assert!(
        first.contains("member=two") && first.contains("status=dead"),
        "who is not alive comes first: {first}"
    );
    assert!(line(&one.stderr, "a member").contains("member=one"));
    assert_eq!(one.get("/health").0, 200);
}

#[test]
fn logs_may_be_json_on_standard_error() {
    let one = Agent::start("one", &["--log-format", "json", "-v"]);
    let logged: serde_json::Value =
        serde_json::from_str(&line(&one.stderr, "node started")).expect("JSON");
    assert_eq!((&logged["level"], &logged["node"]), (&"INFO".into(), &"one".into()));
}

/// A terminal that is stopped, or a pipe that nobody reads: the node does not wait for it.
#[test]
fn output_and_a_log_that_nobody_takes_do_not_stop_the_node() {
    let two = Agent::start("two", &[]);
    let place = Place::new();
    let http = format!("unix:{}", place.0.join("http").display());
    let arguments = [
        "agent",
        "--id",
        "one",
        "--bind",
        "127.0.0.1:0",
        "--profile",
        "local",
        "--seed",
        &two.address,
    ];
    let mut command = swim(
        &[&arguments[..], &["--http", &http, "--log-level", "trace", "--format", "json"]].concat(),
    );
    let mut one = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    two.until_sees("one", "alive");
    // More than a pipe holds, on each of the two.
    let text = "x".repeat(300);
    for _ in 0..400 {
        assert_eq!(two.post("/v1/event", &json!({ "name": "event", "payload": text })).0, 200);
    }
    // Asked of the whole cluster: a node that hangs does not answer.
    until("the node answers", || {
        two.run(&["query", "any", "--node", "one"]).stdout.contains("of 1 that it reached")
    });
    assert_eq!(run(&["info", "--agent", &http]).code, Some(0));
    assert!(
        Command::new("kill").arg("-TERM").arg(one.id().to_string()).status().unwrap().success()
    );
    until("it ends", || one.try_wait().unwrap().is_some());
    assert_eq!(one.wait().unwrap().code(), Some(0));
    two.until_sees("one", "left");
}

#[test]
fn a_full_disk_does_not_end_the_node_and_the_log_says_it_once() {
    let full = std::fs::File::options().write(true).open("/dev/full").expect("Linux has one");
    let two = Agent::start("two", &[]);
    let arguments = [
        "agent",
        "--id",
        "one",
        "--bind",
        "127.0.0.1:0",
        "--profile",
        "local",
        "--seed",
        &two.address,
    ];
    let mut one = swim(&arguments).stdout(full).stderr(Stdio::piped()).spawn().expect("it starts");
    let stderr = lines(one.stderr.take().unwrap());
    line(&stderr, "standard output cannot be written");
    two.until_sees("one", "alive");
    two.ask(&["event", "any"]);
    two.ask(&["ping", "one"]);
    assert!(
        Command::new("kill").arg("-TERM").arg(one.id().to_string()).status().unwrap().success()
    );
    until("it ends", || one.try_wait().unwrap().is_some());
    assert_eq!(one.wait().unwrap().code(), Some(0));
    assert_eq!(stderr.iter().filter(|line| line.contains("cannot be written")).count(), 0, "once");
}
