//! Chromium, driven by its DevTools protocol over a pair of pipes: what a hand and an eye would do
//! with a page.
//!
//! Knows nothing of reports. Messages are JSON with a zero byte after each. Read first: the
//! protocol's domains Target, Runtime, Input and Emulation.

use std::env;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

/// So long a browser may take to answer; machines are busy.
const PATIENCE: Duration = Duration::from_secs(60);

/// A page in a browser of its own, which ends with it.
pub(crate) struct Page {
    browser: Child,
    input: ChildStdin,
    messages: Receiver<Value>,
    session: Option<String>,
    number: u64,
}

impl Page {
    /// Starts a browser with a profile of its own and opens an address in a window of a size.
    pub(crate) fn open(profile: &Path, address: &str, (width, height): (u32, u32)) -> Self {
        let chromium = env::var("CHROMIUM").unwrap_or_else(|_| String::from("chromium"));
        // The protocol's pipes are the file descriptors 3 and 4; here they are what the shell has
        // as 0 and 1.
        let mut browser = Command::new("sh")
            .args(["-c", "exec \"$0\" \"$@\" 3<&0 4>&1 0</dev/null 1>&2", &chromium])
            .args([
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--no-first-run",
            ])
            .args([
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
            ])
            .args(["--hide-scrollbars", "--remote-debugging-pipe"])
            .arg(format!("--user-data-dir={}", profile.display()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("a shell starts");
        let input = browser.stdin.take().expect("a pipe");
        let mut output = BufReader::new(browser.stdout.take().expect("a pipe"));
        let (sender, messages) = channel();
        thread::spawn(move || {
            let mut bytes = Vec::new();
            while output.read_until(0, &mut bytes).is_ok_and(|read| read > 0) {
                bytes.pop();
                let message = serde_json::from_slice(&bytes).expect("messages are JSON");
                bytes.clear();
                if sender.send(message).is_err() {
                    return;
                }
            }
        });
        let mut page = Self { browser, input, messages, session: None, number: 0 };
        let target = page.call("Target.createTarget", &json!({ "url": "about:blank" }));
        let attached = page.call(
            "Target.attachToTarget",
            &json!({ "targetId": target["targetId"], "flatten": true }),
        );
        page.session = Some(attached["sessionId"].as_str().expect("a session").to_owned());
        page.resize(width, height);
        page.call("Page.navigate", &json!({ "url": address }));
        page.wait_for("document.readyState === 'complete' && location.protocol === 'file:'");
        page
    }

    /// Makes the window another size.
    pub(crate) fn resize(&mut self, width: u32, height: u32) {
        let size =
            json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.call("Emulation.setDeviceMetricsOverride", &size);
    }

    /// What an expression is in the page.
    pub(crate) fn value(&mut self, expression: &str) -> Value {
        let wanted =
            json!({ "expression": expression, "returnByValue": true, "awaitPromise": true });
        let answer = self.call("Runtime.evaluate", &wanted);
        assert!(answer.get("exceptionDetails").is_none(), "{expression}: {answer}");
        answer["result"]["value"].clone()
    }

    /// The text of the element with an id.
    pub(crate) fn text(&mut self, id: &str) -> String {
        let text = self.value(&format!("document.getElementById('{id}').textContent"));
        text.as_str().unwrap_or_else(|| panic!("no element {id}")).to_owned()
    }

    /// Waits until an expression is true, a frame at a time.
    pub(crate) fn wait_for(&mut self, expression: &str) {
        let patience = PATIENCE.as_millis();
        let is_met = self.value(&format!(
            "new Promise((resolve) => {{ const began = Date.now(); const look = () => ({expression}) ? resolve(true) \
             : Date.now() - began > {patience} ? resolve(false) : setTimeout(look, 10); look(); }})"
        ));
        assert_eq!(is_met, true, "never so: {expression}");
    }

    /// Presses and lets go of the mouse's button within the first element that a selector finds, as
    /// far into it as said.
    pub(crate) fn click(&mut self, selector: &str, (right, down): (f64, f64)) {
        let place = self.value(&format!(
            "(() => {{ const element = document.querySelector('{selector}'); element.scrollIntoView({{ block: 'center' }}); \
             const box = element.getBoundingClientRect(); return [box.left, box.top]; }})()"
        ));
        let at = |axis: usize, into: f64| place[axis].as_f64().expect("a place") + into;
        let (x, y) = (at(0, right), at(1, down));
        for what in ["mouseMoved", "mousePressed", "mouseReleased"] {
            let button = if what == "mouseMoved" { "none" } else { "left" };
            let event = json!({ "type": what, "x": x, "y": y, "button": button, "clickCount": 1 });
            self.call("Input.dispatchMouseEvent", &event);
        }
    }

    /// Presses and lets go of a key.
    pub(crate) fn press(&mut self, key: &str, code: u32) {
        for what in ["rawKeyDown", "keyUp"] {
            self.call(
                "Input.dispatchKeyEvent",
                &json!({ "type": what, "key": key, "windowsVirtualKeyCode": code }),
            );
        }
    }

    fn call(&mut self, method: &str, parameters: &Value) -> Value {
        self.number += 1;
        let mut message = json!({ "id": self.number, "method": method, "params": parameters });
        if let Some(session) = &self.session {
            message["sessionId"] = session.as_str().into();
        }
        let sent = self
            .input
            .write_all(format!("{message}\0").as_bytes())
            .and_then(|()| self.input.flush());
        sent.unwrap_or_else(|error| {
            panic!("there is no chromium, and this test needs it: {error}")
        });
        loop {
            let answer = self.messages.recv_timeout(2 * PATIENCE);
            let mut answer =
                answer.unwrap_or_else(|error| panic!("chromium does not answer {method}: {error}"));
            if answer["id"] == self.number {
                assert!(answer.get("error").is_none(), "{method}: {answer}");
                return answer["result"].take();
            }
        }
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        // It has nothing to lose, and may have ended already.
        let _ = self.browser.kill();
        let _ = self.browser.wait();
    }
}
