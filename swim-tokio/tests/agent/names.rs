//! A living agent keeps its name, and a restart is told as such.

use std::time::{Duration, Instant};

use crate::harness::{Agent, swim, until};

#[test]
fn an_agent_with_a_living_members_name_is_refused_at_its_start_and_says_who_has_it() {
    let seed = Agent::start("seed", &[]);
    let web = Agent::start("web", &["--seed", &seed.address]);
    seed.until_sees("web", "alive");
    let mut clone = Agent::start("web", &["--seed", &seed.address]);
    let said = clone.line("name is taken");
    assert!(said.contains(&web.address), "{said}");
    assert_eq!(clone.exit_status(), Some(1));
    assert!(web.line("another node").contains(&clone.address), "the bearer is told");
    assert_eq!(
        seed.json(&["members", "--status", "alive"])["members"].as_array().map(Vec::len),
        Some(2)
    );
    assert_eq!((web.json(&["info"])["name_lost_to"].as_str(), web.get("/ready").0), (None, 200));
}

#[test]
fn an_agent_that_joins_through_the_very_bearer_of_its_name_is_refused_too() {
    let web = Agent::start("web", &[]);
    let mut clone = Agent::start("web", &["--seed", &web.address]);
    let said = clone.line("name is taken");
    assert!(said.contains(&web.address), "{said}");
    assert_eq!(clone.exit_status(), Some(1));
    assert_eq!((web.json(&["info"])["name_lost_to"].as_str(), web.get("/ready").0), (None, 200));
}

#[test]
fn a_restart_at_the_same_address_is_told() {
    let seed = Agent::start("seed", &[]);
    let web = Agent::start("web", &["--seed", &seed.address]);
    let started = Instant::now();
    seed.until_sees("web", "alive");
    let address = web.address.clone();
    web.signal("-KILL");
    drop(web);
    // A life begins at the milliseconds of its clock; within the first 64 it could be one that
    // counted up.
    until("the next life begins well above the last", || {
        started.elapsed() > Duration::from_millis(100)
    });
    let place = [
        "--bind",
        &address,
        "--http",
        "127.0.0.1:0",
        "--seed",
        &seed.address,
        "--profile",
        "local",
    ];
    let _again = Agent::spawn(swim(&[&["agent", "--id", "web"][..], &place].concat()));
    seed.line("web has restarted");
}
