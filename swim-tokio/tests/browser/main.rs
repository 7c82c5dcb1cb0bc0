//! The agent's page in a real browser: a member is killed, and the page shows it.
//!
//! Fails where there is no Chromium; Debian has it as `chromium`. `CHROMIUM` names another one.
#![cfg(all(feature = "browser-tests", unix))]

mod chromium;
#[path = "../agent/harness.rs"]
#[allow(dead_code, reason = "each test binary uses a part of it")]
mod harness;

use chromium::Chromium;
use harness::{Agent, Place, cluster};
use serde_json::json;

/// The status that the table shows of a member.
fn status_of(id: &str) -> String {
    format!("document.querySelector('#members tr[data-id=\"{id}\"]')?.dataset.status")
}

const ROWS: &str = "[...document.querySelectorAll('#members tr')].map((row) => row.dataset.id)";
const LINK: &str = "document.getElementById('link').dataset.state";

#[test]
fn a_killed_member_is_shown_so_and_the_page_comes_back_with_its_agent() {
    let mut agents = cluster(&["one", "two", "three"]);
    agents[1].ask(&["tags", "--set", "role=<b>web</b>"]);
    let mut chromium = Chromium::start();
    let page = chromium.open(&agents[0].http);
    chromium.until(&page, ROWS, &json!(["one", "three", "two"]));
    chromium.until(&page, LINK, &"live".into());
    assert_eq!(chromium.evaluate(&page, "document.title"), "swim · one");
    assert_eq!(chromium.evaluate(&page, "document.getElementById('count-alive').textContent"), "3");

    drop(agents.pop());
    chromium.until(&page, &status_of("three"), &"dead".into());
    chromium.until(&page, "document.getElementById('count-dead').textContent", &"1".into());
    let told = "[...document.querySelectorAll('#events li')].map((item) => item.dataset.event).slice(0, 2)";
    chromium.until(&page, told, &json!(["member-failed", "member-suspect"]));
    let text = "document.querySelector('#events li p').textContent";
    assert_eq!(chromium.evaluate(&page, text), "three failed");

    // What others write is text, and what it is filtered by.
    chromium.until(
        &page,
        "document.querySelector('#members .tag b').textContent",
        &"<b>web</b>".into(),
    );
    let filter = |words: &str| {
        format!(
            "(() => {{ const f = document.getElementById('filter'); f.value = '{words}'; f.dispatchEvent(new Event('input')); return 1; }})()"
        )
    };
    chromium.evaluate(&page, &filter("role=<b>"));
    chromium.until(&page, ROWS, &json!(["two"]));
    chromium.evaluate(&page, &filter(""));
    chromium.evaluate(&page, "document.querySelector('#chips [data-status=alive]').click()");
    chromium.until(&page, ROWS, &json!(["three"]));
    chromium.evaluate(&page, "document.querySelector('#chips [data-status=alive]').click()");

    let place = agents[0].http.strip_prefix("http://").unwrap().to_owned();
    drop(agents.remove(0));
    chromium.until(&page, LINK, &"lost".into());
    let _again = Agent::start_at("one", &["--http", &place, "--seed", &agents[0].address]);
    chromium.until(&page, LINK, &"live".into());
    chromium.until(&page, &status_of("two"), &"alive".into());
}

#[test]
fn a_token_that_is_wanted_is_asked_for_and_kept_for_the_tab() {
    let place = Place::new();
    let token = place.secret("token", "0123456789abcdef");
    let one = Agent::start("one", &["--token-file", &token]);
    let mut chromium = Chromium::start();
    let page = chromium.open(&one.http);
    chromium.until(&page, "document.getElementById('ask').open", &true.into());
    assert_eq!(chromium.evaluate(&page, ROWS), json!([]));
    let enter = |token: &str| {
        format!(
            "(() => {{ document.getElementById('token').value = '{token}'; document.querySelector('#ask button').click(); return 1; }})()"
        )
    };
    let says_wrong = "!document.getElementById('wrong').hidden";
    assert_eq!(chromium.evaluate(&page, says_wrong), false, "none was given yet");
    chromium.evaluate(&page, &enter("0123456789abcdeX"));
    chromium.until(
        &page,
        &format!("document.getElementById('ask').open && {says_wrong}"),
        &true.into(),
    );
    chromium.evaluate(&page, &enter("0123456789abcdef"));
    chromium.until(&page, ROWS, &json!(["one"]));
    chromium.evaluate(&page, "location.reload()");
    chromium.until(&page, ROWS, &json!(["one"]));
}
