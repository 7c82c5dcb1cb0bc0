//! `[handlers]`: what is run, or called, when something happens.

use std::ops::RangeInclusive;
use std::time::Duration;

use clap::Args;
use merge::Merge;
use serde::{Deserialize, Serialize};

use super::{Group, Period};
use crate::words::vocabulary::Wanted;

/// `[handlers]`.
#[derive(Args, Clone, Debug, Default, Deserialize, Merge, PartialEq, Serialize)]
#[serde(deny_unknown_fields, default)]
#[merge(strategy = merge::option::overwrite_none)]
#[command(next_help_heading = "Handlers")]
pub(crate) struct Handlers {
    /// Runs a command on an event (member-join, member-failed, …; * for all) with the event as JSON
    /// on its standard input, or posts it to an http:// address; may be given several times, in
    /// place of those of the file
    #[arg(long = "on", value_name = "EVENT[,EVENT]=COMMAND|URL", value_parser = handler)]
    #[merge(strategy = merge::vec::overwrite_empty)]
    pub(crate) run: Vec<Handler>,
    /// How many handlers run at the same time; further events wait [default: 8]
    #[arg(skip)]
    pub(crate) max_running: Option<usize>,
    /// How many events wait for a handler; further ones are dropped, and logged [default: 256]
    #[arg(skip)]
    pub(crate) max_waiting: Option<usize>,
    /// How long a handler may take before it is killed, unless its own entry says otherwise
    /// [default: 30s]
    #[arg(skip)]
    pub(crate) timeout: Option<Period>,
}

/// How many handlers may run at once.
const RUNNING: RangeInclusive<usize> = 1..=1_024;
/// How many events may wait.
const WAITING: RangeInclusive<usize> = 0..=1_000_000;
/// How long a handler may take.
const TIMEOUT: RangeInclusive<Duration> =
    Duration::from_millis(1)..=Duration::from_secs(24 * 60 * 60);

/// One handler: a command or an address.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Handler {
    /// The events that it is for; `*` for all.
    events: Vec<Wanted>,
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
    /// Returns true if it is for events of that name, and of what users call them (that of user
    /// events and queries).
    pub(crate) fn is_for(&self, event: &str, called: Option<&str>) -> bool {
        self.events.iter().any(|wanted| wanted.is_for(event, called))
    }

    /// Returns true if what it prints is an answer to a query that is called so: only if it is for
    /// queries, and not for all that happens.
    pub(crate) fn answers(&self, called: Option<&str>) -> bool {
        self.events.iter().any(|wanted| wanted.is_for_queries(called))
    }

    /// The command or the address.
    pub(crate) fn what(&self) -> &str {
        self.command.as_deref().or(self.url.as_deref()).unwrap_or_default()
    }
}

impl Group for Handlers {
    fn defaults() -> Self {
        let timeout = Some(Period(Duration::from_secs(30)));
        Self { run: Vec::new(), max_running: Some(8), max_waiting: Some(256), timeout }
    }
}

impl Handlers {
    /// Whether each can be run as it is meant.
    ///
    /// # Errors
    /// A sentence for people: a handler that could not be run as it is meant.
    pub(crate) fn check(&self) -> Result<(), String> {
        for (key, value, bounds) in [
            ("handlers.max_running", self.max_running, RUNNING),
            ("handlers.max_waiting", self.max_waiting, WAITING),
        ] {
            if let Some(value) = value.filter(|value| !bounds.contains(value)) {
                return Err(format!(
                    "{key} = {value}: it is from {} to {}",
                    bounds.start(),
                    bounds.end()
                ));
            }
        }
        let own = self.run.iter().map(|handler| ("timeout of handlers.run", handler.timeout));
        for (key, timeout) in [("handlers.timeout", self.timeout)].into_iter().chain(own) {
            if let Some(timeout) = timeout.filter(|timeout| !TIMEOUT.contains(&timeout.0)) {
                let [shortest, longest] =
                    [TIMEOUT.start(), TIMEOUT.end()].map(|bound| Period(*bound));
                return Err(format!("{key} = \"{timeout}\": it is from {shortest} to {longest}"));
            }
        }
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
                    return Err(format!(
                        "a handler has a command or a url, not both: see `{command}`"
                    ));
                }
            }
        }
        Ok(())
    }
}

/// Reads `event,event=command`.
fn handler(text: &str) -> Result<Handler, String> {
    let wrong =
        || "write events and a command, as member-failed,member-leave='page-me --now'".to_owned();
    let (events, what) =
        text.split_once('=').filter(|(_, what)| !what.is_empty()).ok_or_else(wrong)?;
    let events = events.split(',').map(|event| event.trim().parse()).collect::<Result<_, _>>()?;
    let is_url = ["http://", "https://"].iter().any(|scheme| what.starts_with(scheme));
    let (command, url) =
        if is_url { (None, Some(what.to_owned())) } else { (Some(what.to_owned()), None) };
    Ok(Handler { events, command, url, timeout: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handler_is_a_command_or_an_address_that_can_be_posted_to() {
        let check = |text: &str| {
            Handlers { run: vec![toml::from_str(text).unwrap()], ..Handlers::default() }.check()
        };
        assert_eq!(check("events = ['*']\ncommand = 'x'"), Ok(()));
        assert_eq!(check("events = ['*']\nurl = 'http://127.0.0.1:1/'"), Ok(()));
        for (text, part) in [
            ("events = ['*']", "needs a command or a url"),
            ("events = ['*']\ncommand = 'x'\nurl = 'http://127.0.0.1:1/'", "not both"),
            ("events = ['*']\nurl = 'https://127.0.0.1:1/'", "does not begin with http://"),
        ] {
            assert!(check(text).unwrap_err().contains(part), "{text}");
        }
        let https = Handlers {
            run: vec![handler("*=https://127.0.0.1:1/").unwrap()],
            ..Handlers::default()
        };
        assert!(https.check().is_err(), "not a command");
    }

    #[test]
    fn bounds_and_times_that_make_no_sense_are_refused_with_key_value_and_bounds() {
        let check = |text: &str| {
            toml::from_str::<Handlers>(text).unwrap().over(Handlers::defaults()).check()
        };
        assert_eq!(check("max_running = 1024\nmax_waiting = 0\ntimeout = '1ms'"), Ok(()));
        for (text, words) in [
            ("max_running = 0", "handlers.max_running = 0: it is from 1 to 1024"),
            ("max_waiting = 1000001", "handlers.max_waiting = 1000001: it is from 0 to 1000000"),
            ("timeout = '0s'", "handlers.timeout = \"0s\": it is from 1ms to 1day"),
            (
                "[[run]]\nevents = ['*']\ncommand = 'x'\ntimeout = '2days'",
                "timeout of handlers.run = \"2days\": it is",
            ),
        ] {
            let error = check(text).expect_err(text);
            assert!(error.contains(words), "{text}: {error}");
        }
    }

    #[test]
    fn a_flag_names_events_and_a_command_or_an_address() {
        let command = handler("member-failed,member-leave=mail -s \"x=1\" root").unwrap();
        assert!(command.is_for("member-failed", None) && !command.is_for("member-join", None));
        assert_eq!(command.what(), "mail -s \"x=1\" root");
        let hook = handler("*=http://127.0.0.1:1/hook").unwrap();
        assert_eq!(
            (hook.url.as_deref(), hook.is_for("isolated", None)),
            (Some("http://127.0.0.1:1/hook"), true)
        );
        let deploy = handler("user-event:deploy,query=x").unwrap();
        assert!(deploy.is_for("user", Some("deploy")) && !deploy.is_for("user", Some("other")));
        assert!(deploy.is_for("query", Some("any")) && deploy.answers(Some("any")));
        assert!(
            !handler("*=x").unwrap().answers(Some("any")),
            "who is told of everything answers nothing"
        );
        assert!(handler("member-failed").is_err() && handler("member-failed=").is_err());
        assert!(handler("member-faild=x").unwrap_err().contains("did you mean `member-failed`?"));
    }
}
