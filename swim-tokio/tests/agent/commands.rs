//! Each command against a running cluster, as a new user would try it.

use std::io::Write;
use std::process::Stdio;

use crate::harness::{Agent, Place, cluster, ended, line, lines, request, run, swim, until};

#[test]
fn members_are_a_table_for_people_and_json_for_programs() {
    let one = Agent::start("one", &["--tag", "role=web", "--tag", "zone=a"]);
    let two = Agent::start("two", &["--seed", &one.address, "--metadata", "rack 7"]);
    one.until_sees("two", "alive");
    until("two was probed", || one.json(&["members"])["members"][1]["round_trip"].is_f64());
    let table = one.ask(&["members"]);
    let rows: Vec<Vec<&str>> =
        table.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(rows[0], ["NAME", "ADDRESS", "STATUS", "RTT", "INCARNATION", "TAGS"]);
    assert_eq!(
        (rows[1][0], rows[1][1], rows[1][2], rows[1][3]),
        ("one", &*one.address, "alive", "-")
    );
    assert_eq!(*rows[1].last().unwrap(), "role=web,zone=a");
    assert_eq!((rows[2][0], rows[2][2], rows[2][4]), ("two", "alive", "ms"));
    assert!(!table.contains('\x1b'), "no colours in a pipe");

    let members = &one.json(&["members"])["members"];
    assert_eq!(
        (&members[0]["tags"]["role"], &members[1]["metadata"]),
        (&"web".into(), &"rack 7".into())
    );
    let jsonl = one.ask(&["members", "--format", "jsonl"]);
    assert_eq!(
        jsonl.lines().filter(|line| line.starts_with('{') && line.ends_with('}')).count(),
        2
    );
    assert_eq!(
        one.ask(&["members", "--tag", "role=web", "--tag", "zone=a", "--status", "alive"])
            .lines()
            .count(),
        2
    );
    drop(two);
}

#[test]
fn exit_codes_say_that_nothing_matched_that_no_agent_answers_or_that_the_arguments_are_wrong() {
    let one = Agent::start("one", &[]);
    for nothing in [&["members", "--status", "dead"][..], &["members", "--tag", "a=b"]] {
        assert_eq!(one.run(nothing).code, Some(2), "{nothing:?}");
    }
    for unknown in [
        &["force-leave", "nobody"][..],
        &["ping", "nobody"],
        &["rtt", "nobody"],
        &["rtt", "one", "nobody"],
    ] {
        let ended = one.run(unknown);
        assert!(ended.code == Some(2) && ended.stderr.contains("nobody"), "{unknown:?}: {ended:?}");
    }
    let free =
        std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    for command in [
        &["members"][..],
        &["info"],
        &["leave"],
        &["ping", "x"],
        &["monitor"],
        &["health"],
        &["tags"],
    ] {
        for place in [free.as_str(), "unix:/nowhere/swim.sock"] {
            let ended = run(&[command, &["--agent", place]].concat());
            assert_eq!(ended.code, Some(3), "{command:?}: {ended:?}");
            assert!(
                ended.stderr.contains("no agent answers at ")
                    && ended.stderr.contains("swim agent --http"),
                "{ended:?}"
            );
        }
    }
    for wrong in [
        &["members", "--status", "asleep"][..],
        &["join"],
        &["members", "--agent", "ftp://x"],
        &["man", "nothing"],
    ] {
        assert_eq!(run(wrong).code, Some(64), "{wrong:?}");
    }
    let refused = one.run(&["ping", "one"]);
    assert_eq!(
        (refused.code, refused.stderr.as_str()),
        (Some(1), "swim: the name is this node's own\n")
    );
}

#[test]
fn a_join_and_a_leave_are_seen_by_the_other() {
    let (one, mut two) = (Agent::start("one", &[]), Agent::start("two", &[]));
    assert_eq!(two.ask(&["join", &one.address]), "joined: 2 active members known\n");
    one.until_sees("two", "alive");
    let failed = two.run(&["join", "127.0.0.1:1"]);
    assert_eq!(failed.code, Some(1));
    assert!(failed.stderr.contains("no seed answered"), "{failed:?}");
    assert_eq!(two.ask(&["leave"]), "the agent has left the cluster and ends\n");
    assert_eq!(two.exit_status(), Some(0));
    one.until_sees("two", "left");
}

#[test]
fn a_join_of_nobody_is_an_error_at_once_and_the_log_says_it_once() {
    let one = Agent::start("one", &["-v", "--seed", "127.0.0.1:1"]);
    for (seed, words) in
        [("127.0.0.1:1", "nothing listens there"), ("nowhere.invalid:7946", "no address")]
    {
        let refused = one.run(&["join", seed]);
        assert_eq!((refused.code, refused.stdout.as_str()), (Some(1), ""), "{refused:?}");
        assert!(refused.stderr.contains(words) && refused.stderr.contains(seed), "{refused:?}");
    }
    // Each has been tried again since.
    for seed in ["127.0.0.1:1", "nowhere.invalid:7946"] {
        (0..4).for_each(|_| drop(one.line(&format!("seed {seed}"))));
    }
    let logged: Vec<String> = one.stderr.try_iter().collect();
    for (seed, words) in [
        ("127.0.0.1:1", "a seed does not answer"),
        ("nowhere.invalid:7946", "a seed has no address"),
    ] {
        let told: Vec<_> = logged.iter().filter(|line| line.contains(seed)).collect();
        assert!(
            told.len() == 1 && told[0].contains("WARN") && told[0].contains(words),
            "{words}: {logged:?}"
        );
    }
}

#[test]
fn a_name_that_another_node_has_is_warned_of_once_in_the_log() {
    let one = Agent::start("one", &[]);
    let again = Agent::start("one", &["--seed", &one.address]);
    let warning = line(&again.stderr, "another node has this node's name");
    assert!(warning.contains(&one.address), "{warning}");
}

#[test]
fn a_failed_member_is_declared_left_and_the_living_are_not() {
    let mut agents = cluster(&["one", "two", "three"]);
    let alive = agents[0].run(&["force-leave", "three"]);
    assert_eq!(alive.code, Some(1));
    assert!(alive.stderr.contains("alive and would refute"), "{alive:?}");
    drop(agents.pop());
    agents[0].until_sees("three", "dead");
    assert_eq!(agents[0].ask(&["force-leave", "three"]), "three is declared to have left\n");
    agents.iter().for_each(|agent| agent.until_sees("three", "left"));
    assert_eq!(
        agents[1].ask(&["force-leave", "--prune", "three"]),
        "three is declared to have left and forgotten here\n"
    );
    until("it is forgotten", || agents[1].statuses().len() == 2);
    agents[0].until_sees("three", "left");
}

#[test]
fn tags_are_set_and_deleted_and_the_others_see_it() {
    let one = Agent::start("one", &["--tag", "role=web"]);
    let two = Agent::start("two", &["--seed", &one.address]);
    two.until_sees("one", "alive");
    assert_eq!(one.ask(&["tags"]), "role=web\n");
    assert_eq!(
        one.ask(&["tags", "--set", "zone=a=b", "--set", "x=", "--delete", "role"]),
        "x=\nzone=a=b\n"
    );
    until("the other sees it", || two.run(&["members", "--tag", "zone=a=b"]).code == Some(0));
    assert_eq!(two.json(&["members", "--tag", "zone=a=b"])["members"][0]["id"], "one");
    let long = format!("long={}", "x".repeat(600));
    let refused = one.run(&["tags", "--set", &long]);
    assert!(
        refused.code == Some(1) && refused.stderr.contains("max_metadata_size allows 512"),
        "{refused:?}"
    );
    assert_eq!(one.ask(&["tags"]), "x=\nzone=a=b\n", "nothing was changed");
    let three = Agent::start("three", &["--metadata", "rack 7"]);
    let refused = three.run(&["tags", "--set", "a=b"]);
    assert!(
        refused.code == Some(1) && refused.stderr.contains("metadata in place of tags"),
        "{refused:?}"
    );
    assert_eq!(three.json(&["members"])["members"][0]["metadata"], "rack 7");
}

#[test]
fn tags_that_are_set_at_the_same_time_are_all_kept() {
    let one = Agent::start("one", &[]);
    std::thread::scope(|scope| {
        for number in 0..8 {
            let place = &one.http;
            scope.spawn(move || {
                let set = serde_json::json!({ "set": { format!("tag-{number}"): "x" } });
                assert_eq!(request(place, "POST", "/v1/tags", &[], &set.to_string()).0, 200);
            });
        }
    });
    assert_eq!(one.ask(&["tags"]).lines().count(), 8);
}

#[test]
fn a_monitor_whose_agent_is_gone_before_it_has_seen_enough_is_an_error() {
    for (signal, arguments) in [("-KILL", &[][..]), ("-TERM", &["--count", "9999"])] {
        let one = Agent::start("one", &[]);
        let mut monitor = swim(&[&["monitor", "--agent", &one.http], arguments].concat());
        let mut monitor = monitor.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let told = lines(monitor.stdout.take().unwrap());
        until("it is told something", || {
            one.ask(&["event", "any"]);
            told.try_recv().is_ok()
        });
        one.signal(signal);
        let ended = ended(monitor.wait_with_output().unwrap());
        assert!(
            ended.code == Some(3) && ended.stderr.contains(" is gone ("),
            "{signal}: {ended:?}"
        );
    }
}

#[test]
fn events_are_monitored_as_they_come() {
    let one = Agent::start("one", &[]);
    let arguments = [
        "monitor",
        "--event",
        "broadcast",
        "--event",
        "member-join",
        "--count",
        "2",
        "--agent",
        &one.http,
    ];
    let mut monitor = swim(&arguments).stdout(Stdio::piped()).spawn().unwrap();
    let told = lines(monitor.stdout.take().unwrap());
    // The monitor may connect after the join: then it ends with the second broadcast.
    let two = Agent::start("two", &["--seed", &one.address]);
    one.until_sees("two", "alive");
    until("both are told", || {
        two.ask(&["broadcast", "deploy 17"]);
        monitor.try_wait().unwrap().is_some()
    });
    let line = line(&told, "broadcast from two: deploy 17");
    assert!(line.starts_with("20"), "it begins with its time: {line}");

    let mut from_stdin = swim(&["broadcast", "-", "--agent", &two.http]);
    let mut from_stdin = from_stdin.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    from_stdin.stdin.take().unwrap().write_all(b"by pipe").unwrap();
    assert!(from_stdin.wait().unwrap().success());
    one.line("broadcast from two: by pipe");
}

#[test]
fn a_monitor_of_an_event_that_there_is_not_is_refused_with_the_list_of_those_that_there_are() {
    let refused = run(&["monitor", "--event", "member-faild"]);
    assert_eq!((refused.code, refused.stdout.as_str()), (Some(64), ""), "{refused:?}");
    for words in ["did you mean `member-failed`?", "member-join, member-update", "health-changed"] {
        assert!(refused.stderr.contains(words), "{words}: {}", refused.stderr);
    }
    // The names that were in use before are understood: it is the agent that is missing here.
    assert_eq!(
        run(&["monitor", "--event", "user_event", "--event", "joined", "--agent", "127.0.0.1:1"])
            .code,
        Some(3)
    );
}

#[test]
fn info_health_and_ping_tell_about_the_node() {
    let agents = cluster(&["one", "two"]);
    let info = agents[1].json(&["info"]);
    assert_eq!(
        (&info["id"], &info["address"]),
        (&"two".into(), &agents[1].address.as_str().into())
    );
    assert_eq!((&info["members"]["alive"], &info["cluster"]), (&2.into(), &"default".into()));
    assert_eq!(
        (
            &info["wire"],
            &info["transport"],
            &info["protection"],
            &info["keys"],
            &info["plain_traffic"]
        ),
        (&"native".into(), &"tcp".into(), &"none".into(), &0.into(), &serde_json::Value::Null)
    );
    assert!(agents[1].ask(&["info"]).contains("none: traffic is plain"));
    let detection = &info["detection"];
    // The local preset: periods of 250 ms, and suspicions of three.
    assert_eq!(
        (&detection["members"], &detection["suspected"], &detection["failed"]),
        (&2.into(), &0.375.into(), &1.125.into())
    );
    assert_eq!(
        (&info["reap_dead_after"], &info["reap_left_after"]),
        (&86_400.0.into(), &300.0.into())
    );
    let sentence = "a crash of one of 2 is suspected after about 0.4 s (99 %: 0.5 s), and known as a failure after about 1.1 s";
    assert!(agents[1].ask(&["info"]).contains(sentence), "{}", agents[1].ask(&["info"]));
    assert!(agents[1].ask(&["info"]).contains("2 alive, 0 suspect, 0 dead, 0 left"));
    assert_eq!(agents[1].ask(&["health", "--ready"]), "ready\n");
    assert_eq!(agents[1].json(&["health"])["healthy"], true);
    let pings = agents[0].ask(&["ping", "two", "--count", "3"]);
    assert!(
        pings.lines().count() == 3
            && pings.lines().all(|line| line.starts_with("two answered in ")),
        "{pings}"
    );

    until("there is an estimate", || agents[0].run(&["rtt", "two"]).code == Some(0));
    assert!(agents[0].ask(&["rtt", "two"]).starts_with("one to two: about "));
    assert_eq!(agents[0].json(&["rtt", "two", "one"])["from"], "two");
    assert_eq!(agents[0].json(&["nearest"])["nearest"][0]["id"], "two");
    assert_eq!(agents[0].ask(&["reachability"]), "2 of 2 active members answer\n");
    agents[1].signal("-STOP");
    let unreached = agents[0].run(&["reachability"]);
    agents[1].signal("-CONT");
    assert_eq!(unreached.code, Some(1), "{unreached:?}");
    assert_eq!(unreached.stdout, "two does not answer\n1 of 2 active members answer\n");

    let lonely = Agent::start("lonely", &["--seed", "127.0.0.1:1"]);
    let unready = lonely.run(&["health", "--ready"]);
    assert_eq!(
        (unready.code, unready.stdout.starts_with("not ready: ")),
        (Some(1), true),
        "{unready:?}"
    );
    assert_eq!(lonely.run(&["health"]).code, Some(0));
}

#[test]
fn info_tells_what_protects_the_traffic_and_which_wire_it_is() {
    let place = Place::new();
    let key = run(&["keygen"]).stdout;
    let ring = |name: &str, text: &str| {
        let file = place.file(name, text);
        std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o600))
            .unwrap();
        file
    };
    let plain = ring("ours", &(key.clone() + &run(&["keygen"]).stdout));
    let one = Agent::start(
        "one",
        &["--keyring", &plain, "--plain-traffic", "accepted", "--transport", "udp"],
    );
    let info = one.json(&["info"]);
    assert_eq!(
        (&info["protection"], &info["keys"], &info["plain_traffic"]),
        (&"keyring".into(), &2.into(), &"accepted".into())
    );
    let told = one.ask(&["info"]);
    assert!(
        told.contains("keyring of 2 keys; plain traffic is accepted too")
            && told.contains("udp, and tcp"),
        "{told}"
    );
    let zero = Agent::start("zero", &["--keyring", &ring("sent", &key), "--plain-traffic", "sent"]);
    let told = zero.ask(&["info"]);
    assert!(
        told.contains("none yet: all that is sent is plain") && !told.contains("encrypted"),
        "{told}"
    );
    let serf = ring("serf", &format!("[{:?}]", key.trim()));
    let two = Agent::start("two", &["--wire", "memberlist", "--keyring", &serf]);
    let info = two.json(&["info"]);
    assert_eq!(
        (&info["wire"], &info["transport"], &info["protection"], &info["keys"]),
        (&"memberlist".into(), &"udp".into(), &"keyring".into(), &1.into())
    );
}

#[test]
fn the_commands_work_over_a_unix_socket_that_only_its_owner_may_use() {
    use std::os::unix::fs::PermissionsExt;

    let place = Place::new();
    let path = place.0.join("swim.sock");
    let there = format!("unix:{}", path.display());
    let mut one = Agent::start_at("one", &["--http", &there]);
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(one.http, there);
    assert!(one.ask(&["info"]).contains("one"));
    // What a killed agent leaves behind is in nobody's way.
    one.child.kill().unwrap();
    one.child.wait().unwrap();
    assert!(path.exists());
    let mut again = Agent::start_at("one", &["--http", &there]);
    assert_eq!(again.run(&["leave"]).code, Some(0));
    assert_eq!((again.exit_status(), path.exists()), (Some(0), false));
}

#[test]
fn a_unix_socket_has_the_mode_and_the_group_that_were_asked_for() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};

    let place = Place::new();
    let own_group = std::fs::metadata(&place.0).unwrap().gid().to_string();
    let path = place.0.join("swim.sock");
    let there = format!("unix:{}", path.display());
    for (arguments, mode) in [
        (&["--http-socket-mode", "0666"][..], 0o666),
        (&["--http-socket-group", &own_group], 0o660),
        (&["--http-socket-group", &own_group, "--http-socket-mode", "0620"], 0o620),
    ] {
        let one = Agent::start_at("one", &[&["--http", &there], arguments].concat());
        let file = std::fs::metadata(&path).unwrap();
        assert_eq!(
            (file.permissions().mode() & 0o777, file.gid().to_string()),
            (mode, own_group.clone()),
            "{arguments:?}"
        );
        assert!(one.ask(&["info"]).contains("one"));
        assert_eq!(one.run(&["leave"]).code, Some(0));
    }
    let start = ["agent", "--bind", "127.0.0.1:0", "--http", &there];
    let nobodys = run(&[&start[..], &["--http-socket-group", "no-such-group"]].concat());
    assert!(
        nobodys.code == Some(1) && nobodys.stderr.contains("there is no group \"no-such-group\""),
        "{nobodys:?}"
    );
    assert!(!path.exists(), "nothing is left behind");
    let wrong = run(&[&start[..], &["--http-socket-mode", "0777"]].concat());
    assert!(wrong.code == Some(64) && wrong.stderr.contains("0660"), "{wrong:?}");
}

#[test]
fn too_much_on_standard_input_is_refused_and_named_as_what_it_is() {
    let one = Agent::start("one", &[]);
    let mut broadcast = swim(&["broadcast", "-", "--agent", &one.http]);
    let mut child = broadcast.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // It stops reading.
    let _ = child.stdin.take().unwrap().write_all(&[b'x'; 70_000]);
    let refused = ended(child.wait_with_output().unwrap());
    assert!(
        refused.code == Some(1)
            && refused.stderr.contains("70000 bytes: no payload has more than 40960"),
        "{refused:?}"
    );
}

#[test]
fn a_query_names_those_it_did_not_reach_once_and_counts_each_that_answered_once() {
    let one = Agent::start("one", &["--on", "query:load=echo 1"]);
    let asked = one.run(&["query", "load", "--node", "one", "--node", "nobody", "--timeout", "1s"]);
    assert_eq!(asked.code, Some(0), "{asked:?}");
    assert_eq!(asked.stderr.matches("nobody").count(), 1, "said once: {asked:?}");
    assert!(
        asked.stdout.ends_with("1 of 1 that it reached have answered\n")
            && !asked.stderr.contains("one was"),
        "{asked:?}"
    );
}

#[test]
fn help_that_cannot_be_written_is_an_error() {
    for arguments in [&["help"][..], &["--version"], &["agent", "--help"]] {
        let full = std::fs::File::options().write(true).open("/dev/full").expect("Linux has one");
        let refused = ended(swim(arguments).stdout(full).stderr(Stdio::piped()).output().unwrap());
        assert!(
            refused.code == Some(1) && refused.stderr.contains("standard output cannot be written"),
            "{refused:?}"
        );
    }
}

#[test]
fn keys_completions_manual_pages_and_the_version_need_no_agent() {
    let key = run(&["keygen"]).stdout;
    assert_eq!(
        (key.len(), key == run(&["keygen"]).stdout),
        (45, false),
        "32 bytes in base64, other ones each time"
    );
    for shell in ["bash", "zsh", "fish"] {
        let script = run(&["completions", shell]).stdout;
        assert!(script.contains("swim") && script.contains("force-leave"), "{shell}");
    }
    assert!(run(&["man"]).stdout.contains(".TH swim 1"));
    let place = Place::new();
    let pages = place.0.join("share").join("man1");
    assert_eq!(run(&["man", "--dir", &pages.display().to_string()]).code, Some(0));
    for page in ["swim.1", "swim-agent.1", "swim-keys-install.1"] {
        assert!(
            std::fs::read_to_string(pages.join(page)).is_ok_and(|text| text.contains(".TH")),
            "{page}"
        );
    }
    let file = pages.join("swim.1").display().to_string();
    assert!(run(&["man", "--dir", &file]).stderr.contains(&file), "a file is no directory");
    let page = run(&["man", "agent"]).stdout;
    assert!(page.contains("\\-\\-token\\-file") && page.contains("SWIM_BIND"), "{page}");
    assert_eq!(run(&["version"]).stdout, format!("swim {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn the_help_of_every_command_explains_with_examples() {
    let help = run(&["--help"]).stdout;
    let commands = help.split_once("Commands:").unwrap().1.split_once("Options:").unwrap().0;
    let names =
        commands.lines().filter_map(|line| line.strip_prefix("  ")?.split_whitespace().next());
    for name in names.filter(|name| !["help", "version"].contains(name)) {
        let help = run(&[name, "--help"]);
        assert_eq!(help.code, Some(0));
        assert!(help.stdout.contains("Example"), "{name}: {}", help.stdout);
        let page = run(&["man", name]);
        assert!(
            page.code == Some(0)
                && page.stdout.contains(".SH SYNOPSIS")
                && page.stdout.contains("Example"),
            "{name}"
        );
    }
    assert!(run(&["man", "keys", "install"]).stdout.contains("base64"));
    assert_eq!(run(&["man", "keys", "instal"]).code, Some(64));
}
