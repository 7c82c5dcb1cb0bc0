//! What an operator is told of traffic that others can read.

use crate::harness::{Agent, line};

#[test]
fn plain_traffic_beyond_loopback_is_warned_of_at_the_start_and_on_loopback_it_is_not() {
    // Nobody is at that address, which is for documents, and nothing is sent there.
    let exposed = Agent::start("exposed", &["--advertise", "192.0.2.1:0"]);
    let warning = line(&exposed.stderr, "neither encrypted nor authenticated");
    assert!(warning.contains("keyring"), "{warning}");
    let mut at_home = Agent::start("at-home", &[]);
    at_home.child.kill().expect("it runs");
    at_home.child.wait().expect("it ends");
    let said: Vec<String> = at_home.stderr.iter().collect();
    assert!(said.iter().all(|line| !line.contains("encrypted")), "{said:?}");
}
