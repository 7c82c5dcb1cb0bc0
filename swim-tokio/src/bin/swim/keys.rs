//! The cluster's keys, changed at every node at once: a query among agents, which each answers for its node.
//!
//! A key that is to be installed travels in the query, sealed, and is shown nowhere. So nothing is changed, nor asked for,
//! while a node deals in plain traffic too: a key would be readable on its way, and whoever has none could ask for anything.
//! Nodes that are no agents do not answer.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use swim_tokio::swim_core::wire::sealed::KeyId;
use swim_tokio::{
    Answer, CallError, Event, KeysError, Notice, PlainTraffic, Query, Runtime, Status, Subscription, key_from_base64,
};
use zeroize::Zeroizing;

use crate::shapes::{KeyShape, KeysShape};

/// What the query is called.
const NAME: &str = "_swim_keys";

/// What is to be done.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Change {
    /// Nothing: which keys are there?
    List,
    /// A key in base64.
    Install(Zeroizing<String>),
    /// A key's name.
    Use(String),
    /// A key's name.
    Remove(String),
}

impl fmt::Debug for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::List => f.write_str("List"),
            Self::Install(_) => f.write_str("Install(…)"),
            Self::Use(key) => write!(f, "Use({key})"),
            Self::Remove(key) => write!(f, "Remove({key})"),
        }
    }
}

/// What one node answers: the names of its keys, the primary one first, or why it did not do it.
#[derive(Debug, Default, Deserialize, Serialize)]
struct Report {
    #[serde(default)]
    keys: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// Does for this node what others ask, until it stops.
pub(crate) async fn answer(node: Runtime, mut notices: Subscription) {
    while let Some(notice) = notices.next().await {
        let Notice::Event(Event::Query { id, from, name, payload, .. }) = notice else { continue };
        if *name != *NAME {
            continue;
        }
        let error = match serde_json::from_slice(&payload) {
            Ok(change) => {
                tracing::info!(%from, ?change, "the keys are asked for, or to be changed");
                apply(&node, change).await.err()
            }
            Err(_) => Some("this node does not understand what is asked: it may run another version".to_owned()),
        };
        let report = Report { keys: node.keys().iter().map(ToString::to_string).collect(), error };
        let bytes = serde_json::to_vec(&report).unwrap_or_else(|error| unreachable!("a report is plain: {error}"));
        if let Err(error) = node.respond(id, bytes).await {
            tracing::debug!(%error, "what was asked about the keys is not answered");
        }
    }
}

/// Why nothing may be changed now.
fn exposed(node: &Runtime, change: &Change) -> Option<String> {
    let is_sealed = node.plain_traffic().is_none_or(|plain| plain == PlainTraffic::Refused);
    let why = "it deals in plain traffic too, which anybody can read and write: set plain_traffic to refused at every node first";
    (!matches!(change, Change::List) && !is_sealed).then(|| why.to_owned())
}

async fn apply(node: &Runtime, change: Change) -> Result<(), String> {
    if let Some(why) = exposed(node, &change) {
        return Err(why);
    }
    let id = |text: &str| text.parse::<KeyId>().map_err(|error| error.to_string());
    let said = |error: KeysError| error.to_string();
    match change {
        Change::List if node.keys().is_empty() => Err(KeysError::Off.to_string()),
        Change::List => Ok(()),
        Change::Install(text) => {
            let key = key_from_base64(&text).map_err(|error| error.to_string())?;
            node.install_key(key).await.map_err(said)
        }
        Change::Use(key) => node.use_key(id(&key)?).await.map_err(said),
        Change::Remove(key) => node.remove_key(id(&key)?).await.map_err(said),
    }
}

/// Has every node do it, and says what became of it.
///
/// # Errors
/// A sentence for people: nobody was asked.
pub(crate) async fn everywhere(node: &Runtime, change: &Change) -> Result<KeysShape, String> {
    if node.keys().is_empty() {
        return Err(KeysError::Off.to_string());
    }
    if let Some(why) = exposed(node, change) {
        return Err(format!("this node changes no keys: {why}"));
    }
    let payload = serde_json::to_vec(change).unwrap_or_else(|error| unreachable!("a change is plain: {error}"));
    let members = node.members();
    let active = members.iter().filter(|member| matches!(member.status(), Status::Alive | Status::Suspect));
    let mut silent: Vec<String> = active.map(|member| member.id.as_str().to_owned()).collect();
    let nodes = silent.len();
    let query = Query::new(NAME).payload(payload).relay_factor(2);
    let mut answers = node.query(query).await.map_err(|error| match error {
        CallError::Stopped => "the node has stopped".to_owned(),
        CallError::Refused(error) => error.to_string(),
    })?;
    let mut reports = BTreeMap::new();
    while let Some(answer) = answers.next().await {
        if let Answer::Response { from, payload } = answer {
            silent.retain(|name| *name != *from);
            let report = serde_json::from_slice(&payload)
                .unwrap_or_else(|_| Report { error: Some("it answers something strange".into()), ..Report::default() });
            reports.insert(from.as_str().to_owned(), report);
        }
    }
    Ok(summed(nodes, silent, reports))
}

fn summed(nodes: usize, silent: Vec<String>, reports: BTreeMap<String, Report>) -> KeysShape {
    let mut shape = KeysShape { nodes, ..KeysShape::default() };
    let mut keys: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    shape.failures.extend(silent.into_iter().map(|name| (name, "no answer in time".to_owned())));
    for (name, report) in reports {
        for (place, key) in report.keys.into_iter().enumerate() {
            let counts = keys.entry(key).or_default();
            counts.0 += 1;
            counts.1 += usize::from(place == 0);
        }
        match report.error {
            None => shape.done += 1,
            Some(error) => {
                shape.failures.insert(name, error);
            }
        }
    }
    shape.keys = keys.into_iter().map(|(key, (nodes, primary))| KeyShape { key, nodes, primary }).collect();
    shape
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_counted_over_the_nodes_and_failures_named() {
        let report = |keys: &[&str], error: Option<&str>| Report {
            keys: keys.iter().map(|key| (*key).to_owned()).collect(),
            error: error.map(ToOwned::to_owned),
        };
        let reports = BTreeMap::from([
            ("a".to_owned(), report(&["k1", "k2"], None)),
            ("b".to_owned(), report(&["k2", "k1"], None)),
            ("c".to_owned(), report(&["k1"], Some("full"))),
        ]);
        let shape = summed(4, vec!["d".to_owned()], reports);
        assert_eq!((shape.nodes, shape.done), (4, 2));
        assert_eq!(shape.failures.keys().collect::<Vec<_>>(), ["c", "d"]);
        let counts: Vec<_> = shape.keys.iter().map(|key| (key.key.as_str(), key.nodes, key.primary)).collect();
        assert_eq!(counts, [("k1", 3, 2), ("k2", 2, 1)]);
    }

    #[test]
    fn a_key_is_not_shown() {
        let change = Change::Install(Zeroizing::new("c2VjcmV0".to_owned()));
        assert_eq!(format!("{change:?}"), "Install(…)");
        let text = serde_json::to_string(&change).unwrap();
        assert!(matches!(serde_json::from_str(&text), Ok(Change::Install(key)) if *key == "c2VjcmV0"));
    }
}
