//! A handler that is a command: `sh -c`, in a process group of its own, which is killed as a whole.

use std::process::Stdio;
use std::time::Duration;

use swim_tokio::Escaped;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, Command};

use super::Job;
use crate::output::escape::Text;

/// How much of what a failed command said on standard error is logged.
const SAID: u64 = 1_024;

/// How long a command that has ended is listened to.
const LAST_WORDS: Duration = Duration::from_millis(20);

/// How much of what a command prints is an answer: more than any may have.
const PRINTED: u64 = 64 << 10;

/// Runs a command to its end; it is killed when this is dropped before. Gives what it printed, if
/// that is an answer.
pub(super) async fn run(command: &str, job: &Job) -> Result<Vec<u8>, String> {
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(command);
    shell.env("SWIM_EVENT", &job.name).env("SWIM_NODE", Escaped(job.node.id()).to_string());
    for (name, key) in [("SWIM_MEMBER", "id"), ("SWIM_ADDRESS", "address"), ("SWIM_NAME", "name")] {
        if let Some(text) = job.event[key].as_str() {
            // With a NUL in it no process would start; and the command may print it, or log it, as
            // it is.
            shell.env(name, Escaped(text).to_string());
        }
    }
    shell
        .stdin(Stdio::piped())
        .stdout(if job.query.is_some() { Stdio::piped() } else { Stdio::null() })
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    #[cfg(unix)]
    shell.process_group(0);
    let child = shell.spawn().map_err(|error| format!("sh cannot be started: {error}"))?;
    let mut group = Group(child);
    let (input, output, prints) =
        (group.0.stdin.take(), group.0.stderr.take(), group.0.stdout.take());
    let give = async {
        if let Some(mut input) = input {
            // A command that does not read what it is given may end without it.
            let _ = input.write_all(Text::json_line(&job.event).as_str().as_bytes()).await;
        }
    };
    let (mut said, mut printed) = (Vec::new(), Vec::new());
    let hear =
        async { tokio::join!(read(output, SAID, &mut said), read(prints, PRINTED, &mut printed)) };
    let ended = async {
        // What the command left running may never end what it says: it is not waited for.
        let ((), status) = tokio::join!(give, group.0.wait());
        tokio::time::sleep(LAST_WORDS).await;
        status
    };
    let status = tokio::select! {
        status = ended => status,
        never = async { hear.await; std::future::pending().await } => never,
    };
    let said = String::from_utf8_lossy(&said).trim().escape_debug().to_string();
    match status {
        Ok(status) if status.success() => Ok(printed),
        Ok(status) if said.is_empty() => Err(status.to_string()),
        Ok(status) => Err(format!("{status}: {said}")),
        Err(error) => Err(error.to_string()),
    }
}

/// Reads the beginning of a stream, and drops the rest.
async fn read(stream: Option<impl AsyncRead + Unpin>, most: u64, into: &mut Vec<u8>) {
    if let Some(mut stream) = stream {
        let _ = (&mut stream).take(most).read_to_end(into).await;
        let _ = tokio::io::copy(&mut stream, &mut tokio::io::sink()).await;
    }
}

/// A shell with all that it started.
struct Group(Child);

impl Drop for Group {
    fn drop(&mut self) {
        // No number: it has ended and was waited for, so the number may be another's.
        #[cfg(unix)]
        if let Some(group) =
            self.0.id().and_then(|id| rustix::process::Pid::from_raw(id.cast_signed()))
        {
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
    }
}
