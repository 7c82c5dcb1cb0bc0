//! `[handlers]`: what is run, or called, when something happens.

use clap::Args;
use serde::{Deserialize, Serialize};

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

/// One handler.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Handler {
    /// The events that it is for; `*` for all.
    pub(crate) events: Vec<String>,
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

/// Reads `event,event=command`.
fn handler(text: &str) -> Result<Handler, String> {
    let wrong = || "write events and a command, as member-failed,member-left='page-me --now'".to_owned();
    let (events, what) = text.split_once('=').ok_or_else(wrong)?;
    let events: Vec<String> = events.split(',').map(|event| event.trim().to_owned()).collect();
    if what.is_empty() || events.iter().any(String::is_empty) {
        return Err(wrong());
    }
    let is_url = what.starts_with("http://");
    let (command, url) = if is_url { (None, Some(what.to_owned())) } else { (Some(what.to_owned()), None) };
    Ok(Handler { events, command, url, timeout: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flag_names_events_and_a_command_or_an_address() {
        let command = handler("member-failed,member-left=mail -s \"x=1\" root").unwrap();
        assert_eq!(command.events, ["member-failed", "member-left"]);
        assert_eq!(command.command.as_deref(), Some("mail -s \"x=1\" root"));
        assert_eq!(handler("*=http://127.0.0.1:1/hook").unwrap().url.as_deref(), Some("http://127.0.0.1:1/hook"));
        assert!(handler("member-failed").is_err() && handler("=x").is_err() && handler("member-failed=").is_err());
    }
}
