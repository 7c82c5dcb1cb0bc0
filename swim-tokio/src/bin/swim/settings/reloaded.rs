//! [`Reloaded`]: which settings changed when they were read again, and which of them need a
//! restart.

use super::{Settings, leaves};

/// The settings that can change while the node runs; a table stands for all in it.
const RELOADABLE: [&str; 5] = ["tags", "node.metadata", "node.seeds", "handlers", "log.level"];

/// What became of changed settings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reloaded {
    /// Their keys.
    pub(crate) changed: Vec<String>,
    /// The keys of those that need a restart.
    pub(crate) needs_restart: Vec<String>,
    /// Whether the files of certificates, which were read again too, hold others; none without TLS.
    pub(crate) certificates: Option<bool>,
    /// Whether the files of tokens, which were read again too, hold others; none without tokens.
    pub(crate) tokens: Option<bool>,
}

impl Reloaded {
    /// What differs between two settings.
    pub(crate) fn between(old: &Settings, new: &Settings) -> Self {
        let (old, new) = (leaves(old), leaves(new));
        let mut keys: Vec<&String> =
            old.keys().chain(new.keys()).filter(|key| old.get(*key) != new.get(*key)).collect();
        keys.sort_unstable();
        keys.dedup();
        let (changed, needs_restart) = keys.into_iter().cloned().partition(|key| {
            let rest_of = |reloadable: &&str| key.strip_prefix(*reloadable);
            RELOADABLE
                .iter()
                .filter_map(rest_of)
                .any(|rest| rest.is_empty() || rest.starts_with('.'))
        });
        Self { changed, needs_restart, certificates: None, tokens: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{Group, Level};

    #[test]
    fn what_differs_is_told_apart_by_whether_it_needs_a_restart() {
        let old = Settings::defaults();
        let mut new = old.clone();
        assert_eq!(Reloaded::between(&old, &new), Reloaded::default());
        new.node.seeds = vec!["a:1".into()];
        new.node.id = Some("another".into());
        new.tags.tags = vec![("role".into(), "web".into())];
        new.log.level = Some(Level::Debug);
        new.http.token_file = Some("/token".into());
        new.handlers.max_running = Some(1);
        let reloaded = Reloaded::between(&old, &new);
        assert_eq!(
            reloaded.changed,
            ["handlers.max_running", "log.level", "node.seeds", "tags.role"]
        );
        assert_eq!(reloaded.needs_restart, ["http.token_file", "node.id"]);
    }
}
