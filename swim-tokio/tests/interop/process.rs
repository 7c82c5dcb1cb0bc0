//! Another program, and waiting for what it does.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long a test waits for what must come: long, for machines that do much else meanwhile.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);
/// Between two looks at another program.
const PAUSE: Duration = Duration::from_millis(100);

/// A running program, killed when dropped. What it prints goes to a file.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    name: String,
    directory: PathBuf,
}

impl Process {
    /// Starts a program with a directory of its own.
    pub(crate) fn start(name: &str, configure: impl FnOnce(&PathBuf) -> Command) -> Self {
        let mut random = [0; 8];
        getrandom::fill(&mut random).expect("the system has randomness");
        let directory = std::env::temp_dir()
            .join(format!("swim-interop-{name}-{:016x}", u64::from_ne_bytes(random)));
        fs::create_dir_all(&directory).expect("the temporary directory is writable");
        let log = File::create(directory.join("log")).expect("the temporary directory is writable");
        let mut command = configure(&directory);
        command
            .stdin(Stdio::null())
            .stderr(log.try_clone().expect("a file can be shared"))
            .stdout(log);
        let child = command
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?} does not start: {error}; install it"));
        Self { child, name: name.to_owned(), directory }
    }

    /// What it has printed.
    pub(crate) fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(self.directory.join("log")).unwrap_or_default())
            .into_owned()
    }

    /// Sends a signal, such as `-STOP`.
    pub(crate) fn signal(&self, signal: &str) {
        let status = Command::new("kill").arg(signal).arg(self.child.id().to_string()).status();
        assert!(status.expect("kill is there").success(), "{} takes {signal}", self.name);
    }

    /// The status with which it has ended; `None` while it runs.
    pub(crate) fn exit_status(&mut self) -> Option<i32> {
        self.child.try_wait().expect("it is ours").and_then(|status| status.code())
    }

    /// Kills it at once (`kill -9`) and waits until it is gone.
    pub(crate) fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            eprintln!("--- {} said:\n{}", self.name, self.log());
        }
        let _ = fs::remove_dir_all(&self.directory);
    }
}

/// Looks again and again until something is so.
pub(crate) async fn until(what: &str, condition: impl FnMut() -> bool) {
    within(PATIENCE, what, condition).await;
}

/// As [`until`], with another deadline.
pub(crate) async fn within(patience: Duration, what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + patience;
    while !condition() {
        assert!(Instant::now() < deadline, "never: {what}");
        tokio::time::sleep(PAUSE).await;
    }
}

/// Looks again and again for so long that something stays so.
pub(crate) async fn stays(how_long: Duration, what: &str, mut condition: impl FnMut() -> bool) {
    let end = Instant::now() + how_long;
    while Instant::now() < end {
        assert!(condition(), "no longer: {what}");
        tokio::time::sleep(PAUSE).await;
    }
}
