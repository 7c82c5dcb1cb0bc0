//! Chromium, driven over its debugging pipe: it opens pages and says what stands in them.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::harness::Place;

/// How long a test waits for what must come.
const PATIENCE: Duration = Duration::from_secs(60);

/// A browser without a window, with a profile of its own.
pub(crate) struct Chromium {
    child: Child,
    input: ChildStdin,
    answers: Receiver<Value>,
    /// Goes after the browser.
    _profile: Place,
    calls: u64,
}

/// An open page.
#[derive(Debug)]
pub(crate) struct Page(String);

impl Chromium {
    /// Starts it. `CHROMIUM` names another program than `chromium`.
    pub(crate) fn start() -> Self {
        let program = std::env::var("CHROMIUM").unwrap_or_else(|_| String::from("chromium"));
        let profile = Place::new();
        let options = "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking \
                       --disable-component-update --disable-sync --remote-debugging-pipe";
        // Its pipe is at the descriptors 3 and 4.
        let line = format!(
            "exec \"$0\" {options} --user-data-dir=\"$1\" about:blank 3<&0 4>&1 </dev/null >/dev/null 2>&1"
        );
        let mut child = Command::new("sh")
            .args(["-c", &line, &program])
            .arg(profile.0.join("profile"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("sh starts");
        let (input, output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let (sender, answers) = mpsc::channel();
        thread::spawn(move || {
            for message in BufReader::new(output).split(0).map_while(Result::ok) {
                let _ = sender.send(serde_json::from_slice(&message).expect("JSON"));
            }
        });
        Self { child, input, answers, _profile: profile, calls: 0 }
    }

    /// Opens a page.
    pub(crate) fn open(&mut self, url: &str) -> Page {
        let target = self.call(None, "Target.createTarget", &json!({ "url": url }));
        let attach = json!({ "targetId": target["targetId"], "flatten": true });
        let session = self.call(None, "Target.attachToTarget", &attach);
        Page(session["sessionId"].as_str().expect("a session").to_owned())
    }

    /// The value of an expression in the page.
    pub(crate) fn evaluate(&mut self, page: &Page, expression: &str) -> Value {
        self.try_evaluate(page, expression).unwrap_or_else(|error| panic!("{expression}: {error}"))
    }

    /// Waits until an expression has a value. While the page loads it may be an error.
    pub(crate) fn until(&mut self, page: &Page, expression: &str, value: &Value) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let now = self.try_evaluate(page, expression);
            if now.as_ref() == Ok(value) {
                return;
            }
            assert!(Instant::now() < deadline, "{expression} is {now:?}, and never {value}");
            thread::sleep(Duration::from_millis(50));
        }
    }

    fn try_evaluate(&mut self, page: &Page, expression: &str) -> Result<Value, Value> {
        let arguments =
            json!({ "expression": expression, "returnByValue": true, "awaitPromise": true });
        let answer = self.try_call(Some(&page.0), "Runtime.evaluate", &arguments)?;
        let exception = &answer["exceptionDetails"];
        if exception.is_null() {
            Ok(answer["result"]["value"].clone())
        } else {
            Err(exception.clone())
        }
    }

    fn call(&mut self, session: Option<&str>, method: &str, arguments: &Value) -> Value {
        self.try_call(session, method, arguments)
            .unwrap_or_else(|error| panic!("{method}: {error}"))
    }

    fn try_call(
        &mut self,
        session: Option<&str>,
        method: &str,
        arguments: &Value,
    ) -> Result<Value, Value> {
        self.calls += 1;
        let mut message = json!({ "id": self.calls, "method": method, "params": arguments });
        if let Some(session) = session {
            message["sessionId"] = session.into();
        }
        let sent = self.input.write_all(format!("{message}\0").as_bytes());
        sent.expect("chromium does not run, and this test needs it (Debian has it as `chromium`)");
        let deadline = Instant::now() + PATIENCE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let answer = self.answers.recv_timeout(left);
            let answer = answer.unwrap_or_else(|error| {
                panic!("chromium does not answer ({error}), and this test needs it (Debian has it as `chromium`)")
            });
            if answer["id"] == self.calls {
                let error = &answer["error"];
                return if error.is_null() {
                    Ok(answer["result"].clone())
                } else {
                    Err(error.clone())
                };
            }
        }
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        // Asked nicely first, so that its own processes end with it.
        let _ = self.input.write_all(b"{\"id\":0,\"method\":\"Browser.close\"}\0");
        let deadline = Instant::now() + Duration::from_secs(5);
        while matches!(self.child.try_wait(), Ok(None)) && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(20));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
