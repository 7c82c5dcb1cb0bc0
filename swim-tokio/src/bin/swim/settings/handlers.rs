//! `[handlers]`: what is run, or called, when something happens.

use clap::Args;
use serde::{Deserialize, Serialize};

use super::nearest::nearest;
use super::{Group, Period};

/// `[handlers]`.
#[derive(Args, Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields, default)]
#[command(next_help_heading = "Handlers")]
pub(crate) struct Handlers {
    /// Runs a command on an event (member-joined, member-failed, …; * for all) with the event as JSON on its standard
    /// input, or posts it to an http:// address; may be given several times, in place of those of the file
    #[arg(long = "on", value_name = "EVENT[,EVENT]=COMMAND|URL", value_parser = handler)]
    pub(crate) run: Vec<Handler>,
    /// How many handlers run at the same time; further events wait [default: 8]
    #[arg(skip)]
    pub(crate) max_running: Option<usize>,
    /// How many events wait for a handler; further ones are dropped, and logged [default: 256]
    #[arg(skip)]
    pub(crate) max_waiting: Option<usize>,
    /// How long a handler may take before it is killed, unless its own entry says otherwise [default: 30s]
    #[arg(skip)]
    pub(crate) timeout: Option<Period>,
}

/// The events that there may be handlers for; `*` stands for all.
const EVENTS: [&str; 25] = [
    "*",
    "member-joined",
    "member-updated",
    "member-suspected",
    "member-refuted",
    "member-failed",
    "member-left",
    "member-reaped",
    "broadcast",
    "user-event",
    "query",
    "user-message",
    "user-state",
    "conflict",
    "conflict-decided",
    "name-refused",
    "health-changed",
    "isolated",
    "lagged",
    "leave-complete",
    "pinged",
    "reconnected",
    "seed-failed",
    "seed-joined",
    "seed-unresolved",
];

/// One handler: a command or an address.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Handler {
    /// The events that it is for; `*` for all.
    events: Vec<EventName>,
    /// What `sh -c` runs.
    #[serde(default)]
    pub(crate) command: Option<String>,
    /// Where the event is posted.
    #[serde(default)]
    pub(crate) url: Option<String>,
    /// How long it may take.
    #[serde(default)]
    pub(crate) timeout: Option<Period>,
}

impl Handler {
    /// Whether it is for events of that name, and of what users call them (that of user events and queries).
    pub(crate) fn is_for(&self, event: &str, called: Option<&str>) -> bool {
        self.events.iter().any(|wanted| match wanted.0.split_once(':') {
            Some((name, wanted)) => name == event && called == Some(wanted),
            None => wanted.0 == "*" || wanted.0 == event,
        })
    }

    /// Whether what it prints is an answer to a query that is called so: only if it is for queries, and not for all that
    /// happens.
    pub(crate) fn answers(&self, called: Option<&str>) -> bool {
        self.events.iter().any(|name| match name.0.split_once(':') {
            Some((start, wanted)) => start == "query" && called == Some(wanted),
            None => name.0 == "query",
        })
    }

    /// The command or the address.
    pub(crate) fn what(&self) -> &str {
        self.command.as_deref().or(self.url.as_deref()).unwrap_or_default()
    }
}

/// An event's name.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(try_from = "String", into = "String")]
struct EventName(String);

impl TryFrom<String> for EventName {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        let is_called =
            ["user-event:", "query:"].iter().any(|start| name.len() > start.len() && name.starts_with(start));
        if is_called || EVENTS.contains(&name.as_str()) {
            return Ok(Self(name));
        }
        let hint = nearest(&name, EVENTS.into_iter()).unwrap_or_default();
        Err(format!("unknown event `{name}`: did you mean `{hint}`?"))
    }
}

impl From<EventName> for String {
    fn from(name: EventName) -> Self {
        name.0
    }
}

impl Group for Handlers {
    fn over(self, below: Self) -> Self {
        Self {
            run: if self.run.is_empty() { below.run } else { self.run },
            max_running: self.max_running.or(below.max_running),
            max_waiting: self.max_waiting.or(below.max_waiting),
            timeout: self.timeout.or(below.timeout),
        }
    }

    fn defaults() -> Self {
        let timeout = Some(Period(std::time::Duration::from_secs(30)));
        Self { run: Vec::new(), max_running: Some(8), max_waiting: Some(256), timeout }
    }
}

impl Handlers {
    /// Whether each can be run as it is meant.
    ///
    /// # Errors
    /// A sentence for people: a handler that could not be run as it is meant.
    pub(crate) fn check(&self) -> Result<(), String> {
        for handler in &self.run {
            match (&handler.command, &handler.url) {
                (Some(_), None) => {}
                (None, Some(url)) if url.starts_with("http://") => {}
                (None, Some(url)) => {
                    return Err(format!(
                        "the handler's url {url} does not begin with http://: hooks are posted without TLS (a command, \
                         as curl, can do it with TLS)"
                    ));
                }
                (None, None) => return Err("a handler needs a command or a url".to_owned()),
                (Some(command), Some(_)) => {
                    return Err(format!("a handler has a command or a url, not both: see `{command}`"));
                }
            }
        }
        Ok(())
    }
}

/// Reads `event,event=command`.
fn handler(text: &str) -> Result<Handler, String> {
    let wrong = || "write events and a command, as member-failed,member-left='page-me --now'".to_owned();
    let (events, what) = text.split_once('=').filter(|(_, what)| !what.is_empty()).ok_or_else(wrong)?;
    let events = events.split(',').map(|event| event.trim().to_owned().try_into()).collect::<Result<_, _>>()?;
    let is_url = ["http://", "https://"].iter().any(|scheme| what.starts_with(scheme));
    let (command, url) = if is_url { (None, Some(what.to_owned())) } else { (Some(what.to_owned()), None) };
    Ok(Handler { events, command, url, timeout: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handler_is_a_command_or_an_address_that_can_be_posted_to() {
        let check = |text: &str| Handlers { run: vec![toml::from_str(text).unwrap()], ..Handlers::default() }.check();
        assert_eq!(check("events = ['*']\ncommand = 'x'"), Ok(()));
        assert_eq!(check("events = ['*']\nurl = 'http://127.0.0.1:1/'"), Ok(()));
        for (text, part) in [
            ("events = ['*']", "needs a command or a url"),
            ("events = ['*']\ncommand = 'x'\nurl = 'http://127.0.0.1:1/'", "not both"),
            ("events = ['*']\nurl = 'https://127.0.0.1:1/'", "does not begin with http://"),
        ] {
            assert!(check(text).unwrap_err().contains(part), "{text}");
        }
        let https = Handlers { run: vec![handler("*=https://127.0.0.1:1/").unwrap()], ..Handlers::default() };
        assert!(https.check().is_err(), "not a command");
    }

    #[test]
    fn a_flag_names_events_and_a_command_or_an_address() {
        let command = handler("member-failed,member-left=mail -s \"x=1\" root").unwrap();
        assert!(command.is_for("member-failed", None) && !command.is_for("member-joined", None));
        assert_eq!(command.what(), "mail -s \"x=1\" root");
        let hook = handler("*=http://127.0.0.1:1/hook").unwrap();
        assert_eq!((hook.url.as_deref(), hook.is_for("isolated", None)), (Some("http://127.0.0.1:1/hook"), true));
        let deploy = handler("user-event:deploy,query=x").unwrap();
        assert!(deploy.is_for("user-event", Some("deploy")) && !deploy.is_for("user-event", Some("other")));
        assert!(deploy.is_for("query", Some("any")) && deploy.answers(Some("any")));
        assert!(!handler("*=x").unwrap().answers(Some("any")), "who is told of everything answers nothing");
        assert!(handler("member-failed").is_err() && handler("member-failed=").is_err());
        assert!(handler("member-faild=x").unwrap_err().contains("did you mean `member-failed`?"));
    }
}
