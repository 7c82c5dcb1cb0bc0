//! The agent's key commands among serf's agents, and the moves between keys and to encryption that
//! they and SIGHUP make.

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Command, Output};

use swim_tokio::{generate_key, key_to_base64};

use crate::ours::Agent;
use crate::ports;
use crate::process::until;
use crate::serf::Serf;

/// A directory with secret files, gone with the test.
struct Files(PathBuf);

impl Files {
    fn new(name: &str) -> Self {
        let directory =
            std::env::temp_dir().join(format!("swim-interop-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        Self(directory)
    }

    fn write(&self, name: &str, text: &str) -> String {
        let path = self.0.join(name);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        path.to_str().unwrap().to_owned()
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn new_key() -> String {
    key_to_base64(&generate_key().unwrap()).to_string()
}

/// An agent of ours with HTTP at the address that is returned, for the command line.
async fn with_http(id: &str, serf: &Serf, arguments: &[&str]) -> (Agent, String) {
    let http = ports::free().to_string();
    let agent = Agent::start(id, serf.address, &[&["--http", &http], arguments].concat()).await;
    until("serf knows us", || serf.sees(id, agent.address)).await;
    (agent, http)
}

fn swim(http: &str, arguments: &[&str]) -> (bool, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_swim"));
    command.args(arguments).args(["--agent", http]);
    let Output { status, stdout, stderr } =
        tokio::task::block_in_place(|| command.output().unwrap());
    (status.success(), String::from_utf8(stdout).unwrap() + &String::from_utf8(stderr).unwrap())
}

/// The names of the keys that a list shows.
fn names(list: &str) -> Vec<String> {
    list.lines()
        .filter(|line| line.contains("2/2"))
        .map(|line| line.split(' ').next().unwrap().to_owned())
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn our_key_commands_list_and_rotate_the_keys_of_serf_s_agents_too() {
    let files = Files::new("our-keys");
    let (old, new) = (new_key(), new_key());
    let ring = format!("[\"{old}\"]");
    let (ours, theirs) = (files.write("ours", &ring), files.write("theirs", &ring));
    let serf = Serf::start("serf-1", &[&format!("-keyring-file={theirs}")]).await;
    let (_agent, http) = with_http("ours", &serf, &["--keyring", &ours]).await;
    let (done, listed) = swim(&http, &["keys", "list"]);
    let first = names(&listed);
    assert!(done && first.len() == 1 && !listed.contains(&old), "{listed}");
    let (done, output) = swim(&http, &["keys", "install", &files.write("new", &new)]);
    assert!(done && output.contains("2 of 2"), "{output}");
    let (_, listed) = swim(&http, &["keys", "list"]);
    let second =
        names(&listed).into_iter().find(|name| *name != first[0]).expect("a second key at both");
    let (done, output) = swim(&http, &["keys", "remove", &first[0]]);
    assert!(!done && output.contains("still encrypt"), "nobody is cut off: {output}");
    for (what, key) in [("use", &second), ("remove", &first[0])] {
        let (done, output) = swim(&http, &["keys", what, key]);
        assert!(done && output.contains("2 of 2"), "{output}");
    }
    let (_, listed) = swim(&http, &["keys", "list"]);
    assert_eq!(names(&listed), [second], "{listed}");
    for file in [&ours, &theirs] {
        let kept = std::fs::read_to_string(file).unwrap();
        assert!(kept.contains(&new) && !kept.contains(&old), "the files follow");
    }
    until("serf still knows us", || serf.status("ours").as_deref() == Some("alive")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_is_not_used_while_a_member_lacks_it_and_sighup_reads_the_keyring_anew() {
    let files = Files::new("sighup");
    let (old, new) = (new_key(), new_key());
    let ours = files.write("ours", &format!("[\"{old}\"]"));
    let serf = Serf::start("serf-1", &[&format!("-encrypt={old}")]).await;
    let (agent, http) = with_http("ours", &serf, &["--keyring", &ours]).await;
    files.write("ours", &format!("[\"{old}\", \"{new}\"]"));
    agent.process.signal("-HUP");
    until("the keyring was read anew", || swim(&http, &["keys", "list"]).1.contains("1/2")).await;
    let (_, listed) = swim(&http, &["keys", "list", "--format", "json"]);
    let listed: serde_json::Value = serde_json::from_str(&listed).unwrap();
    let lacking = listed["keys"]
        .as_array()
        .unwrap()
        .iter()
        .find(|key| key["nodes"] == 1)
        .expect("ours alone has it");
    let (done, output) = swim(&http, &["keys", "use", lacking["key"].as_str().unwrap()]);
    assert!(
        !done && output.contains("serf-1") && output.contains("not known to have it"),
        "{output}"
    );
    until("serf still knows us", || serf.status("ours").as_deref() == Some("alive")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_with_serf_is_moved_to_encryption_and_its_keys_stay_closed_meanwhile() {
    let files = Files::new("moved");
    let key = new_key();
    let ring = files.write("ours", &format!("[\"{key}\"]"));
    // serf has no such rounds: the agent without a key is what a node is before the first one.
    let serf = Serf::start("plain", &[]).await;
    let (first, http) =
        with_http("first", &serf, &["--keyring", &ring, "--plain-traffic", "sent"]).await;
    let (done, output) = swim(&http, &["keys", "list"]);
    assert!(!done && output.contains("plain traffic"), "{output}");
    let (_, output) = tokio::task::block_in_place(|| serf.command("keys", &["-list"]));
    assert!(!output.contains(&key), "nobody is told a key in plain: {output}");
    // The second round hears the first, and so does the first the second.
    let second =
        Agent::start("second", first.address, &["--keyring", &ring, "--plain-traffic", "accepted"])
            .await;
    until("the second knows the first", || second.process.log().contains("first")).await;
    until("serf hears of the second from the first", || serf.status("second").is_some()).await;
}
