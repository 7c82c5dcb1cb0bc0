//! The cluster's keys on memberlist's wire in the words of HTTP: serf's key queries ask every node,
//! this says what became of it. [`keys`](super::keys) has the native wire's.

use std::collections::BTreeMap;

use swim_tokio::swim_core::wire::sealed::KeyId;
use swim_tokio::{NodeId, Runtime, SerfKeyChange, SerfKeys, Status, key_from_base64};

use super::keys::Change;
use crate::shapes::{KeyShape, KeysShape};

/// How many nodes an error names.
const NAMED: usize = 5;

/// Returns true if the node's keys are those of memberlist's wire.
pub(crate) fn has_keys(node: &Runtime) -> bool {
    node.serf_keys().is_some()
}

fn read(change: &Change) -> Result<SerfKeyChange, String> {
    let id = |text: &str| text.parse::<KeyId>().map_err(|error| error.to_string());
    Ok(match change {
        Change::Install(text) => {
            SerfKeyChange::Install(key_from_base64(text).map_err(|error| error.to_string())?)
        }
        Change::Use(key) => SerfKeyChange::Use(id(key)?),
        Change::Remove(key) => SerfKeyChange::Remove(id(key)?),
    })
}

/// The names of all nodes' keys.
///
/// # Errors
/// A sentence for people: nobody was asked.
pub(crate) async fn list(node: &Runtime) -> Result<KeysShape, String> {
    ask(node, &SerfKeyChange::List).await.map(summed)
}

/// Has every node do it, and says what became of it. Unless forced, a key is used only if every
/// active member has it, and removed only if every active member uses another: who lacks it, or
/// uses it alone, would be cut off.
///
/// # Errors
/// A sentence for people: nothing has changed.
pub(crate) async fn everywhere(
    node: &Runtime,
    change: &Change,
    force: bool,
) -> Result<KeysShape, String> {
    let change = read(change)?;
    if !force {
        let listed = ask(node, &SerfKeyChange::List).await?;
        let hinders = |keys: &SerfKeys| match &change {
            _ if keys.error.is_some() => true,
            SerfKeyChange::List | SerfKeyChange::Install(_) => false,
            SerfKeyChange::Use(key) => !keys.keys.contains(key),
            SerfKeyChange::Remove(key) => keys.primary == Some(*key),
        };
        let hindering: Vec<&str> = listed
            .iter()
            .filter(|(_, keys)| hinders(keys))
            .map(|(name, _)| name.as_str())
            .collect();
        if !hindering.is_empty() {
            let (failed, all) = (hindering.len(), listed.len());
            let named = hindering[..failed.min(NAMED)].join(", ");
            let why = match change {
                SerfKeyChange::Use(_) => "are not known to have it",
                SerfKeyChange::Remove(_) => "still encrypt with it",
                _ => "do not answer",
            };
            return Err(format!(
                "no key is changed, since {failed} of {all} nodes {why} (--force goes ahead): {named}"
            ));
        }
    }
    Ok(summed(ask(node, &change).await?))
}

/// What every active member answers; who is silent has an error that says so.
async fn ask(node: &Runtime, change: &SerfKeyChange) -> Result<BTreeMap<String, SerfKeys>, String> {
    let silent = || SerfKeys { error: Some("no answer in time".to_owned()), ..SerfKeys::default() };
    let members = node.members();
    let active =
        members.iter().filter(|member| matches!(member.status(), Status::Alive | Status::Suspect));
    let mut all: BTreeMap<String, SerfKeys> =
        active.map(|member| (member.id.as_str().to_owned(), silent())).collect();
    let answers = node.change_serf_keys(change).await.map_err(|error| error.to_string())?;
    all.extend(answers.into_iter().map(|(id, keys): (NodeId, _)| (id.as_str().to_owned(), keys)));
    Ok(all)
}

fn summed(answers: BTreeMap<String, SerfKeys>) -> KeysShape {
    let mut shape = KeysShape { nodes: answers.len(), ..KeysShape::default() };
    let mut keys: BTreeMap<KeyId, (usize, usize)> = BTreeMap::new();
    for (name, answer) in answers {
        for key in answer.keys {
            let counts = keys.entry(key).or_default();
            counts.0 += 1;
            counts.1 += usize::from(answer.primary == Some(key));
        }
        match answer.error {
            None => shape.done += 1,
            Some(error) => {
                shape.failures.insert(name, error);
            }
        }
    }
    let shown =
        |(key, (nodes, primary)): (KeyId, _)| KeyShape { key: key.to_string(), nodes, primary };
    shape.keys = keys.into_iter().map(shown).collect();
    shape
}
