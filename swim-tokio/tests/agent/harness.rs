//! Agents as processes, the command line next to them, and plain HTTP over a TCP connection.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

/// How long a test waits for what must come.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// The command with a clean environment.
pub(crate) fn swim(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_swim"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("SWIM_") {
            command.env_remove(name);
        }
    }
    command.args(arguments).stdin(Stdio::null());
    command
}

/// What a command printed and how it ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Runs a command to its end.
pub(crate) fn run(arguments: &[&str]) -> Ended {
    ended(swim(arguments).output().expect("it starts"))
}

pub(crate) fn ended(output: Output) -> Ended {
    let text = |bytes| String::from_utf8(bytes).expect("text");
    Ended { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// A directory of a test, which goes when it ends.
pub(crate) struct Place(pub(crate) PathBuf);

impl Place {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let place =
            std::env::temp_dir().join(format!("swim-agent-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&place).expect("a directory for the test");
        Self(place)
    }

    /// Writes a file; its path.
    pub(crate) fn file(&self, name: &str, text: &str) -> String {
        let path = self.0.join(name);
        std::fs::write(&path, text).expect("the file is written");
        path.display().to_string()
    }
}

impl Place {
    /// Writes a file that only this user may read; its path.
    pub(crate) fn secret(&self, name: &str, text: &str) -> String {
        let path = self.file(name, text);
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600))
            .expect("the mode is set");
        path
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // What cannot be removed is the system's to clean up.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A running agent with the local preset, which is killed when dropped.
pub(crate) struct Agent {
    pub(crate) child: Child,
    pub(crate) stdout: Receiver<String>,
    pub(crate) stderr: Receiver<String>,
    /// Where the node is.
    pub(crate) address: String,
    /// Where it answers HTTP: the first of the places.
    pub(crate) http: String,
}

impl Agent {
    /// An agent with HTTP at any port of loopback.
    pub(crate) fn start(id: &str, arguments: &[&str]) -> Self {
        Self::start_at(id, &[&["--http", "127.0.0.1:0"], arguments].concat())
    }

    /// An agent that answers HTTP where its arguments say.
    pub(crate) fn start_at(id: &str, arguments: &[&str]) -> Self {
        let own = ["agent", "--id", id, "--bind", "127.0.0.1:0", "--profile", "local"];
        Self::spawn(swim(&[&own, arguments].concat()))
    }

    pub(crate) fn spawn(mut command: Command) -> Self {
        let mut child =
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
        let (stdout, stderr) =
            (lines(child.stdout.take().unwrap()), lines(child.stderr.take().unwrap()));
        let mut agent = Self { child, stdout, stderr, address: String::new(), http: String::new() };
        let after = |line: String, words: &str| line.split_once(words).expect(&line).1.to_owned();
        agent.address = after(agent.line(" listens at "), " listens at ");
        agent.http = after(agent.line(" answers HTTP at "), " answers HTTP at ");
        agent
    }

    /// Waits for a line on standard output with some words.
    pub(crate) fn line(&self, words: &str) -> String {
        line(&self.stdout, words)
    }

    pub(crate) fn signal(&self, signal: &str) {
        let kill = Command::new("kill").arg(signal).arg(self.child.id().to_string()).status();
        assert!(kill.unwrap().success());
    }

    /// Waits for the end of the process.
    pub(crate) fn exit_status(&mut self) -> Option<i32> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code();
            }
            assert!(Instant::now() < deadline, "it does not end");
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Runs a command against this agent.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ended {
        run(&[arguments, &["--agent", &self.http]].concat())
    }

    /// What a command prints against this agent, when it goes well.
    pub(crate) fn ask(&self, arguments: &[&str]) -> String {
        let ended = self.run(arguments);
        assert_eq!(ended.code, Some(0), "{arguments:?}: {ended:?}");
        ended.stdout
    }

    /// As JSON.
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.ask(&[arguments, &["--format", "json"]].concat())).expect("JSON")
    }

    /// How the agent sees each member: its name and status.
    pub(crate) fn statuses(&self) -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let members = self.json(&["members"])["members"].as_array().unwrap().clone();
        members.iter().map(|member| (text(&member["id"]), text(&member["status"]))).collect()
    }

    /// Waits until the agent sees a member so.
    pub(crate) fn until_sees(&self, id: &str, status: &str) {
        until(&format!("{id} is seen as {status}"), || {
            self.statuses().contains(&(id.to_owned(), status.to_owned()))
        });
    }

    /// One request over a new connection: the status and the body.
    pub(crate) fn request(
        &self,
        method: &str,
        path: &str,
        headers: &[&str],
        body: &str,
    ) -> (u16, String) {
        request(&self.http, method, path, headers, body)
    }

    /// A request that is answered with JSON.
    pub(crate) fn get(&self, path: &str) -> (u16, Value) {
        let (status, body) = self.request("GET", path, &[], "");
        (
            status,
            serde_json::from_str(&body).unwrap_or_else(|error| panic!("{path}: {error}: {body}")),
        )
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        let (status, body) = self.request("POST", path, &[], &body.to_string());
        (status, serde_json::from_str(&body).expect("JSON"))
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A cluster of agents that all know each other.
pub(crate) fn cluster(ids: &[&str]) -> Vec<Agent> {
    let mut agents: Vec<Agent> = Vec::new();
    for id in ids {
        let seed: Vec<&str> = agents.first().map_or(vec![], |first| vec!["--seed", &first.address]);
        agents.push(Agent::start(id, &seed));
    }
    for agent in &agents {
        ids.iter().for_each(|id| agent.until_sees(id, "alive"));
    }
    agents
}

/// One request; the headers are whole lines. Without a `Host` among them it is the agent's own.
pub(crate) fn request(
    place: &str,
    method: &str,
    path: &str,
    headers: &[&str],
    body: &str,
) -> (u16, String) {
    let host = place.strip_prefix("http://").expect("a TCP place");
    let mut stream = TcpStream::connect(host).expect("the agent listens");
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let has_host = headers.iter().any(|header| header.starts_with("Host:"));
    let own = if has_host { String::new() } else { format!("Host: {host}\r\n") };
    let headers: String = headers.iter().map(|header| format!("{header}\r\n")).collect();
    let head = format!(
        "{method} {path} HTTP/1.1\r\n{own}{headers}Content-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all((head + body).as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
    (status, body.to_owned())
}

pub(crate) fn lines(stream: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, lines) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            let _ = sender.send(line);
        }
    });
    lines
}

/// Waits for a line that contains some words; those before it are passed over.
pub(crate) fn line(lines: &Receiver<String>, words: &str) -> String {
    let deadline = Instant::now() + PATIENCE;
    let mut seen = Vec::new();
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let line = lines
            .recv_timeout(left)
            .unwrap_or_else(|_| panic!("no line with {words:?} among {seen:?}"));
        if line.contains(words) {
            return line;
        }
        seen.push(line);
    }
}

/// Polls a condition until it holds.
pub(crate) fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !condition() {
        assert!(Instant::now() < deadline, "never: {what}");
        thread::sleep(Duration::from_millis(50));
    }
}
