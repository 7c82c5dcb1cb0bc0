//! The cluster's keys in the words of HTTP: the library changes them at every node, this says what
//! became of it.

use std::collections::BTreeMap;

use swim_tokio::swim_core::wire::sealed::KeyId;
use swim_tokio::{ClusterKeys, KeyChange, KeysError, Runtime, key_from_base64};
use zeroize::Zeroizing;

use crate::shapes::{KeyShape, KeysShape};

/// How many nodes an error names.
const NAMED: usize = 5;

/// What is to be done.
pub(crate) enum Change {
    /// A key in base64.
    Install(Zeroizing<String>),
    /// A key's name.
    Use(String),
    /// A key's name.
    Remove(String),
}

impl Change {
    fn read(&self) -> Result<KeyChange, String> {
        let id = |text: &str| text.parse::<KeyId>().map_err(|error| error.to_string());
        Ok(match self {
            Self::Install(text) => {
                KeyChange::Install(key_from_base64(text).map_err(|error| error.to_string())?)
            }
            Self::Use(key) => KeyChange::Use(id(key)?),
            Self::Remove(key) => KeyChange::Remove(id(key)?),
        })
    }
}

/// The names of all nodes' keys.
///
/// # Errors
/// A sentence for people: nobody was asked.
pub(crate) async fn list(node: &Runtime) -> Result<KeysShape, String> {
    node.cluster_keys().await.map(|keys| summed(&keys)).map_err(|error| error.to_string())
}

/// Has every node do it, and says what became of it.
///
/// # Errors
/// A sentence for people: nothing has changed.
pub(crate) async fn everywhere(
    node: &Runtime,
    change: &Change,
    force: bool,
) -> Result<KeysShape, String> {
    let result = node.change_keys(change.read()?, force).await.map_err(|error| match error {
        KeysError::Exposed => format!("this node changes no keys: {error}"),
        error => error.to_string(),
    })?;
    if result.tried { Ok(summed(&result)) } else { Err(refused(&result)) }
}

/// Why nothing was changed, with the names of some nodes that could not do it.
fn refused(result: &ClusterKeys) -> String {
    let reasons = result.nodes.iter().filter_map(|(name, node)| Some((name, node.error.as_ref()?)));
    let reasons: Vec<_> = reasons.map(|(name, error)| format!("{name}: {error}")).collect();
    let more = reasons.len().saturating_sub(NAMED);
    let more = if more > 0 { format!("; and {more} more") } else { String::new() };
    let (failed, all) = (reasons.len(), result.nodes.len());
    let named = reasons[..failed.min(NAMED)].join("; ");
    format!(
        "no key is changed, since {failed} of {all} nodes could not do it (--force goes ahead): {named}{more}"
    )
}

fn summed(result: &ClusterKeys) -> KeysShape {
    let mut shape = KeysShape { nodes: result.nodes.len(), ..KeysShape::default() };
    let mut keys: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for (name, node) in &result.nodes {
        for (place, key) in node.keys.iter().enumerate() {
            let counts = keys.entry(key.to_string()).or_default();
            counts.0 += 1;
            counts.1 += usize::from(place == 0);
        }
        match &node.error {
            None => shape.done += 1,
            Some(error) => {
                shape.failures.insert(name.as_str().to_owned(), error.clone());
            }
        }
    }
    shape.keys =
        keys.into_iter().map(|(key, (nodes, primary))| KeyShape { key, nodes, primary }).collect();
    shape
}

#[cfg(test)]
mod tests {
    use swim_tokio::NodeKeys;
    use swim_tokio::swim_core::NodeId;

    use super::*;

    fn result(tried: bool) -> ClusterKeys {
        let node = |name: &str, keys: &[&str], error: Option<&str>| {
            let keys = keys.iter().map(|key| key.parse().unwrap()).collect();
            (NodeId::new(name).unwrap(), NodeKeys { keys, error: error.map(ToOwned::to_owned) })
        };
        let (one, two) = ("00000001", "00000002");
        let nodes = [
            node("a", &[one, two], None),
            node("b", &[two, one], None),
            node("c", &[one], Some("full")),
            node("d", &[], Some("no answer in time")),
        ];
        ClusterKeys { tried, nodes: nodes.into() }
    }

    #[test]
    fn keys_are_counted_over_the_nodes_and_failures_named() {
        let shape = summed(&result(true));
        assert_eq!((shape.nodes, shape.done), (4, 2));
        assert_eq!(shape.failures.keys().collect::<Vec<_>>(), ["c", "d"]);
        let counts: Vec<_> =
            shape.keys.iter().map(|key| (key.key.as_str(), key.nodes, key.primary)).collect();
        assert_eq!(counts, [("00000001", 3, 2), ("00000002", 2, 1)]);
    }

    #[test]
    fn a_refusal_names_the_nodes_and_says_how_to_go_ahead() {
        let text = refused(&result(false));
        assert!(
            text.contains("2 of 4 nodes") && text.contains("c: full; d: no answer in time"),
            "{text}"
        );
        assert!(text.contains("--force"), "{text}");
    }
}
