//! Killed agents come back: by their snapshot alone, without a seed.

use crate::harness::{Agent, Place, line, swim, until};

fn start(id: &str, place: &Place, more: &[&str]) -> Agent {
    let directory = place.0.join(id);
    let directory = directory.display().to_string();
    Agent::start(id, &[&["--snapshot", &directory], more].concat())
}

fn incarnation(agent: &Agent, id: &str) -> u64 {
    let members = agent.json(&["members"])["members"].as_array().expect("members").clone();
    let member = members.into_iter().find(|member| member["id"] == id).expect("it is known");
    member["incarnation"].as_u64().expect("a number")
}

fn knows(place: &Place, id: &str, others: &[&str]) -> bool {
    let bytes = std::fs::read(place.0.join(id).join("snapshot")).unwrap_or_default();
    let has = |word: &str| bytes.windows(word.len()).any(|part| part == word.as_bytes());
    others.iter().all(|other| has(other))
}

#[test]
fn after_kill_9_an_agent_comes_back_without_seeds_though_its_seed_is_gone() {
    let place = Place::new();
    let mut seed = start("first-seed", &place, &[]);
    let two = start("number-two", &place, &["--seed", &seed.address]);
    let mut three = start("number-three", &place, &["--seed", &seed.address]);
    for agent in [&seed, &two, &three] {
        ["first-seed", "number-two", "number-three"]
            .iter()
            .for_each(|id| agent.until_sees(id, "alive"));
    }
    until("the snapshot says so", || knows(&place, "number-three", &[&seed.address, &two.address]));
    let former = incarnation(&two, "number-three");
    // On Unix this is `kill -9`.
    for agent in [&mut seed, &mut three] {
        agent.child.kill().expect("it runs");
        agent.child.wait().expect("it ends");
    }
    two.until_sees("number-three", "dead");
    let three = start("number-three", &place, &[]);
    three.until_sees("number-two", "alive");
    two.until_sees("number-three", "alive");
    assert!(incarnation(&three, "number-three") > former);
}

#[test]
fn right_after_a_restart_it_is_ready_once_the_others_are_found_or_known_to_be_gone() {
    let place = Place::new();
    let one = start("survivor", &place, &[]);
    assert_eq!(one.get("/ready").0, 200, "it begins a cluster");
    let two = start("restarted", &place, &["--seed", &one.address]);
    two.until_sees("survivor", "alive");
    until("the snapshot says so", || knows(&place, "restarted", &[&one.address]));
    drop(two);
    // The other one holds its port, but does not answer.
    one.signal("-STOP");
    let two = start("restarted", &place, &[]);
    let (status, answer) = two.get("/ready");
    assert!(status == 503 && answer["reason"].as_str().unwrap().contains("snapshot"), "{answer}");
    one.signal("-CONT");
    until("it has found the other one", || two.get("/ready").0 == 200);
    two.until_sees("survivor", "alive");
    drop(one);
    two.until_sees("survivor", "dead");
    assert_eq!(two.get("/ready").0, 200, "it goes on alone");
    drop(two);
    let two = start("restarted", &place, &[]);
    until("it has found nobody", || two.get("/ready").0 == 200);
}

/// Killed at any moment, again and again: each time it starts, and finds its way back.
#[test]
fn an_agent_that_is_killed_at_any_moment_starts_again_with_its_snapshot() {
    let place = Place::new();
    let one = start("stays", &place, &[]);
    let first = start("comes-and-goes", &place, &["--seed", &one.address]);
    one.until_sees("comes-and-goes", "alive");
    until("the snapshot says so", || knows(&place, "comes-and-goes", &[&one.address]));
    drop(first);
    let mut last = 0;
    for round in 0..6 {
        let agent = start("comes-and-goes", &place, &[]);
        let now = incarnation(&agent, "comes-and-goes");
        assert!(now > last, "round {round}");
        last = now;
        if round == 5 {
            agent.until_sees("stays", "alive");
        }
        // Dropped: killed while it joins.
    }
    let left = std::fs::read_dir(place.0.join("comes-and-goes"))
        .expect("its directory")
        .filter_map(Result::ok);
    assert!(left.into_iter().all(|entry| !entry.file_name().to_string_lossy().contains("corrupt")));
}

#[test]
fn a_damaged_snapshot_is_set_aside_with_a_warning_and_the_agent_starts() {
    let place = Place::new();
    let directory = place.0.join("one");
    std::fs::create_dir_all(&directory).expect("a directory");
    std::fs::write(directory.join("snapshot"), b"SWIMSNAP\x01 and then nothing that makes sense")
        .expect("a file");
    let agent = start("one", &place, &[]);
    let warning = line(&agent.stderr, "damaged");
    assert!(warning.contains("corrupt-"), "{warning}");
    until("a new one is written", || knows(&place, "one", &["SWIMSNAP", "one"]));
    let again = swim(&[
        "agent",
        "--id",
        "one",
        "--bind",
        "127.0.0.1:0",
        "--snapshot",
        &directory.display().to_string(),
    ])
    .output()
    .expect("it starts");
    let stderr = String::from_utf8_lossy(&again.stderr);
    assert!(again.status.code() == Some(1) && stderr.contains("another running node"), "{stderr}");
    drop(agent);
    let another = swim(&[
        "agent",
        "--id",
        "two",
        "--bind",
        "127.0.0.1:0",
        "--snapshot",
        &directory.display().to_string(),
    ])
    .output()
    .expect("it starts");
    let stderr = String::from_utf8_lossy(&another.stderr);
    assert!(another.status.code() == Some(64) && stderr.contains("belongs to one"), "{stderr}");
}

#[test]
fn a_snapshot_that_cannot_be_written_is_a_warning_of_health_and_a_metric_until_it_can() {
    let place = Place::new();
    let directory = place.0.join("snapshot");
    let one = Agent::start("one", &["-v", "--snapshot", &directory.display().to_string()]);
    let failures = || {
        let text = one.request("GET", "/metrics", &[], "").1;
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix("swim_snapshots_total{result=\"failed\"} "))
            .expect("it is there");
        line.parse::<u64>().expect("a number")
    };
    assert_eq!((failures(), one.ask(&["health"])), (0, "healthy\n".to_owned()));
    // As a disk that is full: nothing can be written there, by any user.
    std::fs::remove_dir_all(&directory).unwrap();
    std::fs::write(&directory, "").unwrap();
    let _two = Agent::start("two", &["--seed", &one.address]);
    line(&one.stderr, "the snapshot cannot be written");
    let warned = one.ask(&["health"]);
    assert!(warned.starts_with("healthy\nwarning: the snapshot cannot be written: "), "{warned}");
    assert!(failures() > 0 && one.json(&["health"])["warnings"][0].is_string());
    std::fs::remove_file(&directory).unwrap();
    std::fs::create_dir(&directory).unwrap();
    line(&one.stderr, "the snapshot is written again");
    assert_eq!(one.ask(&["health"]), "healthy\n");
}
