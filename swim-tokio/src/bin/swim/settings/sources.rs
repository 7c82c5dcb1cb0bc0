//! Settings by their whole keys (`node.id`), and where each comes from.

use std::collections::BTreeMap;

use super::{Group, Settings};

/// Every setting by its whole key.
pub(crate) fn leaves(settings: &Settings) -> BTreeMap<String, toml::Value> {
    fn walk(prefix: &str, table: toml::Table, leaves: &mut BTreeMap<String, toml::Value>) {
        for (key, value) in table {
            let key = if prefix.is_empty() { key } else { format!("{prefix}.{key}") };
            match value {
                toml::Value::Table(table) => walk(&key, table, leaves),
                value => {
                    leaves.insert(key, value);
                }
            }
        }
    }
    let table = toml::Table::try_from(settings)
        .unwrap_or_else(|error| unreachable!("settings are tables: {error}"));
    let mut leaves = BTreeMap::new();
    walk("", table, &mut leaves);
    leaves
}

/// A configuration file whose lines say which layer they come from: the first one that has the key,
/// by its name. What is in none is a default, and stays as it is.
pub(crate) fn marked(text: &str, layers: &[(&str, &Settings)]) -> String {
    let keys = |(name, layer): &(&str, &Settings)| {
        // What `-v` says is a level only when it is laid over something.
        ((*name).to_owned(), leaves(&(*layer).clone().over(Settings::default())))
    };
    let layers: Vec<_> = layers.iter().map(keys).collect();
    // An empty list says nothing: what lies below it shows.
    let says = |value: &toml::Value| value.as_array().is_none_or(|list| !list.is_empty());
    let source = |key: &str| {
        layers
            .iter()
            .find(|(_, keys)| keys.get(key).is_some_and(says))
            .map(|(name, _)| name.escape_default())
    };
    let mut table = String::new();
    let mut marked = String::new();
    let mut is_in_text = false;
    for line in text.lines() {
        let header =
            line.strip_prefix('[').and_then(|line| line.strip_suffix(']')).filter(|_| !is_in_text);
        let key = match header {
            Some(header) => {
                let name = header.trim_matches(['[', ']']);
                name.clone_into(&mut table);
                header.starts_with('[').then(|| name.to_owned())
            }
            // A line that begins, ends or is a part of a longer text is left as it is.
            None if is_in_text || line.contains("\"\"\"") => None,
            None => toml::from_str::<toml::Table>(line)
                .ok()
                .and_then(|line| line.keys().next().map(|key| format!("{table}.{key}"))),
        };
        is_in_text ^= line.matches("\"\"\"").count() % 2 == 1;
        marked.push_str(line);
        if let Some(source) = key.and_then(|key| source(&key)) {
            marked.push_str(&format!("  # {source}"));
        }
        marked.push('\n');
    }
    marked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_says_which_layer_has_it_and_the_whole_means_the_same() {
        let read = |text: &str| toml::from_str::<Settings>(text).unwrap();
        let flags = read(
            "[node]\nid = 'a'\n[tags]\n'x y' = '1'\n[[handlers.run]]\nevents = ['*']\ncommand = 'id = 1'",
        );
        let file =
            read("[node]\nid = 'b'\nseeds = ['one:1']\nmetadata = \"two\\nlines = 2\\n[x]\"");
        let merged = flags.clone().over(file.clone()).over(Settings::defaults());
        let text = marked(&merged.to_toml(), &[("flag", &flags), ("swim.toml", &file)]);
        for line in [
            "id = \"a\"  # flag",
            "seeds = [\"one:1\"]  # swim.toml",
            "\"x y\" = \"1\"  # flag",
            "transport = \"tcp\"",
        ] {
            assert!(text.lines().any(|shown| shown == line), "{line}: {text}");
        }
        assert!(
            text.contains("[[handlers.run]]  # flag\n") && !text.contains("id = 1\"  #"),
            "{text}"
        );
        assert_eq!(read(&text), merged, "{text}");
    }
}
