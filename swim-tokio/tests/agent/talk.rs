//! Events, queries, and the keys that a query changes at every node.

use serde_json::{Value, json};

use crate::harness::{Agent, Place, cluster, ended, run, swim, until};

#[test]
fn an_event_reaches_every_member_and_its_handlers() {
    let place = Place::new();
    let out = place.0.join("out");
    let one = Agent::start("one", &[]);
    let handler = format!(
        "user-event:deploy=(cat; echo; echo \"$SWIM_EVENT $SWIM_NAME\") >> {}",
        out.display()
    );
    let two = Agent::start("two", &["--seed", &one.address, "--on", &handler]);
    two.until_sees("one", "alive");
    one.until_sees("two", "alive");
    assert!(one.ask(&["event", "restart"]).starts_with("the event is on its way, at time "));
    one.ask(&["event", "deploy", "version 17"]);
    one.line("event deploy");
    two.line("event restart");
    let content = || std::fs::read_to_string(&out).unwrap_or_default();
    until("it is handled", || content().contains("user deploy\n"));
    let event: Value = serde_json::from_str(content().lines().next().unwrap()).expect("JSON");
    assert_eq!(
        (&event["event"], &event["name"], &event["payload"], &event["payload_base64"]),
        (&"user".into(), &"deploy".into(), &"version 17".into(), &"dmVyc2lvbiAxNw==".into())
    );
    assert!(!content().contains("restart"), "that has another name");
}

#[test]
fn a_query_is_answered_by_handlers_and_by_programs() {
    let one = Agent::start("one", &[]);
    let two = Agent::start(
        "two",
        &["--seed", &one.address, "--tag", "role=web", "--on", "query:load=printf 0.5; cat >&2"],
    );
    let three = Agent::start(
        "three",
        &["--seed", &one.address, "--tag", "role=db", "--on", "*=echo noted"],
    );
    for agent in [&one, &two, &three] {
        ["one", "two", "three"].iter().for_each(|id| agent.until_sees(id, "alive"));
    }
    let answers = one.json(&["query", "load", "--tag", "role=^web$"]);
    assert_eq!(answers["acks"], json!(["two"]));
    assert_eq!(
        answers["responses"],
        json!([{ "from": "two", "payload": "0.5", "payload_base64": "MC41" }])
    );
    let table = one.ask(&["query", "load", "--timeout", "1s"]);
    assert_eq!(table, "NAME  ANSWER\ntwo   0.5\n1 of 3 that it reached have answered\n");
    assert_eq!(
        one.run(&["query", "load", "--node", "three", "--timeout", "500ms"]).code,
        Some(2),
        "nobody answers"
    );
    assert!(one.run(&["query", "load", "--tag", "role=("]).stderr.contains("expression"));
    let beside_nobody =
        one.run(&["query", "load", "--node", "nobody", "--node", "two", "--timeout", "1s"]);
    assert_eq!(beside_nobody.code, Some(0), "{beside_nobody:?}");
    assert!(beside_nobody.stderr.contains("no member has the name nobody"), "{beside_nobody:?}");
    assert!(!beside_nobody.stderr.contains("nobody was not reached"), "said once");
    assert_eq!(one.run(&["query", "_own"]).code, Some(1));

    // A program hears of a query by an event, and answers over HTTP.
    let monitor = std::thread::spawn({
        let place = three.http.clone();
        move || {
            run(&[
                "monitor", "--event", "query", "--count", "1", "--format", "jsonl", "--agent",
                &place,
            ])
        }
    });
    let place = one.http.clone();
    let asked = std::thread::spawn(move || {
        loop {
            let ended =
                run(&["query", "version", "--node", "three", "--timeout", "5s", "--agent", &place]);
            if ended.code != Some(2) {
                return ended;
            }
        }
    });
    let heard: Value = serde_json::from_str(&monitor.join().unwrap().stdout).expect("JSON");
    assert_eq!((&heard["name"], &heard["from"]), (&"version".into(), &"one".into()));
    let respond = format!("/v1/queries/{}/respond", heard["query"]);
    assert_eq!(three.post(&respond, &json!({ "payload": "v17" })).0, 200);
    assert_eq!(
        three.post(&respond, &json!({ "payload": "v18" })).0,
        404,
        "only the first answer counts"
    );
    assert!(asked.join().unwrap().stdout.contains("three  v17\n"));
}

#[test]
fn the_keys_of_all_nodes_are_changed_from_one_and_shown_nowhere() {
    let place = Place::new();
    let key = |name: &str| {
        let key = run(&["keygen"]).stdout;
        let file = place.file(name, &key);
        let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
        std::fs::set_permissions(&file, private).unwrap();
        (file, key.trim().to_owned())
    };
    let (_, old) = key("old");
    let agents: Vec<Agent> =
        ["one", "two", "three"].into_iter().fold(Vec::new(), |mut agents, id| {
            let ring = key(id).0;
            std::fs::write(&ring, format!("{old}\n")).unwrap();
            let mut arguments = vec!["--keyring", &ring, "-vvv"];
            arguments.extend(
                agents.first().into_iter().flat_map(|first: &Agent| ["--seed", &*first.address]),
            );
            agents.push(Agent::start(id, &arguments));
            agents
        });
    for agent in &agents {
        ["one", "two", "three"].iter().for_each(|id| agent.until_sees(id, "alive"));
    }
    let names = |shape: &Value| -> Vec<(String, u64, u64)> {
        let of = |key: &Value| {
            let number = |name: &str| key[name].as_u64().unwrap();
            (key["key"].as_str().unwrap().to_owned(), number("nodes"), number("primary"))
        };
        shape["keys"].as_array().unwrap().iter().map(of).collect()
    };
    let first = names(&agents[0].json(&["keys", "list"]));
    assert_eq!((first.len(), first[0].1, first[0].2), (1, 3, 3));
    let (file, new) = key("new");
    assert!(agents[0].ask(&["keys", "install", &file]).ends_with("3 of 3 nodes have the key\n"));
    let both = names(&agents[1].json(&["keys", "list"]));
    let second = both.iter().find(|key| key.0 != first[0].0).expect("a second key").0.clone();
    assert_eq!(both.iter().map(|key| key.1).collect::<Vec<_>>(), [3, 3]);
    assert!(agents[1].ask(&["keys", "use", &second]).ends_with("3 of 3 nodes use the key\n"));
    let in_use = agents[1].run(&["keys", "remove", &second]);
    assert!(
        in_use.code == Some(1) && in_use.stderr.contains("3 of 3 nodes could not do it"),
        "{in_use:?}"
    );
    assert!(in_use.stderr.contains("two: it still seals with the key"), "{in_use:?}");
    let removed = agents[2].ask(&["keys", "remove", &first[0].0]);
    assert!(removed.ends_with("3 of 3 nodes do not have the key any more\n"), "{removed}");
    assert_eq!(names(&agents[0].json(&["keys", "list"])), [(second.clone(), 3, 3)]);
    // They still hear each other, and said nothing of the keys themselves.
    agents[0].ask(&["ping", "three"]);
    for (agent, address) in agents.iter().zip(std::iter::repeat(&agents[0].address)) {
        let lines: Vec<String> = agent.stdout.try_iter().chain(agent.stderr.try_iter()).collect();
        for line in &lines {
            assert!(!line.contains(&old) && !line.contains(&new), "{line}");
        }
        let who = format!(
            "key change from=one address={address} operation=\"install\" key={second} outcome=\"done\""
        );
        assert!(lines.iter().any(|line| line.contains(&who)), "{who} is not in {lines:#?}");
    }
}

#[test]
fn the_keys_of_nodes_beside_serf_are_listed_by_name_and_shown_nowhere() {
    let place = Place::new();
    let key = |name: &str| {
        let key = run(&["keygen"]).stdout;
        (place.secret(name, &key), key.trim().to_owned())
    };
    let (_, old) = key("old");
    let start = |id: &str, more: &[&str]| {
        let ring = place.secret(id, &serde_json::json!([old]).to_string());
        Agent::start(id, &[&["--wire", "memberlist", "--keyring", &ring, "-vvv"], more].concat())
    };
    let one = start("one", &[]);
    let two = start("two", &["--seed", &one.address]);
    [&one, &two]
        .iter()
        .for_each(|agent| ["one", "two"].iter().for_each(|id| agent.until_sees(id, "alive")));
    let (file, new) = key("new");
    one.ask(&["keys", "install", &file]);
    assert!(one.ask(&["keys", "list"]).ends_with("2 of 2 nodes have answered\n"));
    for agent in [&one, &two] {
        // What comes later is written after all that the keys could have been in.
        agent.ask(&["ping", if agent.address == one.address { "two" } else { "one" }]);
        for line in agent.stdout.try_iter().chain(agent.stderr.try_iter()) {
            assert!(!line.contains(&old) && !line.contains(&new), "{line}");
        }
    }
}

#[test]
fn keys_are_neither_used_nor_removed_while_a_node_would_be_cut_off_unless_forced() {
    let place = Place::new();
    let ring = |name: &str, keys: &[&str]| {
        let file = place.file(name, &keys.concat());
        std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o600))
            .unwrap();
        file
    };
    let (old, new) = (run(&["keygen"]).stdout, run(&["keygen"]).stdout);
    let rings = [ring("one", &[&old, &new]), ring("two", &[&old])];
    let one = Agent::start("one", &["--keyring", &rings[0]]);
    let two = Agent::start("two", &["--keyring", &rings[1], "--seed", &one.address]);
    one.until_sees("two", "alive");
    two.until_sees("one", "alive");
    let listed = one.json(&["keys", "list"]);
    let keys: Vec<(String, u64)> = listed["keys"]
        .as_array()
        .unwrap()
        .iter()
        .map(|key| (key["key"].as_str().unwrap().to_owned(), key["nodes"].as_u64().unwrap()))
        .collect();
    let lacked = keys.iter().find(|key| key.1 == 1).unwrap().0.clone();
    let refused = one.run(&["keys", "use", &lacked]);
    assert!(
        refused.code == Some(1) && refused.stderr.contains("two: it does not have the key"),
        "{refused:?}"
    );
    assert!(refused.stderr.contains("--force"), "{refused:?}");
    one.ask(&["ping", "two"]);
    // A node that does not answer could not do it either.
    two.signal("-STOP");
    let silent = one.run(&["keys", "remove", &lacked]);
    assert!(silent.code == Some(1) && silent.stderr.contains("two: "), "{silent:?}");
    two.signal("-CONT");
    assert_eq!(
        std::fs::read_to_string(&rings[0]).unwrap(),
        [&*old, &*new].concat(),
        "no file was written"
    );
    one.until_sees("two", "alive");
    let forced = one.run(&["keys", "use", &lacked, "--force"]);
    assert!(
        forced.code == Some(1) && forced.stdout.contains("1 of 2 nodes use the key"),
        "{forced:?}"
    );
}

#[test]
fn no_key_is_changed_while_plain_traffic_is_dealt_in() {
    let place = Place::new();
    let ring = |name: &str, key: &str| {
        let file = place.file(name, key);
        std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o600))
            .unwrap();
        file
    };
    let (old, theirs) = (run(&["keygen"]).stdout, run(&["keygen"]).stdout);
    let kept = ring("kept", &old);
    let one = Agent::start("one", &["--keyring", &kept, "--plain-traffic", "accepted"]);
    // Without the cluster's key, and in a state of its own in which it would not ask: so it asks by
    // a query of its own making.
    let outsider = Agent::start(
        "outsider",
        &["--keyring", &ring("theirs", &theirs), "--plain-traffic", "sent", "--seed", &one.address],
    );
    let refused = one.run(&["keys", "install", &ring("new", &theirs)]);
    assert!(
        refused.code == Some(1) && refused.stderr.contains("plain_traffic to refused"),
        "{refused:?}"
    );
    let asked = outsider.run(&["keys", "install", &ring("again", &theirs), "--force"]);
    assert!(
        asked.code == Some(1) && asked.stderr.contains("plain_traffic to refused"),
        "{asked:?}"
    );
    assert_eq!(std::fs::read_to_string(&kept).unwrap(), old, "the keyring's file is as it was");
    // It opens no ping that is sealed with the cluster's key, so it cannot answer one.
    let members = one.run(&["members"]);
    assert!(members.code == Some(0) && !members.stdout.contains("outsider"), "{members:?}");
}

#[test]
fn what_is_no_key_is_said_before_an_agent_is_asked() {
    let place = Place::new();
    let nobody = ["--agent", "127.0.0.1:1"];
    for (text, words) in [("c2VjcmV0!", "not base64"), ("c2VjcmV0", "6 bytes"), ("", "0 bytes")] {
        let file = place.file("key", text);
        let refused = run(&[&["keys", "install", &file], &nobody[..]].concat());
        assert_eq!((refused.code, refused.stdout.as_str()), (Some(1), ""), "{refused:?}");
        assert!(refused.stderr.contains(words) && refused.stderr.contains(&file), "{refused:?}");
        assert!(!refused.stderr.contains("c2Vj"), "{refused:?}");
    }
    for what in ["use", "remove"] {
        let refused = run(&[&["keys", what, "the-old-one"], &nobody[..]].concat());
        assert!(
            refused.code == Some(64) && refused.stderr.contains("swim keys list"),
            "{refused:?}"
        );
        assert_eq!(
            run(&[&["keys", what, "1f0c9a3b"], &nobody[..]].concat()).code,
            Some(3),
            "that is a name"
        );
    }
}

#[test]
fn what_is_too_long_on_standard_input_is_said_with_its_whole_length() {
    let place = Place::new();
    for command in [&["broadcast", "-"][..], &["event", "deploy", "-"], &["query", "load", "-"]] {
        let input = std::fs::File::open(place.file("input", &"x".repeat(70_000))).unwrap();
        let refused = ended(swim(command).stdin(input).output().unwrap());
        assert!(
            refused.code == Some(1) && refused.stderr.contains("has 70000 bytes"),
            "{command:?}: {refused:?}"
        );
        assert!(refused.stderr.contains("more than 40960"), "{command:?}: {refused:?}");
    }
}

#[test]
fn without_a_keyring_there_are_no_keys_to_change() {
    let agents = cluster(&["one", "two"]);
    let mut install = swim(&["keys", "install", "-", "--agent", &agents[0].http]);
    let mut child = install
        .stdin(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), run(&["keygen"]).stdout.as_bytes())
        .unwrap();
    let refused = ended(child.wait_with_output().unwrap());
    assert!(refused.code == Some(1) && refused.stderr.contains("without a keyring"), "{refused:?}");
    assert_eq!(agents[0].run(&["keys", "list"]).code, Some(1));
}
