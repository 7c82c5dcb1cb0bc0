//! What the agent's events are called: the same in its JSON lines, in its stream, to handlers, and
//! in filters.
//!
//! As serf's agents call them, where they have such an event; the others in the same manner. It
//! knows nothing of what is in an event.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::words::nearest::nearest;

/// Every event's name, with the other ones that are understood in filters.
const EVENTS: [(&str, &[&str]); 28] = [
    ("member-join", &["joined", "member-joined"]),
    ("member-update", &["updated", "member-updated"]),
    ("member-suspect", &["suspected", "member-suspected"]),
    ("member-refute", &["refuted", "member-refuted"]),
    ("member-restart", &["restarted", "member-restarted"]),
    ("member-failed", &["failed"]),
    ("member-leave", &["left", "member-left"]),
    ("member-reap", &["reaped", "member-reaped"]),
    ("broadcast", &[]),
    ("user", &["user-event"]),
    ("query", &[]),
    ("user-message", &[]),
    ("user-state", &[]),
    ("conflict", &[]),
    ("conflict-decided", &[]),
    ("name-lost", &[]),
    ("name-refused", &[]),
    ("name-regained", &[]),
    ("health-changed", &[]),
    ("isolated", &[]),
    ("lagged", &[]),
    ("leave-complete", &[]),
    ("pinged", &[]),
    ("reconnected", &[]),
    ("returned", &[]),
    ("seed-failed", &[]),
    ("seed-joined", &[]),
    ("seed-unresolved", &[]),
];

/// One of the names. (serde would take a reference in a field for something borrowed from what it
/// reads.)
type Name = &'static str;

/// Those of which users name kinds of their own.
const CALLED: [&str; 2] = ["user", "query"];

/// All names.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    EVENTS.iter().map(|(name, _)| *name)
}

/// The name for one of an event's names; `_` counts as `-`.
fn known(text: &str) -> Option<&'static str> {
    let text = text.replace('_', "-");
    EVENTS
        .iter()
        .find(|(name, others)| *name == text || others.contains(&&*text))
        .map(|(name, _)| *name)
}

/// Which events somebody wants: those of a name, of a name and of what users call them
/// (`user:deploy`), or all (`*`).
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Wanted {
    /// None for all.
    event: Option<Name>,
    called: Option<String>,
}

impl Wanted {
    /// Returns true if an event of that name, which users call so, is meant.
    pub(crate) fn is_for(&self, event: &str, called: Option<&str>) -> bool {
        self.event.is_none_or(|wanted| wanted == event)
            && self.called.as_deref().is_none_or(|wanted| called == Some(wanted))
    }

    /// Returns true if it is for queries, and not for whatever happens.
    pub(crate) fn is_for_queries(&self, called: Option<&str>) -> bool {
        self.event == Some("query") && self.is_for("query", called)
    }
}

impl FromStr for Wanted {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "*" {
            return Ok(Self { event: None, called: None });
        }
        let (name, called) = match text.split_once(':') {
            Some((name, called)) => (name, Some(called)),
            None => (text, None),
        };
        match known(name) {
            Some(event)
                if called.is_none_or(|called| !called.is_empty() && CALLED.contains(&event)) =>
            {
                Ok(Self { event: Some(event), called: called.map(ToOwned::to_owned) })
            }
            Some(event) => Err(format!(
                "`{text}`: only user:NAME and query:NAME choose by a name, {event} does not"
            )),
            None => {
                let hint = nearest(name, names()).unwrap_or_default();
                let all: Vec<_> = names().collect();
                Err(format!(
                    "unknown event `{name}`: did you mean `{hint}`? There are {}, and * for all",
                    all.join(", ")
                ))
            }
        }
    }
}

impl TryFrom<String> for Wanted {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Wanted> for String {
    fn from(wanted: Wanted) -> Self {
        let event = wanted.event.unwrap_or("*");
        wanted.called.map_or_else(|| event.to_owned(), |called| format!("{event}:{called}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(text: &str) -> Wanted {
        text.parse().unwrap_or_else(|error| panic!("{error}"))
    }

    #[test]
    fn each_spelling_that_was_in_use_means_the_one_name() {
        for (spellings, name) in [
            (&["member-join", "member-joined", "joined"][..], "member-join"),
            (&["left", "member_left", "member-leave"], "member-leave"),
            (&["user", "user-event", "user_event"], "user"),
            (&["health_changed", "health-changed"], "health-changed"),
        ] {
            for spelling in spellings {
                assert!(wanted(spelling).is_for(name, None), "{spelling}");
                assert_eq!(String::from(wanted(spelling)), name);
            }
        }
    }

    #[test]
    fn users_names_choose_among_their_events_and_queries_alone() {
        let deploy = wanted("user-event:deploy");
        assert!(deploy.is_for("user", Some("deploy")) && !deploy.is_for("user", Some("other")));
        assert!(!deploy.is_for("query", Some("deploy")) && !deploy.is_for_queries(Some("deploy")));
        assert!(
            wanted("query").is_for_queries(Some("any"))
                && !wanted("query:a").is_for_queries(Some("b"))
        );
        assert!(
            wanted("*").is_for("query", Some("any")) && !wanted("*").is_for_queries(Some("any"))
        );
        assert_eq!(String::from(wanted("query:a:b")), "query:a:b");
        for wrong in ["member-join:web-1", "user:", ""] {
            assert!(wrong.parse::<Wanted>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_unknown_name_is_an_error_that_lists_the_known_ones() {
        let error = "member-faild".parse::<Wanted>().unwrap_err();
        assert!(
            error.contains("did you mean `member-failed`?") && error.contains("user, query"),
            "{error}"
        );
    }

    #[test]
    fn the_description_for_programs_and_the_page_for_operators_have_every_name_and_no_other() {
        let shape = <crate::shapes::HappenedShape as utoipa::PartialSchema>::schema();
        let shape = serde_json::to_value(shape).unwrap();
        let described = shape["properties"]["event"]["enum"].as_array().unwrap();
        let mut described: Vec<_> = described.iter().map(|name| name.as_str().unwrap()).collect();
        let mut ours: Vec<_> = names().collect();
        described.sort_unstable();
        ours.sort_unstable();
        assert_eq!(described, ours);
        let page = include_str!("../../../../../docs/OPERATIONS.md");
        names().for_each(|name| {
            assert!(page.contains(&format!("| `{name}` |")), "docs/OPERATIONS.md has no {name}");
        });
    }
}
