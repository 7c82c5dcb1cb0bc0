//! The cluster's keys on memberlist's wire in the words of HTTP: serf's key queries ask every node, this says what became
//! of it. [`keys`](crate::keys) has the native wire's.

use std::collections::BTreeMap;

use swim_tokio::swim_core::wire::sealed::KeyId;
use swim_tokio::{NodeId, Runtime, SerfKeyChange, SerfKeys, Status, key_from_base64};

use crate::keys::Change;
use crate::shapes::{KeyShape, KeysShape};

/// Returns true if the node's keys are those of memberlist's wire.
pub(crate) fn has_keys(node: &Runtime) -> bool {
    node.serf_keys().is_some()
}

fn read(change: &Change) -> Result<SerfKeyChange, String> {
    let id = |text: &str| text.parse::<KeyId>().map_err(|error| error.to_string());
    Ok(match change {
        Change::List => SerfKeyChange::List,
        Change::Install(text) => SerfKeyChange::Install(key_from_base64(text).map_err(|error| error.to_string())?),
        Change::Use(key) => SerfKeyChange::Use(id(key)?),
        Change::Remove(key) => SerfKeyChange::Remove(id(key)?),
    })
}

/// Has every node do it, and says what became of it. A key is used only if every active member has it: who lacks it would
/// be cut off.
///
/// # Errors
/// A sentence for people: nothing has changed.
pub(crate) async fn everywhere(node: &Runtime, change: &Change) -> Result<KeysShape, String> {
    let change = read(change)?;
    if let SerfKeyChange::Use(key) = &change {
        let listed = ask(node, &SerfKeyChange::List).await?;
        let lacks = |(name, keys): (&String, &SerfKeys)| (!keys.keys.contains(key)).then(|| name.clone());
        let lacking: Vec<String> = listed.iter().filter_map(lacks).collect();
        if !lacking.is_empty() {
            return Err(format!(
                "nothing was changed: {} would be cut off, since {} not known to have the key {key}: install it first",
                lacking.join(", "),
                if lacking.len() == 1 { "it is" } else { "they are" },
            ));
        }
    }
    Ok(summed(ask(node, &change).await?))
}

/// What every active member answers; who is silent has an error that says so.
async fn ask(node: &Runtime, change: &SerfKeyChange) -> Result<BTreeMap<String, SerfKeys>, String> {
    let silent = || SerfKeys { error: Some("no answer in time".to_owned()), ..SerfKeys::default() };
    let members = node.members();
    let active = members.iter().filter(|member| matches!(member.status(), Status::Alive | Status::Suspect));
    let mut all: BTreeMap<String, SerfKeys> = active.map(|member| (member.id.as_str().to_owned(), silent())).collect();
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
    let shown = |(key, (nodes, primary)): (KeyId, _)| KeyShape { key: key.to_string(), nodes, primary };
    shape.keys = keys.into_iter().map(shown).collect();
    shape
}
